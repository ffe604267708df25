//! Taxes that products share: a rate that the law changes is changed here, once, and every product of it follows.

use soko_app_api::{Query, StallEdit, StallView, TaxClass, Verb, View};
use soko_domain::ids::{LogId, ThingId};
use soko_domain::money::Ppm;
use soko_domain::tax::{CLASSES_MAX, TaxRate};
use yew::prelude::*;

use super::saving::sets_in;
use crate::acting::{Acting, use_acting};
use crate::browser;
use crate::live::use_query;
use crate::parts::{Busy, Field};
use crate::speech::{Speech, use_speech};
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct TaxesProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Taxes(props: &TaxesProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Stall(props.stall)));
    html! {
        <section class="card stack" aria-labelledby="taxes">
            <h2 id="taxes">{ speech.say("taxes.title") }</h2>
            <p class="prose">{ speech.say("taxes.text") }</p>
            if let Some(View::Stall(view)) = live.view() {
                <Classes stall={props.stall} view={view.clone()} />
            } else {
                <Busy {live} />
            }
        </section>
    }
}

/// What a class is called in lists: its name and its rate.
pub(crate) fn named(speech: &Speech, tax: &TaxClass) -> String {
    format!("{} · {}", tax.label, speech.percent(tax.ppm))
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Form {
    /// The one that is changed; a new one without.
    class: Option<ThingId>,
    label: String,
    percent: String,
    is_inclusive: bool,
}

impl Form {
    /// As the prices of those before, else as they mostly are at a stall.
    fn new(taxes: &[TaxClass]) -> Self {
        let is_inclusive = taxes.last().is_none_or(|tax| tax.is_inclusive);
        Self { class: None, label: String::new(), percent: String::new(), is_inclusive }
    }

    fn of(tax: &TaxClass) -> Self {
        Self {
            class: Some(tax.class),
            label: tax.label.clone(),
            percent: Ppm(tax.ppm).to_string(),
            is_inclusive: tax.is_inclusive,
        }
    }

    /// None while it is no class, or one whose name another has.
    fn tax(&self, taxes: &[TaxClass], fresh: impl FnOnce() -> ThingId) -> Option<TaxClass> {
        // Nothing typed is no rate, and least of all nothing.
        let percent = Some(&self.percent).filter(|percent| !percent.trim().is_empty())?;
        let (label, ppm) = (self.label.trim(), typed::percent(percent)?);
        let name = label.to_lowercase();
        let is_taken =
            taxes.iter().any(|tax| Some(tax.class) != self.class && tax.label.to_lowercase() == name);
        let is_class = TaxRate::inclusive(Ppm(ppm)).labelled(label).is_class();
        (is_class && !is_taken).then(|| TaxClass {
            class: self.class.unwrap_or_else(fresh),
            label: label.into(),
            ppm,
            is_inclusive: self.is_inclusive,
        })
    }
}

#[derive(Properties, PartialEq)]
struct ClassesProps {
    stall: LogId,
    view: StallView,
}

#[component]
fn Classes(props: &ClassesProps) -> Html {
    let acting = use_acting();
    let (speech, taxes) = (acting.speech.clone(), &props.view.taxes);
    let form = use_state(|| Form::new(taxes));
    let tax = form.tax(taxes, || ThingId(browser::chance()));
    let wrong_percent = typed::percent(&form.percent).is_none().then(|| speech.say("form.percent"));
    let is_said = !form.label.trim().is_empty() && !form.percent.trim().is_empty();
    let wrong_name =
        (is_said && wrong_percent.is_none() && tax.is_none()).then(|| speech.say("taxes.name-wrong"));
    let has_room = form.class.is_some() || taxes.len() < CLASSES_MAX;
    let flip = {
        let form = form.clone();
        Callback::from(move |_: Event| form.set(Form { is_inclusive: !form.is_inclusive, ..(*form).clone() }))
    };
    let onsubmit = {
        let (acting, form, stall, tax) = (acting.clone(), form.clone(), props.stall, tax.clone());
        let empty = Form::new(taxes);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(tax) = tax.clone() else { return };
            let (done, form, empty) = (acting.clone(), form.clone(), empty.clone());
            acting.act(stall, Verb::EditStall { edits: vec![StallEdit::PutTax(tax)] }, move |_| {
                form.set(empty);
                done.desk.toasts.done(done.speech.say("settings.saved"));
            });
        })
    };
    let save = if form.class.is_some() { "settings.save" } else { "taxes.add" };
    html! {
        <>
            if !taxes.is_empty() {
                <ul class="plain">{ for taxes.iter().map(|tax| row(&acting, props.stall, tax, &form)) }</ul>
            }
            if has_room {
                <form class="stack" {onsubmit}>
                    <div class="pair">
                        <Field label={speech.say("taxes.name")} value={form.label.clone()} on_input={sets_in(&form, |form, text| form.label = text)}
                            hint={speech.say("taxes.name-hint")} problem={wrong_name} />
                        <Field label={speech.say("taxes.rate")} value={form.percent.clone()} on_input={sets_in(&form, |form, text| form.percent = text)}
                            inputmode="decimal" sign="%" problem={wrong_percent} />
                    </div>
                    <label class="check">
                        <input type="checkbox" checked={form.is_inclusive} onchange={flip} /><span>{ speech.say("taxes.inclusive") }</span>
                    </label>
                    <footer class="row form-foot">
                        <button type="submit" class="button button-main" disabled={tax.is_none() || acting.is_busy()}>{ speech.say(save) }</button>
                    </footer>
                </form>
            }
        </>
    }
}

fn row(acting: &Acting, stall: LogId, tax: &TaxClass, form: &UseStateHandle<Form>) -> Html {
    let speech = &acting.speech;
    let change = {
        let (form, tax) = (form.clone(), tax.clone());
        Callback::from(move |_: MouseEvent| form.set(Form::of(&tax)))
    };
    let remove = {
        let (acting, tax) = (acting.clone(), tax.clone());
        Callback::from(move |_: MouseEvent| {
            let (done, tax) = (acting.clone(), tax.clone());
            let edits = vec![StallEdit::RemoveTax(tax.class)];
            acting.act(stall, Verb::EditStall { edits }, move |_| {
                let (speech, undoing) = (done.speech.clone(), done.clone());
                let text = speech.fill("taxes.removed", &[("name", &tax.label)]);
                let undo = Callback::from(move |()| {
                    let edits = vec![StallEdit::PutTax(tax.clone())];
                    undoing.act(stall, Verb::EditStall { edits }, |_| {});
                });
                done.desk.toasts.offer(text, speech.say("action.undo"), undo);
            });
        })
    };
    let on_top = (!tax.is_inclusive).then(|| speech.say("taxes.on-top"));
    html! {
        <li class="row row-apart" key={tax.class.to_string()}>
            <span>{ named(speech, tax) }{ for on_top.map(|said| format!(" · {said}")) }</span>
            <span class="row">
                <button type="button" class="button" onclick={change}
                    aria-label={speech.fill("taxes.change-one", &[("name", &tax.label)])}>{ speech.say("taxes.change") }</button>
                <button type="button" class="button button-quiet" onclick={remove} disabled={acting.is_busy()}
                    aria-label={speech.fill("taxes.remove-one", &[("name", &tax.label)])}>{ speech.say("taxes.remove") }</button>
            </span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: ThingId = ThingId([1; 16]);
    const FRESH: ThingId = ThingId([2; 16]);

    #[test]
    fn a_class_needs_a_name_of_its_own_and_a_rate() {
        let taxes =
            [TaxClass { class: STANDARD, label: "Standard".into(), ppm: 160_000, is_inclusive: true }];
        let typed = |class, label: &str, percent: &str| Form {
            class,
            label: label.into(),
            percent: percent.into(),
            is_inclusive: true,
        };
        for (form, expected) in [
            (typed(None, " Reduced ", "8"), Some((FRESH, "Reduced", 80_000))),
            (typed(None, "Zero", "0"), Some((FRESH, "Zero", 0))),
            (typed(None, "standard", "8"), None),
            (typed(Some(STANDARD), "standard", "18"), Some((STANDARD, "standard", 180_000))),
            (typed(None, "", "8"), None),
            (typed(None, "Reduced", "much"), None),
            (typed(None, "Reduced", " "), None),
            (typed(Some(STANDARD), "Standard", ""), None),
            (typed(None, "Reduced", "101"), None),
            (typed(None, "A name with no room on the paper", "8"), None),
        ] {
            let tax = form.tax(&taxes, || FRESH);
            assert_eq!(
                tax.as_ref().map(|tax| (tax.class, tax.label.as_str(), tax.ppm)),
                expected,
                "{form:?}"
            );
        }
    }
}
