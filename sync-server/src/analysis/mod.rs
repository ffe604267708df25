//! The ledger as Parquet files, for questions that no report answers: whatever reads Parquet can ask them, on one machine
//! or on many. docs/large-questions.md says what the files hold.
//!
//! One moment of the store is read beside whoever serves it, stall after stall and in portions, so memory stays flat. No
//! name of a person and no free text is written, and whoever bought and each sale and order are other numbers than in the
//! records. What was sold does not say to whom; what each customer bought stands apart, by month and roughly. No question is answered here.

mod folder;
mod rows;
mod sheet;

use std::path::Path;

use parquet::errors::ParquetError;
use serde_json::json;
use soko_record_log::{StoreError, Tx};

use crate::sealed::SealKey;
use crate::store::{self, Place};
use folder::Incoming;
use rows::{Hidden, Ledger};
use sheet::Files;

/// Of the files. It rises when a column changes its meaning or goes.
pub const SCHEMA: u32 = 4;

#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    File(String),
    #[error("a Parquet file cannot be written: {0}")]
    Parquet(#[from] ParquetError),
}

impl AnalysisError {
    fn file(path: &Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::File(format!("{path}: {error}"))
    }
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Written {
    pub stalls: u64,
    pub products: u64,
    pub lines: u64,
    pub order_lines: u64,
    pub payments: u64,
    pub taxes: u64,
    pub customers: u64,
    /// Months of customers in which they bought.
    pub purchases: u64,
    pub bytes: u64,
    /// Records whose bodies are withheld, or of a kind that only a newer program reads.
    pub unread: u64,
}

/// Fills `folder`, or leaves it as it was. `progress` hears how many records of how many were read.
pub fn write(
    (place, seal): (&Place, Option<&SealKey>),
    folder: &Path,
    now_ms: i64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Written, AnalysisError> {
    let incoming = Incoming::begin(folder)?;
    let written = store::read_beside(place, |tx| fill(tx, seal, (incoming.path(), progress)))?;
    let Written { stalls, products, lines, order_lines, payments, taxes, .. } = &written;
    let Written { customers, purchases, bytes, unread, .. } = &written;
    incoming.finish(&json!({
        "schema": SCHEMA, "made_ms": now_ms, "stalls": stalls, "products": products, "lines": lines,
        "order_lines": order_lines, "payments": payments, "taxes": taxes, "customers": customers,
        "purchases": purchases, "bytes": bytes, "unread": unread,
    }))?;
    Ok(written)
}

fn fill(
    tx: &mut dyn Tx,
    seal: Option<&SealKey>,
    (within, progress): (&Path, &mut dyn FnMut(u64, u64)),
) -> Result<Written, AnalysisError> {
    if let Some(stall) = soko_projection::stale(tx)?.first() {
        return Err(AnalysisError::File(format!(
            "the tables of {stall} are of an older version: start the server once, or say soko-server rebuild"
        )));
    }
    let mut stalls = Files::new(rows::STALLS, within);
    let mut products = Files::new(rows::PRODUCTS, within);
    let mut lines = Files::new(rows::LINES, within);
    let mut orders = Files::new(rows::ORDERS, within);
    let mut payments = Files::new(rows::PAYMENTS, within);
    let mut taxes = Files::new(rows::TAXES, within);
    let mut customers = Files::new(rows::CUSTOMERS, within);
    let mut purchases = Files::new(rows::PURCHASES, within);
    let hidden = Hidden::of(tx, seal)?;
    let logs = rows::logs(tx)?;
    let all: u64 = logs.iter().map(|(_, records)| records).sum();
    let (mut before, mut unread) = (0, 0);
    for (stall, records) in logs {
        rows::stall(tx, stall, &mut stalls)?;
        rows::products(tx, stall, &mut products)?;
        rows::customers(tx, stall, &hidden, (&mut customers, &mut purchases))?;
        let mut at = |position: u64| progress(before + position, all);
        let mut ledger = Ledger {
            lines: &mut lines,
            payments: &mut payments,
            taxes: &mut taxes,
            orders: &mut orders,
            hidden: &hidden,
            unread: 0,
            progress: &mut at,
        };
        ledger.read(tx, stall)?;
        unread += ledger.unread;
        before += records;
    }
    progress(all, all);
    let mut written = Written { unread, ..Written::default() };
    for (files, by_month, rows) in [
        (stalls, false, &mut written.stalls),
        (products, false, &mut written.products),
        (lines, true, &mut written.lines),
        (orders, true, &mut written.order_lines),
        (payments, true, &mut written.payments),
        (taxes, true, &mut written.taxes),
        (customers, false, &mut written.customers),
        (purchases, true, &mut written.purchases),
    ] {
        let (count, bytes) = files.finish(by_month)?;
        *rows = count;
        written.bytes += bytes;
    }
    Ok(written)
}
