//! `verify` and `rebuild`: the whole store, with the server stopped on SQLite and beside it on PostgreSQL.

use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};
use soko_record_log::StoreError;

use crate::cli::demo::show as progress;
use crate::cli::serve::{secret, stall_core};
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say, seal_key};
use crate::proof::{self, StallReport};
use crate::store::{Observer, Place, Store};

const VERIFY_EXAMPLES: &str = "EXAMPLES
  soko-server verify --data-dir /var/lib/soko
  soko-server verify --database-url postgres://soko@db/soko --quiet

Reads every record of every stall and proves its chain and signatures; derives every table again and compares; adds
up every product's accounts. Changes nothing. On SQLite the server must be stopped. Ends with 1 if anything is
wrong.";

const REBUILD_EXAMPLES: &str = "EXAMPLES
  soko-server rebuild --data-dir /var/lib/soko

Derives every stall's tables again from its records, one stall at a time. On SQLite the server must be stopped.";

pub(super) fn verify_command() -> Command {
    let quiet = Arg::new("quiet").long("quiet").action(ArgAction::SetTrue).help("Name only what is wrong");
    Command::new("verify")
        .about("Prove every chain, table and promise of the store")
        .arg(quiet)
        .after_help(VERIFY_EXAMPLES)
}

pub(super) fn rebuild_command() -> Command {
    Command::new("rebuild")
        .about("Derive every stall's tables again from its records")
        .after_help(REBUILD_EXAMPLES)
}

pub(super) fn verify(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    let is_quiet = given.get_flag("quiet");
    let (mut stalls, mut records, mut wrong) = (0u64, 0u64, 0u64);
    let seal = seal_key::find(settings)?;
    with_store(settings, Store::open_as_it_is, |store| {
        let core = Arc::new(stall_core(&secret(store, seal)?)?);
        let all = proof::stalls(store)?;
        for (done, stall) in all.iter().copied().enumerate() {
            if !is_quiet {
                progress(done, all.len(), &format!("stall {} of {}", done + 1, all.len()));
            }
            let report = proof::verify(store, &core, stall)?;
            stalls += 1;
            records += report.records;
            wrong += u64::from(!report.problems.is_empty());
            show(&report, is_quiet);
        }
        if !is_quiet {
            progress(all.len(), all.len(), "done");
        }
        Ok(())
    })?;
    if wrong > 0 {
        return Err(CliError::failed(format!("{wrong} of {stalls} stalls are not as they should be")));
    }
    say(&format!("All is as it should be: {stalls} stalls, {records} records."));
    Ok(())
}

pub(super) fn rebuild(settings: &Resolved) -> Result<(), CliError> {
    with_store(settings, Store::open, |store| {
        let seal = seal_key::open(settings, store)?;
        let core = Arc::new(stall_core(&secret(store, seal)?)?);
        for stall in proof::stalls(store)? {
            let rebuilt = proof::rebuild(store, &core, stall)?;
            let found = if rebuilt.was_right() { "was right already" } else { "is right now" };
            say(&format!("{stall} {found}: {} records.", rebuilt.records));
        }
        Ok(())
    })
}

fn show(report: &StallReport, is_quiet: bool) {
    for problem in &report.problems {
        say(&format!("{}: {problem}", report.stall));
    }
    if report.problems.is_empty() && !is_quiet {
        let StallReport { stall, records, products, digest, incidents, .. } = report;
        say(&format!(
            "{stall} is sound: {records} records, {products} products, {incidents} incidents, digest {digest}."
        ));
    }
}

fn with_store(
    settings: &Resolved,
    open: impl FnOnce(&Place, Observer) -> Result<Store, StoreError>,
    work: impl FnOnce(&Store) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let store = open(&settings.place(), Arc::new(|_| {}))?;
    let done = work(&store);
    store.close();
    done
}
