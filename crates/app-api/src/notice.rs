//! Which queries would answer differently now. Screens that show one of them ask again.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId, ProductId, SaleId, ThingId};

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
    Stall,
    /// Lists and searches of products.
    Products,
    Product(#[serde(with = "as_hex")] ProductId),
    Stock(#[serde(with = "as_hex")] ProductId),
    Categories,
    PriceLists,
    Shift,
    Sales,
    Sale(#[serde(with = "as_hex")] SaleId),
    Orders,
    Order(#[serde(with = "as_hex")] OrderId),
    OpenOrders,
    OpenOrder(#[serde(with = "as_hex")] OrderId),
    Devices,
    Incidents,
    Parked,
    Ask(#[serde(with = "as_hex")] ThingId),
    /// So much changed at once that naming it would be longer than asking again.
    Everything,
}
