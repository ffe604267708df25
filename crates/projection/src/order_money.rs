//! How the money for orders from the shop moved, as rows that only ever are added.

use soko_domain::entry::{
    Entry, OrderBackAsked, OrderPaid, OrderPaidBack, OrderPurseHeld, OrderPurseMoved, OrderToPay,
    OrderTransferCame, PayWay, PurseMove, Stamp,
};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::verbs::card_order::Card;
use soko_domain::verbs::pay_order::Facts;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::ORDER_MONEY;
use crate::ledger::Place;
use crate::project::Touched;
use crate::{order_refunds, purses, read};

/// What a row says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Money {
    ToPay = 1,
    Paid = 2,
    Back = 3,
    /// A register asked for it to go back. How and how much says the row that it is about.
    BackAsked = 4,
    /// A gift card is to pay some of it. Which, and what it leaves, says its entry.
    CardHeld = 5,
    CardPaid = 6,
    /// The part that it was of stands as the reference, if it was one.
    CardBack = 7,
    CardFreed = 8,
}

/// What a card paid, and what went back to it, as the rows have it.
pub(crate) const CARD_PAID: i64 = Money::CardPaid as i64;
pub(crate) const CARD_BACK: i64 = Money::CardBack as i64;
/// Of a card there is no way.
const NO_WAY: u8 = 0;

/// One movement: of which order, what kind, how, how much, and the provider's name for it.
type Moved<'a> = (OrderId, (Money, u8, i64, &'a str));

pub(crate) fn to_pay(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderToPay,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let what = (Money::ToPay, entry.way.number(), entry.amount_minor, "");
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
    moved(book, place, stamp, (order, (Money::ToPay, PayWay::Transfer.number(), amount_minor, "")), touched)
}

/// Somebody saw it there.
pub(crate) fn transfer_came(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderTransferCame,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let what = (Money::Paid, PayWay::Transfer.number(), entry.amount_minor, entry.reference.as_str());
    moved(book, place, stamp, (entry.order, what), touched)
}

pub(crate) fn paid(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderPaid,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let what = (Money::Paid, entry.way.number(), entry.amount_minor, entry.reference.as_str());
    moved(book, place, stamp, (entry.order, what), touched)
}

pub(crate) fn paid_back(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &OrderPaidBack,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let what = (Money::Back, entry.way.number(), entry.amount_minor, entry.reference.as_str());
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
    moved(book, place, stamp, (entry.order, (Money::BackAsked, PayWay::Card.number(), 0, "")), touched)
}

/// It is the stall's still, and nobody else's to spend.
pub(crate) fn card_held(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    entry: &OrderPurseHeld,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.purses = true;
    moved(book, place, stamp, (entry.order, (Money::CardHeld, NO_WAY, entry.units, "")), touched)
}

/// A card's units are coins.
pub(crate) fn card_moved(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    entry: &OrderPurseMoved,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let kind = match entry.cause {
        PurseMove::Paid => Money::CardPaid,
        PurseMove::Back => Money::CardBack,
        PurseMove::Freed => Money::CardFreed,
    };
    let part = entry.refund.map(|refund| refund.to_string()).unwrap_or_default();
    purses::moved_by_order(book, (place, stamp), entry, touched)?;
    moved(book, place, stamp, (entry.order, (kind, NO_WAY, entry.units, &part)), touched)
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
        params![place.author, place.seq, order, kind, way, amount_minor, reference],
        "insert into order_money (log, author, seq, order_id, kind, way, amount_minor, reference, at_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (log, author, seq) do nothing",
        params![place.log, place.author, place.seq, order, kind, way, amount_minor, reference, stamp.at_ms],
    )
}

/// What the records say of an order's money.
pub fn of(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Facts, StoreError> {
    let rows = tx.query(
        "select kind, way, amount_minor, author, seq from order_money where log = $1 and order_id = $2
         order by author, seq",
        params![log, order],
    )?;
    let mut facts = gather(&rows)?;
    facts.card = card(tx, log, &rows)?;
    (facts.parts_back_minor, facts.cash_back_minor) = order_refunds::sums(tx, log, order)?;
    Ok(facts)
}

/// What a gift card has again, by the parts that it was of. A server that was restored may have said one twice.
pub(crate) fn parts_on_card(
    tx: &mut dyn Tx,
    log: LogId,
    order: OrderId,
) -> Result<Vec<(ThingId, i64)>, StoreError> {
    let rows = tx.query(
        "select reference, max(amount_minor) from order_money
         where log = $1 and order_id = $2 and kind = $3 and reference <> '' group by reference order by reference",
        params![log, order, CARD_BACK],
    )?;
    let mut parts = Vec::new();
    for row in &rows {
        if let Some(refund) = ThingId::from_hex(row.text(0)?) {
            parts.push((refund, row.int(1)?));
        }
    }
    Ok(parts)
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

fn gather(rows: &[Row]) -> Result<Facts, StoreError> {
    let mut facts = Facts::default();
    for row in rows {
        let (kind, way, amount_minor): (i64, u8, i64) = (row.int(0)?, row.number(1)?, row.int(2)?);
        match kind {
            1 => facts.to_pay = PayWay::from_number(way).map(|way| (way, amount_minor)),
            // However often it is said, it came once and went back once: a restored server says again what devices bring back.
            2 => facts.paid_minor = facts.paid_minor.max(amount_minor),
            3 => facts.back_minor = facts.back_minor.max(amount_minor),
            4 => facts.is_back_asked = true,
            // A card's, which are read apart.
            _ => {}
        }
    }
    Ok(facts)
}

/// The gift card that pays some of an order. It pays no more than was held of it, and gets back no more than it paid, however often
/// servers in their lives said so.
fn card(tx: &mut dyn Tx, log: LogId, rows: &[Row]) -> Result<Option<Card>, StoreError> {
    let mut card: Option<Card> = None;
    let (mut held_minor, mut paid_minor, mut back_minor) = (0_i64, 0_i64, 0_i64);
    for row in rows {
        match row.int(0)? {
            5 => {
                let said = read::entry_at(tx, log, row.id(3)?, row.number(4)?)?;
                let Some((_, Entry::OrderPurseHeld(held))) = said else { continue };
                let OrderPurseHeld { purse, units, rest_minor, .. } = held;
                held_minor = held_minor.saturating_add(units);
                let (paid_minor, back_minor) = (0, 0);
                card.get_or_insert(Card { purse, pays_minor: units, rest_minor, paid_minor, back_minor });
            }
            6 => paid_minor = paid_minor.saturating_add(row.int(2)?),
            7 => back_minor = back_minor.saturating_add(row.int(2)?),
            _ => {}
        }
    }
    Ok(card.map(|card| {
        let paid_minor = paid_minor.min(held_minor);
        Card { paid_minor, back_minor: back_minor.min(paid_minor), ..card }
    }))
}
