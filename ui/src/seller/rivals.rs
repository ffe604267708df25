//! What others ask for a product: each price with its source and age, what they do to the limits, and one more typed in.

use soko_app_api::{OwnStall, PriceRow, RivalRow, RivalStanding, RivalsRow, Verb};
use soko_domain::entry::RivalWay;
use yew::prelude::*;

use crate::acting::{sets, use_acting};
use crate::parts::{Badge, Field, Icon, SavedTone, icon};
use crate::speech::Speech;
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct OthersProps {
    pub stall: OwnStall,
    pub row: PriceRow,
    pub others: RivalsRow,
}

#[component]
pub(super) fn Others(props: &OthersProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let OthersProps { stall, row, others } = props;
    html! {
        <section class="card stack-tight" aria-labelledby="others">
            <h2 id="others">{ speech.say("rivals.title") }</h2>
            <p class="quiet">{ summary(&speech, row, others) }</p>
            { for others.rows.iter().map(|rival| html! {
                <Other key={format!("{}/{}", rival.source, rival.key)} stall={stall.clone()} row={row.clone()} rival={rival.clone()} days_max={others.days_max} />
            }) }
            <Typing stall={stall.clone()} row={row.clone()} known={others.known.clone()} />
        </section>
    }
}

/// What they say together, or why they say nothing yet.
fn summary(speech: &Speech, row: &PriceRow, others: &RivalsRow) -> AttrValue {
    let price = |minor: i64| speech.price(minor, &row.currency, row.unit, row.price_per);
    let count = speech.number(others.sources.into());
    match others.market {
        Some(market) => speech.fill(
            "rivals.market",
            &[
                ("count", &count),
                ("median", &price(market.median_minor)),
                ("low", &price(market.low_minor)),
                ("high", &price(market.high_minor)),
            ],
        ),
        None => speech.fill(
            "rivals.too-few",
            &[
                ("count", &count),
                ("least", &speech.number(others.sources_min.into())),
                ("days", &speech.number(others.days_max.into())),
            ],
        ),
    }
}

#[derive(Properties, PartialEq)]
struct OtherProps {
    stall: OwnStall,
    row: PriceRow,
    rival: RivalRow,
    days_max: u32,
}

#[component]
fn Other(props: &OtherProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let rival = &props.rival;
    let remove = {
        let (acting, stall) = (acting.clone(), props.stall.stall);
        let (source, key) = (rival.source.clone(), rival.key.clone());
        Callback::from(move |_: MouseEvent| {
            let done = acting.clone();
            acting.act(stall, Verb::DropRival { source: source.clone(), key: key.clone() }, move |_| {
                done.desk.toasts.done(done.speech.say("rivals.removed"));
            });
        })
    };
    let label = speech.fill("rivals.remove", &[("source", &rival.source)]);
    html! {
        <div class="list-row">
            <span class="list-main">
                <span class="list-name">{ rival.source.clone() }</span>
                <span class="list-more list-more-long">{ about(&speech, props) }</span>
            </span>
            { standing(&speech, props) }
            <span class="list-end number">{ speech.price(rival.price_minor, &rival.currency, rival.unit, rival.per) }</span>
            <button type="button" class="button-icon" disabled={acting.is_busy()} onclick={remove} aria-label={label}>{ icon(Icon::Cross) }</button>
        </div>
    }
}

/// Where it is from, how old it is, and what they call it if that is something else.
fn about(speech: &Speech, props: &OtherProps) -> String {
    let rival = &props.rival;
    let way = match rival.way {
        RivalWay::Typed => "rivals.way-typed",
        RivalWay::File => "rivals.way-file",
        RivalWay::Feed => "rivals.way-feed",
    };
    let mut parts = vec![speech.say(way).to_string(), speech.ago(rival.seen_at_ms).to_string()];
    if rival.name != props.row.name {
        parts.push(speech.fill("rivals.called", &[("name", &rival.name)]).to_string());
    }
    let is_other_amount = rival.per != props.row.price_per;
    let same = rival.own_minor.filter(|_| is_other_amount);
    parts.extend(same.map(|minor| {
        let price = speech.price(minor, &props.row.currency, props.row.unit, props.row.price_per);
        speech.fill("rivals.comes-to", &[("price", &price)]).to_string()
    }));
    parts.join(" · ")
}

fn standing(speech: &Speech, props: &OtherProps) -> Html {
    let (tone, text) = match props.rival.standing {
        RivalStanding::Counts => (SavedTone::Good, speech.say("rivals.counts")),
        RivalStanding::Old => (SavedTone::Quiet, speech.count("rivals.old", props.days_max.into())),
        RivalStanding::NotComparable => (SavedTone::Quiet, speech.say("rivals.not-comparable")),
        RivalStanding::Replaced => (SavedTone::Quiet, speech.say("rivals.replaced")),
        RivalStanding::Off => (SavedTone::Quiet, speech.say("rivals.off")),
    };
    html! { <Badge {tone} {text} /> }
}

#[derive(Properties, PartialEq)]
struct TypingProps {
    stall: OwnStall,
    row: PriceRow,
    known: Vec<String>,
}

/// Who asks how much, as somebody saw it just now.
#[component]
fn Typing(props: &TypingProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let row = &props.row;
    let (source, price) = (use_state(String::new), use_state(String::new));
    let minor = typed::amount(&price, &row.currency).filter(|minor| *minor > 0);
    let is_ready = !source.trim().is_empty() && minor.is_some() && !acting.is_busy();
    let onsubmit = {
        let (acting, stall, product) = (acting.clone(), props.stall.stall, row.product);
        let (source, price) = (source.clone(), price.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(price_minor) = minor.filter(|_| is_ready) else { return };
            let verb = Verb::SeeRival { product, source: source.trim().into(), price_minor };
            let (done, source, price) = (acting.clone(), source.setter(), price.setter());
            acting.act(stall, verb, move |_| {
                source.set(String::new());
                price.set(String::new());
                done.desk.toasts.done(done.speech.say("rivals.noted"));
            });
        })
    };
    let wrong = (!price.is_empty() && minor.is_none()).then(|| speech.say("form.amount"));
    // What is typed is for as much as the own price is for: this one says how much that is.
    let own = speech.price(row.now_minor, &row.currency, row.unit, row.price_per);
    let suggested = |name: &String| {
        let onclick = {
            let (set, name) = (source.setter(), name.clone());
            Callback::from(move |_: MouseEvent| set.set(name.clone()))
        };
        html! { <button type="button" class="button button-quiet" {onclick}>{ name.clone() }</button> }
    };
    html! {
        <form class="stack-tight" {onsubmit}>
            <div class="pair">
                <Field label={speech.say("rivals.who")} value={(*source).clone()} on_input={sets(&source)} hint={speech.say("rivals.who-hint")} />
                <Field label={speech.say("rivals.asks")} value={(*price).clone()} on_input={sets(&price)} inputmode="decimal"
                    sign={row.currency.clone()} problem={wrong} hint={speech.fill("rivals.asks-hint", &[("price", &own)])} />
            </div>
            if !props.known.is_empty() { <div class="row">{ for props.known.iter().take(KNOWN_SHOWN).map(suggested) }</div> }
            <div class="row"><button type="submit" class="button" disabled={!is_ready}>{ icon(Icon::Plus) }{ speech.say("rivals.note") }</button></div>
        </form>
    }
}

/// Names of sources to choose from; others are typed.
const KNOWN_SHOWN: usize = 6;
