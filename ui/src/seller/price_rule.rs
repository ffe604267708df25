//! Limits of a price, or of all: what may be done with it, the floor, the ceiling, how far in a day, until when it must be gone.

use soko_app_api::text::Worded as _;
use soko_app_api::{OwnStall, PriceRuleInput, Verb};
use soko_domain::entry::{PriceAim, PriceMode};
use soko_domain::ids::ProductId;
use soko_domain::verbs::move_price::MARKET_PPM_MIN;
use yew::prelude::*;

use crate::acting::{part, use_acting};
use crate::parts::{Choice, Field, Segmented};
use crate::typed;

const PPM_OF_PERCENT: i64 = 10_000;

#[derive(Properties, PartialEq)]
pub(super) struct RuleProps {
    pub stall: OwnStall,
    /// None: of all that have no limits of their own.
    pub product: Option<ProductId>,
    pub rule: PriceRuleInput,
    pub on_done: Callback<()>,
}

/// As it is typed.
#[derive(Clone, PartialEq)]
struct Draft {
    mode: String,
    aim: String,
    floor: String,
    ceiling: String,
    over_cost: String,
    step: String,
    market: String,
    gone_by: String,
}

impl Draft {
    fn of(rule: &PriceRuleInput, currency: &str) -> Self {
        let money = |minor: Option<i64>| minor.map(|minor| typed::plain(minor, currency)).unwrap_or_default();
        let percent = |ppm: u32| (i64::from(ppm) / PPM_OF_PERCENT).to_string();
        let time = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Self {
            mode: rule.mode.word().into(),
            aim: rule.aim.word().into(),
            floor: money(rule.floor_minor),
            ceiling: money(rule.ceiling_minor),
            over_cost: percent(rule.over_cost_ppm),
            step: percent(rule.step_ppm),
            market: percent(rule.market_ppm),
            gone_by: rule.gone_by_minutes.map(time).unwrap_or_default(),
        }
    }

    fn floor(&self, currency: &str) -> Option<Option<i64>> {
        price(&self.floor, currency)
    }

    fn ceiling(&self, currency: &str) -> Option<Option<i64>> {
        price(&self.ceiling, currency)
    }

    fn rule(&self, currency: &str) -> Option<PriceRuleInput> {
        Some(PriceRuleInput {
            mode: PriceMode::from_word(&self.mode)?,
            aim: PriceAim::from_word(&self.aim)?,
            floor_minor: self.floor(currency)?,
            ceiling_minor: self.ceiling(currency)?,
            over_cost_ppm: percent(&self.over_cost, 10_000)?,
            step_ppm: percent(&self.step, 50)?,
            market_ppm: market(&self.market)?,
            gone_by_minutes: if self.gone_by.is_empty() { None } else { Some(minutes(&self.gone_by)?) },
        })
    }
}

/// Nothing typed is no limit; none where it is no price.
fn price(text: &str, currency: &str) -> Option<Option<i64>> {
    if text.trim().is_empty() {
        return Some(None);
    }
    typed::amount(text, currency).filter(|minor| *minor > 0).map(Some)
}

fn percent(text: &str, most: i64) -> Option<u32> {
    let whole = typed::whole(text).filter(|whole| *whole <= most)?;
    u32::try_from(whole * PPM_OF_PERCENT).ok()
}

/// Between the bounds that an owner has.
fn market(text: &str) -> Option<u32> {
    percent(text, 50).filter(|ppm| *ppm >= MARKET_PPM_MIN)
}

fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.get(..2)?.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[component]
pub(super) fn RuleForm(props: &RuleProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let currency = props.stall.currency.clone();
    let draft = use_state(|| Draft::of(&props.rule, &currency));
    let rule = draft.rule(&currency);
    let crossed = rule.is_some_and(|rule| {
        rule.floor_minor.zip(rule.ceiling_minor).is_some_and(|(floor, ceiling)| floor > ceiling)
    });
    let is_ready = rule.is_some() && !crossed && !acting.is_busy();
    let onsubmit = {
        let (acting, stall, product, on_done) =
            (acting.clone(), props.stall.stall, props.product, props.on_done.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(rule) = rule.filter(|_| is_ready) else { return };
            let (done, on_done) = (acting.clone(), on_done.clone());
            acting.act(stall, Verb::PutPriceRule { product, rule }, move |_| {
                done.desk.toasts.done(done.speech.say("settings.saved"));
                on_done.emit(());
            });
        })
    };
    // That a price moves by itself is said for each product.
    let modes =
        PriceMode::WORDS.iter().filter(|(mode, _)| props.product.is_some() || *mode != PriceMode::Auto);
    let modes = modes.map(|(_, word)| {
        ((*word).into(), html! { <>{ speech.say_or(&format!("prices.mode-{word}"), word) }</> })
    });
    let on_mode = part(&draft, |draft, mode| draft.mode = mode).reform(|mode: AttrValue| mode.to_string());
    let aims = PriceAim::WORDS
        .iter()
        .map(|(_, word)| (AttrValue::from(*word), speech.say_or(&format!("prices.aim-{word}"), word)));
    let wrong = |is_wrong: bool| is_wrong.then(|| speech.say("form.amount"));
    html! {
        <form class="stack" {onsubmit}>
            <Segmented label={speech.say("prices.mode")} value={draft.mode.clone()} options={modes.collect::<Vec<_>>()} on_choose={on_mode} />
            <p class="quiet">{ speech.say_or(&format!("prices.mode-{}-text", draft.mode), "") }</p>
            <div class="pair">
                <Field label={speech.say("prices.floor")} value={draft.floor.clone()} on_input={part(&draft, |it, text| it.floor = text)} inputmode="decimal"
                    sign={currency.clone()} problem={wrong(draft.floor(&currency).is_none())} />
                <Field label={speech.say("prices.ceiling")} value={draft.ceiling.clone()} on_input={part(&draft, |it, text| it.ceiling = text)} inputmode="decimal"
                    sign={currency.clone()} problem={if crossed { Some(speech.say("prices.crossed")) } else { wrong(draft.ceiling(&currency).is_none()) }} />
            </div>
            <div class="pair">
                <Field label={speech.say("prices.over-cost")} value={draft.over_cost.clone()} on_input={part(&draft, |it, text| it.over_cost = text)} inputmode="numeric" sign="%"
                    problem={wrong(percent(&draft.over_cost, 10_000).is_none())} />
                <Field label={speech.say("prices.step")} value={draft.step.clone()} on_input={part(&draft, |it, text| it.step = text)} inputmode="numeric" sign="%"
                    problem={percent(&draft.step, 50).is_none().then(|| speech.say("prices.step-wrong"))} />
            </div>
            <div class="pair">
                <Field label={speech.say("prices.market-band")} value={draft.market.clone()} on_input={part(&draft, |it, text| it.market = text)} inputmode="numeric" sign="%"
                    problem={market(&draft.market).is_none().then(|| speech.say("prices.market-band-wrong"))} />
                <Choice label={speech.say("prices.aim")} value={draft.aim.clone()} options={aims.collect::<Vec<_>>()} on_choose={part(&draft, |it, text| it.aim = text)} />
            </div>
            if props.product.is_some() {
                <Field label={speech.say("prices.gone-by")} kind="time" value={draft.gone_by.clone()} on_input={part(&draft, |it, text| it.gone_by = text)}
                    hint={speech.say("prices.gone-by-hint")} />
            }
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}
