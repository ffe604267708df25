//! Orders while their stall waits for its devices after a restore. None of them ends meanwhile, whoever asks: in the life that is forgotten
//! it may have ended the other way, at a register that was not heard yet. What nobody paid is called off at its provider all the
//! same, so that nobody pays for it later. What waited is made true once all is heard.

use soko_checkout::{Ending, State};
use soko_domain::entry::OrderStep;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::refusal::Refusal;
use soko_domain::sabotage::Sabotage;
use soko_domain::verbs::release_order::{self, OrderState};
use soko_projection::read;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::core::CoreRefusal;
use crate::stall::desk::Desk;
use crate::stall::orders::EndOrder;
use crate::stall::{paying, refunds, transfers};

/// Orders that are read at once.
const STEP_MAX: usize = 500;

/// Whether an order would end by this, and does not now.
pub(super) fn waits(
    desk: &mut Desk<'_>,
    (state, end): (Option<OrderState>, EndOrder),
) -> Result<bool, StoreError> {
    let would_end = match state {
        Some(OrderState::Held) => true,
        Some(OrderState::HandedOver) => end == EndOrder::Fulfil,
        Some(OrderState::Released | OrderState::Fulfilled) | None => false,
    };
    Ok(would_end && !desk.core.weak(Sabotage::EndsFrozen) && read::stall_frozen(desk.tx, desk.log)?)
}

/// Whoever asks is told to ask later, or that its payment is called off and the order waits for the others.
pub(super) fn end(
    desk: &mut Desk<'_>,
    (order, step): (OrderId, Option<OrderStep>),
    end: EndOrder,
) -> Result<(), CoreRefusal> {
    let EndOrder::Release(reason) = end else { return Err(Refusal::StallFrozen.into()) };
    release_order::check_reason(step, reason)?;
    if paying::call_off(desk, order, paying::ending(reason))? {
        Ok(())
    } else {
        Err(Refusal::StallFrozen.into())
    }
}

/// What registers said of orders waits, too; only who pays is told not to.
pub(super) fn call_off_asked(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    let rows = desk.tx.query(
        "select o.order_id from orders o join checkout c on c.log = o.log and c.order_id = o.order_id
         where o.log = $1 and o.placed = 1 and o.cancel_asked = 1 and o.handed_over = 0 and o.released = 0
           and o.fulfilled = 0 and c.ending = 0 and c.settled = 0
         order by o.order_id limit $2",
        params![desk.log, STEP_MAX],
    )?;
    for order in ids(&rows)? {
        paying::call_off(desk, order, Ending::Stall)?;
    }
    Ok(())
}

/// The stall was just released: orders whose payments ended meanwhile, money that is to go back or to be sent back, and payments that
/// waited.
pub(super) fn make_true(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    // Money that somebody gave back at the provider frees no goods: nobody at the stall said so.
    let ended = format!(
        "select o.order_id from orders o join checkout c on c.log = o.log and c.order_id = o.order_id
         where o.log = $1 and o.order_id > $2 and o.placed = 1 and o.released = 0 and o.fulfilled = 0
           and (c.state = {} or (c.state = {} and (c.is_posted = 0 or c.ending <> {})))
         order by o.order_id limit $3",
        State::Cancelled.number(),
        State::Returned.number(),
        Ending::Failed.number()
    );
    each(desk, &ended, paying::free_what_ended)?;
    // What came for it is owed if it is more than what is owed already.
    let released = "select o.order_id from orders o
         where o.log = $1 and o.order_id > $2 and o.placed = 1 and o.released = 1 and o.fulfilled = 0 and exists (
           select 1 from order_transfer t where t.log = o.log and t.order_id = o.order_id)
         order by o.order_id limit $3";
    each(desk, released, transfers::owe)?;
    refunds::answer_what_waits(desk)?;
    let now_ms = desk.now.now_ms;
    desk.tx.run(
        "update checkout set next_ms = $2 where log = $1 and settled = 0 and next_ms > $2",
        params![desk.log, now_ms],
    )?;
    Ok(())
}

/// All orders that a question finds, some at a time.
fn each(
    desk: &mut Desk<'_>,
    question: &str,
    work: impl Fn(&mut Desk<'_>, OrderId) -> Result<(), CoreRefusal>,
) -> Result<(), CoreRefusal> {
    let mut behind = OrderId::default();
    loop {
        let orders = ids(&desk.tx.query(question, params![desk.log, behind, STEP_MAX])?)?;
        for order in &orders {
            work(desk, *order)?;
        }
        match orders.last() {
            Some(last) => behind = *last,
            None => return Ok(()),
        }
    }
}

/// Whether a record says that it was called off, whatever became of its goods: a register that did not know may have given them out.
pub(super) fn was_called_off(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<bool, StoreError> {
    let sql = "select 1 from orders where log = $1 and order_id = $2 and released = 1";
    Ok(tx.query_opt(sql, params![log, order])?.is_some())
}

fn ids(rows: &[Row]) -> Result<Vec<OrderId>, StoreError> {
    rows.iter().map(|row| row.id(0)).collect()
}
