//! Closing the drawer: counted blind, by coins and notes or as a sum; then what differs, with its reason.

use std::collections::BTreeMap;

use soko_app_api::{CoinsInput, OwnStall, Query, Reply, Verb, View};
use soko_domain::ids::ShiftId;
use soko_domain::money::{Currency, coins};
use yew::prelude::*;

use crate::acting::{sets, use_acting};
use crate::desk::use_desk;
use crate::live::use_query;
use crate::parts::{Dialog, Field, Problem};
use crate::route::Route;
use crate::speech::use_speech;
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct CloseDrawerProps {
    pub stall: OwnStall,
    pub shift: ShiftId,
    pub on_close: Callback<()>,
}

/// C55: nothing says what should be there before it was counted, and a difference is accepted with a reason.
#[component]
pub(super) fn CloseDrawer(props: &CloseDrawerProps) -> Html {
    let speech = use_speech();
    let counted = use_state(|| None::<i64>);
    let on_counted = sets(&counted);
    let again = {
        let counted = counted.setter();
        Callback::from(move |()| counted.set(None))
    };
    html! {
        <Dialog title={speech.say("shift.close")} on_close={props.on_close.clone()}>
            if let Some(counted_minor) = *counted {
                <Difference stall={props.stall.clone()} shift={props.shift} {counted_minor} {again} on_close={props.on_close.clone()} />
            } else {
                <Counting stall={props.stall.clone()} shift={props.shift} on_counted={on_counted.reform(Some)} />
            }
        </Dialog>
    }
}

#[derive(Properties, PartialEq)]
struct CountingProps {
    stall: OwnStall,
    shift: ShiftId,
    on_counted: Callback<i64>,
}

#[component]
fn Counting(props: &CountingProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let currency = props.stall.currency.clone();
    let pieces = use_state(BTreeMap::<i64, String>::new);
    let other = use_state(String::new);
    let values = Currency::parse(&currency).map(coins).unwrap_or_default();
    let other_minor = if other.trim().is_empty() { Some(0) } else { typed::amount(&other, &currency) };
    let counted: Option<Vec<CoinsInput>> = pieces
        .iter()
        .filter(|(_, typed)| !typed.trim().is_empty())
        .map(|(value, typed)| typed::whole(typed).map(|pieces| CoinsInput { value_minor: *value, pieces }))
        .collect();
    let sum = counted.as_ref().zip(other_minor).and_then(|(coins, other)| sum(coins, other));
    let is_begun = pieces.values().any(|typed| !typed.trim().is_empty()) || !other.trim().is_empty();
    let is_ready = sum.is_some() && is_begun && !acting.is_busy();
    let onsubmit = {
        let (acting, on_counted) = (acting.clone(), props.on_counted.clone());
        let (stall, shift) = (props.stall.stall, props.shift);
        let ready = counted.clone().zip(other_minor).zip(sum).filter(|_| is_ready);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(((coins, other_minor), sum)) = ready.clone() else { return };
            let on_counted = on_counted.clone();
            acting.act(stall, Verb::CountDrawer { shift, coins, other_minor }, move |_| on_counted.emit(sum));
        })
    };
    let row = |value: i64| {
        let set = pieces.clone();
        let on_input = Callback::from(move |typed: String| {
            let mut now = (*set).clone();
            now.insert(value, typed);
            set.set(now);
        });
        let typed = pieces.get(&value).cloned().unwrap_or_default();
        let is_wrong = !typed.trim().is_empty() && typed::whole(&typed).is_none();
        html! {
            <Field key={value.to_string()} label={speech.money(value, &currency)} value={typed} {on_input} inputmode="numeric"
                class="field-coins" problem={is_wrong.then(|| speech.say("form.amount"))} />
        }
    };
    html! {
        <form class="stack" {onsubmit}>
            <p class="prose">{ speech.say("shift.count-text") }</p>
            <div class="coins">{ for values.into_iter().map(row) }</div>
            <Field label={speech.say("shift.count-other")} value={(*other).clone()} on_input={sets(&other)} inputmode="decimal"
                sign={currency.clone()} class="field-money" hint={speech.say("shift.count-other-hint")}
                problem={other_minor.is_none().then(|| speech.say("form.amount"))} />
            <p class="sums coins-sum"><span class="sums-total"><span>{ speech.say("shift.counted") }</span>
                <output class="number">{ speech.money(sum.unwrap_or_default(), &currency) }</output></span></p>
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("shift.counted-all") }</button>
            </footer>
        </form>
    }
}

/// What is in sight while counting; the engine adds it up anew.
fn sum(coins: &[CoinsInput], other_minor: i64) -> Option<i64> {
    let worth = |of: &CoinsInput| of.value_minor.checked_mul(of.pieces);
    coins.iter().map(worth).try_fold(other_minor, |sum, worth| sum.checked_add(worth?))
}

#[derive(Properties, PartialEq)]
struct DifferenceProps {
    stall: OwnStall,
    shift: ShiftId,
    counted_minor: i64,
    again: Callback<()>,
    on_close: Callback<()>,
}

#[component]
fn Difference(props: &DifferenceProps) -> Html {
    let acting = use_acting();
    let (desk, speech) = (use_desk(), acting.speech.clone());
    let reason = use_state(String::new);
    let (stall, currency) = (props.stall.stall, props.stall.currency.clone());
    let live = use_query(Some(Query::ShiftReport { stall, register: None, shift: None }));
    let report = match live.view() {
        Some(View::ShiftReport(report)) if report.shift == props.shift => Some(report.clone()),
        Some(_) | None => None,
    };
    let counted_minor = props.counted_minor;
    let expected = report.as_ref().and_then(|report| report.expected_minor);
    let difference = report.as_ref().and_then(|report| report.variance_minor).filter(|found| *found != 0);
    let is_ready =
        expected.is_some() && (difference.is_none() || !reason.trim().is_empty()) && !acting.is_busy();
    let onsubmit = {
        let (acting, on_close, reason, shift) =
            (acting.clone(), props.on_close.clone(), reason.trim().to_owned(), props.shift);
        let register = report.as_ref().map(|report| report.register);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            if !is_ready {
                return;
            }
            let (desk, on_close) = (desk.clone(), on_close.clone());
            let verb = Verb::CloseShift { shift, counted_minor, reason: reason.clone() };
            acting.act(stall, verb, move |reply| {
                on_close.emit(());
                if let (Reply::ShiftClosed { .. }, Some(register)) = (reply, register) {
                    desk.go(Route::ShiftReport(register, shift));
                }
            });
        })
    };
    let again = props.again.reform(|_: MouseEvent| ());
    let money = |minor: i64| speech.money(minor, &currency);
    html! {
        <form class="stack" {onsubmit}>
            <dl class="facts">
                <div><dt>{ speech.say("shift.counted") }</dt><dd class="number">{ money(counted_minor) }</dd></div>
                if let Some(expected) = expected {
                    <div><dt>{ speech.say("report.expected") }</dt><dd class="number">{ money(expected) }</dd></div>
                }
            </dl>
            if let Some(difference) = difference {
                <Problem text={speech.fill(if difference < 0 { "shift.short" } else { "shift.over" }, &[("amount", &money(difference.abs()))])} />
                <Field label={speech.say("shift.reason")} value={(*reason).clone()} on_input={sets(&reason)} required=true autofocus=true />
            } else if expected.is_some() {
                <p class="prose">{ speech.say("shift.agrees") }</p>
            }
            if report.as_ref().is_some_and(|report| report.unsent > 0) {
                <p class="prose">{ speech.count("shift.unsent", report.as_ref().map_or(0, |report| i64::try_from(report.unsent).unwrap_or(i64::MAX))) }</p>
            }
            <footer class="dialog-foot">
                <button type="button" class="button" onclick={again}>{ speech.say("shift.count-again") }</button>
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("shift.close") }</button>
            </footer>
        </form>
    }
}
