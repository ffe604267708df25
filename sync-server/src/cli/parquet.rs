//! `parquet`: the ledger as files that every query engine reads.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Arg, ArgMatches, Command, value_parser};

use crate::analysis::{self, Written};
use crate::cli::demo::show;
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say, seal_key};
use crate::outside::{Clock as _, SystemClock};

const EXAMPLES: &str = "EXAMPLES
  soko-server parquet /srv/soko-ledger
  soko-server parquet --database-url postgres://soko@db/soko /srv/soko-ledger

Writes every line of sales, voids, refunds and orders of all stalls, how they were paid and taxed, and their products, as
Parquet files for questions that no report answers; docs/large-questions.md says what they hold and how to ask. Runs beside a
server. A folder that this command filled is replaced as a whole, or stays as it is. There are no names of people in it; who
sold something is a number. What was sold does not say to whom; what each customer bought stands apart, by month.";

pub(super) fn command() -> Command {
    let folder =
        Arg::new("folder").value_name("FOLDER").required(true).value_parser(value_parser!(PathBuf)).help(
            "The folder to fill: one that is empty, that is not there, or that this command filled before",
        );
    Command::new("parquet")
        .about("Write the ledger of all stalls as Parquet files, while the server runs or not")
        .arg(folder)
        .after_help(EXAMPLES)
}

pub(super) fn run(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    let started = Instant::now();
    let folder = given
        .get_one::<PathBuf>("folder")
        .ok_or_else(|| CliError::usage("say which folder to fill: see soko-server parquet --help"))?;
    let seal = seal_key::find(settings)?;
    let mut shown = None;
    let mut progress = |done: u64, all: u64| {
        let percent = usize::try_from(done.saturating_mul(100) / all.max(1)).unwrap_or(100);
        if shown.replace(percent) != Some(percent) {
            show(percent, 100, &format!("{done} of {all} records"));
        }
    };
    let written =
        analysis::write((&settings.place(), seal.as_ref()), folder, SystemClock.now_ms(), &mut progress);
    let Written { stalls, products, lines, order_lines, payments, taxes, customers, bytes, unread, .. } =
        written.map_err(|error| CliError::failed(error.to_string()))?;
    say(&format!(
        "Wrote {lines} lines of sales and {order_lines} of orders, {payments} payments and {taxes} taxes, of {stalls} stalls \
         with {products} products and {customers} customers, into {} ({bytes} bytes) in {}.{} s.",
        folder.display(),
        started.elapsed().as_secs(),
        started.elapsed().subsec_millis() / 100
    ));
    if unread > 0 {
        say(&format!("{unread} records are of a newer version or were withheld, and are not in it."));
    }
    Ok(())
}
