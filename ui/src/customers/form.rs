//! What is known of a customer, in a dialog.

use soko_app_api::{CustomerInput, OwnStall, Verb};
use soko_domain::ids::ThingId;
use yew::prelude::*;

use crate::acting::{part, use_acting};
use crate::browser;
use crate::parts::{Dialog, Field, TextArea};

#[derive(Properties, PartialEq)]
pub(super) struct FormProps {
    pub stall: OwnStall,
    /// None for somebody new.
    pub customer: Option<ThingId>,
    pub about: CustomerInput,
    /// With whom was saved.
    pub on_saved: Callback<ThingId>,
    pub on_close: Callback<()>,
}

#[component]
pub(super) fn CustomerForm(props: &FormProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let customer = *use_memo((), |()| props.customer.unwrap_or_else(|| ThingId(browser::chance())));
    let typed = use_state(|| props.about.clone());
    let is_odd = !typed.email.trim().is_empty() && !typed.email.contains('@');
    let is_ready = !typed.name.trim().is_empty() && !is_odd && !acting.is_busy();
    let onsubmit = {
        let (acting, stall, about, on_saved) =
            (acting.clone(), props.stall.stall, (*typed).clone(), props.on_saved.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            if !is_ready {
                return;
            }
            let (desk, speech, on_saved) = (acting.desk.clone(), acting.speech.clone(), on_saved.clone());
            acting.act(stall, Verb::PutCustomer { customer, about: about.clone() }, move |_| {
                desk.toasts.done(speech.say("settings.saved"));
                on_saved.emit(customer);
            });
        })
    };
    let consent = {
        let typed = typed.clone();
        Callback::from(move |_: Event| {
            let may_contact = !typed.may_contact;
            typed.set(CustomerInput { may_contact, ..(*typed).clone() });
        })
    };
    let title = speech.say(if props.customer.is_some() { "customer.change" } else { "customer.add" });
    html! {
        <Dialog {title} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Field label={speech.say("customer.name")} value={typed.name.clone()} on_input={part(&typed, |to, text| to.name = text)}
                    required=true autofocus=true />
                <Field label={speech.say("customer.phone")} value={typed.phone.clone()} on_input={part(&typed, |to, text| to.phone = text)}
                    kind="tel" inputmode="tel" />
                <Field label={speech.say("customer.email")} value={typed.email.clone()} on_input={part(&typed, |to, text| to.email = text)}
                    kind="email" inputmode="email" problem={is_odd.then(|| speech.say("customer.email-odd"))} />
                <TextArea label={speech.say("customer.note")} value={typed.note.clone()} on_input={part(&typed, |to, text| to.note = text)} />
                <label class="check">
                    <input type="checkbox" checked={typed.may_contact} onchange={consent} />
                    <span>{ speech.say("customer.consent") }</span>
                </label>
                <p class="hint">{ speech.say("customer.consent-hint") }</p>
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
                </footer>
            </form>
        </Dialog>
    }
}
