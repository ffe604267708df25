//! One order: what to pack, and the next step.

use soko_app_api::text::Worded as _;
use soko_app_api::{OrderView, OwnStall, Query, Verb, View};
use soko_domain::ids::OrderId;
use soko_domain::verbs::pay_order::PayStanding;
use yew::prelude::*;

use super::with_stall;
use crate::acting::{closes, opens, use_acting};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Badge, Busy, Confirm, Empty, Icon, SavedTone, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct OrderProps {
    pub order: OrderId,
}

#[component]
pub(super) fn Order(props: &OrderProps) -> Html {
    let order = props.order;
    with_stall(move |stall| html! { <Loaded {stall} {order} /> })
}

#[derive(Properties, PartialEq)]
struct LoadedProps {
    stall: OwnStall,
    order: OrderId,
}

#[component]
fn Loaded(props: &LoadedProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Order { stall: props.stall.stall, order: props.order }));
    match live.view() {
        Some(View::Order(order)) => html! { <Shown stall={props.stall.clone()} order={order.clone()} /> },
        Some(_) => html! {
            <Empty icon={Icon::Inbox} title={speech.say("order.missing")} text={speech.say("order.missing-text")}>
                <Go to={Route::Orders} class="button">{ speech.say("nav.orders") }</Go>
            </Empty>
        },
        None => html! { <Busy {live} /> },
    }
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    stall: OwnStall,
    order: OrderView,
}

#[component]
fn Shown(props: &ShownProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let cancels = use_state(|| false);
    let (stall, row) = (props.stall.stall, &props.order.row);
    let order = row.order;
    let hand_over = {
        let acting = acting.clone();
        Callback::from(move |_: MouseEvent| {
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::HandOverOrder { order }, move |_| {
                desk.toasts.done(speech.say("order.handed-over"))
            });
        })
    };
    let cancel = {
        let (acting, cancels) = (acting.clone(), cancels.clone());
        Callback::from(move |reason: String| {
            cancels.set(false);
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::AskCancelOrder { order, reason }, move |_| {
                desk.toasts.done(speech.say("order.cancel-asked"))
            });
        })
    };
    let open = opens(&cancels);
    let on_close = closes(&cancels);
    let is_waiting = row.state == "held";
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Orders} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.fill("order.name", &[("code", &code(order))]) }</h1>
                { money(&speech, row.money) }{ badge(&speech, &row.state) }
            </header>
            <p class="prose">{ speech.day_and_time(row.at_ms, None) }{ " · " }{ speech.ago(row.at_ms) }</p>
            if is_waiting && row.money == PayStanding::Waiting {
                <p class="remark remark-bad" role="status">{ speech.say("order.not-paid-yet") }</p>
            }
            if !props.order.note.is_empty() {
                <p class="order-note">{ icon(Icon::Note) }<span>{ props.order.note.clone() }</span></p>
            }
            <div class="card stack">
                <ul class="pack">
                    { for props.order.lines.iter().map(|line| html! {
                        <li><strong class="number pack-count">{ speech.quantity(line.quantity, line.unit) }</strong>
                            <span class="grow">{ line.name.clone() }</span>
                            <span class="number">{ speech.money(line.total_minor, &row.currency) }</span></li>
                    }) }
                </ul>
                <dl class="sums"><div class="sums-total"><dt>{ speech.say("sum.total") }</dt>
                    <dd class="number">{ speech.money(row.total_minor, &row.currency) }</dd></div></dl>
            </div>
            if is_waiting {
                <footer class="row row-apart">
                    <button type="button" class="button button-quiet" onclick={open}>{ speech.say("order.cancel") }</button>
                    <button type="button" class="button button-main button-large" onclick={hand_over} disabled={acting.is_busy()}>
                        { icon(Icon::Check) }{ speech.say("order.hand-over") }
                    </button>
                </footer>
            }
            if *cancels {
                <Confirm title={speech.say("order.cancel")} text={speech.say("order.cancel-text")} action={speech.say("order.cancel")}
                    asks_reason=true on_confirm={cancel} {on_close} />
            }
        </section>
    }
}

/// The first letters of an order's identity, as buyer and seller read them to each other.
pub(super) fn code(order: OrderId) -> String {
    order.to_string().chars().take(6).collect::<String>().to_uppercase()
}

/// Where the money of an order is. What is paid at hand-over needs no word.
pub(super) fn money(speech: &Speech, money: PayStanding) -> Html {
    let tone = match money {
        PayStanding::AtHandOver => return Html::default(),
        PayStanding::Waiting => SavedTone::Waiting,
        PayStanding::Paid => SavedTone::Good,
        PayStanding::PaidBack => SavedTone::Quiet,
    };
    let word = money.word();
    html! { <Badge {tone} text={speech.say_or(&format!("order-money.{word}"), word)} /> }
}

pub(super) fn badge(speech: &Speech, state: &str) -> Html {
    let tone = match state {
        "held" => SavedTone::Waiting,
        "cancelled" => SavedTone::Bad,
        "handed over" | "fulfilled" => SavedTone::Good,
        _ => SavedTone::Quiet,
    };
    let key = format!("order-state.{}", state.replace(' ', "-"));
    html! { <Badge {tone} text={speech.say_or(&key, state)} /> }
}
