//! Addresses of an owner's own programs that are told what happens: what each is told, how it fares, and what was sent.

use std::rc::Rc;

use soko_app_api::{DeliveryRow, HOOK_TOPICS, HookInput, HookRow, ProgramsReply, ProgramsVerb, ProgramsView};
use soko_domain::ids::{LogId, ThingId};
use yew::prelude::*;

use super::programs::{ShownOnce, Ticks, ask};
use crate::acting::{closes, opens, sets};
use crate::desk::Desk;
use crate::doing::{Doing, use_doing};
use crate::parts::{Badge, Confirm, Dialog, Field, Icon, Loading, SavedTone, given_up, icon};
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct HooksProps {
    pub stall: LogId,
    pub view: Rc<ProgramsView>,
    pub on_look: Callback<()>,
}

#[component]
pub(super) fn Hooks(props: &HooksProps) -> Html {
    let speech = use_speech();
    let is_making = use_state(|| false);
    let secret = use_state(|| None::<AttrValue>);
    let on_secret = {
        let (is_making, secret, on_look) = (is_making.setter(), secret.setter(), props.on_look.clone());
        Callback::from(move |made: Option<AttrValue>| {
            is_making.set(false);
            secret.set(made);
            on_look.emit(());
        })
    };
    let forget = {
        let secret = secret.setter();
        Callback::from(move |()| secret.set(None))
    };
    html! {
        <section class="card stack" aria-labelledby="hooks">
            <h2 id="hooks">{ speech.say("programs.hooks") }</h2>
            <p class="prose">{ speech.say("programs.hooks-text") }</p>
            { for props.view.hooks.iter().map(|row| html! {
                <Hook key={row.hook.to_string()} stall={props.stall} row={row.clone()} on_secret={on_secret.clone()} />
            }) }
            <div class="row">
                <button type="button" class="button button-main" onclick={opens(&is_making)}>{ icon(Icon::Plus) }{ speech.say("programs.hook-new") }</button>
            </div>
            if *is_making {
                <Dialog title={speech.say("programs.hook-new")} on_close={closes(&is_making)}>
                    <HookForm stall={props.stall} row={None::<HookRow>} {on_secret} />
                </Dialog>
            }
            if let Some(secret) = &*secret {
                <ShownOnce title={speech.say("programs.secret")} text={speech.say("programs.secret-text")}
                    secret={secret.clone()} on_close={forget} />
            }
        </section>
    }
}

fn topic_name(speech: &Speech, topic: &str) -> AttrValue {
    speech.say_or(&format!("programs.topic-{}", topic.replace('.', "-")), topic)
}

#[derive(Properties, PartialEq)]
struct HookProps {
    stall: LogId,
    row: HookRow,
    /// It is another one now; with a secret, where one was made.
    on_secret: Callback<Option<AttrValue>>,
}

/// Does something about an address and looks again.
fn does(
    doing: &Doing,
    stall: LogId,
    verb: ProgramsVerb,
    (said, on_secret): (&'static str, Callback<Option<AttrValue>>),
) {
    let (desk, done) = (doing.desk.clone(), doing.clone());
    doing.run(async move { ask(&desk, stall, verb).await }, move |reply| {
        if let ProgramsReply::Secret(secret) = reply {
            on_secret.emit(Some(secret.into()));
        } else {
            done.desk.toasts.done(done.speech.say(said));
            on_secret.emit(None);
        }
    });
}

#[component]
fn Hook(props: &HookProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let log = use_state(|| None::<Option<Rc<Vec<DeliveryRow>>>>);
    let HookProps { stall, row, on_secret } = props;
    let (stall, hook) = (*stall, row.hook);
    let act = |verb: ProgramsVerb, said: &'static str| {
        let (doing, on_secret) = (doing.clone(), on_secret.clone());
        Callback::from(move |()| does(&doing, stall, verb.clone(), (said, on_secret.clone())))
    };
    let look = shows_log(&doing.desk, (stall, hook), &log);
    let test = act(ProgramsVerb::TestHook(hook), "programs.tested");
    let input = HookInput { address: row.address.clone(), topics: row.topics.clone() };
    let on = act(ProgramsVerb::PutHook { hook, input }, "settings.saved");
    let again = act(ProgramsVerb::Again { hook, delivery: None }, "programs.again-done");
    let one = says_of_one(&doing, (stall, hook), look.clone());
    let topics: Vec<String> = row.topics.iter().map(|topic| topic_name(&speech, topic).to_string()).collect();
    html! {
        <article class="stack" aria-label={row.address.clone()}>
            <div class="row row-apart">
                <h3 class="hook-address" dir="ltr">{ row.address.clone() }</h3>
                { badge(&speech, row) }
            </div>
            <p class="quiet">{ topics.join(" · ") }</p>
            if let Some(off_ms) = row.off_ms {
                <p class="prose">{ speech.fill("programs.off-since", &[("time", &speech.day_and_time(off_ms, None)), ("why", &row.off_reason)]) }</p>
            }
            if let Some(until_ms) = row.before_until_ms {
                <p class="field-hint">{ speech.fill("programs.before-until", &[("time", &speech.day_and_time(until_ms, None))]) }</p>
            }
            <div class="row">
                if row.off_ms.is_some() {
                    <button type="button" class="button button-main" onclick={on.reform(|_| ())} disabled={doing.is_busy()}>{ speech.say("programs.hook-on") }</button>
                } else {
                    <button type="button" class="button" onclick={test.reform(|_| ())} disabled={doing.is_busy()}>{ icon(Icon::Bell) }{ speech.say("programs.test") }</button>
                }
                <button type="button" class="button" onclick={look.reform(|_| ())}>{ speech.say("programs.log") }</button>
                <Changes {stall} row={row.clone()} {on_secret} />
            </div>
            if let Some(rows) = &*log {
                <Log rows={rows.clone()} on_again={again} on_one={one} />
            }
        </article>
    }
}

/// What is asked about before it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    Nothing,
    Change,
    Renew,
    End,
}

/// Another address or other topics, another secret, and its end.
#[component]
fn Changes(props: &HookProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let asking = use_state_eq(|| Asking::Nothing);
    let HookProps { stall, row, on_secret } = props;
    let (stall, hook) = (*stall, row.hook);
    let asks = |what: Asking| {
        let asking = asking.setter();
        Callback::from(move |_: MouseEvent| asking.set(what))
    };
    let close = {
        let asking = asking.setter();
        Callback::from(move |()| asking.set(Asking::Nothing))
    };
    let act = |verb: ProgramsVerb, said: &'static str| {
        let (doing, on_secret, asking) = (doing.clone(), on_secret.clone(), asking.setter());
        Callback::from(move |_: String| {
            asking.set(Asking::Nothing);
            does(&doing, stall, verb.clone(), (said, on_secret.clone()));
        })
    };
    let changed = {
        let (asking, on_secret) = (asking.setter(), on_secret.clone());
        Callback::from(move |made: Option<AttrValue>| {
            asking.set(Asking::Nothing);
            on_secret.emit(made);
        })
    };
    let renew = act(ProgramsVerb::RenewSecret(hook), "settings.saved");
    let end = act(ProgramsVerb::EndHook(hook), "programs.hook-ended");
    html! {
        <>
            <button type="button" class="button" onclick={asks(Asking::Change)}>{ speech.say("programs.hook-change") }</button>
            <button type="button" class="button button-quiet" onclick={asks(Asking::Renew)}>{ speech.say("programs.renew") }</button>
            <button type="button" class="button button-quiet" onclick={asks(Asking::End)}>{ speech.say("programs.hook-end") }</button>
            { match *asking {
                Asking::Nothing => Html::default(),
                Asking::Change => html! {
                    <Dialog title={speech.say("programs.hook-change")} on_close={close}>
                        <HookForm {stall} row={Some(row.clone())} on_secret={changed} />
                    </Dialog>
                },
                Asking::Renew => html! {
                    <Confirm title={speech.say("programs.renew")} text={speech.say("programs.renew-text")} action={speech.say("programs.renew")}
                        on_confirm={renew} on_close={close} />
                },
                Asking::End => html! {
                    <Confirm title={speech.say("programs.hook-end")} text={speech.say("programs.hook-end-text")} action={speech.say("programs.hook-end")}
                        on_confirm={end} on_close={close} />
                },
            } }
        </>
    }
}

fn badge(speech: &Speech, row: &HookRow) -> Html {
    let (tone, key) = match (row.off_ms, row.failing_since_ms) {
        (Some(_), _) => (SavedTone::Bad, "programs.off"),
        (None, Some(_)) => (SavedTone::Waiting, "programs.failing"),
        (None, None) => (SavedTone::Good, "programs.on"),
    };
    html! { <Badge {tone} text={speech.say(key)} /> }
}

type Shown = UseStateHandle<Option<Option<Rc<Vec<DeliveryRow>>>>>;

/// Shows what was sent there, as it is now.
fn shows_log(desk: &Desk, (stall, hook): (LogId, ThingId), log: &Shown) -> Callback<()> {
    let (desk, log) = (desk.clone(), log.setter());
    Callback::from(move |()| {
        let (desk, log) = (desk.clone(), log.clone());
        log.set(Some(None));
        wasm_bindgen_futures::spawn_local(async move {
            // What cannot be read now is read when somebody asks again.
            let reply = ask(&desk, stall, ProgramsVerb::Deliveries(hook)).await;
            if let Ok(ProgramsReply::Deliveries(rows)) = reply {
                log.set(Some(Some(Rc::new(rows))));
            } else {
                log.set(None);
            }
        });
    })
}

#[derive(Properties, PartialEq)]
struct LogProps {
    rows: Option<Rc<Vec<DeliveryRow>>>,
    on_again: Callback<()>,
    /// Which, and whether it is tried again or left at that.
    on_one: Callback<(ThingId, bool)>,
}

/// Tries one again or leaves it at that, and shows what became of it.
fn says_of_one(
    doing: &Doing,
    (stall, hook): (LogId, ThingId),
    look: Callback<()>,
) -> Callback<(ThingId, bool)> {
    let doing = doing.clone();
    Callback::from(move |(delivery, again): (ThingId, bool)| {
        let verb = match again {
            true => ProgramsVerb::Again { hook, delivery: Some(delivery) },
            false => ProgramsVerb::Discard { hook, delivery },
        };
        let (desk, look) = (doing.desk.clone(), look.clone());
        doing.run(async move { ask(&desk, stall, verb).await }, move |_| look.emit(()));
    })
}

#[component]
fn Log(props: &LogProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let Some(rows) = &props.rows else { return html! { <Loading rows={3} /> } };
    if rows.is_empty() {
        return html! { <p class="prose">{ speech.say("programs.log-none") }</p> };
    }
    let is_given_up = rows.iter().any(|row| row.state == "given-up");
    html! {
        <>
            <ul class="plain" aria-live="polite">
                { for rows.iter().map(|row| delivery(&doing, row, &props.on_one)) }
            </ul>
            if is_given_up {
                <div class="row">
                    <button type="button" class="button" onclick={props.on_again.reform(|_| ())}>{ speech.say("programs.again") }</button>
                </div>
            }
        </>
    }
}

fn delivery(doing: &Doing, row: &DeliveryRow, on_one: &Callback<(ThingId, bool)>) -> Html {
    let speech = &doing.speech;
    let (of, is_given_up) = (row.delivery, row.state == "given-up");
    let said = on_one.reform(move |again: bool| (of, again));
    let tone = match row.state.as_str() {
        "sent" => SavedTone::Good,
        "given-up" => SavedTone::Bad,
        "waiting" if !row.reason.is_empty() => SavedTone::Waiting,
        _ => SavedTone::Quiet,
    };
    let again = row.due_ms.filter(|_| !row.reason.is_empty());
    html! {
        <li key={row.delivery.to_string()} class="list-row">
            <span class="list-main">
                <span class="list-name">{ topic_name(speech, &row.topic) }</span>
                <span class="list-more">{ speech.day_and_time(row.made_ms, None) }</span>
                if !row.reason.is_empty() {
                    <span class="list-more list-more-long" dir="auto">{ row.reason.clone() }</span>
                }
                if let Some(due_ms) = again {
                    <span class="list-more">{ speech.fill("told.again-at", &[("time", &speech.day_and_time(due_ms, None))]) }</span>
                }
                if is_given_up {
                    { given_up(doing, &topic_name(speech, &row.topic), &said) }
                }
            </span>
            <Badge {tone} text={speech.say_or(&format!("told.state-{}", row.state), &row.state)} />
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct HookFormProps {
    stall: LogId,
    /// The one to change; none is a new one.
    row: Option<HookRow>,
    on_secret: Callback<Option<AttrValue>>,
}

#[component]
fn HookForm(props: &HookFormProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let kept = |of: fn(&HookRow) -> String| props.row.as_ref().map(of).unwrap_or_default();
    let address = use_state(|| kept(|row| row.address.clone()));
    let topics = use_state(|| props.row.as_ref().map(|row| row.topics.clone()).unwrap_or_default());
    let is_ready = !address.trim().is_empty() && !topics.is_empty() && !doing.is_busy();
    let onsubmit = {
        let (doing, stall, on_secret) = (doing.clone(), props.stall, props.on_secret.clone());
        let input = HookInput { address: address.trim().to_owned(), topics: (*topics).clone() };
        let hook = props.row.as_ref().map(|row| row.hook);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let input = input.clone();
            let verb = match hook {
                Some(hook) => ProgramsVerb::PutHook { hook, input },
                None => ProgramsVerb::MakeHook(input),
            };
            does(&doing, stall, verb, ("settings.saved", on_secret.clone()));
        })
    };
    let words = HOOK_TOPICS.iter().map(|topic| (*topic, topic_name(&speech, topic))).collect::<Vec<_>>();
    html! {
        <form class="stack" {onsubmit}>
            <Field label={speech.say("programs.address")} value={(*address).clone()} on_input={sets(&address)} kind="url" inputmode="url"
                hint={speech.say("programs.address-hint")} required=true autofocus=true />
            <Ticks legend={speech.say("programs.topics")} {words} chosen={(*topics).clone()} on_change={sets(&topics)} />
            <footer class="row form-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}
