//! Refunds as they were first written: by one means, to the cent. Read for ever, written no longer.

use super::{GivenBack, RefundLine, RefundMade as RefundNow};
use crate::basket::TenderKind;
use crate::ids::{SaleId, ShiftId, ThingId};

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
