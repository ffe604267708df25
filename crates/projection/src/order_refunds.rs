//! Parts of orders' money that go back, as rows that only ever are added: what was asked for, what the server allowed, and
//! what became of it.

use std::collections::BTreeMap;

use soko_domain::entry::{
    BackWay, Entry, OrderCashGiven, OrderRefundAllowed, OrderRefundAsked, OrderRefundEnded, OrderSentBack,
    RefundEnd, Stamp,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::verbs::refund_order::{Facts, Part, PartStanding};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::ORDER_REFUND;
use crate::drawer;
use crate::ledger::Place;
use crate::project::Touched;
use crate::{order_money, read, returns};

const ASKED: i64 = 1;
const ALLOWED: i64 = 2;
const ENDED: i64 = 3;
const GIVEN: i64 = 4;
const SENT: i64 = 5;

/// One word about a part.
struct Word<'a> {
    order: OrderId,
    refund: ThingId,
    what: i64,
    way: u8,
    code: u8,
    amount_minor: i64,
    note: &'a str,
}

pub(crate) fn asked(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    entry: &OrderRefundAsked,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let OrderRefundAsked { refund, order, amount_minor, way, reason, .. } = entry;
    let (refund, order, amount_minor, way) = (*refund, *order, *amount_minor, way.number());
    let word = Word { order, refund, what: ASKED, way, code: 0, amount_minor, note: reason };
    said(book, (place, stamp), &word, touched)
}

pub(crate) fn allowed(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    entry: &OrderRefundAllowed,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let OrderRefundAllowed { refund, order, way, amount_minor, .. } = entry;
    let (refund, order, amount_minor, way) = (*refund, *order, *amount_minor, way.number());
    let word = Word { order, refund, what: ALLOWED, way, code: 0, amount_minor, note: "" };
    said(book, (place, stamp), &word, touched)
}

pub(crate) fn ended(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    entry: &OrderRefundEnded,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let OrderRefundEnded { refund, order, end, amount_minor, .. } = entry;
    let (refund, order, amount_minor, code) = (*refund, *order, *amount_minor, end.number());
    let word = Word { order, refund, what: ENDED, way: 0, code, amount_minor, note: "" };
    said(book, (place, stamp), &word, touched)
}

/// It leaves the drawer like any refund.
pub(crate) fn given(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    entry: &OrderCashGiven,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let OrderCashGiven { refund, order, shift, amount_minor } = entry.clone();
    let word = Word { order, refund, what: GIVEN, way: 0, code: 0, amount_minor, note: "" };
    said(book, (place, stamp), &word, touched)?;
    drawer::order_cash_given(book, place, (shift, amount_minor), touched)
}

/// It left the stall's account, by hand.
pub(crate) fn sent(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    entry: &OrderSentBack,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let OrderSentBack { refund, order, amount_minor, reference } = entry;
    let (refund, order, amount_minor) = (*refund, *order, *amount_minor);
    let word = Word { order, refund, what: SENT, way: 0, code: 0, amount_minor, note: reference };
    said(book, (place, stamp), &word, touched)
}

fn said(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    word: &Word<'_>,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let Word { order, refund, what, way, code, amount_minor, note } = word;
    touched.orders.insert(*order);
    book.add(
        &ORDER_REFUND,
        params![place.author, place.seq, order, refund, what, way, code, amount_minor],
        "insert into order_refund (log, author, seq, order_id, refund, what, way, code, amount_minor, note, at_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (log, author, seq) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            order,
            refund,
            what,
            way,
            code,
            amount_minor,
            note,
            stamp.at_ms
        ],
    )
}

/// Everything that decides about a part of this order's money.
pub fn facts(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Facts, StoreError> {
    let found = read::order(tx, log, order)?;
    let placed = found.as_ref().map(|found| read::order_placed(tx, log, found)).transpose()?;
    let returned = if placed.is_some() {
        returns::taken_back(&returns::of_order(tx, log, order)?)
    } else {
        BTreeMap::new()
    };
    Ok(Facts {
        money: order_money::of(tx, log, order)?,
        state: found.map(|found| found.state),
        placed,
        parts: parts(tx, log, order)?,
        returned,
    })
}

/// The parts of an order's money that go back, or do not, in the order in which they were asked for.
pub fn parts(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<Part>, StoreError> {
    let rows = tx.query(
        "select refund, what, way, code, amount_minor, note, at_ms, author, seq from order_refund
         where log = $1 and order_id = $2 order by what, at_ms, author, seq",
        params![log, order],
    )?;
    let mut parts: BTreeMap<ThingId, Part> = BTreeMap::new();
    for row in &rows {
        take(tx, log, row, &mut parts)?;
    }
    if !parts.is_empty() {
        for (refund, units) in order_money::parts_on_card(tx, log, order)? {
            parts.entry(refund).and_modify(|part| part.card_minor = units);
        }
    }
    let mut parts: Vec<Part> = parts.into_values().collect();
    parts.sort_by_key(|part| (part.at_ms, part.refund));
    Ok(parts)
}

/// Words come in the order of what they say: asked, allowed, ended, given, sent.
fn take(
    tx: &mut dyn Tx,
    log: LogId,
    row: &Row,
    parts: &mut BTreeMap<ThingId, Part>,
) -> Result<(), StoreError> {
    let refund: ThingId = row.id(0)?;
    let (what, amount_minor, at_ms): (i64, i64, i64) = (row.int(1)?, row.int(4)?, row.int(6)?);
    let author: AuthorId = row.id(7)?;
    let way = BackWay::from_number(row.number(2)?);
    let fresh = || Part {
        refund,
        way: way.unwrap_or(BackWay::AsPaid),
        standing: PartStanding::Asked,
        end: None,
        amount_minor: 0,
        card_minor: 0,
        lines: Vec::new(),
        to: None,
        reason: String::new(),
        at_ms,
    };
    let part = parts.entry(refund).or_insert_with(fresh);
    match what {
        // Of two registers that took one name, the first counts.
        ASKED if part.reason.is_empty() => part.reason = row.text(5)?.into(),
        ALLOWED => {
            (part.standing, part.amount_minor) = (PartStanding::Allowed, amount_minor);
            part.way = way.unwrap_or(part.way);
            if let Some((_, Entry::OrderRefundAllowed(allowed))) =
                read::entry_at(tx, log, author, row.number(8)?)?
            {
                (part.lines, part.to) = (allowed.lines, Some(allowed.to));
            }
        }
        ENDED => {
            part.end = RefundEnd::from_number(row.number(3)?);
            part.standing = match part.end {
                Some(RefundEnd::PaidBack) => PartStanding::Back,
                Some(_) | None => PartStanding::Refused,
            };
        }
        // Only who may gives it; what somebody else says of it is no more than a word.
        GIVEN if part.to == Some(author) && part.way == BackWay::Cash => part.standing = PartStanding::Back,
        // Anybody of the stall may look at its account.
        SENT if part.standing == PartStanding::Allowed && part.way == BackWay::AsPaid => {
            part.standing = PartStanding::Back;
        }
        _ => {}
    }
    Ok(())
}

/// Whether all that was to go back does not: that ended under the order's own name.
pub(crate) fn is_whole_not_taken(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<bool, StoreError> {
    let sql = "select 1 from order_refund
               where log = $1 and order_id = $2 and refund = $2 and what = $3 and code = $4 limit 1";
    let end = RefundEnd::NotTaken.number();
    Ok(tx.query_opt(sql, params![log, order, ENDED, end])?.is_some())
}

/// What went back in parts the way it came, and what may or did go back out of a drawer.
pub(crate) fn sums(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<(i64, i64), StoreError> {
    let row = tx.query_opt(
        "select cast(coalesce(sum(case when a.way = 1 and (e.code = 1 or exists (select 1 from order_refund s
                  where s.log = a.log and s.order_id = a.order_id and s.refund = a.refund and s.what = 5))
                  then a.amount_minor else 0 end), 0) as bigint),
                cast(coalesce(sum(case when a.way = 2 then a.amount_minor else 0 end), 0) as bigint)
         from order_refund a left join order_refund e
           on e.log = a.log and e.order_id = a.order_id and e.refund = a.refund and e.what = 3
         where a.log = $1 and a.order_id = $2 and a.what = 2",
        params![log, order],
    )?;
    row.map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}
