//! `demo`: a lively market to look at, in an empty store.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::cli::serve::{secret, stall_core};
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say, seal_key, train};
use crate::demo::{self, Made, Size, Tools};
use crate::outside::{Clock as _, OsEntropy, SystemClock};
use crate::platform::passwords::{Cost, Passwords};
use crate::sealed::SealKey;
use crate::store::Store;

/// Characters between the ends of the bar.
const BAR_WIDTH: usize = 30;

const EXAMPLES: &str = "EXAMPLES
  soko-server demo --data-dir demo-data && soko-server serve --data-dir demo-data
  soko-server demo --password market --small
  soko-server demo --database-url postgres://soko@db/demo --seed 7

Stalls in several countries with goods, pictures, registers, ninety days of sales, and orders in every state, made the
way devices and buyers make them. The store must be empty. Everybody has the same password, which is printed once.
The same seed gives the same goods, sales and orders; identities and keys are always new.";

pub(super) fn command() -> Command {
    let seed = Arg::new("seed").long("seed").value_name("NUMBER").value_parser(value_parser!(u64));
    let small = Arg::new("small").long("small").action(ArgAction::SetTrue);
    let password = Arg::new("password").long("password").value_name("WORD");
    Command::new("demo")
        .about("Make a lively market to look at, in an empty store")
        .arg(seed.default_value("1").help("What is sold to whom, and what it looks like"))
        .arg(small.help("Three stalls and twelve days: for tests"))
        .arg(
            password
                .help("Everybody\'s password, for a machine that nobody else can reach [default: made up]"),
        )
        .after_help(EXAMPLES)
}

pub(super) fn run(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    let started = Instant::now();
    let store = Store::open(&settings.place(), Arc::new(|_| {}))?;
    let made = seal_key::open(settings, &store).and_then(|seal| make(&store, seal, given));
    let told = made.map(|made| {
        tell(&made, started);
        // Where too little was sold there is no model yet, and that is no failure.
        if let Err(error) = train::train(&store) {
            say(&format!("Nothing is suggested yet: {error}"));
        }
    });
    store.close();
    told
}

fn tell(made: &Made, started: Instant) {
    let Made { stalls, registers, products, pictures, sales, refunds, orders, declined, buyers, .. } = made;
    say(&format!(
        "Made {stalls} stalls with {registers} registers, {products} products and {pictures} pictures, {sales} sales, \
         {refunds} refunds and {orders} orders ({declined} more were declined) in {}.{} s.",
        started.elapsed().as_secs(),
        started.elapsed().subsec_millis() / 100
    ));
    say(&format!("Sign in with the password {} as:", made.password));
    for sign_in in &made.sign_ins {
        say(&format!("  {:<22} {}", sign_in.email, sign_in.what));
    }
    say(&format!("  buyer1@demo.example    buys everywhere, and so do all up to buyer{buyers}@demo.example"));
}

fn make(store: &Store, seal: Option<SealKey>, given: &ArgMatches) -> Result<Made, CliError> {
    let secret = secret(store, seal)?;
    let passwords = Passwords::new(Cost::default()).map_err(|fault| CliError::failed(fault.to_string()))?;
    let tools = Tools {
        store,
        core: &Arc::new(stall_core(&secret)?),
        secret: &secret,
        passwords: &passwords,
        entropy: &OsEntropy,
        now_ms: SystemClock.now_ms(),
        seed: given.get_one("seed").copied().unwrap_or(1),
        size: if given.get_flag("small") { Size::SMALL } else { Size::WHOLE },
        password: given.get_one::<String>("password").cloned(),
        progress: &show,
    };
    demo::make(&tools).map_err(|error| CliError::failed(error.to_string()))
}

/// A bar on a terminal; elsewhere a line for each step that begins something new.
pub(super) fn show(done: usize, all: usize, what: &str) {
    let mut out = std::io::stderr().lock();
    let filled = BAR_WIDTH * done / all.max(1);
    // A bar that cannot be drawn is no reason to stop.
    let _ = if out.is_terminal() {
        let end = if done == all { "\n" } else { "" };
        write!(out, "\r[{}{}] {what:<24}{end}", "#".repeat(filled), " ".repeat(BAR_WIDTH - filled))
    } else {
        writeln!(out, "{done}/{all} {what}")
    };
    let _ = out.flush();
}
