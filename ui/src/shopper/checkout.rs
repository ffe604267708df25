//! The last look before an order: what it comes to, a note for the stall, and what happens next.

use soko_app_api::{BasketOf, BuyerVerb};
use soko_domain::ids::OrderId;
use yew::prelude::*;

use crate::app::use_about;
use crate::browser;
use crate::doing::use_doing;
use crate::parts::{Dialog, TextArea};
use crate::route::Route;

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
    // One identity however often the button is tapped.
    let order = use_memo((), |()| OrderId(browser::chance()));
    let set_note = {
        let note = note.setter();
        Callback::from(move |text: String| note.set(text))
    };
    let onsubmit = {
        let (doing, note, stall, order) = (doing.clone(), note.clone(), props.basket.stall, *order);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let desk = doing.desk.clone();
            let verb = BuyerVerb::PlaceOrder { stall, order, note: note.trim().to_owned() };
            let going = desk.clone();
            doing.run(async move { desk.buy(verb).await }, move |()| going.go(Route::MyOrder(order)));
        })
    };
    let basket = &props.basket;
    let is_offline = about.is_some_and(|about| about.is_online == Some(false));
    let next = if is_offline { "checkout.offline" } else { "checkout.next" };
    html! {
        <Dialog title={speech.fill("basket.order-at", &[("stall", &basket.stall_name)])} on_close={props.on_close.clone()}>
            <form class="stack" {onsubmit}>
                <ul class="checkout-lines">
                    { for basket.lines.iter().map(|line| html! {
                        <li>
                            <span class="checkout-quantity number">{ speech.quantity(line.quantity, line.unit) }</span>
                            <span class="grow">{ line.name.clone() }</span>
                            <span class="number">{ speech.money(line.total_minor, &basket.currency) }</span>
                        </li>
                    }) }
                </ul>
                <p class="basket-total">
                    <span>{ speech.say("basket.total") }</span>
                    <strong class="number">{ speech.money(basket.total_minor, &basket.currency) }</strong>
                </p>
                <TextArea label={speech.say("checkout.note")} value={(*note).clone()} on_input={set_note}
                    hint={speech.say("checkout.note-hint")} />
                <p class="prose">{ speech.say(next) }</p>
                <button type="submit" class="button button-main button-large button-wide" disabled={doing.is_busy()}>
                    { speech.say("checkout.order") }
                </button>
            </form>
        </Dialog>
    }
}
