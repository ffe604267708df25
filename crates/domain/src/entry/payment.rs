//! How the money for an order from the shop moved. Only the server writes that: it alone talks to those who move it.
//! Registers read from them whether an order is paid, without a network, too, and may ask for the money to go back. What goes through
//! the stall's own bank account is in `transfer`.

use crate::entry::{GoodsBack, RefundLine};
use crate::ids::{AuthorId, OrderId, ShiftId, ThingId};

crate::wire_choice! {
    /// How a buyer pays before the goods are fetched.
    pub enum PayWay {
        Card = 1,
        /// Money that a telephone holds.
        Phone = 2,
        /// To the stall's own account at a bank, where somebody of the stall looks whether it came. Never in `OrderToPay`.
        Transfer = 3,
    }
}

impl PayWay {
    /// Whether a provider moves the money, whom the server can ask about it.
    pub fn has_provider(self) -> bool {
        match self {
            Self::Card | Self::Phone => true,
            Self::Transfer => false,
        }
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

crate::wire_choice! {
    /// How the money for a part of an order goes back.
    pub enum BackWay {
        /// The way it came, by whoever took it.
        AsPaid = 1,
        /// Out of the drawer of the register that asked.
        Cash = 2,
    }
}

crate::wire_choice! {
    /// What became of a part that was to go back.
    pub enum RefundEnd {
        /// The buyer has it.
        PaidBack = 1,
        /// More than is left of what was paid, or of what was bought: another register was first.
        TooMuch = 2,
        /// Whoever took the money does not give it back.
        NotTaken = 3,
        /// All of it went back at once, and this with it.
        Whole = 4,
        /// Nothing was paid, or not in a way that it can go back.
        NotPaid = 5,
    }
}

crate::wire_struct! {
    /// Some of a line of an order.
    pub struct OrderBackLine {
        /// Position of the line in its order.
        pub line: u32,
        pub quantity: i64,
        pub goods: GoodsBack,
    }
}

crate::wire_struct! {
    /// A register wants a part of an order's money to go back. It moves neither money nor goods: two registers may ask for
    /// the same without hearing of each other, and only the server sees both.
    pub struct OrderRefundAsked {
        pub refund: ThingId,
        pub order: OrderId,
        pub lines: Vec<OrderBackLine>,
        /// Beside what the lines come to.
        pub amount_minor: i64,
        pub way: BackWay,
        pub reason: String,
    }
}

crate::wire_struct! {
    /// So much goes back, and nobody else can ask for it any more. The goods that came with it are the shop's again, or waste.
    pub struct OrderRefundAllowed {
        pub refund: ThingId,
        pub order: OrderId,
        /// Who asked, and gives it where it is cash.
        pub to: AuthorId,
        pub way: BackWay,
        pub lines: Vec<RefundLine>,
        /// With the lines.
        pub amount_minor: i64,
    }
}

crate::wire_struct! {
    /// `reference` is the provider's name for the payment that it is a part of.
    pub struct OrderRefundEnded {
        pub refund: ThingId,
        pub order: OrderId,
        pub end: RefundEnd,
        pub amount_minor: i64,
        pub reference: String,
    }
}

crate::wire_struct! {
    /// What was allowed left the drawer.
    pub struct OrderCashGiven { pub refund: ThingId, pub order: OrderId, pub shift: ShiftId, pub amount_minor: i64 }
}
