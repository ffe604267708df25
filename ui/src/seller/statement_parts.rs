//! What a statement says, in groups, and how its columns are read.

use soko_app_api::text::Worded as _;
use soko_app_api::{StatementChoice, StatementGroup, StatementProblemRow, StatementRow, StatementView};
use soko_domain::import::DecimalMark;
use soko_domain::statement::{Found, StatementField};
use yew::prelude::*;

use super::statement::Mark;
use crate::nav::Go;
use crate::parts::{Choice, Segmented};
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
    let choice = &props.view.choice;
    let decimals =
        [(DecimalMark::Point, "import.decimal-point"), (DecimalMark::Comma, "import.decimal-comma")];
    let on_decimal = {
        let now = choice.clone();
        props.on_choice.reform(move |word: AttrValue| StatementChoice {
            decimal: DecimalMark::from_word(&word).unwrap_or(DecimalMark::Point),
            ..now.clone()
        })
    };
    let column = |(at, column): (usize, &soko_app_api::ImportColumn)| {
        let label = if column.header.is_empty() {
            speech.fill("import.column", &[("n", &speech.number(i64::try_from(at + 1).unwrap_or(0)))])
        } else {
            column.header.clone().into()
        };
        let hint = column.samples.join(" · ");
        html! {
            <Choice {label} value={choice.fields.get(at).copied().unwrap_or(StatementField::Ignore).word()}
                options={fields(&speech)} on_choose={on_field(props, at)} hint={(!hint.is_empty()).then_some(AttrValue::from(hint))} />
        }
    };
    html! {
        <details open={!props.view.is_enough}>
            <summary>{ speech.say("statement.columns") }</summary>
            <div class="stack">
                <div class="import-columns">{ for props.view.columns.iter().enumerate().map(column) }</div>
                <Segmented label={speech.say("import.decimal")} value={choice.decimal.word()} on_choose={on_decimal}
                    options={decimals.map(|(mark, key)| (mark.word().into(), html! { <>{ speech.say(key) }</> })).to_vec()} />
            </div>
        </details>
    }
}

fn fields(speech: &Speech) -> Vec<(AttrValue, AttrValue)> {
    let shown = |field: &StatementField| {
        let word = field.word();
        (AttrValue::Static(word), speech.say_or(&format!("statement-field.{word}"), word))
    };
    StatementField::ALL.iter().map(shown).collect()
}

/// A field is one column's: whoever had it before is ignored. A date and its time of day may be two.
fn on_field(props: &ColumnsProps, at: usize) -> Callback<String> {
    let (now, columns) = (props.view.choice.clone(), props.view.columns.len());
    props.on_choice.reform(move |word: String| {
        let mut now = now.clone();
        let field = StatementField::from_word(&word).unwrap_or(StatementField::Ignore);
        now.fields.resize(columns, StatementField::Ignore);
        if field != StatementField::Time {
            for known in now.fields.iter_mut().filter(|known| **known == field) {
                *known = StatementField::Ignore;
            }
        }
        if let Some(place) = now.fields.get_mut(at) {
            *place = field;
        }
        now
    })
}
