//! Another mail address for an account: a link by mail to the new one, good once and for an hour, and a word to the old one. Until
//! the link is followed everything is as before. Whether the new address has an account is told to nobody: its owner gets no link.

use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx, params};

use super::mailbox;
use super::outbox::{self, Message};
use super::topic::Topic;
use crate::platform::Refusal;
use crate::platform::accounts::{self, Email};

const LIFE_MS: i64 = 3_600_000;
/// Nobody's mailbox is filled by asking again and again: of one account, and to one address whoever asks.
const PER_DAY_MAX: u32 = 5;
const DAY_MS: i64 = 24 * 3_600_000;
/// By then the last try to tell the old address is over.
const KEPT_MS: i64 = 7 * DAY_MS;
/// What the old address is told: that somebody asked, or that it is done.
pub(super) const ASKED: i64 = 0;
pub(super) const CHANGED: i64 = 1;

/// What somebody asks for, who knows the password.
pub(crate) struct Asked<'a> {
    pub(crate) account: ThingId,
    /// What the password was checked against: if it is another by now, nothing is asked.
    pub(crate) password: &'a str,
    pub(crate) new: &'a Email,
    pub(crate) message: ThingId,
    pub(crate) told: ThingId,
    pub(crate) now_ms: i64,
}

pub(crate) fn ask(tx: &mut dyn Tx, asked: &Asked<'_>) -> Result<(), Refusal> {
    let Asked { account, new, message, told, now_ms, .. } = *asked;
    if accounts::password_of(tx, account)?.as_deref() != Some(asked.password) {
        return Err(Refusal::WrongCredentials);
    }
    let old = accounts::profile(tx, account)?.ok_or(Refusal::NotSignedIn)?.email;
    if old == new.as_str() {
        return Err(Refusal::SameEmail);
    }
    let since_ms = now_ms - DAY_MS;
    let sql = "select count(*) from email_change where account = $1 and made_ms > $2";
    if tx.query_one(sql, params![account, since_ms])?.number::<u32>(0)? >= PER_DAY_MAX {
        return Err(Refusal::TooOften(PER_DAY_MAX));
    }
    let sql = "select count(*) from email_change where new_email = $1 and made_ms > $2";
    let is_filled = tx.query_one(sql, params![new.as_str(), since_ms])?.number::<u32>(0)? >= PER_DAY_MAX;
    void(tx, account)?;
    tx.run(
        "insert into email_change (message, account, old_email, new_email, made_ms, expires_ms, used)
         values ($1, $2, $3, $4, $5, $6, 0)",
        params![message, account, old, new.as_str(), now_ms, now_ms + LIFE_MS],
    )?;
    if !is_filled && accounts::by_email(tx, new)?.is_none() {
        outbox::add(tx, &Message::of_account(message, Topic::EmailChange, account), now_ms)?;
    }
    Ok(tell_old(tx, (account, message), (told, ASKED), now_ms)?)
}

fn tell_old(
    tx: &mut dyn Tx,
    (account, change): (ThingId, ThingId),
    (told, detail): (ThingId, i64),
    now_ms: i64,
) -> Result<(), StoreError> {
    let message = Message::of_account(told, Topic::EmailChanged, account);
    outbox::add(tx, &Message { subject: Some(change), detail, ..message }, now_ms)
}

/// What somebody asked for and nobody confirmed is worth nothing any more.
pub(crate) fn void(tx: &mut dyn Tx, account: ThingId) -> Result<(), StoreError> {
    tx.run("update email_change set used = 1 where account = $1", params![account])
}

/// A link that is in force.
#[derive(Clone)]
pub(crate) struct Open {
    pub(crate) account: ThingId,
    pub(crate) new: String,
    old: String,
}

pub(crate) fn open(tx: &mut dyn Tx, message: ThingId, now_ms: i64) -> Result<Option<Open>, StoreError> {
    let row = tx.query_opt(
        "select account, new_email, old_email from email_change
         where message = $1 and used = 0 and expires_ms > $2",
        params![message, now_ms],
    )?;
    let open = |row: soko_record_log::Row| {
        Ok(Open { account: row.id(0)?, new: row.text(1)?.to_owned(), old: row.text(2)?.to_owned() })
    };
    row.map(open).transpose()
}

/// The address that an account waits for, for its owner.
pub(crate) fn waits_for(
    tx: &mut dyn Tx,
    account: ThingId,
    now_ms: i64,
) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt(
        "select new_email from email_change where account = $1 and used = 0 and expires_ms > $2",
        params![account, now_ms],
    )?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// From now on the account is that of the new address, once. What was sent to the old one to open the account opens it no more.
pub(crate) fn finish(
    tx: &mut dyn Tx,
    (message, told): (ThingId, ThingId),
    now_ms: i64,
) -> Result<bool, StoreError> {
    let Some(Open { account, new, old }) = open(tx, message, now_ms)? else { return Ok(false) };
    void(tx, account)?;
    if !accounts::set_email(tx, account, (&old, &new))? {
        return Ok(false);
    }
    tx.run("update recovery set used = 1 where account = $1", params![account])?;
    // What came back from the old address says nothing of the new one.
    mailbox::works(tx, account)?;
    tell_old(tx, (account, message), (told, CHANGED), now_ms)?;
    Ok(true)
}

/// Where a message about a change goes, which is not where its account is written to; nothing where it is about none that is known.
pub(super) fn mailbox_of(
    tx: &mut dyn Tx,
    message: &Message,
    now_ms: i64,
) -> Result<Option<String>, StoreError> {
    if message.topic == Topic::EmailChange {
        return Ok(open(tx, message.message, now_ms)?.map(|open| open.new));
    }
    let sql = "select old_email from email_change where message = $1";
    let row = message.subject.map(|change| tx.query_opt(sql, params![change])).transpose()?.flatten();
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// What is old enough to be forgotten; says how much that was.
pub(crate) fn sweep(tx: &mut dyn Tx, now_ms: i64, portion: usize) -> Result<u64, StoreError> {
    tx.execute(
        "delete from email_change where message in (
           select message from email_change where made_ms < $1 order by made_ms limit $2)",
        params![now_ms - KEPT_MS, portion],
    )
}
