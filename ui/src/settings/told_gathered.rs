//! What can wait, in one mail a day, and when that comes.

use std::rc::Rc;

use soko_app_api::{Gathered, MessagesVerb, Wishes};
use yew::prelude::*;

use super::told::{ask_wishes, topic_name};
use crate::browser;
use crate::desk::use_desk;
use crate::parts::Field;
use crate::speech::use_speech;

/// As it is once this is kept.
fn changed(wishes: &Wishes, new: &Gathered) -> Wishes {
    let mut wishes = wishes.clone();
    let Gathered { at, zone, topics } = &mut wishes.gathered;
    at.clone_from(&new.at);
    zone.clone_from(&new.zone);
    for (topic, is_on) in topics {
        if let Some((_, now)) = new.topics.iter().find(|(name, _)| name == topic) {
            *is_on = *now;
        }
    }
    wishes
}

#[derive(Properties, PartialEq)]
pub(super) struct OneMailProps {
    pub wishes: Rc<Wishes>,
    pub on_look: Callback<()>,
    pub on_wishes: Callback<Wishes>,
}

#[component]
pub(super) fn OneMail(props: &OneMailProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let kept = &props.wishes.gathered;
    let choose = {
        let (speech, on_look) = (speech.clone(), props.on_look.clone());
        let (wishes, on_wishes) = (Rc::clone(&props.wishes), props.on_wishes.clone());
        Callback::from(move |gathered: Gathered| {
            on_wishes.emit(changed(&wishes, &gathered));
            let (desk, speech) = (desk.clone(), speech.clone());
            let (on_look, on_wishes) = (on_look.clone(), on_wishes.clone());
            wasm_bindgen_futures::spawn_local(async move {
                match ask_wishes(&desk, MessagesVerb::Gather(gathered)).await {
                    Ok(wishes) => on_wishes.emit(wishes),
                    Err(trouble) => {
                        desk.toasts.error(trouble.sentence(&speech));
                        on_look.emit(());
                    }
                }
            });
        })
    };
    // Topics that are not named stay as they are; hours are of the clock that the person looks at now.
    let zone = browser::zone();
    let on_at = {
        let (choose, zone) = (choose.clone(), zone.clone());
        Callback::from(move |at: String| {
            // Half an hour is none yet.
            if at.len() == "06:00".len() {
                choose.emit(Gathered { at, zone: zone.clone(), topics: Vec::new() });
            }
        })
    };
    let tick = |topic: &str, is_on: bool| {
        let (at, zone, about) = (kept.at.clone(), zone.clone(), topic.to_owned());
        let onchange = choose.reform(move |_: Event| {
            let topics = vec![(about.clone(), !is_on)];
            Gathered { at: at.clone(), zone: zone.clone(), topics }
        });
        html! {
            <label class="check" key={topic.to_owned()}>
                <input type="checkbox" checked={is_on} {onchange} /><span>{ topic_name(&speech, topic) }</span>
            </label>
        }
    };
    html! {
        <section class="card stack" aria-labelledby="told-gathered">
            <h2 id="told-gathered">{ speech.say("told.gathered") }</h2>
            <p class="prose">{ speech.say("told.gathered-text") }</p>
            if kept.topics.is_empty() {
                <p class="prose">{ speech.say("told.gathered-none") }</p>
            }
            { for kept.topics.iter().map(|(topic, is_on)| tick(topic, *is_on)) }
            if kept.topics.iter().any(|(_, is_on)| *is_on) {
                <Field label={speech.say("told.gathered-at")} value={kept.at.clone()} on_input={on_at} kind="time" required=true />
                <p class="field-hint">{ speech.fill("told.quiet-zone", &[("zone", &zone)]) }</p>
            }
        </section>
    }
}
