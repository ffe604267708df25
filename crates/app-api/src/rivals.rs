//! What others ask for the same things, as screens show it.

use serde::{Deserialize, Serialize};
use soko_domain::entry::RivalWay;
use soko_domain::quantity::Unit;

use crate::text::as_word;

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
