//! Give a part of an order's money back. A register asks, and only the server allows: it alone hears of every register, so
//! that what goes back of an order never exceeds what was paid for it, whoever asked where and in which order that arrives (R14).
//! What was allowed goes back by whoever took the money, or out of the drawer of the register that asked.

use std::collections::BTreeMap;

use crate::entry::{
    BackWay, Entry, GoodsBack, OrderBackLine, OrderCashGiven, OrderPlaced, OrderRefundAllowed,
    OrderRefundAsked, OrderRefundEnded, RefundEnd, RefundLine,
};
use crate::ids::{AuthorId, OrderId, ShiftId, ThingId};
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::card_order;
use crate::verbs::pay_order::{self, PayStanding};
use crate::verbs::refund::{already, part_of_line};
use crate::verbs::release_order::OrderState;
use crate::verbs::{LINES_MAX, check_note};
use crate::wrong::Wrong;

/// Parts that go back of one order. Nobody honest needs more, and each is read whenever the next is decided.
pub const PARTS_MAX: usize = 50;

crate::wire_choice! {
    /// How far a part is.
    pub enum PartStanding {
        /// The server has not heard of it, or not answered.
        Asked = 1,
        Allowed = 2,
        Back = 3,
        /// It does not go back.
        Refused = 4,
    }
}

/// A part as the records have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    pub refund: ThingId,
    pub way: BackWay,
    pub standing: PartStanding,
    /// Why not, where it ended without the money.
    pub end: Option<RefundEnd>,
    /// What was allowed; before that, nothing.
    pub amount_minor: i64,
    /// What of it went to the order's gift card, beside that.
    pub card_minor: i64,
    pub lines: Vec<RefundLine>,
    /// Whoever may give it.
    pub to: Option<AuthorId>,
    pub reason: String,
    pub at_ms: i64,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub money: pay_order::Facts,
    pub state: Option<OrderState>,
    pub placed: Option<OrderPlaced>,
    pub parts: Vec<Part>,
    /// Units of each line that a return brought back onto the shelf or to waste.
    pub returned: BTreeMap<u32, i64>,
}

impl Facts {
    /// What can still go back, beside what was allowed already.
    pub fn left_minor(&self) -> i64 {
        if self.money.is_back_asked {
            return 0;
        }
        let promised = self.parts.iter().filter(|part| part.counts());
        let promised = promised.fold(0, |sum: i64, part| sum.saturating_add(part.amount_minor));
        let on_card = self.money.card.map_or(0, |card| card.back_minor);
        let back = self.money.back_minor.saturating_add(promised).saturating_add(on_card);
        self.paid_minor().saturating_sub(back).max(0)
    }

    fn paid_minor(&self) -> i64 {
        let is_handed_over = matches!(self.state, Some(OrderState::HandedOver | OrderState::Fulfilled));
        match (self.money.standing(), &self.placed) {
            (PayStanding::AtHandOver, Some(placed)) if is_handed_over => placed.total_minor,
            (PayStanding::AtHandOver, _) => 0,
            _ => self.money.all_paid_minor(),
        }
    }

    /// Units of a line that can still come back.
    pub fn line_left(&self, line: u32) -> i64 {
        let sold = self.placed.as_ref().and_then(|placed| placed.lines.get(usize::try_from(line).ok()?));
        sold.map_or(0, |sold| (sold.quantity - self.already(line).0).max(0))
    }

    /// Units of each line that the stall has again, by a refund or by a return: no more come back than were sold.
    pub fn goods_back(&self) -> BTreeMap<u32, i64> {
        let mut back = self.returned.clone();
        for line in
            self.parts.iter().flat_map(|part| &part.lines).filter(|it| it.goods != GoodsBack::KeptByBuyer)
        {
            let sum = back.entry(line.line).or_default();
            *sum = sum.saturating_add(line.quantity);
        }
        back
    }

    /// What came back stays back, also where whoever took the money keeps it.
    fn already(&self, line: u32) -> (i64, i64) {
        let came: Vec<(u32, i64, i64)> = (self.parts.iter().flat_map(|part| &part.lines))
            .map(|line| (line.line, line.quantity, line.amount_minor))
            .collect();
        already(&came, line)
    }
}

impl Part {
    /// What is said of it: the money, or what a gift card took alone.
    pub fn shown_minor(&self) -> i64 {
        if self.amount_minor == 0 { self.card_minor } else { self.amount_minor }
    }

    /// Whether its money is spoken for.
    pub fn counts(&self) -> bool {
        matches!(self.standing, PartStanding::Allowed | PartStanding::Back)
    }
}

/// A register asks, as far as it knows what is left.
pub fn ask(facts: &Facts, doer: &Doer, asked: &OrderRefundAsked) -> Result<Vec<Entry>, Refusal> {
    ensure(!asked.reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(&asked.reason)?;
    if facts.parts.iter().any(|part| part.refund == asked.refund) {
        return Ok(Vec::new());
    }
    let (_, amount_minor) = decide(facts, asked)?;
    doer.allow(&[Wish::Refund { minor: amount_minor }])?;
    Ok(vec![asked.clone().into()])
}

/// The server answers, once for each name.
pub fn allow(facts: &Facts, to: AuthorId, asked: &OrderRefundAsked) -> Vec<Entry> {
    let is_answered = |part: &Part| part.refund == asked.refund && part.standing != PartStanding::Asked;
    if facts.parts.iter().any(is_answered) {
        return Vec::new();
    }
    let (refund, order, way) = (asked.refund, asked.order, asked.way);
    match decide(facts, asked) {
        Ok((lines, amount_minor)) => {
            let allowed = OrderRefundAllowed { refund, order, to, way, lines, amount_minor };
            card_order::split(&facts.money, allowed)
        }
        Err(_) => {
            let end = match facts.paid_minor() {
                0 => RefundEnd::NotPaid,
                _ if facts.money.is_back_asked => RefundEnd::Whole,
                _ if facts.money.is_not_taken && way == BackWay::AsPaid => RefundEnd::NotTaken,
                _ => RefundEnd::TooMuch,
            };
            ended(facts, (refund, order), end, "")
        }
    }
}

/// What became of a part. Nothing where that is written already.
pub fn ended(
    facts: &Facts,
    (refund, order): (ThingId, OrderId),
    end: RefundEnd,
    reference: &str,
) -> Vec<Entry> {
    let part = facts.parts.iter().find(|part| part.refund == refund);
    if part.is_some_and(|part| matches!(part.standing, PartStanding::Back | PartStanding::Refused)) {
        return Vec::new();
    }
    let amount_minor = part.map_or(0, |part| part.amount_minor);
    vec![OrderRefundEnded { refund, order, end, amount_minor, reference: reference.into() }.into()]
}

/// The cash leaves the drawer, once, where it was allowed.
pub fn give(
    facts: &Facts,
    (me, shift): (AuthorId, Option<ShiftId>),
    (refund, order): (ThingId, OrderId),
) -> Result<Vec<Entry>, Refusal> {
    let part = facts.parts.iter().find(|part| part.refund == refund && part.way == BackWay::Cash);
    let part = part.ok_or(Refusal::UnknownOrder(order))?;
    match part.standing {
        PartStanding::Back => return Ok(Vec::new()),
        PartStanding::Allowed => {}
        PartStanding::Asked => return Err(invalid(Wrong::RefundUnanswered)),
        PartStanding::Refused => return Err(invalid(Wrong::RefundNotAllowed)),
    }
    ensure(part.to == Some(me), invalid(Wrong::RefundElsewhere))?;
    let shift = shift.ok_or(Refusal::NoShift)?;
    Ok(vec![OrderCashGiven { refund, order, shift, amount_minor: part.amount_minor }.into()])
}

fn decide(facts: &Facts, asked: &OrderRefundAsked) -> Result<(Vec<RefundLine>, i64), Refusal> {
    ensure(asked.lines.len() <= LINES_MAX, invalid(Wrong::LinesOdd))?;
    ensure(facts.parts.len() < PARTS_MAX, invalid(Wrong::RefundPartsFull))?;
    let state = facts.state.ok_or(Refusal::UnknownOrder(asked.order))?;
    let placed = facts.placed.as_ref().ok_or(Refusal::UnknownOrder(asked.order))?;
    // What was paid for it and does not go back the way it came is the buyer's all the same.
    let is_owed = state == OrderState::Released && facts.money.is_not_taken;
    ensure(state != OrderState::Released || is_owed, Refusal::OrderEnded(state.name()))?;
    let is_here = state != OrderState::Held;
    ensure((is_here && !is_owed) || asked.lines.is_empty(), invalid(Wrong::LinesNotHandedOver))?;
    match (asked.way, facts.money.standing()) {
        (BackWay::AsPaid, PayStanding::AtHandOver) => {
            return Err(invalid(Wrong::BackInCash));
        }
        (BackWay::AsPaid, _) if facts.money.is_not_taken => {
            return Err(invalid(Wrong::BackOtherwise));
        }
        (BackWay::AsPaid | BackWay::Cash, PayStanding::Waiting) => {
            return Err(invalid(Wrong::OrderNotPaid));
        }
        (BackWay::Cash, _) if !is_here => {
            return Err(invalid(Wrong::BackAsPaid));
        }
        (BackWay::AsPaid | BackWay::Cash, _) => {}
    }
    ensure(asked.amount_minor >= 0, invalid(Wrong::Negative))?;
    let lines = lines(facts, placed, &asked.lines)?;
    let of_lines = lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.amount_minor));
    let amount_minor = of_lines.saturating_add(asked.amount_minor);
    ensure(amount_minor > 0, invalid(Wrong::AmountMissing))?;
    ensure(amount_minor <= facts.left_minor(), invalid(Wrong::AmountAbovePaid))?;
    Ok((lines, amount_minor))
}

fn lines(facts: &Facts, placed: &OrderPlaced, asked: &[OrderBackLine]) -> Result<Vec<RefundLine>, Refusal> {
    let mut lines: Vec<RefundLine> = Vec::with_capacity(asked.len());
    let mut goods = facts.goods_back();
    for wanted in asked {
        let place = usize::try_from(wanted.line).map_err(|_| Refusal::TooLarge)?;
        let sold = placed.lines.get(place).ok_or(invalid(Wrong::OrderLineUnknown))?;
        let now: Vec<(u32, i64, i64)> =
            lines.iter().map(|line| (line.line, line.quantity, line.amount_minor)).collect();
        let (before, so_far) = (facts.already(wanted.line), already(&now, wanted.line));
        let came = (before.0 + so_far.0, before.1 + so_far.1);
        let amount_minor = part_of_line((sold.quantity, sold.total_minor), came, wanted.quantity)?;
        if wanted.goods != GoodsBack::KeptByBuyer {
            let sum = goods.entry(wanted.line).or_default();
            *sum = sum.saturating_add(wanted.quantity);
            ensure(*sum <= sold.quantity, invalid(Wrong::GoodsBackBefore))?;
        }
        lines.push(RefundLine {
            line: wanted.line,
            product: Some(sold.product),
            quantity: wanted.quantity,
            amount_minor,
            goods: wanted.goods,
        });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests;
