//! Bringing something back: what, how much of it and why; and what the stall says to it.

use soko_app_api::text::Worded as _;
use soko_app_api::{BackLine, BuyerVerb, OrderLineView, OwnOrderView, OwnReturn, OwnReturnState};
use soko_domain::entry::ReturnWhy;
use soko_domain::ids::ThingId;
use soko_domain::quantity::Unit;
use yew::prelude::*;

use crate::acting::{closes, opens};
use crate::browser;
use crate::doing::use_doing;
use crate::parts::{Badge, Choice, Dialog, Field, Icon, SavedTone, icon};
use crate::speech::{Speech, use_speech};
use crate::typed;

#[derive(Properties, PartialEq)]
pub(super) struct BringBackProps {
    pub order: OwnOrderView,
}

#[component]
pub(super) fn BringBack(props: &BringBackProps) -> Html {
    let speech = use_speech();
    let asks = use_state(|| false);
    let order = &props.order;
    html! {
        <>
            { for order.returns.iter().map(|it| shown(&speech, order, it)) }
            if order.return_days > 0 && left(order).iter().any(|left| *left > 0) {
                <button type="button" class="button" onclick={opens(&asks)}>{ icon(Icon::Refund) }{ speech.say("bring-back.title") }</button>
            }
            if *asks {
                <Dialog title={speech.say("bring-back.title")} on_close={closes(&asks)}>
                    <Form order={order.clone()} on_done={closes(&asks)} />
                </Dialog>
            }
        </>
    }
}

/// How much of each line is not on its way back yet.
fn left(order: &OwnOrderView) -> Vec<i64> {
    let counts = |it: &&OwnReturn| !matches!(it.state, OwnReturnState::Refused | OwnReturnState::Declined);
    let back: Vec<&BackLine> = order.returns.iter().filter(counts).flat_map(|it| &it.lines).collect();
    let of = |(place, line): (usize, &OrderLineView)| {
        let asked = back.iter().filter(|it| usize::try_from(it.line) == Ok(place)).map(|it| it.quantity);
        line.quantity - asked.fold(0, i64::saturating_add)
    };
    order.lines.iter().enumerate().map(of).collect()
}

fn shown(speech: &Speech, order: &OwnOrderView, it: &OwnReturn) -> Html {
    let (tone, key) = match it.state {
        OwnReturnState::Saved => (SavedTone::Waiting, "bring-back.saved"),
        OwnReturnState::Asked => (SavedTone::Waiting, "bring-back.asked"),
        OwnReturnState::Taken => (SavedTone::Good, "bring-back.taken"),
        OwnReturnState::Refused | OwnReturnState::Declined => (SavedTone::Bad, "bring-back.refused"),
    };
    let named = |line: &BackLine| {
        let known = usize::try_from(line.line).ok().and_then(|place| order.lines.get(place))?;
        Some(html! {
            <li><span class="checkout-quantity number">{ speech.quantity(line.quantity, known.unit) }</span>
                <span class="grow">{ known.name.clone() }</span></li>
        })
    };
    html! {
        <section class="card stack" key={it.returned.to_string()} aria-label={speech.say("bring-back.title")}>
            <div class="row row-apart"><h2>{ speech.say("bring-back.title") }</h2><Badge {tone} text={speech.say(key)} /></div>
            <ul class="checkout-lines">{ for it.lines.iter().filter_map(named) }</ul>
            if it.state == OwnReturnState::Taken {
                <p class="prose">{ speech.say("bring-back.taken-text") }</p>
            }
            if !it.because.is_empty() {
                <p class="prose buyer-note">{ icon(Icon::Note) }<span>{ speech.refused(&it.because, &it.because) }</span></p>
            }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct FormProps {
    order: OwnOrderView,
    on_done: Callback<()>,
}

#[component]
fn Form(props: &FormProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let order = &props.order;
    let left = left(order);
    let why = use_state(|| ReturnWhy::Damaged);
    let typed = use_state(|| vec![String::new(); order.lines.len()]);
    // One identity however often the button is tapped.
    let returned = use_memo((), |()| ThingId(browser::chance()));
    let lines: Option<Vec<BackLine>> = typed.iter().zip(&left).zip(0..).map(back_line).collect();
    let lines: Option<Vec<BackLine>> =
        lines.map(|lines| lines.into_iter().filter(|it| it.quantity > 0).collect());
    let lines = lines.filter(|lines| !lines.is_empty());
    let onsubmit = {
        let (doing, on_done, lines) = (doing.clone(), props.on_done.clone(), lines.clone());
        let (order, returned, why) = (order.row.order, *returned, *why);
        Callback::from(move |submit: SubmitEvent| {
            submit.prevent_default();
            let Some(lines) = lines.clone() else { return };
            let (desk, on_done) = (doing.desk.clone(), on_done.clone());
            let verb = BuyerVerb::ReturnGoods { order, returned, why, lines };
            doing.run(async move { desk.buy(verb).await }, move |()| on_done.emit(()));
        })
    };
    let on_why = {
        let why = why.clone();
        Callback::from(move |word: String| why.set(ReturnWhy::from_word(&word).unwrap_or(ReturnWhy::Damaged)))
    };
    let on_quantity = |place: usize| {
        let typed = typed.clone();
        Callback::from(move |text: String| {
            let mut now = (*typed).clone();
            if let Some(kept) = now.get_mut(place) {
                *kept = text;
            }
            typed.set(now);
        })
    };
    let field = |(place, ((line, left), text)): (usize, ((&OrderLineView, &i64), &String))| {
        let most = speech.quantity(*left, line.unit);
        html! {
            <Field label={speech.fill("bring-back.of", &[("name", &line.name), ("most", &most)])} value={text.clone()} inputmode="numeric"
                on_input={on_quantity(place)} sign={sign(line.unit)}
                problem={back_line(((text, left), 0)).is_none().then(|| speech.say("refused.return_too_many"))} />
        }
    };
    let whys = ReturnWhy::WORDS
        .iter()
        .map(|(_, word)| (AttrValue::Static(word), speech.say_or(&format!("return-why.{word}"), word)));
    html! {
        <form class="stack" {onsubmit}>
            <p class="prose">{ speech.count("bring-back.days", order.return_days.into()) }</p>
            { for order.lines.iter().zip(&left).zip(typed.iter()).enumerate().filter(|(_, ((_, left), _))| **left > 0).map(field) }
            <Choice label={speech.say("bring-back.why")} value={why.word()} on_choose={on_why} options={whys.collect::<Vec<_>>()} />
            <footer class="dialog-foot">
                <button type="submit" class="button button-main" disabled={lines.is_none() || doing.is_busy()}>{ speech.say("bring-back.ask") }</button>
            </footer>
        </form>
    }
}

/// What is typed of one line; none where it is no such quantity.
fn back_line(((text, left), line): ((&String, &i64), u32)) -> Option<BackLine> {
    let quantity = if text.trim().is_empty() { 0 } else { typed::whole(text)? };
    (quantity <= *left).then_some(BackLine { line, quantity })
}

/// Weights and volumes are typed in the smallest unit.
fn sign(unit: Unit) -> Option<AttrValue> {
    match unit {
        Unit::Piece => None,
        Unit::Gram => Some(AttrValue::Static("g")),
        Unit::Millilitre => Some(AttrValue::Static("ml")),
    }
}
