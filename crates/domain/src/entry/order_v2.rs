//! Orders as they were written before codes took something off.

use super::order_v1::OrderLine;
use super::order_v3::OrderDelivery;
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
        pub handing: Handing,
        pub delivery: Option<OrderDelivery>,
    }
}

impl From<OrderPlaced> for super::OrderPlaced {
    fn from(old: OrderPlaced) -> Self {
        let OrderPlaced { order, buyer, currency, lines, total_minor, note, handing, delivery } = old;
        let lines = lines.into_iter().map(Into::into).collect();
        let delivery = delivery.map(Into::into);
        Self { order, buyer, currency, lines, total_minor, note, handing, delivery, coupon: None }
    }
}
