//! A forgotten password: a link by mail, good once and for an hour. Nothing that opens an account is kept here: the
//! link is worked out again from what only the server knows.

use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx, params};

use super::email_change;
use super::outbox::{self, Message};
use super::topic::Topic;
use crate::platform::accounts::{self, Email};

const LIFE_MS: i64 = 3_600_000;
/// Nobody's mailbox is filled by asking again and again.
const PER_DAY_MAX: i64 = 5;
const PAUSE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// Somebody forgot the password of this address. Whoever asks learns nothing of whether there is such an account.
pub(crate) fn ask(tx: &mut dyn Tx, email: &Email, message: ThingId, now_ms: i64) -> Result<(), StoreError> {
    let Some(known) = accounts::by_email(tx, email)? else { return Ok(()) };
    let account = known.account;
    let row = tx.query_one(
        "select count(*), coalesce(max(made_ms), 0) from recovery where account = $1 and made_ms > $2",
        params![account, now_ms - DAY_MS],
    )?;
    if row.int(0)? >= PER_DAY_MAX || row.int(1)? > now_ms - PAUSE_MS {
        return Ok(());
    }
    tx.run("delete from recovery where made_ms <= $1", params![now_ms - DAY_MS])?;
    tx.run(
        "insert into recovery (message, account, made_ms, expires_ms, used) values ($1, $2, $3, $4, 0)",
        params![message, account, now_ms, now_ms + LIFE_MS],
    )?;
    outbox::add(tx, &Message::of_account(message, Topic::Recovery, account), now_ms)
}

/// Whose password this link may set, if it is in force.
pub(crate) fn open(tx: &mut dyn Tx, message: ThingId, now_ms: i64) -> Result<Option<ThingId>, StoreError> {
    let row = tx.query_opt(
        "select account from recovery where message = $1 and used = 0 and expires_ms > $2",
        params![message, now_ms],
    )?;
    row.map(|row| row.id(0)).transpose()
}

/// Sets the password, once. Every session ends, and every other link to this account.
pub(crate) fn finish(
    tx: &mut dyn Tx,
    (message, told): (ThingId, ThingId),
    password_hash: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let Some(account) = open(tx, message, now_ms)? else { return Ok(false) };
    tx.run("update recovery set used = 1 where account = $1", params![account])?;
    accounts::set_password(tx, account, password_hash, now_ms)?;
    // Whoever asked for another address knew the old password.
    email_change::void(tx, account)?;
    outbox::add(tx, &Message::of_account(told, Topic::PasswordChanged, account), now_ms)?;
    Ok(true)
}
