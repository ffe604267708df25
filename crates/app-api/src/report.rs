//! What a shift's report shows: X while it is open, Z once it is closed. Every number is final, nothing is added up by
//! whoever shows or prints it.

use serde::{Deserialize, Serialize};
use soko_domain::basket::TenderKind;
use soko_domain::ids::{AuthorId, ShiftId};

use crate::customers::PurseTotal;
use crate::text::{as_hex, as_word};
use crate::views::TaxRow;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShiftReport {
    pub stall_name: String,
    pub stall_place: String,
    pub register_name: String,
    #[serde(with = "as_hex")]
    pub register: AuthorId,
    #[serde(with = "as_hex")]
    pub shift: ShiftId,
    pub currency: String,
    /// Counts the closed shifts of the register without gaps; nothing while it is open.
    pub z_number: Option<u64>,
    pub business_day: i32,
    pub opened_at_ms: i64,
    pub opened_offset: i32,
    /// Empty where nobody said who they were.
    pub opened_by: String,
    pub closed_at_ms: Option<i64>,
    pub closed_offset: i32,
    pub closed_by: String,

    /// Sales as they were made, those that were voided among them.
    pub sales: u32,
    pub sales_minor: i64,
    pub voids: u32,
    pub voids_minor: i64,
    pub refunds: u32,
    pub refunds_minor: i64,
    /// Orders from the shop that were paid when they were handed over.
    pub orders: u32,
    pub orders_minor: i64,
    /// Sales and orders less voids less refunds.
    pub net_minor: i64,
    /// What came off prices.
    pub discounts_minor: i64,
    pub rounding_minor: i64,
    /// Of sales that were not voided, less what refunds took back.
    pub taxes: Vec<TaxRow>,
    pub tenders: Vec<TenderTotal>,
    /// Gift cards, credit and points.
    pub purses: Vec<PurseTotal>,

    pub float_minor: i64,
    /// Cash as it was handed over, and what was given back of it.
    pub tendered_minor: i64,
    pub change_minor: i64,
    pub cash_refunds_minor: i64,
    pub paid_in_minor: i64,
    pub paid_out_minor: i64,
    /// Openings without a sale.
    pub openings: u32,
    /// What should be in the drawer. Nothing while somebody who must count first has not: then no sum above is told either, but for
    /// the float and what was put in and taken out by hand.
    pub expected_minor: Option<i64>,
    pub counted_minor: Option<i64>,
    /// How often the drawer was counted, and what was found at first where that was more than once: only the first count is blind.
    pub counts: u32,
    pub first_counted_minor: Option<i64>,
    /// Counted less expected.
    pub variance_minor: Option<i64>,
    pub reason: String,
    /// What arrived for the shift after it was closed, which the numbers above include.
    pub late: u32,
    pub late_minor: i64,
    /// Records of this register that the server has not confirmed.
    pub unsent: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TenderTotal {
    #[serde(with = "as_word")]
    pub kind: TenderKind,
    pub payments: i64,
    /// Nothing while the drawer must be counted first: who knows all the others knows the cash.
    pub amount_minor: Option<i64>,
    pub refunded_minor: i64,
    /// The part of it that nobody at the stall has seen yet.
    pub unseen_minor: i64,
}

/// One closed shift in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShiftReportRow {
    #[serde(with = "as_hex")]
    pub register: AuthorId,
    pub register_name: String,
    #[serde(with = "as_hex")]
    pub shift: ShiftId,
    pub z_number: u64,
    pub business_day: i32,
    pub closed_at_ms: i64,
    pub closed_offset: i32,
    pub closed_by: String,
    pub currency: String,
    pub net_minor: i64,
    pub variance_minor: i64,
    pub late: u32,
}
