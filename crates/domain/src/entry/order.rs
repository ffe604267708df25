//! How far a stall is with an order from the shop. Registers write it; it moves no units.

use super::Tendered;
use crate::ids::{OrderId, ShiftId};
use crate::tax::TaxTotal;

crate::wire_choice! {
    /// What the stall has done for an order, in this order. One that is fetched becomes ready, one that is brought goes on its
    /// way; both end when it is handed over, which is an entry of its own.
    pub enum OrderStep {
        /// Somebody at the stall has seen it and will do it.
        Accepted = 1,
        Packed = 2,
        /// The buyer can come now.
        Ready = 3,
        OnTheWay = 4,
    }
}

crate::wire_struct! {
    pub struct OrderStepped { pub order: OrderId, pub step: OrderStep }
}

crate::wire_struct! {
    /// The goods are with their buyer.
    pub struct OrderHandedOver {
        pub order: OrderId,
        /// What was paid for them then. Nothing where they had been paid before.
        pub taken: Option<OrderTaken>,
    }
}

crate::wire_struct! {
    /// The money that changed hands with the goods. Everything that a shift's report needs of it stands here, since the order
    /// itself is in the server's chain.
    pub struct OrderTaken {
        pub shift: ShiftId,
        /// What was due then: a gift card may pay the rest of what the order comes to.
        pub total_minor: i64,
        /// Added to the cash part only, so that coins suffice.
        pub cash_rounding_minor: i64,
        pub tenders: Vec<Tendered>,
        pub change_minor: i64,
        pub taxes: Vec<TaxTotal>,
    }
}

impl OrderTaken {
    /// By how much the drawer grew.
    pub fn cash_kept(&self) -> i64 {
        super::cash_kept(&self.tenders, self.change_minor)
    }
}
