//! Products out of a file: how it is read, what taking it would do, and how far it was taken.

use serde::{Deserialize, Serialize};
use soko_domain::ids::ThingId;
use soko_domain::import::{DecimalMark, IfKnown, ImportField, ImportTrouble};

use crate::text::{as_hex, as_word, as_words};

/// Rows that one command takes. Between two commands the register sells and exchanges records.
pub const IMPORT_STEP_ROWS: u32 = 250;
/// Problems that an answer names; their number is always whole.
pub const IMPORT_PROBLEMS_MAX: usize = 200;

/// How a file is read and what is done with what it says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportChoice {
    /// One for each column.
    #[serde(with = "as_words")]
    pub fields: Vec<ImportField>,
    #[serde(with = "as_word")]
    pub decimal: DecimalMark,
    #[serde(with = "as_word")]
    pub if_known: IfKnown,
    /// Whether the stock of new products counts as received by this register.
    pub takes_stock: bool,
    /// Whether the prices of the file have the tax in them.
    pub tax_inclusive: bool,
}

/// A file, and what taking it would do now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportView {
    #[serde(with = "as_hex")]
    pub import: ThingId,
    pub file_name: String,
    pub encoding: String,
    /// Between columns.
    pub mark: char,
    pub columns: Vec<ImportColumn>,
    /// As asked, or guessed.
    pub choice: ImportChoice,
    /// Rows of the file that can be taken.
    pub rows: u32,
    pub creates: u32,
    pub updates: u32,
    pub skips: u32,
    pub problems_count: u32,
    /// The first of them.
    pub problems: Vec<ImportProblem>,
    /// The first rows, as they would be taken.
    pub samples: Vec<ImportSample>,
    /// Once it was begun: rows that were taken, and how many of these were undone.
    pub taken: u32,
    pub undone: u32,
    pub is_begun: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportColumn {
    pub header: String,
    pub samples: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportProblem {
    /// Of the file, from 1.
    pub line: u32,
    /// The header of the column; empty where the whole row is meant.
    pub column: String,
    #[serde(with = "as_word")]
    pub trouble: ImportTrouble,
    pub value: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportSample {
    pub line: u32,
    pub name: String,
    pub price_minor: Option<i64>,
    pub stock: Option<i64>,
    pub is_new: bool,
}

/// An import that was taken lately.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportRow {
    #[serde(with = "as_hex")]
    pub import: ThingId,
    pub file_name: String,
    pub at_ms: i64,
    pub taken: u32,
    pub undone: u32,
}

/// How far an import or its undoing came with one command.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ImportProgress {
    /// Of `rows`.
    pub done: u32,
    pub rows: u32,
    /// What this command did.
    pub created: u32,
    pub updated: u32,
    pub skipped: u32,
}
