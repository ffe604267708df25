//! How far a stall is with its orders, and why it cancelled one, as rows that only ever are added. The furthest step stands
//! beside the order itself, so that a list can be sorted by it.

use soko_domain::entry::{OrderCancelAsked, OrderStep, OrderStepped, Stamp};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::verbs::step_order;
use soko_record_log::{StoreError, Tx, params};

use crate::book::Book;
use crate::digest::ORDER_STEP;
use crate::ledger::Place;
use crate::project::Touched;
use crate::read::OrderFound;
use crate::trade;

/// In the place of a step: the stall does not do it, and the note says why.
const CANCEL_ASKED: u8 = 100;

pub(crate) fn stepped(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderStepped,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let step = entry.step.number();
    said(book, (place, stamp), (entry.order, step, ""), touched)?;
    trade::order_row(book.tx, place.log, entry.order)?;
    book.tx.run(
        "update orders set step = $3 where log = $1 and order_id = $2 and step < $3",
        params![place.log, entry.order, step],
    )
}

pub(crate) fn cancel_asked(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderCancelAsked,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    said(book, (place, stamp), (entry.order, CANCEL_ASKED, &entry.reason), touched)?;
    trade::order_flag(book, place, entry.order, "cancel_asked", touched)
}

fn said(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    (order, step, note): (OrderId, u8, &str),
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.orders.insert(order);
    book.add(
        &ORDER_STEP,
        params![place.author, place.seq, order, step, note],
        "insert into order_step (log, author, seq, order_id, step, note, at_ms)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (log, author, seq) do nothing",
        params![place.log, place.author, place.seq, order, step, note, stamp.at_ms],
    )
}

/// What decides about the next step.
pub fn facts(found: &OrderFound) -> step_order::Facts {
    step_order::Facts { state: Some(found.state), step: found.step, is_brought: found.handing.is_brought() }
}

/// Each step that was taken, with when: the first word of several about one.
pub fn steps(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<(OrderStep, i64)>, StoreError> {
    let rows = tx.query(
        "select step, min(at_ms) from order_step where log = $1 and order_id = $2 and step <> $3
         group by step order by step",
        params![log, order, CANCEL_ASKED],
    )?;
    let mut steps = Vec::with_capacity(rows.len());
    for row in &rows {
        let step = OrderStep::from_number(row.number(0)?);
        steps.extend(step.map(|step| row.int(1).map(|at_ms| (step, at_ms))).transpose()?);
    }
    Ok(steps)
}

/// Why the stall cancelled it; empty if it did not, or gave no reason.
pub fn cancel_reason(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<String, StoreError> {
    let row = tx.query_opt(
        "select note from order_step where log = $1 and order_id = $2 and step = $3 and note <> ''
         order by at_ms, author, seq limit 1",
        params![log, order, CANCEL_ASKED],
    )?;
    Ok(row.map(|row| row.text(0).map(str::to_owned)).transpose()?.unwrap_or_default())
}
