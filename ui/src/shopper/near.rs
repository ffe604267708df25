//! What is near, for whoever says where they are: by a tap, which the browser asks about, or typed. Where that is stays in this page until it
//! is closed; a question says it to a kilometre, and how far each stall is gets worked out here.

use soko_app_api::{Around, Dated, MarketQuery, MarketView, Spot, Spots, Window, nearest};
use soko_domain::ids::LogId;
use soko_domain::opening::Doors;
use soko_domain::point::Point;
use yew::prelude::*;

use super::cards::{Seen, StallTile};
use crate::browser::place::{self, NoPlace};
use crate::browser::time::now_ms;
use crate::desk::use_desk;
use crate::live::use_market;
use crate::parts::{Field, Icon, icon};
use crate::speech::{Speech, use_speech};
use crate::typed;
use crate::watched::use_watched;

const NEAR_ROWS: u32 = 24;
const MINUTE_MS: i64 = 60_000;
/// Below this nobody cares for metres.
const ROUGH_METRES: u32 = 1_000;
const WHOLE_KILOMETRES: u32 = 10_000;

/// Asks for the place, and shows what is near once it is known.
#[component]
pub(super) fn Near() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let here = use_watched(&desk.here);
    let forget = {
        let here = desk.here.clone();
        Callback::from(move |_: MouseEvent| here.set(None))
    };
    html! {
        <section class="stack near" aria-labelledby="near">
            <div class="row row-apart">
                <h2 id="near">{ speech.say("near.title") }</h2>
                if here.is_some() {
                    <button type="button" class="button button-quiet" onclick={forget}>{ speech.say("near.forget") }</button>
                }
            </div>
            if let Some(here) = here {
                <Found {here} />
            } else {
                <Ask on_place={Callback::from(move |point| desk.here.set(Some(point)))} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub(crate) struct AskProps {
    pub on_place: Callback<Point>,
}

/// A button that asks the browser; a field where that leads nowhere.
#[component]
fn Ask(props: &AskProps) -> Html {
    let speech = use_speech();
    let is_busy = use_state_eq(|| false);
    let refused = use_state_eq(|| None::<NoPlace>);
    let may_ask = place::may_ask();
    let ask = {
        let (is_busy, refused, found) = (is_busy.setter(), refused.setter(), props.on_place.clone());
        Callback::from(move |_: MouseEvent| {
            let (is_busy, refused, found) = (is_busy.clone(), refused.clone(), found.clone());
            is_busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                let here = place::here().await;
                is_busy.set(false);
                match here {
                    Ok(here) => found.emit(here),
                    Err(why) => refused.set(Some(why)),
                }
            });
        })
    };
    let why = refused.map(|why| match why {
        NoPlace::Forbidden => speech.say("near.forbidden"),
        NoPlace::None => speech.say("near.unknown"),
    });
    html! {
        <div class="near-ask">
            if may_ask {
                <button type="button" class="button" onclick={ask} disabled={*is_busy}>
                    { icon(Icon::Pin) }{ speech.say(if *is_busy { "near.asking" } else { "near.ask" }) }
                </button>
            }
            <p class="prose">{ speech.say("near.text") }</p>
            if let Some(why) = why {
                <p class="prose" role="alert">{ why }</p>
            }
            if refused.is_some() || !may_ask {
                <Type on_place={props.on_place.clone()} />
            }
        </div>
    }
}

/// Degrees or a map's address, typed.
#[component]
fn Type(props: &AskProps) -> Html {
    let speech = use_speech();
    let text = use_state_eq(String::new);
    let is_wrong = use_state_eq(|| false);
    let on_input = {
        let (text, is_wrong) = (text.setter(), is_wrong.setter());
        Callback::from(move |typed: String| {
            text.set(typed);
            is_wrong.set(false);
        })
    };
    let onsubmit = {
        let (text, is_wrong, found) = (text.clone(), is_wrong.setter(), props.on_place.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            match Point::typed(&typed::latin(&text)) {
                Some(point) => found.emit(point),
                None => is_wrong.set(true),
            }
        })
    };
    html! {
        <form class="near-type" {onsubmit}>
            <Field label={speech.say("near.typed")} value={(*text).clone()} {on_input} hint={speech.say("near.typed-hint")}
                problem={is_wrong.then(|| speech.say("near.typed-wrong"))} />
            <button type="submit" class="button" disabled={text.trim().is_empty()}>{ speech.say("near.look") }</button>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct FoundProps {
    here: Point,
}

#[component]
fn Found(props: &FoundProps) -> Html {
    let speech = use_speech();
    let query =
        MarketQuery::Spots { which: Spots::Near(Around::of(props.here)), window: Window::first(NEAR_ROWS) };
    let live = use_market(Some(query));
    let Some(MarketView::Spots(Dated { as_of_ms, is_fresh, value })) = live.market() else {
        // Whoever cannot be asked and holds nothing says nothing of what is near.
        let key = if live.answer.is_some() { "near.failed" } else { "near.looking" };
        return html! { <p class="prose" role="status">{ speech.say(key) }</p> };
    };
    let found = nearest(value.iter().cloned(), props.here);
    if found.is_empty() {
        return html! { <p class="prose" role="status">{ speech.say("near.nothing") }</p> };
    }
    let now_ms = now_ms();
    html! {
        <>
            <Seen as_of_ms={*as_of_ms} is_fresh={*is_fresh} />
            <ul class="stall-tiles">
                { for found.into_iter().map(|(_, spot)| {
                    let says = where_and_when(&speech, &spot, (Some(props.here), now_ms));
                    let is_open = spot.is_open(now_ms);
                    html! { <li key={spot.card.stall.to_string()}><StallTile card={spot.card} {says} {is_open} /></li> }
                }) }
            </ul>
        </>
    }
}

/// Those that the market's operator chose, and said to be so. Nothing where there are none.
#[component]
pub(super) fn Featured() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let here = use_watched(&desk.here);
    let live =
        use_market(Some(MarketQuery::Spots { which: Spots::Featured, window: Window::first(NEAR_ROWS) }));
    let now_ms = now_ms();
    let Some(MarketView::Spots(dated)) = live.market() else { return Html::default() };
    let found: Vec<&Spot> = dated.value.iter().filter(|spot| spot.is_featured(now_ms)).collect();
    if found.is_empty() {
        return Html::default();
    }
    html! {
        <section class="stack" aria-labelledby="featured">
            <div>
                <h2 id="featured">{ speech.say("featured.title") }</h2>
                <p class="prose">{ speech.say("featured.text") }</p>
            </div>
            <ul class="stall-tiles">
                { for found.into_iter().map(|spot| {
                    let says = where_and_when(&speech, spot, (here, now_ms));
                    let is_open = spot.is_open(now_ms);
                    html! {
                        <li key={spot.card.stall.to_string()}><StallTile card={spot.card.clone()} {says} {is_open} is_featured=true /></li>
                    }
                }) }
            </ul>
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ReachProps {
    pub stall: LogId,
}

/// The same of one stall, on its own page.
#[component]
pub(super) fn Reach(props: &ReachProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let here = use_watched(&desk.here);
    let live =
        use_market(Some(MarketQuery::Spots { which: Spots::Of(props.stall), window: Window::first(1) }));
    let Some(MarketView::Spots(dated)) = live.market() else { return Html::default() };
    let now_ms = now_ms();
    let says =
        dated.value.first().map(|spot| (where_and_when(&speech, spot, (here, now_ms)), spot.is_open(now_ms)));
    match says {
        Some((says, is_open)) if !says.is_empty() => {
            html! { <li class={classes!("stall-says", is_open.then_some("stall-open"))}>{ icon(Icon::Clock) }{ says }</li> }
        }
        _ => Html::default(),
    }
}

/// How far it is and until when it is open, as far as either is known.
pub(super) fn where_and_when(
    speech: &Speech,
    spot: &Spot,
    (here, now_ms): (Option<Point>, i64),
) -> AttrValue {
    let away = here.and_then(|here| spot.metres_from(here)).map(|metres| distance(speech, metres));
    let doors = spot.doors(now_ms).map(|doors| when(speech, doors, (spot, now_ms)));
    let said: Vec<String> = away.into_iter().chain(doors).map(|said| said.to_string()).collect();
    said.join(" · ").into()
}

fn distance(speech: &Speech, metres: u32) -> AttrValue {
    match metres {
        0..ROUGH_METRES => {
            speech.fill("near.metres", &[("n", &speech.number(i64::from(metres.div_ceil(10) * 10)))])
        }
        ROUGH_METRES..WHOLE_KILOMETRES => {
            let tenths = (metres + 50) / 100;
            let shown = speech.decimal(&format!("{}.{}", tenths / 10, tenths % 10));
            speech.fill("near.kilometres", &[("n", &shown)])
        }
        WHOLE_KILOMETRES.. => {
            speech.fill("near.kilometres", &[("n", &speech.number(i64::from((metres + 500) / 1_000)))])
        }
    }
}

/// By the clock on the stall's wall.
fn when(speech: &Speech, doors: Doors, (spot, now_ms): (&Spot, i64)) -> AttrValue {
    let clock = |minute: u32| speech.time_of_day(i64::from(minute) * MINUTE_MS, Some("UTC"));
    match doors {
        Doors::Always => speech.say("near.always"),
        Doors::Open { until } => speech.fill("near.open-until", &[("time", &clock(until))]),
        Doors::Closed { days: 0, at } => speech.fill("near.opens-today", &[("time", &clock(at))]),
        Doors::Closed { days: 1, at } => speech.fill("near.opens-tomorrow", &[("time", &clock(at))]),
        Doors::Closed { days, at } => {
            let local_ms = now_ms + i64::from(spot.offset_minutes) * MINUTE_MS;
            // The first of 1970 was a Thursday.
            let weekday = (local_ms.div_euclid(24 * 60 * MINUTE_MS) + 3 + i64::from(days)).rem_euclid(7);
            let day = speech.weekday(u8::try_from(weekday).unwrap_or_default());
            speech.fill("near.opens-later", &[("day", &day), ("time", &clock(at))])
        }
    }
}
