//! What goes to the clipboard with a press, and whether it did.

use yew::prelude::*;

use crate::browser;
use crate::desk::Desk;
use crate::speech::Speech;

pub fn copies(desk: &Desk, speech: &Speech, text: &str) -> Callback<MouseEvent> {
    let (desk, speech, text) = (desk.clone(), speech.clone(), text.to_owned());
    Callback::from(move |_: MouseEvent| {
        let (desk, speech, text) = (desk.clone(), speech.clone(), text.clone());
        wasm_bindgen_futures::spawn_local(async move {
            if browser::copy(&text).await {
                desk.toasts.done(speech.say("devices.copied"));
            } else {
                desk.toasts.error(speech.say("devices.not-copied"));
            }
        });
    })
}
