//! The units of an order are in the buyer's hands: the server turns its hold into a sale.

use crate::entry::{Entry, OrderFulfilled, Units};
use crate::ids::OrderId;
use crate::refusal::{Refusal, ensure};
use crate::verbs::release_order::OrderState;

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub state: Option<OrderState>,
    /// What the order still holds.
    pub units: Vec<Units>,
}

pub fn decide(facts: &Facts, order: OrderId) -> Result<Vec<Entry>, Refusal> {
    let state = facts.state.ok_or(Refusal::UnknownOrder(order))?;
    let open = matches!(state, OrderState::Held | OrderState::HandedOver);
    ensure(open, Refusal::OrderEnded(state.name()))?;
    Ok(vec![OrderFulfilled { order, units: facts.units.clone() }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_fulfilled_once() {
        let order = OrderId([1; 16]);
        for (state, refused) in [
            (Some(OrderState::Held), None),
            (Some(OrderState::HandedOver), None),
            (Some(OrderState::Released), Some(Refusal::OrderEnded("cancelled"))),
            (Some(OrderState::Fulfilled), Some(Refusal::OrderEnded("fulfilled"))),
            (None, Some(Refusal::UnknownOrder(order))),
        ] {
            assert_eq!(decide(&Facts { state, units: vec![] }, order).err(), refused);
        }
    }
}
