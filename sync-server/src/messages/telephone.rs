//! The telephone that a person is texted at: one each, and only one on which somebody read the code that was sent there. Nothing
//! that proves it is kept: the code is worked out again from what only the server knows.

use soko_domain::ids::{Hash, ThingId};
use soko_domain::telephone::Telephone;
use soko_record_log::{StoreError, Tx, params};

use super::channel::Channel;
use super::outbox::{self, Message};
use super::topic::Topic;
use crate::secret::ServerSecret;

/// What the digits of a code and the digest of a number are made for.
const CODE: &str = "telephone code";
const NUMBER: &str = "telephone number";
const LIFE_MS: i64 = 10 * 60_000;
/// A million codes, and so many guesses at each.
const WRONG_TRIES_MAX: i64 = 5;
/// Nobody's telephone rings, and nobody's money goes, by asking again and again: codes of one account, and to one number.
const PER_DAY_MAX: i64 = 5;
const PAUSE_MS: i64 = 60_000;
/// And of all accounts together: whoever makes many of them gets no further.
const OF_ALL_PER_DAY_MAX: i64 = 500;
const DAY_MS: i64 = 24 * 3_600_000;

/// What is kept of somebody's telephone.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Own {
    /// Where texts go, and since when.
    pub(crate) confirmed: Option<(String, i64)>,
    /// A number whose code was not typed yet.
    pub(crate) asked: Option<String>,
}

pub(crate) fn of(tx: &mut dyn Tx, account: ThingId, now_ms: i64) -> Result<Own, StoreError> {
    let asked = tx.query_opt(
        "select number from telephone_code where account = $1 and expires_ms > $2 and wrong_tries < $3",
        params![account, now_ms, WRONG_TRIES_MAX],
    )?;
    let asked = asked.map(|row| row.text(0).map(str::to_owned)).transpose()?;
    Ok(Own { confirmed: confirmed(tx, account)?, asked })
}

/// Where texts to somebody go, and since when.
pub(crate) fn confirmed(tx: &mut dyn Tx, account: ThingId) -> Result<Option<(String, i64)>, StoreError> {
    let sql = "select number, confirmed_ms from telephone where account = $1";
    let row = tx.query_opt(sql, params![account])?;
    row.map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).transpose()
}

/// What became of asking for a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    OnItsWay,
    /// It is the number that is in force.
    Known,
    /// In so many milliseconds it can be asked again.
    TooOften(i64),
}

/// Texts a code to a number. The number before it stays in force until the code was typed.
pub(crate) fn ask(
    tx: &mut dyn Tx,
    secret: &ServerSecret,
    (account, number): (ThingId, &Telephone),
    (message, now_ms): (ThingId, i64),
) -> Result<Asked, StoreError> {
    if confirmed(tx, account)?.is_some_and(|(known, _)| known == number.as_str()) {
        return Ok(Asked::Known);
    }
    let digest = secret.digest(NUMBER, number.as_str());
    if let Some(wait_ms) = wait_ms(tx, account, digest, now_ms)? {
        return Ok(Asked::TooOften(wait_ms));
    }
    tx.run("delete from telephone_asked where made_ms <= $1", params![now_ms - DAY_MS])?;
    tx.run(
        "insert into telephone_asked (message, account, number_digest, made_ms) values ($1, $2, $3, $4)",
        params![message, account, digest, now_ms],
    )?;
    tx.run(
        "insert into telephone_code (account, message, number, expires_ms, wrong_tries) values ($1, $2, $3, $4, 0)
         on conflict (account) do update set message = excluded.message, number = excluded.number,
           expires_ms = excluded.expires_ms, wrong_tries = 0",
        params![account, message, number.as_str(), now_ms + LIFE_MS],
    )?;
    let channel = Channel::Sms;
    let new = Message { channel, ..Message::of_account(message, Topic::TelephoneCode, account) };
    outbox::add(tx, &new, now_ms)?;
    Ok(Asked::OnItsWay)
}

/// How long to wait until another code may be asked for, if not at once.
fn wait_ms(tx: &mut dyn Tx, account: ThingId, digest: Hash, now_ms: i64) -> Result<Option<i64>, StoreError> {
    let count = "select count(*), coalesce(min(made_ms), 0), coalesce(max(made_ms), 0)
                 from telephone_asked where made_ms > $1";
    let since_ms = now_ms - DAY_MS;
    let asked = [
        tx.query_one(&format!("{count} and account = $2"), params![since_ms, account])?,
        tx.query_one(&format!("{count} and number_digest = $2"), params![since_ms, digest])?,
    ];
    for row in asked {
        if row.int(0)? >= PER_DAY_MAX {
            return Ok(Some(row.int(1)? + DAY_MS - now_ms));
        }
        if row.int(2)? > now_ms - PAUSE_MS {
            return Ok(Some(row.int(2)? + PAUSE_MS - now_ms));
        }
    }
    let all = tx.query_one(count, params![since_ms])?;
    Ok(if all.int(0)? >= OF_ALL_PER_DAY_MAX { Some(all.int(1)? + DAY_MS - now_ms) } else { None })
}

/// Where a code goes that leaves now, and the code; nothing once it is too late, or another one was asked for.
pub(super) fn code(
    tx: &mut dyn Tx,
    secret: &ServerSecret,
    (message, now_ms): (ThingId, i64),
) -> Result<Option<(String, String)>, StoreError> {
    let sql = "select number from telephone_code where message = $1 and expires_ms > $2";
    let row = tx.query_opt(sql, params![message, now_ms])?;
    row.map(|row| Ok((row.text(0)?.to_owned(), secret.digits(CODE, message)))).transpose()
}

/// What became of typing a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Typed {
    Right,
    /// So many tries are left.
    Wrong(i64),
    /// None was asked for, it is too old, or it was guessed at too often.
    Over,
}

/// From now on texts go to the number whose code this is.
pub(crate) fn confirm(
    tx: &mut dyn Tx,
    secret: &ServerSecret,
    (account, typed): (ThingId, &str),
    now_ms: i64,
) -> Result<Typed, StoreError> {
    let row = tx.query_opt(
        "select message, number, wrong_tries from telephone_code where account = $1 and expires_ms > $2",
        params![account, now_ms],
    )?;
    let Some(row) = row else { return Ok(Typed::Over) };
    let (message, tries): (ThingId, i64) = (row.id(0)?, row.int(2)?);
    if tries >= WRONG_TRIES_MAX {
        return Ok(Typed::Over);
    }
    if !secret.is_digits((CODE, message), typed) {
        let sql = "update telephone_code set wrong_tries = wrong_tries + 1 where account = $1";
        tx.run(sql, params![account])?;
        let left = WRONG_TRIES_MAX - tries - 1;
        return Ok(if left == 0 { Typed::Over } else { Typed::Wrong(left) });
    }
    tx.run(
        "insert into telephone (account, number, confirmed_ms) values ($1, $2, $3)
         on conflict (account) do update set number = excluded.number, confirmed_ms = excluded.confirmed_ms",
        params![account, row.text(1)?, now_ms],
    )?;
    tx.run("delete from telephone_code where account = $1", params![account])?;
    Ok(Typed::Right)
}

/// No text goes to this person any more.
pub(crate) fn forget(tx: &mut dyn Tx, account: ThingId) -> Result<(), StoreError> {
    tx.run("delete from telephone where account = $1", params![account])?;
    tx.run("delete from telephone_code where account = $1", params![account])
}
