//! A part of an order's money that goes back: some of its lines or an amount, the way it was paid or out of the drawer. This register
//! asks, and the server answers, so that two registers never give back the same.

use std::collections::BTreeMap;

use soko_app_api::text::Worded as _;
use soko_app_api::{OrderLineView, OrderRefundView, OrderView, OwnStall, RefundLineInput, Verb};
use soko_domain::entry::{BackWay, GoodsBack};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::quantity::Unit;
use soko_domain::verbs::pay_order::PayStanding;
use soko_domain::verbs::refund_order::PartStanding;
use yew::prelude::*;

use super::refund::{GOODS, chosen};
use crate::acting::{closes, opens, sets, use_acting};
use crate::parts::{Badge, Choice, Confirm, Dialog, Field, Icon, SavedTone, Stepper, icon};
use crate::speech::{Speech, use_speech};
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct PartsProps {
    pub stall: OwnStall,
    pub order: OrderView,
}

/// What went back, what is on its way, and what can be done about either.
#[component]
pub(super) fn Parts(props: &PartsProps) -> Html {
    let speech = use_speech();
    let asks = use_state(|| false);
    let (order, row) = (&props.order, &props.order.row);
    html! {
        <>
            if !order.refunds.is_empty() {
                <section class="card stack" aria-label={speech.say("order-refund.list")}>
                    <h2>{ speech.say("order-refund.list") }</h2>
                    <ul class="plain">
                        { for order.refunds.iter().map(|part| html! {
                            <PartRow key={part.refund.to_string()} stall={props.stall.stall} order={row.order}
                                currency={row.currency.clone()} part={part.clone()} />
                        }) }
                    </ul>
                </section>
            }
            if order.left_minor > 0 {
                <div class="row">
                    <button type="button" class="button button-quiet" onclick={opens(&asks)}>
                        { icon(Icon::Refund) }{ speech.say("order-refund.open") }
                    </button>
                </div>
            }
            if *asks {
                <Dialog title={speech.say("order-refund.title")} on_close={closes(&asks)}>
                    <Form stall={props.stall.stall} order={order.clone()} on_close={closes(&asks)} />
                </Dialog>
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct PartRowProps {
    stall: LogId,
    order: OrderId,
    currency: AttrValue,
    part: OrderRefundView,
}

#[component]
fn PartRow(props: &PartRowProps) -> Html {
    let acting = use_acting();
    let (speech, part) = (acting.speech.clone(), &props.part);
    let tone = tone(part.standing);
    let give = {
        let (acting, stall, order, refund) = (acting.clone(), props.stall, props.order, part.refund);
        Callback::from(move |_: MouseEvent| {
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            acting.act(stall, Verb::GiveOrderCash { order, refund }, move |_| {
                desk.toasts.done(speech.say("order-refund.given"));
            });
        })
    };
    let sends = use_state(|| false);
    let send = {
        let (acting, sends) = (acting.clone(), sends.clone());
        let (stall, order, refund) = (props.stall, props.order, part.refund);
        Callback::from(move |_: String| {
            sends.set(false);
            let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
            let verb = Verb::SendBackTransfer { order, refund, reference: String::new() };
            acting.act(stall, verb, move |_| desk.toasts.done(speech.say("order-refund.sent")));
        })
    };
    let amount = speech.money(part.amount_minor, &props.currency);
    html! {
        <li class="stack-tight">
            <div class="row row-apart">
                if part.amount_minor > 0 { <strong class="number">{ amount.clone() }</strong> }
                <span class="grow">{ way(&speech, part.way) }</span>
                <Badge {tone} text={standing(&speech, part)} />
            </div>
            <p class="prose">{ part.reason.clone() }{ " · " }{ speech.day_and_time(part.at_ms, None) }</p>
            if part.may_give {
                <button type="button" class="button button-main" onclick={give} disabled={acting.is_busy()}>
                    { icon(Icon::Refund) }{ speech.fill("order-refund.give", &[("amount", &amount)]) }
                </button>
            }
            if part.may_send {
                <p class="prose">{ speech.say("order-refund.to-send") }</p>
                <button type="button" class="button button-main" onclick={opens(&sends)} disabled={acting.is_busy()}>
                    { icon(Icon::Refund) }{ speech.fill("order-refund.send", &[("amount", &amount)]) }
                </button>
            }
            if *sends {
                <Confirm title={speech.fill("order-refund.send", &[("amount", &amount)])} text={speech.say("order-refund.send-text")}
                    action={speech.say("order-refund.send-do")} on_confirm={send} on_close={closes(&sends)} />
            }
        </li>
    }
}

pub(super) fn tone(standing: PartStanding) -> SavedTone {
    match standing {
        PartStanding::Asked | PartStanding::Allowed => SavedTone::Waiting,
        PartStanding::Back => SavedTone::Good,
        PartStanding::Refused => SavedTone::Bad,
    }
}

pub(super) fn way(speech: &Speech, way: BackWay) -> AttrValue {
    speech.say_or(&format!("order-refund.way-{}", way.word()), way.word())
}

pub(super) fn standing(speech: &Speech, part: &OrderRefundView) -> AttrValue {
    match (part.standing, part.way, part.end) {
        (PartStanding::Refused, _, Some(end)) => {
            speech.say_or(&format!("order-refund.end-{}", end.word()), end.word())
        }
        (PartStanding::Allowed, BackWay::Cash, _) => speech.say("order-refund.to-give"),
        (standing, ..) => speech.say_or(&format!("order-refund.is-{}", standing.word()), standing.word()),
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    stall: LogId,
    order: OrderView,
    on_close: Callback<()>,
}

/// What is to go back, as it stands in the form.
#[derive(Clone, PartialEq)]
struct Wish {
    wanted: BTreeMap<u32, i64>,
    goods: GoodsBack,
    way: BackWay,
    amount_minor: Option<i64>,
    reason: String,
}

impl Wish {
    fn is_whole(&self) -> bool {
        let is_some = self.has_lines() || self.amount_minor.is_some_and(|minor| minor > 0);
        is_some && self.amount_minor.is_some() && !self.reason.is_empty()
    }

    fn has_lines(&self) -> bool {
        self.wanted.values().any(|quantity| *quantity > 0)
    }

    fn verb(&self, order: OrderId) -> Verb {
        let some = self.wanted.iter().filter(|(_, quantity)| **quantity > 0);
        let line = |(line, quantity): (&u32, &i64)| RefundLineInput {
            line: *line,
            quantity: *quantity,
            goods: self.goods,
        };
        Verb::RefundOrder {
            order,
            returned: None,
            lines: some.map(line).collect(),
            amount_minor: self.amount_minor.unwrap_or(0),
            way: self.way,
            reason: self.reason.clone(),
        }
    }
}

#[component]
fn Form(props: &FormProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (order, row) = (&props.order, &props.order.row);
    let is_here = row.state != "held";
    let is_cancelled = row.state == "cancelled";
    // What was paid for a cancelled order is given by hand only where nobody else gives it back.
    let ways = if is_cancelled { vec![BackWay::Cash] } else { ways(row.money, is_here) };
    let wanted = use_state(BTreeMap::<u32, i64>::new);
    let goods = use_state(|| GoodsBack::Sellable);
    let chosen_way = use_state(|| ways[0]);
    let (amount, reason) = (use_state(String::new), use_state(String::new));
    let is_empty = amount.trim().is_empty();
    let wish = Wish {
        wanted: (*wanted).clone(),
        goods: *goods,
        way: *chosen_way,
        amount_minor: if is_empty { Some(0) } else { typed::amount(&amount, &row.currency) },
        reason: reason.trim().into(),
    };
    let is_ready = wish.is_whole() && !acting.is_busy();
    let onsubmit = {
        let (acting, stall, on_close) = (acting.clone(), props.stall, props.on_close.clone());
        let verb = wish.verb(row.order);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let (desk, speech, on_close) = (acting.desk.clone(), acting.speech.clone(), on_close.clone());
            acting.act(stall, verb.clone(), move |_| {
                desk.toasts.done(speech.say("order-refund.asked"));
                on_close.emit(());
            });
        })
    };
    let goods_options = GOODS.map(|kind| {
        (kind.word().into(), speech.say_or(&format!("refund.goods-{}", kind.word()), kind.word()))
    });
    let way_options: Vec<_> = ways.iter().map(|it| (it.word().into(), way(&speech, *it))).collect();
    let left = speech.money(order.left_minor, &row.currency);
    html! {
        <form class="stack" {onsubmit}>
            <p class="prose">{ speech.fill("order-refund.left", &[("amount", &left)]) }</p>
            if is_here && !is_cancelled {
                <Lines order={order.clone()} wanted={(*wanted).clone()} on_change={sets(&wanted)} />
            }
            if wish.has_lines() {
                <Choice label={speech.say("refund.goods")} value={goods.word()} options={goods_options.to_vec()} on_choose={chosen(&goods)} />
            }
            <Field label={speech.say("order-refund.amount")} hint={speech.say("order-refund.amount-hint")} value={(*amount).clone()}
                on_input={sets(&amount)} inputmode="decimal" sign={row.currency.clone()} />
            if ways.len() > 1 {
                <Choice label={speech.say("refund.tender")} value={chosen_way.word()} options={way_options} on_choose={chosen(&chosen_way)} />
            } else {
                <p class="prose">{ way(&speech, ways[0]) }</p>
            }
            <Field label={speech.say("confirm.reason")} value={(*reason).clone()} on_input={sets(&reason)} required=true />
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={!is_ready}>{ speech.say("refund.do") }</button>
            </footer>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct LinesProps {
    order: OrderView,
    wanted: BTreeMap<u32, i64>,
    on_change: Callback<BTreeMap<u32, i64>>,
}

/// How many of each line come back.
#[component]
fn Lines(props: &LinesProps) -> Html {
    let speech = use_speech();
    let set = |place: u32, left: i64| {
        let wanted = props.wanted.clone();
        props.on_change.reform(move |quantity: i64| {
            let mut now = wanted.clone();
            now.insert(place, quantity.clamp(0, left));
            now
        })
    };
    let row = |((place, line), left): ((u32, &OrderLineView), &i64)| {
        let quantity = props.wanted.get(&place).copied().unwrap_or(0);
        // What is weighed does not come back gram by gram.
        let step = if line.unit == Unit::Piece { 1 } else { 50 };
        let can_come = speech.fill("order-refund.of", &[("n", &speech.quantity(*left, line.unit))]);
        html! {
            <li class="row row-apart">
                <span class="list-main grow"><span class="list-name">{ line.name.clone() }</span>
                    <span class="list-more">{ can_come }</span></span>
                <Stepper label={line.name.clone()} value={quantity} {step} shown={speech.number(quantity)} on_change={set(place, *left)} />
            </li>
        }
    };
    html! {
        <ul class="plain">{ for (0_u32..).zip(&props.order.lines).zip(&props.order.lines_left).map(row) }</ul>
    }
}

/// How the money can go back: what was paid at hand-over lies in a drawer, and who is not here takes no cash.
pub(super) fn ways(money: PayStanding, is_here: bool) -> Vec<BackWay> {
    match (money, is_here) {
        (PayStanding::AtHandOver, _) => vec![BackWay::Cash],
        (_, false) => vec![BackWay::AsPaid],
        (_, true) => vec![BackWay::AsPaid, BackWay::Cash],
    }
}
