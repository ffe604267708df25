//! The last look before an order: what it comes to, how it is paid, a note for the stall, and what happens next.

use soko_app_api::text::Worded as _;
use soko_app_api::{BasketOf, BuyerQuery, BuyerVerb, BuyerView, PayChoice, PayOffer};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId};
use yew::prelude::*;

use crate::app::use_about;
use crate::browser;
use crate::doing::use_doing;
use crate::live::use_buyer;
use crate::parts::{Choice, Dialog, Field, TextArea};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::typed::latin;

/// Fewer digits are no telephone's number.
const DIGITS_MIN: usize = 7;
/// The value of paying when it is fetched, which every stall takes.
const LATER: &str = "later";

#[derive(Properties, PartialEq)]
pub(super) struct CheckoutProps {
    pub basket: BasketOf,
    pub on_close: Callback<()>,
}

#[component]
pub(super) fn Checkout(props: &CheckoutProps) -> Html {
    let doing = use_doing();
    let about = use_about();
    let speech = doing.speech.clone();
    let note = use_state(String::new);
    let way = use_state_eq(|| None::<PayWay>);
    let phone = use_state(String::new);
    // One identity however often the button is tapped.
    let order = use_memo((), |()| OrderId(browser::chance()));
    let set_note = {
        let note = note.setter();
        Callback::from(move |text: String| note.set(text))
    };
    let onsubmit = {
        let (doing, note, stall, order) = (doing.clone(), note.clone(), props.basket.stall, *order);
        let pay = way.map(|way| PayChoice { way, phone: number(way, &phone) });
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let desk = doing.desk.clone();
            let verb = BuyerVerb::PlaceOrder { stall, order, note: note.trim().to_owned(), pay: pay.clone() };
            let going = desk.clone();
            doing.run(async move { desk.buy(verb).await }, move |()| going.go(Route::MyOrder(order)));
        })
    };
    let basket = &props.basket;
    let is_offline = about.is_some_and(|about| about.is_online == Some(false));
    let next = match (is_offline, *way) {
        (true, _) => "checkout.offline",
        (false, None) => "checkout.next",
        (false, Some(PayWay::Card)) => "checkout.next-card",
        (false, Some(PayWay::Phone)) => "checkout.next-phone",
    };
    let on_way = {
        let way = way.setter();
        Callback::from(move |chosen: Option<PayWay>| way.set(chosen))
    };
    let on_phone = {
        let phone = phone.setter();
        Callback::from(move |text: String| phone.set(text))
    };
    let is_missing = *way == Some(PayWay::Phone) && number(PayWay::Phone, &phone).len() < DIGITS_MIN;
    html! {
        <Dialog title={speech.fill("basket.order-at", &[("stall", &basket.stall_name)])} on_close={props.on_close.clone()}>
            <form class="stack" {onsubmit}>
                { lines(&speech, basket) }
                <p class="basket-total">
                    <span>{ speech.say("basket.total") }</span>
                    <strong class="number">{ speech.money(basket.total_minor, &basket.currency) }</strong>
                </p>
                <Paying stall={basket.stall} way={*way} phone={(*phone).clone()} on_way={on_way} on_phone={on_phone} />
                <TextArea label={speech.say("checkout.note")} value={(*note).clone()} on_input={set_note}
                    hint={speech.say("checkout.note-hint")} />
                <p class="prose">{ speech.say(next) }</p>
                <button type="submit" class="button button-main button-large button-wide" disabled={doing.is_busy() || is_missing}>
                    { speech.say("checkout.order") }
                </button>
            </form>
        </Dialog>
    }
}

fn lines(speech: &Speech, basket: &BasketOf) -> Html {
    html! {
        <ul class="checkout-lines">
            { for basket.lines.iter().map(|line| html! {
                <li>
                    <span class="checkout-quantity number">{ speech.quantity(line.quantity, line.unit) }</span>
                    <span class="grow">{ line.name.clone() }</span>
                    <span class="number">{ speech.money(line.total_minor, &basket.currency) }</span>
                </li>
            }) }
        </ul>
    }
}

#[derive(Properties, PartialEq)]
struct PayingProps {
    stall: LogId,
    way: Option<PayWay>,
    phone: String,
    on_way: Callback<Option<PayWay>>,
    on_phone: Callback<String>,
}

/// How it is paid. Nothing to choose where it can only be paid when it is fetched.
#[component]
fn Paying(props: &PayingProps) -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::PayOffers(props.stall)));
    let Some(BuyerView::PayOffers(offers)) = live.buyer() else { return Html::default() };
    let choose = props.on_way.reform(|word: String| PayWay::from_word(&word));
    html! {
        <>
            if !offers.is_empty() {
                <Choice label={speech.say("checkout.pay")} value={props.way.map_or(LATER, |way| way.word())} on_choose={choose}
                    options={ways(&speech, offers)} />
            }
            if props.way == Some(PayWay::Phone) {
                <Field label={speech.say("checkout.phone")} value={props.phone.clone()} on_input={props.on_phone.clone()} kind="tel"
                    inputmode="tel" autocomplete="tel" hint={speech.say("checkout.phone-hint")} />
            }
        </>
    }
}

/// Paying when it is fetched, and what the server offers now; money that is none is called so.
fn ways(speech: &Speech, offers: &[PayOffer]) -> Vec<(AttrValue, AttrValue)> {
    let offered = offers.iter().map(|offer| {
        let word = offer.way.word();
        let name = speech.say_or(&format!("checkout.pay-{word}"), word);
        let name = if offer.is_test { speech.fill("checkout.pay-test", &[("way", &name)]) } else { name };
        (AttrValue::Static(word), name)
    });
    std::iter::once((AttrValue::Static(LATER), speech.say("checkout.pay-later"))).chain(offered).collect()
}

/// A number as it is sent: digits of any script as plain ones, and nothing where no telephone is asked.
fn number(way: PayWay, typed: &str) -> String {
    match way {
        PayWay::Card => String::new(),
        PayWay::Phone => latin(typed).chars().filter(char::is_ascii_digit).collect(),
    }
}
