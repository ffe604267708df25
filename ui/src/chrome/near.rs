//! Registers of the same stall that this device hears directly, on the network that both are in.

use soko_app_api::{Answer, Call, NearCall, NearRow, NearTrouble, NearView};
use yew::prelude::*;

use crate::desk::{Desk, Trouble, trouble};
use crate::doing::{Doing, use_doing};
use crate::live::use_live;
use crate::parts::{Field, Problem};
use crate::speech::Speech;

#[component]
pub(super) fn Near() -> Html {
    let doing = use_doing();
    let live = use_live(Some(Call::Near(NearCall::Look)));
    let Some(Answer::Near(view)) = live.answer.as_deref() else { return Html::default() };
    let speech = doing.speech.clone();
    html! {
        <section class="panel stack" aria-labelledby="near">
            <header class="panel-head"><h3 id="near">{ speech.say("near.title") }</h3></header>
            if view.can_meet {
                <p class="field-hint">{ speech.say("near.hint") }</p>
                { switch(&doing, view.is_on) }
                if view.is_on {
                    <On view={view.clone()} />
                }
            } else {
                <p class="prose">{ speech.say("near.needs-app") }</p>
            }
        </section>
    }
}

fn switch(doing: &Doing, is_on: bool) -> Html {
    let onchange = act(doing, NearCall::Switch(!is_on));
    html! {
        <label class="check">
            <input type="checkbox" checked={is_on} onchange={onchange.reform(|_: Event| ())} disabled={doing.is_busy()} />
            <span>{ doing.speech.say("near.switch") }</span>
        </label>
    }
}

#[derive(Properties, PartialEq)]
struct OnProps {
    view: NearView,
}

/// What a device that meets others shows of it.
#[component]
fn On(props: &OnProps) -> Html {
    let (doing, address) = (use_doing(), use_state(String::new));
    let speech = doing.speech.clone();
    let view = &props.view;
    let onsubmit = {
        let (doing, address) = (doing.clone(), address.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, call, typed) =
                (doing.desk.clone(), NearCall::Add((*address).clone()), address.clone());
            doing.run(async move { ask(&desk, call).await }, move |()| typed.set(String::new()));
        })
    };
    let on_input = {
        let address = address.clone();
        Callback::from(move |typed| address.set(typed))
    };
    let meet = act(&doing, NearCall::MeetNow).reform(|_: MouseEvent| ());
    html! {
        <>
            <dl class="facts">
                <div>
                    <dt>{ speech.say("near.own") }</dt>
                    <dd dir="ltr">{ if view.own.is_empty() { speech.say("near.own-none") } else { view.own.join(", ").into() } }</dd>
                </div>
            </dl>
            <ul class="plain">{ for view.rows.iter().map(|row| register(&doing, row)) }</ul>
            <form class="stack" {onsubmit}>
                <Field label={speech.say("near.address")} value={(*address).clone()} hint={speech.say("near.address-hint")} required=true
                    {on_input} />
                <div class="row">
                    <button type="submit" class="button" disabled={doing.is_busy()}>{ speech.say("near.add") }</button>
                    if view.rows.iter().any(|row| !row.address.is_empty()) {
                        <button type="button" class="button" onclick={meet} disabled={doing.is_busy()}>
                            { speech.say(if doing.is_busy() { "near.meeting" } else { "near.meet-now" }) }
                        </button>
                    }
                </div>
            </form>
        </>
    }
}

fn register(doing: &Doing, row: &NearRow) -> Html {
    let speech = &doing.speech;
    let name = if row.name.is_empty() { &row.address } else { &row.name };
    let remove = act(doing, NearCall::Remove(row.address.clone())).reform(|_: MouseEvent| ());
    html! {
        <li key={format!("{}{}", row.address, row.name)} class="set-aside">
            <strong>{ name.clone() }</strong>
            <span>{ met(speech, row) }</span>
            if let Some(trouble) = row.trouble {
                <Problem text={speech.say(why(trouble))} />
            }
            if !row.address.is_empty() {
                <button type="button" class="button button-quiet" onclick={remove} disabled={doing.is_busy()}>
                    { speech.fill("near.remove", &[("address", &row.address)]) }
                </button>
            }
        </li>
    }
}

fn met(speech: &Speech, row: &NearRow) -> AttrValue {
    let Some(at_ms) = row.met_ms else { return speech.say("near.not-met") };
    let records = speech.count("near.records", i64::try_from(row.records).unwrap_or(i64::MAX));
    speech.fill("near.met", &[("when", &speech.ago(at_ms)), ("records", &records)])
}

fn why(trouble: NearTrouble) -> &'static str {
    match trouble {
        NearTrouble::Unreachable => "near.unreachable",
        NearTrouble::Slow => "near.slow",
        NearTrouble::NoRegister => "near.no-register",
        NearTrouble::Stranger => "near.stranger",
        NearTrouble::Unproven => "near.unproven",
        NearTrouble::Failed => "near.failed",
    }
}

fn act(doing: &Doing, call: NearCall) -> Callback<()> {
    let doing = doing.clone();
    Callback::from(move |()| {
        let (desk, call) = (doing.desk.clone(), call.clone());
        doing.run(async move { ask(&desk, call).await }, |()| {});
    })
}

/// How it stands then is told to whoever looks at it.
async fn ask(desk: &Desk, call: NearCall) -> Result<(), Trouble> {
    let answer = desk.call(Call::Near(call)).await;
    if let Answer::Near(_) = answer { Ok(()) } else { Err(trouble(answer)) }
}
