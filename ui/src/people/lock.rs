//! The register waits for somebody to say who they are.

use std::cell::Cell;
use std::rc::Rc;

use soko_app_api::{AtRegisterView, OwnStall, PeopleReply, PeopleVerb, PersonRow};
use soko_domain::ids::PersonId;
use wasm_bindgen::prelude::*;
use yew::prelude::*;

use super::avatar::Avatar;
use super::pin::Pin;
use crate::acting::{closes, opens, sets};
use crate::browser::{self, time};
use crate::doing::use_doing;
use crate::parts::{Dialog, Field, Icon, icon};
use crate::speech::role_name;
use crate::speech::{Speech, use_speech};

const LOCK_KEY: &str = "soko-lock-minutes";
/// Minutes without a touch after which the register locks itself.
pub(super) const LOCK_MINUTES: [i64; 4] = [1, 5, 15, 0];
const LOCK_MINUTES_FIRST: i64 = 5;
const LOOK_MS: i32 = 5_000;

pub(super) fn lock_minutes() -> i64 {
    browser::kept(LOCK_KEY).and_then(|kept| kept.parse().ok()).unwrap_or(LOCK_MINUTES_FIRST)
}

pub(super) fn keep_lock_minutes(minutes: i64) {
    browser::keep(LOCK_KEY, &minutes.to_string());
}

/// What a wrong PIN is answered with.
pub(super) fn wrong(speech: &Speech, wait_ms: i64) -> AttrValue {
    if wait_ms == 0 {
        return speech.say("people.wrong-pin");
    }
    speech.count("people.wrong-pin-wait", (wait_ms + 999) / 1_000)
}

#[derive(Properties, PartialEq)]
pub struct LockProps {
    pub stall: OwnStall,
    pub here: AtRegisterView,
}

#[component]
pub fn LockScreen(props: &LockProps) -> Html {
    let speech = use_speech();
    let chosen = use_state(|| None::<PersonId>);
    let recovers = use_state(|| false);
    let people: Vec<&PersonRow> =
        props.here.people.iter().filter(|row| row.is_active && row.has_pin).collect();
    let one = people.iter().find(|row| Some(row.person) == *chosen).map(|row| (*row).clone());
    let choose = |person: Option<PersonId>| {
        let chosen = chosen.setter();
        Callback::from(move |_: MouseEvent| chosen.set(person))
    };
    html! {
        <section class="page page-narrow lock" aria-labelledby="lock">
            <h1 id="lock">{ speech.say("people.who") }</h1>
            if let Some(row) = one {
                <button type="button" class="button button-quiet lock-back" onclick={choose(None)}>
                    { icon(Icon::Back) }{ speech.say("people.somebody-else") }
                </button>
                <Enter key={row.person.to_string()} stall={props.stall.clone()} row={row.clone()} />
            } else {
                <ul class="lock-people">
                    { for people.into_iter().map(|row| html! {
                        <li key={row.person.to_string()}>
                            <button type="button" class="lock-person" onclick={choose(Some(row.person))}>
                                <Avatar person={row.person} name={row.name.clone()} />
                                <span class="list-name">{ row.name.clone() }</span>
                                <span class="list-more">{ role_name(&speech, row.role.name()) }</span>
                            </button>
                        </li>
                    }) }
                </ul>
                <button type="button" class="button button-quiet" onclick={opens(&recovers)}>{ speech.say("people.forgot") }</button>
            }
            if *recovers {
                <Recover stall={props.stall.clone()} on_close={closes(&recovers)} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct EnterProps {
    stall: OwnStall,
    row: PersonRow,
}

#[component]
fn Enter(props: &EnterProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (pin, problem) = (use_state(String::new), use_state(|| None::<AttrValue>));
    let onsubmit = {
        let (doing, pin, problem) = (doing.clone(), pin.clone(), problem.clone());
        let (stall, person) = (props.stall.stall, props.row.person);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, speech, typed) = (doing.desk.clone(), doing.speech.clone(), (*pin).clone());
            let (pin, problem) = (pin.setter(), problem.setter());
            doing.run(
                async move { desk.people(stall, PeopleVerb::Enter { person, pin: typed }).await },
                move |reply| {
                    if let PeopleReply::Wrong { wait_ms } = reply {
                        pin.set(String::new());
                        problem.set(Some(wrong(&speech, wait_ms)));
                    }
                },
            );
        })
    };
    html! {
        <form class="stack lock-enter" {onsubmit}>
            <p class="row row-center"><Avatar person={props.row.person} name={props.row.name.clone()} /><strong>{ props.row.name.clone() }</strong></p>
            <Pin label={speech.say("people.pin")} value={(*pin).clone()} on_input={sets(&pin)} problem={(*problem).clone()} autofocus=true />
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct RecoverProps {
    stall: OwnStall,
    on_close: Callback<()>,
}

#[component]
fn Recover(props: &RecoverProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (code, problem) = (use_state(String::new), use_state(|| None::<AttrValue>));
    let onsubmit = {
        let (doing, code, problem) = (doing.clone(), code.clone(), problem.clone());
        let (stall, on_close) = (props.stall.stall, props.on_close.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, speech, code) = (doing.desk.clone(), doing.speech.clone(), (*code).clone());
            let (said, problem, on_close) = (desk.clone(), problem.setter(), on_close.clone());
            doing.run(async move { desk.people(stall, PeopleVerb::Recover { code }).await }, move |reply| {
                if let PeopleReply::Wrong { wait_ms } = reply {
                    problem.set(Some(wrong(&speech, wait_ms)));
                    return;
                }
                said.toasts.done(speech.say("people.recovered"));
                on_close.emit(());
            });
        })
    };
    html! {
        <Dialog title={speech.say("people.forgot")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <p class="prose">{ speech.say("people.forgot-text") }</p>
                <Field label={speech.say("people.recovery")} value={(*code).clone()} on_input={sets(&code)} problem={(*problem).clone()} autofocus=true />
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={code.trim().is_empty() || doing.is_busy()}>{ speech.say("people.recover") }</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// Locks after a time without a touch, as long as somebody is here.
#[hook]
pub fn use_auto_lock(stall: Option<&OwnStall>, here: Option<&AtRegisterView>) {
    let doing = use_doing();
    let stall = stall.map(|stall| stall.stall);
    let is_somebody = here.is_some_and(|here| here.is_guarded && here.person.is_some());
    use_effect_with((stall, is_somebody), move |(stall, is_somebody)| {
        let watch = stall.filter(|_| *is_somebody).map(|stall| {
            let touched = Rc::new(Cell::new(time::now_ms()));
            let is_over = Rc::new(Cell::new(false));
            let touch = Rc::clone(&touched);
            let closure = Closure::<dyn Fn()>::new(move || touch.set(time::now_ms()));
            let ear = closure.as_ref().unchecked_ref::<js_sys::Function>().clone();
            for event in ["pointerdown", "keydown"] {
                // A window takes listeners of any event.
                let _ = browser::window().add_event_listener_with_callback_and_bool(event, &ear, true);
            }
            let over = Rc::clone(&is_over);
            wasm_bindgen_futures::spawn_local(async move {
                while !over.get() {
                    time::sleep(LOOK_MS).await;
                    let minutes = lock_minutes();
                    let idle_ms = time::now_ms() - touched.get();
                    if !over.get() && minutes > 0 && idle_ms >= minutes * 60_000 {
                        // Whoever cannot be asked now is asked when the engine is there again.
                        let _ = doing.desk.people(stall, PeopleVerb::Lock).await;
                        return;
                    }
                }
            });
            (closure, ear, is_over)
        });
        move || {
            let Some((closure, ear, is_over)) = watch else { return };
            is_over.set(true);
            for event in ["pointerdown", "keydown"] {
                let _ = browser::window().remove_event_listener_with_callback_and_bool(event, &ear, true);
            }
            drop(closure);
        }
    });
}
