//! What buyers bring back of their orders, as rows: each is asked once and answered once, in whatever order the two arrive.

use std::collections::BTreeMap;

use soko_domain::entry::{
    BackLine, GoodsBack, ReturnAsked, ReturnRefused, ReturnTaken, ReturnWhy, Stamp, TakenLine,
};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::verbs::return_goods::{Asked, ReturnState};
use soko_domain::wire::Wire as _;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::ORDER_RETURN;
use crate::ledger::Place;
use crate::project::Touched;

pub(crate) fn asked(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &ReturnAsked,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.orders.insert(entry.order);
    book.change(&ORDER_RETURN, params![entry.returned], |tx| {
        tx.run(
            "insert into order_return (log, returned, order_id, state, why, lines, goods, reason, asked_ms, answered_ms)
             values ($1, $2, $3, 1, $4, $5, $6, '', $7, 0)
             on conflict (log, returned) do update
             set why = excluded.why, lines = excluded.lines, asked_ms = excluded.asked_ms",
            params![
                place.log,
                entry.returned,
                entry.order,
                entry.why.number(),
                entry.lines.to_bytes(),
                Vec::<TakenLine>::new().to_bytes(),
                stamp.at_ms
            ],
        )
    })
}

pub(crate) fn taken(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &ReturnTaken,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let said = (ReturnState::Taken, entry.lines.to_bytes(), "");
    answered(book, (place, stamp), (entry.returned, entry.order), said, touched)
}

pub(crate) fn refused(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &ReturnRefused,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let said = (ReturnState::Refused, Vec::<TakenLine>::new().to_bytes(), entry.reason.as_str());
    answered(book, (place, stamp), (entry.returned, entry.order), said, touched)
}

fn answered(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    (returned, order): (ThingId, OrderId),
    (state, goods, reason): (ReturnState, Vec<u8>, &str),
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.orders.insert(order);
    book.change(&ORDER_RETURN, params![returned], |tx| {
        tx.run(
            "insert into order_return (log, returned, order_id, state, why, lines, goods, reason, asked_ms, answered_ms)
             values ($1, $2, $3, $4, 1, $5, $6, $7, 0, $8)
             on conflict (log, returned) do update
             set state = excluded.state, goods = excluded.goods, reason = excluded.reason,
                 answered_ms = excluded.answered_ms",
            params![
                place.log,
                returned,
                order,
                state.number(),
                Vec::<BackLine>::new().to_bytes(),
                goods,
                reason,
                stamp.at_ms
            ],
        )
    })
}

/// A return and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnFound {
    pub asked: Asked,
    pub why: ReturnWhy,
    /// Where each line went; empty unless it was taken.
    pub goods: Vec<TakenLine>,
    /// Why the stall does not take it; empty unless it said so.
    pub reason: String,
    pub asked_ms: i64,
}

const COLUMNS: &str = "returned, order_id, state, why, lines, goods, reason, asked_ms";

pub fn one(tx: &mut dyn Tx, log: LogId, returned: ThingId) -> Result<Option<ReturnFound>, StoreError> {
    let sql = format!("select {COLUMNS} from order_return where log = $1 and returned = $2 and asked_ms > 0");
    tx.query_opt(&sql, params![log, returned])?.as_ref().map(found).transpose()
}

/// The oldest first.
pub fn of_order(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<ReturnFound>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from order_return where log = $1 and order_id = $2 and asked_ms > 0
         order by asked_ms, returned"
    );
    tx.query(&sql, params![log, order])?.iter().map(found).collect()
}

/// What is asked for or came back of each line of an order.
pub fn back(returns: &[ReturnFound]) -> BTreeMap<u32, i64> {
    let mut back: BTreeMap<u32, i64> = BTreeMap::new();
    for line in
        returns.iter().filter(|it| it.asked.state != ReturnState::Refused).flat_map(|it| &it.asked.lines)
    {
        let sum = back.entry(line.line).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    back
}

/// What the stall has again of each line of an order.
pub fn taken_back(returns: &[ReturnFound]) -> BTreeMap<u32, i64> {
    let mut back: BTreeMap<u32, i64> = BTreeMap::new();
    for line in returns.iter().flat_map(|it| &it.goods).filter(|it| it.goods != GoodsBack::KeptByBuyer) {
        let sum = back.entry(line.line).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    back
}

fn found(row: &Row) -> Result<ReturnFound, StoreError> {
    let odd = |what: &str| StoreError::Corrupt(format!("{what} of a return cannot be read"));
    Ok(ReturnFound {
        asked: Asked {
            returned: row.id(0)?,
            order: OrderId(row.id(1)?),
            state: ReturnState::from_number(row.number(2)?).ok_or_else(|| odd("the state"))?,
            lines: Vec::from_bytes(row.blob(4)?).map_err(|_| odd("a line"))?,
        },
        why: ReturnWhy::from_number(row.number(3)?).ok_or_else(|| odd("the reason"))?,
        goods: Vec::from_bytes(row.blob(5)?).map_err(|_| odd("a line"))?,
        reason: row.text(6)?.into(),
        asked_ms: row.int(7)?,
    })
}
