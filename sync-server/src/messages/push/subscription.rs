//! Which browsers want to be told, each as long as the session that asked for it.

use soko_domain::ids::{Hash, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use super::seal::BrowserKeys;
use crate::platform::sessions::REST_MS_MAX;

/// The oldest makes room.
const PER_ACCOUNT_MAX: u32 = 10;

/// One browser.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) subscription: ThingId,
    /// What its owner calls it.
    pub(crate) name: String,
    /// Where its push service takes messages. Whoever knows it and our key can write to the browser.
    pub(crate) endpoint: String,
    pub(crate) keys: BrowserKeys,
    pub(crate) made_ms: i64,
}

/// Keeps a browser; answers under which identity. The same one again is the same, for the same person; for anybody else it
/// is another.
pub(crate) fn subscribe(
    tx: &mut dyn Tx,
    (account, session): (ThingId, Hash),
    new: &Subscription,
) -> Result<ThingId, StoreError> {
    let endpoint = new.endpoint.as_str();
    let sql = "select subscription from push_subscription where endpoint = $1 and account = $2";
    if let Some(row) = tx.query_opt(sql, params![endpoint, account])? {
        let known: ThingId = row.id(0)?;
        tx.run(
            "delete from push_subscription where session = $1 and subscription <> $2",
            params![session, known],
        )?;
        tx.run(
            "update push_subscription set session = $2, name = $3, public_key = $4, auth = $5
             where subscription = $1",
            params![known, session, new.name.as_str(), &new.keys.public[..], &new.keys.auth[..]],
        )?;
        return Ok(known);
    }
    // A browser has one subscription and a session one browser.
    tx.run("delete from push_subscription where endpoint = $1 or session = $2", params![endpoint, session])?;
    tx.run(
        "delete from push_subscription where subscription in (
           select subscription from push_subscription where account = $1
           order by made_ms desc, subscription limit 1000 offset $2)",
        params![account, PER_ACCOUNT_MAX - 1],
    )?;
    tx.run(
        "insert into push_subscription (subscription, account, session, name, endpoint, public_key, auth, made_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            new.subscription,
            account,
            session,
            new.name.as_str(),
            endpoint,
            &new.keys.public[..],
            &new.keys.auth[..],
            new.made_ms
        ],
    )?;
    Ok(new.subscription)
}

const COLUMNS: &str = "p.subscription, p.name, p.endpoint, p.public_key, p.auth, p.made_ms";
/// A session that ended by any way takes its subscription along.
const IN_FORCE: &str =
    "push_subscription p join session s on s.token_hash = p.session and s.account = p.account
    where s.expires_ms > $2 and s.seen_ms > $3";

/// The browsers of an account, the latest first.
pub(crate) fn of_account(
    tx: &mut dyn Tx,
    account: ThingId,
    now_ms: i64,
) -> Result<Vec<Subscription>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from {IN_FORCE} and p.account = $1 order by p.made_ms desc, p.subscription"
    );
    let rows = tx.query(&sql, params![account, now_ms, now_ms - REST_MS_MAX])?;
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

/// One browser, if its person is still signed in there.
pub(crate) fn in_force(
    tx: &mut dyn Tx,
    subscription: ThingId,
    now_ms: i64,
) -> Result<Option<Subscription>, StoreError> {
    let sql = format!("select {COLUMNS} from {IN_FORCE} and p.subscription = $1");
    let row = tx.query_opt(&sql, params![subscription, now_ms, now_ms - REST_MS_MAX])?;
    Ok(row.as_ref().map(read).transpose()?.flatten())
}

/// Forgets one; of this account, if one is given. Says whether it was there.
pub(crate) fn end(
    tx: &mut dyn Tx,
    subscription: ThingId,
    account: Option<ThingId>,
) -> Result<bool, StoreError> {
    let ended = match account {
        Some(account) => tx.execute(
            "delete from push_subscription where subscription = $1 and account = $2",
            params![subscription, account],
        )?,
        None => tx.execute("delete from push_subscription where subscription = $1", params![subscription])?,
    };
    Ok(ended > 0)
}

fn read(row: &Row) -> Result<Option<Subscription>, StoreError> {
    let (Ok(public), Ok(auth)) = (row.blob(3)?.try_into(), row.blob(4)?.try_into()) else { return Ok(None) };
    Ok(Some(Subscription {
        subscription: row.id(0)?,
        name: row.text(1)?.to_owned(),
        endpoint: row.text(2)?.to_owned(),
        keys: BrowserKeys { public, auth },
        made_ms: row.int(5)?,
    }))
}
