//! The drawer's own screen: what can be done with it, and the reports of closed shifts.

use soko_app_api::{DrawerFor, OwnStall, Query, ShiftReportRow, ShiftView, Verb, View, Window};
use yew::prelude::*;

use super::counting::CloseDrawer;
use super::shift::{OpenDrawer, use_shift};
use super::with_stall;
use crate::acting::{closes, opens, sets, use_acting};
use crate::live::use_query;
use crate::nav::Go;
use crate::paper;
use crate::parts::{Badge, Busy, Confirm, Dialog, Field, Icon, SavedTone, Segmented, icon};
use crate::route::Route;
use crate::speech::use_speech;
use crate::typed;

const ROWS: u32 = 100;
const IN: &str = "in";
const OUT: &str = "out";

#[component]
pub(super) fn Drawer() -> Html {
    with_stall(|stall| html! { <Whole {stall} /> })
}

#[derive(Properties, PartialEq)]
struct WholeProps {
    stall: OwnStall,
}

#[component]
fn Whole(props: &WholeProps) -> Html {
    let speech = use_speech();
    let shift = use_shift(&props.stall);
    let stall = props.stall.stall;
    let live = use_query(Some(Query::ShiftReports { stall, window: Window::first(ROWS) }));
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Today} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("drawer.title") }</h1>
            </header>
            if let Some(shift) = shift {
                <Now stall={props.stall.clone()} {shift} />
            }
            if let Some(View::ShiftReports(rows)) = live.view() {
                <section class="card" aria-labelledby="reports">
                    <h2 id="reports">{ speech.say("report.list") }</h2>
                    if rows.is_empty() {
                        <p class="prose">{ speech.say("report.none-text") }</p>
                    }
                    { for rows.iter().map(|row| html! { <Row key={row.shift.to_string()} row={row.clone()} /> }) }
                </section>
            } else {
                <Busy {live} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct NowProps {
    stall: OwnStall,
    shift: Option<ShiftView>,
}

#[component]
fn Now(props: &NowProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (begins, ends, moves, looks) =
        (use_state(|| false), use_state(|| false), use_state(|| false), use_state(|| false));
    let stall = &props.stall;
    let look = {
        let (acting, stall, close) = (acting.clone(), stall.stall, closes(&looks));
        Callback::from(move |reason: String| {
            let (desk, speech, close) = (acting.desk.clone(), acting.speech.clone(), close.clone());
            acting.act(stall, Verb::OpenDrawer { reason }, move |_| {
                desk.toasts.done(speech.say("drawer.opened"));
                paper::open_drawer(&desk, &speech, DrawerFor::Reason);
                close.emit(());
            });
        })
    };
    let Some(shift) = &props.shift else {
        return html! {
            <div class="notice">
                <span class="notice-sign">{ icon(Icon::Drawer) }</span>
                <p><strong>{ speech.say("shift.closed") }</strong><span>{ speech.say("shift.closed-text") }</span></p>
                <button type="button" class="button button-main" onclick={opens(&begins)}>{ speech.say("shift.open") }</button>
                if *begins { <OpenDrawer stall={stall.clone()} on_close={closes(&begins)} /> }
            </div>
        };
    };
    let float = speech.money(shift.float_minor, &stall.currency);
    html! {
        <section class="card stack" aria-labelledby="drawer-now">
            <h2 id="drawer-now">{ speech.say("shift.is-open") }</h2>
            <p class="prose">{ speech.fill("shift.since", &[("ago", &speech.ago(shift.opened_at_ms)), ("float", &float)]) }</p>
            <div class="drawer-acts">
                <button type="button" class="button button-main" onclick={opens(&ends)}>{ icon(Icon::Count) }{ speech.say("drawer.count-close") }</button>
                <button type="button" class="button" onclick={opens(&moves)}>{ icon(Icon::Swap) }{ speech.say("drawer.move") }</button>
                <button type="button" class="button" onclick={opens(&looks)}>{ icon(Icon::Drawer) }{ speech.say("drawer.open") }</button>
                <Go to={Route::ShiftReportNow} class="button">{ icon(Icon::Receipt) }{ speech.say("report.x") }</Go>
            </div>
            if *ends { <CloseDrawer stall={stall.clone()} shift={shift.shift} on_close={closes(&ends)} /> }
            if *moves { <MoveMoney stall={stall.clone()} on_close={closes(&moves)} /> }
            if *looks {
                <Confirm title={speech.say("drawer.open")} text={speech.say("drawer.open-text")} action={speech.say("drawer.open")}
                    asks_reason=true on_confirm={look} on_close={closes(&looks)} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct MoveProps {
    stall: OwnStall,
    on_close: Callback<()>,
}

/// Money into the drawer, or out of it, that is no sale.
#[component]
fn MoveMoney(props: &MoveProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (amount, reason) = (use_state(String::new), use_state(String::new));
    let way = use_state(|| AttrValue::Static(IN));
    let minor = typed::amount(&amount, &props.stall.currency).filter(|minor| *minor > 0);
    let is_ready = minor.is_some() && !reason.trim().is_empty() && !acting.is_busy();
    let onsubmit = {
        let (acting, on_close, stall) = (acting.clone(), props.on_close.clone(), props.stall.stall);
        let (reason, is_out) = (reason.trim().to_owned(), *way == OUT);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(minor) = minor.filter(|_| is_ready) else { return };
            let amount_minor = if is_out { -minor } else { minor };
            let (desk, speech, on_close) = (acting.desk.clone(), acting.speech.clone(), on_close.clone());
            acting.act(stall, Verb::MoveDrawer { amount_minor, reason: reason.clone() }, move |_| {
                desk.toasts.done(speech.say("drawer.moved"));
                paper::open_drawer(&desk, &speech, DrawerFor::Reason);
                on_close.emit(());
            });
        })
    };
    let ways = [(IN, "drawer.in"), (OUT, "drawer.out")];
    let ways = ways.map(|(way, key)| (AttrValue::Static(way), html! { { speech.say(key) } })).to_vec();
    html! {
        <Dialog title={speech.say("drawer.move")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Segmented label={speech.say("drawer.move")} value={(*way).clone()} options={ways} on_choose={sets(&way)} />
                <Field label={speech.say("drawer.amount")} value={(*amount).clone()} on_input={sets(&amount)} inputmode="decimal"
                    sign={props.stall.currency.clone()} autofocus=true class="field-money" />
                <Field label={speech.say("drawer.what-for")} value={(*reason).clone()} on_input={sets(&reason)} required=true />
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("drawer.move-do") }</button>
                </footer>
            </form>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct RowProps {
    row: ShiftReportRow,
}

#[component]
fn Row(props: &RowProps) -> Html {
    let speech = use_speech();
    let row = &props.row;
    let local_ms = row.closed_at_ms + i64::from(row.closed_offset) * 60_000;
    let parts = [row.register_name.clone(), row.closed_by.clone(), speech.time_of_day(local_ms, Some("UTC"))];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    html! {
        <Go to={Route::ShiftReport(row.register, row.shift)} class="list-row">
            <span class="list-main">
                <span class="list-name">{ speech.fill("report.z", &[("number", &row.z_number.to_string())]) }{ " · " }{ speech.day(row.business_day) }</span>
                <span class="list-more">{ parts.join(" · ") }</span>
            </span>
            if row.late > 0 { <Badge tone={SavedTone::Waiting} text={speech.say("report.amended")} /> }
            <span class="list-end">
                <span class="number">{ speech.money(row.net_minor, &row.currency) }</span>
                if row.variance_minor != 0 {
                    <span class="list-more number">{ speech.money(row.variance_minor, &row.currency) }</span>
                }
            </span>
            { icon(Icon::Forward) }
        </Go>
    }
}
