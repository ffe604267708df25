//! Sessions of people: opaque tokens, found by their hash, ended by time, by rest, by signing out, from another session or by a
//! new password.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{Hash, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::platform::refusal::Refusal;
use crate::secret::Token;

const DAY_MS: i64 = 24 * 3_600_000;
/// A session ends after so long without a request: longer than from one market day to the next but one,
pub const REST_MS_MAX: i64 = 30 * DAY_MS;
/// and after so long whatever happens.
pub const LIFE_MS_MAX: i64 = 90 * DAY_MS;
/// So long one that ended by itself is known as such: whoever held it is still whom it was, which cannot be said of one that was ended.
const KEPT_MS: i64 = 400 * DAY_MS;
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

/// A session as its person sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnSession {
    pub session: ThingId,
    pub name: String,
    pub begun_ms: i64,
    pub seen_ms: i64,
    pub token_hash: Hash,
}

/// What programs call themselves by, and what people call them; the first that is found. Each browser names those before it, too.
const PROGRAMS: [(&str, &str); 8] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// What a session is called, by what the program that signs in says of itself: so much that its person knows it again, and no more.
pub fn called(user_agent: &str) -> String {
    let found = |all: &[(&str, &'static str)]| {
        all.iter().find(|(said, _)| user_agent.contains(said)).map(|(_, name)| *name)
    };
    let parts: Vec<&str> = [found(&PROGRAMS), found(&SYSTEMS)].into_iter().flatten().collect();
    parts.join(" · ")
}

/// By which a session is named to its person. Nobody comes from it to the token, nor to what is kept of that.
fn identity(token_hash: Hash) -> ThingId {
    let digest = Sha256::new().chain_update(b"soko session 1").chain_update(token_hash.as_bytes()).finalize();
    digest.first_chunk().map_or(ThingId::default(), |first| ThingId(*first))
}

/// Those in force, the latest used first.
pub fn of_account(tx: &mut dyn Tx, account: ThingId, now_ms: i64) -> Result<Vec<OwnSession>, StoreError> {
    let rows = tx.query(
        "select token_hash, name, created_ms, seen_ms from session
         where account = $1 and expires_ms > $2 and seen_ms > $3 order by seen_ms desc, token_hash limit $4",
        params![account, now_ms, now_ms.saturating_sub(REST_MS_MAX), PER_ACCOUNT_MAX],
    )?;
    let session = |row: &Row| {
        let token_hash: Hash = row.id(0)?;
        Ok(OwnSession {
            session: identity(token_hash),
            name: row.text(1)?.to_owned(),
            begun_ms: row.int(2)?,
            seen_ms: row.int(3)?,
            token_hash,
        })
    };
    rows.iter().map(session).collect()
}

/// Begins a session; says until when it lasts at most.
pub fn start(
    tx: &mut dyn Tx,
    account: ThingId,
    (token, name): (&Token, &str),
    now_ms: i64,
) -> Result<i64, Refusal> {
    let locked = "select 1 from account_lock where account = $1";
    if tx.query_opt(locked, params![account])?.is_some() {
        return Err(Refusal::AccountLocked);
    }
    let expires_ms = now_ms.saturating_add(LIFE_MS_MAX);
    let (rested_ms, forgotten_ms) = (now_ms.saturating_sub(REST_MS_MAX), now_ms.saturating_sub(KEPT_MS));
    tx.execute("delete from session where account = $1 and seen_ms <= $2", params![account, forgotten_ms])?;
    tx.execute(
        "delete from session where token_hash in (
             select token_hash from session where account = $1
             order by case when expires_ms > $3 and seen_ms > $4 then 0 else 1 end, seen_ms desc, token_hash
             limit 1000 offset $2)",
        params![account, PER_ACCOUNT_MAX - 1, now_ms, rested_ms],
    )?;
    tx.execute(
        "insert into session (token_hash, account, created_ms, seen_ms, expires_ms, name) values ($1, $2, $3, $3, $4, $5)",
        params![token.at_rest(), account, now_ms, expires_ms, name],
    )?;
    Ok(expires_ms)
}

/// The session of this token, if it is in force.
pub fn find(tx: &mut dyn Tx, token: &Token, now_ms: i64) -> Result<Session, Refusal> {
    let token_hash = token.at_rest();
    let row = tx.query_opt(
        "select account, seen_ms, expires_ms from session where token_hash = $1",
        params![token_hash],
    )?;
    let Some(row) = row else { return Err(Refusal::NotSignedIn) };
    let (seen_ms, expires_ms) = (row.int(1)?, row.int(2)?);
    let rested_ms = now_ms.saturating_sub(seen_ms);
    if now_ms >= expires_ms || rested_ms >= REST_MS_MAX {
        return Err(Refusal::SessionExpired);
    }
    Ok(Session { account: row.id(0)?, token_hash, expires_ms, is_seen_due: rested_ms >= SEEN_EVERY_MS })
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

/// All but this one.
pub fn end_others(tx: &mut dyn Tx, account: ThingId, kept: Hash) -> Result<(), StoreError> {
    tx.execute("delete from session where account = $1 and token_hash <> $2", params![account, kept])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_called_by_browser_and_system_and_by_nothing_else_that_a_program_says() {
        for (user_agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox · Linux"),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Mobile Safari/537.36",
                "Chrome · Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36 Edg/127.0.0.0",
                "Edge · Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari · iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/127.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome · iPhone",
            ),
            ("curl/8.0", ""),
            ("", ""),
        ] {
            assert_eq!(called(user_agent), name);
        }
    }
}
