//! Registers of the same stall that this device hears directly, on the network that both are in.

use soko_app_api::{Answer, Call, MeetCall, MeetRow, MeetTrouble, MeetView};
use yew::prelude::*;

use crate::desk::{Desk, Trouble, trouble};
use crate::doing::{Doing, use_doing};
use crate::live::use_live;
use crate::parts::{Field, Problem};
use crate::speech::Speech;

#[component]
pub(super) fn Meetings() -> Html {
    let doing = use_doing();
    let live = use_live(Some(Call::Meet(MeetCall::Look)));
    let Some(Answer::Meet(view)) = live.answer.as_deref() else { return Html::default() };
    let speech = doing.speech.clone();
    html! {
        <section class="panel stack" aria-labelledby="meetings">
            <header class="panel-head"><h3 id="meetings">{ speech.say("meet.title") }</h3></header>
            if view.can_meet {
                <p class="field-hint">{ speech.say("meet.hint") }</p>
                { switch(&doing, view) }
                if !view.may_choose {
                    <p class="field-hint">{ speech.say("meet.not-yours") }</p>
                }
                if view.is_on {
                    <On view={view.clone()} />
                }
            } else {
                <p class="prose">{ speech.say("meet.needs-app") }</p>
            }
        </section>
    }
}

fn switch(doing: &Doing, view: &MeetView) -> Html {
    let is_on = view.is_on;
    let onchange = act(doing, MeetCall::Switch(!is_on));
    html! {
        <label class="check">
            <input type="checkbox" checked={is_on} onchange={onchange.reform(|_: Event| ())}
                disabled={doing.is_busy() || !view.may_choose} />
            <span>{ doing.speech.say("meet.switch") }</span>
        </label>
    }
}

#[derive(Properties, PartialEq)]
struct OnProps {
    view: MeetView,
}

/// What a device that meets others shows of it.
#[component]
fn On(props: &OnProps) -> Html {
    let (doing, meeting) = (use_doing(), use_doing());
    let speech = doing.speech.clone();
    let view = &props.view;
    let meet = act(&meeting, MeetCall::MeetNow).reform(|_: MouseEvent| ());
    html! {
        <>
            <dl class="facts">
                <div>
                    <dt>{ speech.say("meet.own") }</dt>
                    <dd>
                        if view.own.is_empty() {
                            { speech.say("meet.own-none") }
                        } else {
                            <bdi dir="ltr">{ view.own.join(", ") }</bdi>
                        }
                    </dd>
                </div>
            </dl>
            <ul class="plain">{ for view.rows.iter().map(|row| register(&doing, view.may_choose, row)) }</ul>
            if view.rows.iter().any(|row| !row.address.is_empty()) {
                <button type="button" class="button" onclick={meet} disabled={meeting.is_busy()}>
                    { speech.say(if meeting.is_busy() { "meet.meeting" } else { "meet.meet-now" }) }
                </button>
            }
            if view.may_choose {
                <Address />
            }
        </>
    }
}

/// Where else to call; what is wrong with it stands below it.
#[component]
fn Address() -> Html {
    let (doing, address, problem) = (use_doing(), use_state(String::new), use_state(|| None::<AttrValue>));
    let speech = doing.speech.clone();
    let onsubmit = {
        let (doing, address, problem) = (doing.clone(), address.clone(), problem.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, call) = (doing.desk.clone(), MeetCall::Add((*address).clone()));
            let (speech, typed, problem) = (doing.speech.clone(), address.clone(), problem.clone());
            doing.try_to(async move { ask(&desk, call).await }, move |outcome| match outcome {
                Ok(()) => {
                    typed.set(String::new());
                    problem.set(None);
                }
                Err(trouble) => problem.set(Some(trouble.sentence(&speech))),
            });
        })
    };
    let on_input = {
        let (address, problem) = (address.clone(), problem.clone());
        Callback::from(move |typed| {
            address.set(typed);
            problem.set(None);
        })
    };
    html! {
        <form class="stack" {onsubmit}>
            <Field label={speech.say("meet.address")} value={(*address).clone()} hint={speech.say("meet.address-hint")}
                problem={(*problem).clone()} required=true {on_input} />
            <button type="submit" class="button" disabled={doing.is_busy()}>{ speech.say("meet.add") }</button>
        </form>
    }
}

fn register(doing: &Doing, may_choose: bool, row: &MeetRow) -> Html {
    let speech = &doing.speech;
    let name = if row.name.is_empty() { &row.address } else { &row.name };
    let remove = act(doing, MeetCall::Remove(row.address.clone())).reform(|_: MouseEvent| ());
    html! {
        <li key={format!("{} {}", row.address, row.name)} class="set-aside">
            <strong><bdi>{ name.clone() }</bdi></strong>
            <span>{ met(speech, row) }</span>
            if let Some(trouble) = row.trouble {
                <Problem text={speech.say(why(trouble))} />
            }
            if may_choose && !row.address.is_empty() {
                <button type="button" class="button button-quiet" onclick={remove} disabled={doing.is_busy()}>
                    { speech.fill("meet.remove", &[("address", &row.address)]) }
                </button>
            }
        </li>
    }
}

fn met(speech: &Speech, row: &MeetRow) -> AttrValue {
    let Some(at_ms) = row.met_ms else { return speech.say("meet.not-met") };
    let records = speech.count("meet.records", i64::try_from(row.records).unwrap_or(i64::MAX));
    speech.fill("meet.met", &[("when", &speech.ago(at_ms)), ("records", &records)])
}

fn why(trouble: MeetTrouble) -> &'static str {
    match trouble {
        MeetTrouble::Unreachable => "meet.unreachable",
        MeetTrouble::Far => "meet.far",
        MeetTrouble::Slow => "meet.slow",
        MeetTrouble::NoRegister => "meet.no-register",
        MeetTrouble::Stranger => "meet.stranger",
        MeetTrouble::Unproven => "meet.unproven",
        MeetTrouble::Failed => "meet.failed",
    }
}

fn act(doing: &Doing, call: MeetCall) -> Callback<()> {
    let doing = doing.clone();
    Callback::from(move |()| {
        let (desk, call) = (doing.desk.clone(), call.clone());
        doing.run(async move { ask(&desk, call).await }, |()| {});
    })
}

/// How it stands then is told to whoever looks at it.
async fn ask(desk: &Desk, call: MeetCall) -> Result<(), Trouble> {
    let answer = desk.call(Call::Meet(call)).await;
    if let Answer::Meet(_) = answer { Ok(()) } else { Err(trouble(answer)) }
}
