//! The codes of a stall, and how often each was used.

use soko_app_api::{CouponRow, CouponStanding, CouponsView, View};
use soko_domain::coupon::{CouponProblem, Uses};
use soko_projection::coupons::{self, CouponFound};
use soko_projection::read;
use soko_record_log::StoreError;

use super::{Asking, figures};

/// For whoever may make them.
pub(super) fn view(asking: &mut Asking<'_>) -> Result<View, StoreError> {
    if !figures::may_see(asking)? {
        return Ok(View::ForManagers);
    }
    let profile = read::profile(asking.tx, asking.log)?;
    let cut_off = profile.as_ref().map_or(0, |profile| profile.cut_off_minutes);
    let today = asking.now.stamp(cut_off).business_day;
    let mut rows = Vec::new();
    for found in coupons::all(asking.tx, asking.log)? {
        rows.push(row(asking, found, today)?);
    }
    rows.sort_by_key(|row| row.standing != CouponStanding::Good);
    let currency = profile.map(|profile| profile.currency).unwrap_or_default();
    Ok(View::Coupons(CouponsView { currency, rows }))
}

fn row(asking: &mut Asking<'_>, found: CouponFound, today: i32) -> Result<CouponRow, StoreError> {
    let CouponFound { code, terms, uses, off_minor } = found;
    let mut product_names = Vec::new();
    for product in &terms.products {
        product_names.extend(read::product(asking.tx, asking.log, *product)?.map(|product| product.name));
    }
    let standing = match terms.check(today, Uses { all: uses, by_buyer: 0 }, true) {
        Err(CouponProblem::Early) => CouponStanding::Early,
        Err(CouponProblem::UsedUp) => CouponStanding::UsedUp,
        Err(CouponProblem::Over) => CouponStanding::Over,
        Ok(())
        | Err(
            CouponProblem::Unknown
            | CouponProblem::NeedsAccount
            | CouponProblem::UsedByBuyer
            | CouponProblem::OtherProducts
            | CouponProblem::BelowMinimum { .. },
        ) => CouponStanding::Good,
    };
    Ok(CouponRow { code, terms: terms.into(), product_names, uses, off_minor, standing })
}
