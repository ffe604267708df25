//! The business day so far, and the drawer.

use soko_app_api::{OwnStall, Query, TodayView, View, Window};
use yew::prelude::*;

use super::claims::Unseen;
use super::incidents::IncidentsWaiting;
use super::sales::Row;
use super::shift::{OpenDrawer, use_shift};
use super::statement::Statement;
use super::with_stall;
use crate::acting::{closes, opens};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Icon, icon};
use crate::route::Route;
use crate::speech::use_speech;

const LATEST: u32 = 5;

#[component]
pub(super) fn Today() -> Html {
    with_stall(|stall| html! { <Day {stall} /> })
}

#[derive(Properties, PartialEq)]
struct DayProps {
    stall: OwnStall,
}

#[component]
fn Day(props: &DayProps) -> Html {
    let speech = use_speech();
    let stall = props.stall.stall;
    let live = use_query(Some(Query::Today(stall)));
    let latest = use_query(Some(Query::Sales { stall, window: Window::first(LATEST) }));
    let Some(View::Today(today)) = live.view() else { return html! { <Busy {live} /> } };
    html! {
        <section class="page">
            <header class="page-head">
                <h1>{ speech.day(today.business_day) }</h1>
            </header>
            <Figures today={today.clone()} />
            <IncidentsWaiting {stall} />
            <Unseen stall={props.stall.clone()} />
            <Drawer stall={props.stall.clone()} />
            <div class="row">
                <Go to={Route::Figures} class="button">{ icon(Icon::Chart) }{ speech.say("figures.open") }</Go>
                <Go to={Route::Customers} class="button">{ icon(Icon::Person) }{ speech.say("customers.title") }</Go>
                <Go to={Route::Cards} class="button">{ icon(Icon::Card) }{ speech.say("cards.title") }</Go>
                <Statement stall={props.stall.clone()} />
            </div>
            if let Some(View::Sales(rows)) = latest.view() {
                <section class="card">
                    <header class="panel-head">
                        <h2>{ speech.say("sales.latest") }</h2>
                        <Go to={Route::Sales} class="button button-quiet">{ speech.say("sales.all") }{ icon(Icon::Forward) }</Go>
                    </header>
                    if rows.is_empty() {
                        <p class="prose">{ speech.say("sales.none-text") }</p>
                    }
                    { for rows.iter().map(|row| html! { <Row key={row.sale.to_string()} row={row.clone()} /> }) }
                </section>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct FiguresProps {
    today: TodayView,
}

#[component]
fn Figures(props: &FiguresProps) -> Html {
    let speech = use_speech();
    let today = &props.today;
    let money = |minor: i64| speech.money(minor, &today.currency);
    let told = |minor: Option<i64>| minor.map_or_else(|| speech.say("report.hidden").to_string(), money);
    let figure = |key: &'static str, value: String| {
        html! { <div class="figure"><dt>{ speech.say(key) }</dt><dd class="number">{ value }</dd></div> }
    };
    html! {
        <dl class="figures">
            <div class="figure figure-main"><dt>{ speech.say("today.total") }</dt><dd class="number">{ told(today.total_minor) }</dd></div>
            { figure("today.sales", speech.number(i64::from(today.sales))) }
            { figure("today.cash", told(today.cash_minor)) }
            { figure("today.refunds", told(today.refunds_minor)) }
            { figure("today.orders", speech.number(i64::from(today.orders_waiting))) }
        </dl>
    }
}

#[component]
fn Drawer(props: &DayProps) -> Html {
    let speech = use_speech();
    let shift = use_shift(&props.stall);
    let is_open = use_state(|| false);
    let show = opens(&is_open);
    let on_close = closes(&is_open);
    let Some(shift) = shift else { return Html::default() };
    let text = match &shift {
        Some(shift) => {
            let float = speech.money(shift.float_minor, &props.stall.currency);
            speech.fill("shift.since", &[("ago", &speech.ago(shift.opened_at_ms)), ("float", &float)])
        }
        None => speech.say("shift.closed-text"),
    };
    html! {
        <div class="notice">
            <span class="notice-sign">{ icon(Icon::Drawer) }</span>
            <p><strong>{ speech.say(if shift.is_some() { "shift.is-open" } else { "shift.closed" }) }</strong><span>{ text }</span></p>
            if shift.is_none() {
                <button type="button" class="button button-main" onclick={show}>{ speech.say("shift.open") }</button>
            }
            <Go to={Route::Drawer} class="button">{ speech.say("drawer.title") }{ icon(Icon::Forward) }</Go>
            if *is_open {
                <OpenDrawer stall={props.stall.clone()} {on_close} />
            }
        </div>
    }
}
