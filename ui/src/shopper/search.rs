//! Searching the whole market: answers come while typing, and the address holds the question.

use std::cell::RefCell;

use soko_app_api::{MarketQuery, MarketView, Window};
use yew::prelude::*;

use super::cards::{Find, Offers, Seen, StallTile};
use crate::browser::time::Timer;
use crate::desk::use_desk;
use crate::live::use_market;
use crate::nav::Go;
use crate::parts::{Empty, Icon};
use crate::route::Route;
use crate::speech::use_speech;

/// After the last key, in milliseconds: nobody reads answers between two letters.
const PAUSE_MS: i32 = 120;
const STALLS_MAX: u32 = 4;

#[derive(Properties, PartialEq)]
pub(super) struct SearchProps {
    pub text: String,
}

#[component]
pub(super) fn Search(props: &SearchProps) -> Html {
    let speech = use_speech();
    let (typed, on_input) = use_typing(&props.text);
    let text = props.text.trim();
    html! {
        <section class="page shop">
            <h1 class="silent">{ speech.say("nav.search") }</h1>
            <Find value={typed} label={speech.say("shop.search")} {on_input} autofocus=true />
            if text.is_empty() {
                <Empty icon={Icon::Search} title={speech.say("shop.search-title")} text={speech.say("shop.search-text")} />
            } else {
                <Found text={text.to_owned()} />
            }
        </section>
    }
}

/// What stands in the field, and what is done with it: after a pause it goes into the address.
#[hook]
fn use_typing(asked: &str) -> (String, Callback<String>) {
    let desk = use_desk();
    let typed = use_state_eq(|| asked.to_owned());
    let sent = use_memo((), |()| RefCell::new(asked.to_owned()));
    let timer = use_mut_ref(|| None::<Timer>);
    {
        let (typed, sent) = (typed.setter(), sent.clone());
        use_effect_with(asked.to_owned(), move |asked| {
            // Somebody else changed the address: a step back, a link.
            if *sent.borrow() != *asked {
                sent.replace(asked.clone());
                typed.set(asked.clone());
            }
        });
    }
    let on_input = {
        let typed = typed.setter();
        Callback::from(move |text: String| {
            typed.set(text.clone());
            let (desk, sent) = (desk.clone(), sent.clone());
            *timer.borrow_mut() = Timer::after(PAUSE_MS, move || {
                sent.replace(text.clone());
                desk.go_instead(Route::Search { text });
            });
        })
    };
    ((*typed).clone(), on_input)
}

#[derive(Properties, PartialEq)]
struct FoundProps {
    text: String,
}

#[component]
fn Found(props: &FoundProps) -> Html {
    let speech = use_speech();
    let text = props.text.clone();
    let live =
        use_market(Some(MarketQuery::Stalls { text: text.clone(), window: Window::first(STALLS_MAX) }));
    let offers =
        MarketQuery::Offers { stall: None, text, category: None, families: true, window: Window::first(0) };
    let title = speech.fill("shop.nothing", &[("text", &props.text)]);
    let has_stalls = matches!(live.market(), Some(MarketView::Stalls(dated)) if !dated.value.is_empty());
    let empty = if has_stalls {
        html! { <p class="prose">{ speech.say("shop.only-stalls") }</p> }
    } else {
        html! {
            <Empty icon={Icon::Search} {title} text={speech.say("shop.nothing-text")}>
                <Go to={Route::Market} class="button">{ speech.say("shop.to-market") }</Go>
            </Empty>
        }
    };
    html! {
        <>
            if let Some(MarketView::Stalls(dated)) = live.market() {
                <Seen as_of_ms={dated.as_of_ms} is_fresh={dated.is_fresh} />
                if !dated.value.is_empty() {
                    <ul class="stall-tiles" aria-label={speech.say("shop.stalls")}>
                        { for dated.value.iter().map(|card| html! {
                            <li key={card.stall.to_string()}><StallTile card={card.clone()} /></li>
                        }) }
                    </ul>
                }
            }
            <Offers query={offers} label={speech.say("shop.offers")} {empty} />
        </>
    }
}
