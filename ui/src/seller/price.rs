//! One product's price: what is suggested and why, its limits, how it moved and what was sold at it.

use soko_app_api::{OwnStall, PriceView, Query, View};
use soko_domain::ids::ProductId;
use yew::prelude::*;

use super::price_experiment::Experiment;
use super::price_rule::RuleForm;
use super::prices::{Moved, Suggestion, not_shown};
use super::rivals::Others;
use super::with_stall;
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Cell, Chart, ChartKind, Icon, Mark, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct PriceProps {
    pub product: ProductId,
}

#[component]
pub(super) fn Price(props: &PriceProps) -> Html {
    let product = props.product;
    with_stall(move |stall| html! { <Loaded {stall} {product} /> })
}

#[derive(Properties, PartialEq)]
struct LoadedProps {
    stall: OwnStall,
    product: ProductId,
}

#[component]
fn Loaded(props: &LoadedProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Price { stall: props.stall.stall, product: props.product }));
    let view = match live.view() {
        Some(View::Price(view)) => Some(view.clone()),
        _ => None,
    };
    let title = view.as_ref().map_or_else(|| speech.say("prices.title"), |view| view.row.name.clone().into());
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Prices} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ title }</h1>
                <Go to={Route::Product(props.product)} class="button">{ icon(Icon::Tag) }{ speech.say("prices.product") }</Go>
            </header>
            if let Some(view) = view {
                <Suggestion stall={props.stall.clone()} row={view.row.clone()} />
                <Others stall={props.stall.clone()} row={view.row.clone()} others={view.others.clone()} />
                { charts(&speech, &view) }
                <section class="card stack" aria-labelledby="limits">
                    <h2 id="limits">{ speech.say("prices.limits") }</h2>
                    if !view.has_own_rule { <p class="quiet">{ speech.say("prices.limits-shared") }</p> }
                    <RuleForm key={format!("{:?}", view.rule)} stall={props.stall.clone()} product={Some(props.product)} rule={view.rule} on_done={Callback::noop()} />
                </section>
                <Experiment stall={props.stall.clone()} row={view.row.clone()} experiment={view.experiment} />
                if !view.moves.is_empty() {
                    <section class="card stack-tight" aria-labelledby="moves">
                        <h2 id="moves">{ speech.say("prices.moves") }</h2>
                        { for view.moves.iter().map(|moved| html! {
                            <Moved key={moved.moved.to_string()} stall={props.stall.clone()} row={view.row.clone()} moved={moved.clone()} />
                        }) }
                    </section>
                }
            } else {
                { not_shown(&speech, live) }
            }
        </section>
    }
}

/// The price, and what was sold at it, day by day.
fn charts(speech: &Speech, view: &PriceView) -> Html {
    let row = &view.row;
    if view.days.len() < 2 {
        return Html::default();
    }
    let day = |day: i32| Cell::new(speech.day(day), day.to_string());
    let price = |minor: i64| {
        Cell::new(
            speech.price(minor, &row.currency, row.unit, row.price_per),
            typed::plain(minor, &row.currency),
        )
    };
    let mark = |name: Cell, value: i64, amount: Cell| Mark {
        name,
        value,
        amount,
        before: None,
        note: AttrValue::default(),
    };
    let prices = view.days.iter().map(|it| mark(day(it.day), it.price_minor, price(it.price_minor)));
    let sold = |quantity: i64| Cell::new(speech.quantity(quantity, row.unit), quantity.to_string());
    let units = view.days.iter().map(|it| mark(day(it.day), it.sold, sold(it.sold)));
    let columns = |key| [speech.say("prices.day"), speech.say(key), AttrValue::default()];
    html! {
        <section class="card stack" aria-labelledby="past">
            <h2 id="past">{ speech.say("prices.past") }</h2>
            <Chart id="prices" kind={ChartKind::Line} title={speech.say("prices.chart-price")} text={speech.say("prices.chart-price-text")}
                columns={columns("prices.price")} marks={prices.collect::<Vec<_>>()} />
            <Chart id="sold" kind={ChartKind::Bars} title={speech.say("prices.chart-sold")} text={speech.say("prices.chart-sold-text")}
                columns={columns("prices.units")} marks={units.collect::<Vec<_>>()} />
        </section>
    }
}
