//! What the command palette finds at a stall: its products, orders and customers, whatever their number, beside the screens.

use soko_app_api::{MarketQuery, MarketView, Query, View, Window};
use yew::prelude::*;

use super::order::code;
use crate::app::use_stall;
use crate::browser::time::Timer;
use crate::chrome::{Does, Hit, everybodys, fitting, use_finder};
use crate::desk::use_desk;
use crate::live::{use_market, use_query};
use crate::parts::Icon;
use crate::route::{Mode, Route};
use crate::speech::{Speech, use_speech};
use crate::watched::use_watched;

const PRODUCTS_MAX: u32 = 8;
const OTHERS_MAX: u32 = 5;
const OFFERS_MAX: u32 = 8;
/// After the last key, in milliseconds: a server is not asked between two letters.
const PAUSE_MS: i32 = 120;

/// At a stall what is there; while shopping, or without one, what the market offers.
#[component]
pub fn Palette() -> Html {
    let (desk, stall, finder) = (use_desk(), use_stall(), use_finder());
    let speech = finder.speech.clone();
    let shops = use_watched(&desk.route).mode() == Some(Mode::Shopper);
    let wanted = finder.text.trim();
    let selling = stall.as_ref().filter(|_| !shops).map(|stall| stall.stall);
    let searching = selling.filter(|_| !wanted.is_empty());
    let (asked, window) = (|| wanted.to_owned(), Window::first(OTHERS_MAX));
    let products =
        use_query(searching.map(|stall| Query::Search { stall, text: asked(), rows: PRODUCTS_MAX }));
    let orders =
        use_query(searching.map(|stall| Query::OrdersByCode { stall, code: asked(), rows: OTHERS_MAX }));
    let customers = use_query(searching.map(|stall| Query::Customers { stall, text: asked(), window }));
    let mut found = use_offers(if selling.is_some() { "" } else { wanted });
    if searching.is_some() {
        let views = [&products, &orders, &customers].into_iter().filter_map(|live| live.view());
        found.extend(views.flat_map(|view| hits(&speech, view)));
    }
    let mut fixed = everybodys(&speech, stall.is_some());
    if stall.is_some() {
        fixed.extend(sellers(&speech));
    }
    found.extend(fitting(fixed, wanted));
    finder.show(found)
}

/// What is offered in the market under these words.
#[hook]
fn use_offers(text: &str) -> Vec<Hit> {
    let (speech, text) = (use_speech(), use_settled(text.trim()));
    let window = Window::first(OFFERS_MAX);
    let query =
        MarketQuery::Offers { stall: None, text: text.clone(), category: None, families: true, window };
    let live = use_market((!text.is_empty()).then_some(query));
    let Some(MarketView::Offers(dated)) = live.market().filter(|_| !text.is_empty()) else {
        return Vec::new();
    };
    let hit = |row: &soko_app_api::OfferRow| Hit {
        icon: Icon::Tag,
        name: row.name.clone().into(),
        kind: speech.price(row.price_minor, &row.currency, row.unit, row.price_per).into(),
        does: Does::Go(Route::Offer(row.stall, row.product)),
    };
    dated.value.iter().map(hit).collect()
}

/// The text once nobody has typed for a moment; nothing is nothing at once.
#[hook]
fn use_settled(text: &str) -> String {
    let settled = use_state_eq(String::new);
    let setter = settled.setter();
    use_effect_with(text.to_owned(), move |text| {
        let text = text.clone();
        let timer = Timer::after(PAUSE_MS, move || setter.set(text));
        move || drop(timer)
    });
    if text.is_empty() { String::new() } else { (*settled).clone() }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else is no answer to these questions")]
fn hits(speech: &Speech, view: &View) -> Vec<Hit> {
    match view {
        View::Products(rows) => {
            let hit = |row: &soko_app_api::ProductRow| Hit {
                icon: Icon::Tag,
                name: row.name.clone().into(),
                kind: speech.price(row.price_minor, &row.currency, row.unit, row.price_per).into(),
                does: Does::Go(Route::Product(row.product)),
            };
            rows.iter().map(hit).collect()
        }
        View::Orders(rows) => {
            let hit = |row: &soko_app_api::OrderRow| Hit {
                icon: Icon::Inbox,
                name: speech.fill("order.name", &[("code", &code(row.order))]),
                kind: speech.money(row.total_minor, &row.currency).into(),
                does: Does::Go(Route::Order(row.order)),
            };
            rows.iter().map(hit).collect()
        }
        View::Customers(rows) => {
            let reach = |row: &soko_app_api::CustomerRow| {
                if row.phone.is_empty() { row.email.clone() } else { row.phone.clone() }
            };
            let hit = |row: &soko_app_api::CustomerRow| Hit {
                icon: Icon::Person,
                name: row.name.clone().into(),
                kind: reach(row).into(),
                does: Does::Go(Route::Customer(row.customer)),
            };
            rows.iter().map(hit).collect()
        }
        _ => Vec::new(),
    }
}

fn sellers(speech: &Speech) -> Vec<Hit> {
    let screen = |icon, key, to| Hit {
        icon,
        name: speech.say(key),
        kind: speech.say("palette.screen"),
        does: Does::Go(to),
    };
    let new = Hit {
        kind: speech.say("palette.action"),
        ..screen(Icon::Plus, "products.add", Route::NewProduct { code: String::new() })
    };
    vec![
        new,
        screen(Icon::Receipt, "sales.title", Route::Sales),
        screen(Icon::Chart, "figures.title", Route::Figures),
        screen(Icon::Warning, "incident.title", Route::Incidents),
        screen(Icon::Percent, "prices.title", Route::Prices),
        screen(Icon::Person, "customers.title", Route::Customers),
        screen(Icon::Card, "cards.title", Route::Cards),
    ]
}
