//! Make a code that takes something off orders, change what it is good for, or end it.

use crate::basket::Discount;
use crate::coupon::{CouponTerms, PRODUCTS_MAX, code_of};
use crate::entry::{CouponPut, Entry};
use crate::money::Ppm;
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::role::Role;
use crate::verbs::move_price::PRICE_MINOR_MAX;
use crate::wrong::Wrong;

/// Most codes of a stall, ended ones with them.
pub const COUPONS_MAX: u64 = 500;

#[derive(Clone, Debug)]
pub struct Facts {
    pub register: Role,
    pub doer: Doer,
    /// The revision of this code; none is a new one.
    pub revision: Option<u64>,
    /// Codes of the stall.
    pub codes: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PutCoupon {
    /// As somebody typed it.
    pub code: String,
    pub terms: CouponTerms,
}

/// Who may say it: whoever says what others may do.
pub fn decide(facts: &Facts, command: PutCoupon) -> Result<Vec<Entry>, Refusal> {
    let PutCoupon { code, terms } = command;
    ensure(facts.register.may_manage_people(), Refusal::NotAllowed)?;
    let code = code_of(&code).ok_or(invalid(Wrong::CouponCodeOdd))?;
    check(&terms)?;
    let has_room = facts.revision.is_some() || facts.codes < COUPONS_MAX;
    ensure(has_room, invalid(Wrong::CouponsFull))?;
    facts.doer.allow(&[Wish::ManagePeople])?;
    let revision = facts.revision.unwrap_or(0).checked_add(1).ok_or(Refusal::TooLarge)?;
    Ok(vec![CouponPut { code, revision, terms }.into()])
}

fn check(terms: &CouponTerms) -> Result<(), Refusal> {
    let is_some = match terms.off {
        Discount::None => false,
        Discount::Amount(minor) => (1..=PRICE_MINOR_MAX).contains(&minor),
        Discount::Percent(Ppm(ppm)) => (1..=1_000_000).contains(&ppm),
    };
    ensure(is_some, invalid(Wrong::CouponOffOdd))?;
    let is_price = (0..=PRICE_MINOR_MAX).contains(&terms.min_minor);
    ensure(is_price, invalid(Wrong::PriceOdd))?;
    ensure(terms.products.len() <= PRODUCTS_MAX, invalid(Wrong::CouponProductsMany))?;
    let crossed = terms.from_day.zip(terms.until_day).is_some_and(|(first, last)| first > last);
    ensure(!crossed, invalid(Wrong::UntilEarly))?;
    let is_never = terms.uses_max == Some(0) || terms.buyer_uses_max == Some(0);
    ensure(!is_never, invalid(Wrong::CouponUsesOdd))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> CouponTerms {
        CouponTerms {
            off: Discount::Percent(Ppm(100_000)),
            min_minor: 0,
            products: vec![],
            from_day: None,
            until_day: None,
            uses_max: None,
            buyer_uses_max: None,
            is_ended: false,
        }
    }

    #[test]
    fn table() {
        let facts = |register, revision, codes| Facts { register, doer: Doer::Anybody, revision, codes };
        let owner = facts(Role::Owner, None, 0);
        let full = facts(Role::Owner, None, COUPONS_MAX);
        let known = facts(Role::Manager, Some(4), COUPONS_MAX);
        let with = |change: fn(&mut CouponTerms)| {
            let mut terms = terms();
            change(&mut terms);
            terms
        };
        for (facts, code, terms, expected) in [
            (&owner, "summer", terms(), Ok(("SUMMER", 1))),
            (&known, "SUMMER", with(|terms| terms.is_ended = true), Ok(("SUMMER", 5))),
            (&facts(Role::Cashier, None, 0), "SUMMER", terms(), Err(Refusal::NotAllowed)),
            (&owner, "!", terms(), Err(invalid(Wrong::CouponCodeOdd))),
            (&full, "SUMMER", terms(), Err(invalid(Wrong::CouponsFull))),
            (
                &owner,
                "SUMMER",
                with(|terms| terms.off = Discount::Percent(Ppm(1_000_001))),
                Err(invalid(Wrong::CouponOffOdd)),
            ),
            (
                &owner,
                "SUMMER",
                with(|terms| terms.off = Discount::Amount(-5)),
                Err(invalid(Wrong::CouponOffOdd)),
            ),
            (&owner, "SUMMER", with(|terms| terms.min_minor = -1), Err(invalid(Wrong::PriceOdd))),
            (
                &owner,
                "SUMMER",
                with(|terms| (terms.from_day, terms.until_day) = (Some(9), Some(8))),
                Err(invalid(Wrong::UntilEarly)),
            ),
            (&owner, "SUMMER", with(|terms| terms.uses_max = Some(0)), Err(invalid(Wrong::CouponUsesOdd))),
        ] {
            let decided = decide(facts, PutCoupon { code: code.into(), terms });
            let put = decided.as_deref().map_err(Clone::clone).map(|entries| match entries {
                [Entry::CouponPut(put)] => (put.code.as_str(), put.revision),
                other => panic!("{other:?}"),
            });
            assert_eq!(put, expected);
        }
    }
}
