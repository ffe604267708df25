//! Value that a stall owes: gift cards, store credit, points. A purse is kept as stock is: its id stands where a
//! product's does, its units are coins or points, and only whoever holds a share of it may spend them. No code of a
//! card stands in a record, only what its hash names.

use crate::basket::TenderKind;
use crate::ids::{OrderId, ProductId, SaleId, ShiftId, ThingId};
pub use crate::purse::PurseKind;

crate::wire_choice! {
    /// Why there is more in a purse.
    pub enum FillCause {
        /// Somebody paid for it: money in the drawer that the stall owes.
        Bought = 1,
        /// Money of a refund, kept here.
        Refund = 2,
        /// Points for what was bought.
        Earned = 3,
        /// A present of the stall.
        Given = 4,
        /// The sale that it paid was voided.
        Undone = 5,
    }
}

crate::wire_choice! {
    /// Why there is less in a purse.
    pub enum SpendCause {
        /// It paid for a sale.
        Paid = 1,
        /// What had earned it was voided or refunded.
        TakenBack = 2,
    }
}

crate::wire_struct! {
    pub struct PurseFilled {
        pub purse: ProductId,
        pub kind: PurseKind,
        /// Whose it is. A gift card is whoever's holds it.
        pub customer: Option<ThingId>,
        pub units: i64,
        pub cause: FillCause,
        /// The shift in which it happened, which a report of the drawer counts it for.
        pub shift: Option<ShiftId>,
        /// The sale that it is about.
        pub sale: Option<SaleId>,
        /// How it was paid for, where it was.
        pub tender: Option<TenderKind>,
        pub reference: String,
        pub reason: String,
    }
}

crate::wire_struct! {
    pub struct PurseSpent {
        pub purse: ProductId,
        pub kind: PurseKind,
        pub customer: Option<ThingId>,
        pub units: i64,
        /// What the units were worth when they paid.
        pub money_minor: i64,
        pub cause: SpendCause,
        pub shift: Option<ShiftId>,
        pub sale: Option<SaleId>,
        /// Units that should have been taken back and were not in this register's share.
        pub missing: i64,
    }
}

crate::wire_struct! {
    /// How points are earned and what they are worth from now on. The highest revision counts, and of equal ones the
    /// one of the highest author.
    pub struct LoyaltyPut {
        pub revision: u64,
        /// One point for so much paid; 0 for none.
        pub earn_minor: i64,
        /// What one point pays.
        pub worth_minor: i64,
    }
}

crate::wire_struct! {
    /// A gift card is to pay for some of an order from the shop, or for all of it: so much of the shop's share of it belongs to that
    /// order alone from here on. Written with the order.
    pub struct OrderPurseHeld {
        pub order: OrderId,
        pub purse: ProductId,
        pub units: i64,
        /// What it does not pay: for the way that the buyer chose, or for whoever hands the goods over.
        pub rest_minor: i64,
        /// Units that were held of it for this order before, as whoever writes knows: what another life of the server says of the
        /// same units is the same.
        pub before: i64,
    }
}

crate::wire_choice! {
    /// What became of units that a card was to pay with.
    pub enum PurseMove {
        /// They paid.
        Paid = 1,
        /// They had paid, and are on the card again.
        Back = 2,
        /// They were not needed: the order came to less.
        Freed = 3,
    }
}

crate::wire_struct! {
    /// Written with what it follows from, in one transaction. An order that ends unpaid gives its card's units back with all others
    /// that it held, without a word of its own.
    pub struct OrderPurseMoved {
        pub order: OrderId,
        pub purse: ProductId,
        pub cause: PurseMove,
        pub units: i64,
        /// The part of the order's money that went back with it, if it was one.
        pub refund: Option<ThingId>,
        /// Units of this order that went so before, as whoever writes knows. What a server says again in another of its lives is the
        /// same movement, and moves nothing more.
        pub before: i64,
    }
}
