//! The stall's account at a bank: with it, buyers can pay by transfer; without it, nobody offers that.

use soko_app_api::{Query, StallEdit, StallView, View};
use soko_domain::ids::LogId;
use soko_domain::transfer::{DAYS_DEFAULT, TransferError, TransferTerms};
use yew::prelude::*;

use super::saving::{saves, sets_in};
use crate::doing::use_doing;
use crate::live::use_query;
use crate::parts::{Busy, Field};
use crate::speech::use_speech;
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct BankProps {
    pub stall: LogId,
}

#[component]
pub(super) fn Bank(props: &BankProps) -> Html {
    let speech = use_speech();
    let live = use_query(Some(Query::Stall(props.stall)));
    html! {
        <section class="card stack" aria-labelledby="bank">
            <h2 id="bank">{ speech.say("bank.title") }</h2>
            <p class="prose">{ speech.say("bank.text") }</p>
            if let Some(View::Stall(view)) = live.view() {
                <Fields key={view.transfer_terms.clone()} stall={props.stall} view={view.clone()} />
            } else {
                <Busy {live} />
            }
        </section>
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Form {
    holder: String,
    number: String,
    bank: String,
    days: String,
}

impl Form {
    fn of(view: &StallView) -> Self {
        let terms = TransferTerms::parse(&view.transfer_terms).ok();
        let days = terms.as_ref().map_or(DAYS_DEFAULT, |terms| terms.days).to_string();
        let number = terms.as_ref().map(|terms| terms.to.shown()).unwrap_or_default();
        let (holder, bank) = terms.map(|terms| (terms.to.holder, terms.to.bank)).unwrap_or_default();
        Self { holder, number, bank, days }
    }

    /// As they are kept: nothing where every field is empty.
    fn terms(&self) -> Result<String, TransferError> {
        if [&self.holder, &self.number, &self.bank].iter().all(|text| text.trim().is_empty()) {
            return Ok(String::new());
        }
        let days = typed::whole(&self.days).and_then(|days| u16::try_from(days).ok());
        let number = typed::latin(&self.number);
        let terms = TransferTerms::new(&self.holder, &number, &self.bank, days.unwrap_or(0))?;
        Ok(terms.to_string())
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
    let is_touched = *form != Form::of(&props.view);
    let terms = form.terms();
    let wrong = terms.as_ref().err().copied().filter(|_| is_touched);
    let edits = terms.ok().map(|terms| {
        let is_new = terms != props.view.transfer_terms;
        is_new.then_some(StallEdit::TransferTerms(terms)).into_iter().collect::<Vec<_>>()
    });
    let set = |change: fn(&mut Form, String)| sets_in(&form, change);
    let problem =
        |of: &[TransferError]| wrong.filter(|error| of.contains(error)).map(|error| speech.say(key(error)));
    let is_ready = edits.as_ref().is_some_and(|edits| !edits.is_empty()) && !doing.is_busy();
    let onsubmit = saves(&doing, (props.stall, &edits), || ());
    html! {
        <form class="stack" {onsubmit}>
            <Field label={speech.say("bank.holder")} value={form.holder.clone()} on_input={set(|form, text| form.holder = text)}
                problem={problem(&[TransferError::Holder])} />
            <Field label={speech.say("bank.number")} value={form.number.clone()} on_input={set(|form, text| form.number = text)}
                problem={problem(&[TransferError::Number, TransferError::Iban])} />
            <Field label={speech.say("bank.bank")} value={form.bank.clone()} on_input={set(|form, text| form.bank = text)}
                problem={problem(&[TransferError::Bank])} hint={speech.say("bank.bank-hint")} />
            <Field label={speech.say("bank.days")} value={form.days.clone()} on_input={set(|form, text| form.days = text)}
                inputmode="numeric" problem={problem(&[TransferError::Days])} hint={speech.say("bank.days-hint")} />
            <footer class="row form-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("settings.save") }</button>
            </footer>
        </form>
    }
}

fn key(error: TransferError) -> &'static str {
    match error {
        TransferError::Holder => "bank.wrong-holder",
        TransferError::Number | TransferError::Line => "bank.wrong-number",
        TransferError::Iban => "bank.wrong-iban",
        TransferError::Bank => "bank.wrong-bank",
        TransferError::Days => "bank.wrong-days",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_take_the_account_away_and_a_wrong_one_is_not_kept() {
        let form = |holder: &str, number: &str, days: &str| Form {
            holder: holder.into(),
            number: number.into(),
            bank: String::new(),
            days: days.into(),
        };
        for (form, expected) in [
            (form(" ", "", ""), Ok("")),
            (
                form("Amina", "DE89 3704 0044 0532 0130 00", "3"),
                Ok("holder Amina\nnumber DE89370400440532013000\ndays 3"),
            ),
            (form("Amina", "١٢٣٤٥", "٧"), Ok("holder Amina\nnumber 12345\ndays 7")),
            (form("Amina", "DE88 3704 0044 0532 0130 00", "3"), Err(TransferError::Iban)),
            (form("Amina", "12345", ""), Err(TransferError::Days)),
            (form("", "12345", "3"), Err(TransferError::Holder)),
        ] {
            assert_eq!(form.terms(), expected.map(str::to_owned), "{form:?}");
        }
    }
}
