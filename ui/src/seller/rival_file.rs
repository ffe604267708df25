//! A table of others' prices: choose it, look at what each row means here, say which product is meant where only the names are
//! alike, and take it. A file of one's own, or what the server fetched from an address.

use std::collections::BTreeMap;
use std::rc::Rc;

use soko_app_api::text::Worded as _;
use soko_app_api::{
    OwnStall, Query, RivalAnswer, RivalChoice, RivalFit, RivalGroup, RivalProblemRow, RivalsView,
    TheirRowView, Verb, View,
};
use soko_domain::ids::ProductId;
use soko_domain::rival::{RIVAL_BYTES_MAX, RivalField};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::columns::{self, ColumnChoices, DecimalChoice};
use crate::acting::{closes, opens, sets, use_acting};
use crate::browser;
use crate::desk::use_desk;
use crate::live::use_query;
use crate::parts::{Busy, Choice, Dialog, Field, Icon, Problem, icon};
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct FileProps {
    pub stall: OwnStall,
}

/// The button, and behind it the file.
#[component]
pub(super) fn FileOfOthers(props: &FileProps) -> Html {
    let speech = use_speech();
    let is_open = use_state(|| false);
    html! {
        <div class="row">
            <button type="button" class="button" onclick={opens(&is_open)}>{ icon(Icon::Note) }{ speech.say("rivals.file") }</button>
            if *is_open {
                <Dialog title={speech.say("rivals.file")} on_close={closes(&is_open)}>
                    <Choosing stall={props.stall.clone()} on_done={closes(&is_open)} />
                </Dialog>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ChoosingProps {
    stall: OwnStall,
    on_done: Callback<()>,
}

#[component]
fn Choosing(props: &ChoosingProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let (source, file) = (use_state(String::new), use_state(|| None::<Rc<Vec<u8>>>));
    let onchange = {
        let (speech, file) = (speech.clone(), file.clone());
        Callback::from(move |change: Event| {
            let input: HtmlInputElement = change.target_unchecked_into();
            let Some(chosen) = input.files().and_then(|files| files.get(0)) else { return };
            input.set_value("");
            let (desk, speech, file) = (desk.clone(), speech.clone(), file.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match browser::file::read(&chosen, RIVAL_BYTES_MAX).await {
                    None => desk.toasts.error(speech.say("refused.rivals_too_large")),
                    Some(bytes) => file.set(Some(Rc::new(bytes))),
                }
            });
        })
    };
    html! {
        <div class="stack">
            <p class="prose">{ speech.say("rivals.file-text") }</p>
            <Field label={speech.say("rivals.who")} value={(*source).clone()} on_input={sets(&source)} hint={speech.say("rivals.who-hint")} />
            <div class="row">
                <label class={classes!("button", file.is_none().then_some("button-main"), "file-choice")}>
                    { icon(Icon::Note) }
                    <span>{ speech.say("rivals.choose") }</span>
                    <input type="file" accept=".csv,.tsv,.txt,.json,text/csv,text/plain,application/json" {onchange} class="silent" />
                </label>
            </div>
            if let Some(bytes) = &*file {
                <TheirTable stall={props.stall.clone()} source={(*source).clone()} is_feed=false bytes={Rc::clone(bytes)} on_done={props.on_done.reform(|_: RivalChoice| ())} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct TableProps {
    pub stall: OwnStall,
    pub source: String,
    pub is_feed: bool,
    pub bytes: Rc<Vec<u8>>,
    /// How it was read when it was taken.
    pub on_done: Callback<RivalChoice>,
}

/// What somebody said of rows, by their keys.
type Said = BTreeMap<String, Option<ProductId>>;

/// What taking a table would do, what is asked about it, and the button that takes it.
#[component]
pub(super) fn TheirTable(props: &TableProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (choice, said) = (use_state(|| None::<RivalChoice>), use_state(Said::new));
    let stall = props.stall.stall;
    let live = use_query(Some(Query::Rivals {
        stall,
        source: props.source.clone(),
        bytes: props.bytes.to_vec(),
        choice: (*choice).clone(),
    }));
    let Some(View::Rivals(view)) = live.view() else { return html! { <Busy {live} /> } };
    let on_choice = choice.setter();
    let on_said = {
        let said = said.clone();
        Callback::from(move |(key, answer): (String, Option<Option<ProductId>>)| {
            let mut now = (*said).clone();
            match answer {
                Some(product) => now.insert(key, product),
                None => now.remove(&key),
            };
            said.set(now);
        })
    };
    let takes = view.groups.iter().any(|group| matches!(group.fit, RivalFit::Barcode | RivalFit::Said));
    let is_ready = view.is_enough && !props.source.trim().is_empty() && (takes || !said.is_empty());
    let onclick = {
        let answers = said.iter().map(|(key, product)| RivalAnswer { key: key.clone(), product: *product });
        let verb = Verb::TakeRivals {
            source: props.source.clone(),
            is_feed: props.is_feed,
            bytes: props.bytes.to_vec(),
            choice: view.choice.clone(),
            answers: answers.collect(),
        };
        let (acting, on_done, choice) = (acting.clone(), props.on_done.clone(), view.choice.clone());
        Callback::from(move |_: MouseEvent| {
            let (done, on_done, choice) = (acting.clone(), on_done.clone(), choice.clone());
            acting.act(stall, verb.clone(), move |_| {
                done.desk.toasts.done(done.speech.say("rivals.taken"));
                on_done.emit(choice);
            });
        })
    };
    html! {
        <>
            if !view.is_enough { <Problem text={speech.say("rivals.not-enough")} /> }
            { columns_of(&speech, view, Callback::from(move |now| on_choice.set(Some(now)))) }
            { for view.groups.iter().map(|group| group_of(&speech, group, (&said, &on_said))) }
            { problems(&speech, view) }
            <footer class="dialog-foot">
                <button type="button" class="button button-main" disabled={!is_ready || acting.is_busy()} {onclick}>{ speech.say("rivals.take") }</button>
            </footer>
        </>
    }
}

fn columns_of(speech: &Speech, view: &RivalsView, on_choice: Callback<RivalChoice>) -> Html {
    let RivalsView { choice, columns, .. } = view;
    let on_decimal = {
        let now = choice.clone();
        on_choice.reform(move |decimal| RivalChoice { decimal, ..now.clone() })
    };
    let on_field = {
        let (now, count) = (choice.clone(), columns.len());
        on_choice.reform(move |(at, word): (usize, String)| RivalChoice {
            fields: columns::assigned(&now.fields, count, (at, &word), (RivalField::Ignore, None)),
            ..now.clone()
        })
    };
    html! {
        <details open={!view.is_enough}>
            <summary>{ speech.say("statement.columns") }</summary>
            <div class="stack">
                <ColumnChoices columns={columns.clone()} fields={columns::words(&choice.fields)}
                    options={columns::options::<RivalField>(speech, "rival-field")} {on_field} />
                <DecimalChoice decimal={choice.decimal} {on_decimal} />
            </div>
        </details>
    }
}

type OnSaid = Callback<(String, Option<Option<ProductId>>)>;

fn group_of(speech: &Speech, group: &RivalGroup, (said, on_said): (&Said, &OnSaid)) -> Html {
    let key = match group.fit {
        RivalFit::Barcode => "rival-fit.barcode",
        RivalFit::Said => "rival-fit.said",
        RivalFit::Like => "rival-fit.like",
        RivalFit::Unknown => "rival-fit.unknown",
        RivalFit::NotHere => "rival-fit.not-here",
    };
    let title = speech.say(key);
    let more = i64::from(group.count) - i64::try_from(group.rows.len()).unwrap_or(i64::MAX);
    let row = |row: &TheirRowView| {
        let price = speech.money(row.price_minor, &row.currency);
        let line = speech.fill("import.line", &[("n", &speech.number(row.line.into()))]);
        html! {
            <div class="list-row" key={row.key.clone()}>
                <span class="list-main">
                    <span class="list-name">{ row.name.clone() }</span>
                    <span class="list-more">{ if row.product_name.is_empty() { line.to_string() } else { format!("{line} · {}", row.product_name) } }</span>
                </span>
                <span class="list-end number">{ price }</span>
                if group.fit == RivalFit::Like { { question(speech, row, (said, on_said)) } }
            </div>
        }
    };
    html! {
        <section class="card stack-tight" aria-label={title.clone()}>
            <h3>{ title }{ " " }<span class="number">{ format!("({})", speech.number(group.count.into())) }</span></h3>
            { for group.rows.iter().map(row) }
            if more > 0 { <p class="field-hint">{ speech.count("rivals.more", more) }</p> }
        </section>
    }
}

/// The product that it is probably, none of them, or no answer yet.
fn question(speech: &Speech, row: &TheirRowView, (said, on_said): (&Said, &OnSaid)) -> Html {
    const LATER: &str = "later";
    const NONE: &str = "none";
    const YES: &str = "yes";
    let percent = speech.percent(u32::from(row.percent).saturating_mul(10_000));
    let is_product = speech.fill("rivals.is-product", &[("name", &row.product_name), ("percent", &percent)]);
    let options = vec![
        (AttrValue::Static(LATER), speech.say("rivals.later")),
        (AttrValue::Static(YES), is_product),
        (AttrValue::Static(NONE), speech.say("rivals.not-here")),
    ];
    let value = match said.get(&row.key) {
        None => LATER,
        Some(Some(_)) => YES,
        Some(None) => NONE,
    };
    let on_choose = {
        let (key, product) = (row.key.clone(), row.product);
        on_said.reform(move |word: String| {
            let answer = match word.as_str() {
                YES => product.map(Some),
                NONE => Some(None),
                _ => None,
            };
            (key.clone(), answer)
        })
    };
    html! { <Choice label={speech.fill("rivals.is-it", &[("name", &row.name)])} {value} {options} {on_choose} /> }
}

fn problems(speech: &Speech, view: &RivalsView) -> Html {
    if view.problems.is_empty() {
        return Html::default();
    }
    let more = i64::from(view.problems_count) - i64::try_from(view.problems.len()).unwrap_or(i64::MAX);
    let problem = |problem: &RivalProblemRow| {
        let word = problem.trouble.word();
        html! {
            <li class="list-row">
                <span class="list-main">
                    <span class="list-more">{ speech.fill("import.line", &[("n", &speech.number(problem.line.into()))]) }</span>
                    <span class="list-more-long">{ speech.say_or(&format!("rival-trouble.{word}"), word) }</span>
                </span>
                if !problem.value.is_empty() { <code class="list-end import-value">{ problem.value.clone() }</code> }
            </li>
        }
    };
    html! {
        <section class="card stack-tight">
            <h3>{ speech.say("rivals.problems") }</h3>
            <ul class="import-list">{ for view.problems.iter().map(problem) }</ul>
            if more > 0 { <p class="field-hint">{ speech.count("rivals.more", more) }</p> }
        </section>
    }
}
