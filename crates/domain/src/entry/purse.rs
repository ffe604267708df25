//! Value that a stall owes: gift cards, store credit, points. A purse is kept as stock is: its id stands where a
//! product's does, its units are coins or points, and only whoever holds a share of it may spend them. No code of a
//! card stands in a record, only what its hash names.

use crate::basket::TenderKind;
use crate::ids::{ProductId, SaleId, ShiftId, ThingId};
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
