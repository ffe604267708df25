//! Codes that take something off orders from the shop.

use soko_app_api::{CouponInput, Reply};
use soko_domain::coupon::code_of;
use soko_domain::verbs::put_coupon::{self, PutCoupon};
use soko_projection::coupons;

use crate::failure::NotDone;
use crate::write::Writing;

pub(super) fn put(writing: &mut Writing<'_>, code: &str, input: &CouponInput) -> Result<Reply, NotDone> {
    for product in &input.products {
        writing.require_product(*product)?;
    }
    let revision = match code_of(code) {
        Some(code) => coupons::of(writing.tx, writing.log, &code)?.map(|(revision, _)| revision),
        None => None,
    };
    let facts = put_coupon::Facts {
        register: writing.register_role,
        doer: writing.doer.clone(),
        revision,
        codes: coupons::count(writing.tx, writing.log)?,
    };
    let command = PutCoupon { code: code.into(), terms: input.clone().into() };
    writing.write(put_coupon::decide(&facts, command)?)?;
    Ok(Reply::Done)
}
