//! Figures by product and category: what brings most, what lies there, what it earns.

use soko_app_api::{GoodsRow, GoodsView, MarginSums, Query, Span, View};
use soko_domain::ids::LogId;
use yew::prelude::*;

use super::figures::{amount, card, count};
use crate::live::use_query;
use crate::parts::{Cell, Chart, ChartKind, Mark, Sheet};
use crate::speech::{Speech, use_speech};

/// Bars that still can be told apart on a phone.
const BARS: usize = 10;

#[derive(Properties, PartialEq)]
pub(super) struct GoodsFiguresProps {
    pub stall: LogId,
    pub span: Span,
}

#[component]
pub(super) fn GoodsFigures(props: &GoodsFiguresProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Goods { stall: props.stall, span: Some(props.span) }));
    let Some(View::Goods(goods)) = live.view() else { return Html::default() };
    html! {
        <>
            { top(&speech, goods) }
            { margin(&speech, goods) }
            { slow(&speech, goods) }
            { categories(&speech, goods) }
        </>
    }
}

fn name(speech: &Speech, row: &GoodsRow) -> Cell {
    Cell::text(if row.name.is_empty() { speech.say("figures.no-product") } else { row.name.clone().into() })
}

fn quantity(speech: &Speech, quantity: i64, row: &GoodsRow) -> Cell {
    Cell::new(speech.quantity(quantity, row.unit), quantity.to_string())
}

fn maybe(value: Option<Cell>) -> Cell {
    value.unwrap_or_else(|| Cell::new("–", ""))
}

fn part(speech: &Speech, ppm: Option<i64>) -> Cell {
    let plain = |ppm: i64| {
        let sign = if ppm < 0 { "-" } else { "" };
        format!("{sign}{}.{:06}", ppm.unsigned_abs() / 1_000_000, ppm.unsigned_abs() % 1_000_000)
    };
    maybe(ppm.map(|ppm| Cell::new(speech.part(ppm), plain(ppm))))
}

fn top(speech: &Speech, goods: &GoodsView) -> Html {
    if goods.top.is_empty() {
        return Html::default();
    }
    let money = |minor: i64| amount(speech, minor, &goods.currency);
    let mark = |row: &GoodsRow| Mark {
        name: name(speech, row),
        value: row.kept_minor,
        amount: money(row.kept_minor),
        before: None,
        note: AttrValue::default(),
    };
    let row = |row: &GoodsRow| {
        vec![
            name(speech, row),
            quantity(speech, row.units, row),
            money(row.kept_minor),
            maybe(row.margin_minor.map(money)),
            part(speech, row.margin_ppm),
            maybe(row.days_left.map(|days| count(speech, days))),
        ]
    };
    let columns = [
        "figures.product",
        "figures.units",
        "figures.kept",
        "figures.margin",
        "figures.margin-part",
        "figures.days-left",
    ];
    let of_chart = [speech.say("figures.product"), speech.say("figures.kept"), speech.say("figures.before")];
    html! {
        <section class="card figures-wide" aria-labelledby="top">
            <h2 id="top">{ speech.say("figures.top") }</h2>
            <Chart id="chart-top" kind={ChartKind::Bars} title={speech.say("figures.top")} text={speech.say("figures.top-text")}
                columns={of_chart} marks={goods.top.iter().take(BARS).map(mark).collect::<Vec<_>>()} />
            <Sheet title={speech.say("figures.top-all")} columns={columns.map(|key| speech.say(key)).to_vec()} rows={goods.top.iter().map(row).collect::<Vec<_>>()} />
        </section>
    }
}

fn margin(speech: &Speech, goods: &GoodsView) -> Html {
    let sums = &goods.margin;
    if *sums
        == (MarginSums {
            unknown_minor: sums.unknown_minor,
            stock_unknown: sums.stock_unknown,
            ..MarginSums::default()
        })
    {
        return html! { <section class="card"><h2>{ speech.say("figures.margin") }</h2><p class="prose">{ speech.say("figures.margin-none") }</p></section> };
    }
    let money = |minor: i64| amount(speech, minor, &goods.currency);
    let row = |key: &'static str, cell: Cell| vec![Cell::text(speech.say(key)), cell];
    let rows = vec![
        row("figures.margin-known", money(sums.known_minor)),
        row("figures.margin-cost", money(sums.cost_minor)),
        row("figures.margin-cost-today", money(sums.cost_today_minor)),
        row("figures.margin", money(sums.margin_minor)),
        row("figures.margin-part", part(speech, sums.margin_ppm)),
        row("figures.margin-unknown", money(sums.unknown_minor)),
        row("figures.stock-worth", money(sums.stock_minor)),
        row("figures.stock-unknown", count(speech, sums.stock_unknown)),
    ];
    let columns = ["figures.what", "figures.amount"].map(|key| speech.say(key)).to_vec();
    let title = speech.say("figures.margin-title");
    html! { <section class="card"><Sheet {title} {columns} {rows} /><p class="prose">{ speech.say("figures.margin-today") }</p></section> }
}

fn slow(speech: &Speech, goods: &GoodsView) -> Html {
    let row = |row: &GoodsRow| {
        vec![
            name(speech, row),
            quantity(speech, row.units, row),
            quantity(speech, row.here, row),
            maybe(row.worth_minor.map(|minor| amount(speech, minor, &goods.currency))),
            maybe(row.days_left.map(|days| count(speech, days))),
        ]
    };
    let columns = ["figures.product", "figures.units", "figures.here", "figures.worth", "figures.days-left"];
    let columns = columns.map(|key| speech.say(key)).to_vec();
    card(speech.say("figures.slow"), columns, goods.slow.iter().map(row).collect())
}

fn categories(speech: &Speech, goods: &GoodsView) -> Html {
    let row = |row: &GoodsRow| {
        vec![
            name(speech, row),
            amount(speech, row.kept_minor, &goods.currency),
            maybe(row.margin_minor.map(|minor| amount(speech, minor, &goods.currency))),
            part(speech, row.margin_ppm),
        ]
    };
    let columns = ["figures.category", "figures.kept", "figures.margin", "figures.margin-part"];
    let columns = columns.map(|key| speech.say(key)).to_vec();
    card(speech.say("figures.categories"), columns, goods.categories.iter().map(row).collect())
}
