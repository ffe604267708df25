//! A sale whose refund right this register does not hold: whose it is, asking for it line by line, and giving back what
//! was allowed.

use std::collections::BTreeMap;

use soko_app_api::{OwnStall, RefundAllowedRow, RefundHolder, RefundRightView, SaleLineView, SaleView, Verb};
use yew::prelude::*;

use super::refund::{HowMany, Terms, TermsForm, give_back, left, line_name, take_back};
use crate::acting::{sets, use_acting};
use crate::parts::{Badge, SavedTone};
use crate::speech::Speech;

#[derive(Properties, PartialEq)]
pub(super) struct AskedProps {
    pub stall: OwnStall,
    pub sale: SaleView,
    pub right: RefundRightView,
    pub on_close: Callback<()>,
}

#[component]
pub(super) fn Asked(props: &AskedProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (wanted, chosen) = (use_state(BTreeMap::<u32, i64>::new), use_state(|| None::<u32>));
    let set = {
        let wanted = wanted.clone();
        Callback::from(move |(line, quantity)| {
            let mut now = (*wanted).clone();
            now.insert(line, quantity);
            wanted.set(now);
        })
    };
    let ask = {
        let (acting, wanted) = (acting.clone(), wanted.clone());
        let (stall, sale) = (props.stall.stall, props.sale.row.sale);
        Callback::from(move |line: u32| {
            let quantity = wanted.get(&line).copied().unwrap_or(0);
            if quantity > 0 {
                acting.act(stall, Verb::AskRefund { sale, line, quantity }, |_| {});
            }
        })
    };
    let allowed = |line: u32| row_of(&props.right, line).and_then(|row| row.allowed);
    // The one that is allowed is meant; of several, the one that was chosen.
    let first = props.right.lines.iter().find(|row| row.allowed.is_some()).map(|row| row.line);
    let chosen_line = chosen.filter(|line| allowed(*line).is_some()).or(first);
    // Fewer may have come back than were asked for.
    let used = |line: u32| {
        let allowed = allowed(line)?.quantity;
        Some(wanted.get(&line).map_or(allowed, |wanted| allowed.min(*wanted)))
    };
    let meant: BTreeMap<u32, i64> =
        chosen_line.and_then(|line| Some((line, used(line)?))).into_iter().collect();
    let on_do = {
        let (acting, stall, sale, close) =
            (acting.clone(), props.stall.clone(), props.sale.clone(), props.on_close.clone());
        let meant = meant.clone();
        Callback::from(move |terms: Terms| {
            give_back(&acting, (&stall, &sale), (terms.lines(&meant), &terms), close.clone());
        })
    };
    let on_exchange = {
        let (desk, sale) = (acting.desk.clone(), props.sale.clone());
        let meant = meant.clone();
        Callback::from(move |terms: Terms| take_back(&desk, &sale, terms.lines(&meant), &terms))
    };
    html! {
        <>
            <p class="hint">{ whose(&speech, props) }</p>
            <ul class="plain">
                { for (0_u32..).zip(&props.sale.lines).filter(|(place, line)| left(line) > 0 || allowed(*place).is_some()).map(|(place, line)| html! {
                    <Line {place} line={line.clone()} currency={props.sale.row.currency.clone()}
                        row={row_of(&props.right, place).cloned()} quantity={used(place).or(wanted.get(&place).copied()).unwrap_or(0)}
                        is_chosen={chosen_line == Some(place)} is_busy={acting.is_busy()} on_change={set.clone()} on_ask={ask.clone()}
                        on_choose={sets(&chosen).reform(Some)} />
                }) }
            </ul>
            if chosen_line.is_some() {
                <TermsForm is_busy={acting.is_busy()} stall={props.stall.clone()} sale={props.sale.clone()} wanted={meant}
                    {on_do} {on_exchange} />
            }
        </>
    }
}

fn row_of(right: &RefundRightView, line: u32) -> Option<&RefundAllowedRow> {
    right.lines.iter().find(|row| row.line == line)
}

fn whose(speech: &Speech, props: &AskedProps) -> AttrValue {
    match props.right.holder {
        RefundHolder::Maker => speech.fill("refund.held-maker", &[("register", &props.right.register_name)]),
        RefundHolder::Here | RefundHolder::Server => speech.say("refund.held-server"),
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    place: u32,
    line: SaleLineView,
    currency: AttrValue,
    row: Option<RefundAllowedRow>,
    quantity: i64,
    is_chosen: bool,
    is_busy: bool,
    on_change: Callback<(u32, i64)>,
    on_ask: Callback<u32>,
    on_choose: Callback<u32>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let acting = use_acting();
    let (speech, place) = (acting.speech.clone(), props.place);
    let allowed = props.row.as_ref().and_then(|row| row.allowed);
    let asked = props.row.as_ref().map_or(0, |row| row.asked);
    let refused = props.row.as_ref().and_then(|row| row.refused.as_ref());
    let what = if let Some(allowed) = allowed {
        let (n, amount) = (
            speech.number(allowed.quantity).to_string(),
            speech.money(allowed.amount_minor, &props.currency).to_string(),
        );
        let pressed = if props.is_chosen { "true" } else { "false" };
        let onclick = props.on_choose.reform(move |_: MouseEvent| place);
        html! {
            <>
                if props.is_chosen && allowed.quantity > 1 {
                    <HowMany {place} line={props.line.clone()} quantity={props.quantity} most={allowed.quantity} on_change={props.on_change.clone()} />
                }
                <button type="button" class="button" aria-pressed={pressed} {onclick}>
                    { speech.fill("refund.allowed", &[("n", &n), ("amount", &amount)]) }
                </button>
            </>
        }
    } else if asked > 0 {
        html! { <Badge tone={SavedTone::Waiting} text={speech.count("refund.asked", asked)} /> }
    } else {
        let onclick = props.on_ask.reform(move |_: MouseEvent| place);
        html! {
            <>
                <HowMany {place} line={props.line.clone()} quantity={props.quantity} on_change={props.on_change.clone()} />
                <button type="button" class="button" disabled={props.quantity == 0 || props.is_busy} {onclick}>
                    { speech.say("refund.ask") }
                </button>
            </>
        }
    };
    html! {
        <li class="stack-tight">
            <div class="row row-apart">{ line_name(&speech, &props.line) }{ what }</div>
            if let Some((code, sentence)) = refused {
                <p class="problem" role="status">{ speech.refused(code, sentence) }</p>
            }
        </li>
    }
}
