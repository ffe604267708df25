//! Putting value into a purse: paid for at the counter, or given with a reason.

use soko_app_api::text::Worded as _;
use soko_app_api::{OwnStall, PurseInput, TenderInput, Verb};
use soko_domain::basket::TenderKind;
use yew::prelude::*;

use crate::acting::{sets, use_acting};
use crate::parts::{Choice, Dialog, Field};
use crate::typed;

/// By what a card is paid for, in the order of a counter.
const KINDS: [TenderKind; 3] = [TenderKind::Cash, TenderKind::Card, TenderKind::MobileMoney];
const GIVEN: &str = "given";

#[derive(Properties, PartialEq)]
pub(super) struct FillProps {
    pub stall: OwnStall,
    pub purse: PurseInput,
    pub title: AttrValue,
    /// With what went in.
    pub on_done: Callback<i64>,
    pub on_close: Callback<()>,
}

#[component]
pub(super) fn Fill(props: &FillProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let currency = props.stall.currency.clone();
    let (amount, reason) = (use_state(String::new), use_state(String::new));
    let means = use_state(|| TenderKind::Cash.word().to_owned());
    let (code, seen) = (use_state(String::new), use_state(|| false));
    let is_given = *means == GIVEN;
    // A purse is spent at once, so what a buyer only says fills none (C73).
    let is_phone = *means == TenderKind::MobileMoney.word();
    let is_paid = !is_phone || (*seen && !code.trim().is_empty());
    let units = typed::amount(&amount, &currency).filter(|minor| *minor > 0);
    let is_ready =
        units.is_some() && is_paid && (!is_given || !reason.trim().is_empty()) && !acting.is_busy();
    let onsubmit = {
        let (acting, stall, purse) = (acting.clone(), props.stall.stall, props.purse.clone());
        let (means, reason, on_done) = ((*means).clone(), reason.trim().to_owned(), props.on_done.clone());
        let reference = if is_phone { code.trim().to_owned() } else { String::new() };
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(units) = units.filter(|_| is_ready) else { return };
            let tender = TenderKind::from_word(&means);
            let reference = reference.clone();
            let tender = tender.map(|kind| TenderInput { kind, reference, ..TenderInput::cash(units) });
            let (purse, reason, on_done) = (purse.clone(), reason.clone(), on_done.clone());
            acting.act(stall, Verb::FillPurse { purse, units, tender, reason }, move |_| on_done.emit(units));
        })
    };
    let flip = {
        let seen = seen.clone();
        Callback::from(move |_: Event| seen.set(!*seen))
    };
    let name = |word: &'static str| speech.say_or(&format!("tender.{word}"), word);
    let mut options: Vec<(AttrValue, AttrValue)> =
        KINDS.iter().map(|kind| (kind.word().into(), name(kind.word()))).collect();
    options.push((GIVEN.into(), speech.say("purse.give")));
    html! {
        <Dialog title={props.title.clone()} on_close={props.on_close.clone()} class="dialog-small">
            <form class="stack" {onsubmit}>
                <Field label={speech.say("pay.amount")} value={(*amount).clone()} on_input={sets(&amount)} inputmode="decimal"
                    sign={currency} required=true autofocus=true class="field-money" />
                <Choice label={speech.say("pay.means")} value={(*means).clone()} {options} on_choose={sets(&means)} />
                if is_phone {
                    <Field label={speech.say("claim.code")} value={(*code).clone()} on_input={sets(&code)} required=true
                        hint={speech.say("claim.code-hint")} />
                    <label class="check">
                        <input type="checkbox" checked={*seen} onchange={flip} />
                        <span>{ speech.say("pay.seen") }</span>
                    </label>
                }
                if is_given {
                    <Field label={speech.say("confirm.reason")} value={(*reason).clone()} on_input={sets(&reason)} required=true />
                }
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("purse.fill") }</button>
                </footer>
            </form>
        </Dialog>
    }
}
