//! The orders of one person over all stalls, in portions: for all their devices. What one order is, the stall's core says.

use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_domain::quantity::Unit;
use soko_projection::read;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::core::{CoreRefusal, StallCore};
use crate::stall::{Contact, OrderView, contact_of_order};

/// Where a portion begins: behind this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Behind {
    pub(crate) placed_ms: i64,
    pub(crate) stall: LogId,
    pub(crate) order: OrderId,
}

impl Behind {
    /// As it stands in an address.
    pub(crate) fn text(self) -> String {
        format!("{}.{}.{}", self.placed_ms, self.stall, self.order)
    }

    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        Some(Self {
            placed_ms: parts.next()?.parse().ok()?,
            stall: LogId::from_hex(parts.next()?)?,
            order: OrderId::from_hex(parts.next()?)?,
        })
    }
}

/// An order, and what its buyer's other devices need to show it like the one that placed it.
pub(crate) struct OwnOrder {
    pub(crate) at: Behind,
    pub(crate) stall_name: String,
    pub(crate) view: OrderView,
    /// In what each line is counted.
    pub(crate) units: Vec<Unit>,
    /// Whom it is for, as long as it is open.
    pub(crate) contact: Option<Contact>,
}

/// The youngest first. So is what somebody ordered as the guest that they once were.
pub(crate) fn portion(
    tx: &mut dyn Tx,
    core: &dyn StallCore,
    account: ThingId,
    (behind, limit): (Option<Behind>, usize),
) -> Result<Vec<OwnOrder>, CoreRefusal> {
    let (placed_ms, stall, order) = behind
        .map_or((i64::MAX, LogId::default(), OrderId::default()), |it| (it.placed_ms, it.stall, it.order));
    let rows = tx.query(
        "select log, order_id, at_ms from orders
         where buyer in (select account from account where account = $1
             union all select guest from guest_account where account = $1)
           and placed = 1
           and (at_ms < $2 or (at_ms = $2 and (log > $3 or (log = $3 and order_id > $4))))
         order by at_ms desc, log, order_id limit $5",
        params![account, placed_ms, stall, order, limit],
    )?;
    let found = |row: &Row| Ok(Behind { stall: row.id(0)?, order: row.id(1)?, placed_ms: row.int(2)? });
    let found: Vec<Behind> = rows.iter().map(found).collect::<Result<_, StoreError>>()?;
    let mut orders = Vec::new();
    for at in found {
        let Some(view) = core.order(tx, at.stall, at.order)? else { continue };
        let mut units = Vec::new();
        for line in &view.lines {
            units.push(unit(tx, at.stall, line.product)?);
        }
        let stall_name = core.stall(tx, at.stall)?.map(|stall| stall.name).unwrap_or_default();
        let contact = contact_of_order(tx, at.stall, at.order)?;
        orders.push(OwnOrder { at, stall_name, view, units, contact });
    }
    Ok(orders)
}

fn unit(tx: &mut dyn Tx, stall: LogId, product: ProductId) -> Result<Unit, StoreError> {
    Ok(read::product(tx, stall, product)?.map_or(Unit::Piece, |found| found.unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_portion_begins_is_read_as_it_was_written_and_nothing_else_is() {
        let at = Behind { placed_ms: 1_795_691_100_000, stall: LogId([0xab; 16]), order: OrderId([7; 16]) };
        assert_eq!(Behind::of_text(&at.text()), Some(at));
        let text = at.text();
        for wrong in
            ["", "1", "x.y.z", &text[1..text.len() - 1], &format!("{text}.1"), &text.replace("17", "ü")]
        {
            assert_eq!(Behind::of_text(wrong), None, "{wrong}");
        }
    }
}
