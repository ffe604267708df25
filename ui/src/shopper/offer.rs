//! One product of a stall: its pictures, its price, how much is left, and the way into the basket.

use soko_app_api::{
    BuyerQuery, BuyerVerb, BuyerView, Dated, MarketQuery, MarketView, OfferPage, OfferRow, PricedSince,
};
use soko_domain::ids::{Hash, LogId, ProductId};
use soko_domain::interaction::Met;
use yew::prelude::*;

use super::amounts;
use super::cards::{LeftSign, Price, Seen, deal_words, unseen};
use super::choices::{Before, Choosing};
use super::likes::Heart;
use super::noticing::{use_here, use_shown};
use super::reviews::{Rated, Reviews};
use super::suggested::Beside;
use crate::desk::use_desk;
use crate::doing::use_doing;
use crate::live::{use_buyer, use_market};
use crate::nav::Go;
use crate::parts::{Busy, Empty, Icon, Photo, Stepper, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

const DAY_MS: i64 = 86_400_000;

#[derive(Properties, PartialEq)]
pub(super) struct OfferProps {
    pub stall: LogId,
    pub product: ProductId,
}

#[component]
pub(super) fn Offer(props: &OfferProps) -> Html {
    let speech = use_speech();
    let live = use_market(Some(MarketQuery::Offer { stall: props.stall, product: props.product }));
    let body = match live.market() {
        // Until the page of a variant is there, that of its sister says enough of it.
        Some(MarketView::Offer(dated)) if named(&dated.value, props.product).is_some() => {
            html! { <Page dated={dated.clone()} product={props.product} /> }
        }
        Some(MarketView::Unseen) => unseen(&speech),
        Some(MarketView::Missing) => html! {
            <Empty icon={Icon::Tag} title={speech.say("shop.offer-gone")} text={speech.say("shop.offer-gone-text")}>
                <Go to={Route::Stall(props.stall)} class="button button-main">{ speech.say("shop.to-stall") }</Go>
            </Empty>
        },
        _ => html! { <Busy {live} rows={5} /> },
    };
    html! { <section class="page shop">{ body }</section> }
}

/// The product that the address names, on its own page or on that of its family.
fn named(page: &OfferPage, product: ProductId) -> Option<&OfferRow> {
    let family = page.choices.iter().flat_map(|choices| choices.itself.iter().chain(&choices.variants));
    std::iter::once(&page.row).chain(family).find(|row| row.product == product)
}

#[derive(Properties, PartialEq)]
struct PageProps {
    dated: Dated<OfferPage>,
    product: ProductId,
}

#[component]
fn Page(props: &PageProps) -> Html {
    let speech = use_speech();
    let page = &props.dated.value;
    let row = named(page, props.product).unwrap_or(&page.row);
    let here = use_here();
    use_shown(here.meets(Met::Opened, (row.stall, row.product)));
    let family = row.variant_of.unwrap_or(row.product);
    // All its pictures come with its page.
    let is_whole = row.product == page.row.product;
    let pictures = if is_whole { page.pictures.clone() } else { row.picture.into_iter().collect() };
    let before = use_state_eq(Before::default);
    {
        let before = before.setter();
        use_effect_with(family, move |_| before.set(Before::default()));
    }
    let choices = page.choices.as_deref();
    let must_choose = choices.is_some() && row.variant_of.is_none() && !before.is_itself;
    let told =
        if before.is_itself { OfferRow { family: None, ..row.clone() } } else { row.clone() }.together();
    html! {
        <>
            <Go to={Route::Stall(row.stall)} class="back-link">
                { icon(Icon::Back) }<span>{ row.stall_name.clone() }</span>
            </Go>
            <article class="product">
                <Gallery key={row.product.to_string()} row={row.clone()} {pictures} />
                <div class="product-words">
                    <div class="product-title"><h1>{ row.name.clone() }</h1><Heart row={row.clone()} /></div>
                    <Rated rating={told.rating} />
                    <div aria-live="polite">
                        <Price minor={told.price_minor} was={told.was_minor} is_from={told.is_from} currency={row.currency.clone()} unit={row.unit} per={told.price_per}
                            class="price-large" />
                        <p><LeftSign unit={row.unit} per={told.price_per} available={told.available} always=true /></p>
                        { deal_words(&speech, row) }
                    </div>
                    <Seen as_of_ms={props.dated.as_of_ms} is_fresh={props.dated.is_fresh} />
                    if let Some(choices) = choices {
                        <Choosing key={family.to_string()} choices={choices.clone()} product={row.product} before={before.clone()} />
                    }
                    <Put key={format!("put-{family}")} row={row.clone()} available={told.available} must_choose={must_choose.then(|| before.clone())} />
                    if is_whole { { prices(&speech, row, &page.prices) } }
                    if !page.description.is_empty() {
                        <section class="stack-tight">
                            <h2 class="h-small">{ speech.say("shop.about-product") }</h2>
                            <p class="prose product-text">{ page.description.clone() }</p>
                        </section>
                    }
                </div>
            </article>
            <Reviews stall={row.stall} product={row.product} rating={told.rating} />
            <Beside stall={row.stall} product={row.product} name={row.name.clone()} />
        </>
    }
}

/// What it cost since it was added, the latest price first. One that never moved says nothing.
fn prices(speech: &Speech, row: &OfferRow, all: &[PricedSince]) -> Html {
    let day =
        |since_ms: i64| speech.day_of_year(i32::try_from(since_ms.div_euclid(DAY_MS)).unwrap_or_default());
    let since = |at: usize, since_ms: i64| match (since_ms, all.get(at + 1)) {
        (0, Some(next)) => speech.fill("shop.prices-before", &[("day", &day(next.since_ms))]),
        _ => day(since_ms).into(),
    };
    if all.len() < 2 {
        return Html::default();
    }
    html! {
        <details class="folded">
            <summary>{ speech.say("shop.prices") }</summary>
            <dl class="sums">
                { for all.iter().enumerate().rev().map(|(at, it)| html! {
                    <div>
                        <dt>{ since(at, it.since_ms) }</dt>
                        <dd class="number">{ speech.price(it.price_minor, &row.currency, row.unit, row.price_per) }</dd>
                    </div>
                }) }
            </dl>
        </details>
    }
}

#[derive(Properties, PartialEq)]
struct GalleryProps {
    row: OfferRow,
    pictures: Vec<Hash>,
}

#[component]
fn Gallery(props: &GalleryProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let shown = use_state_eq(|| 0_usize);
    let (row, pictures) = (&props.row, &props.pictures);
    let picture = pictures.get(*shown).or(pictures.first()).or(row.picture.as_ref());
    let address = picture.map(|picture| desk.picture(picture));
    let thumb = |(at, picture): (usize, &Hash)| {
        let set = shown.setter();
        let onclick = Callback::from(move |_: MouseEvent| set.set(at));
        let pressed = if at == *shown { "true" } else { "false" };
        let number = i64::try_from(at).unwrap_or_default().saturating_add(1);
        let label = speech.fill("shop.picture", &[("number", &speech.number(number))]);
        html! {
            <button type="button" class="thumb" {onclick} aria-pressed={pressed} aria-label={label}>
                <Photo address={desk.picture(picture)} name={row.name.clone()} />
            </button>
        }
    };
    html! {
        <div class="gallery">
            <Photo {address} name={row.name.clone()} class="gallery-photo" />
            if pictures.len() > 1 {
                <div class="thumbs">{ for pictures.iter().enumerate().map(thumb) }</div>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct PutProps {
    row: OfferRow,
    /// Of all variants until one is chosen.
    available: i64,
    must_choose: Option<UseStateHandle<Before>>,
}

/// How much, and into the basket.
#[component]
fn Put(props: &PutProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (row, available) = (&props.row, props.available);
    let wanted = use_state_eq(|| amounts::first(row.unit, row.price_per, available));
    let there = in_basket(use_buyer(Some(BuyerQuery::Baskets)).buyer(), row);
    let is_out = available <= 0;
    let quantity = amounts::within(*wanted, available);
    let change = {
        let wanted = wanted.setter();
        Callback::from(move |quantity: i64| wanted.set(amounts::within(quantity, available)))
    };
    let put = {
        let (doing, row, must_choose) = (doing.clone(), row.clone(), props.must_choose.clone());
        Callback::from(move |_: MouseEvent| {
            if let Some(before) = &must_choose {
                before.set(before.wanted());
                return;
            }
            let desk = doing.desk.clone();
            let (quantity, shown) = (there.saturating_add(quantity), Some(there));
            let verb = BuyerVerb::PutLine { stall: row.stall, product: row.product, quantity, shown };
            let (to, speech, name) = (desk.clone(), doing.speech.clone(), row.name.clone());
            doing.run(async move { desk.buy(verb).await }, move |()| {
                let going = to.clone();
                let look = Callback::from(move |()| going.go(Route::Basket));
                to.toasts.offer(
                    speech.fill("shop.was-put", &[("name", &name)]),
                    speech.say("nav.basket"),
                    look,
                );
            });
        })
    };
    let quick = amounts::quick(row.unit, row.price_per, available);
    html! {
        <div class="put">
            if !quick.is_empty() {
                <div class="chips" role="group" aria-label={speech.say("shop.amounts")}>
                    { for quick.into_iter().map(|amount| {
                        let onclick = change.reform(move |_: MouseEvent| amount);
                        let pressed = if amount == quantity { "true" } else { "false" };
                        html! {
                            <button type="button" class="chip" {onclick} aria-pressed={pressed}>
                                { speech.quantity(amount, row.unit) }
                            </button>
                        }
                    }) }
                </div>
            }
            <div class="put-row">
                <Stepper label={speech.say("shop.quantity")} value={quantity} step={amounts::step(row.unit, row.price_per)}
                    shown={speech.quantity(quantity, row.unit)} on_change={change} />
                <button type="button" class="button button-main button-large grow" onclick={put}
                    disabled={is_out || doing.is_busy()}>
                    { icon(Icon::Basket) }{ speech.say(if is_out { "shop.sold-out" } else { "shop.put" }) }
                </button>
            </div>
            if there > 0 {
                <p class="put-there">
                    { speech.fill("shop.there", &[("quantity", &speech.quantity(there, row.unit))]) }{ " " }
                    <Go to={Route::Basket} class="text-link">{ speech.say("shop.to-basket") }</Go>
                </p>
            }
        </div>
    }
}

/// How much of it is in the basket already.
fn in_basket(view: Option<&BuyerView>, row: &OfferRow) -> i64 {
    let Some(BuyerView::Baskets(baskets)) = view else { return 0 };
    let basket = baskets.iter().find(|basket| basket.stall == row.stall);
    let lines = basket.map(|basket| basket.lines.as_slice()).unwrap_or_default();
    lines.iter().find(|line| line.product == row.product).map_or(0, |line| line.quantity)
}
