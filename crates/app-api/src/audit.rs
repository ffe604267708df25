//! What somebody did and somebody else may want to look into.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{AuthorId, PersonId, SaleId};
use soko_domain::quantity::Unit;

use crate::text::{as_hex, as_hex_opt, as_word};

/// One thing that somebody did and that somebody else may want to look into.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditRow {
    #[serde(with = "as_hex")]
    pub register: AuthorId,
    pub register_name: String,
    pub seq: u64,
    pub what: AuditWhat,
    pub at_ms: i64,
    pub offset_minutes: i32,
    pub business_day: i32,
    /// Empty where nobody said who they were, or the name was erased.
    pub by: String,
    #[serde(with = "as_hex_opt")]
    pub person: Option<PersonId>,
    /// Empty where nobody had to.
    pub approved_by: String,
    pub approved_why: String,
    pub currency: String,
    /// What it came to: of the sale, the refund, the payment, the difference.
    pub amount_minor: Option<i64>,
    pub reason: String,
    /// The sale that it is about.
    #[serde(with = "as_hex_opt")]
    pub sale: Option<SaleId>,
    /// Whom or which product it is about.
    pub about: String,
    /// Why units were written off, or how prices came to be set: a word that each language says its own way.
    pub word: String,
    /// The first of its parts: products that were written off, lines with another price, amounts that are no product's.
    pub parts: Vec<AuditPart>,
    pub parts_more: u32,
}

/// Parts of one row that are told.
pub const AUDIT_PARTS_MAX: usize = 20;

#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct AuditPart {
    pub about: String,
    /// How much of it, where that is what it is about.
    pub amount: Option<AuditAmount>,
    /// What it cost before, and for so many of its smallest unit.
    pub was: Option<AuditPrice>,
    pub now: Option<AuditPrice>,
    /// What it came to: what came off, what was asked for.
    pub total_minor: Option<i64>,
    pub reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditAmount {
    pub quantity: i64,
    #[serde(with = "as_word")]
    pub unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditPrice {
    pub minor: i64,
    pub per: i64,
    #[serde(with = "as_word")]
    pub unit: Unit,
}

impl AuditRow {
    /// Where the rows before this one begin.
    pub fn place(&self) -> AuditBefore {
        AuditBefore { at_ms: self.at_ms, register: self.register, seq: self.seq, what: self.what }
    }
}

/// The row before which a page of the audit begins. One entry can have several rows, of different kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditBefore {
    pub at_ms: i64,
    #[serde(with = "as_hex")]
    pub register: AuthorId,
    pub seq: u64,
    pub what: AuditWhat,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditWhat {
    ShiftOpened,
    ShiftClosed,
    DrawerCounted,
    PaidIn,
    PaidOut,
    DrawerOpened,
    Discount,
    BeyondShare,
    CustomAmount,
    PriceOverridden,
    SaleApproved,
    Voided,
    TakenOff,
    Refunded,
    StockReceived,
    StockCounted,
    StockAdjusted,
    PersonChanged,
    PersonErased,
    LimitsChanged,
    DeviceAdmitted,
    DeviceRevoked,
    PurseGiven,
    CustomerErased,
    LoyaltyChanged,
    PriceSet,
    PriceMoved,
    PriceRuleChanged,
    RivalsSeen,
    RivalsFetched,
    RivalSourceChanged,
    CouponChanged,
    IncidentSettled,
    OrderBackAsked,
    OrderRefundAsked,
    OrderCashGiven,
    TransferCame,
    TransferSentBack,
    KeyMade,
    KeyEnded,
    HookPut,
    HookEnded,
    HookSecretMade,
    Other,
}

impl AuditWhat {
    pub const ALL: &'static [Self] = &[
        Self::ShiftOpened,
        Self::ShiftClosed,
        Self::DrawerCounted,
        Self::PaidIn,
        Self::PaidOut,
        Self::DrawerOpened,
        Self::Discount,
        Self::BeyondShare,
        Self::CustomAmount,
        Self::PriceOverridden,
        Self::SaleApproved,
        Self::Voided,
        Self::TakenOff,
        Self::Refunded,
        Self::StockReceived,
        Self::StockCounted,
        Self::StockAdjusted,
        Self::PersonChanged,
        Self::PersonErased,
        Self::LimitsChanged,
        Self::DeviceAdmitted,
        Self::DeviceRevoked,
        Self::PurseGiven,
        Self::CustomerErased,
        Self::LoyaltyChanged,
        Self::PriceSet,
        Self::PriceMoved,
        Self::PriceRuleChanged,
        Self::RivalsSeen,
        Self::RivalsFetched,
        Self::RivalSourceChanged,
        Self::CouponChanged,
        Self::IncidentSettled,
        Self::OrderBackAsked,
        Self::OrderRefundAsked,
        Self::OrderCashGiven,
        Self::TransferCame,
        Self::TransferSentBack,
        Self::KeyMade,
        Self::KeyEnded,
        Self::HookPut,
        Self::HookEnded,
        Self::HookSecretMade,
        Self::Other,
    ];

    /// A stable word for programs and translations.
    pub fn word(self) -> &'static str {
        match self {
            Self::ShiftOpened => "shift-opened",
            Self::ShiftClosed => "shift-closed",
            Self::DrawerCounted => "drawer-counted",
            Self::PaidIn => "paid-in",
            Self::PaidOut => "paid-out",
            Self::DrawerOpened => "drawer-opened",
            Self::Discount => "discount",
            Self::BeyondShare => "beyond-share",
            Self::CustomAmount => "custom-amount",
            Self::PriceOverridden => "price-overridden",
            Self::SaleApproved => "sale-approved",
            Self::Voided => "voided",
            Self::TakenOff => "taken-off",
            Self::Refunded => "refunded",
            Self::StockReceived => "stock-received",
            Self::StockCounted => "stock-counted",
            Self::StockAdjusted => "stock-adjusted",
            Self::PersonChanged => "person-changed",
            Self::PersonErased => "person-erased",
            Self::LimitsChanged => "limits-changed",
            Self::DeviceAdmitted => "device-admitted",
            Self::DeviceRevoked => "device-revoked",
            Self::PurseGiven => "purse-given",
            Self::CustomerErased => "customer-erased",
            Self::LoyaltyChanged => "loyalty-changed",
            Self::PriceSet => "price-set",
            Self::PriceMoved => "price-moved",
            Self::PriceRuleChanged => "price-rule-changed",
            Self::RivalsSeen => "rivals-seen",
            Self::RivalsFetched => "rivals-fetched",
            Self::RivalSourceChanged => "rival-source-changed",
            Self::CouponChanged => "coupon-changed",
            Self::IncidentSettled => "incident-settled",
            Self::OrderBackAsked => "order-back-asked",
            Self::OrderRefundAsked => "order-refund-asked",
            Self::OrderCashGiven => "order-cash-given",
            Self::TransferCame => "transfer-came",
            Self::TransferSentBack => "transfer-sent-back",
            Self::KeyMade => "key-made",
            Self::KeyEnded => "key-ended",
            Self::HookPut => "hook-put",
            Self::HookEnded => "hook-ended",
            Self::HookSecretMade => "hook-secret-made",
            Self::Other => "other",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|what| what.word() == word)
    }
}
