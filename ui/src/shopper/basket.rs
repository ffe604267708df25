//! What is wanted: one basket for each stall, each with its total and its own order.

use soko_app_api::{BasketOf, BuyerQuery, BuyerVerb, BuyerView};
use yew::prelude::*;

use super::amounts;
use super::me::Rested;
use super::suggested::{Instead, WithAll};
use super::wanted::Wanted;
use crate::desk::use_desk;
use crate::live::use_buyer;
use crate::nav::Go;
use crate::parts::{Busy, Confirm, Empty, Icon, icon};
use crate::route::{Leg, Route};
use crate::speech::use_speech;

/// How many lines wait in baskets, as the navigation shows it.
#[component]
pub fn BasketCount() -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::Baskets));
    let count = match live.buyer() {
        Some(BuyerView::Baskets(baskets)) => amounts::lines(baskets),
        _ => 0,
    };
    if count == 0 {
        return Html::default();
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    html! {
        <span class="count">
            <span aria-hidden="true" class="number">{ speech.number(count) }</span>
            <span class="silent">{ speech.count("basket.lines", count) }</span>
        </span>
    }
}

#[component]
pub(super) fn Basket() -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::Baskets));
    let body = match live.buyer() {
        Some(BuyerView::Baskets(baskets)) if baskets.iter().all(|basket| basket.lines.is_empty()) => html! {
            <Empty icon={Icon::Basket} title={speech.say("basket.empty")} text={speech.say("basket.empty-text")}>
                <Go to={Route::Market} class="button button-main">{ speech.say("shop.to-market") }</Go>
            </Empty>
        },
        Some(BuyerView::Baskets(baskets)) => {
            let filled = baskets.iter().filter(|basket| !basket.lines.is_empty());
            html! {
                <div class="baskets">
                    { for filled.map(|basket| html! { <OfStall key={basket.stall.to_string()} basket={basket.clone()} /> }) }
                </div>
            }
        }
        _ => html! { <Busy {live} /> },
    };
    html! {
        <section class="page page-basket">
            <h1>{ speech.say("nav.basket") }</h1>
            <Rested />
            { body }
        </section>
    }
}

/// What lies over the basket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Emptying,
}

#[derive(Properties, PartialEq)]
struct OfStallProps {
    basket: BasketOf,
}

#[component]
fn OfStall(props: &OfStallProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let going = desk.clone();
    let open = use_state_eq(|| Open::Nothing);
    let basket = &props.basket;
    let show = |what: Open| {
        let open = open.setter();
        Callback::from(move |_: MouseEvent| open.set(what))
    };
    let close = {
        let open = open.setter();
        Callback::from(move |()| open.set(Open::Nothing))
    };
    let empty = {
        let (desk, speech, open, stall) = (desk, speech.clone(), open.setter(), basket.stall);
        Callback::from(move |_: String| {
            let (desk, speech) = (desk.clone(), speech.clone());
            open.set(Open::Nothing);
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(trouble) = desk.buy(BuyerVerb::EmptyBasket { stall }).await {
                    desk.toasts.error(trouble.sentence(&speech));
                }
            });
        })
    };
    let may_order = amounts::may_order(basket);
    let products: Vec<_> = basket.lines.iter().map(|line| line.product).collect();
    let to = Route::Checkout(basket.stall, Leg::Delivery);
    let order = Callback::from(move |_: MouseEvent| going.go(to.clone()));
    html! {
        <section class="card basket" aria-label={basket.stall_name.clone()}>
            <header class="basket-head">
                <Go to={Route::Stall(basket.stall)} class="basket-stall">
                    { icon(Icon::Stall) }<h2>{ basket.stall_name.clone() }</h2>{ icon(Icon::Forward) }
                </Go>
                <button type="button" class="button button-quiet" onclick={show(Open::Emptying)}>
                    { speech.say("basket.clear") }
                </button>
            </header>
            <ul class="wanteds">
                { for basket.lines.iter().map(|line| html! {
                    <Wanted key={line.product.to_string()} stall={basket.stall} currency={basket.currency.clone()}
                        line={line.clone()} />
                }) }
            </ul>
            { for basket.lines.iter().filter(|line| line.available < line.quantity).map(|line| html! {
                <Instead key={line.product.to_string()} stall={basket.stall} product={line.product} name={line.name.clone()} />
            }) }
            <WithAll stall={basket.stall} products={products} />
            <footer class="basket-foot">
                <p class="basket-total" aria-live="polite">
                    <span>{ speech.say("basket.total") }</span>
                    <strong class="number">{ speech.money(basket.total_minor, &basket.currency) }</strong>
                </p>
                if !may_order {
                    <p class="remark remark-bad">{ speech.say("basket.take-out-first") }</p>
                }
                <button type="button" class="button button-main button-large button-wide" onclick={order} disabled={!may_order}>
                    { speech.fill("basket.order-at", &[("stall", &basket.stall_name)]) }
                </button>
            </footer>
            if *open == Open::Emptying {
                <Confirm title={speech.say("basket.clear")} text={speech.fill("basket.clear-text", &[("stall", &basket.stall_name)])}
                    action={speech.say("basket.clear")} on_confirm={empty} on_close={close} />
            }
        </section>
    }
}
