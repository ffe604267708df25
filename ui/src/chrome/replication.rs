//! The replication centre: where the data stands, what waits, what was set aside with its reason, and when this
//! device last heard of others. In plain words, and with what to do.

use soko_app_api::{
    DeviceVerb, DeviceView, KeptIn, OwnStall, ParkedRow, Query, RegisterState, StatusView, View, Window,
};
use yew::prelude::*;

use super::pill::Trust;
use crate::app::use_about;
use crate::desk::{Overlay, use_desk};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Badge, Dialog, Icon, Problem, SavedTone, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};
use crate::watched::use_watched;

/// A clock that is this far off is told.
const SKEW_MS: i64 = 60_000;
const PARKED_MAX: u32 = 20;
const GROUP_LETTERS: usize = 4;
const GROUPS: usize = 4;

#[component]
pub fn Replication() -> Html {
    let (desk, speech, about) = (use_desk(), use_speech(), use_about());
    let standing = use_watched(&desk.standing);
    let is_asking = use_state(|| false);
    let on_close = {
        let desk = desk.clone();
        Callback::from(move |()| desk.overlay.set(Overlay::Nothing))
    };
    let exchange = {
        let (desk, speech, is_asking) = (desk.clone(), speech.clone(), is_asking.clone());
        Callback::from(move |_: MouseEvent| {
            let (desk, speech, is_asking) = (desk.clone(), speech.clone(), is_asking.clone());
            is_asking.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(trouble) = desk.with_device(DeviceVerb::ExchangeNow).await {
                    desk.toasts.error(trouble.sentence(&speech));
                }
                is_asking.set(false);
            });
        })
    };
    let Some(about) = about else { return Html::default() };
    let trust = Trust::of(standing, Some(&about));
    html! {
        <Dialog title={speech.say("replication.title")} {on_close}>
            <p class="lead">{ trust.sentence(&speech) }</p>
            <p class="prose">{ meaning(&speech, trust) }</p>
            <Facts about={(*about).clone()} />
            { for about.stalls.iter().map(|stall| html! { <OfStall key={stall.stall.to_string()} stall={stall.clone()} /> }) }
            <footer class="dialog-foot">
                <Go to={Route::Devices} class="button">{ icon(Icon::Device) }{ speech.say("nav.devices") }</Go>
                <button type="button" class="button button-main" onclick={exchange} disabled={*is_asking}>
                    { speech.say(if *is_asking { "replication.exchanging" } else { "replication.exchange" }) }
                </button>
            </footer>
        </Dialog>
    }
}

/// What the pill's sentence means for a person, and what to do.
fn meaning(speech: &Speech, trust: Trust) -> AttrValue {
    speech.say(match trust {
        Trust::GettingReady => "replication.ready-means",
        Trust::OnlineOnly => "replication.online-only-means",
        Trust::NothingKept => "replication.nothing-kept-means",
        Trust::Trouble => "replication.trouble-means",
        Trust::Offline { .. } => "replication.offline-means",
        Trust::Waiting { .. } => "replication.waiting-means",
        Trust::AllSent => "replication.all-sent-means",
        Trust::OnlyHere => "replication.only-here-means",
    })
}

#[derive(Properties, PartialEq)]
struct FactsProps {
    about: DeviceView,
}

#[component]
fn Facts(props: &FactsProps) -> Html {
    let speech = use_speech();
    let about = &props.about;
    let contact =
        about.last_contact_ms.map_or_else(|| speech.say("replication.never"), |at_ms| speech.ago(at_ms));
    let server = if about.server.is_empty() {
        speech.say("replication.no-server")
    } else {
        about.server.clone().into()
    };
    html! {
        <>
            <dl class="facts">
                <div><dt>{ speech.say("replication.server") }</dt><dd>{ server }</dd></div>
                <div><dt>{ speech.say("replication.contact") }</dt><dd>{ contact }</dd></div>
                <div><dt>{ speech.say("replication.kept") }</dt><dd>{ speech.say(place(about.keeps.place)) }</dd></div>
            </dl>
            if let Some(ahead_ms) = about.clock_ahead_ms.filter(|ahead_ms| ahead_ms.abs() >= SKEW_MS) {
                <Problem text={speech.count("replication.clock", ahead_ms.abs() / 60_000)} />
            }
            { for about.warnings.iter().map(|warning| html! { <Problem text={speech.say_or(warning, warning)} /> }) }
        </>
    }
}

fn place(kept: KeptIn) -> &'static str {
    match kept {
        KeptIn::Files => "kept.files",
        KeptIn::Browser => "kept.browser",
        KeptIn::BrowserMayClear => "kept.browser-may-clear",
        KeptIn::Memory => "kept.memory",
    }
}

#[derive(Properties, PartialEq)]
struct OfStallProps {
    stall: OwnStall,
}

#[component]
fn OfStall(props: &OfStallProps) -> Html {
    let speech = use_speech();
    let stall = &props.stall;
    let status = use_query(Some(Query::Status(stall.stall)));
    let parked = use_query(Some(Query::Parked { stall: stall.stall, window: Window::first(PARKED_MAX) }));
    let waiting = i64::try_from(stall.unsent).unwrap_or(i64::MAX);
    let badge = match (stall.is_connected, waiting) {
        (false, _) => (SavedTone::Quiet, speech.say("replication.only-here")),
        (true, 0) => (SavedTone::Good, speech.say("replication.all-sent")),
        (true, _) => (SavedTone::Waiting, speech.count("replication.waiting", waiting)),
    };
    html! {
        <section class="panel">
            <header class="panel-head">
                <h3>{ stall.name.clone() }</h3><Badge tone={badge.0} text={badge.1} />
            </header>
            if !stall.trouble.is_empty() {
                <Problem text={stall.trouble.clone()} />
            }
            if let Some(View::Status(status)) = status.view() {
                { standing(&speech, status) }
            }
            if let Some(View::Parked(rows)) = parked.view().filter(|view| **view != View::Parked(Vec::new())) {
                <h4>{ speech.say("replication.set-aside") }</h4>
                <ul class="plain">{ for rows.iter().map(|row| set_aside(&speech, row)) }</ul>
            }
        </section>
    }
}

fn standing(speech: &Speech, status: &StatusView) -> Html {
    let state = speech.say(match status.state {
        RegisterState::Waiting => "register.waiting",
        RegisterState::Active => "register.active",
        RegisterState::Frozen => "register.frozen",
        RegisterState::Revoked => "register.revoked",
    });
    html! {
        <>
            <p class="prose">{ state }</p>
            if !status.frozen_because.is_empty() {
                <Problem text={status.frozen_because.clone()} />
            }
            if status.asks_waiting > 0 {
                <p class="prose">{ speech.count("replication.asks", i64::from(status.asks_waiting)) }</p>
            }
            <p class="field-hint">
                { speech.say("replication.digest") }{ " " }
                <code class="state-digest" dir="ltr">{ groups(&status.digest.to_string()) }</code>
            </p>
        </>
    }
}

/// The first letters of a digest in groups, as two people read them to each other.
fn groups(digest: &str) -> String {
    let letters: Vec<char> = digest.chars().take(GROUP_LETTERS * GROUPS).collect();
    letters.chunks(GROUP_LETTERS).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

fn set_aside(speech: &Speech, row: &ParkedRow) -> Html {
    let seq = row.seq.to_string();
    html! {
        <li class="set-aside">
            <strong>{ speech.fill("replication.record", &[("number", &seq)]) }</strong>
            <span>{ row.reason.clone() }</span>
        </li>
    }
}
