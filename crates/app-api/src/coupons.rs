//! Codes that take something off orders, as a seller makes them and sees what became of them.

use serde::{Deserialize, Serialize};
use soko_domain::basket::Discount;
use soko_domain::coupon::CouponTerms;
use soko_domain::ids::ProductId;
use soko_domain::money::Ppm;

use crate::command::DiscountInput;
use crate::text::as_hex_list;

/// What a code is good for.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct CouponInput {
    pub off: DiscountInput,
    /// What the goods that it is for must come to, before anything comes off.
    pub min_minor: i64,
    /// None is everything.
    #[serde(with = "as_hex_list")]
    pub products: Vec<ProductId>,
    /// Business days, both of them included.
    pub from_day: Option<i32>,
    pub until_day: Option<i32>,
    pub uses_max: Option<u32>,
    /// Of one person, who needs an account for it.
    pub buyer_uses_max: Option<u32>,
    pub is_ended: bool,
}

/// A code and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CouponRow {
    pub code: String,
    pub terms: CouponInput,
    /// What it is for, by name, where it is not for everything.
    pub product_names: Vec<String>,
    /// Orders that carry it and were not cancelled.
    pub uses: u64,
    /// What it took off those.
    pub off_minor: i64,
    pub standing: CouponStanding,
}

/// Whether a code takes anything off today.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CouponStanding {
    Good,
    Early,
    UsedUp,
    Over,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CouponsView {
    pub currency: String,
    /// Those that are good first, each by name.
    pub rows: Vec<CouponRow>,
}

impl From<CouponInput> for CouponTerms {
    fn from(input: CouponInput) -> Self {
        let CouponInput { off, min_minor, products, from_day, until_day, uses_max, buyer_uses_max, is_ended } =
            input;
        let off = match off {
            DiscountInput::None => Discount::None,
            DiscountInput::AmountMinor(minor) => Discount::Amount(minor),
            DiscountInput::PercentPpm(ppm) => Discount::Percent(Ppm(ppm)),
        };
        Self { off, min_minor, products, from_day, until_day, uses_max, buyer_uses_max, is_ended }
    }
}

impl From<CouponTerms> for CouponInput {
    fn from(terms: CouponTerms) -> Self {
        let CouponTerms { off, min_minor, products, from_day, until_day, uses_max, buyer_uses_max, is_ended } =
            terms;
        let off = match off {
            Discount::None => DiscountInput::None,
            Discount::Amount(minor) => DiscountInput::AmountMinor(minor),
            Discount::Percent(ppm) => DiscountInput::PercentPpm(ppm.0),
        };
        Self { off, min_minor, products, from_day, until_day, uses_max, buyer_uses_max, is_ended }
    }
}
