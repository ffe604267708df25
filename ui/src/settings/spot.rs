//! Where the stall is on the earth and when it is open, so that shoppers who look for what is near find it: each is said by its seller
//! or by nobody.

use soko_app_api::{Query, StallEdit, StallView, Verb, View};
use soko_domain::ids::LogId;
use soko_domain::point::Point;
use yew::prelude::*;

use super::spot_times::Hours;
use crate::browser::place::{self, NoPlace};
use crate::doing::use_doing;
use crate::live::use_query;
use crate::parts::{Busy, Field, Icon, Problem, icon};
use crate::speech::use_speech;
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct SpotProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Spot(props: &SpotProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Stall(props.stall)));
    html! {
        <section class="card stack" aria-labelledby="spot">
            <h2 id="spot">{ speech.say("spot.title") }</h2>
            <p class="prose">{ speech.say("spot.text") }</p>
            if let Some(View::Stall(view)) = live.view() {
                <Place key={format!("point {}", view.point)} stall={props.stall} view={view.clone()} />
                <Hours key={format!("opening {}", view.opening)} stall={props.stall} view={view.clone()} />
            } else {
                <Busy {live} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct PartProps {
    pub stall: LogId,
    pub view: StallView,
}

#[component]
fn Place(props: &PartProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let text = use_state_eq(String::new);
    let refused = use_state_eq(|| None::<NoPlace>);
    let keep = {
        let (doing, stall) = (doing.clone(), props.stall);
        Callback::from(move |point: String| {
            let edits = vec![StallEdit::Point(point)];
            let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            doing.run(async move { desk.act(stall, Verb::EditStall { edits }).await }, move |_| {
                said.toasts.done(speech.say("settings.saved"));
            });
        })
    };
    let typed = Point::typed(&typed::latin(&text));
    let is_wrong = typed.is_none() && !text.trim().is_empty();
    let onsubmit = {
        let keep = keep.clone();
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            typed.iter().for_each(|point| keep.emit(point.to_string()));
        })
    };
    let ask = {
        let (keep, refused) = (keep.clone(), refused.setter());
        Callback::from(move |_: MouseEvent| {
            let (keep, refused) = (keep.clone(), refused.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match place::here().await {
                    Ok(point) => keep.emit(point.to_string()),
                    Err(why) => refused.set(Some(why)),
                }
            });
        })
    };
    let why = refused.map(|why| match why {
        NoPlace::Forbidden => speech.say("spot.forbidden"),
        NoPlace::None => speech.say("near.unknown"),
    });
    html! {
        <form class="stack-tight" {onsubmit}>
            if let Some(point) = Point::read(&props.view.point) {
                <p class="row">
                    { icon(Icon::Pin) }<span class="number" dir="ltr">{ degrees(point) }</span>
                    <button type="button" class="button button-quiet" onclick={keep.reform(|_: MouseEvent| String::new())}
                        disabled={doing.is_busy()}>{ speech.say("spot.take-away") }</button>
                </p>
            }
            if place::may_ask() {
                <div>
                    <button type="button" class="button" onclick={ask} disabled={doing.is_busy()}>
                        { icon(Icon::Pin) }{ speech.say("spot.here") }
                    </button>
                </div>
            }
            if let Some(text) = why {
                <Problem {text} />
            }
            <Field label={speech.say("near.typed")} value={(*text).clone()} hint={speech.say("near.typed-hint")}
                on_input={let text = text.setter(); Callback::from(move |typed: String| text.set(typed))}
                problem={is_wrong.then(|| speech.say("near.typed-wrong"))} />
            <footer class="row form-foot">
                <button type="submit" class="button button-main" disabled={typed.is_none() || doing.is_busy()}>
                    { speech.say("spot.keep") }
                </button>
            </footer>
        </form>
    }
}

/// As maps write them, so that they can be looked at on one.
fn degrees(point: Point) -> String {
    let one = |micro: i32| {
        let sign = if micro < 0 { "-" } else { "" };
        let micro = micro.abs_diff(0);
        format!("{sign}{}.{:06}", micro / 1_000_000, micro % 1_000_000)
    };
    format!("{}, {}", one(point.lat_micro()), one(point.lon_micro()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_can_be_typed() {
        for (lat, lon, shown) in [
            (-1_286_389, 36_817_223, "-1.286389, 36.817223"),
            (-389, 0, "-0.000389, 0.000000"),
            (90_000_000, -180_000_000, "90.000000, -180.000000"),
        ] {
            let point = Point::new(lat, lon).unwrap();
            assert_eq!(degrees(point), shown);
            assert_eq!(Point::typed(shown), Some(point));
        }
    }
}
