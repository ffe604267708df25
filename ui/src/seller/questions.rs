//! What only a person can settle: two people set one thing at once, or two products have one barcode. Both answers are
//! shown, and a tap settles it.

use soko_app_api::{
    AnswerValue, OwnStall, Query, Question, QuestionAbout, QuestionAnswer, QuestionRow, Said, Verb, View,
    Window,
};
use soko_domain::ids::LogId;
use yew::prelude::*;

use super::with_stall;
use crate::desk::{Desk, Trouble};
use crate::doing::use_doing;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Empty, Icon, Photo, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

const ROWS_MAX: u32 = 100;

#[derive(Properties, PartialEq)]
pub(super) struct QuestionsProps {
    pub stall: LogId,
    pub questions: Vec<Question>,
    pub currency: AttrValue,
}

#[component]
pub(super) fn Questions(props: &QuestionsProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let is_busy = doing.is_busy();
    // Every answer can be given, also the one that is shown: giving it settles the question.
    let one = |question: &Question| {
        let answers = question.answers.iter().map(|answer| {
            let (doing, stall, answer) = (doing.clone(), props.stall, answer.clone());
            let said = said(&doing.speech, &answer.value, &props.currency);
            let is_shown = answer.is_shown;
            let onclick = Callback::from(move |_: MouseEvent| {
                let (desk, speech) = (doing.desk.clone(), doing.speech.clone());
                doing.run(settle(doing.desk.clone(), stall, answer.clone()), move |()| {
                    desk.toasts.done(speech.say("question.settled"));
                });
            });
            html! {
                <button type="button" class="button answer" {onclick} disabled={is_busy}>
                    <span>{ said }</span>
                    if is_shown { <small>{ speech.say("question.shown") }</small> }
                </button>
            }
        });
        html! {
            <section class="problem question">
                { icon(Icon::Warning) }
                <div class="stack-tight">
                    <p>{ about(&speech, &question.about) }</p>
                    <div class="row">{ for answers }</div>
                </div>
            </section>
        }
    };
    html! { <>{ for props.questions.iter().map(one) }</> }
}

async fn settle(desk: Desk, stall: LogId, answer: QuestionAnswer) -> Result<(), Trouble> {
    for to_edit in answer.edits {
        desk.act(stall, Verb::EditProduct { product: to_edit.product, edits: to_edit.edits }).await?;
    }
    Ok(())
}

fn about(speech: &Speech, about: &QuestionAbout) -> AttrValue {
    match about {
        QuestionAbout::Barcode(code) => speech.fill("question.barcode", &[("code", code)]),
        QuestionAbout::Field(field) => speech.fill("question.field", &[("field", &name_of(speech, field))]),
    }
}

/// What people call a field of a product.
fn name_of(speech: &Speech, field: &str) -> AttrValue {
    let name = field.split('/').next_back().unwrap_or(field);
    speech.say_or(&format!("question.field-{}", field.replace('_', "-")), name)
}

/// What is wrong with a product that nobody can choose between.
pub(super) fn problem(speech: &Speech, said: &Said) -> AttrValue {
    speech.said_about(said, &name_of(speech, &said.about))
}

fn said(speech: &Speech, value: &AnswerValue, currency: &str) -> AttrValue {
    match value {
        AnswerValue::Text(text) if text.is_empty() => speech.say("question.nothing"),
        AnswerValue::Text(text) => text.clone().into(),
        AnswerValue::Money(minor) => speech.money(*minor, currency).into(),
        AnswerValue::Number(number) => speech.number(*number).into(),
        AnswerValue::Percent(ppm) => speech.percent(*ppm).into(),
        AnswerValue::Flag(true) => speech.say("question.yes"),
        AnswerValue::Flag(false) => speech.say("question.no"),
        AnswerValue::Product(name) => name.clone().into(),
    }
}

/// Every product that needs somebody's eye.
#[component]
pub(super) fn NeedsEye() -> Html {
    with_stall(|stall| html! { <List {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let speech = use_speech();
    let stall = props.stall.stall;
    let live = use_query(Some(Query::Questions { stall, window: Window::first(ROWS_MAX) }));
    let body = match live.view() {
        Some(View::Questions(rows)) if rows.is_empty() => html! {
            <Empty icon={Icon::Check} title={speech.say("question.none")} text={speech.say("question.none-text")} />
        },
        Some(View::Questions(rows)) => html! {
            <>{ for rows.iter().map(|row| html! { <Row key={row.product.to_string()} {stall} row={row.clone()} /> }) }</>
        },
        _ => html! { <Busy {live} /> },
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Products} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("question.title") }</h1>
            </header>
            { body }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    stall: LogId,
    row: QuestionRow,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let (desk, speech) = (crate::desk::use_desk(), use_speech());
    let row = &props.row;
    html! {
        <section class="card stack">
            <Go to={Route::Product(row.product)} class="list-row">
                <Photo address={row.picture.as_ref().map(|hash| desk.picture(hash))} name={row.name.clone()} />
                <span class="list-main"><span class="list-name">{ row.name.clone() }</span></span>
                { icon(Icon::Forward) }
            </Go>
            <Questions stall={props.stall} questions={row.questions.clone()} currency={row.currency.clone()} />
            { for row.problems.iter().map(|said| html! { <p class="field-problem">{ problem(&speech, said) }</p> }) }
        </section>
    }
}
