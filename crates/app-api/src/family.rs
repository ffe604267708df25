//! A product with its variants: in one row, as a table to choose from, and those that are to be made.

use serde::{Deserialize, Serialize};
use soko_domain::ids::ProductId;

use crate::edits::OptionValue;
use crate::text::{as_hex, as_hex_list};
use crate::views::ProductRow;

/// What the variants of a product come to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FamilyRow {
    /// Those on offer.
    #[serde(with = "as_hex_list")]
    pub variants: Vec<ProductId>,
    /// What the cheapest costs.
    pub price_minor: i64,
    pub price_per: i64,
    /// Others cost more.
    pub is_from: bool,
    /// What this register may promise of all of them, and of the product itself.
    pub own_share: i64,
}

/// A product with its variants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FamilyView {
    pub itself: ProductRow,
    /// The sides of the table that the variants make: one or two. None where they do not all have the same options.
    pub axes: Vec<OptionAxis>,
    /// As they stand in the table, row by row; by name where there is none.
    pub variants: Vec<VariantRow>,
}

/// An option with the values that there are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OptionAxis {
    pub name: String,
    pub values: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VariantRow {
    pub row: ProductRow,
    /// By name.
    pub options: Vec<OptionValue>,
    /// Units that should lie at the stall.
    pub here: i64,
    /// Some were here once, and this register may promise none.
    pub is_sold_out: bool,
}

/// Variants that are made at once at most: a page for the others, and no wait here.
pub const VARIANTS_AT_ONCE_MAX: usize = 60;

/// A variant to make: like its product but for what makes it that variant, and for its price where one is given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VariantInput {
    /// Made for it; not used where this variant was there before.
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub options: Vec<OptionValue>,
    pub price_minor: Option<i64>,
}
