//! What can be done with a message that was given up.

use yew::prelude::*;

use crate::doing::Doing;

/// Two buttons: try it again (true), or leave it at that (false). `what` tells it from its neighbours, for whoever hears them.
pub fn given_up(doing: &Doing, what: &str, on_said: &Callback<bool>) -> Html {
    html! {
        <span class="row">
            { button(doing, (what, true), on_said) }
            { button(doing, (what, false), on_said) }
        </span>
    }
}

/// The same where only whoever runs the server tries it again.
pub fn left_at_that(doing: &Doing, what: &str, on_said: &Callback<bool>) -> Html {
    html! { <span class="row">{ button(doing, (what, false), on_said) }</span> }
}

fn button(doing: &Doing, (what, again): (&str, bool), on_said: &Callback<bool>) -> Html {
    let (class, key) =
        if again { ("button", "action.try-again") } else { ("button button-quiet", "told.leave") };
    let said = doing.speech.say(key);
    let label = format!("{said}: {what}");
    let onclick = on_said.reform(move |_: MouseEvent| again);
    html! { <button type="button" {class} {onclick} aria-label={label} disabled={doing.is_busy()}>{ said }</button> }
}
