//! How far a stall is with an order from the shop. Registers write it; it moves neither units nor money.

use crate::ids::OrderId;

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
