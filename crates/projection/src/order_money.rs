//! How the money for orders from the shop moved, as rows that only ever are added.

use std::collections::BTreeMap;

use soko_domain::entry::{
    OrderBackAsked, OrderPaid, OrderPaidBack, OrderToPay, OrderTransferCame, PayWay, Stamp,
};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::verbs::pay_order::Facts;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::ORDER_MONEY;
use crate::ledger::Place;
use crate::order_refunds;
use crate::project::Touched;

/// What a row says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Money {
    ToPay = 1,
    Paid = 2,
    Back = 3,
    /// A register asked for it to go back. How and how much says the row that it is about.
    BackAsked = 4,
}

/// One movement: of which order, what kind, how, how much, and the provider's name for it.
type Moved<'a> = (OrderId, (Money, PayWay, i64, &'a str));

pub(crate) fn to_pay(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderToPay,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let what = (Money::ToPay, entry.way, entry.amount_minor, "");
    moved(book, place, stamp, (entry.order, what), touched)
}

/// To the stall's own account.
pub(crate) fn to_transfer(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    (order, amount_minor): (OrderId, i64),
    touched: &mut Touched,
) -> Result<(), StoreError> {
    moved(book, place, stamp, (order, (Money::ToPay, PayWay::Transfer, amount_minor, "")), touched)
}

/// Somebody saw it there.
pub(crate) fn transfer_came(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderTransferCame,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let what = (Money::Paid, PayWay::Transfer, entry.amount_minor, entry.reference.as_str());
    moved(book, place, stamp, (entry.order, what), touched)
}

pub(crate) fn paid(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderPaid,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let what = (Money::Paid, entry.way, entry.amount_minor, entry.reference.as_str());
    moved(book, place, stamp, (entry.order, what), touched)
}

pub(crate) fn paid_back(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderPaidBack,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let what = (Money::Back, entry.way, entry.amount_minor, entry.reference.as_str());
    moved(book, place, stamp, (entry.order, what), touched)
}

pub(crate) fn back_asked(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderBackAsked,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    // No money moved by being asked for.
    moved(book, place, stamp, (entry.order, (Money::BackAsked, PayWay::Card, 0, "")), touched)
}

fn moved(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    (order, (kind, way, amount_minor, reference)): Moved<'_>,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.orders.insert(order);
    let kind = kind as u8;
    book.add(
        &ORDER_MONEY,
        params![place.author, place.seq, order, kind, way.number(), amount_minor, reference],
        "insert into order_money (log, author, seq, order_id, kind, way, amount_minor, reference, at_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (log, author, seq) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            order,
            kind,
            way.number(),
            amount_minor,
            reference,
            stamp.at_ms
        ],
    )
}

/// What the records say of an order's money.
pub fn of(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Facts, StoreError> {
    let rows = tx.query(
        "select order_id, kind, way, amount_minor from order_money where log = $1 and order_id = $2",
        params![log, order],
    )?;
    let mut facts = gather(&rows)?.remove(&order).unwrap_or_default();
    (facts.parts_back_minor, facts.cash_back_minor) = order_refunds::sums(tx, log, order)?;
    Ok(facts)
}

/// What the provider calls the payment that came, as the records have it.
pub fn reference(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt(
        "select reference from order_money where log = $1 and order_id = $2 and kind = 2 and reference <> ''
         order by at_ms, author, seq limit 1",
        params![log, order],
    )?;
    row.map(|row| Ok(row.text(0)?.to_owned())).transpose()
}

fn gather(rows: &[Row]) -> Result<BTreeMap<OrderId, Facts>, StoreError> {
    let mut all: BTreeMap<OrderId, Facts> = BTreeMap::new();
    for row in rows {
        let facts = all.entry(row.id(0)?).or_default();
        let (kind, way, amount_minor): (i64, u8, i64) = (row.int(1)?, row.number(2)?, row.int(3)?);
        match kind {
            1 => facts.to_pay = PayWay::from_number(way).map(|way| (way, amount_minor)),
            // However often it is said, it came once and went back once: a restored server says again what devices bring back.
            2 => facts.paid_minor = facts.paid_minor.max(amount_minor),
            3 => facts.back_minor = facts.back_minor.max(amount_minor),
            _ => facts.is_back_asked = true,
        }
    }
    Ok(all)
}
