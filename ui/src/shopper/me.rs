//! Whoever looks: the account, how it is shown, and the way to an own stall.

use soko_app_api::DeviceVerb;
use yew::prelude::*;

use crate::acting::{closes, opens, sets};
use crate::app::{use_about, use_stall};
use crate::doing::use_doing;
use crate::nav::Go;
use crate::parts::{Confirm, Dialog, Field, Icon, Photo, Problem, icon};
use crate::route::Route;
use crate::settings::{Looks, PASSWORD_LETTERS_MIN};
use crate::speech::use_speech;

#[component]
pub(super) fn Me() -> Html {
    let (speech, stall) = (use_speech(), use_stall());
    let (to, key) = if stall.is_some() { (Route::Sell, "mode.sell") } else { (Route::Begin, "mode.begin") };
    html! {
        <section class="page page-narrow">
            <h1>{ speech.say("nav.me") }</h1>
            <Account />
            <nav class="card links" aria-label={speech.say("nav.me")}>
                <Go to={Route::MyOrders} class="list-row">
                    { icon(Icon::Receipt) }<span class="list-main">{ speech.say("nav.my-orders") }</span>{ icon(Icon::Forward) }
                </Go>
                <Go to={Route::Likes} class="list-row">
                    { icon(Icon::Heart) }<span class="list-main">{ speech.say("liked.title") }</span>{ icon(Icon::Forward) }
                </Go>
                <Go to={Route::Addresses} class="list-row">
                    { icon(Icon::Note) }<span class="list-main">{ speech.say("addresses.title") }</span>{ icon(Icon::Forward) }
                </Go>
                <Go to={Route::Verify { proof: String::new() }} class="list-row">
                    { icon(Icon::Check) }<span class="list-main">{ speech.say("verify.title") }</span>{ icon(Icon::Forward) }
                </Go>
                <Go {to} class="list-row">
                    { icon(Icon::Stall) }
                    <span class="list-main">
                        <span>{ speech.say(key) }</span>
                        if stall.is_none() {
                            <span class="list-more list-more-long">{ speech.say("me.begin-text") }</span>
                        }
                    </span>
                    { icon(Icon::Forward) }
                </Go>
                <Go to={Route::Settings} class="list-row">
                    { icon(Icon::Gear) }<span class="list-main">{ speech.say("nav.settings") }</span>{ icon(Icon::Forward) }
                </Go>
            </nav>
            <Looks />
        </section>
    }
}

/// Who is signed in, and in and out.
#[component]
pub fn Account() -> Html {
    let (doing, about) = (use_doing(), use_about());
    let speech = doing.speech.clone();
    let is_asking = use_state_eq(|| false);
    let (changes, changes_password) = (use_state(|| false), use_state(|| false));
    let show = |is_shown: bool| {
        let is_asking = is_asking.setter();
        Callback::from(move |()| is_asking.set(is_shown))
    };
    let sign_out = {
        let (doing, is_asking) = (doing.clone(), is_asking.setter());
        Callback::from(move |_: String| {
            let desk = doing.desk.clone();
            is_asking.set(false);
            doing.run(async move { desk.with_device(DeviceVerb::SignOut).await }, |_| ());
        })
    };
    let Some(about) = about else { return Html::default() };
    let Some(account) = about.account.clone() else {
        return if about.rested.is_some() {
            html! { <Rested /> }
        } else {
            html! {
                <section class="card stack account">
                    <div class="stack-tight">
                        <h2>{ speech.say("me.nobody") }</h2>
                        <p class="prose">{ speech.say("me.nobody-text") }</p>
                    </div>
                    <div class="row">
                        <Go to={Route::SignIn} class="button button-main">{ icon(Icon::Person) }{ speech.say("sign-in.title") }</Go>
                    </div>
                </section>
            }
        };
    };
    let old = account.clone();
    html! {
        <section class="card account account-in">
            <Photo address={None::<AttrValue>} name={account.clone()} class="account-face" />
            <div class="grow">
                <h2 class="account-name">{ account.clone() }</h2>
                <p class="prose">{ speech.say("me.signed-in") }</p>
            </div>
            <button type="button" class="button" onclick={opens(&changes)}>{ speech.say("me.change-email") }</button>
            <button type="button" class="button" onclick={opens(&changes_password)}>{ speech.say("me.change-password") }</button>
            <button type="button" class="button" onclick={show(true).reform(|_| ())} disabled={doing.is_busy()}>
                { speech.say("me.sign-out") }
            </button>
            if *changes_password { <ChangePassword email={account.clone()} on_close={closes(&changes_password)} /> }
            if *changes { <ChangeEmail old={old} on_close={closes(&changes)} /> }
            if *is_asking {
                <Confirm title={speech.say("me.sign-out")} text={speech.say("me.sign-out-text")}
                    action={speech.say("me.sign-out")} on_confirm={sign_out} on_close={show(false)} />
            }
        </section>
    }
}

/// Whoever was signed in until the session ended by itself: what is theirs is still in sight, and waits for them.
#[component]
pub(super) fn Rested() -> Html {
    let (doing, about) = (use_doing(), use_about());
    let Some(email) = about.and_then(|about| about.rested.clone()) else { return Html::default() };
    let leave = {
        let doing = doing.clone();
        Callback::from(move |_: MouseEvent| {
            let desk = doing.desk.clone();
            doing.run(async move { desk.with_device(DeviceVerb::SignOut).await }, |_| ());
        })
    };
    let speech = &doing.speech;
    html! {
        <section class="card stack account" aria-labelledby="rested">
            <div class="stack-tight">
                <h2 id="rested">{ speech.say("me.rested") }</h2>
                <p class="prose">{ speech.fill("me.rested-text", &[("email", &email)]) }</p>
            </div>
            <div class="row">
                <Go to={Route::SignIn} class="button button-main">{ icon(Icon::Person) }{ speech.say("sign-in.title") }</Go>
                <button type="button" class="button" onclick={leave} disabled={doing.is_busy()}>
                    { speech.fill("me.rested-leave", &[("email", &email)]) }
                </button>
            </div>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct ChangePasswordProps {
    email: String,
    on_close: Callback<()>,
}

/// Another password, by whoever knows the one until now.
#[component]
fn ChangePassword(props: &ChangePasswordProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (old, new) = (use_state(String::new), use_state(String::new));
    let problem = use_state(|| None::<AttrValue>);
    let is_ready = !old.is_empty() && new.chars().count() >= PASSWORD_LETTERS_MIN && !doing.is_busy();
    let onsubmit = {
        let (doing, old, new) = (doing.clone(), old.clone(), new.clone());
        let (problem, on_close) = (problem.setter(), props.on_close.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            let (problem, on_close) = (problem.clone(), on_close.clone());
            let verb = DeviceVerb::ChangePassword { old: (*old).clone(), new: (*new).clone() };
            problem.set(None);
            doing.try_to(async move { desk.with_device(verb).await }, move |outcome| match outcome {
                Ok(_) => {
                    said.toasts.done(speech.say("me.password-changed"));
                    on_close.emit(());
                }
                Err(trouble) => problem.set(Some(trouble.sentence(&speech))),
            });
        })
    };
    html! {
        <Dialog title={speech.say("me.change-password")} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <p class="prose">{ speech.say("me.change-password-text") }</p>
                // Whoever keeps passwords for somebody learns by it whose this is.
                <input type="email" value={props.email.clone()} autocomplete="username" readonly=true hidden=true />
                <Field label={speech.say("me.password-now")} value={(*old).clone()} kind="password" required=true autofocus=true
                    autocomplete="current-password" on_input={sets(&old)} />
                <Field label={speech.say("me.password-new")} value={(*new).clone()} kind="password" required=true
                    autocomplete="new-password" hint={speech.say("sign-in.password-hint")} on_input={sets(&new)} />
                if let Some(problem) = &*problem {
                    <Problem text={problem.clone()} />
                }
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("me.change-password") }</button>
                </footer>
            </form>
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct ChangeEmailProps {
    old: String,
    on_close: Callback<()>,
}

/// Another mail address: asked for here, and confirmed by whoever reads what comes there.
#[component]
fn ChangeEmail(props: &ChangeEmailProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (email, password) = (use_state(String::new), use_state(String::new));
    let problem = use_state(|| None::<AttrValue>);
    let sent = use_state(|| None::<String>);
    let is_ready = email.contains('@') && !password.is_empty() && !doing.is_busy();
    let onsubmit = {
        let (doing, email, password) = (doing.clone(), email.clone(), password.clone());
        let (problem, sent) = (problem.setter(), sent.setter());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (to, password) = (email.trim().to_owned(), (*password).clone());
            let (desk, speech) = (doing.desk.clone(), doing.speech.clone());
            let (problem, sent) = (problem.clone(), sent.clone());
            problem.set(None);
            let verb = DeviceVerb::ChangeEmail { email: to.clone(), password };
            doing.try_to(async move { desk.with_device(verb).await }, move |outcome| match outcome {
                Ok(_) => sent.set(Some(to)),
                Err(trouble) => problem.set(Some(trouble.sentence(&speech))),
            });
        })
    };
    let body = match &*sent {
        Some(to) => html! {
            <>
                <p class="prose" role="status">{ speech.fill("me.change-email-sent", &[("email", to)]) }</p>
                <footer class="dialog-foot">
                    <button type="button" class="button button-main" onclick={props.on_close.reform(|_| ())}>
                        { speech.say("action.done") }
                    </button>
                </footer>
            </>
        },
        None => html! {
            <form class="stack" {onsubmit}>
                <p class="prose">{ speech.fill("me.change-email-text", &[("email", &props.old)]) }</p>
                <Field label={speech.say("me.email-new")} value={(*email).clone()} kind="email" inputmode="email" autocomplete="email"
                    required=true autofocus=true on_input={sets(&email)} />
                <Field label={speech.say("sign-in.password")} value={(*password).clone()} kind="password" required=true
                    autocomplete="current-password" on_input={sets(&password)} />
                if let Some(problem) = &*problem {
                    <Problem text={problem.clone()} />
                }
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("me.change-email-send") }</button>
                </footer>
            </form>
        },
    };
    html! {
        <Dialog title={speech.say("me.change-email")} on_close={props.on_close.clone()} class="dialog-small">{ body }</Dialog>
    }
}
