//! Another price, tried out day by day: how it stands in a sentence, and beginning and ending it.

use soko_app_api::{OwnStall, PriceExperimentRow, PriceExperimentState, PriceRow, Verb};
use yew::prelude::*;

use super::price_words;
use crate::acting::{part, use_acting};
use crate::parts::{Choice, Field};
use crate::speech::Speech;
use crate::typed;

/// Each weekday has each price as often as the other.
const WEEKS: [u32; 4] = [2, 4, 6, 8];

#[derive(Properties, PartialEq)]
pub(super) struct ExperimentProps {
    pub stall: OwnStall,
    pub row: PriceRow,
    pub experiment: Option<PriceExperimentRow>,
}

#[derive(Clone, PartialEq)]
struct Draft {
    price: String,
    weeks: String,
}

#[component]
pub(super) fn Experiment(props: &ExperimentProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (stall, product) = (props.stall.stall, props.row.product);
    let is_running = props.experiment.is_some_and(|it| it.state == PriceExperimentState::Running);
    let end = {
        let acting = acting.clone();
        Callback::from(move |_: MouseEvent| {
            let done = acting.clone();
            acting.act(stall, Verb::EndPriceExperiment { product }, move |_| {
                done.desk.toasts.done(done.speech.say("prices.experiment-ended"));
            });
        })
    };
    html! {
        <section class="card stack" aria-labelledby="experiment">
            <h2 id="experiment">{ speech.say("prices.experiment") }</h2>
            if let Some(experiment) = &props.experiment {
                <p>{ sentence(&speech, &props.row, experiment) }</p>
                if let Some(counts) = counts(&speech, &props.row, experiment) {
                    <p class="quiet">{ counts }</p>
                }
            }
            if is_running {
                <footer class="row">
                    <button type="button" class="button" disabled={acting.is_busy()} onclick={end}>{ speech.say("prices.experiment-end") }</button>
                </footer>
            } else {
                <Begin stall={props.stall.clone()} row={props.row.clone()} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct BeginProps {
    stall: OwnStall,
    row: PriceRow,
}

#[component]
fn Begin(props: &BeginProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let currency = props.row.currency.clone();
    let draft = use_state(|| Draft { price: String::new(), weeks: "2".into() });
    let tried = typed::amount(&draft.price, &currency).filter(|minor| *minor > 0);
    let weeks = draft.weeks.parse::<u32>().ok();
    let is_ready = tried.is_some() && !acting.is_busy();
    let onsubmit = {
        let (acting, stall) = (acting.clone(), props.stall.stall);
        let (product, from_minor) = (props.row.product, props.row.now_minor);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some((tried_minor, weeks)) = tried.zip(weeks).filter(|_| is_ready) else { return };
            let done = acting.clone();
            let verb = Verb::BeginPriceExperiment { product, from_minor, tried_minor, weeks };
            acting.act(stall, verb, move |_| {
                done.desk.toasts.done(done.speech.say("prices.experiment-begun"));
            });
        })
    };
    let choices: Vec<(AttrValue, AttrValue)> = WEEKS
        .iter()
        .map(|weeks| (weeks.to_string().into(), speech.number(i64::from(*weeks)).into()))
        .collect();
    let is_wrong = !draft.price.trim().is_empty() && tried.is_none();
    html! {
        <form class="stack" {onsubmit}>
            <p class="quiet">{ speech.say("prices.experiment-how") }</p>
            <div class="pair">
                <Field label={speech.say("prices.experiment-price")} value={draft.price.clone()} on_input={part(&draft, |it, text| it.price = text)} inputmode="decimal"
                    sign={currency} problem={is_wrong.then(|| speech.say("form.amount"))} />
                <Choice label={speech.say("prices.experiment-weeks")} value={draft.weeks.clone()} options={choices} on_choose={part(&draft, |it, text| it.weeks = text)} />
            </div>
            <footer class="dialog-foot">
                <button type="submit" class="button" disabled={!is_ready}>{ speech.say("prices.experiment-begin") }</button>
            </footer>
        </form>
    }
}

fn sentence(speech: &Speech, row: &PriceRow, it: &PriceExperimentRow) -> AttrValue {
    let price = |minor: i64| speech.price(minor, &row.currency, row.unit, row.price_per);
    let money = |minor: i64| speech.money(minor, &row.currency);
    let brought = |which: fn(&soko_app_api::PriceBrought) -> i64| it.brought.as_ref().map_or(0, which);
    let (tried, before) = (price(it.tried_minor), price(it.before_minor));
    let (then, now) = (money(brought(|it| it.tried_minor)), money(brought(|it| it.before_minor)));
    let (day, days) = (speech.number(i64::from(it.day)), speech.number(i64::from(it.days)));
    let begins = speech.day(it.from_day);
    let key = match it.state {
        PriceExperimentState::Running if it.day == 0 => "prices.experiment-waits",
        PriceExperimentState::Running => "prices.experiment-early",
        PriceExperimentState::Harmful => "prices.experiment-harmful",
        PriceExperimentState::Worse => "prices.experiment-worse",
        PriceExperimentState::Better => "prices.experiment-better",
        PriceExperimentState::Unclear => "prices.experiment-unclear",
        PriceExperimentState::ByHand => "prices.experiment-by-hand",
        PriceExperimentState::Stopped => "prices.experiment-stopped",
    };
    speech.fill(
        key,
        &[
            ("tried", &tried),
            ("before", &before),
            ("then", &then),
            ("now", &now),
            ("day", &day),
            ("days", &days),
            ("begins", &begins),
        ],
    )
}

/// What was counted, and between what the difference lies; nothing before anything is said of it.
fn counts(speech: &Speech, row: &PriceRow, it: &PriceExperimentRow) -> Option<AttrValue> {
    match it.state {
        PriceExperimentState::Harmful
        | PriceExperimentState::Worse
        | PriceExperimentState::Better
        | PriceExperimentState::Unclear => {}
        PriceExperimentState::Running | PriceExperimentState::ByHand | PriceExperimentState::Stopped => {
            return None;
        }
    }
    let brought = it.brought.as_ref()?;
    let money = |minor: i64| price_words::signed_money(speech, minor, &row.currency);
    let key = if brought.is_margin { "prices.experiment-margin" } else { "prices.experiment-takings" };
    let (low, high) = (money(brought.more_minor.low), money(brought.more_minor.high));
    Some(speech.fill(key, &[("low", &low), ("high", &high)]))
}
