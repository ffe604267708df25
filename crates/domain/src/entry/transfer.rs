//! The money for an order that goes to the stall's own account at a bank. The server says where to and until when; that it came, and
//! that it was sent back, say registers, because somebody of the stall looks at the account.

use crate::ids::{OrderId, ThingId};
use crate::transfer::BankAccount;

crate::wire_struct! {
    /// The buyer chose to send the money. Written with the order, and with the account as the buyer was told it: whoever changes the
    /// stall's account later changes where the next order is paid.
    pub struct OrderToTransfer {
        pub order: OrderId,
        pub amount_minor: i64,
        pub to: BankAccount,
        /// The goods are held so long; then the server may cancel the order.
        pub until_ms: i64,
    }
}

crate::wire_struct! {
    /// Somebody saw it on the account. `reference` is the bank's name for it, where somebody wrote it down. It is no money of a
    /// drawer. Two registers may say so apart; it came once all the same.
    pub struct OrderTransferCame { pub order: OrderId, pub amount_minor: i64, pub reference: String }
}

crate::wire_struct! {
    /// What was allowed to go back the way it came was sent, by hand.
    pub struct OrderSentBack { pub refund: ThingId, pub order: OrderId, pub amount_minor: i64, pub reference: String }
}
