//! What this device gathered of what somebody met in the shop: whether it is sent, and its end.

use soko_app_api::{BuyerQuery, BuyerVerb, BuyerView};
use yew::prelude::*;

use crate::acting::{closes, opens};
use crate::doing::use_doing;
use crate::live::use_buyer;
use crate::parts::{Confirm, Icon, icon};

#[component]
pub(super) fn Gathered() -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let live = use_buyer(Some(BuyerQuery::Consent));
    let deleting = use_state(|| false);
    let Some(BuyerView::Consent(view)) = live.buyer() else { return Html::default() };
    let agrees = view.agrees == Some(true);
    let change = {
        let doing = doing.clone();
        Callback::from(move |_: MouseEvent| {
            let desk = doing.desk.clone();
            doing.run(async move { desk.buy(BuyerVerb::Consent { agrees: !agrees }).await }, |()| ());
        })
    };
    let delete = {
        let (doing, deleting) = (doing.clone(), deleting.setter());
        Callback::from(move |_: String| {
            let (desk, to, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            deleting.set(false);
            doing.run(async move { desk.buy(BuyerVerb::ForgetNoticed).await }, move |()| {
                to.toasts.done(speech.say("consent.deleted"));
            });
        })
    };
    let state = if view.is_forgetting {
        "consent.is-forgetting"
    } else if agrees {
        "consent.is-sent"
    } else {
        "consent.is-here"
    };
    let button = if agrees { "consent.stop" } else { "consent.start" };
    html! {
        <section class="card stack" aria-labelledby="gathered">
            <h2 id="gathered">{ speech.say("consent.settings") }</h2>
            <p class="prose">{ speech.say("consent.text") }</p>
            <p role="status"><strong>{ speech.say(state) }</strong>{ " " }{ speech.count("consent.gathered", i64::from(view.gathered)) }</p>
            <div class="row">
                <button type="button" class="button" onclick={change} disabled={doing.is_busy()}>{ speech.say(button) }</button>
                <button type="button" class="button button-danger" onclick={opens(&deleting)}>
                    { icon(Icon::Trash) }{ speech.say("consent.delete") }
                </button>
            </div>
            if *deleting {
                <Confirm title={speech.say("consent.delete")} text={speech.say("consent.delete-text")}
                    action={speech.say("consent.delete-now")} on_confirm={delete} on_close={closes(&deleting)} />
            }
        </section>
    }
}
