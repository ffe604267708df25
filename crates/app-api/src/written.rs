//! What a register wrote last, and how much of that its server has said it holds.

use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct WrittenView {
    /// Records of this device that the server has said it holds.
    pub sent: u64,
    /// The youngest first; what waits is before what was sent.
    pub rows: Vec<WrittenRow>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WrittenRow {
    pub seq: u64,
    pub what: Wrote,
    /// Nothing where a record says none.
    pub at_ms: Option<i64>,
    pub is_sent: bool,
}

/// What a record is about, as a person at the stall would put it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrote {
    Sale,
    Refund,
    /// Shifts, the drawer, payments that were seen.
    Money,
    Stock,
    Order,
    Prices,
    /// Products, categories and all else that is edited.
    Goods,
    People,
    Customers,
    Devices,
    Other,
}

impl Wrote {
    pub fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Refund => "refund",
            Self::Money => "money",
            Self::Stock => "stock",
            Self::Order => "order",
            Self::Prices => "prices",
            Self::Goods => "goods",
            Self::People => "people",
            Self::Customers => "customers",
            Self::Devices => "devices",
            Self::Other => "other",
        }
    }
}
