//! Sessions of people: opaque tokens, found by their hash, ended by time, by rest, by signing out or by a new
//! password.

use soko_domain::ids::{Hash, ThingId};
use soko_record_log::{StoreError, Tx, params};

use crate::platform::refusal::Refusal;
use crate::secret::Token;

/// A session ends after so long without a request,
pub const REST_MS_MAX: i64 = 7 * 24 * 3_600_000;
/// and after so long whatever happens.
pub const LIFE_MS_MAX: i64 = 30 * 24 * 3_600_000;
/// Noting that a session is used costs a write, so it is not done at every request.
pub const SEEN_EVERY_MS: i64 = 5 * 60_000;
/// The oldest makes room.
pub const PER_ACCOUNT_MAX: u32 = 20;

const _: () = assert!(SEEN_EVERY_MS < REST_MS_MAX && REST_MS_MAX < LIFE_MS_MAX);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Session {
    pub account: ThingId,
    pub token_hash: Hash,
    pub expires_ms: i64,
    /// Whether `touch` is due.
    pub is_seen_due: bool,
}

/// Begins a session; says until when it lasts at most.
pub fn start(tx: &mut dyn Tx, account: ThingId, token: &Token, now_ms: i64) -> Result<i64, Refusal> {
    let locked = "select 1 from account_lock where account = $1";
    if tx.query_opt(locked, params![account])?.is_some() {
        return Err(Refusal::AccountLocked);
    }
    let expires_ms = now_ms.saturating_add(LIFE_MS_MAX);
    tx.execute(
        "delete from session where account = $1 and (expires_ms <= $2 or seen_ms <= $3)",
        params![account, now_ms, now_ms.saturating_sub(REST_MS_MAX)],
    )?;
    tx.execute(
        "delete from session where token_hash in (
             select token_hash from session where account = $1 order by seen_ms desc, token_hash limit 1000 offset $2)",
        params![account, PER_ACCOUNT_MAX - 1],
    )?;
    tx.execute(
        "insert into session (token_hash, account, created_ms, seen_ms, expires_ms) values ($1, $2, $3, $3, $4)",
        params![token.at_rest(), account, now_ms, expires_ms],
    )?;
    Ok(expires_ms)
}

/// The session of this token, if it is in force.
pub fn find(tx: &mut dyn Tx, token: &Token, now_ms: i64) -> Result<Option<Session>, StoreError> {
    let token_hash = token.at_rest();
    let row = tx.query_opt(
        "select account, seen_ms, expires_ms from session where token_hash = $1",
        params![token_hash],
    )?;
    let Some(row) = row else { return Ok(None) };
    let (seen_ms, expires_ms) = (row.int(1)?, row.int(2)?);
    let rested_ms = now_ms.saturating_sub(seen_ms);
    if now_ms >= expires_ms || rested_ms >= REST_MS_MAX {
        return Ok(None);
    }
    Ok(Some(Session { account: row.id(0)?, token_hash, expires_ms, is_seen_due: rested_ms >= SEEN_EVERY_MS }))
}

/// Notes that the session is used.
pub fn touch(tx: &mut dyn Tx, token_hash: Hash, now_ms: i64) -> Result<(), StoreError> {
    tx.execute(
        "update session set seen_ms = $2 where token_hash = $1 and seen_ms < $2",
        params![token_hash, now_ms],
    )?;
    Ok(())
}

pub fn end(tx: &mut dyn Tx, token_hash: Hash) -> Result<(), StoreError> {
    tx.execute("delete from session where token_hash = $1", params![token_hash])?;
    Ok(())
}
