//! The first minute of a stall: a name, a currency, a zone, done. Needs no network and no account.

use soko_app_api::{DeviceVerb, StallContent};
use soko_domain::ids::LogId;
use soko_domain::money::Currency;
use yew::prelude::*;

use crate::acting::sets;
use crate::browser;
use crate::desk::use_desk;
use crate::nav::Go;
use crate::parts::{Choice, Field, Icon, icon};
use crate::places;
use crate::route::Route;
use crate::speech::use_speech;

/// Days begin at four in the morning unless the stall says otherwise: late sales belong to the evening.
const CUT_OFF_MINUTES: u16 = 240;

#[component]
pub(super) fn Begin() -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let name = use_state(String::new);
    let currency = use_state(|| places::currency_of(&browser::zone(), &browser::languages()).to_owned());
    let stall = use_memo((), |()| LogId(browser::chance()));
    let is_busy = use_state(|| false);
    let problem = use_state(|| None::<AttrValue>);
    let zone = browser::zone();
    let onsubmit = {
        let (desk, speech, name, currency, is_busy) =
            (desk.clone(), speech.clone(), name.clone(), currency.clone(), is_busy.clone());
        let (zone, problem) = (zone.clone(), problem.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            if name.trim().is_empty() {
                problem.set(Some(speech.say("begin.name-missing")));
                return;
            }
            let content = StallContent {
                name: name.trim().into(),
                currency: (*currency).clone(),
                zone: zone.clone(),
                cut_off_minutes: CUT_OFF_MINUTES,
            };
            let device_name = speech.say("begin.device").to_string();
            let verb = DeviceVerb::FoundStall { stall: *stall, content, device_name };
            let (desk, speech, is_busy, stall) = (desk.clone(), speech.clone(), is_busy.clone(), *stall);
            is_busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                match desk.with_device(verb).await {
                    Ok(_) => {
                        desk.choose_stall(stall);
                        desk.go_instead(Route::NewProduct { code: String::new() });
                    }
                    Err(trouble) => desk.toasts.error(trouble.sentence(&speech)),
                }
                is_busy.set(false);
            });
        })
    };
    let currencies = use_memo(speech.language(), |_| currency_options());
    let set_name = sets(&name);
    let set_currency = sets(&currency);
    html! {
        <section class="page page-narrow begin">
            <span class="begin-mark">{ icon(Icon::Stall) }</span>
            <h1>{ speech.say("begin.title") }</h1>
            <p class="lead">{ speech.say("begin.text") }</p>
            <form class="card stack" {onsubmit}>
                <Field label={speech.say("begin.name")} value={(*name).clone()} on_input={set_name} required=true
                    autofocus=true hint={speech.say("begin.name-hint")} problem={(*problem).clone()} />
                <Choice label={speech.say("begin.currency")} value={(*currency).clone()} options={(*currencies).clone()}
                    on_choose={set_currency} hint={speech.say("begin.currency-hint")} />
                <p class="begin-zone">{ icon(Icon::Clock) }{ speech.fill("begin.zone", &[("zone", &zone)]) }</p>
                <button type="submit" class="button button-main button-large" disabled={*is_busy}>
                    { speech.say("begin.done") }
                </button>
            </form>
            <p class="field-hint">{ speech.say("begin.join") }{ " " }
                <Go to={Route::Devices} class="text-link">{ speech.say("begin.join-link") }</Go>
            </p>
        </section>
    }
}

/// Every currency, by its code.
fn currency_options() -> Vec<(AttrValue, AttrValue)> {
    let mut codes: Vec<String> = Currency::current().map(|currency| currency.code().to_owned()).collect();
    codes.sort_unstable();
    codes.into_iter().map(|code| (AttrValue::from(code.clone()), AttrValue::from(code))).collect()
}
