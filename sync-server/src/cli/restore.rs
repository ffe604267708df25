//! `restore`: a backup becomes the store again, in a new life.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use soko_record_log::{StoreError, Tx};

use crate::admin;
use crate::cli::serve::stall_core;
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say, seal_key};
use crate::core::{CoreRefusal, Now};
use crate::outside::{Clock as _, OsEntropy, SystemClock, random};
use crate::platform::server_secret;
use crate::sealed::SealKey;
use crate::store::Place;

const EXAMPLES: &str = "EXAMPLES
  soko-server restore /backups/shop-2026-11-21.db --data-dir /var/lib/soko
  soko-server restore /backups/shop-2026-11-21.db --data-dir /var/lib/soko --force
  soko-server restore /backups/shop.dump --database-url postgres://soko@db/empty

The server must be stopped. The directory or database must be empty; with --force an old SQLite database is set aside
under another name first, never overwritten.

A restored server has forgotten what it granted and held since the backup. So it begins a new life: the stock of every
stall is frozen for orders and grants until its devices have reported and its owner has confirmed that the list of
devices is complete. Selling at the stalls goes on meanwhile.

A backup whose secrets are sealed needs the key that sealed them: seal.key of the data directory it came from, named with
--seal-key or put into the new directory first. Without it nothing is restored.";

pub(super) fn command() -> Command {
    let file = Arg::new("file")
        .value_name("FILE")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("What backup wrote");
    let force = Arg::new("force")
        .long("force")
        .action(ArgAction::SetTrue)
        .help("Set a store that is there aside (SQLite)");
    Command::new("restore")
        .about("Put a backup back; the server begins a new life")
        .arg(file)
        .arg(force)
        .after_help(EXAMPLES)
}

pub(super) fn run(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    let file = given
        .get_one::<PathBuf>("file")
        .ok_or_else(|| CliError::usage("say which file to restore: see soko-server restore --help"))?;
    let force = given.get_flag("force");
    let seal = seal_key::find(settings)?;
    let begin_new_life = |tx: &mut dyn Tx| begin_new_life(tx, seal.as_ref());
    let aside = match settings.place() {
        Place::Directory(directory) => {
            admin::restore(file, &directory, force, |copy| copy.transaction(begin_new_life))?
        }
        Place::Url(_) if force => {
            return Err(CliError::usage(
                "--force is for a data directory: restore into a new, empty database",
            ));
        }
        Place::Url(url) => {
            admin::restore_postgres(file, &url, begin_new_life)?;
            None
        }
    };
    if let Some(old) = aside {
        say(&format!("The old database is kept as {}.", old.display()));
    }
    say(
        "Restored, in a new life of the server: stock is frozen until devices have reported and owners confirmed.",
    );
    Ok(())
}

fn begin_new_life(tx: &mut dyn Tx, seal: Option<&SealKey>) -> Result<(), StoreError> {
    let fault = |error: String| StoreError::Other(error);
    let fresh = random(&OsEntropy).map_err(|error| fault(error.to_string()))?;
    let seed = random(&OsEntropy).map_err(|error| fault(error.to_string()))?;
    let secret = server_secret::ensure(tx, seal, fresh)?;
    let core = stall_core(&secret).map_err(|error| fault(error.to_string()))?;
    let now = Now { now_ms: SystemClock.now_ms(), seed };
    core.new_epoch(tx, now).map_err(|refusal| match refusal {
        CoreRefusal::Store(error) => error,
        CoreRefusal::Refused { detail, .. } => fault(detail),
    })
}
