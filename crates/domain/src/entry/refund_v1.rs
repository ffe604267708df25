//! Refunds as they were first written: by one means, to the cent, and allowed without a look at what was paid. Read for ever, written no longer.

use super::{GivenBack, RefundAllowed as AllowedNow, RefundLine, RefundMade as RefundNow};
use crate::basket::TenderKind;
use crate::ids::{AuthorId, SaleId, ShiftId, ThingId};

crate::wire_struct! {
    pub struct RefundMade {
        pub refund: ThingId,
        pub sale: SaleId,
        pub shift: ShiftId,
        pub allowance: Option<ThingId>,
        pub lines: Vec<RefundLine>,
        pub tender: TenderKind,
        pub amount_minor: i64,
        pub reason: String,
    }
}

impl From<RefundMade> for RefundNow {
    fn from(old: RefundMade) -> Self {
        Self {
            refund: old.refund,
            sale: old.sale,
            shift: old.shift,
            allowance: old.allowance,
            lines: old.lines,
            amount_minor: old.amount_minor,
            cash_rounding_minor: 0,
            given: vec![GivenBack { kind: old.tender, amount_minor: old.amount_minor, never_came: false }],
            reason: old.reason,
        }
    }
}

crate::wire_struct! {
    pub struct RefundAllowed {
        pub allowance: ThingId,
        pub to: AuthorId,
        pub sale: SaleId,
        pub line: u32,
        pub quantity: i64,
        pub amount_minor: i64,
    }
}

impl From<RefundAllowed> for AllowedNow {
    fn from(old: RefundAllowed) -> Self {
        Self {
            allowance: old.allowance,
            to: old.to,
            sale: old.sale,
            line: old.line,
            quantity: old.quantity,
            amount_minor: old.amount_minor,
            money_minor: old.amount_minor,
            all_minor: old.amount_minor,
        }
    }
}
