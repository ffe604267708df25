//! The market's front: what it is, who sells, what there is.

use soko_app_api::{BuyerQuery, BuyerView, Dated, MarketQuery, MarketView, Sort, StallCard, Window};
use yew::prelude::*;

use super::cards::{Offers, Seen, StallTile};
use super::category::{Categories, Strip};
use super::consent::AskConsent;
use super::near::{Featured, Near};
use super::suggested::ForMe;
use crate::live::{use_buyer, use_market};
use crate::nav::Go;
use crate::parts::{Busy, Empty, Icon, icon};
use crate::route::Route;
use crate::speech::use_speech;

/// Stalls that are shown before anybody asks for all of them.
const STALLS_FIRST: u32 = 8;
const STALLS_MAX: u32 = 200;

#[component]
pub(super) fn Market() -> Html {
    let speech = use_speech();
    let rows = use_state_eq(|| STALLS_FIRST);
    let query = MarketQuery::Stalls { text: String::new(), window: Window::first(*rows) };
    let live = use_market(Some(query));
    let more = {
        let rows = rows.clone();
        Callback::from(move |()| rows.set(STALLS_MAX))
    };
    let body = match live.market() {
        Some(MarketView::Stalls(dated)) if dated.value.is_empty() => html! {
            <Empty icon={Icon::Stall} title={speech.say("shop.no-stalls")} text={speech.say("shop.no-stalls-text")}>
                <Go to={Route::Begin} class="button button-main">{ speech.say("mode.begin") }</Go>
            </Empty>
        },
        Some(MarketView::Stalls(dated)) => {
            let may_have_more = dated.value.len() >= as_count(*rows) && *rows < STALLS_MAX;
            html! { <Front dated={dated.clone()} on_more={may_have_more.then_some(more)} /> }
        }
        _ => html! { <Busy {live} rows={6} /> },
    };
    html! {
        <section class="page shop">
            <header class="shop-hero">
                <h1>{ speech.say("shop.hero") }</h1>
                <p class="lead">{ speech.say("shop.hero-text") }</p>
                <Go to={Route::Search { text: String::new() }} class="search-link">
                    { icon(Icon::Search) }<span>{ speech.say("shop.search") }</span>
                </Go>
            </header>
            { body }
        </section>
    }
}

fn tiles(cards: &[StallCard]) -> Html {
    html! {
        <ul class="stall-tiles">
            { for cards.iter().map(|card| html! { <li key={card.stall.to_string()}><StallTile card={card.clone()} /></li> }) }
        </ul>
    }
}

/// Where somebody bought or liked something before, also without a signal. Nothing where nobody did.
#[component]
fn Known() -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::KnownStalls));
    let Some(BuyerView::KnownStalls(cards)) =
        live.buyer().filter(|view| **view != BuyerView::KnownStalls(Vec::new()))
    else {
        return Html::default();
    };
    html! {
        <section class="stack" aria-labelledby="known">
            <h2 id="known">{ speech.say("shop.known") }</h2>
            { tiles(cards) }
        </section>
    }
}

fn as_count(rows: u32) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

#[derive(Properties, PartialEq)]
struct FrontProps {
    dated: Dated<Vec<StallCard>>,
    on_more: Option<Callback<()>>,
}

#[component]
fn Front(props: &FrontProps) -> Html {
    let speech = use_speech();
    let dated = &props.dated;
    let offers = MarketQuery::Offers {
        stall: None,
        text: String::new(),
        category: None,
        families: true,
        window: Window::first(0),
    };
    let empty = html! {
        <Empty icon={Icon::Tag} title={speech.say("shop.no-offers")} text={speech.say("shop.no-offers-text")} />
    };
    html! {
        <>
            <Seen as_of_ms={dated.as_of_ms} is_fresh={dated.is_fresh} />
            <Categories />
            <Known />
            <Near />
            <Featured />
            <section class="stack" aria-labelledby="stalls">
                <div class="row row-apart">
                    <h2 id="stalls">{ speech.say("shop.stalls") }</h2>
                    if let Some(on_more) = &props.on_more {
                        <button type="button" class="button button-quiet" onclick={on_more.reform(|_| ())}>
                            { speech.say("shop.all-stalls") }
                        </button>
                    }
                </div>
                { tiles(&dated.value) }
            </section>
            <ForMe />
            <AskConsent />
            <Strip sort={Sort::Lowered} id="lowered" title={speech.say("browse.lowered")} />
            <Strip sort={Sort::Newest} id="new" title={speech.say("browse.new")} />
            <Strip sort={Sort::BestRated} id="best" title={speech.say("browse.best")} />
            <section class="stack" aria-labelledby="offers">
                <h2 id="offers">{ speech.say("shop.offers") }</h2>
                <Offers query={offers} label={speech.say("shop.offers")} {empty} />
            </section>
        </>
    }
}
