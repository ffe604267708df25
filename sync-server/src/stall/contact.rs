//! Whom an order is for and where it goes: the only thing about an order that is in no record. It is kept with the order in the
//! transaction that places it, and goes with the entry that ends it.

use soko_domain::address_book::{ADDRESS_BYTES_MAX, NAME_BYTES_MAX, REACH_BYTES_MAX};
use soko_domain::delivery::Handing;
use soko_domain::entry::Entry;
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::core::{CoreRefusal, Fault};
use crate::stall::orders::PlaceOrder;

#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Contact {
    pub name: String,
    /// A telephone number or a mail address.
    pub reach: String,
    /// Empty where the buyer comes.
    pub address: String,
}

impl Contact {
    /// Somebody was named, and is nobody any more.
    pub fn is_erased(&self) -> bool {
        self.name.is_empty() && self.reach.is_empty() && self.address.is_empty()
    }

    /// Why it cannot be kept.
    pub fn check(&self) -> Result<(), &'static str> {
        let fits = |text: &str, bytes_max| text.len() <= bytes_max && text.trim() == text;
        if !fits(&self.name, NAME_BYTES_MAX) || !fits(&self.reach, REACH_BYTES_MAX) {
            return Err(
                "a name, and a telephone or mail, have at most 200 bytes each and no blanks around them",
            );
        }
        if !fits(&self.address, ADDRESS_BYTES_MAX) {
            return Err("an address has at most 500 bytes and no blanks around it");
        }
        let is_plain = |text: &str| !text.chars().any(char::is_control);
        let lines = self.address.chars().filter(|letter| *letter != '\n').any(char::is_control);
        if !is_plain(&self.name) || !is_plain(&self.reach) || lines {
            return Err("names and addresses hold no control characters");
        }
        Ok(())
    }
}

/// What a stall has to know before it can bring anything.
pub(super) fn check(order: &PlaceOrder) -> Result<(), CoreRefusal> {
    let refused = |code, detail: &str| {
        Err(CoreRefusal::Refused { fault: Fault::Conflict, code, detail: detail.into() })
    };
    let Some(contact) = &order.contact else {
        return match order.handing {
            Handing::Pickup => Ok(()),
            Handing::Local | Handing::Shipping => {
                refused("no_address", "say whom it is for and where it goes")
            }
        };
    };
    if let Err(detail) = contact.check() {
        return refused("contact", detail);
    }
    if contact.name.is_empty() || contact.reach.is_empty() {
        return refused(
            "contact",
            "a name, and a telephone or mail, are both needed, so that the stall can ask",
        );
    }
    if order.handing.is_brought() && contact.address.is_empty() {
        return refused("no_address", "say where it goes");
    }
    Ok(())
}

pub(super) fn keep(tx: &mut dyn Tx, log: LogId, order: &PlaceOrder, now_ms: i64) -> Result<(), StoreError> {
    let Some(Contact { name, reach, address }) = &order.contact else { return Ok(()) };
    tx.run(
        "insert into order_contact (log, order_id, buyer, name, reach, address, at_ms)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (log, order_id) do nothing",
        params![log, order.order, order.buyer, name, reach, address, now_ms],
    )?;
    if !order.is_account {
        return Ok(());
    }
    // What is fetched says nothing of where somebody lives, and does not make it forgotten.
    tx.run(
        "insert into account_contact (account, name, reach, address, at_ms) values ($1, $2, $3, $4, $5)
         on conflict (account) do update
         set name = excluded.name, reach = excluded.reach, at_ms = excluded.at_ms,
             address = case when excluded.address = '' then account_contact.address else excluded.address end",
        params![order.buyer, name, reach, address, now_ms],
    )
}

/// What ended needs nobody's address.
pub(super) fn forget(tx: &mut dyn Tx, log: LogId, entry: &Entry) -> Result<(), StoreError> {
    let order = if let Entry::OrderReleased(released) = entry {
        released.order
    } else if let Entry::OrderFulfilled(fulfilled) = entry {
        fulfilled.order
    } else {
        return Ok(());
    };
    tx.run("delete from order_contact where log = $1 and order_id = $2", params![log, order])
}

pub(crate) fn of_order(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<Contact>, StoreError> {
    let row = tx.query_opt(
        "select name, reach, address from order_contact where log = $1 and order_id = $2",
        params![log, order],
    )?;
    row.map(|row| read(&row)).transpose()
}

pub(crate) fn of_account(tx: &mut dyn Tx, account: ThingId) -> Result<Option<Contact>, StoreError> {
    let row = tx
        .query_opt("select name, reach, address from account_contact where account = $1", params![account])?;
    row.map(|row| read(&row)).transpose()
}

pub(crate) fn forget_account(tx: &mut dyn Tx, account: ThingId) -> Result<(), StoreError> {
    tx.run("delete from account_contact where account = $1", params![account])
}

fn read(row: &Row) -> Result<Contact, StoreError> {
    Ok(Contact { name: row.text(0)?.into(), reach: row.text(1)?.into(), address: row.text(2)?.into() })
}
