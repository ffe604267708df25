//! Where whoever is signed in is signed in, and signing out there from here.

use soko_app_api::{DeviceReply, DeviceVerb, SessionRow, SessionsVerb};
use yew::prelude::*;

use crate::app::use_about;
use crate::desk::{Desk, Trouble};
use crate::doing::{Doing, use_doing};
use crate::parts::{Badge, Icon, Loading, Problem, SavedTone, icon};
use crate::speech::Speech;

/// What is known of them.
type Known = Option<Result<Vec<SessionRow>, Trouble>>;

/// Nothing when nobody is signed in.
#[component]
pub(super) fn Sessions() -> Html {
    let account = use_about().and_then(|about| about.account.clone());
    account.map_or_else(Html::default, |account| html! { <Mine key={account} /> })
}

async fn ask(desk: &Desk, verb: SessionsVerb) -> Result<Vec<SessionRow>, Trouble> {
    let reply = desk.with_device(DeviceVerb::Sessions(verb)).await?;
    if let DeviceReply::Sessions(rows) = reply { Ok(rows) } else { Err(Trouble::of("link.unreadable")) }
}

#[component]
fn Mine() -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let known = use_state(|| Known::None);
    let look = {
        let (desk, known) = (doing.desk.clone(), known.setter());
        Callback::from(move |()| {
            let (desk, known) = (desk.clone(), known.clone());
            wasm_bindgen_futures::spawn_local(async move {
                known.set(Some(ask(&desk, SessionsVerb::Look).await));
            });
        })
    };
    {
        let look = look.clone();
        use_effect_with((), move |()| look.emit(()));
    }
    let shown = match &*known {
        None => html! { <Loading rows={2} /> },
        Some(Err(trouble)) => html! {
            <Problem text={trouble.sentence(&speech)}>
                <button type="button" class="button" onclick={look.reform(|_| ())}>{ speech.say("action.try-again") }</button>
            </Problem>
        },
        Some(Ok(rows)) => html! {
            <>
                <ul class="plain">{ for rows.iter().map(|row| one(&doing, row, &known)) }</ul>
                if rows.iter().any(|row| !row.is_here) {
                    <div class="row">
                        <button type="button" class="button" disabled={doing.is_busy()}
                            onclick={ends(&doing, &known, (SessionsVerb::EndOthers, "sessions.ended-others"))}>
                            { speech.say("sessions.end-others") }
                        </button>
                    </div>
                }
            </>
        },
    };
    html! {
        <section class="card stack" aria-labelledby="sessions">
            <h2 id="sessions">{ speech.say("sessions.title") }</h2>
            <p class="prose">{ speech.say("sessions.text") }</p>
            { shown }
        </section>
    }
}

/// Signs out there, and shows what there is then.
fn ends(
    doing: &Doing,
    known: &UseStateHandle<Known>,
    (verb, said): (SessionsVerb, &'static str),
) -> Callback<MouseEvent> {
    let (doing, known) = (doing.clone(), known.setter());
    Callback::from(move |_: MouseEvent| {
        let (desk, to, speech, known) =
            (doing.desk.clone(), doing.desk.clone(), doing.speech.clone(), known.clone());
        doing.run(async move { ask(&desk, verb).await }, move |rows| {
            to.toasts.done(speech.say(said));
            known.set(Some(Ok(rows)));
        });
    })
}

fn name(speech: &Speech, row: &SessionRow) -> AttrValue {
    if row.name.is_empty() { speech.say("sessions.unnamed") } else { row.name.clone().into() }
}

fn one(doing: &Doing, row: &SessionRow, known: &UseStateHandle<Known>) -> Html {
    let speech = &doing.speech;
    let name = name(speech, row);
    let seen = speech.fill("sessions.seen", &[("ago", &speech.ago(row.seen_ms))]);
    // Several may have one name.
    let named = format!("{name}, {seen}");
    let end = ends(doing, known, (SessionsVerb::End(row.session), "sessions.ended"));
    html! {
        <li key={row.session.to_string()} class="device">
            { icon(Icon::Device) }
            <span class="list-main">
                <span class="list-name">{ name.clone() }</span>
                <span class="list-more">{ seen }</span>
                <span class="list-more">{ speech.fill("told.since", &[("time", &speech.day_and_time(row.begun_ms, None))]) }</span>
            </span>
            if row.is_here {
                <Badge tone={SavedTone::Good} text={speech.say("devices.this")} />
            } else {
                <button type="button" class="button" onclick={end} disabled={doing.is_busy()}
                    aria-label={speech.fill("sessions.end-name", &[("name", &named)])}>
                    { speech.say("sessions.end") }
                </button>
            }
        </li>
    }
}
