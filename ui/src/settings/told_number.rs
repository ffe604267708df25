//! The telephone that somebody is texted at: its number, and the code that shows that it is theirs.

use std::rc::Rc;

use soko_app_api::{MessagesVerb, Wishes};
use soko_domain::telephone::{NoTelephone, Telephone};
use yew::prelude::*;

use super::told::{Test, ask};
use crate::acting::{closes, opens, sets};
use crate::desk::Trouble;
use crate::doing::use_doing;
use crate::parts::Field;
use crate::speech::Speech;
use crate::typed::{latin, telephone_problem};

#[derive(Clone, Properties, PartialEq)]
pub(super) struct NumberProps {
    pub wishes: Rc<Wishes>,
    pub on_look: Callback<()>,
    /// Something was sent: the log says what became of it.
    pub on_tested: Callback<()>,
}

#[component]
pub(super) fn Number(props: &NumberProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let own = &props.wishes.telephone;
    let changes = use_state(|| false);
    let asked = if *changes { String::new() } else { own.asked.clone() };
    let is_there = !*changes && asked.is_empty() && !own.number.is_empty();
    let on_sent = {
        let (changes, props) = (changes.clone(), props.clone());
        Callback::from(move |()| {
            changes.set(false);
            props.on_look.emit(());
            props.on_tested.emit(());
        })
    };
    let remove = {
        let (doing, on_sent) = (doing.clone(), on_sent.clone());
        Callback::from(move |_: MouseEvent| {
            let (desk, on_sent) = (doing.desk.clone(), on_sent.clone());
            doing.run(async move { ask(&desk, MessagesVerb::StopTexting).await }, move |_| on_sent.emit(()));
        })
    };
    html! {
        <section class="card stack" aria-labelledby="told-number">
            <h2 id="told-number">{ speech.say("told.number") }</h2>
            <p class="prose">{ speech.say("told.number-text") }</p>
            if !own.number.is_empty() {
                <p class="prose">{ speech.fill("told.number-is", &[("number", &own.number)]) }</p>
            }
            if is_there {
                <Test channel="sms" on_tested={props.on_tested.clone()} />
            } else {
                <Entry key={asked.clone()} asked={asked.clone()} {on_sent} />
            }
            <div class="row">
                if *changes {
                    <button type="button" class="button" onclick={closes(&changes).reform(|_| ())}>{ speech.say("action.back") }</button>
                } else if is_there || !asked.is_empty() {
                    <button type="button" class="button" onclick={opens(&changes)}>{ speech.say("told.number-change") }</button>
                    <button type="button" class="button" onclick={remove} disabled={doing.is_busy()}>
                        { speech.say("told.number-remove") }
                    </button>
                }
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct EntryProps {
    /// The number whose code is awaited; without one a number is.
    asked: String,
    on_sent: Callback<()>,
}

#[component]
fn Entry(props: &EntryProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (typed, problem) = (use_state(String::new), use_state(|| None::<AttrValue>));
    let is_code = !props.asked.is_empty();
    let onsubmit = {
        let (doing, typed, problem) = (doing.clone(), typed.clone(), problem.clone());
        let on_sent = props.on_sent.clone();
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let verb = match verb(&typed, is_code) {
                Ok(verb) => verb,
                Err(none) => return problem.set(Some(doing.speech.say(telephone_problem(none)))),
            };
            let (desk, speech) = (doing.desk.clone(), doing.speech.clone());
            let (problem, on_sent) = (problem.clone(), on_sent.clone());
            doing.try_to(async move { ask(&desk, verb).await }, move |outcome| match outcome {
                Ok(_) => on_sent.emit(()),
                Err(trouble) => problem.set(Some(sentence(&speech, &trouble))),
            });
        })
    };
    let (label, hint, kind, press) = if is_code {
        ("told.number-code", None, "one-time-code", "told.number-confirm")
    } else {
        ("told.number-label", Some(speech.say("told.number-hint")), "tel", "told.number-send")
    };
    html! {
        <form class="stack" {onsubmit}>
            if is_code {
                <p class="prose" role="status">{ speech.fill("told.number-sent", &[("number", &props.asked)]) }</p>
            }
            <Field label={speech.say(label)} value={(*typed).clone()} on_input={sets(&typed)} autocomplete={kind}
                inputmode={if is_code { "numeric" } else { "tel" }} {hint} problem={(*problem).clone()} required=true />
            <div class="row">
                <button type="submit" class="button button-main" disabled={typed.is_empty() || doing.is_busy()}>
                    { speech.say(press) }
                </button>
            </div>
        </form>
    }
}

fn verb(typed: &str, is_code: bool) -> Result<MessagesVerb, NoTelephone> {
    if is_code {
        return Ok(MessagesVerb::Confirm { code: latin(typed) });
    }
    let number = Telephone::read(typed)?.as_str().to_owned();
    Ok(MessagesVerb::Text { number })
}

fn sentence(speech: &Speech, trouble: &Trouble) -> AttrValue {
    let code = if let Trouble::Refused(refused) = trouble { refused.code.as_str() } else { "" };
    match code {
        "telephone_code_wrong" => speech.say("told.number-wrong"),
        "telephone_code_over" => speech.say("told.number-over"),
        // Who is asked to come back later is told so in the device's own word.
        "too_many_codes" | "busy" => speech.say("told.number-wait"),
        _ => trouble.sentence(speech),
    }
}
