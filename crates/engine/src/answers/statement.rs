//! A statement of mobile money against the payments that are known here. It only looks: what came is marked by the verbs
//! of each payment.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{
    ImportColumn, Refused, RetryHint, STATEMENT_READY_MAX, STATEMENT_ROWS_SHOWN_MAX, StatementChoice,
    StatementGroup, StatementLine, StatementProblemRow, StatementRow, StatementView, View,
};
use soko_domain::import::Table;
use soko_domain::statement::{
    Claim, Finding, Found, Received, STATEMENT_BYTES_MAX, STATEMENT_ROWS_MAX, StatementRead,
    StatementReading, fit, read_statement, statement_table,
};
use soko_domain::verbs::verify_payment::{Payment, code_key};
use soko_projection::payments::{self, PaymentAt, PaymentFound};
use soko_record_log::StoreError;

use super::{Asking, tabs};
use crate::failure::NotDone;
use crate::verbs::{currency, no_table};

/// More unsettled payments than anybody lets come together.
const UNSETTLED_MAX: u32 = 5_000;
/// Cells that are shown of each column.
const CELLS_SHOWN: usize = 3;
const PROBLEMS_MAX: usize = 200;

pub(super) fn view(
    asking: &mut Asking<'_>,
    bytes: &[u8],
    choice: Option<&StatementChoice>,
) -> Result<View, NotDone> {
    if bytes.len() > STATEMENT_BYTES_MAX {
        return Err(refused("statement_too_large", "the file is larger than 2 MiB; ask for a shorter span"));
    }
    let table = statement_table(Table::read(bytes).map_err(no_table)?);
    if table.lines.len() > STATEMENT_ROWS_MAX {
        let sentence = "the file has more than 20,000 rows; ask for a shorter span";
        return Err(refused("statement_too_many_rows", sentence));
    }
    let currency = currency(asking.tx, asking.log)?;
    let chosen = |choice: &StatementChoice| StatementReading {
        fields: choice.fields.clone(),
        decimal: choice.decimal,
    };
    let reading = choice.map_or_else(|| StatementReading::guess(&table), chosen);
    let is_enough = reading.is_enough();
    let read = if is_enough { read_statement(&table, &reading, currency) } else { StatementRead::default() };
    let groups = if is_enough { groups(asking, &read.rows)? } else { Vec::new() };
    let times = || read.rows.iter().filter_map(|row| row.local_ms);
    let (from_ms, until_ms) = (times().min(), times().max());
    Ok(View::Statement(Box::new(StatementView {
        columns: columns(&table),
        choice: StatementChoice { fields: reading.fields, decimal: reading.decimal },
        is_enough,
        currency: currency.to_string(),
        rows: count(read.rows.len()),
        from_ms,
        until_ms,
        problems_count: count(read.problems.len()),
        problems: read
            .problems
            .into_iter()
            .take(PROBLEMS_MAX)
            .map(|it| StatementProblemRow { line: it.line, trouble: it.trouble, value: it.value })
            .collect(),
        groups,
    })))
}

fn columns(table: &Table) -> Vec<ImportColumn> {
    let column = |(at, header): (usize, &String)| ImportColumn {
        header: header.clone(),
        samples: table.samples(at, CELLS_SHOWN),
    };
    table.headers.iter().enumerate().map(column).collect()
}

/// What is known here of the payments that a statement may mean.
#[derive(Default)]
struct Known {
    payments: BTreeMap<Payment, PaymentAt>,
    elsewhere: BTreeSet<String>,
}

fn known(asking: &mut Asking<'_>, rows: &[Received]) -> Result<Known, StoreError> {
    let mut known = Known::default();
    let add = |payments: &mut BTreeMap<Payment, PaymentAt>, all: Vec<PaymentAt>| {
        payments.extend(all.into_iter().map(|at| (at.0.payment, at)));
    };
    add(&mut known.payments, payments::unsettled(asking.tx, asking.log, UNSETTLED_MAX)?);
    let came = rows.iter().filter(|row| row.amount_minor > 0);
    for code in came.map(|row| code_key(&row.code)).collect::<BTreeSet<String>>() {
        add(&mut known.payments, payments::of_code(asking.tx, asking.log, &code)?);
        if payments::code_paid_other(asking.tx, asking.log, &code)? {
            known.elsewhere.insert(code);
        }
    }
    Ok(known)
}

fn groups(asking: &mut Asking<'_>, rows: &[Received]) -> Result<Vec<StatementGroup>, StoreError> {
    let known = known(asking, rows)?;
    // A statement has the times of the place where the stall is.
    let offset_ms = i64::from(asking.now.offset_minutes) * 60_000;
    let claim = |(found, at_ms): &PaymentAt| Claim {
        payment: found.payment,
        amount_minor: found.amount_minor,
        code: found.code.clone(),
        standing: found.standing,
        local_ms: at_ms.saturating_add(offset_ms),
    };
    let claims: Vec<Claim> = known.payments.values().map(claim).collect();
    let mut groups: Vec<StatementGroup> = Vec::new();
    for finding in fit(&claims, &known.elsewhere, rows) {
        let is_new = groups.last().is_none_or(|group| group.found != finding.found);
        if is_new {
            groups.push(StatementGroup { found: finding.found, count: 0, sum_minor: 0, rows: Vec::new() });
        }
        let Some(group) = groups.last_mut() else { continue };
        group.count = group.count.saturating_add(1);
        group.sum_minor = group.sum_minor.saturating_add(amount(&finding));
        if group.rows.len() < shown_max(group.found) {
            let payment = finding.claim.and_then(|claim| known.payments.get(&claim.payment));
            group.rows.push(row(asking, payment.map(|(found, _)| found), finding.row)?);
        }
    }
    Ok(groups)
}

fn amount(finding: &Finding<'_>) -> i64 {
    let received = finding.row.map(|row| row.amount_minor);
    received.or(finding.claim.map(|claim| claim.amount_minor)).unwrap_or_default()
}

fn shown_max(found: Found) -> usize {
    match found {
        Found::Ready => STATEMENT_READY_MAX,
        Found::InOrder | Found::Outside => 0,
        Found::Question
        | Found::OtherAmount
        | Found::NotComplete
        | Found::TwiceInStatement
        | Found::OnTwoSales
        | Found::Absent
        | Found::Unclear
        | Found::Unknown => STATEMENT_ROWS_SHOWN_MAX,
    }
}

fn row(
    asking: &mut Asking<'_>,
    payment: Option<&PaymentFound>,
    received: Option<&Received>,
) -> Result<StatementRow, StoreError> {
    let payment = match payment {
        Some(payment) => tabs::payment_row(asking, payment.clone())?,
        None => None,
    };
    let line = |row: &Received| StatementLine {
        line: row.line,
        code: row.code.clone(),
        amount_minor: row.amount_minor,
        local_ms: row.local_ms,
        who: row.who.clone(),
    };
    Ok(StatementRow { payment, received: received.map(line) })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn refused(code: &str, sentence: &str) -> NotDone {
    let (code, sentence) = (code.into(), sentence.into());
    NotDone::Refused(Refused { code, sentence, retry: RetryHint::Never, share: None, acts: Vec::new() })
}
