//! What the stall's records say of an order's money: paid once, in full, and back once. Whether the money moved is the
//! provider's word, which somebody fetched; here is only what may be written of it.

use crate::entry::{Entry, OrderBackAsked, OrderPaid, OrderPaidBack, PayWay};
use crate::ids::OrderId;
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::card_order::Card;
use crate::verbs::check_note;
use crate::verbs::release_order::OrderState;
use crate::wrong::Wrong;

/// What the records say already.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Facts {
    /// How it was to be paid before it is fetched, and how much; none where it is paid at hand-over.
    pub to_pay: Option<(PayWay, i64)>,
    pub paid_minor: i64,
    pub back_minor: i64,
    /// A register wants it to go back.
    pub is_back_asked: bool,
    /// All of it was to go back, and whoever took it does not give it back: nobody asks for it any more.
    pub is_not_taken: bool,
    /// What went back of it in parts, the way it came.
    pub parts_back_minor: i64,
    /// What was given back of it out of a drawer, or may be.
    pub cash_back_minor: i64,
    /// A gift card pays some of it. The other amounts are without that.
    pub card: Option<Card>,
}

crate::wire_choice! {
    /// Where the money of an order is.
    pub enum PayStanding {
        /// Whoever hands the goods over takes the money.
        AtHandOver = 1,
        Waiting = 2,
        Paid = 3,
        PaidBack = 4,
        /// On its way back.
        PayingBack = 5,
        /// Some of it is back.
        PartlyBack = 6,
    }
}

impl Facts {
    pub fn standing(&self) -> PayStanding {
        let by_card = self.card.filter(Card::is_all);
        if self.to_pay.is_none() && by_card.is_none() {
            return PayStanding::AtHandOver;
        }
        let came_minor = by_card.map_or(self.paid_minor, |card| card.paid_minor);
        match self.left_minor().saturating_add(self.card_left_minor()) {
            _ if came_minor == 0 => PayStanding::Waiting,
            left if left <= 0 => PayStanding::PaidBack,
            _ if self.is_back_asked => PayStanding::PayingBack,
            left if left < self.all_paid_minor() => PayStanding::PartlyBack,
            _ => PayStanding::Paid,
        }
    }

    /// With what a gift card paid.
    pub fn all_paid_minor(&self) -> i64 {
        self.paid_minor.saturating_add(self.card.map_or(0, |card| card.paid_minor))
    }

    /// What a gift card paid and does not have again.
    pub fn card_left_minor(&self) -> i64 {
        self.card.map_or(0, |card| card.left_minor())
    }

    /// Whether it is paid to the stall's own account: nobody but the stall knows, and nobody but the stall sends it back.
    pub fn is_transfer(&self) -> bool {
        self.to_pay.is_some_and(|(way, _)| way == PayWay::Transfer)
    }

    /// A transfer is to come, and nobody saw it.
    pub fn awaits_transfer(&self) -> bool {
        self.is_transfer() && self.paid_minor == 0
    }

    /// What was paid and is not back.
    pub fn left_minor(&self) -> i64 {
        let back = self.back_minor.saturating_add(self.parts_back_minor).saturating_add(self.cash_back_minor);
        self.paid_minor.saturating_sub(back)
    }
}

/// Nothing where it is written already.
pub fn paid(
    facts: &Facts,
    order: OrderId,
    (amount_minor, reference): (i64, &str),
) -> Result<Vec<Entry>, Refusal> {
    let (way, due_minor) = facts.to_pay.ok_or(Refusal::UnknownOrder(order))?;
    if amount_minor != due_minor {
        return Err(invalid(Wrong::AmountNotTotal));
    }
    if facts.paid_minor != 0 {
        return Ok(Vec::new());
    }
    Ok(vec![OrderPaid { order, way, amount_minor, reference: reference.into() }.into()])
}

/// No more than was paid. Nothing where it is written already.
pub fn paid_back(
    facts: &Facts,
    order: OrderId,
    (amount_minor, reference): (i64, &str),
) -> Result<Vec<Entry>, Refusal> {
    let (way, _) = facts.to_pay.ok_or(Refusal::UnknownOrder(order))?;
    if facts.paid_minor != 0 && facts.left_minor() <= 0 {
        return Ok(Vec::new());
    }
    if amount_minor <= 0 || amount_minor > facts.left_minor() {
        return Err(invalid(Wrong::AmountAbovePaid));
    }
    Ok(vec![OrderPaidBack { order, way, amount_minor, reference: reference.into() }.into()])
}

/// Who asks for the money of an order to go back, and where the order is.
#[derive(Clone, Debug)]
pub struct BackFacts {
    pub money: Facts,
    pub state: Option<OrderState>,
    pub doer: Doer,
}

/// All of it. An order that still waits is cancelled instead, which gives its units back, too. Nothing where it was asked for.
pub fn ask_back(facts: &BackFacts, order: OrderId, reason: &str) -> Result<Vec<Entry>, Refusal> {
    ensure(!reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(reason)?;
    let state = facts.state.ok_or(Refusal::UnknownOrder(order))?;
    match facts.money.standing() {
        PayStanding::PayingBack | PayStanding::PaidBack => return Ok(Vec::new()),
        PayStanding::Paid | PayStanding::PartlyBack if facts.money.is_not_taken => {
            return Err(invalid(Wrong::BackOtherwise));
        }
        PayStanding::Paid | PayStanding::PartlyBack => {}
        PayStanding::AtHandOver | PayStanding::Waiting => {
            return Err(invalid(Wrong::OrderNotPaidBefore));
        }
    }
    match state {
        OrderState::HandedOver | OrderState::Fulfilled => {}
        OrderState::Held => return Err(invalid(Wrong::OrderHeldStill)),
        OrderState::Released => return Err(Refusal::OrderEnded(state.name())),
    }
    let minor = facts.money.left_minor().saturating_add(facts.money.card_left_minor());
    facts.doer.allow(&[Wish::Refund { minor }])?;
    Ok(vec![OrderBackAsked { order, reason: reason.into() }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_paid_once_and_back_once() {
        let order = OrderId([1; 16]);
        let facts = |paid_minor, back_minor| Facts {
            to_pay: Some((PayWay::Card, 500)),
            paid_minor,
            back_minor,
            ..Facts::default()
        };
        let count = |entries: Result<Vec<Entry>, Refusal>| entries.map(|entries| entries.len());
        let unknown = Refusal::UnknownOrder(order);
        let unequal = invalid(Wrong::AmountNotTotal);
        let too_much = invalid(Wrong::AmountAbovePaid);
        for (facts, amount, wanted, wanted_back, standing) in [
            (Facts::default(), 500, Err(unknown.clone()), Err(unknown), PayStanding::AtHandOver),
            (facts(0, 0), 500, Ok(1), Err(too_much.clone()), PayStanding::Waiting),
            (facts(0, 0), 499, Err(unequal.clone()), Err(too_much.clone()), PayStanding::Waiting),
            (facts(500, 0), 500, Ok(0), Ok(1), PayStanding::Paid),
            (facts(500, 0), 501, Err(unequal), Err(too_much.clone()), PayStanding::Paid),
            (facts(500, 500), 500, Ok(0), Ok(0), PayStanding::PaidBack),
            (
                Facts { parts_back_minor: 100, ..facts(500, 0) },
                500,
                Ok(0),
                Err(too_much.clone()),
                PayStanding::PartlyBack,
            ),
            (Facts { cash_back_minor: 100, ..facts(500, 400) }, 500, Ok(0), Ok(0), PayStanding::PaidBack),
        ] {
            assert_eq!(count(paid(&facts, order, (amount, "r"))), wanted, "{facts:?}");
            assert_eq!(count(paid_back(&facts, order, (amount, "r"))), wanted_back, "{facts:?}");
            assert_eq!(facts.standing(), standing);
        }
    }

    #[test]
    fn a_card_that_pays_all_needs_no_other_way_and_one_that_pays_some_waits_for_the_rest() {
        let card = |rest_minor, paid_minor, back_minor| Facts {
            card: Some(Card {
                purse: crate::ids::ProductId([7; 16]),
                pays_minor: 300,
                rest_minor,
                paid_minor,
                back_minor,
                ..Card::default()
            }),
            ..Facts::default()
        };
        let beside = |facts, paid_minor| Facts { to_pay: Some((PayWay::Card, 200)), paid_minor, ..facts };
        for (facts, standing) in [
            (card(0, 300, 0), PayStanding::Paid),
            (card(0, 300, 100), PayStanding::PartlyBack),
            (card(0, 300, 300), PayStanding::PaidBack),
            (Facts { is_back_asked: true, ..card(0, 300, 0) }, PayStanding::PayingBack),
            // Whoever hands it over takes the rest.
            (card(200, 0, 0), PayStanding::AtHandOver),
            (card(200, 300, 0), PayStanding::AtHandOver),
            (beside(card(200, 0, 0), 0), PayStanding::Waiting),
            (beside(card(200, 300, 0), 200), PayStanding::Paid),
            (beside(card(200, 300, 300), 200), PayStanding::PartlyBack),
            (Facts { back_minor: 200, ..beside(card(200, 300, 300), 200) }, PayStanding::PaidBack),
        ] {
            assert_eq!(facts.standing(), standing, "{facts:?}");
        }
    }

    #[test]
    fn the_money_of_what_was_handed_over_is_asked_back_once() {
        use crate::people::{Act, Limits};
        use crate::role::Role;
        let order = OrderId([1; 16]);
        let paid = Facts { to_pay: Some((PayWay::Card, 500)), paid_minor: 500, ..Facts::default() };
        let asked = Facts { is_back_asked: true, ..paid };
        let back = Facts { back_minor: 500, ..paid };
        let not_taken = Facts { is_not_taken: true, ..paid };
        let held = invalid(Wrong::OrderHeldStill);
        let ended = Refusal::OrderEnded(OrderState::Released.name());
        let unpaid = invalid(Wrong::OrderNotPaidBefore);
        for (money, state, wanted) in [
            (paid, None, Err(Refusal::UnknownOrder(order))),
            (paid, Some(OrderState::Held), Err(held)),
            (paid, Some(OrderState::Released), Err(ended)),
            (paid, Some(OrderState::HandedOver), Ok(1)),
            (paid, Some(OrderState::Fulfilled), Ok(1)),
            (asked, Some(OrderState::Fulfilled), Ok(0)),
            (not_taken, Some(OrderState::Fulfilled), Err(invalid(Wrong::BackOtherwise))),
            (back, Some(OrderState::Fulfilled), Ok(0)),
            (Facts { paid_minor: 0, ..paid }, Some(OrderState::Fulfilled), Err(unpaid.clone())),
            (Facts::default(), Some(OrderState::Fulfilled), Err(unpaid)),
        ] {
            let facts = BackFacts { money, state, doer: Doer::Anybody };
            let decided = ask_back(&facts, order, "mould").map(|entries| entries.len());
            assert_eq!(decided, wanted, "{facts:?}");
        }
        let limits = Limits::of(Role::Cashier);
        let doer = Doer::Person { role: Role::Cashier, limits, backing: None };
        let facts = BackFacts { money: paid, state: Some(OrderState::Fulfilled), doer };
        assert_eq!(
            ask_back(&facts, order, "mould"),
            Err(Refusal::ApprovalNeeded { acts: vec![Act::Refund] })
        );
        assert!(ask_back(&facts, order, " ").is_err());
        assert_eq!(asked.standing(), PayStanding::PayingBack);
    }
}
