//! What a statement says, in groups, and how its columns are read.

use soko_app_api::text::Worded as _;
use soko_app_api::{StatementChoice, StatementGroup, StatementProblemRow, StatementRow, StatementView};
use soko_domain::statement::{Found, StatementField};
use yew::prelude::*;

use super::columns::{self, ColumnChoices, DecimalChoice};
use super::statement::Mark;
use crate::nav::Go;
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct GroupProps {
    pub group: StatementGroup,
    pub currency: String,
    pub on_mark: Callback<Vec<Mark>>,
}

/// One kind of what was found, with its count and its sum.
#[component]
pub(super) fn Group(props: &GroupProps) -> Html {
    let speech = use_speech();
    let StatementGroup { found, count, sum_minor, rows } = &props.group;
    let word = found.word();
    let title = speech.say_or(&format!("statement-found.{word}"), word);
    let more = i64::from(*count) - i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let line = |row: &StatementRow| {
        html! {
            <Line row={row.clone()} found={*found} currency={props.currency.clone()} on_mark={props.on_mark.clone()} />
        }
    };
    html! {
        <section class="card stack-tight" aria-label={title.clone()}>
            <header class="panel-head">
                <h3>{ title }{ " " }<span class="number">{ format!("({})", speech.number((*count).into())) }</span></h3>
                <strong class="number">{ speech.money(*sum_minor, &props.currency) }</strong>
            </header>
            <p class="field-hint">{ speech.say_or(&format!("statement-text.{word}"), "") }</p>
            { for rows.iter().map(line) }
            if more > 0 && !rows.is_empty() { <p class="field-hint">{ speech.count("import.problems-more", more) }</p> }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    row: StatementRow,
    found: Found,
    currency: String,
    on_mark: Callback<Vec<Mark>>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let speech = use_speech();
    let StatementRow { payment, received } = &props.row;
    let code = received.as_ref().map(|line| line.code.clone());
    let code = code.or(payment.as_ref().map(|payment| payment.code.clone())).unwrap_or_default();
    let name = payment.as_ref().map(|payment| {
        let number = payment.receipt_number.to_string();
        html! { <Go to={Route::Sale(payment.sale)}>{ speech.fill("sale.title", &[("number", &number)]) }</Go> }
    });
    let amounts = amounts(&speech, props);
    html! {
        <div class="list-row">
            <span class="list-main">
                <span class="list-name number">{ name }{ " " }{ code }</span>
                <span class="list-more">{ about(&speech, &props.row) }</span>
            </span>
            if let (Found::Question, Some(mark)) = (props.found, Mark::of(&props.row)) {
                <button type="button" class="button" onclick={props.on_mark.reform(move |_: MouseEvent| vec![mark.clone()])}>
                    { speech.say("statement.is-it") }
                </button>
            }
            <span class="list-end number">{ amounts }</span>
        </div>
    }
}

/// Where it stands in the file, or when the sale was, and whom it came from.
fn about(speech: &Speech, row: &StatementRow) -> String {
    let mut parts = Vec::new();
    if let Some(line) = &row.received {
        parts.push(speech.fill("import.line", &[("n", &speech.number(line.line.into()))]).to_string());
        parts.extend(line.local_ms.map(|at| speech.day_and_time(at, Some("UTC"))));
        parts.extend((!line.who.is_empty()).then(|| line.who.clone()));
    } else if let Some(payment) = &row.payment {
        let local_ms = payment.at_ms + i64::from(payment.offset_minutes) * 60_000;
        parts.push(speech.day_and_time(local_ms, Some("UTC")));
        parts.push(payment.register_name.clone());
    }
    parts.join(" · ")
}

/// What the statement has, and where the sale says otherwise, that too.
fn amounts(speech: &Speech, props: &LineProps) -> AttrValue {
    let StatementRow { payment, received } = &props.row;
    let written = payment.as_ref().map(|payment| payment.amount_minor);
    let came = received.as_ref().map(|line| line.amount_minor);
    let money =
        |minor: Option<i64>| minor.map(|minor| speech.money(minor, &props.currency)).unwrap_or_default();
    match (written, came) {
        (Some(sale), Some(row)) if sale != row => {
            speech.fill("statement.differs", &[("came", &money(came)), ("sale", &money(written))])
        }
        (_, Some(_)) => money(came).into(),
        (_, None) => money(written).into(),
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ProblemsProps {
    pub view: StatementView,
}

/// Rows that could not be read, by their lines.
#[component]
pub(super) fn Problems(props: &ProblemsProps) -> Html {
    let speech = use_speech();
    let view = &props.view;
    if view.problems.is_empty() {
        return Html::default();
    }
    let more = i64::from(view.problems_count) - i64::try_from(view.problems.len()).unwrap_or(i64::MAX);
    let problem = |problem: &StatementProblemRow| {
        let word = problem.trouble.word();
        html! {
            <li class="list-row">
                <span class="list-main">
                    <span class="list-more">{ speech.fill("import.line", &[("n", &speech.number(problem.line.into()))]) }</span>
                    <span class="list-more-long">{ speech.say_or(&format!("statement-trouble.{word}"), word) }</span>
                </span>
                if !problem.value.is_empty() { <code class="list-end import-value">{ problem.value.clone() }</code> }
            </li>
        }
    };
    html! {
        <section class="card stack-tight">
            <h3>{ speech.say("statement.problems") }</h3>
            <ul class="import-list">{ for view.problems.iter().map(problem) }</ul>
            if more > 0 { <p class="field-hint">{ speech.count("import.problems-more", more) }</p> }
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ColumnsProps {
    pub view: StatementView,
    pub on_choice: Callback<StatementChoice>,
}

/// What each column says: open where the headers did not tell.
#[component]
pub(super) fn Columns(props: &ColumnsProps) -> Html {
    let speech = use_speech();
    let StatementView { choice, columns, .. } = &props.view;
    let on_decimal = {
        let now = choice.clone();
        props.on_choice.reform(move |decimal| StatementChoice { decimal, ..now.clone() })
    };
    // A date and its time of day may be two columns.
    let special = (StatementField::Ignore, Some(StatementField::Time));
    let on_field = {
        let (now, count) = (choice.clone(), columns.len());
        props.on_choice.reform(move |(at, word): (usize, String)| StatementChoice {
            fields: columns::assigned(&now.fields, count, (at, &word), special),
            ..now.clone()
        })
    };
    html! {
        <details open={!props.view.is_enough}>
            <summary>{ speech.say("statement.columns") }</summary>
            <div class="stack">
                <ColumnChoices columns={columns.clone()} fields={columns::words(&choice.fields)}
                    options={columns::options::<StatementField>(&speech, "statement-field")} {on_field} />
                <DecimalChoice decimal={choice.decimal} {on_decimal} />
            </div>
        </details>
    }
}
