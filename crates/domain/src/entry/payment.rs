//! How the money for an order from the shop moved. Only the server writes that: it alone talks to those who move it.
//! Registers read from them whether an order is paid, without a network, too, and may ask for the money to go back.

use crate::ids::OrderId;

crate::wire_choice! {
    /// How a buyer pays before the goods are fetched.
    pub enum PayWay {
        Card = 1,
        /// Money that a telephone holds.
        Phone = 2,
    }
}

crate::wire_struct! {
    /// The buyer chose to pay before fetching. Written with the order; without it, the stall is paid at hand-over.
    pub struct OrderToPay { pub order: OrderId, pub way: PayWay, pub amount_minor: i64 }
}

crate::wire_struct! {
    /// The provider holds the money for us. `reference` is its name for the payment.
    pub struct OrderPaid { pub order: OrderId, pub way: PayWay, pub amount_minor: i64, pub reference: String }
}

crate::wire_struct! {
    /// The buyer has it again.
    pub struct OrderPaidBack { pub order: OrderId, pub way: PayWay, pub amount_minor: i64, pub reference: String }
}

crate::wire_struct! {
    /// A register wants the buyer of an order that was handed over to have the money again, all of it.
    pub struct OrderBackAsked { pub order: OrderId, pub reason: String }
}
