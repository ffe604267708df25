//! A customer: how to reach them, what they bought and what they hold, changing it and taking it out.

use soko_app_api::{
    CustomerInput, CustomerSaleRow, CustomerView, OwnStall, PurseInput, PurseView, Query, Verb, View,
};
use soko_domain::ids::ThingId;
use soko_domain::purse::PurseKind;
use yew::prelude::*;

use super::fill::Fill;
use super::form::CustomerForm;
use super::purse::{Elsewhere, Happened, amount, kind_name};
use crate::acting::{closes, opens, use_acting};
use crate::app::use_stall;
use crate::desk::use_desk;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Badge, Busy, Confirm, Empty, Icon, Loading, SavedTone, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct CustomerProps {
    pub customer: ThingId,
}

#[component]
pub(super) fn Customer(props: &CustomerProps) -> Html {
    match use_stall() {
        Some(stall) => html! { <Loaded {stall} customer={props.customer} /> },
        None => html! { <Loading rows={6} /> },
    }
}

#[derive(Properties, PartialEq)]
struct LoadedProps {
    stall: OwnStall,
    customer: ThingId,
}

#[component]
fn Loaded(props: &LoadedProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Customer { stall: props.stall.stall, customer: props.customer }));
    match live.view() {
        Some(View::Customer(view)) => html! { <Shown stall={props.stall.clone()} view={(**view).clone()} /> },
        Some(_) => html! {
            <Empty icon={Icon::Person} title={speech.say("customer.missing")} text={speech.say("customer.missing-text")}>
                <Go to={Route::Customers} class="button">{ speech.say("customers.title") }</Go>
            </Empty>
        },
        None => html! { <Busy {live} /> },
    }
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    stall: OwnStall,
    view: CustomerView,
}

#[component]
fn Shown(props: &ShownProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let view = &props.view;
    let customer = view.customer;
    let edits = use_state(|| false);
    let name = if view.is_erased { speech.say("customer.erased") } else { view.about.name.clone().into() };
    let sell = Callback::from(move |_: MouseEvent| {
        desk.cart.change(|cart| cart.customer = Some(customer));
        desk.go(Route::Sell);
    });
    let on_saved = {
        let close = closes(&edits);
        Callback::from(move |_: ThingId| close.emit(()))
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Customers} class="button-icon page-back" label={speech.say("customers.title")}>{ icon(Icon::Back) }</Go>
                <h1>{ name }</h1>
                if !view.is_erased {
                    <button type="button" class="button" onclick={opens(&edits)}>{ icon(Icon::Pencil) }{ speech.say("customer.change") }</button>
                    <button type="button" class="button button-main" onclick={sell}>{ icon(Icon::Till) }{ speech.say("customer.sell") }</button>
                }
            </header>
            if !view.is_erased { <About about={view.about.clone()} /> }
            <dl class="figures">
                <div class="figure"><dt>{ speech.say("customer.sales") }</dt><dd class="number">{ speech.number(view.sales) }</dd></div>
                <div class="figure"><dt>{ speech.say("customer.bought") }</dt><dd class="number">{ speech.money(view.sales_minor, &view.currency) }</dd></div>
            </dl>
            <Held stall={props.stall.clone()} input={PurseInput::Credit(customer)} held={view.credit.clone()} can_fill={!view.is_erased} />
            if view.loyalty.is_on() || view.points.is_known {
                <Held stall={props.stall.clone()} input={PurseInput::Points(customer)} held={view.points.clone()} can_fill=false />
            }
            <section class="card">
                <h2>{ speech.say("sales.latest") }</h2>
                if view.latest.is_empty() { <p class="prose">{ speech.say("customer.no-sales") }</p> }
                { for view.latest.iter().map(|row| sale(&speech, row, &view.currency)) }
            </section>
            if !view.is_erased { <Erase stall={props.stall.clone()} view={view.clone()} /> }
            if *edits {
                <CustomerForm stall={props.stall.clone()} {customer} about={view.about.clone()} {on_saved} on_close={closes(&edits)} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct AboutProps {
    about: CustomerInput,
}

#[component]
fn About(props: &AboutProps) -> Html {
    let speech = use_speech();
    let about = &props.about;
    let row = |key: &'static str, value: &String| {
        (!value.is_empty()).then(|| {
            html! { <div><dt>{ speech.say(key) }</dt><dd dir="auto">{ value.clone() }</dd></div> }
        })
    };
    let consent = speech.say(if about.may_contact { "customer.consent-yes" } else { "customer.consent-no" });
    html! {
        <section class="card">
            <dl class="sums">
                { row("customer.phone", &about.phone) }
                { row("customer.email", &about.email) }
                { row("customer.note", &about.note) }
                <div><dt>{ speech.say("customer.contact") }</dt><dd>{ consent }</dd></div>
            </dl>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct HeldProps {
    stall: OwnStall,
    input: PurseInput,
    held: PurseView,
    can_fill: bool,
}

/// Credit or points: how much, where it is, and what happened.
#[component]
fn Held(props: &HeldProps) -> Html {
    let speech = use_speech();
    let held = &props.held;
    let fills = use_state(|| false);
    let on_done = {
        let close = closes(&fills);
        Callback::from(move |_: i64| close.emit(()))
    };
    html! {
        <section class="card stack">
            <header class="panel-head">
                <h2>{ kind_name(&speech, held.kind) }</h2>
                <strong class="number">{ amount(&speech, held) }</strong>
            </header>
            <Elsewhere stall={props.stall.clone()} input={props.input.clone()} view={held.clone()} />
            <Happened view={held.clone()} />
            if props.can_fill && held.kind == PurseKind::Credit {
                <footer class="dialog-foot">
                    <button type="button" class="button" onclick={opens(&fills)}>{ icon(Icon::Plus) }{ speech.say("purse.add-credit") }</button>
                </footer>
            }
            if *fills {
                <Fill stall={props.stall.clone()} purse={props.input.clone()} title={speech.say("purse.add-credit")} {on_done} on_close={closes(&fills)} />
            }
        </section>
    }
}

fn sale(speech: &Speech, row: &CustomerSaleRow, currency: &str) -> Html {
    let number = row.receipt_number.to_string();
    let local_ms = row.at_ms + i64::from(row.offset_minutes) * 60_000;
    html! {
        <Go key={row.sale.to_string()} to={Route::Sale(row.sale)} class="list-row">
            <span class="list-main">
                <span class="list-name number">{ speech.fill("sale.title", &[("number", &number)]) }</span>
                <span class="list-more number">{ speech.day_and_time(local_ms, Some("UTC")) }{ " · " }{ row.register_name.clone() }</span>
            </span>
            if row.voided { <Badge tone={SavedTone::Bad} text={speech.say("sale.voided")} /> }
            <span class="list-end number">{ speech.money(row.total_minor, currency) }</span>
        </Go>
    }
}

/// Taking out what is known of somebody. What is still owed to them is said first.
#[component]
fn Erase(props: &ShownProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let view = &props.view;
    let asks = use_state(|| false);
    let erase = {
        let (acting, stall, customer, close) =
            (acting.clone(), props.stall.stall, view.customer, closes(&asks));
        Callback::from(move |_: String| {
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::EraseCustomer { customer }, move |_| {
                desk.toasts.done(speech.say("customer.erase-done"));
            });
            close.emit(());
        })
    };
    let owed = view.credit.total_minor.saturating_add(view.points.total_minor);
    let text = if owed > 0 {
        speech.fill("customer.erase-owed", &[("amount", &speech.money(owed, &view.currency))])
    } else {
        speech.say("customer.erase-text")
    };
    html! {
        <>
            <div class="row">
                <button type="button" class="button button-quiet" onclick={opens(&asks)}>{ icon(Icon::Trash) }{ speech.say("customer.erase") }</button>
            </div>
            if *asks {
                <Confirm title={speech.say("customer.erase")} {text} action={speech.say("customer.erase")} on_confirm={erase} on_close={closes(&asks)} />
            }
        </>
    }
}
