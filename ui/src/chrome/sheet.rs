//! The keys that do something, on one sheet.

use yew::prelude::*;

use crate::desk::{Overlay, use_desk};
use crate::parts::Dialog;
use crate::speech::use_speech;

/// Keys as they stand on a keyboard, and what they do.
const KEYS: &[(&[&str], &str)] = &[
    (&["Ctrl", "K"], "shortcuts.palette"),
    (&["/"], "shortcuts.search"),
    (&["Ctrl", "Enter"], "shortcuts.pay"),
    (&["?"], "shortcuts.sheet"),
    (&["Esc"], "shortcuts.close"),
];

#[component]
pub fn Shortcuts() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let on_close = Callback::from(move |()| desk.overlay.set(Overlay::Nothing));
    html! {
        <Dialog title={speech.say("shortcuts.title")} {on_close} class="dialog-small">
            <dl class="keys">
                { for KEYS.iter().map(|(keys, does)| html! {
                    <div>
                        <dt>{ speech.say(does) }</dt>
                        <dd>{ for keys.iter().map(|key| html! { <kbd>{ *key }</kbd> }) }</dd>
                    </div>
                }) }
            </dl>
            <p class="field-hint">{ speech.say("shortcuts.scanner") }</p>
        </Dialog>
    }
}
