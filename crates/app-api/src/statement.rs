//! A statement of mobile money, compared with the payments of a stall.

use serde::{Deserialize, Serialize};
use soko_domain::import::DecimalMark;
use soko_domain::statement::{Found, StatementField, StatementTrouble};

use crate::counter::PaymentRow;
use crate::import::ImportColumn;
use crate::text::{as_word, as_words};

/// Rows of one group that an answer names; their number and sum are always whole.
pub const STATEMENT_ROWS_SHOWN_MAX: usize = 200;
/// Payments that one answer offers to mark. Who has more marks these, and then the next.
pub const STATEMENT_READY_MAX: usize = 2_000;

/// How a statement is read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatementChoice {
    /// One for each column.
    #[serde(with = "as_words")]
    pub fields: Vec<StatementField>,
    #[serde(with = "as_word")]
    pub decimal: DecimalMark,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatementView {
    pub columns: Vec<ImportColumn>,
    /// As asked, or guessed.
    pub choice: StatementChoice,
    /// Whether the columns say a code and an amount; nothing is compared otherwise.
    pub is_enough: bool,
    pub currency: String,
    /// Of the file, in which money moved.
    pub rows: u32,
    /// Since 1970 at the stall: the first and the last row that has a time.
    pub from_ms: Option<i64>,
    pub until_ms: Option<i64>,
    pub problems_count: u32,
    /// The first of them.
    pub problems: Vec<StatementProblemRow>,
    /// Those that have something in them, what can be done first.
    pub groups: Vec<StatementGroup>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatementProblemRow {
    /// Of the file, from 1.
    pub line: u32,
    #[serde(with = "as_word")]
    pub trouble: StatementTrouble,
    pub value: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatementGroup {
    #[serde(with = "as_word")]
    pub found: Found,
    pub count: u32,
    /// As the statement says where it does, else as the sales say.
    pub sum_minor: i64,
    pub rows: Vec<StatementRow>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatementRow {
    pub payment: Option<PaymentRow>,
    pub received: Option<StatementLine>,
}

/// A row of the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StatementLine {
    /// From 1.
    pub line: u32,
    pub code: String,
    pub amount_minor: i64,
    /// Since 1970 at the stall.
    pub local_ms: Option<i64>,
    pub who: String,
}
