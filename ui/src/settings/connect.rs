//! Connecting a stall that began on this device to a server: first who owns it, then the connection itself.

use soko_app_api::{DeviceVerb, OwnStall};
use yew::prelude::*;

use super::sign_in::SignInForm;
use crate::app::use_about;
use crate::doing::use_doing;
use crate::parts::{Icon, Problem, icon};

#[derive(Properties, PartialEq)]
pub(super) struct ConnectProps {
    pub stall: OwnStall,
}

#[component]
pub(super) fn Connect(props: &ConnectProps) -> Html {
    let (doing, about) = (use_doing(), use_about());
    let speech = doing.speech.clone();
    let problem = use_state(|| None::<AttrValue>);
    let account = about.and_then(|about| about.account.clone());
    let connect = {
        let (doing, problem, stall) = (doing.clone(), problem.setter(), props.stall.clone());
        Callback::from(move |_: MouseEvent| {
            let (desk, said, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            let (problem, name) = (problem.clone(), stall.name.clone());
            let verb = DeviceVerb::Connect(stall.stall);
            problem.set(None);
            doing.try_to(async move { desk.with_device(verb).await }, move |outcome| match outcome {
                Ok(_) => said.toasts.done(speech.fill("connect.done", &[("stall", &name)])),
                Err(trouble) => problem.set(Some(trouble.sentence(&speech))),
            });
        })
    };
    let is_signed_in = account.is_some();
    let (first, second) =
        if is_signed_in { ("step step-done", "step step-now") } else { ("step step-now", "step") };
    html! {
        <section class="card stack connect" aria-labelledby="connect">
            <h2 id="connect">{ speech.say("connect.title") }</h2>
            <p class="prose">{ speech.say("connect.text") }</p>
            <ol class="way">
                <li class={first}>
                    <span class="step-sign">if is_signed_in { { icon(Icon::Check) } }</span>
                    <div class="stack grow">
                        <h3>{ speech.say("connect.who") }</h3>
                        if let Some(account) = &account {
                            <p class="prose">{ account.clone() }</p>
                        } else {
                            <SignInForm on_done={Callback::noop()} />
                        }
                    </div>
                </li>
                <li class={second}>
                    <span class="step-sign" />
                    <div class="stack grow">
                        <h3>{ speech.fill("connect.stall", &[("stall", &props.stall.name)]) }</h3>
                        if is_signed_in {
                            if let Some(problem) = &*problem {
                                <Problem text={problem.clone()} />
                            }
                            <button type="button" class="button button-main" onclick={connect} disabled={doing.is_busy()}>
                                { icon(Icon::Cloud) }
                                { speech.say(if doing.is_busy() { "connect.busy" } else { "connect.do" }) }
                            </button>
                        }
                    </div>
                </li>
            </ol>
        </section>
    }
}
