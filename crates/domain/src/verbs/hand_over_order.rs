//! A register hands an order over, or asks to cancel it. The hold belongs to the server, so neither moves
//! stock by itself: the server answers with an entry of its own.

use crate::entry::{Entry, OrderCancelAsked, OrderHandedOver};
use crate::ids::OrderId;
use crate::refusal::{Refusal, ensure};
use crate::verbs::check_note;
use crate::verbs::release_order::OrderState;

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub state: Option<OrderState>,
}

pub fn decide_hand_over(facts: &Facts, order: OrderId) -> Result<Vec<Entry>, Refusal> {
    check_open(facts, order)?;
    Ok(vec![OrderHandedOver { order }.into()])
}

pub fn decide_cancel(facts: &Facts, order: OrderId, reason: &str) -> Result<Vec<Entry>, Refusal> {
    check_note(reason)?;
    check_open(facts, order)?;
    Ok(vec![OrderCancelAsked { order, reason: reason.into() }.into()])
}

fn check_open(facts: &Facts, order: OrderId) -> Result<(), Refusal> {
    let state = facts.state.ok_or(Refusal::UnknownOrder(order))?;
    ensure(state == OrderState::Held, Refusal::OrderEnded(state.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_open_order_can_be_handed_over_or_cancelled() {
        let order = OrderId([1; 16]);
        for (state, refused) in [
            (Some(OrderState::Held), None),
            (Some(OrderState::HandedOver), Some(Refusal::OrderEnded("handed over"))),
            (Some(OrderState::Released), Some(Refusal::OrderEnded("cancelled"))),
            (Some(OrderState::Fulfilled), Some(Refusal::OrderEnded("fulfilled"))),
            (None, Some(Refusal::UnknownOrder(order))),
        ] {
            let facts = Facts { state };
            assert_eq!(decide_hand_over(&facts, order).err(), refused.clone());
            assert_eq!(decide_cancel(&facts, order, "no time").err(), refused);
        }
    }
}
