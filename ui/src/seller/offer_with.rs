//! What a cashier may offer with what is on the counter: one tap puts it there, and the reason is something to say. What is not
//! wanted goes for as long as something is on the counter.

use soko_app_api::{Answer, Call, OwnStall, ProductRow, SuggestQuery, Suggested, Suggestions};
use soko_domain::ids::ProductId;
use yew::prelude::*;

use super::scans::put;
use crate::cart::Cart;
use crate::desk::use_desk;
use crate::live::use_live;
use crate::parts::{Icon, because, icon};
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct OfferWithProps {
    pub stall: OwnStall,
    pub cart: Cart,
}

#[component]
pub(super) fn OfferWith(props: &OfferWithProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let sent_away = use_state(Vec::<ProductId>::new);
    let products: Vec<_> = props.cart.lines.iter().filter_map(|line| line.product).collect();
    let live = use_live(Some(Call::Suggest(SuggestQuery::AtCounter { stall: props.stall.stall, products })));
    let Some(Answer::Suggested(Suggestions::Products(found))) = live.answer.as_deref() else {
        return Html::default();
    };
    // The answer to the cart of a moment ago may name what was put in just now.
    let fresh = |it: &&Suggested<ProductRow>| {
        props.cart.quantity_of(it.row.product) == 0 && !sent_away.contains(&it.row.product)
    };
    let found: Vec<&Suggested<ProductRow>> = found.iter().filter(fresh).collect();
    if found.is_empty() {
        return Html::default();
    }
    let one = |it: &Suggested<ProductRow>| {
        let not_this = speech.fill("sell.not-this-time", &[("name", &it.row.name)]);
        let (desk, speech, row) = (desk.clone(), speech.clone(), it.row.clone());
        let price = speech.price(row.price_minor, &row.currency, row.unit, row.price_per);
        let (name, reason) = (row.name.clone(), because(&speech, &it.because));
        let onclick = Callback::from(move |_: MouseEvent| put(&desk, &speech, &row));
        let away = {
            let (sent_away, product) = (sent_away.clone(), it.row.product);
            Callback::from(move |_: MouseEvent| {
                sent_away.set(sent_away.iter().copied().chain([product]).collect());
            })
        };
        html! {
            <li key={it.row.product.to_string()}>
                <button type="button" class="offer-with" {onclick}>
                    { icon(Icon::Plus) }
                    <span class="list-main">
                        <span class="list-name">{ name }</span>
                        <span class="because">{ reason }</span>
                    </span>
                    <span class="number">{ price }</span>
                </button>
                <button type="button" class="button-icon" onclick={away} aria-label={not_this}>{ icon(Icon::Cross) }</button>
            </li>
        }
    };
    html! {
        <section class="offers-with" aria-label={speech.say("sell.offer-with")}>
            <h3 class="h-small">{ speech.say("sell.offer-with") }</h3>
            <ul>{ for found.into_iter().map(one) }</ul>
        </section>
    }
}
