//! The way of the shoppers, from a glance to an order: of those who agreed to say, as the server adds it up.

use soko_app_api::{FunnelRow, FunnelSteps, FunnelView, Query, View};
use soko_domain::ids::LogId;
use soko_domain::interaction::PEOPLE_MIN;
use yew::prelude::*;

use super::figures::count;
use crate::live::use_query;
use crate::parts::{Cell, Chart, ChartKind, Icon, Mark, Segmented, Sheet, icon};
use crate::speech::{Speech, use_speech};

/// As the server adds it up.
const LENGTHS: [(&str, &str, u16); 3] =
    [("week", "figures.week", 7), ("four-weeks", "figures.four-weeks", 28), ("year", "figures.year", 364)];
const STEPS: [&str; 4] = ["way.seen", "way.opened", "way.put", "way.ordered"];

#[derive(Properties, PartialEq)]
pub(super) struct WayProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Way(props: &WayProps) -> Html {
    let speech = use_speech();
    let length = use_state(|| AttrValue::Static("four-weeks"));
    let days = LENGTHS.iter().find(|(word, ..)| *word == length.as_str()).map_or(28, |(_, _, days)| *days);
    let live = use_query(Some(Query::Funnel { stall: props.stall, days }));
    let Some(View::Funnel(way)) = live.view() else { return Html::default() };
    let options = LENGTHS.iter().map(|(word, key, _)| ((*word).into(), html! { <>{ speech.say(key) }</> }));
    let on_choose = {
        let length = length.setter();
        Callback::from(move |word: AttrValue| length.set(word))
    };
    html! {
        <section class="card figures-wide stack" aria-labelledby="way">
            <h2 id="way">{ speech.say("way.title") }</h2>
            <p class="prose">{ speech.say("way.text") }</p>
            <Segmented label={speech.say("way.span")} value={(*length).clone()} options={options.collect::<Vec<_>>()} {on_choose} />
            { shown(&speech, way) }
        </section>
    }
}

fn shown(speech: &Speech, way: &FunnelView) -> Html {
    let Some(told_ms) = way.told_ms else {
        return html! { <p role="status">{ icon(Icon::CloudOff) }{ " " }{ speech.say("way.never") }</p> };
    };
    if way.all == NOBODY {
        return html! { <p role="status">{ speech.say("way.nobody") }</p> };
    }
    let mark = |(key, people): (&'static str, Option<u32>)| Mark {
        name: Cell::text(speech.say(key)),
        value: i64::from(people.unwrap_or(0)),
        amount: number(speech, people),
        before: None,
        note: AttrValue::default(),
    };
    let columns = [speech.say("way.step"), speech.say("way.people"), AttrValue::default()];
    let marks: Vec<Mark> = STEPS.into_iter().zip(steps(way.all)).map(mark).collect();
    html! {
        <>
            if !way.is_now {
                <p class="seen" role="status">{ icon(Icon::CloudOff) }<span>{ speech.fill("way.as-of", &[("ago", &speech.ago(told_ms))]) }</span></p>
            }
            <Chart id="chart-way" kind={ChartKind::Bars} title={speech.say("way.title")} text={speech.say("way.chart-text")} {columns} {marks} />
            if !way.products.is_empty() {
                <Sheet title={speech.say("way.products")} columns={product_columns(speech)}
                    rows={way.products.iter().map(|row| product(speech, row)).collect::<Vec<_>>()} />
            }
        </>
    }
}

const NOBODY: FunnelSteps = FunnelSteps { seen: Some(0), opened: Some(0), put: Some(0), ordered: Some(0) };

fn steps(of: FunnelSteps) -> [Option<u32>; 4] {
    [of.seen, of.opened, of.put, of.ordered]
}

/// Few people are not told apart.
fn number(speech: &Speech, people: Option<u32>) -> Cell {
    match people {
        Some(people) => count(speech, i64::from(people)),
        None => {
            let few = speech.number(i64::from(PEOPLE_MIN));
            Cell::new(speech.fill("way.few", &[("n", &few)]), format!("<{PEOPLE_MIN}"))
        }
    }
}

fn product_columns(speech: &Speech) -> Vec<AttrValue> {
    std::iter::once("figures.product").chain(STEPS).map(|key| speech.say(key)).collect()
}

fn product(speech: &Speech, row: &FunnelRow) -> Vec<Cell> {
    let name = if row.name.is_empty() { speech.say("way.unknown") } else { row.name.clone().into() };
    std::iter::once(Cell::text(name)).chain(steps(row.steps).map(|people| number(speech, people))).collect()
}
