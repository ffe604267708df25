//! Orders as they were written before each tax stood with its rate.

use super::OrderCoupon;
use crate::delivery::Handing;
use crate::ids::{OrderId, ProductId, ThingId};

crate::wire_struct! {
    pub struct OrderLine {
        pub product: ProductId,
        pub name: String,
        pub quantity: i64,
        pub unit_price_minor: i64,
        pub price_per: i64,
        pub discount_minor: i64,
        pub tax_minor: i64,
        pub total_minor: i64,
    }
}

crate::wire_struct! {
    pub struct OrderDelivery { pub zone: String, pub tax_minor: i64, pub total_minor: i64 }
}

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
        pub coupon: Option<OrderCoupon>,
    }
}

impl From<OrderLine> for super::OrderLine {
    fn from(old: OrderLine) -> Self {
        let OrderLine {
            product,
            name,
            quantity,
            unit_price_minor,
            price_per,
            discount_minor,
            tax_minor,
            total_minor,
        } = old;
        Self {
            product,
            name,
            quantity,
            unit_price_minor,
            price_per,
            discount_minor,
            taxes: Vec::new(),
            tax_minor,
            total_minor,
        }
    }
}

impl From<OrderDelivery> for super::OrderDelivery {
    fn from(old: OrderDelivery) -> Self {
        let OrderDelivery { zone, tax_minor, total_minor } = old;
        Self { zone, taxes: Vec::new(), tax_minor, total_minor }
    }
}

impl From<OrderPlaced> for super::OrderPlaced {
    fn from(old: OrderPlaced) -> Self {
        let OrderPlaced { order, buyer, currency, lines, total_minor, note, handing, delivery, coupon } = old;
        let lines = lines.into_iter().map(Into::into).collect();
        let delivery = delivery.map(Into::into);
        Self { order, buyer, currency, lines, total_minor, note, handing, delivery, coupon }
    }
}
