//! Give something else for a line of an order, or less of it, if its buyer agrees. A register asks and the server offers: it alone
//! knows what the shop still has, and holds it in the same decision, so that what is offered can be given (P1). Until the buyer
//! answers, the order is what it was. What is taken becomes a line of its own; what it replaces was not there, and is written off.
//!
//! Who has paid pays no more: something dearer keeps the price of what it replaces, and what is cheaper goes back in part.

use crate::basket::{Basket, BasketLine, Discount, Policy, PricedLine, price};
use crate::entry::{
    BackWay, Entry, Instead, OrderLine, OrderPlaced, OrderRefundAllowed, OrderStep, OrderSwapAsked,
    OrderSwapEnded, OrderSwapOffered, OrderSwapTaken, OrderSwapWithdrawn, SwapEnd, Units,
};
use crate::ids::{AuthorId, OrderId, ThingId};
use crate::quantity::Quantity;
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::check_quantity;
use crate::verbs::pay_order::PayStanding;
use crate::verbs::place_order::Offer;
use crate::verbs::release_order::OrderState;
use crate::wrong::Wrong;

/// Offers for one order. Nobody honest makes more, and each is read whenever the next is decided.
pub const SWAPS_MAX: usize = 50;

crate::wire_choice! {
    /// How far an offer is.
    pub enum SwapStanding {
        /// The server has not heard of it.
        Asked = 1,
        /// The buyer is asked.
        Offered = 2,
        Taken = 3,
        Ended = 4,
    }
}

/// An offer as the records have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swap {
    pub swap: ThingId,
    pub line: u32,
    pub standing: SwapStanding,
    /// Which register asked.
    pub by: Option<AuthorId>,
    pub is_withdrawn: bool,
    pub offered: Option<OrderSwapOffered>,
    pub end: Option<SwapEnd>,
}

impl Swap {
    pub fn is_open(&self) -> bool {
        matches!(self.standing, SwapStanding::Asked | SwapStanding::Offered)
    }
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub state: Option<OrderState>,
    pub step: Option<OrderStep>,
    pub money: PayStanding,
    /// With every swap that was taken.
    pub placed: Option<OrderPlaced>,
    pub swaps: Vec<Swap>,
    /// What of the money that was paid can still go back, beside the parts that were allowed already.
    pub left_minor: i64,
}

/// A register asks, as far as it knows.
pub fn ask(facts: &Facts, asked: &OrderSwapAsked) -> Result<Vec<Entry>, Refusal> {
    if facts.swaps.iter().any(|swap| swap.swap == asked.swap) {
        return Ok(vec![]);
    }
    let line = line(facts, asked)?;
    if let Some(instead) = asked.instead {
        check_quantity(instead.quantity)?;
        ensure(
            instead.product != line.product || instead.quantity < line.quantity,
            invalid(Wrong::SwapSameMuch),
        )?;
    }
    Ok(vec![asked.clone().into()])
}

/// The line that is to go, if an order is so far that it still can.
fn line<'a>(facts: &'a Facts, asked: &OrderSwapAsked) -> Result<&'a OrderLine, Refusal> {
    let state = facts.state.ok_or(Refusal::UnknownOrder(asked.order))?;
    let placed = facts.placed.as_ref().ok_or(Refusal::UnknownOrder(asked.order))?;
    ensure(state == OrderState::Held, Refusal::OrderEnded(state.name()))?;
    let is_early = !matches!(facts.step, Some(OrderStep::Ready | OrderStep::OnTheWay));
    ensure(is_early, Refusal::StepTaken(facts.step.map_or("", OrderStep::name)))?;
    ensure(facts.money != PayStanding::Waiting, invalid(Wrong::OrderWaitsForPayment))?;
    ensure(facts.swaps.len() < SWAPS_MAX, invalid(Wrong::OrderChangedOften))?;
    let is_open = facts.swaps.iter().any(|swap| swap.line == asked.line && swap.is_open());
    ensure(!is_open, invalid(Wrong::SwapOffered))?;
    let line = usize::try_from(asked.line).ok().and_then(|place| placed.lines.get(place));
    line.filter(|line| line.quantity > 0).ok_or(invalid(Wrong::OrderLineUnknown))
}

/// What the server makes of it: an offer that its shop can keep, or an end.
pub fn offer(facts: &Facts, asked: &OrderSwapAsked, (policy, offer): (Policy, Option<&Offer>)) -> Vec<Entry> {
    let known = facts.swaps.iter().find(|swap| swap.swap == asked.swap);
    if known.is_some_and(|swap| swap.standing != SwapStanding::Asked) {
        return vec![];
    }
    let (swap, order) = (asked.swap, asked.order);
    let others = Facts {
        swaps: facts.swaps.iter().filter(|other| other.swap != swap).cloned().collect(),
        ..facts.clone()
    };
    let ends = |end| vec![OrderSwapEnded { swap, order, end, back: vec![] }.into()];
    if known.is_some_and(|swap| swap.is_withdrawn) {
        return ends(SwapEnd::Withdrawn);
    }
    let line = match line(&others, asked) {
        Ok(line) => line,
        Err(_) if facts.money == PayStanding::Waiting => return ends(SwapEnd::Money),
        Err(_) => return ends(SwapEnd::TooLate),
    };
    let most = (facts.money != PayStanding::AtHandOver).then_some(line.total_minor);
    let into = match asked.instead {
        None => None,
        Some(instead) => match offer.and_then(|offer| into(instead, line, (policy, offer), most)) {
            Some(into) => Some(into),
            None => return ends(SwapEnd::NotThere),
        },
    };
    let held = into.iter().filter(|into| into.product != line.product);
    let held = held.map(|into| Units { product: into.product, quantity: into.quantity }).collect();
    let delta_minor = into.as_ref().map_or(0, |into| into.total_minor).saturating_sub(line.total_minor);
    vec![OrderSwapOffered { swap, order, line: asked.line, into, held, delta_minor }.into()]
}

/// The new line, if the shop has so much of it. Of the same product the order has enough already.
fn into(
    instead: Instead,
    line: &OrderLine,
    (policy, offer): (Policy, &Offer),
    most_minor: Option<i64>,
) -> Option<OrderLine> {
    let is_same = instead.product == line.product;
    let is_there = if is_same { instead.quantity < line.quantity } else { instead.quantity <= offer.pool };
    if !is_there || offer.archived || check_quantity(instead.quantity).is_err() {
        return None;
    }
    // What was ordered costs what it cost then.
    let (unit_price_minor, price_per) = if is_same {
        (line.unit_price_minor, line.price_per)
    } else {
        (offer.unit_price_minor, offer.price_per)
    };
    let mut asked = BasketLine {
        product: instead.product,
        quantity: Quantity(instead.quantity),
        unit_price_minor,
        price_per,
        discount: Discount::None,
        taxes: offer.taxes.clone(),
    };
    let priced = at_most(&mut asked, policy, most_minor)?;
    Some(OrderLine {
        product: instead.product,
        name: offer.name.clone(),
        quantity: instead.quantity,
        unit_price_minor,
        price_per,
        discount_minor: priced.discount_minor,
        taxes: priced.taxes,
        tax_minor: priced.tax_minor,
        total_minor: priced.total_minor,
    })
}

/// What a line comes to, with so much off that it is not above `most_minor`.
fn at_most(line: &mut BasketLine, policy: Policy, most_minor: Option<i64>) -> Option<PricedLine> {
    let priced = |line: &BasketLine| {
        let basket = Basket { lines: vec![line.clone()], discount: Discount::None, policy };
        price(&basket).ok()?.lines.into_iter().next()
    };
    let mut now = priced(line)?;
    let mut off = 0_i64;
    // Taxes that come on top make a discount of one take off a little more; each turn comes nearer.
    while let Some(above) =
        most_minor.map(|most| now.total_minor.saturating_sub(most)).filter(|above| *above > 0)
    {
        let share =
            i128::from(above) * i128::from(now.gross_minor.max(1)) / i128::from(now.total_minor.max(1));
        off = off.saturating_add(i64::try_from(share).ok()?.max(1)).min(now.gross_minor);
        line.discount = Discount::Amount(off);
        now = priced(line)?;
    }
    Some(now)
}

/// The buyer answers, once. What went back of the money is allowed in the same decision, under the offer's name.
pub fn answer(
    facts: &Facts,
    (order, swap): (OrderId, ThingId),
    is_taken: bool,
) -> Result<Vec<Entry>, Refusal> {
    let state = facts.state.ok_or(Refusal::UnknownOrder(order))?;
    let unknown = invalid(Wrong::SwapUnknown);
    let found = facts.swaps.iter().find(|found| found.swap == swap).ok_or(unknown.clone())?;
    match (found.standing, is_taken) {
        (SwapStanding::Taken, true) => return Ok(vec![]),
        (SwapStanding::Ended, false) if found.end == Some(SwapEnd::Declined) => return Ok(vec![]),
        (SwapStanding::Offered, _) => {}
        (SwapStanding::Asked, _) => return Err(unknown),
        (SwapStanding::Taken | SwapStanding::Ended, _) => {
            return Err(invalid(Wrong::SwapOver));
        }
    }
    ensure(state == OrderState::Held, Refusal::OrderEnded(state.name()))?;
    let (Some(offered), Some(placed)) = (&found.offered, &facts.placed) else { return Err(unknown) };
    if !is_taken {
        return Ok(end(found, order, SwapEnd::Declined));
    }
    let line = usize::try_from(offered.line).ok().and_then(|place| placed.lines.get(place)).ok_or(unknown)?;
    let stays = offered.into.iter().filter(|into| into.product == line.product);
    let stays: i64 = stays.map(|into| into.quantity).sum();
    let place = u32::try_from(placed.lines.len()).map_err(|_| Refusal::TooLarge)?;
    let delta_minor = offered.delta_minor;
    let missing = vec![Units { product: line.product, quantity: line.quantity.saturating_sub(stays) }];
    let mut entries = vec![OrderSwapTaken { swap, order, place, missing, delta_minor }.into()];
    // A part of the line may have gone back before it was offered.
    let amount_minor = delta_minor.saturating_neg().min(facts.left_minor);
    if let (true, Some(to)) = (amount_minor > 0 && facts.money != PayStanding::AtHandOver, found.by) {
        let way = BackWay::AsPaid;
        entries.push(OrderRefundAllowed { refund: swap, order, to, way, lines: vec![], amount_minor }.into());
    }
    Ok(entries)
}

/// The register takes its offer back. Nothing where it is over.
pub fn withdraw(facts: &Facts, (order, swap): (OrderId, ThingId)) -> Result<Vec<Entry>, Refusal> {
    let found = facts.swaps.iter().find(|found| found.swap == swap);
    let found = found.ok_or(invalid(Wrong::SwapUnknown))?;
    match found.is_open() && !found.is_withdrawn {
        true => Ok(vec![OrderSwapWithdrawn { swap, order }.into()]),
        false => Ok(vec![]),
    }
}

/// An offer comes to nothing: what it held is the shop's again. Nothing where it is over.
pub fn end(found: &Swap, order: OrderId, end: SwapEnd) -> Vec<Entry> {
    if !found.is_open() {
        return vec![];
    }
    let back = found.offered.as_ref().map(|offered| offered.held.clone()).unwrap_or_default();
    vec![OrderSwapEnded { swap: found.swap, order, end, back }.into()]
}

/// The order with an offer that was taken: the old line is empty, and the new one stands behind all others.
pub fn apply(placed: &mut OrderPlaced, offered: &OrderSwapOffered) {
    let old = usize::try_from(offered.line).ok().and_then(|place| placed.lines.get_mut(place));
    if let Some(old) = old {
        let (product, name) = (old.product, std::mem::take(&mut old.name));
        *old = OrderLine {
            product,
            name,
            quantity: 0,
            unit_price_minor: old.unit_price_minor,
            price_per: old.price_per,
            discount_minor: 0,
            taxes: vec![],
            tax_minor: 0,
            total_minor: 0,
        };
    }
    placed.lines.extend(offered.into.clone());
    placed.total_minor = placed.total_minor.saturating_add(offered.delta_minor);
}

#[cfg(test)]
mod tests;
