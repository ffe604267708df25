//! Keys with which an owner's own programs read: made, shown once, ended.

use std::rc::Rc;

use soko_app_api::{KEY_SCOPES, ProgramKeyRow, ProgramsReply, ProgramsVerb, ProgramsView};
use soko_domain::ids::LogId;
use yew::prelude::*;

use super::programs::{ShownOnce, Ticks, ask};
use crate::acting::{closes, opens, sets};
use crate::browser::time;
use crate::doing::use_doing;
use crate::parts::{Badge, Choice, Confirm, Dialog, Field, Icon, SavedTone, icon};
use crate::speech::{Speech, use_speech};

const DAY_MS: i64 = 24 * 3_600_000;
/// Days after which a key may end by itself; none of them is never.
const LIVES_DAYS: [i64; 4] = [0, 30, 90, 365];

#[derive(Properties, PartialEq)]
pub(super) struct KeysProps {
    pub stall: LogId,
    pub view: Rc<ProgramsView>,
    pub on_look: Callback<()>,
}

#[component]
pub(super) fn Keys(props: &KeysProps) -> Html {
    let speech = use_speech();
    let is_making = use_state(|| false);
    // The secret, and an example of its use.
    let made = use_state(|| None::<(AttrValue, AttrValue)>);
    let on_made = {
        let (is_making, made, on_look) = (is_making.setter(), made.setter(), props.on_look.clone());
        Callback::from(move |shown: (AttrValue, AttrValue)| {
            is_making.set(false);
            made.set(Some(shown));
            on_look.emit(());
        })
    };
    let forget = {
        let made = made.setter();
        Callback::from(move |()| made.set(None))
    };
    html! {
        <section class="card stack" aria-labelledby="program-keys">
            <h2 id="program-keys">{ speech.say("programs.keys") }</h2>
            <p class="prose">{ speech.say("programs.keys-text") }</p>
            if !props.view.keys.is_empty() {
                <ul class="plain">
                    { for props.view.keys.iter().map(|row| html! {
                        <Key key={row.key.to_string()} stall={props.stall} row={row.clone()} on_look={props.on_look.clone()} />
                    }) }
                </ul>
            }
            <div class="row">
                <button type="button" class="button button-main" onclick={opens(&is_making)}>{ icon(Icon::Plus) }{ speech.say("programs.key-new") }</button>
            </div>
            if *is_making {
                <Dialog title={speech.say("programs.key-new")} on_close={closes(&is_making)}>
                    <KeyForm stall={props.stall} view={Rc::clone(&props.view)} {on_made} />
                </Dialog>
            }
            if let Some((secret, example)) = &*made {
                <ShownOnce title={speech.say("programs.key-made")} text={speech.say("programs.key-made-text")}
                    secret={secret.clone()} example={Some(example.clone())} on_close={forget} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct KeyProps {
    stall: LogId,
    row: ProgramKeyRow,
    on_look: Callback<()>,
}

#[component]
fn Key(props: &KeyProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let is_ending = use_state(|| false);
    let KeyProps { stall, row, on_look } = props;
    let end = {
        let (doing, is_ending, on_look) = (doing.clone(), is_ending.setter(), on_look.clone());
        let (stall, key) = (*stall, row.key);
        Callback::from(move |_: String| {
            is_ending.set(false);
            let (desk, said) = (doing.desk.clone(), doing.clone());
            let on_look = on_look.clone();
            doing.run(async move { ask(&desk, stall, ProgramsVerb::EndKey(key)).await }, move |_| {
                said.desk.toasts.done(said.speech.say("programs.key-ended"));
                on_look.emit(());
            });
        })
    };
    let is_over = row.ends_ms.is_some_and(|ends_ms| ends_ms <= time::now_ms());
    let scopes: Vec<String> = row.scopes.iter().map(|scope| scope_name(&speech, scope).to_string()).collect();
    let used = match row.used_ms {
        Some(used_ms) => speech.fill("programs.used", &[("ago", &speech.ago(used_ms))]),
        None => speech.say("programs.unused"),
    };
    let ends = row
        .ends_ms
        .map(|ends_ms| speech.fill("programs.ends", &[("time", &speech.day_and_time(ends_ms, None))]));
    html! {
        <li class="list-row">
            { icon(Icon::Link) }
            <span class="list-main">
                <span class="list-name">{ row.name.clone() }</span>
                <span class="list-more list-more-long">{ scopes.join(" · ") }</span>
                <span class="list-more">{ used }{ for ends.map(|ends| format!(" · {ends}")) }</span>
            </span>
            if is_over {
                <Badge tone={SavedTone::Quiet} text={speech.say("programs.over")} />
            }
            <button type="button" class="button" onclick={opens(&is_ending)} disabled={doing.is_busy()}
                aria-label={speech.fill("programs.key-end-name", &[("name", &row.name)])}>{ speech.say("programs.key-end") }</button>
            if *is_ending {
                <Confirm title={speech.fill("programs.key-end-name", &[("name", &row.name)])} text={speech.say("programs.key-end-text")}
                    action={speech.say("programs.key-end")} on_confirm={end} on_close={closes(&is_ending)} />
            }
        </li>
    }
}

fn scope_name(speech: &Speech, scope: &str) -> AttrValue {
    let word = scope.split(':').next().unwrap_or_default();
    speech.say_or(&format!("programs.scope-{word}"), scope)
}

#[derive(Properties, PartialEq)]
struct KeyFormProps {
    stall: LogId,
    view: Rc<ProgramsView>,
    on_made: Callback<(AttrValue, AttrValue)>,
}

#[component]
fn KeyForm(props: &KeyFormProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (name, scopes) = (use_state(String::new), use_state(Vec::<String>::new));
    let life_days = use_state(|| LIVES_DAYS[0]);
    let is_ready = !name.trim().is_empty() && !scopes.is_empty() && !doing.is_busy();
    let onsubmit = {
        let (doing, props) = (doing.clone(), (props.stall, Rc::clone(&props.view), props.on_made.clone()));
        let (name, scopes, life_days) = ((*name).clone(), (*scopes).clone(), *life_days);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, (stall, view, on_made)) = (doing.desk.clone(), props.clone());
            let (name, scopes) = (name.trim().to_owned(), scopes.clone());
            let ends_ms = (life_days > 0).then(|| time::now_ms() + life_days * DAY_MS);
            let verb = ProgramsVerb::MakeKey { name, scopes: scopes.clone(), ends_ms };
            doing.run(async move { ask(&desk, stall, verb).await }, move |reply| {
                if let ProgramsReply::Secret(secret) = reply {
                    let example = view.example(stall, &secret, &scopes);
                    on_made.emit((secret.into(), example.into()));
                }
            });
        })
    };
    let words = KEY_SCOPES.iter().map(|scope| (*scope, scope_name(&speech, scope))).collect::<Vec<_>>();
    let lives = LIVES_DAYS.iter().map(|days| (AttrValue::from(days.to_string()), life_name(&speech, *days)));
    let on_life = {
        let life_days = life_days.setter();
        Callback::from(move |days: String| life_days.set(days.parse().unwrap_or_default()))
    };
    html! {
        <form class="stack" {onsubmit}>
            <Field label={speech.say("programs.key-name")} value={(*name).clone()} on_input={sets(&name)}
                hint={speech.say("programs.key-name-hint")} required=true autofocus=true />
            <Ticks legend={speech.say("programs.scopes")} {words} chosen={(*scopes).clone()} on_change={sets(&scopes)} />
            <Choice label={speech.say("programs.life")} value={life_days.to_string()} options={lives.collect::<Vec<_>>()} on_choose={on_life} />
            <footer class="row form-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("programs.key-do") }</button>
            </footer>
        </form>
    }
}

fn life_name(speech: &Speech, days: i64) -> AttrValue {
    if days == 0 { speech.say("programs.life-ever") } else { speech.count("programs.life-days", days) }
}
