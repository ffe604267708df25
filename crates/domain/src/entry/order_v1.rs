//! Orders as they were written before a stall could bring them, their lines before codes took something off, and their
//! hand-overs before they said what was paid.

use crate::delivery::Handing;
use crate::ids::{OrderId, ProductId, ThingId};

crate::wire_struct! {
    pub struct OrderLine {
        pub product: ProductId,
        pub name: String,
        pub quantity: i64,
        pub unit_price_minor: i64,
        pub price_per: i64,
        pub tax_minor: i64,
        pub total_minor: i64,
    }
}

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

impl From<OrderLine> for super::OrderLine {
    fn from(old: OrderLine) -> Self {
        let OrderLine { product, name, quantity, unit_price_minor, price_per, tax_minor, total_minor } = old;
        Self {
            product,
            name,
            quantity,
            unit_price_minor,
            price_per,
            discount_minor: 0,
            taxes: Vec::new(),
            tax_minor,
            total_minor,
        }
    }
}

impl From<OrderPlaced> for super::OrderPlaced {
    fn from(old: OrderPlaced) -> Self {
        let OrderPlaced { order, buyer, currency, lines, total_minor, note } = old;
        Self {
            order,
            buyer,
            currency,
            lines: lines.into_iter().map(Into::into).collect(),
            total_minor,
            note,
            handing: Handing::Pickup,
            delivery: None,
            coupon: None,
        }
    }
}

crate::wire_struct! {
    pub struct OrderHandedOver { pub order: OrderId }
}

/// Nobody wrote then what was paid.
impl From<OrderHandedOver> for super::OrderHandedOver {
    fn from(old: OrderHandedOver) -> Self {
        Self { order: old.order, taken: None }
    }
}
