//! What a counter says beyond lines and money: notes, open orders, payments that were only claimed, codes of a scale.

use serde::{Deserialize, Serialize};
use soko_domain::basket::TenderKind;
use soko_domain::entry::Standing;
use soko_domain::ids::{Hash, OrderId, ProductId, SaleId, ThingId};
use soko_domain::quantity::Unit;

use crate::command::DiscountInput;
use crate::said::Said;
use crate::text::{as_hex, as_hex_list, as_hex_opt, as_word};
use crate::views::{LabelView, ProductRow};

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

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenOrderView {
    #[serde(with = "as_hex")]
    pub order: OrderId,
    pub title: String,
    pub lines: Vec<OpenOrderLineView>,
    #[serde(with = "as_hex_opt")]
    pub customer: Option<ThingId>,
    /// Off the whole order, and why.
    pub discount: DiscountInput,
    pub reason: String,
    pub note: String,
    /// The customer was told what it costs.
    pub is_told: bool,
    /// The sale that it became. It cannot be paid again.
    #[serde(with = "as_hex_opt")]
    pub closed_by: Option<SaleId>,
    /// The first sale that paid some of it, where a rest of it is to be paid.
    #[serde(with = "as_hex_opt")]
    pub paid_by: Option<SaleId>,
    /// The words that took something out.
    #[serde(with = "as_hex_list")]
    pub words: Vec<ThingId>,
    pub problems: Vec<Said>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenOrderLineView {
    #[serde(with = "as_hex")]
    pub line: ThingId,
    /// None for a custom amount.
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub name: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    #[serde(with = "as_hex_opt")]
    pub picture: Option<Hash>,
    /// What of it is to be paid.
    pub quantity: i64,
    /// What of it is paid already.
    pub paid: i64,
    /// As it was when the line was put there.
    pub unit_price_minor: i64,
    pub price_per: i64,
    pub discount: DiscountInput,
    /// Why something comes off.
    pub reason: String,
    pub note: String,
    /// What a scale's label says, in place of the price.
    pub label: Option<LabelView>,
}

/// So many units of a line of an open order: to be paid when it was taken up, or taken out of it.
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
