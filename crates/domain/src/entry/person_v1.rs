//! Limits of roles as they were first written: without one for amounts that are no product's. Read for ever, and written
//! where there is no such limit, so that registers of before understand it.

use super::LimitsPut as LimitsNow;
use crate::people::Limits as Now;
use crate::role::Role;

pub(super) const VERSION: u8 = 1;

crate::wire_struct! {
    pub struct Limits {
        pub discount_ppm: u32,
        pub refund_minor: i64,
        pub void_sale: bool,
        pub open_drawer: bool,
        pub change_price: bool,
    }
}

crate::wire_struct! {
    pub struct LimitsPut { pub role: Role, pub revision: u64, pub limits: Limits }
}

impl From<LimitsPut> for LimitsNow {
    fn from(old: LimitsPut) -> Self {
        let Limits { discount_ppm, refund_minor, void_sale, open_drawer, change_price } = old.limits;
        // Nobody had said a word about custom amounts, so nobody was asked about them.
        let limits = Now { discount_ppm, refund_minor, void_sale, open_drawer, change_price, ..Now::NONE };
        Self { role: old.role, revision: old.revision, limits }
    }
}

/// As every register reads it; none where it says what only newer ones know.
pub(super) fn first_form(now: &LimitsNow) -> Option<LimitsPut> {
    let Now { discount_ppm, refund_minor, void_sale, open_drawer, change_price, custom_minor } = now.limits;
    let limits = Limits { discount_ppm, refund_minor, void_sale, open_drawer, change_price };
    let first = LimitsPut { role: now.role, revision: now.revision, limits };
    (custom_minor == Now::NONE.custom_minor).then_some(first)
}
