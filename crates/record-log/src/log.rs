//! The append-only log: every author's chain, and the order of arrival that cursors count.
//!
//! Records are appended and their bodies may be withheld; nothing else is ever changed, and only where an author has
//! two histories is one ever taken out, to be kept beside the log. Whether a record may be kept was decided before
//! (`soko_replication::accept`, or the pen that wrote it); here only what the log itself rests on is checked: that
//! chains have no gaps and nothing is overwritten.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::wire::Wire as _;
use soko_replication::record::NO_RECORD;
use soko_replication::{Body, Head, Heads, Introduction, KnownAuthor, Record};

use crate::params;
use crate::tx::{Dialect, Param, StoreError, ToParam as _, Tx};

pub mod beside;
mod branch;
mod judge;
mod read;
mod verify;

pub use branch::change_branch;
pub use judge::judge;
pub use read::{
    LogSource, Positioned, READ_BYTES_MAX, hash_at, of_kind_since, position_of, range, record_at, since,
};
pub use verify::{AuthorReport, Problem, Report, verify};

/// The tables, for the first migration of device and server.
pub const SCHEMA: &str = include_str!("log/schema.sql");

/// How many records one insert carries: a round trip costs much on a network and little in a process. Few
/// sizes, so that their statements stay prepared.
const SQLITE_ROWS: &[usize] = &[8, 1];
const POSTGRES_ROWS: &[usize] = &[256, 32, 4, 1];
/// Columns of a record except its log.
const RECORD_COLUMNS: usize = 9;

/// Why records cannot be appended. Nothing may be kept of the transaction or savepoint that met this.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AppendError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("record {seq} of {author} does not follow {head}, the last one held: append from {head} on")]
    NotNext { author: AuthorId, seq: u64, head: u64 },
    #[error("record {seq} of {author} does not name the record before it: it belongs to another chain")]
    NotChained { author: AuthorId, seq: u64 },
    #[error("{author} is unknown and its first record does not introduce it: append its introduction first")]
    NotIntroduced { author: AuthorId },
    #[error("the records belong to different logs: append to one log at a time")]
    MixedLogs,
}

/// The places that new records took in the order of arrival.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Positions {
    pub first: u64,
    pub last: u64,
}

/// Appends records of one log in the order given; of each author they must continue what is held. Answers
/// `None` for no records.
pub fn append(tx: &mut dyn Tx, records: &[Record]) -> Result<Option<Positions>, AppendError> {
    append_with_ids(tx, records.iter().map(|record| (record.id(), record)))
}

/// As [`append`], for records whose identities are known already. The caller vouches for them.
pub fn append_with_ids<'r>(
    tx: &mut dyn Tx,
    records: impl IntoIterator<Item = (Hash, &'r Record)>,
) -> Result<Option<Positions>, AppendError> {
    let records: Vec<_> = records.into_iter().collect();
    let Some((_, first)) = records.first() else { return Ok(None) };
    // The counter comes first: where several write at once, its row makes them wait for each other, so that
    // the heads that are read next cannot be overtaken.
    let positions = take_positions(tx, first.log, records.len())?;
    let mut tips = Tips { log: first.log, position: positions.last, authors: BTreeMap::new() };
    tips.extend(tx, positions, &records)?;
    Ok(Some(positions))
}

/// Where a log ends, for a transaction that is alone on it: what was read or written once is not read again.
#[derive(Debug)]
pub struct Tips {
    log: LogId,
    position: u64,
    authors: BTreeMap<AuthorId, KnownAuthor>,
}

impl Tips {
    /// The caller must be alone on this log until the transaction ends, and append through these tips only.
    pub fn load(tx: &mut dyn Tx, log: LogId) -> Result<Self, StoreError> {
        Ok(Self { log, position: count(tx, log)?, authors: BTreeMap::new() })
    }

    /// How many records the log holds.
    pub fn count(&self) -> u64 {
        self.position
    }

    /// The key and the last record of one author.
    pub fn known(&mut self, tx: &mut dyn Tx, author: &AuthorId) -> Result<Option<KnownAuthor>, StoreError> {
        if let Some(known) = self.authors.get(author) {
            return Ok(Some(*known));
        }
        let found = known(tx, self.log, author)?;
        if let Some(found) = found {
            self.authors.insert(*author, found);
        }
        Ok(found)
    }

    /// As [`append_with_ids`].
    pub fn append<'r>(
        &mut self,
        tx: &mut dyn Tx,
        records: impl IntoIterator<Item = (Hash, &'r Record)>,
    ) -> Result<Option<Positions>, AppendError> {
        let records: Vec<_> = records.into_iter().collect();
        if records.is_empty() {
            return Ok(None);
        }
        let added = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let positions = Positions { first: self.position + 1, last: self.position.saturating_add(added) };
        tx.run(
            "insert into log_counter (log, last_position) values ($1, $2) \
             on conflict (log) do update set last_position = excluded.last_position",
            params![self.log, positions.last],
        )?;
        self.extend(tx, positions, &records)?;
        self.position = positions.last;
        Ok(Some(positions))
    }

    fn extend(
        &mut self,
        tx: &mut dyn Tx,
        positions: Positions,
        records: &[(Hash, &Record)],
    ) -> Result<(), AppendError> {
        let log = self.log;
        if records.iter().any(|(_, record)| record.log != log) {
            return Err(AppendError::MixedLogs);
        }
        let mut moved = BTreeMap::new();
        for (id, record) in records {
            let tip = match moved.entry(record.author) {
                std::collections::btree_map::Entry::Occupied(tip) => tip.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(Tip { known: self.known(tx, &record.author)?, is_new: false })
                }
            };
            tip.advance(*id, record)?;
        }
        insert_records(tx, log, positions.first, records)?;
        for (author, tip) in moved {
            tip.store(tx, log, &author)?;
            self.authors.extend(tip.known.map(|known| (author, known)));
        }
        Ok(())
    }
}

/// The last record of every author.
pub fn heads(tx: &mut dyn Tx, log: LogId) -> Result<Heads, StoreError> {
    let rows =
        tx.query("select author, seq, hash from author_head where log = $1 order by author", params![log])?;
    rows.iter().map(|row| Ok((row.id(0)?, Head { seq: row.number(1)?, hash: row.id(2)? }))).collect()
}

/// The last record of one author.
pub fn head(tx: &mut dyn Tx, log: LogId, author: &AuthorId) -> Result<Option<Head>, StoreError> {
    Ok(known(tx, log, author)?.map(|known| known.head))
}

/// The key and the last record of one author.
pub fn known(tx: &mut dyn Tx, log: LogId, author: &AuthorId) -> Result<Option<KnownAuthor>, StoreError> {
    let row = tx.query_opt(
        "select public_key, seq, hash from author_head where log = $1 and author = $2",
        params![log, author],
    )?;
    let Some(row) = row else { return Ok(None) };
    let head = Head { seq: row.number(1)?, hash: row.id(2)? };
    Ok(Some(KnownAuthor { public_key: row.id(0)?, head }))
}

/// How many records a log holds, which is also the last position.
pub fn count(tx: &mut dyn Tx, log: LogId) -> Result<u64, StoreError> {
    let row = tx.query_opt("select last_position from log_counter where log = $1", params![log])?;
    row.map_or(Ok(0), |row| row.number(0))
}

/// Every log that holds records.
pub fn logs(tx: &mut dyn Tx) -> Result<Vec<LogId>, StoreError> {
    let rows = tx.query("select log from log_counter order by log", &[])?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Replaces a record's body by its hash, for good; the chain stays provable. Says whether there was a body.
/// An introduction stays: without its key nobody could check the chain.
pub fn withhold(tx: &mut dyn Tx, log: LogId, author: &AuthorId, seq: u64) -> Result<bool, StoreError> {
    let Some(record) = record_at(tx, log, author, seq)? else { return Ok(false) };
    if record.is_introduction() {
        return Err(StoreError::Constraint("an introduction cannot be withheld".into()));
    }
    let changed = tx.execute(
        "update record set body = null, withheld_hash = $4 \
         where log = $1 and author = $2 and seq = $3 and body is not null",
        params![log, author, seq, record.body.hash()],
    )?;
    Ok(changed == 1)
}

fn take_positions(tx: &mut dyn Tx, log: LogId, count: usize) -> Result<Positions, StoreError> {
    let row = tx.query_one(
        "insert into log_counter (log, last_position) values ($1, $2) \
         on conflict (log) do update set last_position = log_counter.last_position + excluded.last_position \
         returning last_position",
        params![log, count],
    )?;
    let last: u64 = row.number(0)?;
    let before = u64::try_from(count).ok().and_then(|count| last.checked_sub(count));
    let before = before.ok_or_else(|| StoreError::Corrupt("the counter of the log went back".into()))?;
    Ok(Positions { first: before + 1, last })
}

/// Where an author's chain stands while records are added to it.
struct Tip {
    known: Option<KnownAuthor>,
    is_new: bool,
}

impl Tip {
    fn advance(&mut self, id: Hash, record: &Record) -> Result<(), AppendError> {
        let (author, seq) = (record.author, record.seq);
        let head = self.known.map_or(Head { seq: 0, hash: NO_RECORD }, |known| known.head);
        if head.seq.checked_add(1) != Some(seq) {
            return Err(AppendError::NotNext { author, seq, head: head.seq });
        }
        if record.prev != head.hash {
            return Err(AppendError::NotChained { author, seq });
        }
        let public_key = match self.known {
            Some(known) => known.public_key,
            None => {
                self.is_new = true;
                introduced_key(record).ok_or(AppendError::NotIntroduced { author })?
            }
        };
        self.known = Some(KnownAuthor { public_key, head: Head { seq, hash: id } });
        Ok(())
    }

    fn store(&self, tx: &mut dyn Tx, log: LogId, author: &AuthorId) -> Result<(), StoreError> {
        let Some(KnownAuthor { public_key, head }) = self.known else { return Ok(()) };
        // A known author's row was read in this transaction, so it is there and this key is its own.
        let sql = if self.is_new {
            "insert into author_head (log, author, seq, hash, public_key) values ($1, $2, $3, $4, $5)"
        } else {
            "update author_head set seq = $3, hash = $4 where log = $1 and author = $2 and public_key = $5"
        };
        tx.run(sql, params![log, author, head.seq, head.hash, public_key])
    }
}

fn introduced_key(record: &Record) -> Option<[u8; 32]> {
    let bytes = if record.is_introduction() { record.body.bytes()? } else { return None };
    Introduction::from_bytes(bytes).ok().map(|introduction| introduction.public_key)
}

fn insert_records(
    tx: &mut dyn Tx,
    log: LogId,
    first: u64,
    records: &[(Hash, &Record)],
) -> Result<(), StoreError> {
    let sizes = match tx.dialect() {
        Dialect::Sqlite => SQLITE_ROWS,
        Dialect::Postgres => POSTGRES_ROWS,
    };
    let mut left = records;
    let mut positions = first..;
    for size in sizes {
        let sql = insert_text(*size);
        while let Some((rows, rest)) = left.split_at_checked(*size) {
            let positions: Vec<u64> = positions.by_ref().take(*size).collect();
            let mut params = vec![log.to_param()];
            for (row, position) in rows.iter().zip(&positions) {
                params.extend(record_params(row, position));
            }
            tx.run(sql, &params)?;
            left = rest;
        }
    }
    Ok(())
}

fn record_params<'r>((id, record): &'r (Hash, &'r Record), position: &'r u64) -> [Param<'r>; RECORD_COLUMNS] {
    let (body, withheld) = match &record.body {
        Body::Here(bytes) => (Param::Blob(bytes), Param::Null),
        Body::Withheld(hash) => (Param::Null, hash.to_param()),
    };
    [
        record.author.to_param(),
        record.seq.to_param(),
        record.kind.to_param(),
        id.to_param(),
        record.prev.to_param(),
        body,
        withheld,
        record.signature.as_ref().map_or(Param::Null, |signature| Param::Blob(&signature.0)),
        position.to_param(),
    ]
}

/// Made once: it is needed for every record.
fn insert_text(rows: usize) -> &'static str {
    static TEXTS: LazyLock<BTreeMap<usize, String>> = LazyLock::new(|| {
        let sizes = SQLITE_ROWS.iter().chain(POSTGRES_ROWS).copied();
        sizes.map(|size| (size, written_out(size))).collect()
    });
    TEXTS.get(&rows).map_or("", String::as_str)
}

fn written_out(rows: usize) -> String {
    let row = |row: usize| {
        let places = (0..RECORD_COLUMNS).map(|column| format!(", ${}", 2 + row * RECORD_COLUMNS + column));
        format!("($1{})", places.collect::<String>())
    };
    let values: Vec<String> = (0..rows).map(row).collect();
    format!(
        "insert into record (log, author, seq, kind, hash, prev, body, withheld_hash, signature, position) \
         values {}",
        values.join(", ")
    )
}
