//! One stall: who it is, when it is open, and what it offers, by category and by search.

use soko_app_api::text::Worded as _;
use soko_app_api::{MarketQuery, MarketView, ShopCategory, ShopHandings, StallPage, Window};
use soko_domain::delivery::{Handing, Handings};
use soko_domain::ids::{LogId, ThingId};
use yew::prelude::*;

use super::cards::{Find, Offers, Seen, unseen};
use super::near::Reach;
use crate::desk::use_desk;
use crate::live::use_market;
use crate::nav::Go;
use crate::parts::{Busy, Empty, Icon, Photo, icon};
use crate::route::Route;
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct StallProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Stall(props: &StallProps) -> Html {
    let speech = use_speech();
    let live = use_market(Some(MarketQuery::Stall(props.stall)));
    let body = match live.market() {
        Some(MarketView::Stall(dated)) => html! {
            <>
                <Head page={dated.value.clone()} />
                <Seen as_of_ms={dated.as_of_ms} is_fresh={dated.is_fresh} />
                <Shelf stall={props.stall} categories={dated.value.categories.clone()} />
            </>
        },
        Some(MarketView::Unseen) => unseen(&speech),
        Some(MarketView::Missing) => html! {
            <Empty icon={Icon::Stall} title={speech.say("shop.stall-gone")} text={speech.say("shop.stall-gone-text")}>
                <Go to={Route::Market} class="button button-main">{ speech.say("shop.to-market") }</Go>
            </Empty>
        },
        _ => html! { <Busy {live} rows={6} /> },
    };
    html! { <section class="page shop">{ body }</section> }
}

#[derive(Properties, PartialEq)]
struct HeadProps {
    page: StallPage,
}

#[component]
fn Head(props: &HeadProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let card = &props.page.card;
    let address = card.picture.as_ref().map(|picture| desk.picture(picture));
    html! {
        <header class="stall-head">
            <Photo {address} name={card.name.clone()} class="stall-face" />
            <div class="stack-tight">
                <h1>{ card.name.clone() }</h1>
                <ul class="stall-facts">
                    if !card.place.is_empty() {
                        <li>{ icon(Icon::Pin) }<span class="silent">{ speech.say("shop.place") }</span>{ card.place.clone() }</li>
                    }
                    <Reach stall={card.stall} />
                    if !props.page.hours.is_empty() {
                        <li>
                            { icon(Icon::Clock) }<span class="silent">{ speech.say("shop.hours") }</span>
                            { props.page.hours.clone() }
                        </li>
                    }
                    { for brought(&props.page.handings).into_iter().map(|handing| {
                        let word = handing.word();
                        html! { <li>{ icon(Icon::Boxes) }{ speech.say_or(&format!("handing-way.{word}"), word) }</li> }
                    }) }
                </ul>
                if !card.description.is_empty() {
                    <p class="prose">{ card.description.clone() }</p>
                }
            </div>
        </header>
    }
}

/// How a stall saves its buyers the way.
fn brought(said: &ShopHandings) -> Vec<Handing> {
    let handings = Handings::read(said.no_pickup, &said.local_terms, &said.shipping_terms);
    [Handing::Local, Handing::Shipping].into_iter().filter(|handing| handings.offers(*handing)).collect()
}

#[derive(Properties, PartialEq)]
struct ShelfProps {
    stall: LogId,
    categories: Vec<ShopCategory>,
}

#[component]
fn Shelf(props: &ShelfProps) -> Html {
    let speech = use_speech();
    let text = use_state_eq(String::new);
    let category = use_state_eq(|| None::<ThingId>);
    let on_input = {
        let text = text.setter();
        Callback::from(move |typed: String| text.set(typed))
    };
    // A category that went away while it was chosen hides nothing.
    let chosen = category.filter(|chosen| props.categories.iter().any(|known| known.category == *chosen));
    let query = MarketQuery::Offers {
        stall: Some(props.stall),
        text: text.trim().to_owned(),
        category: chosen,
        families: true,
        window: Window::first(0),
    };
    let chip = |to: Option<ThingId>, name: AttrValue| {
        let set = category.setter();
        let onclick = Callback::from(move |_: MouseEvent| set.set(to));
        let pressed = if to == chosen { "true" } else { "false" };
        html! { <button type="button" class="chip" aria-pressed={pressed} {onclick}>{ name }</button> }
    };
    let title = if text.trim().is_empty() {
        speech.say("shop.no-offers")
    } else {
        speech.fill("shop.nothing", &[("text", text.trim())])
    };
    let empty = html! { <Empty icon={Icon::Tag} {title} text={speech.say("shop.stall-nothing-text")} /> };
    html! {
        <>
            <Find value={(*text).clone()} label={speech.say("shop.search-stall")} {on_input} />
            if props.categories.len() > 1 {
                <div class="chips" role="group" aria-label={speech.say("shop.categories")}>
                    { chip(None, speech.say("shop.everything")) }
                    { for props.categories.iter().map(|known| chip(Some(known.category), known.name.clone().into())) }
                </div>
            }
            <Offers {query} label={speech.say("shop.offers")} {empty} in_stall=true />
        </>
    }
}
