//! Give an order's hold back to the shop's share. Time alone never does this.

use crate::entry::{Entry, OrderReleased, OrderStep, ReleaseReason, Units};
use crate::ids::OrderId;
use crate::refusal::{Refusal, ensure};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReleaseOrder {
    pub order: OrderId,
    pub reason: ReleaseReason,
}

/// Where an order stands. It only moves forward.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OrderState {
    Held,
    HandedOver,
    Released,
    Fulfilled,
}

impl OrderState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::HandedOver => "handed over",
            Self::Released => "cancelled",
            Self::Fulfilled => "fulfilled",
        }
    }
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub state: Option<OrderState>,
    /// How far the stall is with it.
    pub step: Option<OrderStep>,
    /// What the order still holds.
    pub units: Vec<Units>,
}

pub fn decide(facts: &Facts, command: &ReleaseOrder) -> Result<Vec<Entry>, Refusal> {
    let state = facts.state.ok_or(Refusal::UnknownOrder(command.order))?;
    ensure(state == OrderState::Held, Refusal::OrderEnded(state.name()))?;
    check_reason(facts.step, command.reason)?;
    Ok(vec![
        OrderReleased { order: command.order, reason: command.reason, units: facts.units.clone() }.into(),
    ])
}

/// What left the stall is nobody's to sell again because its buyer thinks otherwise: the stall says when it is back.
pub fn check_reason(step: Option<OrderStep>, reason: ReleaseReason) -> Result<(), Refusal> {
    let is_gone = step == Some(OrderStep::OnTheWay) && reason == ReleaseReason::BuyerCancelled;
    ensure(!is_gone, Refusal::OnTheWay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_takes_nothing_back_that_is_on_its_way() {
        let order = OrderId([1; 16]);
        for (step, reason, refused) in [
            (Some(OrderStep::Ready), ReleaseReason::BuyerCancelled, None),
            (Some(OrderStep::OnTheWay), ReleaseReason::BuyerCancelled, Some(Refusal::OnTheWay)),
            (Some(OrderStep::OnTheWay), ReleaseReason::StallCancelled, None),
            (Some(OrderStep::OnTheWay), ReleaseReason::PaymentFailed, None),
        ] {
            let facts = Facts { state: Some(OrderState::Held), step, units: vec![] };
            assert_eq!(decide(&facts, &ReleaseOrder { order, reason }).err(), refused, "{step:?} {reason:?}");
        }
    }

    #[test]
    fn only_a_held_order_is_released() {
        let order = OrderId([1; 16]);
        for (state, refused) in [
            (Some(OrderState::Held), None),
            (Some(OrderState::HandedOver), Some(Refusal::OrderEnded("handed over"))),
            (Some(OrderState::Released), Some(Refusal::OrderEnded("cancelled"))),
            (Some(OrderState::Fulfilled), Some(Refusal::OrderEnded("fulfilled"))),
            (None, Some(Refusal::UnknownOrder(order))),
        ] {
            let facts = Facts { state, step: None, units: vec![] };
            let command = ReleaseOrder { order, reason: ReleaseReason::BuyerCancelled };
            assert_eq!(decide(&facts, &command).err(), refused);
        }
    }
}
