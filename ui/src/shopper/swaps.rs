//! What a stall offers in place of a line of one's order: what it would be, what the order comes to then, yes or no.

use soko_app_api::{BuyerVerb, OwnOrderView, OwnSwap, OwnSwapState};
use yew::prelude::*;

use crate::doing::use_doing;
use crate::parts::{Badge, Icon, SavedTone, icon};

#[derive(Properties, PartialEq)]
pub(super) struct SwapsProps {
    pub(super) order: OwnOrderView,
}

#[component]
pub(super) fn Swaps(props: &SwapsProps) -> Html {
    let open =
        |swap: &&OwnSwap| matches!(swap.state, OwnSwapState::Offered | OwnSwapState::Yes | OwnSwapState::No);
    let one = |swap: &OwnSwap| {
        html! { <Offered key={swap.swap.to_string()} order={props.order.clone()} swap={swap.clone()} /> }
    };
    html! { <>{ for props.order.swaps.iter().filter(open).map(one) }</> }
}

#[derive(Properties, PartialEq)]
struct OfferedProps {
    order: OwnOrderView,
    swap: OwnSwap,
}

#[component]
fn Offered(props: &OfferedProps) -> Html {
    let doing = use_doing();
    let speech = doing.speech.clone();
    let (order, swap) = (&props.order, &props.swap);
    let old = usize::try_from(swap.line).ok().and_then(|place| order.lines.get(place));
    let Some(old) = old else { return Html::default() };
    let (currency, title) = (&order.row.currency, speech.say("swap.title"));
    let answer = |is_taken: bool| {
        let (doing, order, swap) = (doing.clone(), order.row.order, swap.swap);
        Callback::from(move |_: MouseEvent| {
            let desk = doing.desk.clone();
            let verb = BuyerVerb::AnswerSwap { order, swap, is_taken };
            doing.run(async move { desk.buy(verb).await }, |()| ());
        })
    };
    let was = speech.fill("swap.missing", &[("line", &quantity(&speech, old.quantity, old.unit, &old.name))]);
    let total = speech.money(order.row.total_minor.saturating_add(swap.delta_minor), currency);
    let is_answered = swap.state != OwnSwapState::Offered;
    html! {
        <section class="card stack" aria-label={title.clone()}>
            <h2>{ title }</h2>
            <p class="prose">{ was }</p>
            <p class="row row-apart"><s>{ quantity(&speech, old.quantity, old.unit, &old.name) }</s>
                <s class="number">{ speech.money(old.total_minor, currency) }</s></p>
            if swap.product.is_some() {
                <p class="row row-apart"><strong>{ quantity(&speech, swap.quantity, old.unit, &swap.name) }</strong>
                    <strong class="number">{ speech.money(swap.total_minor, currency) }</strong></p>
            } else {
                <p class="prose">{ speech.say("swap.nothing") }</p>
            }
            <p class="prose" role="status">{ speech.fill("swap.total", &[("amount", &total)]) }</p>
            if is_answered {
                <Badge tone={SavedTone::Waiting} text={speech.say(if swap.state == OwnSwapState::Yes { "swap.yes-kept" } else { "swap.no-kept" })} />
            } else {
                <div class="row">
                    <button type="button" class="button button-main" onclick={answer(true)} disabled={doing.is_busy()}>
                        { icon(Icon::Check) }{ speech.say("swap.take") }</button>
                    <button type="button" class="button" onclick={answer(false)} disabled={doing.is_busy()}>{ speech.say("swap.decline") }</button>
                </div>
            }
        </section>
    }
}

fn quantity(
    speech: &crate::speech::Speech,
    quantity: i64,
    unit: soko_domain::quantity::Unit,
    name: &str,
) -> String {
    format!("{} {name}", speech.quantity(quantity, unit))
}
