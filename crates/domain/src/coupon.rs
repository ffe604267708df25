//! Codes that take something off an order: what one is good for, and what comes off each line. The same computation on the
//! buyer's device and on the server, so that what was seen before the last tap is what is charged.
//!
//! A code may be used so often and no more. Its uses are the orders that carry it and were not cancelled, so one that ends
//! without being handed over gives its use back by itself; whoever decides counts them in the transaction that decides.

use crate::basket::Discount;
use crate::ids::ProductId;
use crate::money::{Rounding, allocate};
use crate::refusal::{Refusal, ensure};

/// Shortest and longest code.
pub const CODE_BYTES: std::ops::RangeInclusive<usize> = 3..=24;
/// Longest text that is looked at when somebody types a code.
pub const TYPED_BYTES_MAX: usize = 100;
/// Most products that one code is for.
pub const PRODUCTS_MAX: usize = 100;

crate::wire_struct! {
    /// What a code is good for.
    pub struct CouponTerms {
        /// Comes off what the goods cost, shared out over the lines in proportion; an amount above that makes them free.
        pub off: Discount,
        /// What the goods that it is for must come to, before anything comes off.
        pub min_minor: i64,
        /// None is everything.
        pub products: Vec<ProductId>,
        /// The stall's business days, both of them included.
        pub from_day: Option<i32>,
        pub until_day: Option<i32>,
        /// Orders altogether.
        pub uses_max: Option<u32>,
        /// Orders of one buyer, who needs an account for it: a guest is a new one every time.
        pub buyer_uses_max: Option<u32>,
        /// The stall took it back.
        pub is_ended: bool,
    }
}

/// Orders that carry a code and were not cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Uses {
    pub all: u64,
    pub by_buyer: u64,
}

/// Why a code takes nothing off, the first reason found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CouponProblem {
    #[error("the stall has no such code; look how it is written")]
    Unknown,
    #[error("this code is not good any more")]
    Over,
    #[error("this code is not good yet")]
    Early,
    #[error("this code was used as often as it may be")]
    UsedUp,
    #[error("this code may be used so often by one person only: sign in first")]
    NeedsAccount,
    #[error("you used this code as often as one person may")]
    UsedByBuyer,
    #[error("this code is for other products")]
    OtherProducts,
    #[error("this code is for orders from {min_minor} (smallest units) on")]
    BelowMinimum { min_minor: i64 },
}

impl CouponProblem {
    /// A stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "coupon_unknown",
            Self::Over => "coupon_over",
            Self::Early => "coupon_early",
            Self::UsedUp => "coupon_used_up",
            Self::NeedsAccount => "coupon_account",
            Self::UsedByBuyer => "coupon_used",
            Self::OtherProducts => "coupon_products",
            Self::BelowMinimum { .. } => "coupon_minimum",
        }
    }
}

/// What somebody typed as the one way of writing it: capitals, digits and lines between, without spaces.
pub fn code_of(typed: &str) -> Option<String> {
    if typed.len() > TYPED_BYTES_MAX {
        return None;
    }
    let code: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let code = code.to_ascii_uppercase();
    let is_plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_plain && CODE_BYTES.contains(&code.len())).then_some(code)
}

impl CouponTerms {
    /// Whether somebody may use it, before any basket is looked at.
    pub fn check(&self, day: i32, uses: Uses, has_account: bool) -> Result<(), CouponProblem> {
        let reached = |max: Option<u32>, used: u64| max.is_some_and(|max| used >= u64::from(max));
        let problem = if self.is_ended || self.until_day.is_some_and(|last| day > last) {
            CouponProblem::Over
        } else if self.from_day.is_some_and(|first| day < first) {
            CouponProblem::Early
        } else if reached(self.uses_max, uses.all) {
            CouponProblem::UsedUp
        } else if self.buyer_uses_max.is_some() && !has_account {
            CouponProblem::NeedsAccount
        } else if reached(self.buyer_uses_max, uses.by_buyer) {
            CouponProblem::UsedByBuyer
        } else {
            return Ok(());
        };
        Err(problem)
    }

    /// What comes off each of these lines, given what they cost without it.
    pub fn off_lines(&self, lines: &[(ProductId, i64)], rounding: Rounding) -> Result<Vec<i64>, Refusal> {
        let is_for = |product: &ProductId| self.products.is_empty() || self.products.contains(product);
        let weights: Vec<i64> =
            lines.iter().map(|(product, minor)| if is_for(product) { *minor } else { 0 }).collect();
        let fits = lines.iter().any(|(product, _)| is_for(product));
        ensure(fits, Refusal::Coupon(CouponProblem::OtherProducts))?;
        let whole = weights.iter().try_fold(0i64, |sum, minor| sum.checked_add(*minor));
        let whole = whole.ok_or(Refusal::TooLarge)?;
        let below = CouponProblem::BelowMinimum { min_minor: self.min_minor };
        ensure(whole >= self.min_minor, Refusal::Coupon(below))?;
        let off = match self.off {
            Discount::Amount(minor) => minor.min(whole),
            Discount::None | Discount::Percent(_) => {
                self.off.off(whole, rounding).ok_or(Refusal::TooLarge)?
            }
        };
        allocate(off, &weights).ok_or(Refusal::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Ppm;

    const MANGO: ProductId = ProductId([1; 16]);
    const PEN: ProductId = ProductId([2; 16]);

    fn terms(off: Discount) -> CouponTerms {
        CouponTerms {
            off,
            min_minor: 0,
            products: vec![],
            from_day: Some(100),
            until_day: Some(110),
            uses_max: Some(3),
            buyer_uses_max: None,
            is_ended: false,
        }
    }

    #[test]
    fn a_code_is_written_in_one_way() {
        for (typed, code) in [
            (" summer-26 ", Some("SUMMER-26")),
            ("S U M M E R", Some("SUMMER")),
            ("ab", None),
            ("ABCDEFGHIJKLMNOPQRSTUVWXY", None),
            ("été", None),
            ("<b>X", None),
            ("", None),
        ] {
            assert_eq!(code_of(typed).as_deref(), code, "{typed}");
        }
        assert_eq!(code_of(&" ".repeat(200)), None);
    }

    #[test]
    fn it_is_good_between_its_days_and_so_often() {
        let whole = terms(Discount::Amount(100));
        let once_each = CouponTerms { buyer_uses_max: Some(1), ..whole.clone() };
        let ended = CouponTerms { is_ended: true, ..whole.clone() };
        let uses = |all, by_buyer| Uses { all, by_buyer };
        for (terms, day, uses, has_account, expected) in [
            (&whole, 100, uses(0, 0), false, Ok(())),
            (&whole, 110, uses(2, 2), false, Ok(())),
            (&whole, 99, uses(0, 0), false, Err(CouponProblem::Early)),
            (&whole, 111, uses(9, 0), false, Err(CouponProblem::Over)),
            (&ended, 105, uses(0, 0), true, Err(CouponProblem::Over)),
            (&whole, 105, uses(3, 0), true, Err(CouponProblem::UsedUp)),
            (&once_each, 105, uses(1, 0), false, Err(CouponProblem::NeedsAccount)),
            (&once_each, 105, uses(1, 0), true, Ok(())),
            (&once_each, 105, uses(2, 1), true, Err(CouponProblem::UsedByBuyer)),
        ] {
            assert_eq!(terms.check(day, uses, has_account), expected, "day {day}, {uses:?}");
        }
    }

    #[test]
    fn what_comes_off_is_shared_out_over_the_lines_that_it_is_for() {
        let lines = [(MANGO, 1_000), (PEN, 500)];
        let percent = |ppm| Discount::Percent(Ppm(ppm));
        let pens = |off| CouponTerms { products: vec![PEN], ..terms(off) };
        let from = |min_minor, terms| CouponTerms { min_minor, ..terms };
        let problem = |problem| Err(Refusal::Coupon(problem));
        for (terms, expected) in [
            (terms(Discount::Amount(300)), Ok(vec![200, 100])),
            (terms(percent(100_000)), Ok(vec![100, 50])),
            (pens(percent(500_000)), Ok(vec![0, 250])),
            // More than it costs makes it free, and no more.
            (pens(Discount::Amount(900)), Ok(vec![0, 500])),
            (from(1_500, terms(Discount::Amount(1))), Ok(vec![1, 0])),
            (
                from(1_501, terms(Discount::Amount(1))),
                problem(CouponProblem::BelowMinimum { min_minor: 1_501 }),
            ),
            // What it is not for does not count for its minimum.
            (from(501, pens(Discount::Amount(1))), problem(CouponProblem::BelowMinimum { min_minor: 501 })),
            (
                CouponTerms { products: vec![ProductId([9; 16])], ..terms(Discount::Amount(1)) },
                problem(CouponProblem::OtherProducts),
            ),
        ] {
            assert_eq!(terms.off_lines(&lines, Rounding::HalfUp), expected, "{terms:?}");
        }
    }
}
