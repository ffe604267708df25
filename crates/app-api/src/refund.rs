//! What a register may give back of a sale, and what the customer would have for it.

use serde::{Deserialize, Serialize};
use soko_domain::basket::TenderKind;

use crate::text::as_word;

/// Who may refund a sale (R14): a bounded right, held by one party at a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefundRightView {
    pub holder: RefundHolder,
    /// The register that made the sale.
    pub register_name: String,
    /// What the server allowed this register and what it was asked, line by line; only lines with something to say.
    pub lines: Vec<RefundAllowedRow>,
}

/// What the customer would have for what comes back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefundPlanView {
    /// What it is worth.
    pub amount_minor: i64,
    pub cash_rounding_minor: i64,
    pub given: Vec<GivenBackView>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GivenBackView {
    #[serde(with = "as_word")]
    pub kind: TenderKind,
    pub amount_minor: i64,
    /// It never came, so nothing goes back for it.
    pub never_came: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefundHolder {
    /// This register.
    Here,
    /// The register that made the sale, until its drawer is closed.
    Maker,
    Server,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefundAllowedRow {
    /// Position of the line in its sale, from 0.
    pub line: u32,
    pub allowed: Option<AllowedRefund>,
    /// Units that the server was asked for and has not answered.
    pub asked: i64,
    /// Why the server refused what it was asked last: a stable word and a sentence.
    pub refused: Option<(String, String)>,
}

/// So many units may be refunded here, for so much, all at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AllowedRefund {
    pub quantity: i64,
    pub amount_minor: i64,
}
