//! Which queries would answer differently now. Screens that show one of them ask again.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};

use crate::text::as_hex;

/// Everything that changed since the last notice, each key once, in order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    pub keys: Vec<QueryKey>,
    /// Grows with every change of the stall since the engine was opened.
    pub revision: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryKey {
    Status,
    /// Lists and searches of products.
    Products,
    Product(#[serde(with = "as_hex")] ProductId),
    Stock(#[serde(with = "as_hex")] ProductId),
    /// A category, a price list, the stall's profile or an open order, and the lists of these.
    Document(#[serde(with = "as_hex")] ThingId),
    Shift,
    /// Sales, one by one and in lists.
    Sales,
    Orders,
    Order(#[serde(with = "as_hex")] OrderId),
    Devices,
    Incidents,
    Parked,
    /// Who works here, who is at the register, what each may do.
    People,
    /// What somebody may want to look into.
    Audit,
    Customers,
    /// Gift cards, credit, points, and how points are earned.
    Purses,
    /// What may be done with prices, and how they moved.
    Prices,
    Ask(#[serde(with = "as_hex")] ThingId),
    /// So much changed at once that naming it would be longer than asking again.
    Everything,
}
