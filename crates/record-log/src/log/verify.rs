//! Proving a stored log: every identity, every link, every signature, read in small portions. What it vouches
//! for can be salvaged from a damaged database with [`super::range`].

use std::collections::BTreeSet;

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_replication::limits::RECORDS_PER_PAGE_MAX;
use soko_replication::record::NO_RECORD;
use soko_replication::{Head, KnownAuthor, Record, Refused, Run, accept};

use super::read::{Positioned, READ_BYTES_MAX, positioned_range};
use super::{count, known};
use crate::params;
use crate::tx::{StoreError, Tx, savepoint};

const PORTION_RECORDS: usize = 1_000;

/// What is wrong with a stored chain, or with the log's order of arrival.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    #[error("from record {seq} on the chain cannot be read: {error}")]
    Unreadable { seq: u64, error: StoreError },
    #[error("record {seq} is missing")]
    Missing { seq: u64 },
    #[error("record {seq} is not what was stored: its bytes do not make its identity")]
    Altered { seq: u64 },
    #[error("record {seq} does not name the record before it")]
    NotChained { seq: u64 },
    #[error("what ends with record {seq} is not its author's: {refused}")]
    NotProven { seq: u64, refused: Refused },
    #[error("nothing behind record {seq} is signed")]
    Unsigned { seq: u64 },
    #[error("the stored head is not the last record")]
    WrongHead,
    #[error("the order of arrival has gaps: {records} records, last position {last}")]
    WrongPositions { records: u64, last: u64 },
}

/// What is proven of one author's chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorReport {
    pub author: AuthorId,
    /// The last record up to which everything is proven; 0 is none.
    pub proven: u64,
    /// The first thing that is wrong behind it.
    pub problem: Option<Problem>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// How many records were read and are what was stored.
    pub records: u64,
    pub authors: Vec<AuthorReport>,
    /// What is wrong with the log as a whole.
    pub problem: Option<Problem>,
}

impl Report {
    pub fn is_sound(&self) -> bool {
        self.problem.is_none() && self.authors.iter().all(|author| author.problem.is_none())
    }
}

/// Reads and proves a whole log. Damage is reported, not answered as an error, so that the undamaged rest is
/// known too.
pub fn verify(tx: &mut dyn Tx, log: LogId) -> Result<Report, StoreError> {
    let mut report = Report { records: 0, authors: Vec::new(), problem: None };
    for author in authors(tx, log)? {
        let mut chain = Chain::new(log, author);
        let problem = chain.prove(tx)?;
        report.records += chain.last.seq;
        report.authors.push(AuthorReport { author, proven: chain.proven(), problem });
    }
    report.problem = match readable(tx, |tx| check_positions(tx, log))? {
        Ok(problem) => problem,
        Err(error) => Some(Problem::Unreadable { seq: 0, error }),
    };
    Ok(report)
}

/// From both tables, because one of them may be damaged.
fn authors(tx: &mut dyn Tx, log: LogId) -> Result<BTreeSet<AuthorId>, StoreError> {
    let mut authors = BTreeSet::new();
    let mut damage = Vec::new();
    for table in ["author_head", "record"] {
        let sql = format!("select distinct author from {table} where log = $1");
        match readable(tx, |tx| tx.query(&sql, params![log]))? {
            Ok(rows) => authors.extend(rows.iter().filter_map(|row| row.id::<AuthorId>(0).ok())),
            Err(error) => damage.push(error),
        }
    }
    match damage.pop() {
        Some(error) if damage.len() == 1 => Err(error),
        Some(_) | None => Ok(authors),
    }
}

/// Tells damage, which the caller reports, from every other failure.
fn readable<T>(
    tx: &mut dyn Tx,
    read: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
) -> Result<Result<T, StoreError>, StoreError> {
    match savepoint(tx, read)? {
        Ok(value) => Ok(Ok(value)),
        Err(damage @ StoreError::Corrupt(_)) => Ok(Err(damage)),
        Err(error) => Err(error),
    }
}

fn check_positions(tx: &mut dyn Tx, log: LogId) -> Result<Option<Problem>, StoreError> {
    let row = tx.query_one(
        "select count(*), coalesce(max(position), 0), coalesce(min(position), 1) from record where log = $1",
        params![log],
    )?;
    let (records, last, first): (u64, u64, u64) = (row.number(0)?, row.number(1)?, row.number(2)?);
    let is_gapless = first == 1 && records == last && last == count(tx, log)?;
    Ok((!is_gapless).then_some(Problem::WrongPositions { records, last }))
}

/// One chain while it is read.
struct Chain {
    log: LogId,
    author: AuthorId,
    /// The last record read.
    last: Head,
    /// Proven so far.
    known: Option<KnownAuthor>,
    /// Read, but not yet vouched for by a signature.
    unsigned: Vec<Record>,
}

impl Chain {
    fn new(log: LogId, author: AuthorId) -> Self {
        let last = Head { seq: 0, hash: NO_RECORD };
        Self { log, author, last, known: None, unsigned: Vec::new() }
    }

    fn proven(&self) -> u64 {
        self.known.map_or(0, |known| known.head.seq)
    }

    fn prove(&mut self, tx: &mut dyn Tx) -> Result<Option<Problem>, StoreError> {
        loop {
            let (log, author, next) = (self.log, self.author, self.last.seq + 1);
            let portion =
                readable(tx, |tx| positioned_range(tx, log, &author, next, PORTION_RECORDS, READ_BYTES_MAX))?;
            let portion = match portion {
                Ok(portion) if portion.is_empty() => break,
                Ok(portion) => portion,
                Err(error) => return Ok(Some(Problem::Unreadable { seq: next, error })),
            };
            for row in portion {
                if let Err(problem) = self.take(row) {
                    return Ok(Some(problem));
                }
            }
        }
        let stored = match readable(tx, |tx| known(tx, self.log, &self.author))? {
            Ok(stored) => stored,
            Err(error) => return Ok(Some(Problem::Unreadable { seq: self.last.seq, error })),
        };
        Ok(self.check_end(stored))
    }

    fn take(&mut self, row: Positioned) -> Result<(), Problem> {
        let Positioned { record, id, .. } = row;
        let seq = self.last.seq + 1;
        if record.seq != seq {
            return Err(Problem::Missing { seq });
        }
        if record.id() != id {
            return Err(Problem::Altered { seq });
        }
        if record.prev != self.last.hash {
            return Err(Problem::NotChained { seq });
        }
        self.last = Head { seq, hash: id };
        let is_signed = record.signature.is_some();
        self.unsigned.push(record);
        if is_signed {
            return self.vouch();
        }
        if self.unsigned.len() >= RECORDS_PER_PAGE_MAX {
            return Err(Problem::Unsigned { seq: self.proven() });
        }
        Ok(())
    }

    /// A signature proves all records since the one before it, by the rule that let them in.
    fn vouch(&mut self) -> Result<(), Problem> {
        let seq = self.last.seq;
        let records = std::mem::take(&mut self.unsigned);
        let run = Run::from_records(records).map_err(|_| Problem::Missing { seq })?;
        let no_others = |_| -> Option<Hash> { None };
        let accepted = accept(self.known.as_ref(), self.log, run, no_others)
            .map_err(|refused| Problem::NotProven { seq, refused })?;
        let introduced = accepted.introduction.map(|introduction| introduction.public_key);
        let public_key = introduced.or(self.known.map(|known| known.public_key));
        self.known = public_key.map(|public_key| KnownAuthor { public_key, head: accepted.head });
        Ok(())
    }

    fn check_end(&self, stored: Option<KnownAuthor>) -> Option<Problem> {
        if !self.unsigned.is_empty() {
            return Some(Problem::Unsigned { seq: self.proven() });
        }
        let stored_seq = stored.map_or(0, |stored| stored.head.seq);
        if stored_seq > self.last.seq {
            return Some(Problem::Missing { seq: self.last.seq + 1 });
        }
        (stored != self.known).then_some(Problem::WrongHead)
    }
}
