//! Addresses as they are kept, and when each is looked at next.

use soko_domain::ids::{LogId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use super::fetch::{Marks, Trouble};
use crate::platform::Refusal;

/// Addresses that one stall has at once.
pub(crate) const FEEDS_PER_STALL_MAX: u32 = 10;
/// An address is looked at so often by itself,
pub(super) const LOOK_EVERY_MS: i64 = 24 * HOUR_MS;
/// and at most so often because somebody asks.
pub(crate) const LOOK_AGAIN_MS: i64 = 10 * 60 * 1_000;
/// After a failure, doubled with each, up to a day.
const RETRY_MS: i64 = HOUR_MS;
const HOUR_MS: i64 = 3_600 * 1_000;
/// Addresses that one round looks at.
const CLAIM_MAX: usize = 8;
/// Whoever claimed one and died leaves it to others after so long.
const CLAIM_MS: i64 = 5 * 60 * 1_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Feed {
    pub(crate) feed: ThingId,
    pub(crate) stall: LogId,
    pub(crate) source: String,
    pub(crate) address: String,
    pub(crate) choice: String,
    pub(crate) made_ms: i64,
    pub(crate) due_ms: i64,
    pub(crate) tried_ms: Option<i64>,
    pub(crate) fetched_ms: Option<i64>,
    pub(crate) failures: i64,
    pub(crate) trouble: String,
    pub(crate) etag: String,
    pub(crate) modified: String,
    pub(crate) rows_read: i64,
    pub(crate) rows_known: i64,
}

const COLUMNS: &str = "feed, stall, source, address, choice, made_ms, due_ms, tried_ms, fetched_ms, failures, trouble, \
                       etag, modified, rows_read, rows_known";

fn read(row: &Row) -> Result<Feed, StoreError> {
    Ok(Feed {
        feed: row.id(0)?,
        stall: row.id(1)?,
        source: row.text(2)?.into(),
        address: row.text(3)?.into(),
        choice: row.text(4)?.into(),
        made_ms: row.int(5)?,
        due_ms: row.int(6)?,
        tried_ms: row.int_opt(7)?,
        fetched_ms: row.int_opt(8)?,
        failures: row.int(9)?,
        trouble: row.text(10)?.into(),
        etag: row.text(11)?.into(),
        modified: row.text(12)?.into(),
        rows_read: row.int(13)?,
        rows_known: row.int(14)?,
    })
}

pub(crate) fn make(
    tx: &mut dyn Tx,
    (feed, stall): (ThingId, LogId),
    (source, address): (&str, &str),
    now_ms: i64,
) -> Result<(), Refusal> {
    let row = tx.query_one("select count(*) from rival_feed where stall = $1", params![stall])?;
    if row.number::<u32>(0)? >= FEEDS_PER_STALL_MAX {
        return Err(Refusal::TooMany(FEEDS_PER_STALL_MAX));
    }
    tx.run(
        "insert into rival_feed (feed, stall, source, address, choice, made_ms, due_ms, failures, trouble, etag,
           modified, rows_read, rows_known)
         values ($1, $2, $3, $4, '', $5, $5, 0, '', '', '', 0, 0)",
        params![feed, stall, source, address, now_ms],
    )?;
    Ok(())
}

/// In the order in which they were made.
pub(crate) fn of_stall(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<Feed>, StoreError> {
    let sql = format!("select {COLUMNS} from rival_feed where stall = $1 order by made_ms, feed limit $2");
    tx.query(&sql, params![stall, FEEDS_PER_STALL_MAX])?.iter().map(read).collect()
}

pub(crate) fn find(tx: &mut dyn Tx, feed: ThingId) -> Result<Option<Feed>, StoreError> {
    let sql = format!("select {COLUMNS} from rival_feed where feed = $1");
    tx.query_opt(&sql, params![feed])?.map(|row| read(&row)).transpose()
}

/// The address of this stall.
pub(crate) fn of(tx: &mut dyn Tx, (stall, feed): (LogId, ThingId)) -> Result<Feed, Refusal> {
    find(tx, feed)?.filter(|found| found.stall == stall).ok_or(Refusal::NoSuchFeed)
}

/// How its list is read from now on.
pub(crate) fn put(tx: &mut dyn Tx, feed: ThingId, choice: &str) -> Result<(), StoreError> {
    tx.run("update rival_feed set choice = $2 where feed = $1", params![feed, choice])
}

/// Is looked at now, unless that was a moment ago. Says whether.
pub(crate) fn soon(tx: &mut dyn Tx, found: &Feed, now_ms: i64) -> Result<bool, StoreError> {
    if found.tried_ms.is_some_and(|tried_ms| now_ms.saturating_sub(tried_ms) < LOOK_AGAIN_MS) {
        return Ok(false);
    }
    tx.run("update rival_feed set due_ms = $2 where feed = $1", params![found.feed, now_ms])?;
    Ok(true)
}

pub(crate) fn end(tx: &mut dyn Tx, feed: ThingId) -> Result<(), StoreError> {
    tx.run("delete from rival_feed where feed = $1", params![feed])
}

/// What it said last, as it came.
pub(crate) fn table(tx: &mut dyn Tx, feed: ThingId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.query_opt("select body from rival_feed where feed = $1", params![feed])?;
    row.map_or(Ok(None), |row| Ok(row.blob_opt(0)?.map(<[u8]>::to_vec)))
}

/// Those that are due, which nobody else takes for some minutes.
pub(super) fn claim(tx: &mut dyn Tx, now_ms: i64) -> Result<Vec<Feed>, StoreError> {
    let sql = format!("select {COLUMNS} from rival_feed where due_ms <= $1 order by due_ms, feed limit $2");
    let due: Vec<Feed> =
        tx.query(&sql, params![now_ms, CLAIM_MAX])?.iter().map(read).collect::<Result<_, _>>()?;
    for feed in &due {
        tx.run(
            "update rival_feed set due_ms = $2, tried_ms = $3 where feed = $1",
            params![feed.feed, now_ms.saturating_add(CLAIM_MS), now_ms],
        )?;
    }
    Ok(due)
}

/// What came of a look.
pub(super) struct Fared<'a> {
    /// None: what it said before is still so.
    pub(super) body: Option<(&'a [u8], &'a Marks)>,
    pub(super) rows_read: i64,
    pub(super) rows_known: i64,
}

pub(super) fn went(tx: &mut dyn Tx, feed: ThingId, fared: &Fared<'_>, now_ms: i64) -> Result<(), StoreError> {
    tx.run(
        "update rival_feed set due_ms = $2, fetched_ms = $3, failures = 0, trouble = '', rows_read = $4, rows_known = $5
         where feed = $1",
        params![feed, now_ms.saturating_add(LOOK_EVERY_MS), now_ms, fared.rows_read, fared.rows_known],
    )?;
    let Some((body, marks)) = fared.body else { return Ok(()) };
    tx.run(
        "update rival_feed set body = $2, etag = $3, modified = $4 where feed = $1",
        params![feed, body, marks.etag, marks.modified],
    )
}

/// It is left alone for longer and longer, and as long as it asks for. What it said before stays, until it is too old.
pub(super) fn failed(tx: &mut dyn Tx, feed: &Feed, trouble: &Trouble, now_ms: i64) -> Result<(), StoreError> {
    let doubled = RETRY_MS.saturating_mul(1 << feed.failures.clamp(0, 10));
    let asked = i64::from(trouble.wait_s.unwrap_or(0)).saturating_mul(1_000);
    let wait = doubled.max(asked).min(LOOK_EVERY_MS);
    tx.run(
        "update rival_feed set due_ms = $2, failures = failures + 1, trouble = $3 where feed = $1",
        params![feed.feed, now_ms.saturating_add(wait), trouble.word],
    )
}
