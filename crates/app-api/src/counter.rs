//! What a counter says beyond lines and money: notes, open orders, payments that were only claimed, codes of a scale.

use serde::{Deserialize, Serialize};
use soko_domain::basket::TenderKind;
use soko_domain::entry::Standing;
use soko_domain::ids::{OrderId, SaleId, ThingId};

use crate::text::{as_hex, as_hex_opt, as_word};
use crate::views::ProductRow;

/// What a sale is about, beside its lines.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct SaleAbout {
    #[serde(default)]
    pub note: String,
    #[serde(with = "as_hex_opt", default)]
    pub customer: Option<ThingId>,
    /// The open order that the sale closes.
    #[serde(with = "as_hex_opt", default)]
    pub tab: Option<OrderId>,
    /// What of that order was to be paid, as whoever sells saw it; what others put into it meanwhile stays to be paid. Who
    /// does not say it means all of the order.
    #[serde(default)]
    pub tab_lines: Option<Vec<TabTaken>>,
    /// Why something comes off the whole basket.
    #[serde(default)]
    pub discount_reason: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenOrderRow {
    #[serde(with = "as_hex")]
    pub order: OrderId,
    pub title: String,
    /// Of how many something is to be paid.
    pub lines: u32,
    /// A sale paid some of the order, and this was put into it at another register meanwhile.
    pub is_rest: bool,
}

/// So much of a line of an open order was to be paid when it was taken up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TabTaken {
    #[serde(with = "as_hex")]
    pub line: ThingId,
    pub quantity: i64,
}

/// A payment whose money nobody of the stall saw yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaymentRow {
    #[serde(with = "as_hex")]
    pub sale: SaleId,
    /// Its position in the sale.
    pub tender: u32,
    pub receipt_number: u64,
    pub register_name: String,
    pub at_ms: i64,
    pub offset_minutes: i32,
    #[serde(with = "as_word")]
    pub kind: TenderKind,
    pub amount_minor: i64,
    pub currency: String,
    pub code: String,
    #[serde(with = "as_word")]
    pub standing: Standing,
    /// Its code stands on another sale, too.
    pub is_twice: bool,
}

/// What a code of a scale says: a product, and how much of it or at which price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScannedRow {
    pub row: ProductRow,
    pub quantity: i64,
    /// The price on the label, for this quantity; None for the product's own price.
    pub price_minor: Option<i64>,
}
