//! Selling: what is offered on one side, what is on the counter on the other. On a phone the counter is a sheet, and
//! its total is always in sight.

use soko_app_api::{Answer, Call, FamilyRow, OwnStall, ProductFilter, ProductRow, Query, View, Window};
use soko_domain::ids::ThingId;
use yew::prelude::*;

use super::camera::use_camera;
use super::counter::{Counter, CounterBar};
use super::scans::put;
use super::shift::NoDrawer;
use super::taken_off::TakenOff;
use super::with_stall;
use crate::acting::sets;
use crate::browser;
use crate::cart::Cart;
use crate::desk::use_desk;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Empty, Icon, Photo, SearchBox, Segmented, Slot, Windowed, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::watched::use_watched;

/// Hits of a search on one screen.
const HITS_MAX: u32 = 60;
const VIEW_KEY: &str = "soko-sell-view";

#[component]
pub(super) fn Sell() -> Html {
    with_stall(|stall| html! { <Counted {stall} /> })
}

#[derive(Properties, PartialEq)]
pub(super) struct StallProps {
    pub stall: OwnStall,
}

#[component]
fn Counted(props: &StallProps) -> Html {
    let stall = props.stall.clone();
    html! {
        <div class="sell">
            <section class="sell-offer">
                <NoDrawer stall={stall.clone()} />
                <Offer stall={stall.clone()} />
            </section>
            <Counter stall={stall.clone()} class="sell-counter" />
            <TakenOff stall={stall.clone()} />
            <CounterBar {stall} />
        </div>
    }
}

#[component]
fn Offer(props: &StallProps) -> Html {
    let speech = use_speech();
    let stall = props.stall.stall;
    let text = use_state(String::new);
    let shelf = use_state(|| Shelf::All);
    let view = use_state(|| AttrValue::from(browser::kept(VIEW_KEY).unwrap_or_else(|| "grid".into())));
    let is_searching = !text.trim().is_empty();
    let call = if is_searching {
        Call::Ask(Query::Search { stall, text: text.trim().into(), rows: HITS_MAX })
    } else {
        Call::Ask(Query::Products { stall, filter: shelf.filter(), window: Window::first(1) })
    };
    let is_grid = *view == "grid";
    let is_connected = props.stall.is_connected;
    let slot = Callback::from(move |slot: Slot| {
        let Answer::View(View::Products(rows)) = &*slot.answer else { return Html::default() };
        rows.get(slot.at).map_or_else(Html::default, |row| {
            html! { <Offered row={row.clone()} {is_grid} {is_connected} /> }
        })
    });
    let choose_view = {
        let view = view.clone();
        Callback::from(move |chosen: AttrValue| {
            browser::keep(VIEW_KEY, &chosen);
            view.set(chosen);
        })
    };
    let on_text = sets(&text);
    let on_shelf = sets(&shelf);
    let (camera, looking) = use_camera();
    html! {
        <>
            <div class="sell-tools">
                <SearchBox label={speech.say("search.products")} value={(*text).clone()} on_input={on_text} />
                { camera }
                <Segmented label={speech.say("sell.view")} value={(*view).clone()} on_choose={choose_view}
                    options={vec![
                        ("grid".into(), named(Icon::Grid, speech.say("sell.grid"))),
                        ("rows".into(), named(Icon::Rows, speech.say("sell.rows"))),
                    ]} />
            </div>
            { looking }
            if !is_searching {
                <Shelves {stall} chosen={*shelf} on_choose={on_shelf} />
            }
            <div class="sell-list scrolls">
                <Windowed label={speech.say("nav.products")} {call} {slot}
                    class={if is_grid { "windowed-grid" } else { "" }} empty={empty(&speech, is_searching)} />
            </div>
        </>
    }
}

/// A sign with its name for those who do not see it.
fn named(sign: Icon, name: AttrValue) -> Html {
    html! { <>{ icon(sign) }<span class="silent">{ name }</span></> }
}

fn empty(speech: &Speech, is_searching: bool) -> Html {
    if is_searching {
        return html! {
            <Empty icon={Icon::Search} title={speech.say("search.none")} text={speech.say("search.none-text")} />
        };
    }
    html! {
        <Empty icon={Icon::Tag} title={speech.say("products.none")} text={speech.say("products.none-text")}>
            <Go to={Route::NewProduct { code: String::new() }} class="button button-main">
                { icon(Icon::Plus) }{ speech.say("products.add") }
            </Go>
        </Empty>
    }
}

/// Which products are offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shelf {
    All,
    Favourites,
    Category(ThingId),
}

impl Shelf {
    fn filter(self) -> ProductFilter {
        match self {
            Self::All => ProductFilter { families: true, ..Default::default() },
            Self::Favourites => ProductFilter { favourites: true, ..Self::All.filter() },
            Self::Category(category) => ProductFilter { category: Some(category), ..Self::All.filter() },
        }
    }
}

#[derive(Properties, PartialEq)]
struct ShelvesProps {
    stall: soko_domain::ids::LogId,
    chosen: Shelf,
    on_choose: Callback<Shelf>,
}

/// Favourites and categories as chips; nothing when there are neither.
#[component]
fn Shelves(props: &ShelvesProps) -> Html {
    let speech = use_speech();
    let stall = props.stall;
    let categories = use_query(Some(Query::Categories(stall)));
    let (filter, window) = (Shelf::Favourites.filter(), Window::first(1));
    let favourites = use_query(Some(Query::Products { stall, filter, window }));
    let has_favourites = matches!(favourites.view(), Some(View::Products(rows)) if !rows.is_empty());
    let rows = if let Some(View::Categories(rows)) = categories.view() { rows.as_slice() } else { &[] };
    if rows.is_empty() && !has_favourites && props.chosen == Shelf::All {
        return Html::default();
    }
    let chip = |shelf: Shelf, name: Html| {
        let pressed = if shelf == props.chosen { "true" } else { "false" };
        let onclick = props.on_choose.reform(move |_: MouseEvent| shelf);
        html! { <button type="button" class="chip" aria-pressed={pressed} {onclick}>{ name }</button> }
    };
    html! {
        <div class="chips" role="group" aria-label={speech.say("categories.title")}>
            { chip(Shelf::All, html! { { speech.say("categories.all") } }) }
            if has_favourites || props.chosen == Shelf::Favourites {
                { chip(Shelf::Favourites, html! { <>{ icon(Icon::Star) }{ speech.say("products.favourites") }</> }) }
            }
            { for rows.iter().map(|row| chip(Shelf::Category(row.category), html! { { row.name.clone() } })) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct CategoriesProps {
    pub stall: soko_domain::ids::LogId,
    pub chosen: Option<ThingId>,
    pub on_choose: Callback<Option<ThingId>>,
}

/// The categories as chips; nothing when there are none.
#[component]
pub(super) fn Categories(props: &CategoriesProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Categories(props.stall)));
    let Some(View::Categories(rows)) = live.view() else { return Html::default() };
    if rows.is_empty() {
        return Html::default();
    }
    let chip = |category: Option<ThingId>, name: AttrValue| {
        let pressed = if category == props.chosen { "true" } else { "false" };
        let onclick = props.on_choose.reform(move |_: MouseEvent| category);
        html! { <button type="button" class="chip" aria-pressed={pressed} {onclick}>{ name }</button> }
    };
    html! {
        <div class="chips" role="group" aria-label={speech.say("categories.title")}>
            { chip(None, speech.say("categories.all")) }
            { for rows.iter().map(|row| chip(Some(row.category), row.name.clone().into())) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct OfferedProps {
    row: ProductRow,
    is_grid: bool,
    /// Others may promise units, too.
    is_connected: bool,
}

/// One product: a tap puts it onto the counter.
#[component]
fn Offered(props: &OfferedProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let cart = use_watched(&desk.cart);
    let row = &props.row;
    let onclick = {
        let (desk, speech, row) = (desk.clone(), speech.clone(), row.clone());
        Callback::from(move |_: MouseEvent| put(&desk, &speech, &row))
    };
    let address = row.picture.as_ref().map(|hash| desk.picture(hash));
    let on_counter = on_counter(&cart, row);
    let (price, own_share) = price_and_share(&speech, row);
    let kinds = row.family.as_ref().map(|family| kinds(&speech, family));
    let popup = kinds.as_ref().map(|_| "dialog");
    let share = html! {
        if own_share <= 0 && !props.is_connected {
            // Nobody counted yet, and nobody else can promise any.
            <></>
        } else if own_share <= 0 {
            <span class="offer-left offer-none">{ speech.say("sell.none-left") }</span>
        } else {
            <span class="offer-left">{ speech.fill("sell.left", &[("n", &speech.quantity(own_share, row.unit))]) }</span>
        }
    };
    let count = (on_counter > 0).then(|| {
        html! {
            <span class="offer-count number">{ speech.quantity(on_counter, row.unit) }</span>
        }
    });
    if props.is_grid {
        return html! {
            <button type="button" class="offer" {onclick} aria-haspopup={popup}>
                <Photo {address} name={row.name.clone()} class="offer-photo" />
                if let Some(kinds) = kinds { <span class="offer-kinds">{ kinds }</span> }
                { count }
                <span class="offer-name">{ row.name.clone() }</span>
                <span class="offer-foot"><span class="number">{ price }</span>{ share }</span>
            </button>
        };
    }
    html! {
        <button type="button" class="list-row" {onclick} aria-haspopup={popup}>
            <Photo {address} name={row.name.clone()} />
            <span class="list-main">
                <span class="list-name">{ row.name.clone() }</span>
                <span class="offer-more">{ share }if let Some(kinds) = kinds { <span class="offer-left">{ kinds }</span> }</span>
            </span>
            { count }
            <span class="list-end number">{ price }</span>
        </button>
    }
}

/// Of a product and of its variants.
fn on_counter(cart: &Cart, row: &ProductRow) -> i64 {
    let variants = row.family.as_ref().map(|family| family.variants.as_slice()).unwrap_or_default();
    std::iter::once(&row.product).chain(variants).map(|product| cart.quantity_of(*product)).sum()
}

/// What it costs, and how much of it there is; of a family the lowest price, and all of it.
pub(super) fn price_and_share(speech: &Speech, row: &ProductRow) -> (AttrValue, i64) {
    let Some(family) = &row.family else {
        return (speech.price(row.price_minor, &row.currency, row.unit, row.price_per).into(), row.own_share);
    };
    let price = speech.price(family.price_minor, &row.currency, row.unit, family.price_per);
    let price = if family.is_from { speech.fill("price.from", &[("price", &price)]) } else { price.into() };
    (price, family.own_share)
}

/// How many variants there are.
pub(super) fn kinds(speech: &Speech, family: &FamilyRow) -> AttrValue {
    speech.count("variant.count", i64::try_from(family.variants.len()).unwrap_or(i64::MAX))
}
