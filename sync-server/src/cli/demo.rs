//! `demo`: a small market to look at, in an empty store.

use std::sync::Arc;

use clap::Command;

use crate::cli::serve::{secret, stall_core};
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say};
use crate::demo::{self, Made, Tools};
use crate::outside::{Clock as _, OsEntropy, SystemClock};
use crate::platform::passwords::{Cost, Passwords};
use crate::store::Store;

const EXAMPLES: &str = "EXAMPLES
  soko-server demo --data-dir demo-data && soko-server serve --data-dir demo-data
  soko-server demo --database-url postgres://soko@db/demo

Three stalls with products, sales and orders, made the way devices and buyers make them. The store must be empty.
The sign-ins are printed once, with passwords of their own.";

pub(super) fn command() -> Command {
    Command::new("demo").about("Make a small market to look at, in an empty store").after_help(EXAMPLES)
}

pub(super) fn run(settings: &Resolved) -> Result<(), CliError> {
    let store = Store::open(&settings.place(), Arc::new(|_| {}))?;
    let made = make(&store);
    store.close();
    let made = made?;
    say(&format!(
        "Made {} stalls with {} products, {} sales and {} orders. Sign in as:",
        made.stalls, made.products, made.sales, made.orders
    ));
    for sign_in in &made.sign_ins {
        say(&format!("  {:<22} {:<24} {}", sign_in.email, sign_in.password, sign_in.what));
    }
    Ok(())
}

fn make(store: &Store) -> Result<Made, CliError> {
    let secret = secret(store)?;
    let passwords = Passwords::new(Cost::default()).map_err(|fault| CliError::failed(fault.to_string()))?;
    let tools = Tools {
        store,
        core: &Arc::new(stall_core(&secret)?),
        secret: &secret,
        passwords: &passwords,
        entropy: &OsEntropy,
        now_ms: SystemClock.now_ms(),
    };
    demo::make(&tools).map_err(|error| CliError::failed(error.to_string()))
}
