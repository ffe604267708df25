//! Whose an order and a basket are: of whoever was signed in when they were made, or of this device's guest, who becomes whoever
//! signs in next. Nobody else sees them here, and nothing goes to a server in another's name.

use soko_domain::ids::ThingId;
use soko_record_log::{Row, StoreError, Tx, params};

use super::{baskets, likes};
use crate::kept::Own;
use crate::server::PlacedAs;

/// Secrets that are said to be an account's at a sign-in, the latest first; more are in use by nobody.
const GUESTS_MAX: u32 = 8;

/// Where and as whom somebody orders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Buyer {
    pub(super) server: String,
    pub(super) whose: String,
    /// The secret of whoever ordered without an account; none for somebody who was signed in.
    pub(super) guest: Option<[u8; 32]>,
}

/// What `buyer` reads, of an order that is called `o`.
pub(super) const BUYER: &str = "o.server, o.whose, o.guest";

/// Three columns from this one on.
pub(super) fn buyer(row: &Row, column: usize) -> Result<Buyer, StoreError> {
    Ok(Buyer {
        server: row.text(column)?.into(),
        whose: row.text(column + 1)?.into(),
        guest: row.id_opt(column + 2)?,
    })
}

impl Buyer {
    /// Whoever holds the device.
    pub(super) fn now(own: &Own) -> Self {
        let guest = own.account().is_none().then_some(own.guest);
        Self { server: own.server.clone(), whose: likes::whose(own), guest }
    }

    /// As whom their server is asked; nothing while somebody else holds the device, or nobody who is known there.
    pub(super) fn placed_as(&self, own: &Own) -> Option<PlacedAs> {
        if self.whose != likes::whose(own) {
            return None;
        }
        match (self.guest, own.session()) {
            (Some(guest), _) => Some(PlacedAs::Guest(guest)),
            (None, Some(session)) if own.server == self.server => {
                Some(PlacedAs::SignedIn(session.to_owned()))
            }
            (None, _) => None,
        }
    }
}

/// The secrets under which somebody ordered at a server, those too that become theirs now.
pub(crate) fn guests(tx: &mut dyn Tx, whose: &str, server: &str) -> Result<Vec<[u8; 32]>, StoreError> {
    let rows = tx.query(
        "select guest, max(at_ms) as latest_ms from own_order
         where guest is not null and whose in ('', $1) and server = $2
         group by guest order by latest_ms desc limit $3",
        params![whose, server, GUESTS_MAX],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Whether a secret stands with an order of anybody's: then it is not the next guest's.
pub(crate) fn is_used(tx: &mut dyn Tx, guest: &[u8; 32]) -> Result<bool, StoreError> {
    Ok(tx.query_opt("select 1 from own_order where guest = $1 limit 1", params![guest])?.is_some())
}

/// What this device's guest ordered and put into baskets is theirs who signed in.
pub(crate) fn adopt(
    tx: &mut dyn Tx,
    (whose, server): (&str, &str),
    draw: &dyn Fn() -> ThingId,
) -> Result<(), StoreError> {
    tx.execute(
        "update own_order set whose = $1 where whose = '' and server = $2 and guest is not null",
        params![whose, server],
    )?;
    baskets::adopt(tx, whose, draw)?;
    Ok(())
}

/// What belongs to an order, under its id.
const OF_AN_ORDER: [&str; 7] = [
    "own_order_line",
    "own_order_tax",
    "own_refund",
    "own_transfer",
    "own_review",
    "own_swap",
    "buyer_return",
];

/// An account that is no more ordered nothing here.
pub(crate) fn forget(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    for table in OF_AN_ORDER {
        tx.execute(
            &format!(
                "delete from {table} where order_id in (select order_id from own_order where whose = $1)"
            ),
            params![whose],
        )?;
    }
    tx.execute("delete from own_order where whose = $1", params![whose])?;
    baskets::forget(tx, whose)
}
