//! The stall's categories: named, put in order, taken away. Products of one that is taken away stay where they are.

use soko_app_api::{CategoryEdit, CategoryRow, OwnStall, Query, Verb, View};
use soko_domain::ids::{LogId, ThingId};
use yew::prelude::*;

use super::with_stall;
use crate::acting::{Acting, sets, use_acting};
use crate::browser;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Empty, Field, Icon, icon};
use crate::route::Route;

#[component]
pub(super) fn Categories() -> Html {
    with_stall(|stall| html! { <List {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let stall = props.stall.stall;
    let live = use_query(Some(Query::Categories(stall)));
    let name = use_state(String::new);
    let rows: Vec<CategoryRow> = match live.view() {
        Some(View::Categories(rows)) => rows.clone(),
        _ => return html! { <Busy {live} /> },
    };
    let onsubmit = {
        let (acting, name, position) = (acting.clone(), name.clone(), next_position(&rows));
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let typed = name.trim().to_owned();
            if typed.is_empty() {
                return;
            }
            let edits = vec![CategoryEdit::Name(typed), CategoryEdit::Position(position)];
            let name = name.clone();
            let category = ThingId(browser::chance());
            acting.act(stall, Verb::EditCategory { category, edits }, move |_| name.set(String::new()));
        })
    };
    let last = rows.len().saturating_sub(1);
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Products} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("categories.title") }</h1>
            </header>
            <form class="row row-end" {onsubmit}>
                <Field label={speech.say("categories.name")} value={(*name).clone()} on_input={sets(&name)} class="grow" />
                <button type="submit" class="button button-main" disabled={name.trim().is_empty() || acting.is_busy()}>{ speech.say("categories.add") }</button>
            </form>
            if rows.is_empty() {
                <Empty icon={Icon::Grid} title={speech.say("categories.none")} text={speech.say("categories.none-text")} />
            } else {
                <div class="card">
                    { for rows.iter().enumerate().map(|(at, row)| html! {
                        <Row key={row.category.to_string()} {stall} row={row.clone()}
                            up={(at > 0).then(|| swap(&acting, stall, &rows, at, at.saturating_sub(1)))}
                            down={(at < last).then(|| swap(&acting, stall, &rows, at, at + 1))} />
                    }) }
                </div>
            }
        </section>
    }
}

fn next_position(rows: &[CategoryRow]) -> i64 {
    rows.iter().map(|row| row.position).max().map_or(0, |last| last.saturating_add(1))
}

/// Puts two of them in each other's place, and every other where it is shown: positions that are equal would not move.
fn swap(acting: &Acting, stall: LogId, rows: &[CategoryRow], from: usize, to: usize) -> Callback<MouseEvent> {
    let mut order: Vec<CategoryRow> = rows.to_vec();
    order.swap(from, to);
    let acting = acting.clone();
    Callback::from(move |_: MouseEvent| {
        let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
        let moved: Vec<(ThingId, i64)> = (0..)
            .zip(&order)
            .filter(|(place, row)| row.position != *place)
            .map(|(place, row)| (row.category, place))
            .collect();
        wasm_bindgen_futures::spawn_local(async move {
            for (category, place) in moved {
                let verb = Verb::EditCategory { category, edits: vec![CategoryEdit::Position(place)] };
                if let Err(trouble) = desk.act(stall, verb).await {
                    desk.toasts.error(trouble.sentence(&speech));
                    return;
                }
            }
        });
    })
}

#[derive(Properties, PartialEq)]
struct RowProps {
    stall: LogId,
    row: CategoryRow,
    up: Option<Callback<MouseEvent>>,
    down: Option<Callback<MouseEvent>>,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (stall, row) = (props.stall, &props.row);
    let (category, name) = (row.category, row.name.clone());
    let typed = use_state(|| None::<String>);
    let rename = {
        let (acting, typed) = (acting.clone(), typed.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(now) = (*typed).clone().map(|now| now.trim().to_owned()).filter(|now| !now.is_empty())
            else {
                typed.set(None);
                return;
            };
            let typed = typed.clone();
            let edits = vec![CategoryEdit::Name(now)];
            acting.act(stall, Verb::EditCategory { category, edits }, move |_| typed.set(None));
        })
    };
    let begin = {
        let (typed, name) = (typed.clone(), name.clone());
        Callback::from(move |_: MouseEvent| typed.set(Some(name.clone())))
    };
    let on_input = {
        let typed = typed.clone();
        Callback::from(move |now| typed.set(Some(now)))
    };
    let remove = {
        let (acting, name) = (acting.clone(), name.clone());
        Callback::from(move |_: MouseEvent| archive(&acting, stall, (category, name.clone()), true))
    };
    let label = |key: &'static str| speech.fill(key, &[("name", &name)]);
    html! {
        <div class="list-row">
            if let Some(now) = (*typed).clone() {
                <form class="row row-end grow" onsubmit={rename}>
                    <Field label={speech.say("categories.name")} value={now} {on_input} autofocus=true class="grow" />
                    <button type="submit" class="button" disabled={acting.is_busy()}>{ speech.say("settings.save") }</button>
                </form>
            } else {
                <span class="list-main">
                    <span class="list-name">{ name.clone() }</span>
                    <span class="list-more">{ speech.count("categories.products", row.products.into()) }</span>
                </span>
                <button type="button" class="button-icon turned" onclick={props.up.clone()} disabled={props.up.is_none()} aria-label={label("categories.up")}>{ icon(Icon::Down) }</button>
                <button type="button" class="button-icon" onclick={props.down.clone()} disabled={props.down.is_none()} aria-label={label("categories.down")}>{ icon(Icon::Down) }</button>
                <button type="button" class="button-icon" onclick={begin} aria-label={label("categories.rename")}>{ icon(Icon::Pencil) }</button>
                <button type="button" class="button-icon" onclick={remove} aria-label={label("categories.remove")}>{ icon(Icon::Trash) }</button>
            }
        </div>
    }
}

/// Takes it away or brings it back; either way is one tap back.
fn archive(acting: &Acting, stall: LogId, (category, name): (ThingId, String), archived: bool) {
    let told = acting.clone();
    let verb = Verb::EditCategory { category, edits: vec![CategoryEdit::Archived(archived)] };
    acting.act(stall, verb, move |_| {
        let (again, words) = (told.clone(), told.speech.clone());
        let key = if archived { "categories.removed" } else { "categories.restored" };
        let text = words.fill(key, &[("name", &name)]);
        let undo = Callback::from(move |()| archive(&again, stall, (category, name.clone()), !archived));
        told.desk.toasts.offer(text, words.say("action.undo"), undo);
    });
}
