//! Customers, and what a stall owes them: gift cards, store credit, points.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{ProductId, SaleId, ThingId};
use soko_domain::purse::{Loyalty, PurseKind};

use crate::text::{as_hex, as_hex_opt, as_word};

/// Which purse is meant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PurseInput {
    /// The gift card with this code, as it was scanned or typed. The code stands in no record.
    Card(String),
    /// A customer's credit.
    Credit(#[serde(with = "as_hex")] ThingId),
    /// A customer's points.
    Points(#[serde(with = "as_hex")] ThingId),
    /// One out of a list. It can be looked at, and pays nothing: whoever pays with a card has it.
    Listed(#[serde(with = "as_hex")] ProductId),
}

/// What is known of a customer.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct CustomerInput {
    pub name: String,
    #[serde(default)]
    pub phone: String,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub note: String,
    /// They said that the stall may write to them.
    #[serde(default)]
    pub may_contact: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CustomerRow {
    #[serde(with = "as_hex")]
    pub customer: ThingId,
    /// Empty once they were erased.
    pub name: String,
    pub phone: String,
    pub email: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CustomerView {
    #[serde(with = "as_hex")]
    pub customer: ThingId,
    pub about: CustomerInput,
    pub is_erased: bool,
    pub currency: String,
    /// Sales that stand, and what they come to.
    pub sales: i64,
    pub sales_minor: i64,
    /// The latest ones.
    pub latest: Vec<CustomerSaleRow>,
    pub credit: PurseView,
    pub points: PurseView,
    pub loyalty: LoyaltyView,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CustomerSaleRow {
    #[serde(with = "as_hex")]
    pub sale: SaleId,
    pub receipt_number: u64,
    pub register_name: String,
    pub at_ms: i64,
    pub offset_minutes: i32,
    pub total_minor: i64,
    pub voided: bool,
}

/// A purse: what is in it, and what of it can be spent at this register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PurseView {
    #[serde(with = "as_hex")]
    pub purse: ProductId,
    #[serde(with = "as_word")]
    pub kind: PurseKind,
    /// What it is called where its code must not be read.
    pub label: String,
    /// Whether anything was ever put in.
    pub is_known: bool,
    #[serde(with = "as_hex_opt")]
    pub customer: Option<ThingId>,
    pub customer_name: String,
    pub currency: String,
    /// Coins or points that this register may spend, offline, too.
    pub here: i64,
    /// What other registers and the shop hold.
    pub elsewhere: i64,
    /// What is here and what there is in all, in money.
    pub here_minor: i64,
    pub total_minor: i64,
    /// The latest of what happened to it.
    pub entries: Vec<PurseEntryRow>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PurseRow {
    #[serde(with = "as_hex")]
    pub purse: ProductId,
    pub label: String,
    pub first_at_ms: i64,
    pub currency: String,
    pub here_minor: i64,
    pub total_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PurseEntryRow {
    pub what: PurseWhat,
    /// What came in, or went out where it is below zero.
    pub units: i64,
    /// Points that should have been taken back and had been spent.
    pub missing: i64,
    #[serde(with = "as_hex_opt")]
    pub sale: Option<SaleId>,
    pub reason: String,
    pub register_name: String,
    pub at_ms: i64,
    pub offset_minutes: i32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PurseWhat {
    Bought,
    Refund,
    Earned,
    Given,
    Undone,
    Paid,
    TakenBack,
}

impl PurseWhat {
    /// A stable word for programs and translations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::Refund => "refund",
            Self::Earned => "earned",
            Self::Given => "given",
            Self::Undone => "undone",
            Self::Paid => "paid",
            Self::TakenBack => "taken-back",
        }
    }
}

/// How points are earned: one for so much paid, 0 where there are none; and what one pays.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct LoyaltyView {
    pub earn_minor: i64,
    pub worth_minor: i64,
}

impl LoyaltyView {
    pub fn is_on(&self) -> bool {
        Loyalty::from(*self).is_on()
    }
}

impl From<Loyalty> for LoyaltyView {
    fn from(Loyalty { earn_minor, worth_minor }: Loyalty) -> Self {
        Self { earn_minor, worth_minor }
    }
}

impl From<LoyaltyView> for Loyalty {
    fn from(LoyaltyView { earn_minor, worth_minor }: LoyaltyView) -> Self {
        Self { earn_minor, worth_minor }
    }
}

/// What a shift did to purses of one kind, for its report.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PurseTotal {
    #[serde(with = "as_word")]
    pub kind: PurseKind,
    /// How often somebody paid for some, and how much: money that the stall owes, and no revenue.
    pub bought: i64,
    pub bought_units: i64,
    /// Refunds that were kept, points, presents.
    pub given_units: i64,
    pub spent_units: i64,
    pub spent_minor: i64,
    pub taken_units: i64,
}
