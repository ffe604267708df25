//! What does not add up at the stall: what happened, what to do about it, and that somebody did.

use soko_app_api::{IncidentRow, OwnStall, Query, SettledView, Verb, View, Window};
use soko_domain::entry::IncidentKind;
use soko_domain::ids::{LogId, OrderId};
use yew::prelude::*;

use super::with_stall;
use crate::acting::use_acting;
use crate::chrome::set_aside;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Empty, Icon, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

/// More than anybody lets come together; those that wait come first.
const ROWS_MAX: u32 = 200;
/// Orders of one incident that are listed.
const ORDERS_MAX: usize = 10;

#[component]
pub(super) fn Incidents() -> Html {
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
    let window = Window::first(ROWS_MAX);
    let live = use_query(Some(Query::Incidents { stall, window }));
    let parked = use_query(Some(Query::Parked { stall, window }));
    let Some(View::Incidents(rows)) = live.view() else { return html! { <Busy {live} /> } };
    let parked = match parked.view() {
        Some(View::Parked(rows)) => rows.clone(),
        _ => Vec::new(),
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Today} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("incident.title") }</h1>
            </header>
            if rows.is_empty() && parked.is_empty() {
                <Empty icon={Icon::Check} title={speech.say("incident.none")} text={speech.say("incident.none-text")} />
            }
            { for rows.iter().map(|row| html! { <Incident key={row.incident.to_string()} {stall} row={row.clone()} /> }) }
            if !parked.is_empty() {
                <section class="card stack">
                    <h2>{ speech.say("replication.set-aside") }</h2>
                    <ul class="plain">{ for parked.iter().map(|row| set_aside(&speech, row)) }</ul>
                </section>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct IncidentProps {
    stall: LogId,
    row: IncidentRow,
}

#[component]
fn Incident(props: &IncidentProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let row = &props.row;
    let settle = {
        let (acting, stall, incident) = (acting.clone(), props.stall, row.incident);
        Callback::from(move |_: MouseEvent| {
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::SettleIncident { incident }, move |_| {
                desk.toasts.done(speech.say("incident.settled"));
            });
        })
    };
    let (happened, remedy) = keys(row.kind);
    let order = |order: &OrderId| {
        let letters = order.to_string().get(..6).unwrap_or_default().to_uppercase();
        html! { <Go key={order.to_string()} to={Route::Order(*order)} class="button">{ speech.fill("incident.order", &[("number", &letters)]) }</Go> }
    };
    html! {
        <article class="card stack">
            <header class="row row-apart">
                <h2>{ said(&speech, row, happened) }</h2>
            </header>
            <p class="field-hint number">{ speech.day_and_time(row.at_ms, None) }</p>
            <p class="prose">{ speech.say(remedy) }</p>
            <div class="row">
                { for row.orders.iter().take(ORDERS_MAX).map(order) }
                if let Some(product) = row.product {
                    <Go to={Route::StockOf(product)} class="button">{ icon(Icon::Boxes) }{ row.product_name.clone() }</Go>
                }
            </div>
            if let Some(settled) = &row.settled {
                <p class="prose">{ icon(Icon::Check) }{ " " }{ done(&speech, settled) }</p>
            } else {
                <button type="button" class="button button-main" onclick={settle} disabled={acting.is_busy()}>
                    { icon(Icon::Check) }{ speech.say("incident.settle") }
                </button>
            }
        </article>
    }
}

fn done(speech: &Speech, settled: &SettledView) -> AttrValue {
    let who = if settled.by.is_empty() { &settled.register_name } else { &settled.by };
    speech.fill("incident.settled-by", &[("who", who), ("when", &speech.day_and_time(settled.at_ms, None))])
}

/// What happened, and what to do about it.
fn keys(kind: IncidentKind) -> (&'static str, &'static str) {
    match kind {
        IncidentKind::Shortage => ("incident.shortage", "incident.shortage-do"),
        IncidentKind::Overdrawn => ("incident.overdrawn", "incident.overdrawn-do"),
        IncidentKind::Fork => ("incident.fork", "incident.fork-do"),
        IncidentKind::PaymentTwice => ("incident.payment-twice", "incident.payment-twice-do"),
        IncidentKind::PaidTwice => ("incident.paid-twice", "incident.paid-twice-do"),
        IncidentKind::PaymentOdd => ("incident.payment-odd", "incident.payment-odd-do"),
        IncidentKind::PaymentReturned => ("incident.payment-returned", "incident.payment-returned-do"),
        IncidentKind::PaymentDisputed => ("incident.payment-disputed", "incident.payment-disputed-do"),
        IncidentKind::PaymentStays => ("incident.payment-stays", "incident.payment-stays-do"),
        IncidentKind::TransferToSendBack => {
            ("incident.transfer-to-send-back", "incident.transfer-to-send-back-do")
        }
        IncidentKind::TransferTwice => ("incident.transfer-twice", "incident.transfer-twice-do"),
        IncidentKind::HandedOverUnpaid => ("incident.handed-over-unpaid", "incident.handed-over-unpaid-do"),
    }
}

fn said(speech: &Speech, row: &IncidentRow, key: &'static str) -> AttrValue {
    let quantity = speech.quantity(row.quantity, row.unit);
    let amount = speech.money(row.quantity, &row.currency);
    let device = if row.register_name.is_empty() {
        speech.say("stock.some-register")
    } else {
        row.register_name.clone().into()
    };
    let with = [
        ("product", row.product_name.as_str()),
        ("quantity", quantity.as_str()),
        ("amount", amount.as_str()),
        ("device", device.as_str()),
    ];
    speech.fill(key, &with)
}

#[derive(Properties, PartialEq)]
pub(super) struct WaitingProps {
    pub stall: LogId,
}

/// How many wait, and the way to them. Nothing where none does.
#[component]
pub(super) fn IncidentsWaiting(props: &WaitingProps) -> Html {
    let speech = use_speech();
    let window = Window::first(ROWS_MAX);
    let live = use_query(Some(Query::Incidents { stall: props.stall, window }));
    let Some(View::Incidents(rows)) = live.view() else { return Html::default() };
    let waiting = rows.iter().filter(|row| row.settled.is_none()).count();
    if waiting == 0 {
        return Html::default();
    }
    html! {
        <Go to={Route::Incidents} class="problem">
            { icon(Icon::Warning) }<p>{ speech.count("incident.waiting", i64::try_from(waiting).unwrap_or(i64::MAX)) }</p>
        </Go>
    }
}
