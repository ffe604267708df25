//! What the server keeps of whoever is signed in: all of it as a file, and its end.

use soko_app_api::{DeviceReply, DeviceVerb};
use yew::prelude::*;

use super::own::{file, hand_out};
use crate::acting::{closes, opens, sets};
use crate::app::use_about;
use crate::doing::use_doing;
use crate::parts::{Dialog, Field, Icon, icon};
use crate::speech::use_speech;

/// Nothing when nobody is signed in.
#[component]
pub(super) fn OwnData() -> Html {
    let (doing, about) = (use_doing(), use_about());
    let speech = doing.speech.clone();
    let erasing = use_state(|| false);
    if about.is_none_or(|about| about.account.is_none()) {
        return Html::default();
    }
    let take = {
        let doing = doing.clone();
        Callback::from(move |_: MouseEvent| {
            let (desk, speech) = (doing.desk.clone(), doing.speech.clone());
            doing.run(file(doing.desk.clone(), DeviceVerb::OwnData), move |made| {
                hand_out(&desk, &speech, &made)
            });
        })
    };
    html! {
        <section class="card stack" aria-labelledby="own-data">
            <h2 id="own-data">{ speech.say("own-data.title") }</h2>
            <p class="prose">{ speech.say("own-data.text") }</p>
            <div class="row">
                <button type="button" class="button" onclick={take} disabled={doing.is_busy()}>
                    { icon(Icon::Note) }{ speech.say("own-data.take") }
                </button>
                <button type="button" class="button button-danger" onclick={opens(&erasing)}>
                    { icon(Icon::Trash) }{ speech.say("own-data.erase") }
                </button>
            </div>
            if *erasing { <Erase on_close={closes(&erasing)} /> }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct EraseProps {
    on_close: Callback<()>,
}

#[component]
fn Erase(props: &EraseProps) -> Html {
    let doing = use_doing();
    let speech = use_speech();
    let password = use_state(String::new);
    let onsubmit = {
        let (doing, password, on_close) = (doing.clone(), password.clone(), props.on_close.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, verb) =
                (doing.desk.clone(), DeviceVerb::EraseAccount { password: (*password).clone() });
            let (to, speech, on_close) = (desk.clone(), doing.speech.clone(), on_close.clone());
            doing.run(async move { desk.with_device(verb).await }, move |reply| {
                if reply == DeviceReply::Done {
                    to.toasts.done(speech.say("own-data.erased"));
                }
                on_close.emit(());
            });
        })
    };
    html! {
        <Dialog title={speech.say("own-data.erase")} on_close={props.on_close.clone()}>
            <form class="stack" {onsubmit}>
                <p class="prose">{ speech.say("own-data.erase-text") }</p>
                <Field label={speech.say("sign-in.password")} value={(*password).clone()} kind="password"
                    on_input={sets(&password)} required=true />
                <button type="submit" class="button button-danger" disabled={password.is_empty() || doing.is_busy()}>
                    { speech.say("own-data.erase") }
                </button>
            </form>
        </Dialog>
    }
}
