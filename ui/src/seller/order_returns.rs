//! What a buyer brings back of an order, and what the stall says to it.

use soko_app_api::text::Worded as _;
use soko_app_api::{DeviceVerb, GoodsLine, OrderView, OwnStall, ReturnAnswer, ReturnRow};
use soko_domain::entry::GoodsBack;
use soko_domain::verbs::return_goods::ReturnState;
use yew::prelude::*;

use crate::acting::{closes, opens};
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
    let amount = speech.money(row.amount_minor, &order.row.currency);
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
                <p class="prose">{ speech.fill("return.money", &[("amount", &amount)]) }</p>
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
    let doing = use_doing();
    let speech = doing.speech.clone();
    let row = &props.row;
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
        Callback::from(move |_: MouseEvent| say(&doing, answer.clone(), "return.taken-done"))
    };
    let refuse = {
        let (doing, refuses) = (doing.clone(), refuses.setter());
        Callback::from(move |reason: String| {
            refuses.set(false);
            say(&doing, ReturnAnswer { reason, ..answer.clone() }, "return.refused-done");
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
            <div class="row row-apart">
                <button type="button" class="button button-main" onclick={take} disabled={doing.is_busy()}>{ speech.say("return.take") }</button>
                <button type="button" class="button button-quiet" onclick={opens(&refuses)}>{ speech.say("return.refuse") }</button>
            </div>
            if *refuses {
                <Confirm title={speech.say("return.refuse")} text={speech.say("return.refuse-text")} action={speech.say("return.refuse")}
                    asks_reason=true on_confirm={refuse} on_close={closes(&refuses)} />
            }
        </>
    }
}

fn say(doing: &Doing, answer: ReturnAnswer, key: &'static str) {
    let (desk, done) = (doing.desk.clone(), doing.clone());
    doing.run(async move { desk.with_device(DeviceVerb::AnswerReturn(answer)).await }, move |_| {
        done.desk.toasts.done(done.speech.say(key));
    });
}

fn places(speech: &Speech) -> Vec<(AttrValue, AttrValue)> {
    let named = |goods: GoodsBack| {
        let word = goods.word();
        (AttrValue::Static(word), speech.say_or(&format!("refund.goods-{word}"), word))
    };
    [GoodsBack::Sellable, GoodsBack::Waste, GoodsBack::KeptByBuyer].map(named).to_vec()
}
