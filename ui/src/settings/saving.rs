//! What the cards of a stall's settings do alike: a field changes their form, and what differs then is saved.

use soko_app_api::{StallEdit, Verb};
use soko_domain::ids::LogId;
use yew::prelude::*;

use crate::doing::Doing;

/// What is typed into a field becomes part of the form.
pub(super) fn sets_in<T: Clone + 'static>(
    form: &UseStateHandle<T>,
    change: fn(&mut T, String),
) -> Callback<String> {
    let form = form.clone();
    Callback::from(move |text: String| {
        let mut now = (*form).clone();
        change(&mut now, text);
        form.set(now);
    })
}

/// Saves what differs, says so, and does what follows from it; nothing while something cannot be kept.
pub(super) fn saves(
    doing: &Doing,
    (stall, edits): (LogId, &Option<Vec<StallEdit>>),
    then: impl Fn() + Clone + 'static,
) -> Callback<SubmitEvent> {
    let (doing, edits) = (doing.clone(), edits.clone());
    Callback::from(move |submit: SubmitEvent| {
        submit.prevent_default();
        let Some(edits) = edits.clone() else { return };
        let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
        let then = then.clone();
        doing.run(async move { desk.act(stall, Verb::EditStall { edits }).await }, move |_| {
            then();
            said.toasts.done(speech.say("settings.saved"));
        });
    })
}
