//! `backup`: one file with everything, while the server runs.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command, value_parser};

use crate::admin;
use crate::cli::settings::Resolved;
use crate::cli::{CliError, say, seal_key};

const EXAMPLES: &str = "EXAMPLES
  soko-server backup /backups/shop-2026-11-21.db
  soko-server backup --database-url postgres://soko@db/soko /backups/shop.dump

On SQLite the file is a database that is complete by itself. On PostgreSQL it is what pg_dump writes in its
custom format; pg_dump has to be installed. The file holds personal data and password hashes: keep it safe.

The server's own secrets are sealed in it, and the key is not: keep a copy of seal.key, or of what --seal-key names, in
another place. restore asks for it.";

pub(super) fn command() -> Command {
    let file = Arg::new("file")
        .value_name("FILE")
        .required(true)
        .value_parser(value_parser!(PathBuf))
        .help("The file to write; it must not exist");
    Command::new("backup")
        .about("Write everything into one file, while the server runs or not")
        .arg(file)
        .after_help(EXAMPLES)
}

pub(super) fn run(settings: &Resolved, given: &ArgMatches) -> Result<(), CliError> {
    let file: &Path = given
        .get_one::<PathBuf>("file")
        .ok_or_else(|| CliError::usage("say which file to write: see soko-server backup --help"))?;
    let bytes = admin::backup(&settings.place(), file)?;
    say(&format!("Wrote {} ({bytes} bytes).", file.display()));
    if let Some(key) = seal_key::file(settings).filter(|key| key.exists()) {
        say(&format!(
            "To put it back {} is needed, too: keep a copy of that in another place.",
            key.display()
        ));
    }
    Ok(())
}
