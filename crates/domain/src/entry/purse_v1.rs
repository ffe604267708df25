//! What a card does for an order as it was first written: without what had been said so before. Read for ever, and written where
//! nothing had been, or where the author's own chain says what had been, so that registers of before understand it.

use super::{OrderPurseHeld as HeldNow, OrderPurseMoved as MovedNow, PurseMove};
use crate::ids::{OrderId, ProductId, ThingId};

pub(super) const VERSION: u8 = 1;

crate::wire_struct! {
    pub struct OrderPurseHeld {
        pub order: OrderId,
        pub purse: ProductId,
        pub units: i64,
        pub rest_minor: i64,
    }
}

crate::wire_struct! {
    pub struct OrderPurseMoved {
        pub order: OrderId,
        pub purse: ProductId,
        pub cause: PurseMove,
        pub units: i64,
        pub refund: Option<ThingId>,
    }
}

impl From<OrderPurseHeld> for HeldNow {
    fn from(old: OrderPurseHeld) -> Self {
        let OrderPurseHeld { order, purse, units, rest_minor } = old;
        Self { order, purse, units, rest_minor, before: 0 }
    }
}

impl From<OrderPurseMoved> for MovedNow {
    fn from(old: OrderPurseMoved) -> Self {
        let OrderPurseMoved { order, purse, cause, units, refund } = old;
        Self { order, purse, cause, units, refund, before: 0 }
    }
}

/// As every register reads it; none where it says what only newer ones know.
pub(super) fn first_held(now: &HeldNow) -> Option<OrderPurseHeld> {
    let HeldNow { order, purse, units, rest_minor, before } = *now;
    (before == 0).then_some(OrderPurseHeld { order, purse, units, rest_minor })
}

/// The same of what became of it.
pub(super) fn first_moved(now: &MovedNow) -> Option<OrderPurseMoved> {
    let MovedNow { order, purse, cause, units, refund, before } = *now;
    (before == 0).then_some(OrderPurseMoved { order, purse, cause, units, refund })
}
