//! Orders as they were written before a stall could bring them.

use super::OrderLine;
use crate::delivery::Handing;
use crate::ids::{OrderId, ThingId};

crate::wire_struct! {
    pub struct OrderPlaced {
        pub order: OrderId,
        pub buyer: ThingId,
        pub currency: crate::money::Currency,
        pub lines: Vec<OrderLine>,
        pub total_minor: i64,
        pub note: String,
    }
}

impl From<OrderPlaced> for super::OrderPlaced {
    fn from(old: OrderPlaced) -> Self {
        let OrderPlaced { order, buyer, currency, lines, total_minor, note } = old;
        Self { order, buyer, currency, lines, total_minor, note, handing: Handing::Pickup, delivery: None }
    }
}
