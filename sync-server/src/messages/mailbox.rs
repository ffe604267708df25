//! Mailboxes whose mail comes back. A mail server says so at once, or reports it hours later; after a word that is final, or several that
//! are not, nothing more is written there until its owner says that it works.

use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx, params};

/// Mail that came back so often, each within [`TOGETHER_MS`] of the one before, for reasons that may pass, will not pass.
const TIMES_MAX: i64 = 3;
const TOGETHER_MS: i64 = 14 * 24 * 3_600_000;
const REASON_CHARS_MAX: usize = 200;
/// What a message is given up with that is not even tried.
pub(super) const NOT_WRITTEN_TO: &str = "mail to this address came back";

/// Why a letter did not get there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failure<'a> {
    /// There is no such mailbox, or it is closed.
    pub(crate) is_final: bool,
    /// The mail server had taken it before.
    pub(crate) by_report: bool,
    pub(crate) reason: &'a str,
}

/// A mailbox that is not written to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failing {
    pub(crate) since_ms: i64,
    pub(crate) reason: String,
}

pub(crate) fn failing(tx: &mut dyn Tx, account: ThingId) -> Result<Option<Failing>, StoreError> {
    let sql = "select since_ms, reason from mailbox_failing where account = $1 and since_ms is not null";
    let row = tx.query_opt(sql, params![account])?;
    row.map(|row| Ok(Failing { since_ms: row.int(0)?, reason: row.text(1)?.to_owned() })).transpose()
}

/// Notes that a letter came back. Says whether that is enough, and was not before.
pub(super) fn fails(
    tx: &mut dyn Tx,
    account: ThingId,
    (failure, now_ms): (Failure<'_>, i64),
) -> Result<bool, StoreError> {
    let sql = "select times, last_ms, since_ms from mailbox_failing where account = $1";
    let (mut times, mut since_ms) = (0, None);
    if let Some(row) = tx.query_opt(sql, params![account])? {
        times = if row.int(1)? > now_ms - TOGETHER_MS { row.int(0)? } else { 0 };
        since_ms = row.int_opt(2)?;
    }
    let was_failing = since_ms.is_some();
    times += 1;
    if failure.is_final || times >= TIMES_MAX {
        since_ms = since_ms.or(Some(now_ms));
    }
    let reason: String = failure.reason.chars().take(REASON_CHARS_MAX).collect();
    tx.run(
        "insert into mailbox_failing (account, times, last_ms, since_ms, by_report, reason) values ($1, $2, $3, $4, $5, $6)
         on conflict (account) do update set times = excluded.times, last_ms = excluded.last_ms,
           since_ms = excluded.since_ms, by_report = excluded.by_report, reason = excluded.reason",
        params![account, times, now_ms, since_ms, i64::from(failure.by_report), reason],
    )?;
    Ok(since_ms.is_some() && !was_failing)
}

/// Its owner says that it works.
pub(crate) fn works(tx: &mut dyn Tx, account: ThingId) -> Result<(), StoreError> {
    tx.run("delete from mailbox_failing where account = $1", params![account])
}

/// The mail server took a letter: whatever it refused at once before, it does not any more. Of what is reported later it knows nothing.
pub(super) fn took(tx: &mut dyn Tx, account: ThingId) -> Result<(), StoreError> {
    tx.run("delete from mailbox_failing where account = $1 and by_report = 0", params![account])
}
