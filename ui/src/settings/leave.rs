//! Taking this device out of a stall: what happens then, what would be lost, and what to do about that.

use soko_app_api::{DeviceVerb, LeavingView, OwnStall, Query, View};
use soko_domain::ids::LogId;
use yew::prelude::*;

use super::own::BackUp;
use crate::acting::{closes, opens};
use crate::doing::{Doing, use_doing};
use crate::live::use_query;
use crate::nav::Go;
use crate::parts::{Busy, Dialog, Icon, Problem, icon};
use crate::route::Route;
use crate::speech::Speech;

#[derive(Properties, PartialEq)]
pub(super) struct LeaveProps {
    pub stall: OwnStall,
}

#[component]
pub(super) fn Leave(props: &LeaveProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let is_asking = use_state(|| false);
    html! {
        <section class="card stack" aria-labelledby="leave">
            <h2 id="leave">{ speech.say("leave.title") }</h2>
            <p class="prose">{ speech.fill("leave.text", &[("stall", &props.stall.name)]) }</p>
            <div class="row">
                <button type="button" class="button button-danger" onclick={opens(&is_asking)}>
                    { icon(Icon::Device) }{ speech.say("leave.open") }
                </button>
            </div>
            if *is_asking {
                <Asks stall={props.stall.clone()} on_close={closes(&is_asking)} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct AsksProps {
    stall: OwnStall,
    on_close: Callback<()>,
}

#[component]
fn Asks(props: &AsksProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let is_saving = use_state(|| false);
    let refused = use_state(|| None::<AttrValue>);
    let live = use_query(Some(Query::Leaving(props.stall.stall)));
    let on_saved = {
        let (again, close) = (live.again.clone(), closes(&is_saving));
        Callback::from(move |()| {
            close.emit(());
            again.emit(());
        })
    };
    let goes = |by_backup: bool| leaves(&doing, &props.stall, (by_backup, live.again.clone()), &refused);
    if *is_saving {
        return html! { <BackUp stall={props.stall.clone()} on_close={on_saved} /> };
    }
    let title = speech.fill("leave.from", &[("stall", &props.stall.name)]);
    let Some(View::Leaving(view)) = live.view() else {
        return html! { <Dialog {title} on_close={props.on_close.clone()} class="dialog-small"><Busy {live} /></Dialog> };
    };
    let offers_backup = refused.is_some() || view.has_unsent() || !view.is_connected;
    let by_backup = view.has_unsent() && view.is_backed_up && refused.is_some();
    html! {
        <Dialog {title} on_close={props.on_close.clone()} class="dialog-small">
            <div class="stack">
                <p class="prose">{ speech.say("leave.what") }</p>
                { facts(&speech, view) }
                { hurdle(&speech, view) }
                if let Some(sentence) = (*refused).clone() {
                    <Problem text={sentence} />
                }
                if by_backup {
                    <p class="prose">{ speech.say("leave.by-backup-text") }</p>
                }
                <footer class="dialog-foot">
                    if offers_backup {
                        <button type="button" class="button" onclick={opens(&is_saving)} disabled={doing.is_busy()}>
                            { icon(Icon::Archive) }{ speech.say("own.back-up") }
                        </button>
                    }
                    if by_backup {
                        <button type="button" class="button button-danger" onclick={goes(true)} disabled={doing.is_busy()}>
                            { speech.say("leave.by-backup") }
                        </button>
                    } else {
                        <button type="button" class="button button-danger" onclick={goes(false)}
                            disabled={doing.is_busy() || view.is_shift_open}>
                            { speech.say(if doing.is_busy() { "leave.going" } else { "leave.do" }) }
                        </button>
                    }
                </footer>
            </div>
        </Dialog>
    }
}

/// Leaves, and says what stands in the way where something does.
fn leaves(
    doing: &Doing,
    stall: &OwnStall,
    (by_backup, again): (bool, Callback<()>),
    refused: &UseStateHandle<Option<AttrValue>>,
) -> Callback<MouseEvent> {
    let (doing, stall, refused) = (doing.clone(), stall.clone(), refused.setter());
    Callback::from(move |_: MouseEvent| {
        let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
        let (again, refused, stall) = (again.clone(), refused.clone(), stall.clone());
        let verb = DeviceVerb::Leave { stall: stall.stall, by_backup };
        refused.set(None);
        doing.try_to(async move { desk.with_device(verb).await }, move |outcome| match outcome {
            Ok(_) => said.toasts.done(speech.fill("leave.done", &[("stall", &stall.name)])),
            Err(trouble) => {
                refused.set(Some(trouble.sentence(&speech)));
                again.emit(());
            }
        });
    })
}

/// What lies here and would go back or be sent.
fn facts(speech: &Speech, view: &LeavingView) -> Html {
    let count = |n: u64| speech.number(i64::try_from(n).unwrap_or(i64::MAX));
    let lines = [
        ("leave.records", view.records),
        ("leave.pictures", u64::from(view.pictures)),
        ("leave.receipts", u64::from(view.receipts)),
        ("leave.products", u64::from(view.products)),
        ("leave.purses", u64::from(view.purses)),
    ];
    html! {
        <dl class="facts">
            { for lines.into_iter().filter(|(_, n)| *n > 0).map(|(key, n)| html! {
                <div key={key}><dt>{ speech.say(key) }</dt><dd class="number">{ count(n) }</dd></div>
            }) }
        </dl>
    }
}

/// What has to be done first.
fn hurdle(speech: &Speech, view: &LeavingView) -> Html {
    if view.is_shut_out {
        return html! { <p class="prose">{ speech.say("leave.shut-out") }</p> };
    }
    if view.is_shift_open {
        return html! {
            <Problem text={speech.say("leave.drawer-open")}>
                <Go to={Route::Drawer} class="button">{ speech.say("drawer.count-close") }</Go>
            </Problem>
        };
    }
    if view.is_connected {
        return Html::default();
    }
    html! { <Problem text={speech.say("leave.only-here")} /> }
}

#[derive(Properties, PartialEq)]
pub(super) struct LeavingProps {
    pub stall: LogId,
}

/// The server did not say yet whether it heard that this device leaves.
#[component]
pub(super) fn Leaving(props: &LeavingProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let again = {
        let (doing, stall) = (doing.clone(), props.stall);
        Callback::from(move |_: MouseEvent| {
            let desk = doing.desk.clone();
            let work = async move {
                let verb = DeviceVerb::Leave { stall, by_backup: false };
                desk.with_device(verb).await.map(drop)
            };
            doing.run::<()>(work, |()| ());
        })
    };
    let renew = {
        let (doing, stall) = (doing.clone(), props.stall);
        Callback::from(move |_: MouseEvent| {
            let desk = doing.desk.clone();
            let work = async move { desk.with_device(DeviceVerb::Renew(stall)).await.map(drop) };
            doing.run::<()>(work, |()| ());
        })
    };
    html! {
        <Problem text={speech.say("register.leaving")}>
            <button type="button" class="button" onclick={again} disabled={doing.is_busy()}>
                { speech.say("leave.ask-again") }
            </button>
            // Where no server ever answers: what was sold here would wait for ever.
            <button type="button" class="button button-quiet" onclick={renew} disabled={doing.is_busy()}>
                { speech.say("leave.stay") }
            </button>
        </Problem>
    }
}
