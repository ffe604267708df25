//! Prices that could be better: each with its reasons, to take, to send away, to take back; and the limits of all.

use soko_app_api::text::Worded as _;
use soko_app_api::{OwnStall, PriceMoveRow, PriceRow, PriceSuggested, PricesView, Query, Verb, View};
use yew::prelude::*;

use super::price_rule::RuleForm;
use super::price_words;
use super::rival_sources::Sources;
use super::with_stall;
use crate::acting::{closes, opens, use_acting};
use crate::live::{Live, use_query};
use crate::nav::Go;
use crate::parts::{Badge, Busy, Dialog, Empty, Icon, SavedTone, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[component]
pub(super) fn Prices() -> Html {
    with_stall(|stall| html! { <List {stall} /> })
}

#[derive(Properties, PartialEq)]
struct ListProps {
    stall: OwnStall,
}

#[component]
fn List(props: &ListProps) -> Html {
    let speech = use_speech();
    let rules = use_state(|| false);
    let live = use_query(Some(Query::Prices(props.stall.stall)));
    let view = match live.view() {
        Some(View::Prices(view)) => Some(view.clone()),
        _ => None,
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Products} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("prices.title") }</h1>
                if view.is_some() {
                    <button type="button" class="button" onclick={opens(&rules)}>{ icon(Icon::Gear) }{ speech.say("prices.limits-all") }</button>
                }
            </header>
            if let Some(view) = view {
                { shown(&speech, &props.stall, &view) }
                <Sources stall={props.stall.clone()} sources={view.sources.clone()} />
                if *rules {
                    <Dialog title={speech.say("prices.limits-all")} on_close={closes(&rules)}>
                        <RuleForm stall={props.stall.clone()} product={None} rule={view.rule} on_done={closes(&rules)} />
                    </Dialog>
                }
            } else {
                { not_shown(&speech, live) }
            }
        </section>
    }
}

/// On its way, or not for whoever is at the register.
pub(super) fn not_shown(speech: &Speech, live: Live) -> Html {
    if !matches!(live.view(), Some(View::ForManagers)) {
        return html! { <Busy {live} /> };
    }
    html! {
        <Empty icon={Icon::Key} title={speech.say("figures.managers")} text={speech.say("figures.managers-text")}>
            <Go to={Route::Products} class="button">{ speech.say("nav.products") }</Go>
        </Empty>
    }
}

fn shown(speech: &Speech, stall: &OwnStall, view: &PricesView) -> Html {
    let rest =
        [("fine", speech.number(i64::from(view.fine))), ("few", speech.number(i64::from(view.too_few)))];
    let rest: Vec<(&str, &str)> = rest.iter().map(|(name, number)| (*name, number.as_str())).collect();
    html! {
        <>
            <p class="prose">{ speech.say("prices.text") }</p>
            if view.rows.is_empty() {
                <Empty icon={Icon::Tag} title={speech.say("prices.none")} text={speech.say("prices.none-text")} />
            }
            { for view.rows.iter().map(|row| html! { <Suggestion key={row.product.to_string()} stall={stall.clone()} row={row.clone()} is_linked=true /> }) }
            if view.fine > 0 || view.too_few > 0 {
                <p class="quiet">{ speech.fill("prices.rest", &rest) }</p>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct SuggestionProps {
    pub stall: OwnStall,
    pub row: PriceRow,
    /// The name leads to the page of the product's price.
    #[prop_or_default]
    pub is_linked: bool,
}

/// What is said of one product's price, and what can be done about it.
#[component]
pub(super) fn Suggestion(props: &SuggestionProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let row = &props.row;
    let price = |minor: i64| speech.price(minor, &row.currency, row.unit, row.price_per);
    let (stall, product, from_minor) = (props.stall.stall, row.product, row.now_minor);
    let accept = |better: &PriceSuggested| {
        let (acting, to_minor) = (acting.clone(), better.price_minor);
        Callback::from(move |_: MouseEvent| {
            let done = acting.clone();
            acting.act(stall, Verb::AcceptPrice { product, from_minor, to_minor }, move |_| {
                done.desk.toasts.done(done.speech.say("prices.accepted"));
            });
        })
    };
    let refuse = |better: &PriceSuggested| {
        let (acting, price_minor) = (acting.clone(), better.price_minor);
        Callback::from(move |_: MouseEvent| {
            let done = acting.clone();
            acting.act(stall, Verb::RefusePrice { product, price_minor }, move |_| {
                done.desk.toasts.done(done.speech.say("prices.refused"));
            });
        })
    };
    let name = if props.is_linked {
        html! { <Go to={Route::Price(row.product)} class="link">{ row.name.clone() }</Go> }
    } else {
        html! { { speech.say("prices.now") } }
    };
    html! {
        <section class="card stack-tight price-card" aria-label={row.name.clone()}>
            <div class="row row-apart">
                <h2>{ name }</h2>
                if row.mode == soko_domain::entry::PriceMode::Auto {
                    <Badge tone={SavedTone::Good} text={speech.say("prices.mode-auto")} />
                }
            </div>
            <p class="price-move number">
                <span>{ price(row.now_minor) }</span>
                if let Some(better) = &row.suggested {
                    { icon(Icon::Forward) }<strong>{ price(better.price_minor) }</strong>
                }
            </p>
            if let Some(better) = &row.suggested {
                { effect(&speech, row, better) }
                <ul class="price-reasons">{ for price_words::reasons(&speech, row, &better.reasons).into_iter().map(|text| html! { <li>{ text }</li> }) }</ul>
                <p class="quiet">{ price_words::ground(&speech, row, better) }</p>
                <footer class="row">
                    <button type="button" class="button button-main" disabled={acting.is_busy()} onclick={accept(better)}>{ icon(Icon::Check) }{ speech.fill("prices.accept", &[("price", &price(better.price_minor))]) }</button>
                    <button type="button" class="button" disabled={acting.is_busy()} onclick={refuse(better)}>{ speech.say("prices.refuse") }</button>
                </footer>
            } else if let Some(quiet) = row.quiet {
                <p class="quiet">{ price_words::quiet(&speech, row, quiet) }</p>
            }
            if let Some(moved) = &row.moved {
                <Moved stall={props.stall.clone()} row={row.clone()} moved={moved.clone()} />
            }
        </section>
    }
}

/// What the change does, in one sentence each.
fn effect(speech: &Speech, row: &PriceRow, better: &PriceSuggested) -> Html {
    let units = |quantity: i64| speech.quantity(quantity, row.unit);
    let money = |minor: i64| price_words::signed_money(speech, minor, &row.currency);
    let gain = &better.gain_minor;
    let span = price_words::span(speech, better.days);
    html! {
        <>
            <p>{ speech.fill("prices.sold", &[
                ("span", &span), ("price", &speech.price(better.price_minor, &row.currency, row.unit, row.price_per)),
                ("low", &units(better.sold_then.low)), ("high", &units(better.sold_then.high)),
                ("low-now", &units(better.sold_now.low)), ("high-now", &units(better.sold_now.high)),
            ]) }</p>
            <p>{ speech.fill("prices.gain", &[
                ("likely", &money(gain.likely)), ("low", &money(gain.low)), ("high", &money(gain.high)),
                ("percent", &speech.percent(better.better_percent.saturating_mul(10_000))),
            ]) }</p>
        </>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct MovedProps {
    pub stall: OwnStall,
    pub row: PriceRow,
    pub moved: PriceMoveRow,
}

/// A move: when, by whom, why, and the way back.
#[component]
pub(super) fn Moved(props: &MovedProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (row, moved) = (&props.row, &props.moved);
    let price = |minor: i64| speech.price(minor, &row.currency, row.unit, row.price_per);
    let undo = {
        let (acting, stall, id) = (acting.clone(), props.stall.stall, moved.moved);
        Callback::from(move |_: MouseEvent| {
            let done = acting.clone();
            acting.act(stall, Verb::UndoPrice { moved: id }, move |_| {
                done.desk.toasts.done(done.speech.say("prices.undone"));
            });
        })
    };
    let cause = speech.say_or(&format!("prices.cause-{}", moved.cause.word()), moved.cause.word());
    html! {
        <div class="price-moved row row-apart">
            <div class="list-main">
                <span class="list-name number">{ speech.fill("prices.from-to", &[("from", &price(moved.from_minor)), ("to", &price(moved.to_minor))]) }</span>
                <span class="list-more list-more-long">{ format!("{cause} · {} · {}", speech.day_and_time(moved.at_ms, None), moved.who) }</span>
                { for price_words::reasons(&speech, row, &moved.reasons).into_iter().map(|text| html! { <span class="list-more list-more-long">{ text }</span> }) }
            </div>
            if moved.can_undo {
                <button type="button" class="button" disabled={acting.is_busy()} onclick={undo}>{ icon(Icon::Refund) }{ speech.say("prices.undo") }</button>
            }
        </div>
    }
}
