//! Making this device a register of a stall that exists, by what another device of it showed.

use soko_app_api::{DeviceReply, DeviceVerb};
use yew::prelude::*;

use crate::desk::Desk;
use crate::doing::use_doing;
use crate::parts::{Field, Problem, TextArea};
use crate::route::Route;
use crate::seller::camera::use_camera;

/// What the code on the other device's screen begins with.
const INVITATION: &str = "soko:";

/// An invitation that the camera or a scanner reads.
#[hook]
fn use_scanned(desk: &Desk, set: UseStateSetter<String>) {
    let desk = desk.clone();
    use_effect_with((), move |()| {
        let listening = desk.scans.listen(move |code| {
            if code.starts_with(INVITATION) {
                set.set(code.clone());
            }
        });
        move || drop(listening)
    });
}

#[component]
pub(super) fn Join() -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let invitation = use_state(String::new);
    let name = use_state(String::new);
    let problem = use_state(|| None::<AttrValue>);
    let is_ready = !invitation.trim().is_empty() && !name.trim().is_empty();
    let (camera, looking) = use_camera();
    use_scanned(&doing.desk, invitation.setter());
    let set = |state: &UseStateHandle<String>| {
        let state = state.setter();
        Callback::from(move |text: String| state.set(text))
    };
    let onsubmit = {
        let (doing, problem) = (doing.clone(), problem.setter());
        let (invitation, name) = (invitation.clone(), name.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, going, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            let problem = problem.clone();
            let verb = DeviceVerb::Join {
                invitation: invitation.trim().to_owned(),
                device_name: name.trim().to_owned(),
            };
            problem.set(None);
            doing.try_to(async move { desk.with_device(verb).await }, move |outcome| match outcome {
                Ok(DeviceReply::Joined(stall)) => {
                    going.choose_stall(stall);
                    going.go(Route::Sell);
                }
                Ok(_) => going.go(Route::Sell),
                Err(trouble) => problem.set(Some(trouble.sentence(&speech))),
            });
        })
    };
    html! {
        <section class="card stack" aria-labelledby="join">
            <h2 id="join">{ speech.say("devices.join") }</h2>
            <p class="prose">{ speech.say("devices.join-text") }</p>
            <form class="stack" {onsubmit}>
                <div class="row">
                    <div class="grow">
                        <TextArea label={speech.say("devices.invitation")} value={(*invitation).clone()} on_input={set(&invitation)} />
                    </div>
                    { camera }
                </div>
                { looking }
                <Field label={speech.say("devices.name")} value={(*name).clone()} on_input={set(&name)}
                    hint={speech.say("devices.name-hint")} />
                if let Some(problem) = &*problem {
                    <Problem text={problem.clone()} />
                }
                <div class="row">
                    <button type="submit" class="button button-main" disabled={!is_ready || doing.is_busy()}>
                        { speech.say("devices.join-do") }
                    </button>
                </div>
            </form>
        </section>
    }
}
