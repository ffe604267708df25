//! All of an order once more, before the last tap: what is in it, what it comes to and who says so, where it goes, how it is paid.

use soko_app_api::text::Worded as _;
use soko_app_api::{CheckoutView, ContactView};
use yew::prelude::*;

use super::checkout::AskedProps;
use super::gift_card;
use super::sums::{delivery, taxes};
use crate::app::use_about;
use crate::nav::Go;
use crate::parts::{Icon, icon};
use crate::route::{Leg, Route};
use crate::speech::{Speech, use_speech};
use soko_domain::entry::PayWay;

#[component]
pub(super) fn Review(props: &AskedProps) -> Html {
    let speech = use_speech();
    let AskedProps { basket, view, form, .. } = props;
    let is_offline = use_about().is_some_and(|about| about.is_online == Some(false));
    let next = match (is_offline, form.way_of_rest(view), view.handing.is_brought()) {
        (true, ..) => "ordering.offline",
        (false, None, false) => "ordering.next",
        (false, None, true) => "ordering.next-brought",
        (false, Some(PayWay::Card), _) => "ordering.next-card",
        (false, Some(PayWay::Phone), _) => "ordering.next-phone",
        (false, Some(PayWay::Transfer), _) => "ordering.next-transfer",
    };
    let contact = form.sent(view).map(|contact| written(&contact, &form.zone)).unwrap_or_default();
    let handing = speech.say_or(&format!("handing-way.{}", view.handing.word()), view.handing.word());
    let by_card = gift_card::said(&speech, view, &basket.currency);
    let pay = match form.way_of_rest(view) {
        _ if gift_card::rest_minor(view) == 0 && by_card.is_some() => AttrValue::default(),
        Some(way) => speech.say_or(&format!("ordering.pay-{}", way.word()), way.word()),
        None => speech.say("ordering.pay-later"),
    };
    html! {
        <>
            { lines(&speech, props) }
            <div class="stack-tight">{ taxes(&speech, &view.taxes, &basket.currency) }</div>
            if view.discount_minor > 0 {
                <p class="prose buyer-note">{ icon(Icon::Tag) }<span>{ off(&speech, view, &basket.currency) }</span></p>
            }
            { said(&speech, props, (Icon::Stall, Leg::Delivery), &[handing.to_string(), contact]) }
            { said(&speech, props, (Icon::Cash, Leg::Payment), &[by_card.unwrap_or_default().to_string(), pay.to_string()]) }
            if !form.note.trim().is_empty() {
                <p class="prose buyer-note lines-kept">{ icon(Icon::Note) }<span>{ form.note.clone() }</span></p>
            }
            <p class="prose">{ speech.say(if view.is_of_server { "ordering.of-server" } else { "ordering.of-device" }) }</p>
            if !view.declined.is_empty() {
                <p class="remark remark-bad" role="status">{ declined(&speech, &view.declined) }</p>
            }
            <p class="prose">{ speech.say(next) }</p>
        </>
    }
}

/// What the code takes off, as the order says it afterwards.
pub(super) fn off(speech: &Speech, view: &CheckoutView, currency: &str) -> AttrValue {
    let amount = speech.money(view.discount_minor, currency);
    speech.fill("my-orders.coupon", &[("code", &view.coupon), ("amount", &amount)])
}

/// A buyer has no register: what it has no share of is not there for them.
fn declined(speech: &Speech, code: &str) -> AttrValue {
    match code {
        "share_exceeded" => speech.say("my-orders.not-enough"),
        code => speech.refused(code, code),
    }
}

fn written(contact: &ContactView, zone: &str) -> String {
    let said = [contact.name.as_str(), &contact.reach, &contact.address, zone];
    said.into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join("\n")
}

/// With what each line costs in the order: taxes that come on top and what the code takes off included.
fn lines(speech: &Speech, props: &AskedProps) -> Html {
    let AskedProps { basket, view, .. } = props;
    html! {
        <ul class="checkout-lines">
            { for basket.lines.iter().enumerate().map(|(place, line)| html! {
                <li>
                    <span class="checkout-quantity number">{ speech.quantity(line.quantity, line.unit) }</span>
                    <span class="grow">{ line.name.clone() }</span>
                    <span class="number">{ speech.money(view.line_totals.get(place).copied().unwrap_or(line.total_minor), &basket.currency) }</span>
                </li>
            }) }
            { for view.delivery_minor.map(|minor| delivery(speech, (minor, ""), &basket.currency)) }
        </ul>
    }
}

/// What was chosen in a step, with a way back to it.
fn said(speech: &Speech, props: &AskedProps, (sign, leg): (Icon, Leg), all: &[String]) -> Html {
    let all: Vec<&str> = all.iter().map(String::as_str).filter(|said| !said.is_empty()).collect();
    let change = speech.say("taxes.change");
    let label = format!("{change}: {}", speech.say(super::checkout::name(leg)));
    html! {
        <div class="row row-apart">
            <p class="prose buyer-note lines-kept">{ icon(sign) }<span>{ all.join("\n") }</span></p>
            <Go to={Route::Checkout(props.basket.stall, leg)} class="text-link" {label}>{ change }</Go>
        </div>
    }
}
