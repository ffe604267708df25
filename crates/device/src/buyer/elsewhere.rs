//! Orders of whoever is signed in that another of their devices placed: they are kept here like those of this one, and
//! followed, cancelled, returned and reviewed like them.

use soko_app_api::Told;
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::quantity::Unit;
use soko_record_log::{StoreError, Tx, params};

use super::own_orders::Why;
use super::sending::{Heard, Waits};
use super::{likes, own_orders, returns, swaps};
use crate::device::Device;
use crate::failure::Undone;
use crate::server::{OwnOrders, PlacedOrder, Server};

/// Orders of one portion.
const AT_ONCE: usize = 20;
/// The same where only what is new is looked for: what was placed lately comes first.
const LATELY: usize = 3;
/// More portions are behind no sign-in: the younger orders are here by then.
const PORTIONS_MAX: usize = 100;
/// A state that no order has, until the server's word is kept.
const NOT_YET: u8 = 0;

impl Device {
    /// Asks for the orders of whoever is signed in: at a sign-in and after a start all of them, otherwise the youngest, until
    /// nothing is new.
    pub(super) async fn exchange_orders(&self) -> Result<Option<Waits>, Undone> {
        let own = self.own()?;
        let Some(session) = own.session() else { return Ok(None) };
        let (server, whose) = (self.server_at(&own.server)?, likes::whose(&own));
        let is_known_whole = self.orders_known_of.borrow().as_deref() == Some(whose.as_str());
        let limit = if is_known_whole { LATELY } else { AT_ONCE };
        let mut after = None::<String>;
        for _ in 0..PORTIONS_MAX {
            let asked = server.own_orders(session, (after.as_deref(), limit)).await;
            let OwnOrders { orders, next } = match self.heard(&own, asked)? {
                Heard::Now(portion) => portion,
                Heard::Waits(waits) => return Ok(Some(waits)),
                // A server that does not tell them: each device has its own.
                Heard::Refused { .. } => return Ok(None),
            };
            if self.write(|tx| take_own(tx, (&own.server, &whose), &orders))? {
                self.orders.ring();
                self.tell(&Told::Buyer);
            }
            let unknown = self.read(|tx| unknown(tx, &orders))?;
            let is_known = unknown.is_empty() && !orders.is_empty();
            self.take_orders(&server, (&own.server, &whose), &unknown).await?;
            after = next;
            if after.is_none() || (is_known_whole && is_known) {
                break;
            }
        }
        if self.own()? == own {
            *self.orders_known_of.borrow_mut() = Some(whose);
        }
        Ok(None)
    }

    async fn take_orders(
        &self,
        server: &Server,
        (address, whose): (&str, &str),
        orders: &[&PlacedOrder],
    ) -> Result<(), Undone> {
        if orders.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            for order in orders {
                keep(tx, (address, whose), order)?;
            }
            Ok(())
        })?;
        // What there is to listen for is another thing now.
        self.orders.ring();
        self.tell(&Told::Buyer);
        let mut stalls: Vec<LogId> = orders.iter().map(|order| order.stall).collect();
        stalls.sort_unstable();
        stalls.dedup();
        for stall in stalls {
            // How it hands over and what it takes back. What does not come is looked at with the page of the stall.
            let _ = self.fetch_stall(server, stall).await;
        }
        self.tell(&Told::Buyer);
        Ok(())
    }
}

/// The server says whose they are: somebody may have another mail address since they were placed here. Whether one changed hands.
fn take_own(
    tx: &mut dyn Tx,
    (server, whose): (&str, &str),
    orders: &[PlacedOrder],
) -> Result<bool, StoreError> {
    let mut changed = 0;
    for order in orders {
        changed += tx.execute(
            "update own_order set whose = $1 where order_id = $2 and server = $3 and whose <> $1",
            params![whose, order.order, server],
        )?;
    }
    Ok(changed > 0)
}

/// Those that are not on this device. One that was placed by a guest here stays theirs.
fn unknown<'a>(tx: &mut dyn Tx, orders: &'a [PlacedOrder]) -> Result<Vec<&'a PlacedOrder>, StoreError> {
    let mut unknown = Vec::new();
    for order in orders {
        let sql = "select 1 from own_order where order_id = $1";
        if tx.query_opt(sql, params![order.order])?.is_none() {
            unknown.push(order);
        }
    }
    Ok(unknown)
}

/// As it was placed, and then as it is now.
fn keep(tx: &mut dyn Tx, (server, whose): (&str, &str), placed: &PlacedOrder) -> Result<(), StoreError> {
    let (order, now) = (placed.order, &placed.now);
    tx.execute(
        "insert into own_order (order_id, stall, stall_name, server, is_guest, state, at_ms, currency,
           total_minor, note, because, is_tried, cancel_asked, pay_way, handing, zone, contact_name, contact_reach,
           contact_address, coupon, whose)
         values ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9, '', 1, 0, $10, $11, $12, $13, $14, $15, $16, $17)",
        params![
            order,
            placed.stall,
            placed.stall_name,
            server,
            NOT_YET,
            placed.placed_ms,
            placed.currency,
            now.total_minor,
            placed.note,
            placed.way.map_or(0, PayWay::number),
            placed.handing.number(),
            placed.zone,
            placed.contact.name,
            placed.contact.reach,
            placed.contact.address,
            placed.coupon,
            whose
        ],
    )?;
    keep_lines(tx, order, placed)?;
    own_orders::became(tx, order, (now.state, Why::default()), Some(now))?;
    own_orders::pays(tx, order, now)?;
    own_orders::goes_back(tx, order, now)?;
    own_orders::card_became(tx, order, now.card)?;
    returns::became(tx, order, &now.returns)?;
    swaps::became(tx, order, &now.swaps)?;
    Ok(())
}

fn keep_lines(tx: &mut dyn Tx, order: OrderId, placed: &PlacedOrder) -> Result<(), StoreError> {
    let units = placed.units.iter().copied().chain(std::iter::repeat(Unit::Piece));
    for ((place, line), unit) in placed.now.lines.iter().enumerate().zip(units) {
        tx.execute(
            "insert into own_order_line (order_id, place, product, name, unit, quantity, seen_minor, total_minor)
             values ($1, $2, $3, $4, $5, $6, 0, $7)",
            params![order, place, line.product, line.name, unit.number(), line.quantity, line.total_minor],
        )?;
    }
    Ok(())
}
