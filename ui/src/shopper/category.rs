//! One category of the whole market, or everything: by stall, price and stock, in the order that somebody wants. The
//! address holds all of it, so that it can be shared.

use soko_app_api::{Browse, MarketCategory, MarketQuery, MarketView, Sort, StallCard, Window};
use soko_domain::ids::LogId;
use yew::prelude::*;

use super::cards::{OfferCard, Offers, Seen};
use crate::browser::time::now_ms;
use crate::desk::use_desk;
use crate::live::use_market;
use crate::nav::Go;
use crate::parts::{Choice, Empty, Field, Icon, icon};
use crate::route::Route;
use crate::speech::use_speech;

/// Stalls that one can choose among.
const STALLS_MAX: u32 = 100;
/// Categories at the front of the market, and offers of a strip.
const AT_FRONT: usize = 12;
const IN_STRIP: u32 = 8;

#[derive(Properties, PartialEq)]
pub(super) struct CategoryProps {
    pub browse: Browse,
}

#[component]
pub(super) fn Category(props: &CategoryProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let browse = &props.browse;
    let categories = use_market(Some(MarketQuery::Categories));
    let known = known(categories.market(), &browse.category);
    let name = match &known {
        Some(known) => AttrValue::from(known.name.clone()),
        None if browse.category.is_empty() => speech.say("shop.everything"),
        None => AttrValue::from(browse.category.clone()),
    };
    let change = Callback::from(move |browse: Browse| desk.go_instead(Route::Category(browse)));
    let query = MarketQuery::Browse { browse: browse.clone(), window: Window::first(0) };
    let empty = html! {
        <Empty icon={Icon::Tag} title={speech.say("shop.no-offers")} text={speech.say("browse.nothing-text")}>
            <Go to={Route::Category(Browse::of(&browse.category))} class="button">{ speech.say("browse.all") }</Go>
        </Empty>
    };
    html! {
        <section class="page shop">
            <Go to={Route::Market} class="back-link">{ icon(Icon::Back) }<span>{ speech.say("nav.market") }</span></Go>
            <header class="stack-tight">
                <h1>{ name.clone() }</h1>
                if let Some(known) = &known {
                    <p class="prose">{ speech.count("shop.products", i64::from(known.offers)) }</p>
                }
            </header>
            if let Some(MarketView::Categories(dated)) = categories.market() {
                <Seen as_of_ms={dated.as_of_ms} is_fresh={dated.is_fresh} />
            }
            <Filters browse={browse.clone()} category={known} on_change={change} />
            <Offers {query} label={name} {empty} />
        </section>
    }
}

fn known(view: Option<&MarketView>, slug: &str) -> Option<MarketCategory> {
    let Some(MarketView::Categories(dated)) = view else { return None };
    dated.value.iter().find(|known| known.slug == slug).cloned()
}

#[derive(Properties, PartialEq)]
struct FiltersProps {
    browse: Browse,
    category: Option<MarketCategory>,
    on_change: Callback<Browse>,
}

#[component]
fn Filters(props: &FiltersProps) -> Html {
    let speech = use_speech();
    let browse = &props.browse;
    let stalls =
        use_market(Some(MarketQuery::Stalls { text: String::new(), window: Window::first(STALLS_MAX) }));
    let stalls: &[StallCard] =
        if let Some(MarketView::Stalls(dated)) = stalls.market() { &dated.value } else { &[] };
    let is_there = |stall: &StallCard| {
        props.category.as_ref().is_none_or(|known| known.at.iter().any(|at| at.stall == stall.stall))
    };
    let mut options = vec![(AttrValue::from(""), speech.say("browse.all-stalls"))];
    let there = stalls.iter().filter(|stall| is_there(stall));
    options.extend(there.map(|stall| (stall.stall.to_string().into(), stall.name.clone().into())));
    let set = |change: fn(&mut Browse, &str)| {
        let (browse, on_change) = (browse.clone(), props.on_change.clone());
        Callback::from(move |value: String| {
            let mut now = browse.clone();
            change(&mut now, &value);
            on_change.emit(now);
        })
    };
    let sorts = Sort::ALL.map(|sort| (AttrValue::from(sort.word()), speech.say(sort_key(sort))));
    let stock = set(|now, _| now.in_stock = !now.in_stock).reform(|_: MouseEvent| String::new());
    let pressed = if browse.in_stock { "true" } else { "false" };
    let price =
        |whole: Option<i64>| AttrValue::from(whole.map(|whole| whole.to_string()).unwrap_or_default());
    html! {
        <div class="filters">
            <Choice label={speech.say("browse.sort")} value={browse.sort.word()} options={sorts.to_vec()}
                on_choose={set(|now, value| now.sort = Sort::from_word(value).unwrap_or_default())} />
            <Choice label={speech.say("browse.stall")} {options}
                value={browse.stall.map(|stall| stall.to_string()).unwrap_or_default()}
                on_choose={set(|now, value| now.stall = LogId::from_hex(value))} />
            <Field label={speech.say("browse.from")} value={price(browse.min)} kind="number" inputmode="numeric"
                on_input={set(|now, value| now.min = whole(value))} />
            <Field label={speech.say("browse.to")} value={price(browse.max)} kind="number" inputmode="numeric"
                on_input={set(|now, value| now.max = whole(value))} />
            <button type="button" class="chip" aria-pressed={pressed} onclick={stock}>{ speech.say("shop.in-stock") }</button>
        </div>
    }
}

fn whole(text: &str) -> Option<i64> {
    text.trim().parse().ok().filter(|units| *units >= 0)
}

fn sort_key(sort: Sort) -> &'static str {
    match sort {
        Sort::Name => "browse.by-name",
        Sort::Newest => "browse.by-new",
        Sort::Cheapest => "browse.by-price",
        Sort::BestRated => "browse.by-rating",
        Sort::MostBought => "browse.by-bought",
        Sort::Lowered => "browse.by-lowered",
    }
}

/// The way into the categories, at the front of the market.
#[component]
pub(super) fn Categories() -> Html {
    let speech = use_speech();
    let live = use_market(Some(MarketQuery::Categories));
    let Some(MarketView::Categories(dated)) = live.market() else { return Html::default() };
    if dated.value.is_empty() {
        return Html::default();
    }
    html! {
        <nav class="chips" aria-label={speech.say("shop.categories")}>
            { for dated.value.iter().take(AT_FRONT).map(|known| html! {
                <Go key={known.slug.clone()} to={Route::Category(Browse::of(&known.slug))} class="chip">
                    { known.name.clone() }<span class="chip-count number">{ speech.number(i64::from(known.offers)) }</span>
                </Go>
            }) }
            <Go to={Route::Category(Browse::of(""))} class="chip">{ speech.say("shop.everything") }</Go>
        </nav>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct StripProps {
    pub sort: Sort,
    pub id: AttrValue,
    pub title: AttrValue,
}

/// What came longer ago is not new any more, though nothing newer came.
const NEW_MS: i64 = 60 * 24 * 3_600 * 1_000;

/// Whether something may be called new; of 0 nobody knows since when it is here.
fn is_new(added_ms: i64, now_ms: i64) -> bool {
    added_ms > 0 && now_ms.saturating_sub(added_ms) < NEW_MS
}

/// A few offers beside each other, with a way to all of them. What nobody rated yet is not shown as the best, and what is old not as new.
#[component]
pub(super) fn Strip(props: &StripProps) -> Html {
    let speech = use_speech();
    let browse = Browse { sort: props.sort, in_stock: true, ..Browse::of("") };
    let query = MarketQuery::Browse { browse: browse.clone(), window: Window::first(IN_STRIP) };
    let live = use_market(Some(query));
    let Some(MarketView::Offers(dated)) = live.market() else { return Html::default() };
    let now_ms = now_ms();
    let is_meant = |row: &soko_app_api::OfferRow| match props.sort {
        Sort::BestRated => row.rating.reviews > 0,
        Sort::Newest => is_new(row.added_ms, now_ms),
        Sort::Name | Sort::Cheapest | Sort::MostBought | Sort::Lowered => true,
    };
    let rows: Vec<_> = dated.value.iter().filter(|row| is_meant(row)).cloned().collect();
    if rows.is_empty() {
        return Html::default();
    }
    html! {
        <section class="stack" aria-labelledby={props.id.clone()}>
            <div class="row row-apart">
                <h2 id={props.id.clone()}>{ props.title.clone() }</h2>
                <Go to={Route::Category(browse)} class="button button-quiet">{ speech.say("browse.see-all") }</Go>
            </div>
            <ul class="suggested">
                { for rows.into_iter().map(|row| html! { <li key={row.product.to_string()}><OfferCard {row} /></li> }) }
            </ul>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_for_two_months_is_not_called_new() {
        const DAY_MS: i64 = 86_400_000;
        let now_ms = 20_000 * DAY_MS;
        for (days, expected) in [(0, true), (59, true), (60, false), (400, false), (20_000, false)] {
            assert_eq!(is_new(now_ms - days * DAY_MS, now_ms), expected, "{days} days");
        }
    }
}
