//! The statement of a provider of mobile money: choose the file, look at what it says of the payments, and mark those
//! that came. Nothing of the file is kept, and a second look finds what was marked in order.

use std::rc::Rc;

use soko_app_api::{
    OwnStall, PaymentRow, Query, StatementChoice, StatementGroup, StatementRow, StatementView, Verb, View,
};
use soko_domain::entry::Standing;
use soko_domain::ids::{LogId, SaleId};
use soko_domain::statement::{Found, STATEMENT_BYTES_MAX};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::statement_parts::{Columns, Group, Problems};
use crate::browser;
use crate::desk::{Desk, Trouble, use_desk};
use crate::live::use_query;
use crate::parts::{Busy, Dialog, Icon, Problem, icon};
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct StatementProps {
    pub stall: OwnStall,
}

/// The button, and behind it the statement.
#[component]
pub(super) fn Statement(props: &StatementProps) -> Html {
    let speech = use_speech();
    let is_open = use_state(|| false);
    html! {
        <>
            <button type="button" class="button" onclick={crate::acting::opens(&is_open)}>
                { icon(Icon::Note) }{ speech.say("statement.title") }
            </button>
            if *is_open {
                <Dialog title={speech.say("statement.title")} on_close={crate::acting::closes(&is_open)}>
                    <Looking stall={props.stall.clone()} />
                </Dialog>
            }
        </>
    }
}

#[component]
fn Looking(props: &StatementProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let stall = props.stall.stall;
    let (file, choice) = (use_state(|| None::<Rc<Vec<u8>>>), use_state(|| None::<StatementChoice>));
    let is_marking = use_state(|| false);
    // While payments are marked, each would ask for the whole file again.
    let asked = (*file).clone().filter(|_| !*is_marking);
    let query =
        |bytes: Rc<Vec<u8>>| Query::Statement { stall, bytes: bytes.to_vec(), choice: (*choice).clone() };
    let live = use_query(asked.map(query));
    let on_file = {
        let (file, choice) = (file.clone(), choice.clone());
        Callback::from(move |bytes: Vec<u8>| {
            choice.set(None);
            file.set(Some(Rc::new(bytes)));
        })
    };
    let on_choice = {
        let choice = choice.clone();
        Callback::from(move |now: StatementChoice| choice.set(Some(now)))
    };
    let on_mark = {
        let is_marking = is_marking.clone();
        Callback::from(move |marks: Vec<Mark>| {
            let (desk, speech, is_marking) = (desk.clone(), speech.clone(), is_marking.clone());
            is_marking.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                mark(&desk, &speech, stall, marks).await;
                is_marking.set(false);
            });
        })
    };
    let speech = use_speech();
    let body = match (*is_marking, file.is_some(), live.view()) {
        (true, ..) => html! { <p role="status">{ speech.say("statement.marking") }</p> },
        (false, false, _) => Html::default(),
        (false, true, Some(View::Statement(view))) => {
            html! { <Looked view={(**view).clone()} {on_choice} {on_mark} /> }
        }
        (false, true, _) => html! { <Busy {live} /> },
    };
    html! {
        <div class="stack">
            if !*is_marking { <Choose {on_file} is_first={file.is_none()} /> }
            { body }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ChooseProps {
    on_file: Callback<Vec<u8>>,
    is_first: bool,
}

#[component]
fn Choose(props: &ChooseProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let onchange = {
        let (speech, on_file) = (speech.clone(), props.on_file.clone());
        Callback::from(move |change: Event| {
            let input: HtmlInputElement = change.target_unchecked_into();
            let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
            input.set_value("");
            let (desk, speech, on_file) = (desk.clone(), speech.clone(), on_file.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match browser::file::read(&file, STATEMENT_BYTES_MAX).await {
                    None => desk.toasts.error(speech.say("refused.statement_too_large")),
                    Some(bytes) => on_file.emit(bytes),
                }
            });
        })
    };
    let key = if props.is_first { "statement.choose" } else { "statement.choose-other" };
    html! {
        <>
            if props.is_first { <p class="prose">{ speech.say("statement.text") }</p> }
            <div class="row">
                <label class={classes!("button", props.is_first.then_some("button-main"), "file-choice")}>
                    { icon(Icon::Note) }
                    <span>{ speech.say(key) }</span>
                    <input type="file" accept=".csv,.tsv,.txt,text/csv,text/plain" {onchange} class="silent" />
                </label>
            </div>
        </>
    }
}

/// What is done with one payment: its code where nobody saw the money yet, then that it is on the account.
#[derive(Clone, PartialEq)]
pub(super) struct Mark {
    sale: SaleId,
    tender: u32,
    standing: Standing,
    code: String,
}

impl Mark {
    pub(super) fn of(row: &StatementRow) -> Option<Self> {
        let (payment, received) = (row.payment.as_ref()?, row.received.as_ref()?);
        let PaymentRow { sale, tender, standing, .. } = payment;
        Some(Self { sale: *sale, tender: *tender, standing: *standing, code: received.code.clone() })
    }
}

/// One after the other, each on its own: what was marked stays marked if the next one is not. What is refused is said
/// once and left; where nothing can be reached any more, it ends.
async fn mark(desk: &Desk, speech: &Speech, stall: LogId, marks: Vec<Mark>) {
    let (mut done, mut trouble) = (0_i64, None::<Trouble>);
    for mark in marks {
        match mark_one(desk, stall, mark).await {
            Ok(()) => done += 1,
            Err(Trouble::Refused(refused)) => trouble = Some(Trouble::Refused(refused)),
            Err(Trouble::Failed(failed)) => {
                trouble = Some(Trouble::Failed(failed));
                break;
            }
        }
    }
    if let Some(trouble) = trouble {
        desk.toasts.error(trouble.sentence(speech));
    }
    if done > 0 {
        desk.toasts.done(speech.count("statement.marked", done));
    }
}

async fn mark_one(desk: &Desk, stall: LogId, mark: Mark) -> Result<(), Trouble> {
    let Mark { sale, tender, standing, code } = mark;
    if standing.is_unseen() {
        desk.act(stall, Verb::VerifyPayment { sale, tender, code }).await?;
    }
    desk.act(stall, Verb::SettlePayment { sale, tender }).await?;
    Ok(())
}

#[derive(Properties, PartialEq)]
struct LookedProps {
    view: StatementView,
    on_choice: Callback<StatementChoice>,
    on_mark: Callback<Vec<Mark>>,
}

#[component]
fn Looked(props: &LookedProps) -> Html {
    let speech = use_speech();
    let view = &props.view;
    let ready = view.groups.iter().find(|group| group.found == Found::Ready);
    let marks: Vec<Mark> = ready.map(of_group).unwrap_or_default();
    let count = i64::try_from(marks.len()).unwrap_or(i64::MAX);
    let mark = props.on_mark.reform(move |_: MouseEvent| marks.clone());
    let span = view.from_ms.zip(view.until_ms).map(|(from, until)| {
        let [from, until] = [from, until].map(|at| speech.day_and_time(at, Some("UTC")));
        speech.fill("statement.span", &[("from", &from), ("until", &until)])
    });
    let group = |group: &StatementGroup| {
        html! {
            <Group key={group.found.number()} group={group.clone()} currency={view.currency.clone()} on_mark={props.on_mark.clone()} />
        }
    };
    html! {
        <>
            if view.is_enough {
                <p class="prose">{ speech.count("statement.rows", view.rows.into()) }{ " " }{ span }</p>
            } else {
                <Problem text={speech.say("statement.not-enough")} />
            }
            <Columns view={view.clone()} on_choice={props.on_choice.clone()} />
            if count > 0 {
                <button type="button" class="button button-main" onclick={mark}>{ speech.count("statement.mark", count) }</button>
            }
            { for view.groups.iter().map(group) }
            <Problems view={view.clone()} />
        </>
    }
}

fn of_group(group: &StatementGroup) -> Vec<Mark> {
    group.rows.iter().filter_map(Mark::of).collect()
}
