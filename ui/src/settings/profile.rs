//! What the stall says about itself: on its receipts and, once it is connected, in the market.

use soko_app_api::{Query, StallView, View};
use soko_domain::ids::LogId;
use yew::prelude::*;

use super::form::Form;
use super::saving::{saves, sets_in};
use crate::doing::use_doing;
use crate::live::use_query;
use crate::parts::{Busy, Field, Problem, TextArea};
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct ProfileProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Profile(props: &ProfileProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Stall(props.stall)));
    html! {
        <section class="card stack" aria-labelledby="profile">
            <h2 id="profile">{ speech.say("settings.profile") }</h2>
            if let Some(View::Stall(view)) = live.view() {
                <Fields stall={props.stall} view={view.clone()} />
            } else {
                <Busy {live} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct FieldsProps {
    stall: LogId,
    view: StallView,
}

/// A form that nobody touched follows what others change.
#[hook]
fn use_newest(shown: Form, begun: &UseStateHandle<Form>, form: &UseStateHandle<Form>) {
    let (begun, form) = (begun.clone(), form.clone());
    use_effect_with(shown, move |shown| {
        if *form == *begun {
            begun.set(shown.clone());
            form.set(shown.clone());
        }
    });
}

#[component]
fn Fields(props: &FieldsProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let shown = Form::of(&props.view);
    // Where the form began; edits are against it, and what others changed meanwhile stays theirs.
    let begun = use_state(|| shown.clone());
    let form = use_state(|| shown.clone());
    let is_touched = *form != *begun;
    use_newest(shown, &begun, &form);
    let edits = form.edits(&begun);
    let set = |change: fn(&mut Form, String)| sets_in(&form, change);
    let onsubmit = {
        let (form, begun) = (form.clone(), begun.clone());
        saves(&doing, (props.stall, &edits), move || begun.set((*form).clone()))
    };
    let undo = {
        let (form, begun) = (form.clone(), begun.clone());
        Callback::from(move |_: MouseEvent| form.set((*begun).clone()))
    };
    let nameless = form.name.trim().is_empty().then(|| speech.say("begin.name-missing"));
    html! {
        <form class="stack" {onsubmit}>
            if !props.view.problems.is_empty() {
                <Problem text={speech.say("settings.problems")} />
            }
            <Field label={speech.say("begin.name")} value={form.name.clone()} on_input={set(|form, text| form.name = text)}
                problem={nameless} required=true hint={speech.say("begin.name-hint")} />
            <Field label={speech.say("settings.place")} value={form.place.clone()} hint={speech.say("settings.place-hint")}
                on_input={set(|form, text| form.place = text)} />
            <Field label={speech.say("settings.hours")} value={form.hours.clone()} hint={speech.say("settings.hours-hint")}
                on_input={set(|form, text| form.hours = text)} />
            <TextArea label={speech.say("settings.description")} value={form.description.clone()}
                hint={speech.say("settings.description-hint")} on_input={set(|form, text| form.description = text)} />
            <div class="pair">
                <Field label={speech.say("begin.currency")} value={form.currency.clone()}
                    on_input={set(|form, text| form.currency = text.to_uppercase())} hint={speech.say("settings.currency-hint")} />
                <Field label={speech.say("settings.cut-off")} value={form.cut_off.clone()} kind="time"
                    on_input={set(|form, text| form.cut_off = text)} hint={speech.say("settings.cut-off-hint")} />
            </div>
            <Field label={speech.say("settings.zone")} value={form.zone.clone()} hint={speech.say("settings.zone-hint")}
                on_input={set(|form, text| form.zone = text)} />
            <footer class="row form-foot">
                <button type="submit" class="button button-main" disabled={!is_touched || edits.is_none() || doing.is_busy()}>
                    { speech.say("settings.save") }
                </button>
                if is_touched {
                    <button type="button" class="button" onclick={undo}>{ speech.say("settings.discard") }</button>
                }
            </footer>
        </form>
    }
}
