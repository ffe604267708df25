//! Goods of a sale that came back, and what the customer had for them.

use super::GoodsBack;
use crate::basket::TenderKind;
use crate::ids::{AuthorId, ProductId, SaleId, ShiftId, ThingId};

crate::wire_struct! {
    pub struct RefundLine {
        /// Position of the line in its sale.
        pub line: u32,
        pub product: Option<ProductId>,
        pub quantity: i64,
        pub amount_minor: i64,
        pub goods: GoodsBack,
    }
}

crate::wire_struct! {
    /// By one means so much.
    pub struct GivenBack {
        pub kind: TenderKind,
        pub amount_minor: i64,
        /// What was to be paid by this means never came: it is taken out of the books, and nothing leaves for it.
        pub never_came: bool,
    }
}

crate::wire_struct! {
    /// Always: what was given, written off with it = what the lines are worth + the rounding.
    pub struct RefundMade {
        pub refund: ThingId,
        pub sale: SaleId,
        /// The shift whose drawer paid.
        pub shift: ShiftId,
        /// The server's allowance, or none where the register still holds the right itself.
        pub allowance: Option<ThingId>,
        pub lines: Vec<RefundLine>,
        /// What the lines are worth.
        pub amount_minor: i64,
        /// Added to the cash only, so that coins suffice.
        pub cash_rounding_minor: i64,
        pub given: Vec<GivenBack>,
        pub reason: String,
    }
}

impl RefundMade {
    /// By how much the drawer shrinks.
    pub fn cash_given(&self) -> i64 {
        self.given_by(|kind| kind == TenderKind::Cash)
    }

    /// What went into a purse, or out for other goods as what a purse had paid.
    pub fn voucher_given(&self) -> i64 {
        self.given_by(|kind| kind == TenderKind::Voucher)
    }

    /// What left at all.
    pub fn all_given(&self) -> i64 {
        self.given_by(|_| true)
    }

    fn given_by(&self, is_meant: impl Fn(TenderKind) -> bool) -> i64 {
        let parts = self.given.iter().filter(|part| !part.never_came && is_meant(part.kind));
        parts.fold(0, |sum: i64, part| sum.saturating_add(part.amount_minor))
    }
}

crate::wire_struct! {
    /// The server's word that a register may refund units of a line, and what may go back for them: it bounds by what was paid, too,
    /// so that two registers that do not hear each other never give the same money twice.
    pub struct RefundAllowed {
        pub allowance: ThingId,
        pub to: AuthorId,
        pub sale: SaleId,
        pub line: u32,
        pub quantity: i64,
        /// What the units are worth.
        pub amount_minor: i64,
        /// So much of it may go back as money,
        pub money_minor: i64,
        /// and so much as money or into a purse.
        pub all_minor: i64,
    }
}
