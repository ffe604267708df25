//! Asks once whether what is met in the shop may be sent: on the market's front, between other things, and never in front of anything.

use soko_app_api::{BuyerQuery, BuyerVerb, BuyerView};
use yew::prelude::*;

use crate::doing::use_doing;
use crate::live::use_buyer;

#[component]
pub(super) fn AskConsent() -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let live = use_buyer(Some(BuyerQuery::Consent));
    let view = match live.buyer() {
        Some(BuyerView::Consent(view)) => Some(*view),
        Some(_) | None => None,
    };
    // What is due only while somebody reads would move the page below their eyes.
    let asks = use_state_eq(|| None::<bool>);
    {
        let asks = asks.clone();
        use_effect_with(view, move |view| {
            if let (Some(view), None) = (view, *asks) {
                asks.set(Some(view.is_due));
            }
        });
    }
    if *asks != Some(true) || view.is_none_or(|view| view.agrees.is_some()) {
        return Html::default();
    }
    let answer = |agrees: bool| {
        let doing = doing.clone();
        Callback::from(move |_: MouseEvent| {
            let (desk, to, speech) = (doing.desk.clone(), doing.desk.clone(), doing.speech.clone());
            doing.run(async move { desk.buy(BuyerVerb::Consent { agrees }).await }, move |()| {
                to.toasts.done(speech.say("consent.can-change"));
            });
        })
    };
    html! {
        <section class="card stack" aria-labelledby="consent">
            <h2 id="consent">{ speech.say("consent.title") }</h2>
            <p class="prose">{ speech.say("consent.text") }</p>
            <div class="row">
                <button type="button" class="button" onclick={answer(true)} disabled={doing.is_busy()}>{ speech.say("consent.yes") }</button>
                <button type="button" class="button" onclick={answer(false)} disabled={doing.is_busy()}>{ speech.say("consent.no") }</button>
            </div>
        </section>
    }
}
