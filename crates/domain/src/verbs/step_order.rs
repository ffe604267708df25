//! A stall says how far it is with an order, one step after the other. Only a word for people: what the order holds and what is
//! paid is moved by handing it over or releasing it, and neither waits for a step.

use crate::entry::{Entry, OrderStep, OrderStepped};
use crate::ids::OrderId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::release_order::OrderState;
use crate::wrong::Wrong;

#[derive(Clone, Copy, Default, Debug)]
pub struct Facts {
    pub state: Option<OrderState>,
    /// The furthest step that is known.
    pub step: Option<OrderStep>,
    /// The stall brings or sends it.
    pub is_brought: bool,
}

/// What comes after what is known; nothing where only the handing over is left, or nothing at all.
pub fn next(facts: &Facts) -> Option<OrderStep> {
    if facts.state != Some(OrderState::Held) {
        return None;
    }
    match (facts.step, facts.is_brought) {
        (None, _) => Some(OrderStep::Accepted),
        (Some(OrderStep::Accepted), _) => Some(OrderStep::Packed),
        (Some(OrderStep::Packed), false) => Some(OrderStep::Ready),
        (Some(OrderStep::Packed), true) => Some(OrderStep::OnTheWay),
        (Some(OrderStep::Ready | OrderStep::OnTheWay), _) => None,
    }
}

pub fn decide(facts: &Facts, order: OrderId, step: OrderStep) -> Result<Vec<Entry>, Refusal> {
    let fits = match step {
        OrderStep::Ready => !facts.is_brought,
        OrderStep::OnTheWay => facts.is_brought,
        OrderStep::Accepted | OrderStep::Packed => true,
    };
    let state = facts.state.ok_or(Refusal::UnknownOrder(order))?;
    ensure(fits, invalid(Wrong::StepMisfit))?;
    ensure(state == OrderState::Held, Refusal::OrderEnded(state.name()))?;
    let is_behind = facts.step.is_some_and(|known| step <= known);
    ensure(!is_behind, Refusal::StepTaken(facts.step.map_or("", OrderStep::name)))?;
    match next(facts) {
        Some(next) if next == step => Ok(vec![OrderStepped { order, step }.into()]),
        Some(next) => Err(Refusal::StepTooEarly(next.name())),
        None => Err(Refusal::StepTaken(facts.step.map_or("", OrderStep::name))),
    }
}

impl OrderStep {
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Packed => "packed",
            Self::Ready => "ready",
            Self::OnTheWay => "on its way",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|step| step.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OrderStep::{Accepted, OnTheWay, Packed, Ready};

    const ORDER: OrderId = OrderId([1; 16]);

    #[test]
    fn each_step_follows_the_one_before_and_is_taken_once() {
        let taken = Refusal::StepTaken;
        let early = Refusal::StepTooEarly;
        for (known, is_brought, step, refused) in [
            (None, false, Accepted, None),
            (None, false, Packed, Some(early("accepted"))),
            (None, false, Ready, Some(early("accepted"))),
            (Some(Accepted), false, Accepted, Some(taken("accepted"))),
            (Some(Accepted), false, Packed, None),
            (Some(Accepted), false, Ready, Some(early("packed"))),
            (Some(Packed), false, Accepted, Some(taken("packed"))),
            (Some(Packed), false, Ready, None),
            // What is fetched is not sent, and what is sent is not fetched.
            (Some(Packed), false, OnTheWay, Some(invalid(Wrong::StepMisfit))),
            (Some(Packed), true, OnTheWay, None),
            (Some(Packed), true, Ready, Some(invalid(Wrong::StepMisfit))),
            (Some(Ready), false, Ready, Some(taken("ready"))),
            (Some(Ready), false, OnTheWay, Some(invalid(Wrong::StepMisfit))),
            (Some(OnTheWay), true, Packed, Some(taken("on its way"))),
            (Some(OnTheWay), true, OnTheWay, Some(taken("on its way"))),
        ] {
            let facts = Facts { state: Some(OrderState::Held), step: known, is_brought };
            let decided = decide(&facts, ORDER, step);
            assert_eq!(decided.as_ref().err().cloned(), refused, "{facts:?} {step:?}");
            if let Ok(entries) = decided {
                assert_eq!(entries, [OrderStepped { order: ORDER, step }.into()]);
            }
        }
    }

    #[test]
    fn an_order_that_ended_goes_no_further() {
        for (state, refused) in [
            (Some(OrderState::HandedOver), Refusal::OrderEnded("handed over")),
            (Some(OrderState::Released), Refusal::OrderEnded("cancelled")),
            (Some(OrderState::Fulfilled), Refusal::OrderEnded("fulfilled")),
            (None, Refusal::UnknownOrder(ORDER)),
        ] {
            let facts = Facts { state, step: None, is_brought: false };
            assert_eq!(decide(&facts, ORDER, Accepted), Err(refused));
            assert_eq!(next(&facts), None);
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for step in OrderStep::ALL {
            assert_eq!(OrderStep::from_name(step.name()), Some(*step));
        }
        assert_eq!(OrderStep::from_name("eaten"), None);
    }
}
