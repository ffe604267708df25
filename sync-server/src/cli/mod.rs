//! The program's commands. Each does its work with the library, says what it did in one line, and fails with a
//! sentence and an exit code: 2 for what was asked wrongly, 1 for everything else.

mod backup;
mod demo;
mod doctor;
mod messages;
mod parquet;
mod payers;
mod recommend;
mod restore;
mod seal_key;
mod serve;
mod settings;
mod sms;
mod train;
mod whole;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{ArgMatches, Command};
use soko_record_log::StoreError;

use crate::cli::settings::Resolved;
use crate::store;
use crate::worker::child;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct CliError {
    sentence: String,
    code: u8,
}

impl CliError {
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 2 }
    }

    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 1 }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::failed(error.to_string())
    }
}

/// Runs the program.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are answers; the rest are mistakes. If nobody reads it, nothing is lost.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "soko-server: {error}");
            ExitCode::from(error.code)
        }
    }
}

fn run(matches: &ArgMatches) -> Result<(), CliError> {
    match matches.subcommand() {
        Some((child::SUBCOMMAND, _)) => {
            child::run().map_err(|error| CliError::failed(format!("the worker failed: {error}")))
        }
        Some(("serve", given)) => serve::run(&Resolved::read(given)?),
        Some(("migrate", given)) => migrate(&Resolved::read(given)?),
        Some(("backup", given)) => backup::run(&Resolved::read(given)?, given),
        Some(("restore", given)) => restore::run(&Resolved::read(given)?, given),
        Some(("verify", given)) => whole::verify(&Resolved::read(given)?, given),
        Some(("rebuild", given)) => whole::rebuild(&Resolved::read(given)?),
        Some(("doctor", given)) => doctor::run(&Resolved::read(given)?),
        Some(("parquet", given)) => parquet::run(&Resolved::read(given)?, given),
        Some(("recommend", given)) => recommend::run(given),
        Some(("train", given)) => train::run(&Resolved::read(given)?, given),
        Some(("messages", given)) => messages::run(&Resolved::read(given)?, given),
        Some(("demo", given)) => demo::run(&Resolved::read(given)?, given),
        Some(("config", given)) => show_settings(given),
        Some(("openapi", _)) => describe(),
        Some(_) | None => Err(CliError::usage("say what to do: see soko-server --help")),
    }
}

/// What the program understands.
pub fn command() -> Command {
    let program = Command::new("soko-server")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The server of Soko: joins the devices of market stalls")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(EXAMPLES)
        .subcommand(Command::new("serve").about("Serve until told to stop").after_help(serve::EXAMPLES))
        .subcommand(
            Command::new("migrate")
                .about("Create or upgrade the store's tables; serve does the same when it starts")
                .after_help(MIGRATE_EXAMPLES),
        )
        .subcommand(backup::command())
        .subcommand(demo::command())
        .subcommand(messages::command())
        .subcommand(parquet::command())
        .subcommand(recommend::command())
        .subcommand(restore::command())
        .subcommand(train::command())
        .subcommand(doctor::command())
        .subcommand(whole::verify_command())
        .subcommand(whole::rebuild_command())
        .subcommand(
            Command::new("config")
                .about("Show the settings")
                .subcommand_required(true)
                .after_help(CONFIG_EXAMPLES)
                .subcommand(
                    Command::new("show")
                        .about("Show every setting, its value and where that came from")
                        .after_help(CONFIG_EXAMPLES),
                ),
        )
        .subcommand(
            Command::new("openapi")
                .about("Print the description of the HTTP interface")
                .after_help("EXAMPLES\n  soko-server openapi > openapi.json"),
        )
        .subcommand(
            Command::new(child::SUBCOMMAND).hide(true).about("Apply document changes; for the server itself"),
        );
    settings::arguments(program)
}

const EXAMPLES: &str = "EXAMPLES
  soko-server serve                                  everything in ./soko-data, on 127.0.0.1:7300
  soko-server serve --database-url postgres://…      on PostgreSQL
  soko-server backup shop.backup                     while it runs

Settings: a flag wins over a SOKO_… variable, that over soko.toml, that over the default.
TLS is the business of a proxy in front: tell the server its public https address with --public-url.
Exit codes: 0 done, 1 failed, 2 asked wrongly.";

const MIGRATE_EXAMPLES: &str = "EXAMPLES
  soko-server migrate --data-dir /var/lib/soko
  SOKO_DATABASE_URL=postgres://soko@db/soko soko-server migrate";

const CONFIG_EXAMPLES: &str = "EXAMPLES
  soko-server config show
  SOKO_LISTEN=0.0.0.0:7300 soko-server config show --behind-proxy";

fn migrate(settings: &Resolved) -> Result<(), CliError> {
    let steps = store::migrate_place(&settings.place())?;
    say(&match steps {
        0 => "The tables are up to date.".to_owned(),
        steps => format!("The tables are up to date now, after {steps} steps."),
    });
    Ok(())
}

fn show_settings(matches: &ArgMatches) -> Result<(), CliError> {
    let Some(("show", given)) = matches.subcommand() else {
        return Err(CliError::usage("say what to do: see soko-server config --help"));
    };
    say(Resolved::read(given)?.show().trim_end());
    Ok(())
}

fn describe() -> Result<(), CliError> {
    let text = crate::http::router::openapi().to_pretty_json();
    say(&text.map_err(|error| CliError::failed(format!("the description cannot be written: {error}")))?);
    Ok(())
}

/// One line for whoever started the program.
fn say(line: &str) {
    // If nobody reads it, nothing is lost.
    let _ = writeln!(std::io::stdout(), "{line}");
}
