//! What can be done with a message that was given up.

use yew::prelude::*;

use crate::doing::Doing;

/// Two buttons: try it again (true), or leave it at that (false). `what` tells it from its neighbours, for whoever hears them.
pub fn given_up(doing: &Doing, what: &str, on_said: &Callback<bool>) -> Html {
    let button = |again: bool, class: &'static str, key: &'static str| {
        let said = doing.speech.say(key);
        let label = format!("{said}: {what}");
        let onclick = on_said.reform(move |_: MouseEvent| again);
        html! { <button type="button" {class} {onclick} aria-label={label} disabled={doing.is_busy()}>{ said }</button> }
    };
    html! {
        <span class="row">
            { button(true, "button", "action.try-again") }
            { button(false, "button button-quiet", "told.leave") }
        </span>
    }
}
