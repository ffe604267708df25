//! What a code is good for, as somebody types it.

use soko_app_api::{CouponInput, CouponRow, DiscountInput, OwnStall, Query, Verb, View};
use soko_domain::calendar::BusinessDay;
use soko_domain::coupon::code_of;
use soko_domain::ids::ProductId;
use yew::prelude::*;

use crate::acting::{part, use_acting};
use crate::live::use_query;
use crate::parts::{Field, Icon, Segmented, icon};
use crate::speech::{Speech, use_speech};
use crate::typed;

const PPM_OF_PERCENT: i64 = 10_000;
/// Products that a search for them shows.
const FOUND_MAX: u32 = 6;

#[derive(Properties, PartialEq)]
pub(super) struct CouponFormProps {
    pub stall: OwnStall,
    /// The one to change; none is a new one.
    pub row: Option<CouponRow>,
    /// Codes that a new one may not be.
    pub known: Vec<String>,
    pub on_done: Callback<()>,
}

/// As it is typed.
#[derive(Clone, PartialEq)]
struct Draft {
    code: String,
    is_percent: bool,
    off: String,
    minimum: String,
    from: String,
    until: String,
    uses: String,
    each: String,
    products: Vec<(ProductId, String)>,
}

impl Draft {
    fn of(row: Option<&CouponRow>, currency: &str) -> Self {
        let code = row.map(|row| row.code.clone()).unwrap_or_default();
        let terms = row.map(|row| row.terms.clone()).unwrap_or_default();
        let (is_percent, off) = match terms.off {
            DiscountInput::None => (true, String::new()),
            DiscountInput::AmountMinor(minor) => (false, typed::plain(minor, currency)),
            DiscountInput::PercentPpm(ppm) => (true, (i64::from(ppm) / PPM_OF_PERCENT).to_string()),
        };
        let day = |day: Option<i32>| {
            day.and_then(BusinessDay::from_days).map(|day| day.to_string()).unwrap_or_default()
        };
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let names = row.map(|row| row.product_names.clone()).unwrap_or_default();
        Self {
            code,
            is_percent,
            off,
            minimum: if terms.min_minor > 0 {
                typed::plain(terms.min_minor, currency)
            } else {
                String::new()
            },
            from: day(terms.from_day),
            until: day(terms.until_day),
            uses: number(terms.uses_max),
            each: number(terms.buyer_uses_max),
            products: terms.products.into_iter().zip(names).collect(),
        }
    }

    fn off(&self, currency: &str) -> Option<DiscountInput> {
        if self.is_percent {
            let percent = typed::whole(&self.off).filter(|percent| (1..=100).contains(percent))?;
            return u32::try_from(percent * PPM_OF_PERCENT).ok().map(DiscountInput::PercentPpm);
        }
        typed::amount(&self.off, currency).filter(|minor| *minor > 0).map(DiscountInput::AmountMinor)
    }

    fn minimum(&self, currency: &str) -> Option<i64> {
        if self.minimum.trim().is_empty() { Some(0) } else { typed::amount(&self.minimum, currency) }
    }

    fn days(&self) -> Option<(Option<i32>, Option<i32>)> {
        let (from, until) = (day(&self.from)?, day(&self.until)?);
        from.zip(until).is_none_or(|(from, until)| from <= until).then_some((from, until))
    }

    fn terms(&self, currency: &str) -> Option<CouponInput> {
        let (from_day, until_day) = self.days()?;
        Some(CouponInput {
            off: self.off(currency)?,
            min_minor: self.minimum(currency)?,
            products: self.products.iter().map(|(product, _)| *product).collect(),
            from_day,
            until_day,
            uses_max: number(&self.uses)?,
            buyer_uses_max: number(&self.each)?,
            is_ended: false,
        })
    }
}

/// Nothing typed is no limit; none where it is no day.
fn day(text: &str) -> Option<Option<i32>> {
    if text.is_empty() { Some(None) } else { text.parse::<BusinessDay>().ok().map(|day| Some(day.days())) }
}

fn number(text: &str) -> Option<Option<u32>> {
    if text.trim().is_empty() {
        return Some(None);
    }
    typed::whole(text).and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0).map(Some)
}

#[component]
pub(super) fn CouponForm(props: &CouponFormProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let currency = props.stall.currency.clone();
    let draft = use_state(|| Draft::of(props.row.as_ref(), &currency));
    let code = code_of(&typed::latin(&draft.code));
    let is_taken = code.as_ref().is_some_and(|code| props.known.contains(code));
    let ready = draft.terms(&currency).zip(code).filter(|_| !is_taken && !acting.is_busy());
    let onsubmit = {
        let (acting, stall, on_done, ready) =
            (acting.clone(), props.stall.stall, props.on_done.clone(), ready.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some((terms, code)) = ready.clone() else { return };
            let (done, on_done) = (acting.clone(), on_done.clone());
            acting.act(stall, Verb::PutCoupon { code, terms }, move |_| {
                done.desk.toasts.done(done.speech.say("settings.saved"));
                on_done.emit(());
            });
        })
    };
    let wrong = |is_wrong: bool| is_wrong.then(|| speech.say("form.amount"));
    html! {
        <form class="stack" {onsubmit}>
            if props.row.is_none() {
                <Field label={speech.say("coupons.code")} value={draft.code.clone()} on_input={part(&draft, |it, text| it.code = text)}
                    hint={speech.say("coupons.code-hint")} problem={is_taken.then(|| speech.say("coupons.code-taken"))} autofocus=true />
            }
            { what(&speech, &draft, &currency) }
            <Field label={speech.say("coupons.minimum")} value={draft.minimum.clone()} on_input={part(&draft, |it, text| it.minimum = text)}
                inputmode="decimal" sign={currency.clone()} problem={wrong(draft.minimum(&currency).is_none())} />
            <div class="pair">
                <Field label={speech.say("coupons.from")} kind="date" value={draft.from.clone()} on_input={part(&draft, |it, text| it.from = text)} />
                <Field label={speech.say("coupons.until")} kind="date" value={draft.until.clone()} on_input={part(&draft, |it, text| it.until = text)}
                    problem={draft.days().is_none().then(|| speech.say("coupons.crossed"))} />
            </div>
            <div class="pair">
                <Field label={speech.say("coupons.uses-max")} value={draft.uses.clone()} on_input={part(&draft, |it, text| it.uses = text)} inputmode="numeric"
                    hint={speech.say("coupons.no-limit")} problem={wrong(number(&draft.uses).is_none())} />
                <Field label={speech.say("coupons.each-max")} value={draft.each.clone()} on_input={part(&draft, |it, text| it.each = text)} inputmode="numeric"
                    hint={speech.say("coupons.each-hint")} problem={wrong(number(&draft.each).is_none())} />
            </div>
            <Only stall={props.stall.clone()} chosen={draft.products.clone()} on_chosen={Callback::from({
                let draft = draft.clone();
                move |products| draft.set(Draft { products, ..(*draft).clone() })
            })} />
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={ready.is_none()}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}

/// What comes off.
fn what(speech: &Speech, draft: &UseStateHandle<Draft>, currency: &str) -> Html {
    let kinds = vec![
        ("percent".into(), html! { <>{ speech.say("coupons.percent") }</> }),
        ("amount".into(), html! { <>{ speech.say("coupons.amount") }</> }),
    ];
    let on_kind =
        part(draft, |it, kind| it.is_percent = kind == "percent").reform(|kind: AttrValue| kind.to_string());
    let is_wrong = !draft.off.is_empty() && draft.off(currency).is_none();
    html! {
        <div class="pair">
            <Segmented label={speech.say("coupons.kind")} value={if draft.is_percent { "percent" } else { "amount" }} options={kinds} on_choose={on_kind} />
            <Field label={speech.say("coupons.how-much")} value={draft.off.clone()} on_input={part(draft, |it, text| it.off = text)} inputmode="decimal"
                sign={if draft.is_percent { AttrValue::Static("%") } else { AttrValue::from(currency.to_owned()) }}
                problem={is_wrong.then(|| speech.say("form.amount"))} />
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct OnlyProps {
    stall: OwnStall,
    chosen: Vec<(ProductId, String)>,
    on_chosen: Callback<Vec<(ProductId, String)>>,
}

/// The products that it is for, found by name; none is everything.
#[component]
fn Only(props: &OnlyProps) -> Html {
    let speech = use_speech();
    let text = use_state(String::new);
    let search = Query::Search { stall: props.stall.stall, text: (*text).clone(), rows: FOUND_MAX };
    let live = use_query((!text.trim().is_empty()).then_some(search));
    let found = match live.view() {
        Some(View::Products(rows)) if !text.trim().is_empty() => rows.as_slice(),
        _ => &[],
    };
    let is_chosen = |product: ProductId| props.chosen.iter().any(|(chosen, _)| *chosen == product);
    let put_in = |product: ProductId, name: &str| {
        let (on_chosen, mut chosen, text) = (props.on_chosen.clone(), props.chosen.clone(), text.setter());
        chosen.push((product, name.to_owned()));
        Callback::from(move |_: MouseEvent| {
            text.set(String::new());
            on_chosen.emit(chosen.clone());
        })
    };
    let take_out = |product: ProductId| {
        let (on_chosen, mut chosen) = (props.on_chosen.clone(), props.chosen.clone());
        chosen.retain(|(other, _)| *other != product);
        Callback::from(move |_: MouseEvent| on_chosen.emit(chosen.clone()))
    };
    html! {
        <fieldset class="stack">
            <legend>{ speech.say("coupons.for") }</legend>
            if props.chosen.is_empty() {
                <p class="quiet">{ speech.say("coupons.for-all") }</p>
            }
            <div class="row">
                { for props.chosen.iter().map(|(product, name)| html! {
                    <button type="button" class="button" onclick={take_out(*product)} aria-label={speech.fill("coupons.take-out", &[("name", name)])}>
                        { name.clone() }{ icon(Icon::Cross) }
                    </button>
                }) }
            </div>
            <Field label={speech.say("coupons.find")} value={(*text).clone()} on_input={Callback::from({ let text = text.setter(); move |now| text.set(now) })} />
            <div class="row">
                { for found.iter().filter(|row| !is_chosen(row.product)).map(|row| html! {
                    <button type="button" class="button button-quiet" onclick={put_in(row.product, &row.name)}>{ icon(Icon::Plus) }{ row.name.clone() }</button>
                }) }
            </div>
        </fieldset>
    }
}
