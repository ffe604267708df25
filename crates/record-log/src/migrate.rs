//! Schema steps, the same on SQLite and PostgreSQL: numbered, applied once each, in one transaction each, so
//! that a program killed anywhere goes on where it stopped.
//!
//! A step that was applied somewhere is never edited: its checksum is remembered. Add another one instead.

use sha2::{Digest as _, Sha256};

use crate::params;
use crate::tx::{Dialect, StoreError, Tx};

mod split;
mod statistics;

pub use statistics::tell_planner;

/// Two servers that start together wait for each other on this number (PostgreSQL only).
const ADVISORY_LOCK: i64 = 0x736f_6b6f;

/// One schema step. The text may hold what [`Dialect::ddl`] fills in; everything else must be valid on every
/// engine that runs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Migration {
    /// From 1, without gaps.
    pub number: u32,
    pub name: &'static str,
    pub sql: &'static str,
}

impl Migration {
    /// Line ends do not count: a checkout may change them.
    fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.sql.replace("\r\n", "\n")).into()
    }
}

/// Applies the next step that is missing and says which it was; `None` once the schema is up to date. Run it
/// in a transaction of its own, again and again until it answers `None`.
pub fn step(tx: &mut dyn Tx, migrations: &[Migration]) -> Result<Option<u32>, StoreError> {
    check_numbers(migrations)?;
    take_turn(tx)?;
    let applied = check_applied(tx, migrations)?;
    let Some(next) = migrations.get(applied) else { return Ok(None) };
    let text = tx.dialect().ddl(next.sql);
    for statement in split::statements(&text) {
        tx.execute(statement, &[])?;
    }
    tx.execute(
        "insert into schema_migration (number, name, checksum) values ($1, $2, $3)",
        params![next.number, next.name, next.checksum()],
    )?;
    Ok(Some(next.number))
}

/// The number of the last applied step: 0 for a fresh database.
pub fn version(tx: &mut dyn Tx) -> Result<u32, StoreError> {
    take_turn(tx)?;
    tx.query_one("select coalesce(max(number), 0) from schema_migration", &[])?.number(0)
}

/// Whether every step was applied, for whoever may only read: neither fewer nor more.
pub fn is_current(tx: &mut dyn Tx, migrations: &[Migration]) -> Result<bool, StoreError> {
    Ok(check_applied(tx, migrations)? == migrations.len())
}

fn take_turn(tx: &mut dyn Tx) -> Result<(), StoreError> {
    if tx.dialect() == Dialect::Postgres {
        tx.execute("select pg_advisory_xact_lock($1)", params![ADVISORY_LOCK])?;
    }
    let table = "create table if not exists schema_migration (\
                 number {int} primary key, name text not null, checksum {blob} not null) {strict}";
    tx.execute(&tx.dialect().ddl(table), &[])?;
    Ok(())
}

fn check_numbers(migrations: &[Migration]) -> Result<(), StoreError> {
    let gap = (1u32..).zip(migrations).find(|(number, migration)| *number != migration.number);
    let Some((number, migration)) = gap else { return Ok(()) };
    Err(StoreError::Other(format!("migration {} stands where {number} should", migration.number)))
}

/// Compares what was applied with what this program knows; says how many steps that was.
fn check_applied(tx: &mut dyn Tx, migrations: &[Migration]) -> Result<usize, StoreError> {
    let rows = tx.query("select number, name, checksum from schema_migration order by number", &[])?;
    for (index, row) in rows.iter().enumerate() {
        let (number, name) = (row.number::<u32>(0)?, row.text(1)?);
        let Some(known) = migrations.get(index) else {
            return Err(StoreError::Newer(format!("it has migration {number}, {name}")));
        };
        if known.number != number || row.id::<[u8; 32]>(2)? != known.checksum() {
            return Err(StoreError::Other(format!(
                "migration {number}, {name}, is not the one this program has ({}): run the program that made \
                 this database, or undo the edit and add a new migration",
                known.name
            )));
        }
    }
    Ok(rows.len())
}
