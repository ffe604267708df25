//! Giving money back, line by line, never more than was sold; and saying where the goods went.

use std::collections::BTreeMap;

use soko_app_api::text::Worded;
use soko_app_api::{OwnStall, RefundLineInput, Reply, SaleLineView, SaleView, Verb};
use soko_domain::basket::TenderKind;
use soko_domain::entry::GoodsBack;
use soko_domain::ids::LogId;
use yew::prelude::*;

use super::pay::name;
use super::tenders::KINDS;
use crate::acting::{Acting, sets, use_acting};
use crate::parts::{Choice, Dialog, Field, Stepper};
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct RefundProps {
    pub stall: OwnStall,
    pub sale: SaleView,
    pub on_close: Callback<()>,
}

const GOODS: [GoodsBack; 3] = [GoodsBack::Sellable, GoodsBack::Waste, GoodsBack::KeptByBuyer];

#[component]
pub(super) fn Refund(props: &RefundProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let wanted = use_state(BTreeMap::<u32, i64>::new);
    let goods = use_state(|| GoodsBack::Sellable);
    let tender = use_state(|| TenderKind::Cash);
    let reason = use_state(String::new);
    let is_ready =
        wanted.values().any(|quantity| *quantity > 0) && !reason.trim().is_empty() && !acting.is_busy();
    let onsubmit = {
        let (acting, wanted, reason, goods, tender) =
            (acting.clone(), wanted.clone(), reason.clone(), *goods, *tender);
        let (stall, row, on_close) = (props.stall.stall, props.sale.row.clone(), props.on_close.clone());
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            if is_ready {
                let (lines, reason) = (lines(&wanted, goods), reason.trim().into());
                let verb = Verb::Refund { sale: row.sale, lines, tender, reason };
                give_back(&acting, stall, verb, row.currency.clone(), on_close.clone());
            }
        })
    };
    let set = {
        let wanted = wanted.clone();
        Callback::from(move |(line, quantity)| {
            let mut now = (*wanted).clone();
            now.insert(line, quantity);
            wanted.set(now);
        })
    };
    let on_goods = chosen(&goods);
    let on_tender = chosen(&tender);
    let on_reason = sets(&reason);
    let goods_options = GOODS.map(|kind| {
        (kind.word().into(), speech.say_or(&format!("refund.goods-{}", kind.word()), kind.word()))
    });
    let tender_options = KINDS.map(|kind| (kind.word().into(), name(&speech, kind)));
    html! {
        <Dialog title={speech.say("refund.title")} on_close={props.on_close.clone()}>
            <form class="stack" {onsubmit}>
                <ul class="plain">
                    { for (0_u32..).zip(&props.sale.lines).map(|(place, line)| html! {
                        <Line {place} line={line.clone()} quantity={wanted.get(&place).copied().unwrap_or(0)} on_change={set.clone()} />
                    }) }
                </ul>
                <div class="pair">
                    <Choice label={speech.say("refund.goods")} value={goods.word()} options={goods_options.to_vec()} on_choose={on_goods} />
                    <Choice label={speech.say("refund.tender")} value={tender.word()} options={tender_options.to_vec()} on_choose={on_tender} />
                </div>
                <Field label={speech.say("confirm.reason")} value={(*reason).clone()} on_input={on_reason} required=true />
                <footer class="dialog-foot">
                    <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("refund.do") }</button>
                </footer>
            </form>
        </Dialog>
    }
}

/// Takes the word of a choice.
fn chosen<T: Worded>(state: &UseStateHandle<T>) -> Callback<String> {
    let setter = state.setter();
    Callback::from(move |word: String| T::from_word(&word).into_iter().for_each(|choice| setter.set(choice)))
}

fn lines(wanted: &BTreeMap<u32, i64>, goods: GoodsBack) -> Vec<RefundLineInput> {
    let some = wanted.iter().filter(|(_, quantity)| **quantity > 0);
    some.map(|(line, quantity)| RefundLineInput { line: *line, quantity: *quantity, goods }).collect()
}

fn give_back(acting: &Acting, stall: LogId, verb: Verb, currency: String, on_close: Callback<()>) {
    let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
    acting.act(stall, verb, move |reply| {
        if let Reply::Refunded { amount_minor, .. } = reply {
            let amount = speech.money(amount_minor, &currency);
            desk.toasts.done(speech.fill("refund.done", &[("amount", &amount)]));
        }
        on_close.emit(());
    });
}

#[derive(Properties, PartialEq)]
struct LineProps {
    place: u32,
    line: SaleLineView,
    quantity: i64,
    on_change: Callback<(u32, i64)>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let speech = use_speech();
    let (place, line) = (props.place, &props.line);
    let left = (line.quantity - line.refunded).max(0);
    // What is weighed is not given back gram by gram.
    let step = if line.price_per > 1 { 50 } else { 1 };
    let on_change = props.on_change.reform(move |quantity: i64| (place, quantity.clamp(0, left)));
    html! {
        <li class="row row-apart">
            <span class="list-main grow">
                <span class="list-name">{ line.name.clone() }</span>
                <span class="list-more">{ speech.count("refund.left", left) }</span>
            </span>
            <Stepper label={line.name.clone()} value={props.quantity} {step} shown={speech.number(props.quantity)} {on_change} />
        </li>
    }
}
