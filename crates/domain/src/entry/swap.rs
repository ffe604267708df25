//! Other goods in place of a line of an order, or less of the same. A register asks, the server holds what is offered, and the
//! buyer says whether it is taken.

use super::{OrderLine, Units};
use crate::ids::{OrderId, ProductId, ThingId};

crate::wire_struct! {
    /// A register cannot give a line of an order, and would give something else.
    pub struct OrderSwapAsked {
        pub swap: ThingId,
        pub order: OrderId,
        /// Position of the line in its order.
        pub line: u32,
        /// Nothing where the line is only to go.
        pub instead: Option<Instead>,
    }
}

crate::wire_struct! {
    /// Of the same product it is less than was ordered.
    #[derive(Copy)]
    pub struct Instead { pub product: ProductId, pub quantity: i64 }
}

crate::wire_struct! {
    /// The register takes its offer back, as long as nobody took it.
    pub struct OrderSwapWithdrawn { pub swap: ThingId, pub order: OrderId }
}

crate::wire_struct! {
    /// What the buyer is asked. The order holds both, until there is an answer.
    pub struct OrderSwapOffered {
        pub swap: ThingId,
        pub order: OrderId,
        pub line: u32,
        pub into: Option<OrderLine>,
        /// Held beside what the order holds already.
        pub held: Vec<Units>,
        /// By how much the order's total changes if it is taken.
        pub delta_minor: i64,
    }
}

crate::wire_struct! {
    /// The buyer takes it.
    pub struct OrderSwapTaken {
        pub swap: ThingId,
        pub order: OrderId,
        /// At which position the new line stands. The line that it replaces stays where it was, with nothing in it.
        pub place: u32,
        /// What the stall said not to have: it is held no more, and nobody is promised it.
        pub missing: Vec<Units>,
        pub delta_minor: i64,
    }
}

crate::wire_choice! {
    /// Why an offer came to nothing.
    pub enum SwapEnd {
        /// The buyer does not want it.
        Declined = 1,
        /// The stall took it back.
        Withdrawn = 2,
        /// The shop has not so much of the other product.
        NotThere = 3,
        /// The order is too far for it, or the line has changed.
        TooLate = 4,
        /// The order waits for its payment, or costs more than what was paid.
        Money = 5,
    }
}

crate::wire_struct! {
    pub struct OrderSwapEnded { pub swap: ThingId, pub order: OrderId, pub end: SwapEnd, pub back: Vec<Units> }
}
