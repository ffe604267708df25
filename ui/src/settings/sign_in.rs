//! Signing in, or making an account, at the server that this device talks to.

use soko_app_api::{DeviceReply, DeviceVerb};
use yew::prelude::*;

use crate::app::{use_about, use_stall};
use crate::desk::{Desk, Trouble};
use crate::doing::use_doing;
use crate::parts::{Field, Problem, Segmented};
use crate::route::Route;
use crate::speech::use_speech;

/// A server takes no shorter one.
pub const PASSWORD_LETTERS_MIN: usize = 12;

#[component]
pub(super) fn SignIn() -> Html {
    let (speech, stall, doing) = (use_speech(), use_stall(), use_doing());
    let needs_connecting = stall.is_some_and(|stall| !stall.is_connected);
    let on_done = {
        let desk = doing.desk.clone();
        Callback::from(move |()| {
            desk.go_instead(if needs_connecting { Route::Settings } else { Route::Me });
        })
    };
    html! {
        <section class="page page-narrow">
            <h1>{ speech.say("sign-in.title") }</h1>
            <div class="card"><SignInForm {on_done} /></div>
        </section>
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Entered {
    is_new: bool,
    server: String,
    email: String,
    password: String,
}

impl Entered {
    fn is_complete(&self) -> bool {
        let letters = self.password.chars().count();
        self.email.contains('@') && letters >= if self.is_new { PASSWORD_LETTERS_MIN } else { 1 }
    }

    async fn use_server(&self, desk: &Desk, server_now: &str) -> Result<(), Trouble> {
        let server = self.server.trim().to_owned();
        if !server.is_empty() && server != server_now {
            desk.with_device(DeviceVerb::UseServer { server }).await?;
        }
        Ok(())
    }

    async fn forgot(self, desk: Desk, server_now: String) -> Result<DeviceReply, Trouble> {
        self.use_server(&desk, &server_now).await?;
        desk.with_device(DeviceVerb::ForgotPassword { email: self.email.trim().to_owned() }).await
    }

    async fn send(self, desk: Desk, server_now: String) -> Result<DeviceReply, Trouble> {
        self.use_server(&desk, &server_now).await?;
        let (email, password) = (self.email.trim().to_owned(), self.password);
        let verb = if self.is_new {
            DeviceVerb::CreateAccount { email, password }
        } else {
            DeviceVerb::SignIn { email, password }
        };
        desk.with_device(verb).await
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct SignInFormProps {
    pub on_done: Callback<()>,
}

#[component]
pub(super) fn SignInForm(props: &SignInFormProps) -> Html {
    let (doing, about) = (use_doing(), use_about());
    let speech = doing.speech.clone();
    let server_now = about.as_ref().map(|about| about.server.clone()).unwrap_or_default();
    let entered = use_state(|| Entered {
        is_new: false,
        server: server_now.clone(),
        email: about.and_then(|about| about.rested.clone()).unwrap_or_default(),
        password: String::new(),
    });
    let problem = use_state(|| None::<AttrValue>);
    let set = |change: fn(&mut Entered, String)| {
        let entered = entered.clone();
        Callback::from(move |text: String| {
            let mut now = (*entered).clone();
            change(&mut now, text);
            entered.set(now);
        })
    };
    let choose = set(|entered, word| entered.is_new = word == NEW).reform(|word: AttrValue| word.to_string());
    let onsubmit = {
        let (doing, entered, server_now) = (doing.clone(), entered.clone(), server_now.clone());
        let (problem, on_done) = (problem.setter(), props.on_done.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, speech) = (doing.desk.clone(), doing.speech.clone());
            let (problem, on_done) = (problem.clone(), on_done.clone());
            problem.set(None);
            doing.try_to((*entered).clone().send(desk, server_now.clone()), move |outcome| match outcome {
                Ok(_) => on_done.emit(()),
                Err(trouble) => problem.set(Some(trouble.sentence(&speech))),
            });
        })
    };
    let ways: Vec<(AttrValue, Html)> = [(KNOWN, "sign-in.known"), (NEW, "sign-in.new")]
        .into_iter()
        .map(|(word, key)| (AttrValue::Static(word), html! { { speech.say(key) } }))
        .collect();
    let (way, autocomplete, done) = if entered.is_new {
        (NEW, "new-password", "sign-in.create")
    } else {
        (KNOWN, "current-password", "sign-in.title")
    };
    html! {
        <form class="stack" {onsubmit}>
            <Segmented label={speech.say("sign-in.way")} value={way} options={ways} on_choose={choose} />
            <Field label={speech.say("sign-in.email")} value={entered.email.clone()} kind="email" inputmode="email"
                autocomplete="username" required=true on_input={set(|entered, text| entered.email = text)} />
            <Field label={speech.say("sign-in.password")} value={entered.password.clone()} kind="password" {autocomplete}
                required=true hint={entered.is_new.then(|| speech.say("sign-in.password-hint"))}
                on_input={set(|entered, text| entered.password = text)} />
            <details class="folded" open={server_now.is_empty()}>
                <summary>{ speech.say("sign-in.server") }</summary>
                <Field label={speech.say("replication.server")} value={entered.server.clone()} kind="url" inputmode="url"
                    hint={speech.say("sign-in.server-hint")} on_input={set(|entered, text| entered.server = text)} />
            </details>
            if let Some(problem) = &*problem {
                <Problem text={problem.clone()} />
            }
            <button type="submit" class="button button-main button-large button-wide"
                disabled={!entered.is_complete() || doing.is_busy()}>{ speech.say(done) }</button>
            if !entered.is_new {
                <Forgotten entered={(*entered).clone()} server_now={server_now} />
            }
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct ForgottenProps {
    entered: Entered,
    server_now: String,
}

/// Asks for a mail to whoever forgot the password.
#[component]
fn Forgotten(props: &ForgottenProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let told = use_state(|| None::<Result<&'static str, AttrValue>>);
    let onclick = {
        let (doing, told) = (doing.clone(), told.setter());
        let (entered, server_now) = (props.entered.clone(), props.server_now.clone());
        Callback::from(move |_| {
            if !entered.email.contains('@') {
                return told.set(Some(Ok("sign-in.forgot-where")));
            }
            let (desk, speech, told) = (doing.desk.clone(), doing.speech.clone(), told.clone());
            doing.try_to(entered.clone().forgot(desk, server_now.clone()), move |outcome| {
                let said =
                    outcome.map(|_| "sign-in.forgot-sent").map_err(|trouble| trouble.sentence(&speech));
                told.set(Some(said));
            });
        })
    };
    html! {
        <>
            <button type="button" class="button button-quiet" disabled={doing.is_busy()} {onclick}>
                { speech.say("sign-in.forgot") }
            </button>
            if let Some(Err(problem)) = &*told {
                <Problem text={problem.clone()} />
            }
            <p role="status">
                if let Some(Ok(key)) = &*told {
                    { speech.say(key) }
                }
            </p>
        </>
    }
}

const KNOWN: &str = "known";
const NEW: &str = "new";
