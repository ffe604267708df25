//! Whole stores: copies of them, and putting a copy back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use soko_record_log::{COMPANIONS, DataDirectory, OpenMode, Sqlite, StoreError, Tx, with_suffix};

use crate::store::{self, DATABASE_FILE, Place, holds_store, pg_environment};

/// Writes everything into a file that must not exist; says how long it became.
pub fn backup(place: &Place, file: &Path) -> Result<u64, StoreError> {
    if file.exists() {
        return Err(StoreError::Other(format!("{} exists: choose another name", file.display())));
    }
    match place {
        Place::Directory(directory) => {
            let database = directory.join(DATABASE_FILE);
            if !holds_store(directory) {
                return Err(StoreError::Other(format!("there is no store in {}", directory.display())));
            }
            Sqlite::open(&database, OpenMode::ReadOnly)?.backup_to(file)?;
        }
        Place::Url(url) => dump(url, file)?,
    }
    fs::metadata(file).map(|made| made.len()).map_err(|error| file_error(file, &error))
}

/// Puts a SQLite backup into a data directory and runs `after` on it before anything else can: a store that
/// begins a new life must say so first. A directory that holds a store is refused, unless `force`: then the old
/// database stays beside the new one under another name, which is the answer.
pub fn restore(
    file: &Path,
    directory: &Path,
    force: bool,
    after: impl FnOnce(&mut Sqlite) -> Result<(), StoreError>,
) -> Result<Option<PathBuf>, StoreError> {
    let held = DataDirectory::open(directory)?;
    let database = held.file(DATABASE_FILE);
    if holds_store(directory) && !force {
        return Err(StoreError::Other(format!(
            "{} holds a store: choose an empty directory, or say --force to set the old one aside",
            directory.display()
        )));
    }
    let incoming = held.file("incoming.db");
    prepare(file, &incoming, after)?;
    let aside = if holds_store(directory) { Some(set_aside(&held)?) } else { None };
    fs::rename(&incoming, &database).map_err(|error| file_error(&database, &error))?;
    Ok(aside)
}

/// A checked copy, complete in one file. Nothing of the directory's own store was touched if this fails.
fn prepare(
    file: &Path,
    incoming: &Path,
    after: impl FnOnce(&mut Sqlite) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    remove(incoming)?;
    fs::copy(file, incoming).map_err(|error| file_error(file, &error))?;
    let mut copy = Sqlite::open(incoming, OpenMode::Existing)?;
    let problems = copy.quick_check()?;
    if let Some(problem) = problems.first() {
        return Err(StoreError::Corrupt(format!("{}: {problem}", file.display())));
    }
    copy.migrate(crate::store::STEPS)?;
    after(&mut copy)?;
    copy.checkpoint()
}

/// The old database under a name that says what it is, without its journal: it was emptied first.
fn set_aside(held: &DataDirectory) -> Result<PathBuf, StoreError> {
    let database = held.file(DATABASE_FILE);
    if let Ok(mut old) = Sqlite::open(&database, OpenMode::Existing) {
        // A damaged one is set aside as it is, with its journal.
        let _ = old.checkpoint();
    }
    let free = (1..u32::MAX)
        .map(|number| held.file(&format!("{DATABASE_FILE}.before-restore-{number}")))
        .find(|path| !path.exists() && COMPANIONS.iter().all(|suffix| !with_suffix(path, suffix).exists()))
        .ok_or_else(|| StoreError::Other("too many databases are set aside already".to_owned()))?;
    for suffix in [""].iter().chain(&COMPANIONS) {
        let (from, to) = (with_suffix(&database, suffix), with_suffix(&free, suffix));
        if from.exists() {
            fs::rename(&from, &to).map_err(|error| file_error(&from, &error))?;
        }
    }
    Ok(free)
}

/// Fills an empty PostgreSQL database from a dump and runs `after` on it. Until that is done no server opens it.
pub fn restore_postgres(
    file: &Path,
    url: &str,
    after: impl FnMut(&mut dyn Tx) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut command = Command::new("pg_restore");
    command.args(["--exit-on-error", "--single-transaction", "--no-owner", "--no-password"]);
    command.args(["--dbname", &database_name(url)?]).arg(file).envs(pg_environment(url)?);
    store::begin_restore(url)?;
    if let Err(error) = run(&mut command, "pg_restore") {
        // It filled the database in one transaction or not at all.
        store::give_up_restore(url)?;
        return Err(error);
    }
    store::finish_restore(url, after)
}

fn database_name(url: &str) -> Result<String, StoreError> {
    let named = pg_environment(url)?.into_iter().find(|(name, _)| *name == "PGDATABASE");
    named.map(|(_, name)| name).ok_or_else(|| StoreError::Other("the URL names no database".to_owned()))
}

/// The address and password go by the environment: arguments are for everybody on the machine to see.
fn dump(url: &str, file: &Path) -> Result<(), StoreError> {
    let mut command = Command::new("pg_dump");
    command.args(["--format=custom", "--no-password", "--file"]).arg(file).envs(pg_environment(url)?);
    let dumped = run(&mut command, "pg_dump");
    if dumped.is_err() {
        // Half a dump must not be taken for a whole one.
        remove(file)?;
    }
    dumped
}

fn run(command: &mut Command, name: &str) -> Result<(), StoreError> {
    let output = command.output().map_err(|error| {
        StoreError::Other(format!("{name} cannot be started: install PostgreSQL's client programs ({error})"))
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(StoreError::Other(format!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

fn remove(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(file_error(file, &error)),
    }
}

fn file_error(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Io(format!("{}: {error}", path.display()))
}
