//! The replication centre: where the data stands, what waits, what was set aside with its reason, and when this
//! device last heard of others. In plain words, and with what to do.

use soko_app_api::{
    DeviceRow, DeviceVerb, DeviceView, Holder, KeptIn, OwnStall, ParkedRow, Query, RegisterState, Said,
    Saying, SharesRow, StatusView, Trust, View, Window, WrittenRow, WrittenView,
};
use yew::prelude::*;

use super::meeting::Meetings;
use super::pill::{sentence, trust};
use crate::app::use_about;
use crate::desk::{Overlay, use_desk};
use crate::live::use_query;
use crate::nav::{Go, load_again};
use crate::parts::{Badge, Dialog, Icon, Problem, SavedTone, icon};
use crate::route::{Route, Session};
use crate::speech::{Speech, use_speech};
use crate::watched::use_watched;

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
    let trust = trust(standing, about.as_deref());
    html! {
        <Dialog title={speech.say("replication.title")} {on_close}>
            <p class="lead">{ sentence(trust, &speech) }</p>
            <p class="prose">{ meaning(&speech, trust) }</p>
            if let Some(about) = about {
                <Facts about={(*about).clone()} />
                if !about.stalls.is_empty() {
                    <Meetings />
                }
                { for about.stalls.iter().map(|stall| html! { <OfStall key={stall.stall.to_string()} stall={stall.clone()} /> }) }
            }
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
        Trust::NotOpened => "replication.not-opened-means",
        Trust::NothingKept => "replication.nothing-kept-means",
        Trust::Trouble => "replication.trouble-means",
        Trust::Offline { .. } => "replication.offline-means",
        Trust::Waiting { .. } => "replication.waiting-means",
        Trust::Arriving => "replication.arriving-means",
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
            if let Some(ahead_ms) = about.clock_off_ms() {
                <Problem text={speech.count("replication.clock", ahead_ms.abs() / 60_000)} />
            }
            { for about.warnings.iter().map(|said| html! { <Told said={said.clone()} /> }) }
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
    let written = use_query(Some(Query::Written(stall.stall)));
    let parked = use_query(Some(Query::Parked { stall: stall.stall, window: Window::first(PARKED_MAX) }));
    let shares = use_query(Some(Query::Shares(stall.stall)));
    let devices = use_query(Some(Query::Devices(stall.stall)));
    let devices: &[DeviceRow] = if let Some(View::Devices(rows)) = devices.view() { rows } else { &[] };
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
            if let Some(said) = &stall.trouble {
                <Told said={said.clone()} />
            }
            if let Some(View::Status(status)) = status.view() {
                { standing(&speech, status, stall.is_connected) }
            }
            if let Some(View::Written(written)) = written.view().filter(|_| stall.is_connected) {
                { last_written(&speech, written) }
            }
            if let Some(View::Parked(rows)) = parked.view().filter(|view| **view != View::Parked(Vec::new())) {
                <h4>{ speech.say("replication.set-aside") }</h4>
                <ul class="plain">{ for rows.iter().map(|row| set_aside(&speech, row)) }</ul>
                if rows.len() >= PARKED_MAX as usize {
                    <Go to={Route::Devices} class="button">{ speech.say("replication.more-set-aside") }</Go>
                }
            }
            if let Some(View::Shares(rows)) = shares.view().filter(|view| **view != View::Shares(Vec::new())) {
                <h4>{ speech.say("replication.shares") }</h4>
                <dl class="facts">{ for rows.iter().map(|row| share(&speech, (stall, devices), row)) }</dl>
            }
        </section>
    }
}

/// What waits to be sent, and what was sent last, each by its name.
fn last_written(speech: &Speech, written: &WrittenView) -> Html {
    let row = |row: &WrittenRow| {
        let (tone, state) = match row.is_sent {
            true => (SavedTone::Good, "replication.sent"),
            false => (SavedTone::Waiting, "replication.waits"),
        };
        html! {
            <li key={row.seq} class="list-row">
                <span class="list-main">
                    <span class="list-name">{ speech.say_or(&format!("replication.wrote-{}", row.what.word()), row.what.word()) }</span>
                    if let Some(at_ms) = row.at_ms {
                        <span class="list-more">{ speech.day_and_time(at_ms, None) }</span>
                    }
                </span>
                <Badge {tone} text={speech.say(state)} />
            </li>
        }
    };
    let sent = i64::try_from(written.sent).unwrap_or(i64::MAX);
    html! {
        <details>
            <summary>{ speech.say("replication.written") }</summary>
            <ul class="plain">{ for written.rows.iter().map(row) }</ul>
            <p class="field-hint">{ speech.count("replication.sent-all", sent) }</p>
        </details>
    }
}

fn standing(speech: &Speech, status: &StatusView, is_connected: bool) -> Html {
    let state = match status.state {
        // A stall of this device alone waits for nobody.
        RegisterState::Waiting if !is_connected => None,
        RegisterState::Waiting => Some("register.waiting"),
        RegisterState::Active => Some("register.active"),
        RegisterState::Frozen => Some("register.frozen"),
        RegisterState::Revoked => Some("register.revoked"),
        RegisterState::Leaving => Some("register.leaving"),
    };
    html! {
        <>
            if let Some(state) = state {
                <p class="prose">{ speech.say(state) }</p>
            }
            if let Some(said) = &status.frozen_because {
                <Told said={said.clone()} />
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

pub fn set_aside(speech: &Speech, row: &ParkedRow) -> Html {
    let number = row.seq.to_string();
    let device =
        if row.device.is_empty() { speech.say("stock.some-register") } else { row.device.clone().into() };
    html! {
        <li class="set-aside">
            <strong>{ speech.fill("replication.record-of", &[("number", &number), ("device", &device)]) }</strong>
            <span>{ speech.said(&row.why) }</span>
            <Remedy said={row.why.clone()} />
        </li>
    }
}

fn share(speech: &Speech, (stall, devices): (&OwnStall, &[DeviceRow]), row: &SharesRow) -> Html {
    let name = |author| {
        let known = devices.iter().find(|device| device.author == author);
        known.map_or_else(|| speech.say("stock.some-register"), |device| device.name.clone().into())
    };
    let holder = match row.holder {
        Holder::Register(author) if author == stall.author => speech.say("stock.this-register"),
        Holder::Register(author) => name(author),
        Holder::SetApart(author) => speech.fill("stock.set-apart", &[("name", &name(author))]),
        Holder::Shop | Holder::Order(_) => speech.say("stock.shop"),
    };
    let products = speech.count("replication.products", i64::from(row.products));
    html! { <div><dt>{ holder }</dt><dd class="number">{ products }</dd></div> }
}

#[derive(Properties, PartialEq)]
struct ToldProps {
    said: Said,
}

/// What is wrong, and a button where one helps.
#[component]
fn Told(props: &ToldProps) -> Html {
    let speech = use_speech();
    html! { <Problem text={speech.said(&props.said)}><Remedy said={props.said.clone()} /></Problem> }
}

/// What a person can do about it here and now.
enum Cure {
    Go(Route, &'static str),
    /// A newer program comes with the page.
    LoadAgain,
}

fn cure(said: &Said) -> Option<Cure> {
    let devices = Cure::Go(Route::Devices, "nav.devices");
    Some(match Saying::of(said)? {
        Saying::Impossible => Cure::Go(Route::StockSession(Session::Count), "replication.count"),
        Saying::ChangeRefused => Cure::Go(Route::Products, "replication.edit"),
        Saying::Newer | Saying::VersionsApart => Cure::LoadAgain,
        Saying::Salvaged
        | Saying::Unreadable
        | Saying::NotTheServer
        | Saying::RoleForbids
        | Saying::WrittenTwice
        | Saying::ChainRefused
        | Saying::Restored
        | Saying::Copied
        | Saying::KeysGone
        | Saying::Behind
        | Saying::Forked => devices,
        Saying::Cleared | Saying::ClearedBefore | Saying::DatabaseMissing => {
            Cure::Go(Route::Settings, "nav.settings")
        }
        Saying::NoNotifications => Cure::Go(Route::Orders, "nav.orders"),
        Saying::DiskFull
        | Saying::DiskLow
        | Saying::SalvageLost
        | Saying::OldServer
        | Saying::OtherStall
        | Saying::ServerWentBack
        | Saying::FieldMissing
        | Saying::FieldOfWrongType
        | Saying::FieldTooLong
        | Saying::FieldOutOfRange
        | Saying::FieldInConflict
        | Saying::TooManyEntries
        | Saying::FieldUnknown => return None,
    })
}

#[component]
fn Remedy(props: &ToldProps) -> Html {
    let speech = use_speech();
    match cure(&props.said) {
        Some(Cure::Go(to, key)) => html! { <Go {to} class="button">{ speech.say(key) }</Go> },
        Some(Cure::LoadAgain) => html! {
            <button type="button" class="button" onclick={Callback::from(|_: MouseEvent| load_again())}>
                { speech.say("replication.update") }
            </button>
        },
        None => Html::default(),
    }
}
