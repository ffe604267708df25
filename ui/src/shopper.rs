//! The shopper's side of the counter: the market, what is in the baskets, and what became of the orders.

mod addresses;
mod again;
mod amounts;
mod basket;
mod bring_back;
mod cards;
mod category;
mod checkout;
mod choices;
mod consent;
mod gift_card;
mod likes;
mod market;
mod me;
mod near;
mod noticing;
mod offer;
mod order;
mod orders;
mod pickup;
mod progress;
mod review;
mod reviews;
mod search;
mod stall;
mod suggested;
mod sums;
mod swaps;
mod transfer;
mod verify;
mod wanted;

use yew::prelude::*;

pub use basket::BasketCount;
pub use me::Account;
pub use reviews::stars;

use crate::route::Route;
use noticing::Here;

/// The screen of an address on this side; none for an address of the other.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other side's addresses are the other side's")]
pub fn screen(route: &Route) -> Option<Html> {
    let shown = match route.clone() {
        Route::Market => html! { <market::Market /> },
        Route::Search { text } => html! { <search::Search {text} /> },
        Route::Category(browse) => html! { <category::Category {browse} /> },
        Route::Stall(stall) => html! { <stall::Stall key={stall.to_string()} {stall} /> },
        Route::Offer(stall, product) => {
            html! { <offer::Offer key={stall.to_string()} {stall} {product} /> }
        }
        Route::Basket => html! { <basket::Basket /> },
        Route::MyOrders => html! { <orders::Orders /> },
        Route::MyOrder(order) => html! { <order::Order key={order.to_string()} {order} /> },
        Route::Verify { proof } => {
            let key = proof.clone();
            html! { <verify::Verify {key} {proof} /> }
        }
        Route::Addresses => html! { <addresses::Addresses /> },
        Route::Likes => html! { <likes::Likes /> },
        Route::Me => html! { <me::Me /> },
        _ => return None,
    };
    Some(around(route, shown))
}

/// The same for what a first visit does not bring: whoever goes on from a basket gets the whole app, which an order takes in any case.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other addresses are those of a first visit, or the other side's"
)]
pub fn ordering(route: &Route) -> Option<Html> {
    match *route {
        Route::Checkout(stall, leg) => {
            Some(around(route, html! { <checkout::Checkout key={stall.to_string()} {stall} {leg} /> }))
        }
        _ => None,
    }
}

fn around(route: &Route, shown: Html) -> Html {
    html! {
        <ContextProvider<Here> context={Here::of(route)}>
            <likes::KnowsLikes>{ shown }</likes::KnowsLikes>
        </ContextProvider<Here>>
    }
}
