//! What a command did.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{ProductId, SaleId, ThingId};

use crate::import::ImportProgress;
use crate::text::as_hex;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    Done,
    /// All that a receipt needs beside the sale's lines. The sale is on the disk.
    Sold {
        #[serde(with = "as_hex")]
        sale: SaleId,
        receipt_number: u64,
        currency: String,
        total_minor: i64,
        cash_rounding_minor: i64,
        change_minor: i64,
        /// Units that the share did not cover: they may have been promised to somebody.
        beyond_share: i64,
    },
    /// An order is with its buyer, who paid for it then.
    HandedOver {
        cash_rounding_minor: i64,
        change_minor: i64,
    },
    Voided {
        cash_back_minor: i64,
    },
    Refunded {
        #[serde(with = "as_hex")]
        refund: ThingId,
        amount_minor: i64,
    },
    ShiftClosed {
        expected_minor: i64,
        counted_minor: i64,
    },
    Counted {
        expected: i64,
        counted: i64,
    },
    Imported(ImportProgress),
    Filled {
        #[serde(with = "as_hex")]
        purse: ProductId,
        /// What it is called where its code must not be read.
        label: String,
    },
    /// The server will answer; see `Query::Ask`.
    Asked {
        #[serde(with = "as_hex")]
        ask: ThingId,
    },
    /// So many variants are on offer that were not.
    VariantsMade {
        made: u32,
    },
}
