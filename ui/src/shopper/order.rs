//! One order of the buyer: where it is now, said as a short way of steps, and what can be done about it.

use soko_app_api::{
    BuyerQuery, BuyerVerb, BuyerView, ContactView, OrderLineView, OwnOrderState, OwnOrderView, OwnPayState,
    OwnPayment, OwnRefund, OwnRefundState, short_code,
};
use soko_domain::delivery::Handing;
use soko_domain::entry::ReleaseReason;
use soko_domain::ids::{LogId, OrderId};
use yew::prelude::*;

use super::again::{Again, order_again};
use super::bring_back::BringBack;
use super::me::Rested;
use super::pickup::ToShow;
use super::progress::{self, Reached};
use super::reviews::HowWasIt;
use super::sums::{delivery, taxes};
use super::swaps::Swaps;
use super::transfer::Transfer;
use crate::doing::use_doing;
use crate::live::use_buyer;
use crate::nav::Go;
use crate::parts::{Badge, Busy, Confirm, Empty, Icon, Problem, SavedTone, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct OrderProps {
    pub order: OrderId,
}

/// Why it ended without its goods, and what the stall says to it.
fn ended(speech: &Speech, order: &OwnOrderView) -> Html {
    html! {
        <>
            if let Some(reason) = order.ended { <p class="prose">{ speech.say(ended_by(reason)) }</p> }
            if !order.reason.is_empty() {
                <p class="prose buyer-note">
                    { icon(Icon::Note) }<span>{ speech.fill("my-orders.stall-says", &[("reason", &order.reason)]) }</span>
                </p>
            }
        </>
    }
}

fn ended_by(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::BuyerCancelled => "my-orders.ended-buyer",
        ReleaseReason::StallCancelled => "my-orders.ended-stall",
        ReleaseReason::PaymentFailed => "my-orders.ended-payment",
        ReleaseReason::Lapsed => "my-orders.ended-lapsed",
    }
}

#[component]
pub(super) fn Order(props: &OrderProps) -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::Order(props.order)));
    let body = match live.buyer() {
        Some(BuyerView::Order(order)) => html! { <Known order={(**order).clone()} /> },
        Some(BuyerView::Missing) => html! {
            <Empty icon={Icon::Receipt} title={speech.say("my-orders.gone")} text={speech.say("my-orders.gone-text")}>
                <Go to={Route::MyOrders} class="button">{ speech.say("nav.my-orders") }</Go>
            </Empty>
        },
        _ => html! { <Busy {live} /> },
    };
    html! { <section class="page page-narrow"><Rested />{ body }</section> }
}

#[derive(Properties, PartialEq)]
struct KnownProps {
    order: OwnOrderView,
}

#[component]
fn Known(props: &KnownProps) -> Html {
    let speech = use_speech();
    let order = &props.order;
    let row = &order.row;
    html! {
        <>
            <Go to={Route::MyOrders} class="back-link">{ icon(Icon::Back) }<span>{ speech.say("nav.my-orders") }</span></Go>
            <header class="stack-tight">
                <h1>{ row.stall_name.clone() }</h1>
                <p class="prose">{ speech.fill("pickup.order", &[("code", &short_code(row.order))]) }{ " · " }{ speech.day_and_time(row.at_ms, None) }</p>
            </header>
            // Somebody waits for an answer: that comes first.
            if row.state.is_under_way() { <Swaps order={order.clone()} /> }
            <section class="card stack" aria-label={speech.say("my-orders.where")}>
                <p class="own-order-now" role="status">{ speech.say(progress::meaning(row.state)) }</p>
                { ended(&speech, order) }
                if !order.because.is_empty() {
                    <Problem text={why(&speech, order)} />
                }
                if order.cancel_asked {
                    <Problem text={speech.say("my-orders.cancel-asked")} />
                }
                <Deeds order={order.clone()} />
                <Way state={row.state} handing={row.handing} />
            </section>
            if let Some(code) = order.pickup.clone() { <ToShow order={row.order} {code} /> }
            if let Some(payment) = order.payment.clone().filter(|_| is_paid_here(row.state)) {
                <Payment {payment} state={row.state} currency={row.currency.clone()} />
            }
            <Refunds currency={row.currency.clone()} refunds={order.refunds.clone()} />
            <section class="card stack" aria-label={speech.say("my-orders.lines")}>
                <ul class="checkout-lines">
                    { for order.lines.iter().enumerate().filter(|(_, line)| line.quantity > 0).map(|(place, line)| html! {
                        <Line key={place} stall={row.stall} currency={row.currency.clone()} line={line.clone()} />
                    }) }
                    { for order.delivery_minor.map(|minor| delivery(&speech, (minor, &order.zone), &row.currency)) }
                </ul>
                <p class="basket-total">
                    <span>{ speech.say("basket.total") }</span>
                    <strong class="number">{ speech.money(row.total_minor, &row.currency) }</strong>
                </p>
                { taxes(&speech, &order.taxes, &row.currency) }
                if !order.coupon.is_empty() && order.discount_minor > 0 {
                    <p class="prose buyer-note">{ icon(Icon::Tag) }<span>{
                        speech.fill("my-orders.coupon", &[("code", &order.coupon), ("amount", &speech.money(order.discount_minor, &row.currency))])
                    }</span></p>
                }
                if order.card_minor > 0 {
                    <p class="prose buyer-note">{ icon(Icon::Cash) }<span>{
                        speech.fill("my-orders.card", &[("amount", &speech.money(order.card_minor - order.card_back_minor, &row.currency))])
                    }</span></p>
                }
                if !order.contact.name.is_empty() {
                    <p class="prose buyer-note lines-kept">{ icon(Icon::Person) }<span>{ contact(&order.contact) }</span></p>
                }
                if !order.note.is_empty() {
                    <p class="prose buyer-note">{ icon(Icon::Note) }<span>{ order.note.clone() }</span></p>
                }
            </section>
            if row.state == OwnOrderState::HandedOver {
                <BringBack order={order.clone()} />
                <HowWasIt order={row.order} lines={order.lines.clone()} />
            }
            <Go to={Route::Stall(row.stall)} class="button">{ icon(Icon::Stall) }{ speech.say("shop.to-stall") }</Go>
        </>
    }
}

/// A buyer has no register: what it has no share of is not there for them.
fn why(speech: &Speech, order: &OwnOrderView) -> AttrValue {
    match order.because.as_str() {
        "share_exceeded" => speech.say("my-orders.not-enough"),
        code => speech.refused(code, &order.because_said),
    }
}

fn contact(contact: &ContactView) -> String {
    let said = [&contact.name, &contact.reach, &contact.address];
    said.into_iter().filter(|said| !said.is_empty()).cloned().collect::<Vec<_>>().join("\n")
}

/// An order that only is on this device is not being paid.
fn is_paid_here(state: OwnOrderState) -> bool {
    state.is_under_way() || matches!(state, OwnOrderState::HandedOver | OwnOrderState::Cancelled)
}

#[derive(Properties, PartialEq)]
struct PaymentProps {
    payment: OwnPayment,
    state: OwnOrderState,
    currency: AttrValue,
}

/// Where the money is, and never further than the server said.
#[component]
fn Payment(props: &PaymentProps) -> Html {
    let speech = use_speech();
    let payment = &props.payment;
    let (key, means) = progress::paying(payment, props.state);
    let tone = progress::pay_tone(payment.state);
    html! {
        <section class="card stack" aria-label={speech.say("own-pay.title")}>
            <div class="row row-apart"><h2>{ speech.say("own-pay.title") }</h2><Badge {tone} text={speech.say(key)} /></div>
            <p class="prose" role="status">{ speech.say(means) }</p>
            if let Some(transfer) = payment.transfer.clone().filter(|_| payment.state == OwnPayState::Waiting) {
                <Transfer {transfer} currency={props.currency.clone()} />
            }
            if payment.state == OwnPayState::Waiting && !payment.page.is_empty() {
                <a class="button button-main button-large button-wide" href={payment.page.clone()} rel="noreferrer">
                    { speech.say("own-pay.go") }
                </a>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct RefundsProps {
    currency: AttrValue,
    refunds: Vec<OwnRefund>,
}

/// What the stall gives back, part by part.
#[component]
fn Refunds(props: &RefundsProps) -> Html {
    let speech = use_speech();
    if props.refunds.is_empty() {
        return Html::default();
    }
    let title = speech.say("own-refund.title");
    let row = |refund: &OwnRefund| {
        let (tone, key) = match refund.state {
            OwnRefundState::OnItsWay => (SavedTone::Waiting, "own-pay.returning"),
            OwnRefundState::ToFetch => (SavedTone::Waiting, "own-refund.to-fetch"),
            OwnRefundState::Back => (SavedTone::Good, "own-pay.returned"),
            OwnRefundState::Refused => (SavedTone::Bad, "own-refund.refused"),
        };
        html! {
            <li class="stack-tight">
                <div class="row row-apart"><strong class="number">{ speech.money(refund.amount_minor, &props.currency) }</strong>
                    <Badge {tone} text={speech.say(key)} /></div>
                <p class="prose">{ refund.reason.clone() }</p>
            </li>
        }
    };
    html! {
        <section class="card stack" aria-label={title.clone()}>
            <h2>{ title }</h2>
            <ul class="plain">{ for props.refunds.iter().map(row) }</ul>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    stall: LogId,
    currency: AttrValue,
    line: OrderLineView,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let speech = use_speech();
    let line = &props.line;
    html! {
        <li>
            <span class="checkout-quantity number">{ speech.quantity(line.quantity, line.unit) }</span>
            <Go to={Route::Offer(props.stall, line.product)} class="grow">{ line.name.clone() }</Go>
            <span class="number">{ speech.money(line.total_minor, &props.currency) }</span>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct WayProps {
    state: OwnOrderState,
    handing: Handing,
}

#[component]
fn Way(props: &WayProps) -> Html {
    let speech = use_speech();
    let step = |(key, reached): progress::Step| {
        let (class, sign) = match reached {
            Reached::Done => ("step step-done", Some(Icon::Check)),
            Reached::Now => ("step step-now", None),
            Reached::Ahead => ("step", None),
            Reached::Stopped => ("step step-stopped", Some(Icon::Warning)),
        };
        let current = matches!(reached, Reached::Now | Reached::Stopped).then_some("step");
        html! {
            <li {class} aria-current={current}>
                <span class="step-sign">{ for sign.map(icon) }</span><span>{ speech.say(key) }</span>
            </li>
        }
    };
    html! { <ol class="way">{ for progress::steps(props.state, props.handing).into_iter().map(step) }</ol> }
}

/// What can be done about an order in its state.
#[component]
fn Deeds(props: &KnownProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let is_asking = use_state_eq(|| false);
    let order = &props.order;
    let id = order.row.order;
    let ask = {
        let is_asking = is_asking.setter();
        Callback::from(move |_: MouseEvent| is_asking.set(true))
    };
    let close = {
        let is_asking = is_asking.setter();
        Callback::from(move |()| is_asking.set(false))
    };
    let cancel = {
        let (doing, is_asking) = (doing.clone(), is_asking.setter());
        Callback::from(move |_: String| {
            let desk = doing.desk.clone();
            is_asking.set(false);
            doing.run(async move { desk.buy(BuyerVerb::CancelOrder { order: id }).await }, |()| ());
        })
    };
    let again = {
        let (doing, order) = (doing.clone(), order.clone());
        Callback::from(move |_: MouseEvent| {
            let (desk, speech) = (doing.desk.clone(), doing.speech.clone());
            doing.run(order_again(desk.clone(), order.clone()), move |Again { gone, is_all_gone }| {
                if !is_all_gone {
                    desk.go(Route::Basket);
                }
                if !gone.is_empty() {
                    desk.toasts.error(speech.fill("my-orders.no-more", &[("names", &gone.join(" · "))]));
                }
            });
        })
    };
    let (is_again, key) = match order.row.state {
        OwnOrderState::Reconfirm => (true, "my-orders.look-again"),
        OwnOrderState::HandedOver | OwnOrderState::Cancelled | OwnOrderState::Refused => {
            (true, "my-orders.again")
        }
        OwnOrderState::Saved
        | OwnOrderState::Held
        | OwnOrderState::Accepted
        | OwnOrderState::Packed
        | OwnOrderState::Ready
        | OwnOrderState::OnTheWay => (false, "my-orders.again"),
    };
    html! {
        <div class="row">
            if is_again {
                <button type="button" class="button button-main" onclick={again} disabled={doing.is_busy()}>
                    { icon(Icon::Basket) }{ speech.say(key) }
                </button>
            }
            if progress::may_cancel(order) {
                <button type="button" class="button" onclick={ask} disabled={doing.is_busy()}>
                    { speech.say("my-orders.cancel") }
                </button>
            }
            if *is_asking {
                <Confirm title={speech.say("my-orders.cancel")} text={speech.say("my-orders.cancel-text")}
                    action={speech.say("my-orders.cancel")} on_confirm={cancel} on_close={close} />
            }
        </div>
    }
}
