//! Dialogs, on the browser's own modal element: it keeps the focus inside, closes on Esc and gives the focus
//! back. What cannot be undone is asked in one.

use wasm_bindgen::JsCast as _;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

use super::{Icon, icon};
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub struct DialogProps {
    pub title: AttrValue,
    pub on_close: Callback<()>,
    /// Looks: a sheet from below on a phone is the default.
    #[prop_or_default]
    pub class: Classes,
    #[prop_or_default]
    pub children: Html,
}

/// Shown as long as it is in the page.
#[component]
pub fn Dialog(props: &DialogProps) -> Html {
    let speech = use_speech();
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            let dialog = node.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                // Only an element that is shown already refuses.
                let _ = dialog.show_modal();
            }
            move || dialog.iter().for_each(HtmlDialogElement::close)
        });
    }
    let oncancel = {
        let on_close = props.on_close.clone();
        Callback::from(move |event: Event| {
            event.prevent_default();
            on_close.emit(());
        })
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    // A click beside the dialog lands on the element itself.
    let outside = {
        let (on_close, node) = (props.on_close.clone(), node.clone());
        Callback::from(move |click: MouseEvent| {
            let target = click.target().and_then(|target| target.dyn_into::<HtmlDialogElement>().ok());
            if target.is_some() && target == node.cast::<HtmlDialogElement>() {
                on_close.emit(());
            }
        })
    };
    html! {
        <dialog ref={node} class={classes!("dialog", props.class.clone())} aria-label={props.title.clone()}
            {oncancel} onmousedown={outside}>
            <div class="dialog-body">
                <header class="dialog-head">
                    <h2>{ props.title.clone() }</h2>
                    <button type="button" class="button-icon" onclick={close} aria-label={speech.say("action.close")}>
                        { icon(Icon::Cross) }
                    </button>
                </header>
                { props.children.clone() }
            </div>
        </dialog>
    }
}

#[derive(Properties, PartialEq)]
pub struct ConfirmProps {
    pub title: AttrValue,
    pub text: AttrValue,
    /// What the button says that does it.
    pub action: AttrValue,
    /// Whether somebody must say why.
    #[prop_or_default]
    pub asks_reason: bool,
    /// The reason, or nothing where none is asked.
    pub on_confirm: Callback<String>,
    pub on_close: Callback<()>,
}

/// Asks before something that cannot be undone.
#[component]
pub fn Confirm(props: &ConfirmProps) -> Html {
    let speech = use_speech();
    let reason = use_state(String::new);
    let is_ready = !props.asks_reason || !reason.trim().is_empty();
    let onsubmit = {
        let (on_confirm, reason) = (props.on_confirm.clone(), reason.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            if is_ready {
                on_confirm.emit(reason.trim().to_owned());
            }
        })
    };
    let set_reason = {
        let reason = reason.clone();
        Callback::from(move |text: String| reason.set(text))
    };
    html! {
        <Dialog title={props.title.clone()} on_close={props.on_close.clone()} class="dialog-small">
            <form {onsubmit} class="stack">
                <p class="prose">{ props.text.clone() }</p>
                if props.asks_reason {
                    <super::Field label={speech.say("confirm.reason")} value={(*reason).clone()} on_input={set_reason}
                        autofocus=true />
                }
                <footer class="dialog-foot">
                    <button type="button" class="button" onclick={props.on_close.reform(|_| ())}>
                        { speech.say("action.keep") }
                    </button>
                    <button type="submit" class="button button-danger" disabled={!is_ready}>
                        { props.action.clone() }
                    </button>
                </footer>
            </form>
        </Dialog>
    }
}
