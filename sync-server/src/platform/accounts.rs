//! Accounts: a person with an e-mail address and a password. Hashing happens outside; here are only rows.

use sha2::{Digest as _, Sha256};
use soko_domain::email::is_email;
use soko_domain::ids::{Hash, ThingId};
use soko_record_log::{StoreError, Tx, params};

use crate::platform::refusal::Refusal;
use crate::platform::sessions;

/// An e-mail address in the form in which accounts are told apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    pub fn read(typed: &str) -> Result<Self, Refusal> {
        let email = typed.trim().to_lowercase();
        if is_email(&email) { Ok(Self(email)) } else { Err(Refusal::EmailUnreadable) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Stands for the address where the address itself must not: limits, shards, logs.
    pub fn digest(&self) -> Hash {
        Hash(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// Personal data does not print.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email({:?})", self.digest())
    }
}

#[derive(Debug)]
pub struct NewAccount<'a> {
    pub account: ThingId,
    pub email: &'a Email,
    pub password_hash: &'a str,
    pub now_ms: i64,
}

/// What is known about somebody who tries to sign in.
#[derive(Clone, Debug)]
pub struct Known {
    pub account: ThingId,
    pub password_hash: String,
}

/// What an account shows about itself.
#[derive(Clone, Debug)]
pub struct Profile {
    pub account: ThingId,
    pub email: String,
    pub created_ms: i64,
}

pub fn create(tx: &mut dyn Tx, new: &NewAccount<'_>) -> Result<(), Refusal> {
    let made = tx.execute(
        "insert into account (account, email, password, created_ms, password_changed_ms)
         values ($1, $2, $3, $4, $4) on conflict do nothing",
        params![new.account, new.email.0, new.password_hash, new.now_ms],
    )?;
    if made == 0 { Err(Refusal::AccountExists) } else { Ok(()) }
}

pub fn by_email(tx: &mut dyn Tx, email: &Email) -> Result<Option<Known>, StoreError> {
    let row = tx.query_opt("select account, password from account where email = $1", params![email.0])?;
    row.map(|row| Ok(Known { account: row.id(0)?, password_hash: row.text(1)?.to_owned() })).transpose()
}

pub fn password_of(tx: &mut dyn Tx, account: ThingId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("select password from account where account = $1", params![account])?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

pub fn profile(tx: &mut dyn Tx, account: ThingId) -> Result<Option<Profile>, StoreError> {
    let row = tx.query_opt("select email, created_ms from account where account = $1", params![account])?;
    row.map(|row| Ok(Profile { account, email: row.text(0)?.to_owned(), created_ms: row.int(1)? }))
        .transpose()
}

/// Says whether it did: the address was the old one until now, and the new one is nobody's.
pub fn set_email(tx: &mut dyn Tx, account: ThingId, (old, new): (&str, &str)) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update account set email = $3 where account = $1 and email = $2
           and not exists (select 1 from account a where a.email = $3)",
        params![account, old, new],
    )?;
    Ok(changed > 0)
}

/// The same password at today's cost. Does nothing if the password was changed meanwhile.
pub fn replace_hash(tx: &mut dyn Tx, account: ThingId, old: &str, new: &str) -> Result<(), StoreError> {
    tx.execute(
        "update account set password = $3 where account = $1 and password = $2",
        params![account, old, new],
    )?;
    Ok(())
}

/// A new password ends every session but the one that asked.
pub fn change_password(
    tx: &mut dyn Tx,
    account: ThingId,
    change: &PasswordChange<'_>,
) -> Result<(), Refusal> {
    let changed = tx.execute(
        "update account set password = $3, password_changed_ms = $4 where account = $1 and password = $2",
        params![account, change.old_hash, change.new_hash, change.now_ms],
    )?;
    if changed == 0 {
        return Err(Refusal::WrongCredentials);
    }
    Ok(sessions::end_others(tx, account, change.keep_session)?)
}

/// A password in the place of a forgotten one. Every session ends.
pub fn set_password(
    tx: &mut dyn Tx,
    account: ThingId,
    new_hash: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.run(
        "update account set password = $2, password_changed_ms = $3 where account = $1",
        params![account, new_hash, now_ms],
    )?;
    tx.run("delete from session where account = $1", params![account])
}

#[derive(Debug)]
pub struct PasswordChange<'a> {
    /// What the old password was checked against: if it is another by now, nothing changes.
    pub old_hash: &'a str,
    pub new_hash: &'a str,
    pub keep_session: Hash,
    pub now_ms: i64,
}

#[cfg(test)]
mod tests {
    use soko_domain::email::EMAIL_BYTES_MAX;

    use super::*;

    #[test]
    fn addresses_are_told_apart_as_people_do() {
        assert_eq!(Email::read(" Amina@Example.ORG ").unwrap().as_str(), "amina@example.org");
        let long = format!("{}@example.org", "a".repeat(EMAIL_BYTES_MAX));
        for wrong in ["", "amina", "@example.org", "amina@", "a@b@c", "a b@c.d", "a@.c", "a\u{7}@c.d", &long]
        {
            assert_eq!(Email::read(wrong), Err(Refusal::EmailUnreadable), "{wrong}");
        }
    }
}
