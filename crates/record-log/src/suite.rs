//! What every engine under [`Tx`] must do, as functions: SQLite runs them here, the server runs them on
//! PostgreSQL too.
//!
//! Each case expects a database with [`crate::log::SCHEMA`] and no records, inside a transaction that is rolled
//! back afterwards. A case panics if a promise is broken and answers an error if it could not be tried.

use std::error::Error;

use soko_domain::ids::LogId;
use soko_replication::record::KIND_ENTRY_FIRST;
use soko_replication::{Pen, Record, Unwritable};

use crate::tx::Tx;

mod chains;
#[cfg(test)]
mod damage;
mod statements;

pub type Outcome = Result<(), Box<dyn Error>>;

/// A name to show, and what to run.
pub type Case = (&'static str, fn(&mut dyn Tx) -> Outcome);

/// Every case.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    statements::CASES.iter().chain(chains::CASES)
}

const LOG: LogId = LogId([7; 16]);

/// Writes the chain of one author, the same bytes each time.
pub struct Writer {
    pub pen: Pen,
    introduction: Option<Record>,
}

impl Writer {
    /// Different numbers are different authors.
    pub fn new(number: u8, log: LogId) -> Result<Self, Unwritable> {
        let (pen, introduction) = Pen::new([number; 32], log, [number; 16], vec![number])?;
        Ok(Self { pen, introduction: Some(introduction) })
    }

    /// The next records, as one commit: only the last is signed. The first commit begins with the introduction.
    pub fn commit(&mut self, bodies: usize) -> Result<Vec<Record>, Unwritable> {
        let mut records: Vec<Record> = self.introduction.take().into_iter().collect();
        for _ in 0..bodies {
            let body = format!("record {} of {}", self.pen.next_seq(), self.pen.author());
            records.push(self.pen.write(KIND_ENTRY_FIRST, body.into_bytes())?);
        }
        if let Some(last) = records.last_mut() {
            self.pen.sign(last)?;
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::cases;
    use crate::{Migration, Sqlite, StoreError, log};

    #[test]
    fn sqlite_passes() {
        let mut db = Sqlite::open_in_memory().unwrap();
        db.migrate(&[Migration { number: 1, name: "log", sql: log::SCHEMA }]).unwrap();
        let mut ran = 0;
        for (name, case) in cases() {
            let undone = db.transaction(|tx| {
                case(tx).unwrap_or_else(|error| panic!("{name}: {error}"));
                Err::<(), _>(StoreError::Other("undone".into()))
            });
            assert_eq!(undone, Err(StoreError::Other("undone".into())), "{name}");
            ran += 1;
        }
        assert!(ran > 15, "only {ran} cases");
    }
}
