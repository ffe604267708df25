//! What a screen can ask for. Answers come from derived tables; lists are windowed.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId, ProductId, SaleId, ThingId};

use crate::command::{DiscountInput, SaleLineInput, TenderInput};
use crate::text::as_hex;

/// Most rows of one answer.
pub const WINDOW_ROWS_MAX: u32 = 500;

/// A part of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Window {
    pub offset: u32,
    pub rows: u32,
}

impl Window {
    pub fn first(rows: u32) -> Self {
        Self { offset: 0, rows }
    }
}

/// One question about one stall.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// Of the register itself, for each stall it works for.
    Stalls,
    Status(#[serde(with = "as_hex")] LogId),
    Stall(#[serde(with = "as_hex")] LogId),
    /// By name.
    Products {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Product {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// By name, forgiving one or two wrong letters and all accents; by barcode or SKU when one is equal.
    Search {
        #[serde(with = "as_hex")]
        stall: LogId,
        text: String,
        rows: u32,
    },
    /// Exactly this barcode or SKU.
    Scan {
        #[serde(with = "as_hex")]
        stall: LogId,
        code: String,
    },
    Stock {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        product: ProductId,
    },
    /// What this would cost, what is due, and what the share does not cover.
    Basket {
        #[serde(with = "as_hex")]
        stall: LogId,
        lines: Vec<SaleLineInput>,
        discount: DiscountInput,
        tenders: Vec<TenderInput>,
    },
    Shift(#[serde(with = "as_hex")] LogId),
    Sale {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        sale: SaleId,
    },
    /// Latest first.
    Sales {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Order {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        order: OrderId,
    },
    Orders {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    OpenOrder {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        order: OrderId,
    },
    OpenOrders {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Devices(#[serde(with = "as_hex")] LogId),
    Incidents {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Parked {
        #[serde(with = "as_hex")]
        stall: LogId,
        window: Window,
    },
    Ask {
        #[serde(with = "as_hex")]
        stall: LogId,
        #[serde(with = "as_hex")]
        ask: ThingId,
    },
}
