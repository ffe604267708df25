//! Reading records back, a bounded number and a bounded size at a time.

use std::cell::RefCell;

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_replication::{Body, Heads, Record, Signature, Source};

use super::beside;
use crate::params;
use crate::tx::{Param, Row, StoreError, Tx};

/// Most bytes of bodies that [`since`] answers at once.
pub const READ_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What is left of a body that is withheld.
const WITHHELD_BYTES: usize = Hash::SIZE;

const COLUMNS: &str = "author, seq, kind, hash, prev, body, withheld_hash, signature, position";

/// A record and its place in the order of arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Positioned {
    pub position: u64,
    /// The identity as it was stored; equal to `record.id()` unless the store is damaged.
    pub id: Hash,
    pub record: Record,
}

/// One author's records from `from_seq` on, in order: no more than `records_max` and no more than `bytes_max`
/// of bodies, but at least one if there is one.
pub fn range(
    tx: &mut dyn Tx,
    log: LogId,
    author: &AuthorId,
    from_seq: u64,
    records_max: usize,
    bytes_max: usize,
) -> Result<Vec<Record>, StoreError> {
    let rows = positioned_range(tx, log, author, from_seq, records_max, bytes_max)?;
    Ok(rows.into_iter().map(|row| row.record).collect())
}

pub(super) fn positioned_range(
    tx: &mut dyn Tx,
    log: LogId,
    author: &AuthorId,
    from_seq: u64,
    records_max: usize,
    bytes_max: usize,
) -> Result<Vec<Positioned>, StoreError> {
    let chain = "log = $1 and author = $2 and seq >= $3 order by seq limit $4";
    read(tx, log, chain, params![log, author, from_seq, records_max], bytes_max)
}

/// The records that arrived behind a position, in order of arrival: no more than `limit` and no more than
/// [`READ_BYTES_MAX`] of bodies, but at least one if there is one.
pub fn since(
    tx: &mut dyn Tx,
    log: LogId,
    position: u64,
    limit: usize,
) -> Result<Vec<Positioned>, StoreError> {
    let arrival = "log = $1 and position > $2 order by position limit $3";
    read(tx, log, arrival, params![log, position, limit], READ_BYTES_MAX)
}

/// As [`since`], of one kind alone.
pub fn of_kind_since(
    tx: &mut dyn Tx,
    log: LogId,
    (kind, position): (u16, u64),
    limit: usize,
) -> Result<Vec<Positioned>, StoreError> {
    let arrival = "log = $1 and kind = $2 and position > $3 order by position limit $4";
    read(tx, log, arrival, params![log, kind, position, limit], READ_BYTES_MAX)
}

pub fn record_at(
    tx: &mut dyn Tx,
    log: LogId,
    author: &AuthorId,
    seq: u64,
) -> Result<Option<Record>, StoreError> {
    let place = "log = $1 and author = $2 and seq = $3 limit $4";
    let found = read(tx, log, place, params![log, author, seq, 1], usize::MAX)?;
    Ok(found.into_iter().next().map(|row| row.record))
}

/// How many records had come when the one at a place of an author's chain did, itself included.
pub fn position_of(
    tx: &mut dyn Tx,
    log: LogId,
    author: &AuthorId,
    seq: u64,
) -> Result<Option<u64>, StoreError> {
    let row = tx.query_opt(
        "select position from record where log = $1 and author = $2 and seq = $3",
        params![log, author, seq],
    )?;
    row.map(|row| row.number(0)).transpose()
}

/// The identity of the record at a place of an author's chain.
pub fn hash_at(tx: &mut dyn Tx, log: LogId, author: &AuthorId, seq: u64) -> Result<Option<Hash>, StoreError> {
    let row = tx.query_opt(
        "select hash from record where log = $1 and author = $2 and seq = $3",
        params![log, author, seq],
    )?;
    row.map(|row| row.id(0)).transpose()
}

/// The last parameter is the limit on records. It is lowered to what fits before any body is read, since the
/// largest bodies would make a full answer hundreds of times larger than the usual one.
fn read(
    tx: &mut dyn Tx,
    log: LogId,
    which: &str,
    params: &[Param<'_>],
    bytes_max: usize,
) -> Result<Vec<Positioned>, StoreError> {
    let Some((Param::Int(limit), chosen)) = params.split_last() else {
        return Err(StoreError::Other("no limit on the records to read".into()));
    };
    if *limit == 0 {
        return Ok(Vec::new());
    }
    let mut params = chosen.to_vec();
    params.push(Param::Int(*limit));
    if *limit > 1 {
        let sizes = tx.query(&format!("select length(body) from record where {which}"), &params)?;
        let fitting = fitting(&sizes, bytes_max)?;
        params.pop();
        params.push(Param::Int(fitting));
    }
    let rows = tx.query(&format!("select {COLUMNS} from record where {which}"), &params)?;
    rows.iter().map(|row| positioned(log, row)).collect()
}

fn fitting(sizes: &[Row], bytes_max: usize) -> Result<i64, StoreError> {
    let mut left = bytes_max;
    let mut fitting = 0;
    for row in sizes {
        let size = row.number_opt(0)?.unwrap_or(WITHHELD_BYTES);
        if size > left && fitting > 0 {
            break;
        }
        left = left.saturating_sub(size);
        fitting += 1;
    }
    Ok(fitting)
}

fn positioned(log: LogId, row: &Row) -> Result<Positioned, StoreError> {
    let body = match (row.blob_opt(5)?, row.id_opt(6)?) {
        (Some(bytes), None) => Body::Here(bytes.to_vec()),
        (None, Some(hash)) => Body::Withheld(hash),
        (Some(_), Some(_)) | (None, None) => {
            return Err(StoreError::Corrupt("a record has no body, or two".into()));
        }
    };
    let record = Record {
        log,
        author: row.id(0)?,
        seq: row.number(1)?,
        kind: row.number(2)?,
        prev: row.id(4)?,
        body,
        signature: row.id_opt(7)?.map(Signature),
    };
    Ok(Positioned { position: row.number(8)?, id: row.id(3)?, record })
}

/// One log inside a transaction, as the part that fills pages reads it.
pub struct LogSource<'t> {
    tx: RefCell<&'t mut dyn Tx>,
    log: LogId,
}

impl<'t> LogSource<'t> {
    pub fn new(tx: &'t mut dyn Tx, log: LogId) -> Self {
        Self { tx: RefCell::new(tx), log }
    }
}

impl Source for LogSource<'_> {
    type Error = StoreError;

    fn heads(&self) -> Result<Heads, StoreError> {
        super::heads(&mut **self.tx.borrow_mut(), self.log)
    }

    fn range(
        &self,
        author: AuthorId,
        from_seq: u64,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Record>, StoreError> {
        range(&mut **self.tx.borrow_mut(), self.log, &author, from_seq, records_max, bytes_max)
    }

    fn beside(&self, author: AuthorId, after: usize) -> Result<Vec<Record>, StoreError> {
        let mut rest = beside::of(&mut **self.tx.borrow_mut(), self.log, author)?.split_off(after);
        let is_next = |(a, b): (&Record, &Record)| b.seq == a.seq + 1 && b.prev == a.id();
        let joined = 1 + rest.iter().zip(rest.iter().skip(1)).take_while(|pair| is_next(*pair)).count();
        rest.truncate(joined);
        Ok(rest)
    }
}
