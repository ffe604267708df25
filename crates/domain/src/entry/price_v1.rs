//! Limits of prices as they were first written: how far from what others ask was the same for everybody. Read for ever, and
//! written where it is what it was then, so that registers of before understand it.

use super::{PriceAim, PriceMode, PriceRulePut as PutNow};
use crate::ids::ProductId;
use crate::verbs::move_price::MARKET_PPM_USUAL;

pub(super) const VERSION: u8 = 1;

crate::wire_struct! {
    pub struct PriceRulePut {
        pub product: Option<ProductId>,
        pub revision: u64,
        pub mode: PriceMode,
        pub aim: PriceAim,
        pub floor_minor: Option<i64>,
        pub ceiling_minor: Option<i64>,
        pub over_cost_ppm: u32,
        pub step_ppm: u32,
        pub gone_by_minutes: Option<u32>,
    }
}

impl From<PriceRulePut> for PutNow {
    fn from(old: PriceRulePut) -> Self {
        Self {
            product: old.product,
            revision: old.revision,
            mode: old.mode,
            aim: old.aim,
            floor_minor: old.floor_minor,
            ceiling_minor: old.ceiling_minor,
            over_cost_ppm: old.over_cost_ppm,
            step_ppm: old.step_ppm,
            gone_by_minutes: old.gone_by_minutes,
            market_ppm: MARKET_PPM_USUAL,
        }
    }
}

/// As every register reads it; none where it says what only newer ones know.
pub(super) fn first_form(now: &PutNow) -> Option<PriceRulePut> {
    let first = PriceRulePut {
        product: now.product,
        revision: now.revision,
        mode: now.mode,
        aim: now.aim,
        floor_minor: now.floor_minor,
        ceiling_minor: now.ceiling_minor,
        over_cost_ppm: now.over_cost_ppm,
        step_ppm: now.step_ppm,
        gone_by_minutes: now.gone_by_minutes,
    };
    (now.market_ppm == MARKET_PPM_USUAL).then_some(first)
}
