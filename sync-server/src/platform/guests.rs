//! Guests who have an account by now: what they ordered is the account's, too.

use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_projection::read;
use soko_record_log::{StoreError, Tx, params};

/// Whoever knows a guest's secret says whose it is. The first account keeps it.
pub fn claim(tx: &mut dyn Tx, account: ThingId, guest: ThingId, now_ms: i64) -> Result<(), StoreError> {
    tx.run(
        "insert into guest_account (guest, account, at_ms) values ($1, $2, $3) on conflict (guest) do nothing",
        params![guest, account, now_ms],
    )
}

/// Whether this account once bought as that guest.
pub fn was(tx: &mut dyn Tx, account: ThingId, guest: ThingId) -> Result<bool, StoreError> {
    let sql = "select 1 from guest_account where guest = $1 and account = $2";
    Ok(tx.query_opt(sql, params![guest, account])?.is_some())
}

/// As whom somebody ordered: as a guest that they were, or as themselves. Says nothing about whose order it is.
pub fn ordered_as(
    tx: &mut dyn Tx,
    person: ThingId,
    (stall, order): (LogId, OrderId),
) -> Result<ThingId, StoreError> {
    let Some(found) = read::order(tx, stall, order)? else { return Ok(person) };
    let buyer = read::order_placed(tx, stall, &found)?.buyer;
    Ok(if was(tx, person, buyer)? { buyer } else { person })
}

/// The account behind a buyer, if it is one, or the one that it became.
pub fn account_of(tx: &mut dyn Tx, buyer: ThingId) -> Result<Vec<ThingId>, StoreError> {
    let rows = tx.query(
        "select account from account where account = $1
         union select account from guest_account where guest = $1",
        params![buyer],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}
