//! Codes that take something off orders. A stall's people make them; orders carry them.

use crate::coupon::CouponTerms;

crate::wire_struct! {
    /// What a code is good for from now on. The highest revision counts, and of equal ones the one of the highest author:
    /// a code that two registers made apart is one code.
    pub struct CouponPut { pub code: String, pub revision: u64, pub terms: CouponTerms }
}

crate::wire_struct! {
    /// The code that an order carries, and what it took off its lines together.
    pub struct OrderCoupon { pub code: String, pub discount_minor: i64 }
}
