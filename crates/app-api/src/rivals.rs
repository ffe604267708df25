//! What others ask for the same things, as screens show it.

use serde::{Deserialize, Serialize};
use soko_domain::entry::RivalWay;
use soko_domain::ids::ProductId;
use soko_domain::import::DecimalMark;
use soko_domain::quantity::Unit;
use soko_domain::rival::{RivalField, RivalTrouble};

use crate::import::ImportColumn;
use crate::text::{as_hex_opt, as_word, as_words};

/// Whether a price of somebody else counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RivalStanding {
    Counts,
    /// It was seen too long ago.
    Old,
    /// In another currency, or for another unit.
    NotComparable,
    /// The source has a newer one.
    Replaced,
    /// The source is switched off.
    Off,
}

/// What a source asks for a product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RivalRow {
    pub source: String,
    /// By which the source means it.
    pub key: String,
    /// What they call it.
    pub name: String,
    #[serde(with = "as_word")]
    pub way: RivalWay,
    pub price_minor: i64,
    pub currency: String,
    #[serde(with = "as_word")]
    pub unit: Unit,
    pub per: i64,
    /// What it comes to for as much as the own price is for; none where it does not count or cannot be compared.
    pub own_minor: Option<i64>,
    pub seen_at_ms: i64,
    pub standing: RivalStanding,
}

/// What those that count say together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MarketRow {
    pub median_minor: i64,
    /// Between which prices that lets the own price be.
    pub low_minor: i64,
    pub high_minor: i64,
}

/// What others ask for a product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RivalsRow {
    pub rows: Vec<RivalRow>,
    /// Sources that count, and how many have to.
    pub sources: u32,
    pub sources_min: u32,
    /// None where too few count.
    pub market: Option<MarketRow>,
    /// Days after which a price does not count any more.
    pub days_max: u32,
    /// Names of sources that were used before.
    pub known: Vec<String>,
}

/// A source and what it has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RivalSourceRow {
    pub source: String,
    pub is_on: bool,
    /// Prices of what is sold here, and when the latest was seen.
    pub prices: u64,
    pub seen_at_ms: i64,
}

/// Rows of one kind that an answer names; their number is always whole.
pub const RIVAL_ROWS_SHOWN_MAX: usize = 200;

/// How a table of others' prices is read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RivalChoice {
    /// One for each column.
    #[serde(with = "as_words")]
    pub fields: Vec<RivalField>,
    #[serde(with = "as_word")]
    pub decimal: DecimalMark,
}

/// What a row means here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RivalFit {
    /// The barcode is a product's.
    Barcode,
    /// Somebody said before which product it is.
    Said,
    /// The name is like a product's: somebody has to say whether it is.
    Like,
    /// Nothing here has such a name.
    Unknown,
    /// Somebody said that it is nothing here.
    NotHere,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TheirRowView {
    /// Of the file, from 1.
    pub line: u32,
    pub key: String,
    pub name: String,
    pub price_minor: i64,
    pub currency: String,
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub product_name: String,
    /// How alike the names are, where that is all that is known.
    pub percent: u8,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RivalGroup {
    pub fit: RivalFit,
    pub count: u32,
    pub rows: Vec<TheirRowView>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RivalProblemRow {
    /// Of the file, from 1.
    pub line: u32,
    #[serde(with = "as_word")]
    pub trouble: RivalTrouble,
    pub value: String,
}

/// A table of others' prices, and what taking it would do now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RivalsView {
    pub columns: Vec<ImportColumn>,
    /// As asked, or guessed.
    pub choice: RivalChoice,
    /// Whether the columns say a price and what it is for.
    pub is_enough: bool,
    pub problems_count: u32,
    pub problems: Vec<RivalProblemRow>,
    /// Those that have something in them.
    pub groups: Vec<RivalGroup>,
}

/// What somebody said of a row: which product it is, or that it is nothing here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RivalAnswer {
    pub key: String,
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
}
