//! The addresses that somebody keeps for their orders: the page of all of them, and the form of one. They are kept on the device.

use soko_app_api::{AddressInput, AddressView, BuyerQuery, BuyerVerb, BuyerView, ContactView};
use soko_domain::ids::ThingId;
use yew::prelude::*;

use crate::acting::{closes, opens, part};
use crate::browser;
use crate::doing::use_doing;
use crate::live::use_buyer;
use crate::nav::Go;
use crate::parts::{Badge, Busy, Confirm, Dialog, Empty, Field, Icon, SavedTone, TextArea, icon};
use crate::route::Route;
use crate::speech::use_speech;

#[component]
pub(super) fn Addresses() -> Html {
    let speech = use_speech();
    let live = use_buyer(Some(BuyerQuery::Addresses));
    let adds = use_state(|| false);
    let add = html! {
        <button type="button" class="button button-main" onclick={opens(&adds)}>
            { icon(Icon::Plus) }{ speech.say("addresses.add") }
        </button>
    };
    let body = match live.buyer() {
        Some(BuyerView::Addresses(all)) if all.is_empty() => html! {
            <Empty icon={Icon::Stall} title={speech.say("addresses.empty")} text={speech.say("addresses.empty-text")}>
                { add }
            </Empty>
        },
        Some(BuyerView::Addresses(all)) => html! {
            <>
                { for all.iter().map(|it| html! { <One key={it.address.to_string()} it={it.clone()} /> }) }
                <p>{ add }</p>
            </>
        },
        _ => html! { <Busy {live} /> },
    };
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Me} class="button-icon page-back" label={speech.say("nav.me")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("addresses.title") }</h1>
            </header>
            <p class="prose">{ speech.say("addresses.text") }</p>
            { body }
            if *adds { <Form on_close={closes(&adds)} /> }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct OneProps {
    it: AddressView,
}

/// What is kept, and what can be done with it.
#[component]
fn One(props: &OneProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let AddressView { address, label, contact, is_usual } = props.it.clone();
    let (edits, removes) = (use_state(|| false), use_state(|| false));
    let choose = {
        let (doing, it) = (doing.clone(), props.it.clone());
        Callback::from(move |_: MouseEvent| {
            let AddressView { address, label, contact, .. } = it.clone();
            let it = AddressInput { label, contact, is_usual: true };
            let verb = BuyerVerb::PutAddress { address, it };
            let desk = doing.desk.clone();
            doing.run(async move { desk.buy(verb).await }, |()| ());
        })
    };
    let remove = {
        let (doing, close) = (doing.clone(), closes(&removes));
        Callback::from(move |_: String| {
            let desk = doing.desk.clone();
            close.emit(());
            doing.run(async move { desk.buy(BuyerVerb::RemoveAddress { address }).await }, |()| ());
        })
    };
    let named = |key: &'static str| speech.fill(key, &[("name", &label)]);
    html! {
        <section class="card stack" aria-label={label.clone()}>
            <header class="panel-head">
                <h2 dir="auto">{ label.clone() }</h2>
                if is_usual { <Badge tone={SavedTone::Good} text={speech.say("addresses.usual")} /> }
            </header>
            <p class="prose lines-kept" dir="auto">{ format!("{}\n{}\n{}", contact.name, contact.reach, contact.address) }</p>
            <div class="row">
                <button type="button" class="button" onclick={opens(&edits)} aria-label={named("addresses.change-one")}>
                    { icon(Icon::Pencil) }{ speech.say("addresses.change") }
                </button>
                if !is_usual {
                    <button type="button" class="button" onclick={choose} disabled={doing.is_busy()} aria-label={named("addresses.choose-one")}>
                        { icon(Icon::Check) }{ speech.say("addresses.choose") }
                    </button>
                }
                <button type="button" class="button" onclick={opens(&removes)} disabled={doing.is_busy()} aria-label={named("addresses.remove-one")}>
                    { icon(Icon::Trash) }{ speech.say("addresses.remove") }
                </button>
            </div>
            if *edits { <Form it={props.it.clone()} on_close={closes(&edits)} /> }
            if *removes {
                <Confirm title={named("addresses.remove-one")} text={speech.say("addresses.remove-text")}
                    action={speech.say("addresses.remove")} on_confirm={remove} on_close={closes(&removes)} />
            }
        </section>
    }
}

fn is_whole(typed: &AddressInput) -> bool {
    let ContactView { name, reach, address } = &typed.contact;
    [&typed.label, name, reach, address].iter().all(|text| !text.trim().is_empty())
}

#[derive(Properties, PartialEq)]
struct FormProps {
    /// None for a new one.
    #[prop_or_default]
    it: Option<AddressView>,
    on_close: Callback<()>,
}

#[component]
fn Form(props: &FormProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    // One identity however often the button is tapped.
    let address =
        *use_memo((), |()| props.it.as_ref().map_or_else(|| ThingId(browser::chance()), |it| it.address));
    let typed = use_state(|| {
        let it = props.it.clone();
        it.map(|AddressView { label, contact, is_usual, .. }| AddressInput { label, contact, is_usual })
            .unwrap_or_default()
    });
    let onsubmit = {
        let (doing, typed, on_close) = (doing.clone(), typed.clone(), props.on_close.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let verb = BuyerVerb::PutAddress { address, it: (*typed).clone() };
            let (desk, on_close) = (doing.desk.clone(), on_close.clone());
            doing.run(async move { desk.buy(verb).await }, move |()| on_close.emit(()));
        })
    };
    let choose = {
        let typed = typed.clone();
        Callback::from(move |_: Event| {
            typed.set(AddressInput { is_usual: !typed.is_usual, ..(*typed).clone() });
        })
    };
    let was_usual = props.it.as_ref().is_some_and(|it| it.is_usual);
    let title = speech.say(if props.it.is_some() { "addresses.change-title" } else { "addresses.add" });
    html! {
        <Dialog {title} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Field label={speech.say("addresses.label")} value={typed.label.clone()} hint={speech.say("addresses.label-hint")}
                    required=true autofocus=true on_input={part(&typed, |to, text| to.label = text)} />
                <Field label={speech.say("addresses.name")} value={typed.contact.name.clone()} autocomplete="name" required=true
                    on_input={part(&typed, |to, text| to.contact.name = text)} />
                <Field label={speech.say("checkout.reach")} value={typed.contact.reach.clone()} autocomplete="tel" required=true
                    on_input={part(&typed, |to, text| to.contact.reach = text)} />
                <TextArea label={speech.say("checkout.address")} value={typed.contact.address.clone()}
                    on_input={part(&typed, |to, text| to.contact.address = text)} />
                if !was_usual {
                    <label class="check">
                        <input type="checkbox" checked={typed.is_usual} onchange={choose} />
                        <span>{ speech.say("addresses.choose") }</span>
                    </label>
                }
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_whole(&typed) || doing.is_busy()}>
                        { speech.say("settings.save") }
                    </button>
                </footer>
            </form>
        </Dialog>
    }
}
