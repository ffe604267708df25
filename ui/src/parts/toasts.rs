//! Where toasts appear; screen readers hear them as they come.

use yew::prelude::*;

use super::{Icon, icon};
use crate::desk::use_desk;
use crate::speech::use_speech;
use crate::toast::{Toast, Tone, on_screen};
use crate::watched::use_watched;

#[component]
pub fn ToastShelf() -> Html {
    let desk = use_desk();
    let shown = use_watched(&desk.toasts.shown);
    html! {
        <div class="toasts" role="region" aria-live="polite">
            { for on_screen(&shown).iter().map(|toast| html! { <Shown key={toast.id} toast={toast.clone()} /> }) }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct ShownProps {
    toast: Toast,
}

#[component]
fn Shown(props: &ShownProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let toast = &props.toast;
    let id = toast.id;
    let (class, sign) = match toast.tone {
        Tone::Done => ("toast", Icon::Check),
        Tone::News => ("toast", Icon::Info),
        Tone::Error => ("toast toast-error", Icon::Warning),
    };
    let dismiss = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.toasts.dismiss(id))
    };
    let holds = |is_held: bool| {
        let desk = desk.clone();
        move || desk.toasts.hold(id, is_held)
    };
    let (over, away) = (holds(true), holds(false));
    let (focused, left) = (over.clone(), away.clone());
    let act = toast.action.clone().map(|(label, action)| {
        let onclick = Callback::from(move |_: MouseEvent| {
            desk.toasts.dismiss(id);
            action.emit(());
        });
        html! { <button type="button" class="toast-action" {onclick}>{ label }</button> }
    });
    html! {
        <div {class} role={(toast.tone == Tone::Error).then_some("alert")}
            onmouseenter={move |_| over()} onmouseleave={move |_| away()}
            onfocusin={move |_| focused()} onfocusout={move |_| left()}>
            { icon(sign) }
            <p>{ toast.text.clone() }</p>
            { act }
            <button type="button" class="button-icon" onclick={dismiss} aria-label={speech.say("action.dismiss")}>
                { icon(Icon::Cross) }
            </button>
        </div>
    }
}
