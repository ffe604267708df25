//! A file of products, and what taking it would do: the rows are compared with the stall as it is now.

use soko_app_api::{
    IMPORT_PROBLEMS_MAX, ImportChoice, ImportColumn, ImportProblem, ImportSample, ImportView, View,
};
use soko_domain::ids::ThingId;
use soko_domain::import::{IfKnown, ImportTrouble, Problem, Row};

use super::Asking;
use crate::failure::NotDone;
use crate::verbs::{Plan, Target, currency, job, plan, target_of};

/// Cells that are shown of each column.
const CELLS_SHOWN: usize = 3;
/// Rows that are shown as they would be taken.
const ROWS_SHOWN: usize = 8;

pub(super) fn view(
    asking: &mut Asking<'_>,
    import: ThingId,
    choice: Option<&ImportChoice>,
) -> Result<View, NotDone> {
    let Some(job) = job(asking.tx, asking.log, import)? else { return Ok(View::Missing) };
    let currency = currency(asking.tx, asking.log)?;
    // Once begun, it is read as it was begun.
    let plan = plan(&job, job.choice.as_ref().or(choice), currency)?;
    let mut view = ImportView {
        import,
        file_name: job.file_name,
        encoding: plan.table.encoding.name().into(),
        mark: plan.table.mark,
        columns: columns(&plan),
        choice: plan.choice.clone(),
        rows: u32::try_from(plan.rows.len()).unwrap_or(u32::MAX),
        creates: 0,
        updates: 0,
        skips: 0,
        problems_count: 0,
        problems: Vec::new(),
        samples: Vec::new(),
        taken: job.taken,
        undone: job.undone,
        is_begun: job.choice.is_some(),
    };
    let mut problems = plan.problems.clone();
    for row in &plan.rows {
        let target = target_of(asking.tx, asking.log, row)?;
        add(&mut view, row, target, &mut problems);
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    view.problems_count = u32::try_from(problems.len()).unwrap_or(u32::MAX);
    let shown = problems.into_iter().take(IMPORT_PROBLEMS_MAX);
    view.problems = shown.map(|problem| shown_problem(&plan, problem)).collect();
    Ok(View::Import(view))
}

fn add(view: &mut ImportView, row: &Row, target: Target, problems: &mut Vec<Problem>) {
    let wrong = |trouble| Problem { line: row.line, column: None, trouble, value: String::new() };
    let is_new = match (target, view.choice.if_known) {
        (Target::Ambiguous, _) => {
            problems.push(wrong(ImportTrouble::Ambiguous));
            view.skips += 1;
            return;
        }
        (Target::Known(_), IfKnown::Skip) => {
            view.skips += 1;
            return;
        }
        (Target::Known(_), IfKnown::Update) => false,
        (Target::New, _) | (Target::Known(_), IfKnown::Create) => true,
    };
    if is_new && row.name.is_none() {
        problems.push(wrong(ImportTrouble::NoName));
        view.skips += 1;
        return;
    }
    if is_new && row.price_minor.is_none() {
        problems.push(wrong(ImportTrouble::NoPrice));
        view.skips += 1;
        return;
    }
    if is_new {
        view.creates += 1;
    } else {
        view.updates += 1;
    }
    if view.samples.len() < ROWS_SHOWN {
        view.samples.push(ImportSample {
            line: row.line,
            name: row.name.clone().or(row.sku.clone()).unwrap_or_default(),
            price_minor: row.price_minor,
            stock: row.stock,
            is_new,
        });
    }
}

fn columns(plan: &Plan) -> Vec<ImportColumn> {
    let headers = plan.table.headers.iter().enumerate();
    headers
        .map(|(at, header)| ImportColumn {
            header: header.clone(),
            samples: plan.table.samples(at, CELLS_SHOWN),
        })
        .collect()
}

fn shown_problem(plan: &Plan, problem: Problem) -> ImportProblem {
    let header = problem.column.and_then(|column| plan.table.headers.get(column)).cloned();
    let Problem { line, trouble, value, .. } = problem;
    ImportProblem { line, column: header.unwrap_or_default(), trouble, value }
}
