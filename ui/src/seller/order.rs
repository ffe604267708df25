//! One order: what to pack, and the next step.

use soko_app_api::text::Worded as _;
use soko_app_api::{OrderRow, OrderView, OwnStall, Query, Verb, View, short_code};
use soko_domain::entry::{OrderStep, ReleaseReason};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::verbs::pay_order::PayStanding;
use yew::prelude::*;

use super::hand_over::Take;
use super::order_refund::Parts;
use super::order_returns::Returns;
use super::swaps::{Missing, Swaps};
use super::transfer::Transfer;
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

/// Why it ended without its goods being handed over.
fn ended_by(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::BuyerCancelled => "order.ended-buyer",
        ReleaseReason::StallCancelled => "order.ended-stall",
        ReleaseReason::PaymentFailed => "order.ended-payment",
        ReleaseReason::Lapsed => "order.ended-lapsed",
    }
}

#[component]
fn Shown(props: &ShownProps) -> Html {
    let speech = use_speech();
    let (order, row) = (&props.order, &props.order.row);
    let is_waiting = row.state == "held";
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Orders} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.fill("order.name", &[("code", &code(row.order))]) }</h1>
                { money(&speech, row.money) }{ brought(&speech, row) }{ badge(&speech, row) }
            </header>
            <p class="prose">{ speech.day_and_time(row.at_ms, None) }{ " · " }{ speech.ago(row.at_ms) }</p>
            if is_waiting && row.money == PayStanding::Waiting {
                <p class="remark remark-bad" role="status">{ speech.say("order.not-paid-yet") }</p>
            }
            if !order.note.is_empty() {
                <p class="order-note">{ icon(Icon::Note) }<span>{ order.note.clone() }</span></p>
            }
            if let Some(ended) = order.ended {
                <p class="order-note">{ icon(Icon::Warning) }<span>{ speech.say(ended_by(ended)) }</span></p>
            }
            if !order.cancel_reason.is_empty() {
                <p class="order-note">{ icon(Icon::Warning) }<span>{ order.cancel_reason.clone() }</span></p>
            }
            if is_waiting {
                <Contact stall={props.stall.stall} order={row.order} />
            }
            <div class="card stack">
                <ul class="pack">
                    { for (0_u32..).zip(&order.lines).filter(|(_, line)| line.quantity > 0).map(|(place, line)| html! {
                        <li><strong class="number pack-count">{ speech.quantity(line.quantity, line.unit) }</strong>
                            <span class="grow">{ line.name.clone() }</span>
                            <span class="number">{ speech.money(line.total_minor, &row.currency) }</span>
                            <Missing stall={props.stall.clone()} order={order.clone()} line={place} /></li>
                    }) }
                </ul>
                <dl class="sums">
                    if !order.coupon.is_empty() {
                        <div><dt>{ speech.fill("order.coupon", &[("code", &order.coupon)]) }</dt>
                            <dd class="number">{ speech.money(order.discount_minor.saturating_neg(), &row.currency) }</dd></div>
                    }
                    if let Some(delivery) = &order.delivery {
                        <div><dt>{ speech.say("checkout.delivery") }{ zone(&delivery.zone) }</dt>
                            <dd class="number">{ speech.money(delivery.total_minor, &row.currency) }</dd></div>
                    }
                    <div class="sums-total"><dt>{ speech.say("sum.total") }</dt>
                    <dd class="number">{ speech.money(row.total_minor, &row.currency) }</dd></div>{ card(&speech, order) }</dl>
            </div>
            if !order.steps.is_empty() {
                <ol class="order-steps" aria-label={speech.say("order.steps")}>
                    { for order.steps.iter().map(|taken| html! {
                        <li><span>{ icon(Icon::Check) }{ step_name(&speech, taken.step) }</span>
                            <span class="number">{ speech.day_and_time(taken.at_ms, None) }</span></li>
                    }) }
                </ol>
            }
            <Transfer stall={props.stall.stall} order={order.clone()} />
            <Swaps stall={props.stall.clone()} order={order.clone()} />
            <Returns stall={props.stall.clone()} order={order.clone()} />
            if is_waiting {
                <Steps stall={props.stall.clone()} order={order.clone()} />
            } else if row.state != "cancelled" && matches!(row.money, PayStanding::Paid | PayStanding::PartlyBack) {
                <PayBack stall={props.stall.stall} order={row.order} />
            }
            <Parts stall={props.stall.clone()} order={order.clone()} />
        </section>
    }
}

/// What a gift card pays of it, and what is left for whoever takes the goods.
fn card(speech: &Speech, order: &OrderView) -> Html {
    let Some(card) = order.card else { return Html::default() };
    let paid = (card.pays_minor - card.back_minor).saturating_neg();
    let sum = |key: &'static str, minor: i64| {
        let amount = speech.money(minor, &order.row.currency);
        html! { <div><dt>{ speech.say(key) }</dt><dd class="number">{ amount }</dd></div> }
    };
    html! {
        <>
            { sum("tender.gift-card", paid) }
            if order.due_minor > 0 {
                { sum("pay.due", order.due_minor) }
            }
        </>
    }
}

fn zone(zone: &str) -> String {
    if zone.is_empty() { String::new() } else { format!(" · {zone}") }
}

#[derive(Properties, PartialEq)]
struct ContactProps {
    stall: LogId,
    order: OrderId,
}

/// Whom it is for, as long as it is open. Nobody asked most buyers with an account who fetch it.
#[component]
fn Contact(props: &ContactProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::OrderContact { stall: props.stall, order: props.order }));
    let Some(View::OrderContact(contact)) = live.view() else { return Html::default() };
    let is_mail = contact.reach.contains('@');
    let call = format!("{}:{}", if is_mail { "mailto" } else { "tel" }, contact.reach.replace(' ', ""));
    html! {
        <section class="card stack-tight" aria-label={speech.say("order.contact")}>
            <strong>{ contact.name.clone() }</strong>
            <a href={call}>{ contact.reach.clone() }</a>
            if !contact.address.is_empty() {
                <address class="lines-kept"><span>{ contact.address.clone() }</span></address>
            }
        </section>
    }
}

/// How it is handed over, where its buyer does not come.
fn brought(speech: &Speech, row: &OrderRow) -> Html {
    let word = brought_word(speech, row);
    word.map_or_else(Html::default, |text| html! { <Badge tone={SavedTone::Quiet} {text} /> })
}

pub(super) fn brought_word(speech: &Speech, row: &OrderRow) -> Option<AttrValue> {
    let word = row.handing.word();
    row.handing.is_brought().then(|| speech.say_or(&format!("handing-word.{word}"), word))
}

#[derive(Properties, PartialEq)]
struct PayBackProps {
    stall: LogId,
    order: OrderId,
}

/// For what was paid before it was fetched: all of it goes back the way it came.
#[component]
fn PayBack(props: &PayBackProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let asks = use_state(|| false);
    let pay_back = {
        let (acting, asks, stall, order) = (acting.clone(), asks.setter(), props.stall, props.order);
        Callback::from(move |reason: String| {
            asks.set(false);
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::PayBackOrder { order, reason }, move |_| {
                desk.toasts.done(speech.say("order.back-asked"))
            });
        })
    };
    html! {
        <div class="row">
            <button type="button" class="button button-quiet" onclick={opens(&asks)} disabled={acting.is_busy()}>
                { icon(Icon::Refund) }{ speech.say("order.pay-back") }
            </button>
            if *asks {
                <Confirm title={speech.say("order.pay-back")} text={speech.say("order.pay-back-text")}
                    action={speech.say("order.pay-back")} asks_reason=true on_confirm={pay_back} on_close={closes(&asks)} />
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct StepsProps {
    stall: OwnStall,
    order: OrderView,
}

/// One clear next step, always in reach of the thumb; what else can be done with the order stands beside it, quietly.
#[component]
fn Steps(props: &StepsProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (cancels, takes) = (use_state(|| false), use_state(|| false));
    let row = &props.order.row;
    let (stall, order, next) = (props.stall.stall, row.order, row.next);
    let act = |verb: Verb, key: &'static str| {
        let acting = acting.clone();
        Callback::from(move |_: MouseEvent| {
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, verb.clone(), move |_| desk.toasts.done(speech.say(key)));
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
    let hand_over = match props.order.due_minor {
        0 => act(Verb::HandOverOrder { order, tenders: Vec::new() }, "order.handed-over"),
        _ => opens(&takes),
    };
    html! {
        <footer class="order-foot">
            if let Some(step) = next {
                <button type="button" class="button button-main button-large button-wide" disabled={acting.is_busy()}
                    onclick={act(Verb::StepOrder { order, step }, "order.step-done")}>
                    { icon(Icon::Check) }{ do_step(&speech, step) }
                </button>
            } else {
                <button type="button" class="button button-main button-large button-wide" onclick={hand_over.clone()}
                    disabled={acting.is_busy()}>
                    { icon(Icon::Check) }{ speech.say("order.hand-over") }
                </button>
            }
            <div class="row row-apart">
                <button type="button" class="button button-quiet" onclick={opens(&cancels)}>
                    { speech.say(if row.step.is_none() { "order.refuse" } else { "order.cancel" }) }
                </button>
                if next.is_some() {
                    <button type="button" class="button" onclick={hand_over} disabled={acting.is_busy()}>
                        { speech.say("order.hand-over") }
                    </button>
                }
            </div>
            if *takes {
                <Take stall={props.stall.clone()} order={props.order.clone()} on_close={closes(&takes)} />
            }
            if *cancels {
                <Confirm title={speech.say("order.cancel")} text={speech.say("order.cancel-text")} action={speech.say("order.cancel")}
                    asks_reason=true on_confirm={cancel} on_close={closes(&cancels)} />
            }
        </footer>
    }
}

fn do_step(speech: &Speech, step: OrderStep) -> AttrValue {
    speech.say(match step {
        OrderStep::Accepted => "order.do-accept",
        OrderStep::Packed => "order.do-pack",
        OrderStep::Ready => "order.do-ready",
        OrderStep::OnTheWay => "order.do-send",
    })
}

fn step_name(speech: &Speech, step: OrderStep) -> AttrValue {
    speech.say(match step {
        OrderStep::Accepted => "order-step.accepted",
        OrderStep::Packed => "order-step.packed",
        OrderStep::Ready => "order-step.ready",
        OrderStep::OnTheWay => "order-step.on-the-way",
    })
}

/// The first letters of an order's identity, as buyer and seller read them to each other.
pub(super) fn code(order: OrderId) -> String {
    short_code(order)
}

/// Where the money of an order is. What is paid at hand-over needs no word.
pub(super) fn money(speech: &Speech, money: PayStanding) -> Html {
    let tone = match money {
        PayStanding::AtHandOver => return Html::default(),
        PayStanding::Waiting => SavedTone::Waiting,
        PayStanding::Paid => SavedTone::Good,
        PayStanding::PaidBack => SavedTone::Quiet,
        PayStanding::PayingBack => SavedTone::Waiting,
        PayStanding::PartlyBack => SavedTone::Quiet,
    };
    let word = money.word();
    html! { <Badge {tone} text={speech.say_or(&format!("order-money.{word}"), word)} /> }
}

/// Where an order is: what the stall did for it, as long as it has not ended.
pub(super) fn badge(speech: &Speech, row: &OrderRow) -> Html {
    if let Some(step) = row.step.filter(|_| row.state == "held") {
        let tone = match step {
            OrderStep::Accepted | OrderStep::Packed => SavedTone::Waiting,
            OrderStep::Ready | OrderStep::OnTheWay => SavedTone::Good,
        };
        return html! { <Badge {tone} text={step_name(speech, step)} /> };
    }
    let tone = match row.state.as_str() {
        "held" => SavedTone::Waiting,
        "cancelled" => SavedTone::Bad,
        "handed over" | "fulfilled" => SavedTone::Good,
        _ => SavedTone::Quiet,
    };
    let key = format!("order-state.{}", row.state.replace(' ', "-"));
    html! { <Badge {tone} text={speech.say_or(&key, &row.state)} /> }
}
