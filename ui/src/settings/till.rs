//! How the stall sells: its smallest coin, how buyers may pay, goods beyond the share, and the codes of its scale.

use soko_app_api::text::Worded as _;
use soko_app_api::{Query, StallEdit, StallView, View};
use soko_domain::ids::LogId;
use soko_domain::money::Ppm;
use soko_domain::scale;
use soko_domain::verbs::make_sale::BeyondRule;
use yew::prelude::*;

use super::saving::{saves, sets_in};
use crate::doing::use_doing;
use crate::live::use_query;
use crate::parts::{Busy, Choice, Field};
use crate::speech::use_speech;
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct TillProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Till(props: &TillProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Stall(props.stall)));
    html! {
        <section class="card stack" aria-labelledby="till">
            <h2 id="till">{ speech.say("till.title") }</h2>
            if let Some(View::Stall(view)) = live.view() {
                <Fields key={format!("{:?}", (view.cash_step_minor, view.beyond_rule, &view.scale_codes, (view.tax_ppm, view.tax_inclusive), view.takes_card, view.takes_phone))}
                    stall={props.stall} view={view.clone()} />
            } else {
                <Busy {live} />
            }
        </section>
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Form {
    step: String,
    rule: BeyondRule,
    codes: String,
    tax: String,
    tax_inclusive: bool,
    card: bool,
    phone: bool,
}

impl Form {
    fn of(view: &StallView) -> Self {
        let step = i64::from(view.cash_step_minor);
        Self {
            step: if step == 0 { String::new() } else { typed::plain(step, &view.currency) },
            rule: view.beyond_rule,
            codes: view.scale_codes.clone(),
            tax: if view.tax_ppm == 0 { String::new() } else { Ppm(view.tax_ppm).to_string() },
            // As prices at a stall mostly are.
            tax_inclusive: view.tax_inclusive || view.tax_ppm == 0,
            card: view.takes_card,
            phone: view.takes_phone,
        }
    }

    fn step_minor(&self, currency: &str) -> Option<u32> {
        if self.step.trim().is_empty() {
            return Some(0);
        }
        typed::amount(&self.step, currency).and_then(|minor| u32::try_from(minor).ok())
    }

    /// What differs from what is stored; None while something cannot be kept.
    fn edits(&self, view: &StallView) -> Option<Vec<StallEdit>> {
        let step = self.step_minor(&view.currency)?;
        let codes = self.codes.trim().to_uppercase();
        scale::check(&codes).ok()?;
        let ppm = typed::percent(&self.tax)?;
        let is_inclusive = self.tax_inclusive && ppm != 0;
        let edits = [
            (ppm != view.tax_ppm).then_some(StallEdit::TaxPpm(ppm)),
            (is_inclusive != view.tax_inclusive).then_some(StallEdit::TaxInclusive(is_inclusive)),
            (step != view.cash_step_minor).then_some(StallEdit::CashStepMinor(step)),
            (self.rule != view.beyond_rule).then_some(StallEdit::BeyondRule(self.rule)),
            (codes != view.scale_codes).then_some(StallEdit::ScaleCodes(codes)),
            (self.card != view.takes_card).then_some(StallEdit::TakesCard(self.card)),
            (self.phone != view.takes_phone).then_some(StallEdit::TakesPhone(self.phone)),
        ];
        Some(edits.into_iter().flatten().collect())
    }
}

#[derive(Properties, PartialEq)]
struct FieldsProps {
    stall: LogId,
    view: StallView,
}

#[component]
fn Fields(props: &FieldsProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let form = use_state(|| Form::of(&props.view));
    let edits = form.edits(&props.view);
    let set = |change: fn(&mut Form, String)| sets_in(&form, change);
    let check = |said: AttrValue, is_on: bool, change: fn(&mut Form, bool)| {
        let flip = {
            let form = form.clone();
            Callback::from(move |_: Event| {
                let mut now = (*form).clone();
                change(&mut now, !is_on);
                form.set(now);
            })
        };
        html! {
            <label class="check"><input type="checkbox" checked={is_on} onchange={flip} /><span>{ said }</span></label>
        }
    };
    let onsubmit = saves(&doing, (props.stall, &edits), || ());
    let rules = [BeyondRule::Warn, BeyondRule::Approve, BeyondRule::Refuse].map(|rule| {
        let word = rule.word();
        (AttrValue::Static(word), speech.say_or(&format!("beyond.{word}"), word))
    });
    let wrong_codes =
        scale::check(&form.codes.trim().to_uppercase()).is_err().then(|| speech.say("till.codes-wrong"));
    let wrong_step = form.step_minor(&props.view.currency).is_none().then(|| speech.say("till.step-wrong"));
    let wrong_tax = typed::percent(&form.tax).is_none().then(|| speech.say("form.percent"));
    let is_ready = edits.as_ref().is_some_and(|edits| !edits.is_empty()) && !doing.is_busy();
    html! {
        <form class="stack" {onsubmit}>
            <Field label={speech.say("till.step")} value={form.step.clone()} on_input={set(|form, text| form.step = text)}
                inputmode="decimal" sign={AttrValue::from(props.view.currency.clone())} problem={wrong_step}
                hint={speech.say("till.step-hint")} />
            <Field label={speech.say("till.tax")} value={form.tax.clone()} on_input={set(|form, text| form.tax = text)}
                inputmode="decimal" sign="%" problem={wrong_tax} hint={speech.say("till.tax-hint")} />
            { check(speech.say("product.tax-inclusive"), form.tax_inclusive, |form, is_in| form.tax_inclusive = is_in) }
            <Choice label={speech.say("till.beyond")} value={AttrValue::Static(form.rule.word())} options={rules.to_vec()}
                on_choose={set(|form, word| form.rule = BeyondRule::from_word(&word).unwrap_or(form.rule))}
                hint={speech.say("till.beyond-hint")} />
            <Field label={speech.say("till.codes")} value={form.codes.clone()} on_input={set(|form, text| form.codes = text)}
                problem={wrong_codes} hint={speech.say("till.codes-hint")} />
            <fieldset class="stack-tight">
                <legend>{ speech.say("till.online") }</legend>
                <p class="prose">{ speech.say("till.online-hint") }</p>
                { check(speech.say("till.takes-card"), form.card, |form, takes| form.card = takes) }
                { check(speech.say("till.takes-phone"), form.phone, |form, takes| form.phone = takes) }
            </fieldset>
            <footer class="row form-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}
