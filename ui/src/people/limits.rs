//! What a role may do without asking.

use soko_app_api::{LimitsView, OwnStall, Verb};
use soko_domain::role::Role;
use yew::prelude::*;

use crate::acting::{sets, use_acting};
use crate::parts::Field;
use crate::speech::role_name;
use crate::typed;

const PPM_PER_PERCENT: u32 = 10_000;

#[derive(Properties, PartialEq)]
pub(super) struct LimitsProps {
    pub stall: OwnStall,
    pub role: Role,
    pub limits: LimitsView,
}

#[component]
pub(super) fn LimitsOf(props: &LimitsProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let currency = props.stall.currency.clone();
    let limits = props.limits;
    let percent = use_state(|| (limits.discount_ppm / PPM_PER_PERCENT).to_string());
    let (refund, custom) =
        (use_amount(limits.refund_minor, &currency), use_amount(limits.custom_minor, &currency));
    let flags = use_state(|| [limits.void_sale, limits.open_drawer, limits.change_price]);
    let discount_ppm = typed::whole(&percent)
        .and_then(|percent| u32::try_from(percent).ok())
        .filter(|percent| *percent <= 100)
        .map(|percent| percent * PPM_PER_PERCENT);
    let (refund_minor, custom_minor) = (read_amount(&refund, &currency), read_amount(&custom, &currency));
    let amounts = refund_minor.zip(custom_minor);
    let wanted = discount_ppm.zip(amounts).map(|(discount_ppm, (refund_minor, custom_minor))| {
        let [void_sale, open_drawer, change_price] = *flags;
        LimitsView { discount_ppm, refund_minor, void_sale, open_drawer, change_price, custom_minor }
    });
    let is_ready = wanted.is_some_and(|wanted| wanted != limits) && !acting.is_busy();
    let onsubmit = {
        let (acting, stall, role) = (acting.clone(), props.stall.stall, props.role);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(limits) = wanted.filter(|_| is_ready) else { return };
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::PutLimits { role, limits }, move |_| {
                desk.toasts.done(speech.say("settings.saved"));
            });
        })
    };
    let check = |place: usize, key: &'static str| {
        let set = flags.clone();
        let onchange = Callback::from(move |_: Event| {
            let mut now = *set;
            now[place] = !now[place];
            set.set(now);
        });
        html! {
            <label class="check"><input type="checkbox" checked={flags[place]} {onchange} /><span>{ speech.say(key) }</span></label>
        }
    };
    let role = role_name(&speech, props.role.name());
    html! {
        <form class="card stack" {onsubmit}>
            <h2>{ speech.fill("limits.title", &[("role", &role)]) }</h2>
            <p class="prose">{ speech.say("limits.text") }</p>
            <div class="pair">
                <Field label={speech.say("limits.discount")} value={(*percent).clone()} on_input={sets(&percent)} inputmode="numeric"
                    sign="%" problem={discount_ppm.is_none().then(|| speech.say("limits.percent"))} />
                <Field label={speech.say("limits.refund")} value={(*refund).clone()} on_input={sets(&refund)} inputmode="decimal"
                    sign={currency.clone()} hint={speech.say("limits.refund-hint")} problem={refund_minor.is_none().then(|| speech.say("form.amount"))} />
            </div>
            <Field label={speech.say("limits.custom")} value={(*custom).clone()} on_input={sets(&custom)} inputmode="decimal"
                sign={currency.clone()} hint={speech.say("limits.custom-hint")} problem={custom_minor.is_none().then(|| speech.say("form.amount"))} />
            { check(0, "limits.void") }
            { check(1, "limits.drawer") }
            { check(2, "limits.price") }
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}

/// An amount that is typed; nothing is any amount.
#[hook]
fn use_amount(minor: i64, currency: &str) -> UseStateHandle<String> {
    use_state(|| if minor == i64::MAX { String::new() } else { typed::plain(minor, currency) })
}

fn read_amount(typed: &str, currency: &str) -> Option<i64> {
    if typed.trim().is_empty() { Some(i64::MAX) } else { typed::amount(typed, currency) }
}
