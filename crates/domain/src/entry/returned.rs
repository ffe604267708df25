//! What buyers bring back of an order. The server writes it: the buyer asks it, and a register's word comes to it, too.

use super::GoodsBack;
use crate::ids::{OrderId, ProductId, ThingId};

crate::wire_choice! {
    /// Why something comes back. Words of a buyer are in no record.
    pub enum ReturnWhy {
        Damaged = 1,
        NotAsShown = 2,
        /// Something else than was ordered.
        WrongOne = 3,
        DoesNotFit = 4,
        NotWanted = 5,
    }
}

crate::wire_struct! {
    pub struct BackLine {
        /// Position of the line in its order.
        pub line: u32,
        pub product: ProductId,
        pub quantity: i64,
    }
}

crate::wire_struct! {
    /// A buyer wants to bring something back.
    pub struct ReturnAsked {
        pub returned: ThingId,
        pub order: OrderId,
        pub why: ReturnWhy,
        pub lines: Vec<BackLine>,
    }
}

crate::wire_struct! {
    /// Part of a line that came back, and where it went.
    pub struct TakenLine {
        pub line: u32,
        pub product: ProductId,
        pub quantity: i64,
        pub goods: GoodsBack,
    }
}

crate::wire_struct! {
    /// The goods are there again: what can be sold is the shop's to promise.
    pub struct ReturnTaken { pub returned: ThingId, pub order: OrderId, pub lines: Vec<TakenLine> }
}

crate::wire_struct! {
    /// The stall does not take it back, and says why.
    pub struct ReturnRefused { pub returned: ThingId, pub order: OrderId, pub reason: String }
}
