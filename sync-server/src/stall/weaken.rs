//! What is known of an order where a simulator weakens a rule about it, to show that it would notice. No product can be weakened.

use soko_domain::deal::DealUse;
use soko_domain::sabotage::Sabotage;
use soko_domain::verbs::{place_order, refund_order};

use crate::stall::desk::Desk;

/// Nobody looks at what is on a card, or at what is left of an offer.
pub(super) fn order(desk: &Desk<'_>, facts: &mut place_order::Facts) {
    if desk.core.weak(Sabotage::CardUncounted) {
        facts.card = facts.card.map(|_| i64::MAX);
    }
    if desk.core.weak(Sabotage::OfferUncounted) {
        let deals = facts.offers.values_mut().filter_map(|offer| offer.deal.as_mut());
        deals.for_each(|(_, taken)| *taken = DealUse::default());
    }
}

/// Nobody looks at what went back before.
pub(super) fn refund(desk: &Desk<'_>, facts: &mut refund_order::Facts) {
    if desk.core.weak(Sabotage::RefundsUncounted) {
        (facts.parts, facts.money.cash_back_minor, facts.money.parts_back_minor) = (vec![], 0, 0);
    }
}
