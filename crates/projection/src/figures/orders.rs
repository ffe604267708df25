//! What an order from the shop adds to the sums: nothing until it is handed over, and then what a sale adds, on the day of the
//! hand-over and for the register that gave the goods. What goes back of its money is a refund, on the day on which it went.
//!
//! Whatever is said of an order may arrive before the rest of it. So this is a function of its rows, as they stand; whoever adds to
//! the rows posts by how much it changed.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::entry::{
    BackWay, Entry, GivenBack, GoodsBack, OrderHandedOver, OrderPlaced, OrderRefundAllowed, PayWay,
    RefundEnd, RefundLine, RefundMade, SaleLine, SaleMade, Stamp, Standing, TenderKind, Tendered,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::order_card::{self, CardStep};
use soko_record_log::{StoreError, Tx, params};

use super::costs::{self, Costs};
use super::fold::{Back, Figures, Sold};
use crate::book::Book;
use crate::ledger::Place;
use crate::{order_money, read, swaps};

/// What went back beside the lines: of no line that there is.
const NO_LINE: u32 = u32::MAX;

/// As the rows of an order's money say it.
const PAID: i64 = 2;
const BACK: i64 = 3;

/// The order whose figures an entry may change. One that nobody handed over has none.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "everything else moves no money of an order that was handed over"
)]
pub(crate) fn counted(book: &mut Book<'_>, entry: &Entry) -> Result<Option<OrderId>, StoreError> {
    let order = match entry {
        Entry::OrderHandedOver(handed) => return Ok(Some(handed.order)),
        Entry::OrderPlaced(placed) => placed.order,
        Entry::OrderPaid(paid) => paid.order,
        Entry::OrderPaidBack(back) => back.order,
        Entry::OrderTransferCame(came) => came.order,
        Entry::OrderSentBack(sent) => sent.order,
        Entry::OrderRefundAllowed(allowed) => allowed.order,
        Entry::OrderRefundEnded(ended) => ended.order,
        Entry::OrderCashGiven(given) => given.order,
        Entry::OrderSwapTaken(taken) => taken.order,
        Entry::OrderSwapOffered(offered) => offered.order,
        Entry::OrderPurseHeld(held) => held.order,
        Entry::OrderPurseMoved(moved) => moved.order,
        _ => return Ok(None),
    };
    let row = book.tx.query_opt(
        "select 1 from order_handed where log = $1 and order_id = $2 limit 1",
        params![book.log, order],
    )?;
    Ok(row.map(|_| order))
}

/// An order that was handed over: the sale that it became, and what went back of it.
pub(super) struct Became {
    /// Its hand-over; the first of them by author and number, if there are several.
    pub(super) place: (AuthorId, u64),
    pub(super) stamp: Stamp,
    pub(super) sale: SaleMade,
    /// As whoever handed it over said before.
    costs: Costs,
    pub(super) gone: Vec<Gone>,
    /// The lines of all that is gone, in the order of it.
    pub(super) backs: Vec<Back>,
}

/// All that an order adds, by what is known of it.
pub(crate) fn figures(book: &mut Book<'_>, order: OrderId) -> Result<Figures, StoreError> {
    let mut figures = Figures::default();
    let Some(became) = became(book.tx, book.log, order)? else { return Ok(figures) };
    let Became { place: (register, _), stamp, sale, costs, gone, backs } = &became;
    let sold = Sold { register: *register, stamp, sale, costs };
    figures.sold(&sold, 1);
    for gone in gone {
        figures.refunded(gone.here(*register), &gone.stamp, &gone.refund);
        figures.restocked(costs, gone.stamp.business_day, &gone.refund.lines);
    }
    figures.returned(&sold, backs);
    figures.taxes_back(sale, &[], backs);
    Ok(figures)
}

/// Nothing as long as it was not handed over, or has not arrived.
pub(super) fn became(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<Became>, StoreError> {
    let handed = handed(tx, log, order)?;
    let Some(Handed { author, seq, stamp, .. }) = handed.first() else { return Ok(None) };
    let Some(found) = read::order(tx, log, order)? else { return Ok(None) };
    let said = read::entry_at(tx, log, found.author, found.seq)?;
    let Some((_, Entry::OrderPlaced(mut placed))) = said else { return Ok(None) };
    if found.swaps > 0 {
        swaps::apply_taken(tx, log, &mut placed)?;
    }
    let mut paid = moved(tx, log, (order, PAID))?;
    let as_paid = paid.first().map_or(TenderKind::Other, |paid| paid.kind);
    let (by_card, on_card) = card_moved(tx, log, order)?;
    paid.extend(by_card);
    let sale = as_sale(&placed, &handed, &paid);
    let mut gone = parts_back(tx, log, (order, as_paid), &on_card)?;
    let mut backs: Vec<Back> = gone.iter().flat_map(Gone::backs).collect();
    let at_once = on_card.into_iter().filter(|back| back.part.is_none());
    for back in at_once.chain(moved(tx, log, (order, BACK))?) {
        let lines = rest(&sale, &backs, back.amount_minor);
        let back = back.gone(order, lines);
        backs.extend(back.backs());
        gone.push(back);
    }
    let costs = costs::said(tx, log, (*author, *seq), sale.sale)?;
    Ok(Some(Became { place: (*author, *seq), stamp: stamp.clone(), sale, costs, gone, backs }))
}

/// Money that went back, and what it was for.
pub(super) struct Gone {
    author: AuthorId,
    seq: u64,
    pub(super) stamp: Stamp,
    pub(super) refund: RefundMade,
}

impl Gone {
    /// The server has no till: what it gives back is a refund of the register that had given the goods.
    pub(super) fn here(&self, register: AuthorId) -> AuthorId {
        let is_cash = self.refund.given.iter().any(|part| part.kind == TenderKind::Cash);
        if is_cash { self.author } else { register }
    }

    fn backs(&self) -> impl Iterator<Item = Back> {
        self.refund.lines.iter().map(|line| Back {
            author: self.author,
            seq: self.seq,
            line: line.line,
            amount_minor: line.amount_minor,
            business_day: self.stamp.business_day,
        })
    }
}

struct Handed {
    author: AuthorId,
    seq: u64,
    stamp: Stamp,
    handed: OrderHandedOver,
}

fn handed(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<Handed>, StoreError> {
    let rows = tx.query(
        "select author, seq from order_handed where log = $1 and order_id = $2 order by author, seq",
        params![log, order],
    )?;
    let mut all = Vec::new();
    for row in &rows {
        let (author, seq) = (row.id(0)?, row.number(1)?);
        if let Some((stamp, Entry::OrderHandedOver(handed))) = read::entry_at(tx, log, author, seq)? {
            all.push(Handed { author, seq, stamp, handed });
        }
    }
    Ok(all)
}

/// What registers took for an order as they handed it over.
pub fn taken_minor(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<i64, StoreError> {
    let taken = handed(tx, log, order)?.into_iter().filter_map(|it| it.handed.taken);
    Ok(taken.fold(0, |sum: i64, taken| sum.saturating_add(taken.total_minor.max(0))))
}

/// A movement of an order's whole money.
struct Moved {
    author: AuthorId,
    seq: u64,
    stamp: Stamp,
    kind: TenderKind,
    amount_minor: i64,
    /// The part of the order's money that it was, if it was one.
    part: Option<ThingId>,
}

impl Moved {
    fn gone(self, order: OrderId, lines: Vec<RefundLine>) -> Gone {
        let Self { author, seq, stamp, kind, .. } = self;
        Gone { author, seq, stamp, refund: refund(order, kind, lines) }
    }
}

fn moved(tx: &mut dyn Tx, log: LogId, (order, kind): (OrderId, i64)) -> Result<Vec<Moved>, StoreError> {
    let rows = tx.query(
        "select author, seq, way, amount_minor from order_money
         where log = $1 and order_id = $2 and kind = $3 order by author, seq",
        params![log, order, kind],
    )?;
    let mut all = Vec::new();
    for row in &rows {
        let (author, seq) = (row.id(0)?, row.number(1)?);
        let Some((stamp, _)) = read::entry_at(tx, log, author, seq)? else { continue };
        let kind = tender(row.number(2)?);
        all.push(Moved { author, seq, stamp, kind, amount_minor: row.int(3)?, part: None });
    }
    // However many registers saw a transfer, and however often a server said it in its lives, it moved once in each way.
    let mut ways = BTreeSet::new();
    all.retain(|moved| ways.insert(moved.kind));
    Ok(all)
}

/// What a gift card paid, and what it has again. What it had again for an order that was cancelled here and given out there, and paid
/// once more, never came back: the goods are gone, and they are paid.
fn card_moved(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<(Vec<Moved>, Vec<Moved>), StoreError> {
    let said = order_money::cards_said(tx, log, order)?;
    let settled = order_card::settled(&order_money::words(&said));
    let (mut paid, mut back) = (Vec::new(), Vec::new());
    for (said, amount_minor) in said.into_iter().zip(settled).filter(|(_, units)| *units > 0) {
        let Place { author, seq, .. } = said.place;
        let (stamp, kind, part) = (said.stamp, TenderKind::Voucher, None);
        let moved = Moved { author, seq, stamp, kind, amount_minor, part };
        match said.word.step {
            CardStep::Paid => paid.push(moved),
            CardStep::Back(part) => back.push(Moved { part, ..moved }),
            CardStep::Held | CardStep::Freed => {}
        }
    }
    Ok((paid, back))
}

fn tender(way: u8) -> TenderKind {
    match PayWay::from_number(way) {
        Some(PayWay::Card) => TenderKind::Card,
        Some(PayWay::Phone) => TenderKind::MobileMoney,
        Some(PayWay::Transfer) => TenderKind::BankTransfer,
        None => TenderKind::Other,
    }
}

/// The order as the sale that it became. What was paid before is paid with the goods, as far as figures go; where two registers
/// took money for one order, both have it.
fn as_sale(placed: &OrderPlaced, handed: &[Handed], paid: &[Moved]) -> SaleMade {
    let taken = || handed.iter().filter_map(|handed| handed.handed.taken.as_ref());
    let before = paid.iter().map(|paid| Tendered {
        kind: paid.kind,
        amount_minor: paid.amount_minor,
        reference: String::new(),
        standing: Standing::Settled,
    });
    let with_goods = taken().flat_map(|taken| taken.tenders.clone());
    let sum = |of: fn(&soko_domain::entry::OrderTaken) -> i64| taken().map(of).fold(0, i64::saturating_add);
    let goods = placed.lines.iter().map(|line| SaleLine {
        product: Some(line.product),
        name: String::new(),
        unit: None,
        quantity: line.quantity,
        beyond_share: 0,
        unit_price_minor: line.unit_price_minor,
        price_per: line.price_per,
        discount_minor: line.discount_minor,
        discount: None,
        taxes: line.taxes.clone(),
        total_minor: line.total_minor,
        note: String::new(),
    });
    let bringing = placed.delivery.iter().map(|delivery| SaleLine {
        product: None,
        name: String::new(),
        unit: None,
        quantity: 1,
        beyond_share: 0,
        unit_price_minor: delivery.total_minor,
        price_per: 1,
        discount_minor: 0,
        discount: None,
        taxes: delivery.taxes.clone(),
        total_minor: delivery.total_minor,
        note: String::new(),
    });
    SaleMade {
        sale: SaleId(placed.order.0),
        shift: ShiftId::default(),
        receipt_number: 0,
        currency: placed.currency,
        lines: goods.chain(bringing).collect(),
        discount: None,
        total_minor: placed.total_minor,
        cash_rounding_minor: sum(|taken| taken.cash_rounding_minor),
        tenders: before.chain(with_goods).collect(),
        change_minor: sum(|taken| taken.change_minor),
        note: String::new(),
        // Who orders is one customer with every order; nothing says who of the shop's own they are.
        customer: Some(placed.buyer),
        tab: None,
    }
}

/// Parts that were allowed and whose money went, as refunds on the day on which it went.
fn parts_back(
    tx: &mut dyn Tx,
    log: LogId,
    (order, as_paid): (OrderId, TenderKind),
    on_card: &[Moved],
) -> Result<Vec<Gone>, StoreError> {
    let rows = tx.query(
        "select refund, author, seq, what, code from order_refund
         where log = $1 and order_id = $2 and what in (2, 3, 4, 5) order by author, seq",
        params![log, order],
    )?;
    let (mut allowed, mut went) = (BTreeMap::new(), BTreeMap::new());
    for row in &rows {
        let (part, at): (ThingId, (AuthorId, u64)) = (row.id(0)?, (row.id(1)?, row.number(2)?));
        match (row.int(3)?, RefundEnd::from_number(row.number(4)?)) {
            (2, _) => drop(allowed.entry(part).or_insert(at)),
            (4 | 5, _) | (_, Some(RefundEnd::PaidBack)) => drop(went.entry(part).or_insert(at)),
            _ => {}
        }
    }
    let mut parts = Vec::new();
    for card in on_card {
        let Some(at) = card.part.and_then(|part| allowed.get(&part).copied()) else { continue };
        if let Some(allowed) = allowed_at(tx, log, at)? {
            parts.push(card_back(order, card, allowed));
        }
    }
    for (part, (author, seq)) in went {
        let Some(at) = allowed.get(&part).copied() else { continue };
        let Some(allowed) = allowed_at(tx, log, at)? else { continue };
        // Its lines stand with what the card has again.
        if allowed.amount_minor == 0 && on_card.iter().any(|card| card.part == Some(part)) {
            continue;
        }
        let Some((stamp, _)) = read::entry_at(tx, log, author, seq)? else { continue };
        let tender = if allowed.way == BackWay::Cash { TenderKind::Cash } else { as_paid };
        parts.push(Gone { author, seq, stamp, refund: refund(order, tender, with_rest(allowed)) });
    }
    Ok(parts)
}

fn allowed_at(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
) -> Result<Option<OrderRefundAllowed>, StoreError> {
    let said = read::entry_at(tx, log, author, seq)?;
    Ok(match said {
        Some((_, Entry::OrderRefundAllowed(allowed))) => Some(allowed),
        Some(_) | None => None,
    })
}

/// What the gift card has again of a part. The part's lines stand with whatever money went back beside it, if any did.
fn card_back(order: OrderId, card: &Moved, allowed: OrderRefundAllowed) -> Gone {
    let is_alone = allowed.amount_minor == 0;
    let lines = if is_alone { allowed.lines } else { vec![] };
    let alone = OrderRefundAllowed { lines, amount_minor: card.amount_minor, ..allowed };
    let (author, seq, stamp) = (card.author, card.seq, card.stamp.clone());
    Gone { author, seq, stamp, refund: refund(order, card.kind, with_rest(alone)) }
}

/// The lines of a part, and what goes back beside them.
fn with_rest(allowed: OrderRefundAllowed) -> Vec<RefundLine> {
    let of_lines = allowed.lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.amount_minor));
    let beside = allowed.amount_minor.saturating_sub(of_lines);
    let mut lines = allowed.lines;
    if beside != 0 {
        lines.push(only_money(NO_LINE, None, beside));
    }
    lines
}

/// What is left of each line, up to an amount that went back at once, and what that is more than all of them.
fn rest(sale: &SaleMade, backs: &[Back], amount_minor: i64) -> Vec<RefundLine> {
    let mut left = amount_minor;
    let mut lines = Vec::new();
    for (at, line) in (0_u32..).zip(&sale.lines) {
        let back = backs.iter().filter(|back| back.line == at).map(|back| back.amount_minor);
        let of_line = back.fold(line.total_minor, i64::saturating_sub).clamp(0, left.max(0));
        if of_line > 0 {
            lines.push(only_money(at, line.product, of_line));
            left -= of_line;
        }
    }
    if left != 0 {
        lines.push(only_money(NO_LINE, None, left));
    }
    lines
}

/// No goods came with it.
fn only_money(line: u32, product: Option<ProductId>, amount_minor: i64) -> RefundLine {
    RefundLine { line, product, quantity: 0, amount_minor, goods: GoodsBack::KeptByBuyer }
}

fn refund(order: OrderId, kind: TenderKind, lines: Vec<RefundLine>) -> RefundMade {
    let amount_minor = lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.amount_minor));
    RefundMade {
        refund: ThingId::default(),
        sale: SaleId(order.0),
        shift: ShiftId::default(),
        allowance: None,
        lines,
        amount_minor,
        cash_rounding_minor: 0,
        given: vec![GivenBack { kind, amount_minor, never_came: false }],
        reason: String::new(),
    }
}
