//! Owning one's stall: everything in one file under a password, a device made of such a file, and tables for other
//! programs.

use soko_app_api::{BACKUP_BYTES_MAX, DeviceReply, DeviceVerb, FileMade, OwnStall};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::acting::{closes, opens, sets};
use crate::browser;
use crate::desk::{Desk, Trouble};
use crate::doing::use_doing;
use crate::parts::{Dialog, Field, Icon, icon};
use crate::people::use_at_register;
use crate::route::Route;
use crate::speech::Speech;

const PASSWORD_CHARS_MIN: usize = 8;

#[derive(Properties, PartialEq)]
pub(super) struct OwnProps {
    /// None on a device without a stall: it can only restore one.
    pub stall: Option<OwnStall>,
}

#[component]
pub(super) fn Own(props: &OwnProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (backing_up, restoring) = (use_state(|| false), use_state(|| false));
    // Whoever may see the figures: the tables say more than they do.
    let here = use_at_register(props.stall.as_ref()).filter(|here| !here.is_locked());
    let may_export = here.as_ref().is_some_and(|here| here.role.may_manage_people());
    let may_back_up = here.as_ref().is_some_and(|here| !here.is_guarded || here.role.may_manage_people());
    let export = props.stall.as_ref().map(|stall| {
        let (doing, stall) = (doing.clone(), stall.stall);
        Callback::from(move |_: MouseEvent| {
            let (desk, speech) = (doing.desk.clone(), doing.speech.clone());
            doing.run(file(doing.desk.clone(), DeviceVerb::Export(stall)), move |made| {
                hand_out(&desk, &speech, &made)
            });
        })
    });
    html! {
        <section class="card stack" aria-labelledby="own">
            <h2 id="own">{ speech.say("own.title") }</h2>
            <p class="prose">{ speech.say("own.text") }</p>
            <div class="row">
                if let Some(export) = export {
                    if may_back_up {
                        <button type="button" class="button button-main" onclick={opens(&backing_up)}>{ icon(Icon::Archive) }{ speech.say("own.back-up") }</button>
                    }
                    if may_export {
                        <button type="button" class="button" onclick={export} disabled={doing.is_busy()}>{ icon(Icon::Note) }{ speech.say("own.export") }</button>
                    }
                }
                <button type="button" class="button" onclick={opens(&restoring)}>{ icon(Icon::Device) }{ speech.say("own.restore") }</button>
            </div>
            if let Some(stall) = props.stall.clone().filter(|_| *backing_up) {
                <BackUp {stall} on_close={closes(&backing_up)} />
            }
            if *restoring { <Restore on_close={closes(&restoring)} /> }
        </section>
    }
}

pub(super) async fn file(desk: Desk, verb: DeviceVerb) -> Result<FileMade, Trouble> {
    let reply = desk.with_device(verb).await?;
    if let DeviceReply::File(made) = reply { Ok(made) } else { Err(Trouble::of("link.unreadable")) }
}

/// Says where it is, or lets the browser ask.
pub(super) fn hand_out(desk: &Desk, speech: &Speech, made: &FileMade) {
    if !made.place.is_empty() {
        desk.toasts.done(speech.fill("own.put", &[("place", &made.place)]));
    } else if browser::file::hand_out(&made.name, &made.bytes) {
        desk.toasts.done(speech.fill("own.handed-out", &[("name", &made.name)]));
    } else {
        desk.toasts.error(speech.say("own.not-handed-out"));
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct BackUpProps {
    pub stall: OwnStall,
    pub on_close: Callback<()>,
}

#[component]
pub(super) fn BackUp(props: &BackUpProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (password, again) = (use_state(String::new), use_state(String::new));
    let is_long = password.chars().count() >= PASSWORD_CHARS_MIN;
    let differs = !again.is_empty() && *again != *password;
    let is_ready = is_long && *again == *password && !doing.is_busy();
    let onsubmit = {
        let (doing, password, on_close, stall) =
            (doing.clone(), password.clone(), props.on_close.clone(), props.stall.stall);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let verb = DeviceVerb::BackUp { stall, password: (*password).clone() };
            let (desk, speech, on_close) = (doing.desk.clone(), doing.speech.clone(), on_close.clone());
            doing.run(file(doing.desk.clone(), verb), move |made| {
                hand_out(&desk, &speech, &made);
                on_close.emit(());
            });
        })
    };
    html! {
        <Dialog title={speech.say("own.back-up")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <p class="prose">{ speech.say("own.back-up-text") }</p>
                <Field label={speech.say("own.password")} value={(*password).clone()} on_input={sets(&password)} kind="password"
                    autocomplete="new-password" autofocus=true required=true hint={speech.say("own.password-hint")} />
                <Field label={speech.say("own.password-again")} value={(*again).clone()} on_input={sets(&again)} kind="password"
                    autocomplete="new-password" required=true problem={differs.then(|| speech.say("own.password-differs"))} />
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>
                        { speech.say(if doing.is_busy() { "own.sealing" } else { "own.back-up" }) }
                    </button>
                </footer>
            </form>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct RestoreProps {
    on_close: Callback<()>,
}

#[component]
fn Restore(props: &RestoreProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (password, name) = (use_state(String::new), use_state(String::new));
    let chosen = use_state(|| None::<web_sys::File>);
    let onchange = {
        let chosen = chosen.clone();
        Callback::from(move |change: Event| {
            let input: HtmlInputElement = change.target_unchecked_into();
            chosen.set(input.files().and_then(|files| files.get(0)));
        })
    };
    let is_ready = chosen.is_some() && !password.is_empty() && !name.trim().is_empty() && !doing.is_busy();
    let onsubmit = {
        let (doing, chosen, password, name, on_close) =
            (doing.clone(), chosen.clone(), password.clone(), name.clone(), props.on_close.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(file) = (*chosen).clone() else { return };
            let (password, device_name) = ((*password).clone(), name.trim().to_owned());
            let (desk, told, speech, on_close) =
                (doing.desk.clone(), doing.desk.clone(), doing.speech.clone(), on_close.clone());
            let work = async move {
                let bytes = browser::file::read(&file, BACKUP_BYTES_MAX).await;
                let bytes = bytes.ok_or_else(|| Trouble::of("own.unreadable"))?;
                let reply = desk.with_device(DeviceVerb::Restore { bytes, password, device_name }).await?;
                let joined = if let DeviceReply::Joined(stall) = reply { Some(stall) } else { None };
                joined.ok_or_else(|| Trouble::of("link.unreadable"))
            };
            doing.run(work, move |stall| {
                told.choose_stall(stall);
                told.toasts.done(speech.say("own.restored"));
                on_close.emit(());
                told.go(Route::Sell);
            });
        })
    };
    let shown = chosen.as_ref().map_or_else(|| speech.say("own.choose"), |file| file.name().into());
    html! {
        <Dialog title={speech.say("own.restore")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <p class="prose">{ speech.say("own.restore-text") }</p>
                <label class="button file-choice">
                    { icon(Icon::Archive) }<span>{ shown }</span>
                    <input type="file" accept=".sokobackup" {onchange} class="silent" />
                </label>
                <Field label={speech.say("own.password")} value={(*password).clone()} on_input={sets(&password)} kind="password"
                    autocomplete="current-password" required=true />
                <Field label={speech.say("own.device-name")} value={(*name).clone()} on_input={sets(&name)} required=true
                    hint={speech.say("own.device-name-hint")} />
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>
                        { speech.say(if doing.is_busy() { "own.opening" } else { "own.restore" }) }
                    </button>
                </footer>
            </form>
        </Dialog>
    }
}
