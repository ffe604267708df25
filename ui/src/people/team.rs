//! Those who work at the stall: adding somebody, their PIN at this register, what each role may do alone.

use soko_app_api::{AtRegisterView, OwnStall, PersonRow};
use soko_domain::role::Role;
use yew::prelude::*;

use super::avatar::Avatar;
use super::limits::LimitsOf;
use super::lock::{LOCK_MINUTES, keep_lock_minutes, lock_minutes};
use super::one::{Person, Recovery};
use super::use_at_register;
use crate::app::use_stall;
use crate::nav::Go;
use crate::parts::{Badge, Choice, Empty, Icon, Loading, SavedTone, icon};
use crate::route::Route;
use crate::speech::role_name;
use crate::speech::use_speech;

#[component]
pub(super) fn Team() -> Html {
    let speech = use_speech();
    let stall = use_stall();
    let here = use_at_register(stall.as_ref());
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <h1>{ speech.say("people.title") }</h1>
                <Go to={Route::Audit} class="button">{ icon(Icon::Note) }{ speech.say("audit.title") }</Go>
            </header>
            if let Some((stall, here)) = stall.zip(here) {
                <Everybody {stall} {here} />
            } else {
                <Loading rows={4} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct EverybodyProps {
    stall: OwnStall,
    here: AtRegisterView,
}

#[component]
fn Everybody(props: &EverybodyProps) -> Html {
    let speech = use_speech();
    let edited = use_state(|| None::<Option<PersonRow>>);
    let recovery = use_state(|| None::<String>);
    let edit = |row: Option<PersonRow>| {
        let edited = edited.setter();
        Callback::from(move |_: MouseEvent| edited.set(Some(row.clone())))
    };
    let on_close = {
        let (edited, recovery) = (edited.setter(), recovery.setter());
        Callback::from(move |code: Option<String>| {
            edited.set(None);
            recovery.set(code);
        })
    };
    let read = {
        let recovery = recovery.setter();
        Callback::from(move |()| recovery.set(None))
    };
    let here = &props.here;
    html! {
        <>
            if here.people.is_empty() {
                <Empty icon={Icon::Person} title={speech.say("people.none")} text={speech.say("people.none-text")}>
                    <button type="button" class="button button-main" onclick={edit(None)}>{ speech.say("people.add-owner") }</button>
                </Empty>
            } else {
                <section class="card">
                    { for here.people.iter().map(|row| html! {
                        <button key={row.person.to_string()} type="button" class="list-row" onclick={edit(Some(row.clone()))}>
                            <Avatar person={row.person} name={row.name.clone()} />
                            <span class="list-main">
                                <span class="list-name">{ row.name.clone() }</span>
                                <span class="list-more">{ role_name(&speech, row.role.name()) }</span>
                            </span>
                            if !row.is_active {
                                <Badge tone={SavedTone::Bad} text={speech.say("people.left")} />
                            } else if !row.has_pin {
                                <Badge tone={SavedTone::Waiting} text={speech.say("people.no-pin")} />
                            }
                            { icon(Icon::Forward) }
                        </button>
                    }) }
                </section>
                <button type="button" class="button button-main" onclick={edit(None)}>{ icon(Icon::Plus) }{ speech.say("people.add") }</button>
                if here.is_guarded { <AutoLock /> } else { <p class="prose">{ speech.say("people.open-text") }</p> }
                <LimitsOf key="cashier" stall={props.stall.clone()} role={Role::Cashier} limits={here.cashier} />
                if here.role == Role::Owner {
                    <LimitsOf key="manager" stall={props.stall.clone()} role={Role::Manager} limits={here.manager} />
                }
            }
            if let Some(row) = &*edited {
                <Person stall={props.stall.clone()} here={here.clone()} row={row.clone()} {on_close} />
            }
            if let Some(code) = &*recovery {
                <Recovery code={code.clone()} on_close={read} />
            }
        </>
    }
}

/// How long the register stays with somebody who does nothing.
#[component]
fn AutoLock() -> Html {
    let speech = use_speech();
    let minutes = use_state(lock_minutes);
    let options: Vec<(AttrValue, AttrValue)> = LOCK_MINUTES
        .into_iter()
        .map(|minutes| {
            let shown =
                if minutes == 0 { speech.say("lock.never") } else { speech.count("lock.after", minutes) };
            (minutes.to_string().into(), shown)
        })
        .collect();
    let on_choose = {
        let minutes = minutes.setter();
        Callback::from(move |chosen: String| {
            if let Ok(chosen) = chosen.parse() {
                keep_lock_minutes(chosen);
                minutes.set(chosen);
            }
        })
    };
    html! {
        <section class="card stack">
            <Choice label={speech.say("lock.title")} value={minutes.to_string()} {options} {on_choose} hint={speech.say("lock.hint")} />
        </section>
    }
}
