//! A file as it is read, and which product each row means here.

use std::collections::BTreeSet;

use soko_app_api::{ImportChoice, Refused, RetryHint};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::import::{
    DecimalMark, IfKnown, ImportField, Problem, Reading, Row, Table, TableFault, guess_decimal, guess_fields,
    read_rows,
};
use soko_domain::money::Currency;
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx};

use super::rows::Job;
use crate::failure::NotDone;
use crate::verbs::labels::in_other_form;

/// Products that share a code; more than one is as good as many.
const FOUND_MAX: u32 = 3;

/// The rows of a file.
pub(crate) struct Plan {
    pub(crate) import: ThingId,
    pub(crate) choice: ImportChoice,
    pub(crate) table: Table,
    pub(crate) rows: Vec<Row>,
    pub(crate) problems: Vec<Problem>,
}

/// Reads the file as chosen, or as it looks.
pub(crate) fn plan(job: &Job, choice: Option<&ImportChoice>, currency: Currency) -> Result<Plan, NotDone> {
    let table = Table::read(&job.file).map_err(no_table)?;
    let choice = choice.cloned().unwrap_or_else(|| guessed(&table));
    let reading = Reading { fields: choice.fields.clone(), decimal: choice.decimal, currency };
    let (rows, problems) = read_rows(&table, &reading);
    Ok(Plan { import: job.import, choice, table, rows, problems })
}

fn guessed(table: &Table) -> ImportChoice {
    let fields: Vec<ImportField> = guess_fields(&table.headers);
    let decimal: DecimalMark = guess_decimal(table, &fields);
    ImportChoice { fields, decimal, if_known: IfKnown::Update, takes_stock: true, tax_inclusive: true }
}

pub(crate) fn no_table(fault: TableFault) -> NotDone {
    let code = match fault {
        TableFault::TooLarge => "import_too_large",
        TableFault::TooManyRows => "import_too_many_rows",
        TableFault::TooManyColumns => "import_too_many_columns",
        TableFault::Page => "import_page",
        TableFault::Empty => "import_empty",
        TableFault::NotText => "import_not_text",
    };
    let sentence = fault.to_string();
    NotDone::Refused(Refused {
        code: code.into(),
        sentence,
        retry: RetryHint::Never,
        share: None,
        acts: Vec::new(),
    })
}

/// Which product a row means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    New,
    Known(ProductId),
    /// Its codes belong to several products.
    Ambiguous,
}

/// By SKU and barcode; a product on offer is meant rather than an archived one.
pub(crate) fn target_of(tx: &mut dyn Tx, log: LogId, row: &Row) -> Result<Target, StoreError> {
    let mut found = BTreeSet::new();
    if let Some(sku) = &row.sku {
        found.extend(facts::products_of_sku(tx, log, sku, FOUND_MAX)?);
    }
    for code in &row.barcodes {
        let same = facts::products_of_code(tx, log, code, FOUND_MAX)?;
        found.extend(if same.is_empty() { in_other_form(tx, log, code, FOUND_MAX)? } else { same });
    }
    if found.len() > 1 {
        let mut offered = BTreeSet::new();
        for product in &found {
            if facts::product(tx, log, *product)?.is_some_and(|product| !product.archived) {
                offered.insert(*product);
            }
        }
        if !offered.is_empty() {
            found = offered;
        }
    }
    Ok(match (found.first(), found.len()) {
        (Some(product), 1) => Target::Known(*product),
        (Some(_), _) => Target::Ambiguous,
        (None, _) => Target::New,
    })
}
