//! How points are earned and what they pay, in the settings.

use soko_app_api::{LoyaltyView, OwnStall, Query, Verb, View};
use yew::prelude::*;

use crate::acting::{sets, use_acting};
use crate::live::use_query;
use crate::parts::{Busy, Field};
use crate::speech::use_speech;
use crate::typed;

#[derive(Properties, PartialEq)]
pub struct LoyaltyProps {
    pub stall: OwnStall,
}

#[component]
pub fn LoyaltyForm(props: &LoyaltyProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Loyalty(props.stall.stall)));
    html! {
        <section class="card stack" aria-labelledby="loyalty">
            <h2 id="loyalty">{ speech.say("loyalty.title") }</h2>
            if let Some(View::Loyalty(loyalty)) = live.view() {
                <Fields key={format!("{loyalty:?}")} stall={props.stall.clone()} loyalty={*loyalty} />
            } else {
                <Busy {live} />
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct FieldsProps {
    stall: OwnStall,
    loyalty: LoyaltyView,
}

#[component]
fn Fields(props: &FieldsProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let currency = props.stall.currency.clone();
    let before = props.loyalty;
    let shown = |minor: i64| if minor == 0 { String::new() } else { typed::plain(minor, &currency) };
    let (earn, worth) = (use_state(|| shown(before.earn_minor)), use_state(|| shown(before.worth_minor)));
    let minor = |text: &str| if text.trim().is_empty() { Some(0) } else { typed::amount(text, &currency) };
    let wanted = minor(&earn)
        .zip(minor(&worth))
        .map(|(earn_minor, worth_minor)| LoyaltyView { earn_minor, worth_minor });
    let is_dear = wanted.is_some_and(|it| it.earn_minor > 0 && it.worth_minor >= it.earn_minor);
    let is_half = wanted.is_some_and(|it| it.earn_minor > 0 && it.worth_minor == 0);
    let is_ready = wanted.is_some_and(|it| it != before) && !is_dear && !is_half && !acting.is_busy();
    let onsubmit = {
        let (acting, stall) = (acting.clone(), props.stall.stall);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(loyalty) = wanted.filter(|_| is_ready) else { return };
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::PutLoyalty(loyalty), move |_| {
                desk.toasts.done(speech.say("settings.saved"));
            });
        })
    };
    html! {
        <form class="stack" {onsubmit}>
            <p class="prose">{ speech.say("loyalty.text") }</p>
            <div class="pair">
                <Field label={speech.say("loyalty.earn")} value={(*earn).clone()} on_input={sets(&earn)} inputmode="decimal" sign={currency.clone()}
                    hint={speech.say("loyalty.earn-hint")} problem={minor(&earn).is_none().then(|| speech.say("form.amount"))} />
                <Field label={speech.say("loyalty.worth")} value={(*worth).clone()} on_input={sets(&worth)} inputmode="decimal" sign={currency.clone()}
                    problem={is_dear.then(|| speech.say("loyalty.dear"))} />
            </div>
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}
