//! Notifications of this browser and of one's others, with the app closed. Nothing is asked of the browser before somebody
//! pressed, and what it is for stands above what is pressed.

use std::rc::Rc;

use soko_app_api::{BrowserKeys, MessagesReply, MessagesVerb, OwnBrowser, Wishes};
use soko_domain::ids::ThingId;
use yew::prelude::*;

use super::told::{Test, ask, ask_wishes};
use crate::app::use_about;
use crate::browser::push::{self, Listening};
use crate::browser::{forget, keep, kept};
use crate::desk::{Desk, Trouble, use_desk};
use crate::doing::use_doing;
use crate::parts::{Badge, Icon, Loading, SavedTone, icon};

/// Who wants to be told in this browser, and what the server calls it. They are again when they sign in again, and nobody
/// else is.
const LISTENER: &str = "soko-listener";

/// Which of the account's browsers this one is, if it wants to be told.
fn known_here(account: &str) -> Option<ThingId> {
    let (whose, browser) =
        kept(LISTENER)?.split_once('\n').map(|(whose, id)| (whose.to_owned(), id.to_owned()))?;
    ThingId::from_hex(&browser).filter(|_| whose == account)
}

/// Tells the server, and keeps for whom.
async fn tell_of(desk: &Desk, account: &str, keys: BrowserKeys) -> Result<(), Trouble> {
    if let MessagesReply::Listening(browser) = ask(desk, MessagesVerb::Listen(keys)).await? {
        keep(LISTENER, &format!("{account}\n{browser}"));
    }
    Ok(())
}

#[derive(Properties, PartialEq)]
pub(super) struct HereProps {
    pub wishes: Rc<Wishes>,
    pub on_look: Callback<()>,
    pub on_tested: Callback<()>,
}

#[component]
pub(super) fn Here(props: &HereProps) -> Html {
    let (doing, about) = (use_doing(), use_about());
    let speech = doing.speech.clone();
    let listening = use_listening(&props.wishes);
    let account = about.and_then(|about| about.account.clone()).unwrap_or_default();
    let is_offered = !props.wishes.push_key.is_empty();
    let here = known_here(&account);
    let is_on = here.is_some_and(|here| props.wishes.browsers.iter().any(|it| it.browser == here));
    let turn_on = {
        let (doing, key, on_look) = (doing.clone(), props.wishes.push_key.clone(), props.on_look.clone());
        Callback::from(move |_: MouseEvent| {
            let (desk, told, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            let (key, account, on_look) = (key.clone(), account.clone(), on_look.clone());
            let work = async move {
                let Some(keys) = push::listen(&key).await else { return Ok(false) };
                tell_of(&desk, &account, keys).await?;
                Ok(true)
            };
            doing.run(work, move |is_on| {
                if !is_on {
                    told.toasts.error(speech.say("told.here-refused"));
                }
                on_look.emit(());
            });
        })
    };
    let shown = match (&listening, is_offered) {
        (_, false) => html! { <p class="prose">{ speech.say("told.here-no-server") }</p> },
        (None, true) => html! { <Loading rows={1} /> },
        (Some(Listening::Never), _) => html! { <p class="prose">{ speech.say("told.here-never") }</p> },
        (Some(Listening::Forbidden), _) => {
            html! { <p class="prose">{ speech.say("told.here-forbidden") }</p> }
        }
        (Some(Listening::Yes(_)), true) if is_on => html! {
            <>
                <p class="prose">{ speech.say("told.here-on") }</p>
                <Test channel="push" on_tested={props.on_tested.clone()} />
            </>
        },
        (Some(Listening::No | Listening::Yes(_)), true) => html! {
            <>
                <p class="prose">{ speech.say("told.here-off") }</p>
                <div class="row">
                    <button type="button" class="button button-main" onclick={turn_on} disabled={doing.is_busy()}>
                        { icon(Icon::Bell) }{ speech.say("told.here-turn-on") }
                    </button>
                </div>
            </>
        },
    };
    html! {
        <section class="card stack" aria-labelledby="told-here">
            <h2 id="told-here">{ speech.say("told.here") }</h2>
            { shown }
            if !props.wishes.browsers.is_empty() {
                <ul class="plain" aria-label={speech.say("told.browsers")}>
                    { for props.wishes.browsers.iter().map(|browser| html! {
                        <Browser key={browser.browser.to_string()} browser={browser.clone()}
                            is_here={here == Some(browser.browser)} on_look={props.on_look.clone()} />
                    }) }
                </ul>
            }
        </section>
    }
}

/// What the browser does now; asked again with every look at the server.
#[hook]
fn use_listening(wishes: &Rc<Wishes>) -> Option<Listening> {
    let listening = use_state(|| None::<Listening>);
    let setter = listening.setter();
    use_effect_with(Rc::clone(wishes), move |_| {
        wasm_bindgen_futures::spawn_local(async move { setter.set(Some(push::listening().await)) });
    });
    (*listening).clone()
}

#[derive(Properties, PartialEq)]
struct BrowserProps {
    browser: OwnBrowser,
    is_here: bool,
    on_look: Callback<()>,
}

#[component]
fn Browser(props: &BrowserProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let browser = &props.browser;
    let turn_off = {
        let (doing, on_look) = (doing.clone(), props.on_look.clone());
        let (browser, is_here) = (browser.browser, props.is_here);
        Callback::from(move |_: MouseEvent| {
            let (desk, on_look) = (doing.desk.clone(), on_look.clone());
            let work = async move {
                ask(&desk, MessagesVerb::StopListening(browser)).await?;
                if is_here {
                    forget(LISTENER);
                    push::stop().await;
                }
                Ok(())
            };
            doing.run(work, move |()| on_look.emit(()));
        })
    };
    html! {
        <li class="list-row">
            { icon(Icon::Device) }
            <span class="list-main">
                <span class="list-name">{ browser.name.clone() }</span>
                <span class="list-more list-more-long">
                    { speech.fill("told.since", &[("time", &speech.day_and_time(browser.made_ms, None))]) }
                </span>
            </span>
            if props.is_here { <Badge tone={SavedTone::Good} text={speech.say("told.this-one")} /> }
            <button type="button" class="button" onclick={turn_off} disabled={doing.is_busy()}>
                { speech.say("told.turn-off") }
            </button>
        </li>
    }
}

/// What a browser shows follows who is signed in: nobody is told another's news, and whoever signs in again is told as before.
#[component]
pub fn Listener() -> Html {
    let (desk, about) = (use_desk(), use_about());
    let account = about.map(|about| about.account.clone());
    use_effect_with(account, move |account| {
        let Some(account) = account.clone() else { return };
        wasm_bindgen_futures::spawn_local(async move {
            if kept(LISTENER).is_none() {
                return;
            }
            match account {
                Some(account) if known_here(&account).is_some() => listen_again(&desk, &account).await,
                Some(_) | None => push::stop().await,
            }
        });
    });
    Html::default()
}

/// The session may be another one, the browser may have another subscription, the server may have forgotten it.
async fn listen_again(desk: &Desk, account: &str) {
    // Without a network it goes on as it was, and is said again with the next start.
    let Ok(wishes) = ask_wishes(desk, MessagesVerb::Look).await else { return };
    if let Some(keys) = push::listen_again(&wishes.push_key).await {
        let _ = tell_of(desk, account, keys).await;
    }
}
