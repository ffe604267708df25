//! What a buyer brings back of an order, and what the stall says to it.

use soko_app_api::text::Worded as _;
use soko_app_api::{
    DeviceVerb, GoodsLine, OrderView, OwnStall, RefundLineInput, ReturnAnswer, ReturnRow, Verb,
};
use soko_domain::entry::{BackWay, GoodsBack};
use soko_domain::ids::LogId;
use soko_domain::verbs::return_goods::ReturnState;
use yew::prelude::*;

use super::order_refund::{standing, tone, way, ways};
use crate::acting::{Acting, closes, opens, use_acting};
use crate::doing::{Doing, use_doing};
use crate::parts::{Badge, Choice, Confirm, Icon, SavedTone, icon};
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct ReturnsProps {
    pub stall: OwnStall,
    pub order: OrderView,
}

#[component]
pub(super) fn Returns(props: &ReturnsProps) -> Html {
    html! {
        { for props.order.returns.iter().map(|row| html! {
            <Return key={row.returned.to_string()} stall={props.stall.clone()} order={props.order.clone()} row={row.clone()} />
        }) }
    }
}

#[derive(Properties, PartialEq)]
struct ReturnProps {
    stall: OwnStall,
    order: OrderView,
    row: ReturnRow,
}

#[component]
fn Return(props: &ReturnProps) -> Html {
    let speech = use_speech();
    let (order, row) = (&props.order, &props.row);
    let why = row.why.word();
    html! {
        <section class="card stack" aria-label={speech.say("return.title")}>
            <div class="row row-apart"><h2>{ speech.say("return.title") }</h2>{ badge(&speech, row.state) }</div>
            <p class="prose">{ speech.say_or(&format!("return-why.{why}"), why) }{ " · " }{ speech.ago(row.asked_ms) }</p>
            if row.state == ReturnState::Asked {
                <Answer stall={props.stall.clone()} order={order.clone()} row={row.clone()} />
            } else {
                <ul class="pack">
                    { for row.lines.iter().map(|line| named(&speech, order, line.line, line.quantity)) }
                </ul>
            }
            if row.state == ReturnState::Taken {
                <Money stall={props.stall.clone()} order={order.clone()} row={row.clone()} />
            }
            if !row.reason.is_empty() {
                <p class="order-note">{ icon(Icon::Note) }<span>{ row.reason.clone() }</span></p>
            }
        </section>
    }
}

fn badge(speech: &Speech, state: ReturnState) -> Html {
    let (tone, key) = match state {
        ReturnState::Asked => (SavedTone::Waiting, "return.asked"),
        ReturnState::Taken => (SavedTone::Good, "return.taken"),
        ReturnState::Refused => (SavedTone::Quiet, "return.refused"),
    };
    html! { <Badge {tone} text={speech.say(key)} /> }
}

fn named(speech: &Speech, order: &OrderView, line: u32, quantity: i64) -> Html {
    let known = usize::try_from(line).ok().and_then(|place| order.lines.get(place));
    let Some(known) = known else { return Html::default() };
    html! {
        <li><strong class="number pack-count">{ speech.quantity(quantity, known.unit) }</strong><span class="grow">{ known.name.clone() }</span></li>
    }
}

/// Where each line goes, and whether it is taken at all. The server decides, so that nothing is taken twice.
#[component]
fn Answer(props: &ReturnProps) -> Html {
    let (doing, acting) = (use_doing(), use_acting());
    let speech = doing.speech.clone();
    let row = &props.row;
    let ways = money_ways(&props.order);
    let chosen_way = use_state(|| ways.first().copied());
    let refuses = use_state(|| false);
    let goods = use_state(|| vec![GoodsBack::Sellable; row.lines.len()]);
    let answer = ReturnAnswer {
        stall: props.stall.stall,
        order: props.order.row.order,
        returned: row.returned,
        goods: None,
        reason: String::new(),
    };
    let take = {
        let lines = row.lines.iter().zip(goods.iter());
        let lines = lines.map(|(line, goods)| GoodsLine { line: line.line, goods: *goods }).collect();
        let (doing, answer) = (doing.clone(), ReturnAnswer { goods: Some(lines), ..answer.clone() });
        let (acting, stall) = (acting.clone(), props.stall.stall);
        let money = chosen_way.map(|way| refund(&speech, props, way));
        Callback::from(move |_: MouseEvent| {
            let (acting, money) = (acting.clone(), money.clone());
            say(&doing, answer.clone(), "return.taken-done", move || {
                if let Some(verb) = money {
                    give_back(&acting, stall, verb);
                }
            });
        })
    };
    let refuse = {
        let (doing, refuses) = (doing.clone(), refuses.setter());
        Callback::from(move |reason: String| {
            refuses.set(false);
            say(&doing, ReturnAnswer { reason, ..answer.clone() }, "return.refused-done", || ());
        })
    };
    let choose = |place: usize| {
        let goods = goods.clone();
        Callback::from(move |word: String| {
            let mut now = (*goods).clone();
            if let (Some(kept), Some(chosen)) = (now.get_mut(place), GoodsBack::from_word(&word)) {
                *kept = chosen;
            }
            goods.set(now);
        })
    };
    html! {
        <>
            { for row.lines.iter().zip(goods.iter()).enumerate().map(|(place, (line, goes))| html! {
                <>
                    <ul class="pack">{ named(&speech, &props.order, line.line, line.quantity) }</ul>
                    <Choice label={speech.say("return.where")} value={goes.word()} on_choose={choose(place)} options={places(&speech)} />
                </>
            }) }
            if !ways.is_empty() {
                { money_choice(&speech, &worth(&speech, props), (&ways, &chosen_way)) }
            }
            <div class="row row-apart">
                <button type="button" class="button button-main" onclick={take} disabled={doing.is_busy() || acting.is_busy()}>{ speech.say("return.take") }</button>
                <button type="button" class="button button-quiet" onclick={opens(&refuses)}>{ speech.say("return.refuse") }</button>
            </div>
            if *refuses {
                <Confirm title={speech.say("return.refuse")} text={speech.say("return.refuse-text")} action={speech.say("return.refuse")}
                    asks_reason=true on_confirm={refuse} on_close={closes(&refuses)} />
            }
        </>
    }
}

/// How the money of these goods goes back, or that none does.
fn money_choice(
    speech: &Speech,
    amount: &str,
    (ways, chosen): (&[BackWay], &UseStateHandle<Option<BackWay>>),
) -> Html {
    let choose = {
        let chosen = chosen.setter();
        Callback::from(move |word: String| chosen.set(BackWay::from_word(&word)))
    };
    html! {
        <Choice label={speech.say("return.money")} hint={speech.fill("return.money-hint", &[("amount", amount)])}
            value={chosen.map_or(NO_MONEY, BackWay::word)} on_choose={choose} options={money_options(speech, ways)} />
    }
}

/// What became of the money of goods that came back: the refund has the return's name, so it goes back once.
#[component]
fn Money(props: &ReturnProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let amount = worth(&speech, props);
    if let Some(part) = props.order.refunds.iter().find(|part| part.refund == props.row.returned) {
        let given = speech.money(part.amount_minor, &props.order.row.currency);
        let given = if part.amount_minor > 0 { given.into() } else { amount };
        return html! {
            <div class="row row-apart"><span>{ speech.fill("return.money-back", &[("amount", &given)]) }{ " · " }{ way(&speech, part.way) }</span>
                <Badge tone={tone(part.standing)} text={standing(&speech, part)} /></div>
        };
    }
    let stall = props.stall.stall;
    let give = |back: BackWay| {
        let (acting, verb) = (acting.clone(), refund(&speech, props, back));
        Callback::from(move |_: MouseEvent| give_back(&acting, stall, verb.clone()))
    };
    html! {
        <>
            <p class="prose">{ speech.say("return.no-money") }</p>
            <div class="row">
                { for money_ways(&props.order).into_iter().map(|back| html! {
                    <button type="button" class="button" onclick={give(back)} disabled={acting.is_busy()}>
                        { icon(Icon::Refund) }{ speech.fill("return.give-back", &[("amount", &amount)]) }{ " · " }{ way(&speech, back) }
                    </button>
                }) }
            </div>
        </>
    }
}

const NO_MONEY: &str = "none";

fn worth(speech: &Speech, props: &ReturnProps) -> AttrValue {
    speech.money(props.row.amount_minor, &props.order.row.currency).into()
}

/// None where nothing is left to give.
fn money_ways(order: &OrderView) -> Vec<BackWay> {
    if order.left_minor > 0 { ways(order.row.money, true) } else { Vec::new() }
}

fn money_options(speech: &Speech, ways: &[BackWay]) -> Vec<(AttrValue, AttrValue)> {
    let mut options: Vec<_> =
        ways.iter().map(|it| (AttrValue::Static(it.word()), way(speech, *it))).collect();
    options.push((AttrValue::Static(NO_MONEY), speech.say("return.money-none")));
    options
}

/// Its goods were moved by the return itself.
fn refund(speech: &Speech, props: &ReturnProps, way: BackWay) -> Verb {
    let line = |line: &soko_app_api::BackLine| RefundLineInput {
        line: line.line,
        quantity: line.quantity,
        goods: GoodsBack::KeptByBuyer,
    };
    Verb::RefundOrder {
        order: props.order.row.order,
        returned: Some(props.row.returned),
        lines: props.row.lines.iter().map(line).collect(),
        amount_minor: 0,
        way,
        reason: speech.say("bring-back.taken").to_string(),
    }
}

fn give_back(acting: &Acting, stall: LogId, verb: Verb) {
    let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
    acting.act(stall, verb, move |_| desk.toasts.done(speech.say("order-refund.asked")));
}

fn say(doing: &Doing, answer: ReturnAnswer, key: &'static str, then: impl FnOnce() + 'static) {
    let (desk, done) = (doing.desk.clone(), doing.clone());
    doing.run(async move { desk.with_device(DeviceVerb::AnswerReturn(answer)).await }, move |_| {
        done.desk.toasts.done(done.speech.say(key));
        then();
    });
}

fn places(speech: &Speech) -> Vec<(AttrValue, AttrValue)> {
    let named = |goods: GoodsBack| {
        let word = goods.word();
        (AttrValue::Static(word), speech.say_or(&format!("refund.goods-{word}"), word))
    };
    [GoodsBack::Sellable, GoodsBack::Waste, GoodsBack::KeptByBuyer].map(named).to_vec()
}
