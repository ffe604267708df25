//! How the money for orders from the shop moved, as rows that only ever are added.

use std::collections::BTreeMap;

use soko_domain::entry::{
    Entry, OrderBackAsked, OrderPaid, OrderPaidBack, OrderPurseHeld, OrderPurseMoved, OrderToPay,
    OrderTransferCame, PayWay, PurseMove, Stamp,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::order_card::{self, CardStep, CardWord};
use soko_domain::verbs::card_order::{Card, Said};
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
    moved(book, place, stamp, (entry.order, (Money::CardHeld, NO_WAY, entry.units, "")), touched)?;
    purses::moved_by_order(book, entry.order, touched)
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
    moved(book, place, stamp, (entry.order, (kind, NO_WAY, entry.units, &part)), touched)?;
    purses::moved_by_order(book, entry.order, touched)
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
    told_to(tx, log, (order, None))
}

/// The same for whoever writes the next words about an order's card.
pub fn of_writer(
    tx: &mut dyn Tx,
    log: LogId,
    (order, author): (OrderId, AuthorId),
) -> Result<Facts, StoreError> {
    told_to(tx, log, (order, Some(author)))
}

fn told_to(
    tx: &mut dyn Tx,
    log: LogId,
    (order, writer): (OrderId, Option<AuthorId>),
) -> Result<Facts, StoreError> {
    let rows = tx.query(
        "select kind, way, amount_minor, author, seq from order_money where log = $1 and order_id = $2
         order by author, seq",
        params![log, order],
    )?;
    let mut facts = gather(&rows)?;
    facts.card = card(tx, log, &rows, writer)?;
    (facts.parts_back_minor, facts.cash_back_minor) = order_refunds::sums(tx, log, order)?;
    if facts.paid_minor > 0 {
        facts.is_not_taken = order_refunds::is_whole_not_taken(tx, log, order)?;
        facts.is_back_asked &= !facts.is_not_taken;
    }
    Ok(facts)
}

/// What a gift card has again, by the parts that it was of.
pub(crate) fn parts_on_card(
    tx: &mut dyn Tx,
    log: LogId,
    order: OrderId,
) -> Result<BTreeMap<ThingId, i64>, StoreError> {
    let words = card_words(tx, log, order)?;
    let mut parts = BTreeMap::new();
    for (word, units) in words.iter().zip(order_card::settled(&words)) {
        if let CardStep::Back(Some(refund)) = word.step {
            *parts.entry(refund).or_default() += units;
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

/// A word about the gift card of an order, and where and when it was said.
pub(crate) struct CardSaid {
    pub(crate) place: Place,
    pub(crate) stamp: Stamp,
    pub(crate) word: CardWord,
    rest_minor: i64,
}

/// All that is said of an order's card, in the order in which it is counted.
pub(crate) fn cards_said(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<CardSaid>, StoreError> {
    let rows = tx.query(
        "select kind, author, seq from order_money where log = $1 and order_id = $2 and kind in (5, 6, 7, 8)
         order by author, seq",
        params![log, order],
    )?;
    let places = rows.iter().map(|row| Ok((row.id(1)?, row.number(2)?)));
    said_at(tx, log, places.collect::<Result<Vec<_>, StoreError>>()?)
}

fn said_at(tx: &mut dyn Tx, log: LogId, places: Vec<(AuthorId, u64)>) -> Result<Vec<CardSaid>, StoreError> {
    let mut all = Vec::with_capacity(places.len());
    for (author, seq) in places {
        let Some((stamp, entry)) = read::entry_at(tx, log, author, seq)? else { continue };
        let Some((_, word)) = CardWord::of(author, &entry) else { continue };
        let rest_minor = if let Entry::OrderPurseHeld(held) = &entry { held.rest_minor } else { 0 };
        all.push(CardSaid { place: Place { log, author, seq }, stamp, word, rest_minor });
    }
    Ok(all)
}

/// The same without where and when.
pub(crate) fn card_words(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<CardWord>, StoreError> {
    Ok(words(&cards_said(tx, log, order)?))
}

pub(crate) fn words(said: &[CardSaid]) -> Vec<CardWord> {
    said.iter().map(|said| said.word).collect()
}

/// The gift card that pays some of an order: the first that was held.
fn card(
    tx: &mut dyn Tx,
    log: LogId,
    rows: &[Row],
    writer: Option<AuthorId>,
) -> Result<Option<Card>, StoreError> {
    let mut places = Vec::new();
    for row in rows {
        if (5..=8).contains(&row.int(0)?) {
            places.push((row.id(3)?, row.number(4)?));
        }
    }
    let said = said_at(tx, log, places)?;
    let Some(first) = said.iter().find(|said| said.word.step == CardStep::Held) else { return Ok(None) };
    let words = words(&said);
    let purse = first.word.purse;
    let mut card =
        Card { purse, pays_minor: first.word.units, rest_minor: first.rest_minor, ..Card::default() };
    for (word, units) in words.iter().zip(order_card::settled(&words)).filter(|(it, _)| it.purse == purse) {
        match word.step {
            CardStep::Paid => card.paid_minor = card.paid_minor.saturating_add(units),
            CardStep::Back(_) => card.back_minor = card.back_minor.saturating_add(units),
            CardStep::Held | CardStep::Freed => {}
        }
    }
    let said = |step| match writer {
        Some(author) => order_card::said_by(&words, author, (purse, step)),
        None => order_card::said(&words, (purse, step)),
    };
    card.said = Said {
        held: said(CardStep::Held),
        paid: said(CardStep::Paid),
        freed: said(CardStep::Freed),
        back: said(CardStep::Back(None)),
    };
    Ok(Some(card))
}

/// Whether the records before a place say all that a word about what a card has again says: another life of the server may have said it.
pub fn is_card_said_before(
    tx: &mut dyn Tx,
    log: LogId,
    (order, place): (OrderId, (AuthorId, u64)),
    position: i64,
) -> Result<bool, StoreError> {
    let rows = tx.query(
        "select m.author, m.seq from order_money m
         join record r on r.log = m.log and r.author = m.author and r.seq = m.seq
         where m.log = $1 and m.order_id = $2 and m.kind = 7 and r.position < $3 order by m.author, m.seq",
        params![log, order, position],
    )?;
    let places = rows.iter().map(|row| Ok((row.id(0)?, row.number(1)?)));
    let earlier = said_at(tx, log, places.collect::<Result<Vec<_>, StoreError>>()?)?;
    let word = said_at(tx, log, vec![place])?;
    Ok(word.first().is_some_and(|said| order_card::is_said(&words(&earlier), &said.word)))
}
