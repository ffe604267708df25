//! What an owner lets programs of their own do: keys that read, and addresses that are told.

use std::rc::Rc;

use soko_app_api::{Answer, Call, OwnStall, ProgramsCall, ProgramsReply, ProgramsVerb, ProgramsView};
use soko_domain::ids::LogId;
use soko_domain::role::Role;
use yew::prelude::*;

use super::hooks::Hooks;
use super::program_keys::Keys;
use super::with_stall;
use crate::app::use_about;
use crate::copying::copies;
use crate::desk::{Desk, Trouble, trouble, use_desk};
use crate::nav::Go;
use crate::parts::{Dialog, Empty, Icon, Loading, Problem, icon};
use crate::route::Route;
use crate::speech::use_speech;

#[component]
pub(super) fn Programs() -> Html {
    with_stall(|stall| html! { <OfStall key={stall.stall.to_string()} stall={stall.clone()} /> })
}

#[derive(Properties, PartialEq)]
struct OfStallProps {
    stall: OwnStall,
}

#[component]
fn OfStall(props: &OfStallProps) -> Html {
    let (speech, about) = (use_speech(), use_about());
    let stall = &props.stall;
    let is_signed_in = about.is_some_and(|about| about.account.is_some());
    html! {
        <section class="page page-narrow">
            <header class="page-head">
                <Go to={Route::Settings} class="button-icon page-back" label={speech.say("action.back")}>{ icon(Icon::Back) }</Go>
                <h1>{ speech.say("programs.title") }</h1>
            </header>
            if stall.role != Role::Owner {
                <Empty icon={Icon::Link} title={speech.say("programs.owners")} text={speech.say("programs.owners-text")} />
            } else if !stall.is_connected {
                <Empty icon={Icon::Link} title={speech.say("programs.alone")} text={speech.say("programs.alone-text")} />
            } else if !is_signed_in {
                <Empty icon={Icon::Link} title={speech.say("programs.nobody")} text={speech.say("programs.nobody-text")}>
                    <Go to={Route::SignIn} class="button button-main">{ icon(Icon::Person) }{ speech.say("sign-in.title") }</Go>
                </Empty>
            } else {
                <All stall={stall.stall} />
            }
        </section>
    }
}

/// Does something about the programs of a stall.
pub(super) async fn ask(desk: &Desk, stall: LogId, verb: ProgramsVerb) -> Result<ProgramsReply, Trouble> {
    let answer = desk.call(Call::Programs(ProgramsCall { stall, verb })).await;
    if let Answer::Programs(reply) = answer { Ok(reply) } else { Err(trouble(answer)) }
}

async fn look(desk: &Desk, stall: LogId) -> Result<Rc<ProgramsView>, Trouble> {
    let reply = ask(desk, stall, ProgramsVerb::Look).await?;
    if let ProgramsReply::Programs(view) = reply {
        Ok(Rc::new(view))
    } else {
        Err(Trouble::of("link.unreadable"))
    }
}

#[derive(Properties, PartialEq)]
struct AllProps {
    stall: LogId,
}

#[component]
fn All(props: &AllProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let view = use_state(|| None::<Result<Rc<ProgramsView>, Trouble>>);
    let on_look = {
        let (view, stall) = (view.setter(), props.stall);
        Callback::from(move |()| {
            let (desk, view) = (desk.clone(), view.clone());
            wasm_bindgen_futures::spawn_local(async move { view.set(Some(look(&desk, stall).await)) });
        })
    };
    {
        let on_look = on_look.clone();
        use_effect_with((), move |()| on_look.emit(()));
    }
    match &*view {
        None => html! { <Loading rows={6} /> },
        Some(Err(trouble)) => html! {
            <Problem text={trouble.sentence(&speech)}>
                <button type="button" class="button" onclick={on_look.reform(|_| ())}>{ speech.say("action.try-again") }</button>
            </Problem>
        },
        Some(Ok(view)) => html! {
            <>
                <p class="prose">{ speech.say("programs.text") }</p>
                <Keys stall={props.stall} view={Rc::clone(view)} on_look={on_look.clone()} />
                <Hooks stall={props.stall} view={Rc::clone(view)} {on_look} />
            </>
        },
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct ShownOnceProps {
    pub title: AttrValue,
    /// What is done with it.
    pub text: AttrValue,
    pub secret: AttrValue,
    /// To try it at once.
    #[prop_or_default]
    pub example: Option<AttrValue>,
    pub on_close: Callback<()>,
}

/// A secret, the only time that it is shown.
#[component]
pub(super) fn ShownOnce(props: &ShownOnceProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let copy = |text: &AttrValue| copies(&desk, &speech, text);
    let (copy_secret, copy_example) = (copy(&props.secret), props.example.as_ref().map(copy));
    html! {
        <Dialog title={props.title.clone()} on_close={props.on_close.clone()}>
            <div class="stack">
                <p class="prose"><strong>{ speech.say("programs.once") }</strong>{ " " }{ props.text.clone() }</p>
                <code class="invitation-text" dir="ltr">{ props.secret.clone() }</code>
                <div class="row">
                    <button type="button" class="button button-main" onclick={copy_secret}>{ icon(Icon::Link) }{ speech.say("devices.copy") }</button>
                </div>
                if let (Some(example), Some(onclick)) = (&props.example, copy_example) {
                    <p class="prose">{ speech.say("programs.try") }</p>
                    <code class="invitation-text" dir="ltr">{ example.clone() }</code>
                    <div class="row">
                        <button type="button" class="button" {onclick}>{ icon(Icon::Link) }{ speech.say("devices.copy") }</button>
                    </div>
                }
            </div>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct TicksProps {
    pub legend: AttrValue,
    /// The word and what is shown for it.
    pub words: Vec<(&'static str, AttrValue)>,
    pub chosen: Vec<String>,
    pub on_change: Callback<Vec<String>>,
}

/// Some of several, each with a tick.
#[component]
pub(super) fn Ticks(props: &TicksProps) -> Html {
    let tick = |word: &'static str, shown: &AttrValue| {
        let is_on = props.chosen.iter().any(|it| it == word);
        let (chosen, on_change) = (props.chosen.clone(), props.on_change.clone());
        let onchange = Callback::from(move |_: Event| {
            let mut now: Vec<String> = chosen.iter().filter(|it| *it != word).cloned().collect();
            if !is_on {
                now.push(word.to_owned());
            }
            on_change.emit(now);
        });
        html! {
            <label key={word} class="check"><input type="checkbox" checked={is_on} {onchange} /><span>{ shown.clone() }</span></label>
        }
    };
    html! {
        <fieldset class="stack-tight">
            <legend>{ props.legend.clone() }</legend>
            { for props.words.iter().map(|(word, shown)| tick(word, shown)) }
        </fieldset>
    }
}
