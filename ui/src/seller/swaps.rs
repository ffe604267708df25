//! A line of an order that is not there: less of it, something else, or nothing, if its buyer agrees.

use soko_app_api::text::Worded as _;
use soko_app_api::{
    InsteadInput, OrderLineView, OrderView, OwnStall, ProductRow, Query, SwapView, Verb, View,
};
use soko_domain::ids::ThingId;
use soko_domain::quantity::Unit;
use soko_domain::verbs::swap_order::SwapStanding;
use yew::prelude::*;

use crate::acting::{closes, opens, sets, use_acting};
use crate::live::use_query;
use crate::parts::{Badge, Dialog, Icon, SavedTone, SearchBox, Stepper, icon};
use crate::speech::{Speech, use_speech};

const HITS_MAX: u32 = 6;

#[derive(Properties, PartialEq)]
pub(super) struct SwapsProps {
    pub(super) stall: OwnStall,
    pub(super) order: OrderView,
}

/// What was offered for the lines of an order, while it is open.
#[component]
pub(super) fn Swaps(props: &SwapsProps) -> Html {
    let speech = use_speech();
    if props.order.swaps.is_empty() || props.order.row.state != "held" {
        return Html::default();
    }
    let title = speech.say("order-swap.title");
    html! {
        <section class="card stack" aria-label={title.clone()}>
            <h2>{ title }</h2>
            <ul class="plain">
                { for props.order.swaps.iter().map(|swap| html! {
                    <Made key={swap.swap.to_string()} stall={props.stall.clone()} order={props.order.clone()} swap={swap.clone()} />
                }) }
            </ul>
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct MadeProps {
    stall: OwnStall,
    order: OrderView,
    swap: SwapView,
}

#[component]
fn Made(props: &MadeProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let (order, swap) = (&props.order, &props.swap);
    let old = usize::try_from(swap.line).ok().and_then(|place| order.lines.get(place));
    let old = old.map(|line| line.name.clone()).unwrap_or_default();
    let withdraw = withdrawing(&acting, (props.stall.stall, order.row.order), swap.swap);
    let is_open = matches!(swap.standing, SwapStanding::Asked | SwapStanding::Offered) && !swap.is_withdrawn;
    let (tone, said) = standing(&speech, swap);
    html! {
        <li class="stack-tight">
            <div class="row row-apart">
                <span class="grow">{ old }{ " → " }{ into(&speech, swap) }</span>
                <Badge {tone} text={said} />
            </div>
            if is_open {
                <button type="button" class="button button-quiet" onclick={withdraw} disabled={acting.is_busy()}>
                    { speech.say("order-swap.withdraw") }</button>
            }
        </li>
    }
}

fn withdrawing(
    acting: &crate::acting::Acting,
    (stall, order): (soko_domain::ids::LogId, soko_domain::ids::OrderId),
    swap: ThingId,
) -> Callback<MouseEvent> {
    let acting = acting.clone();
    Callback::from(move |_: MouseEvent| {
        let (desk, speech) = (acting.desk.clone(), acting.speech.clone());
        acting.act(stall, Verb::WithdrawSwap { order, swap }, move |_| {
            desk.toasts.done(speech.say("order-swap.withdrawn"));
        });
    })
}

fn into(speech: &Speech, swap: &SwapView) -> String {
    match &swap.into {
        Some(line) => format!("{} {}", speech.quantity(line.quantity, line.unit), line.name),
        None if swap.standing == SwapStanding::Asked => "…".into(),
        None => speech.say("order-swap.nothing").to_string(),
    }
}

fn standing(speech: &Speech, swap: &SwapView) -> (SavedTone, AttrValue) {
    match (swap.standing, swap.end) {
        (SwapStanding::Ended, Some(end)) => {
            (SavedTone::Quiet, speech.say_or(&format!("order-swap.end-{}", end.word()), end.word()))
        }
        (SwapStanding::Ended, None) => (SavedTone::Quiet, speech.say("order-swap.end-too-late")),
        (SwapStanding::Taken, _) => (SavedTone::Good, speech.say("order-swap.taken")),
        (SwapStanding::Offered, _) => (SavedTone::Waiting, speech.say("order-swap.offered")),
        (SwapStanding::Asked, _) => (SavedTone::Waiting, speech.say("order-swap.asked")),
    }
}

#[derive(Properties, PartialEq)]
pub(super) struct MissingProps {
    pub(super) stall: OwnStall,
    pub(super) order: OrderView,
    pub(super) line: u32,
}

/// Beside a line that is to be packed.
#[component]
pub(super) fn Missing(props: &MissingProps) -> Html {
    let speech = use_speech();
    let is_open = use_state(|| false);
    let line = usize::try_from(props.line).ok().and_then(|place| props.order.lines.get(place));
    let Some(line) = line.filter(|line| line.quantity > 0 && props.order.may_swap) else {
        return Html::default();
    };
    let is_asked = |swap: &SwapView| {
        swap.line == props.line && matches!(swap.standing, SwapStanding::Asked | SwapStanding::Offered)
    };
    if props.order.swaps.iter().any(is_asked) {
        return Html::default();
    }
    html! {
        <>
            <button type="button" class="button-icon" onclick={opens(&is_open)}
                aria-label={speech.fill("order-swap.missing", &[("name", &line.name)])}>{ icon(Icon::Swap) }</button>
            if *is_open {
                <Offer stall={props.stall.clone()} order={props.order.clone()} line={line.clone()} place={props.line} on_close={closes(&is_open)} />
            }
        </>
    }
}

#[derive(Properties, PartialEq)]
struct OfferProps {
    stall: OwnStall,
    order: OrderView,
    line: OrderLineView,
    place: u32,
    on_close: Callback<()>,
}

#[component]
fn Offer(props: &OfferProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let line = &props.line;
    let text = use_state(String::new);
    let chosen = use_state(|| None::<ProductRow>);
    let quantity = use_state(|| line.quantity);
    let wanted = text.trim().to_owned();
    let query = Query::Search { stall: props.stall.stall, text: wanted.clone(), rows: HITS_MAX };
    let live = use_query((!wanted.is_empty()).then_some(query));
    let found = match live.view() {
        Some(View::Products(rows)) if !wanted.is_empty() => rows.clone(),
        _ => Vec::new(),
    };
    let (product, name, unit) = match &*chosen {
        Some(row) => (row.product, row.name.clone(), row.unit),
        None => (line.product, line.name.clone(), line.unit),
    };
    let most = if product == line.product { line.quantity - 1 } else { i64::MAX };
    let offered = (*quantity).min(most);
    let offer = |instead: Option<InsteadInput>| {
        let (acting, on_close) = (acting.clone(), props.on_close.clone());
        let (stall, order, line) = (props.stall.stall, props.order.row.order, props.place);
        Callback::from(move |_: MouseEvent| {
            let (desk, speech, on_close) = (acting.desk.clone(), acting.speech.clone(), on_close.clone());
            acting.act(stall, Verb::SwapLine { order, line, instead: instead.clone() }, move |_| {
                desk.toasts.done(speech.say("order-swap.done"));
                on_close.emit(());
            });
        })
    };
    let choose = |row: &ProductRow| {
        let (chosen, text, row) = (chosen.clone(), text.clone(), row.clone());
        Callback::from(move |_: MouseEvent| {
            chosen.set(Some(row.clone()));
            text.set(String::new());
        })
    };
    let step = if unit == Unit::Piece { 1 } else { 50 };
    html! {
        <Dialog title={speech.fill("order-swap.missing", &[("name", &line.name)])} on_close={props.on_close.clone()}>
            <p class="prose">{ speech.say("order-swap.text") }</p>
            <SearchBox label={speech.say("order-swap.search")} value={(*text).clone()} on_input={sets(&text)} />
            { for found.iter().filter(|row| !row.is_bundle).map(|row| html! {
                <button type="button" class="list-row" onclick={choose(row)}>
                    <span class="list-main"><span class="list-name">{ row.name.clone() }</span></span>
                    <span class="number">{ speech.money(row.price_minor, &props.order.row.currency) }</span>
                </button>
            }) }
            <div class="row row-apart">
                <strong class="grow">{ name.clone() }</strong>
                <Stepper label={name} value={offered} {step} shown={speech.quantity(offered, unit)} on_change={sets(&quantity)} />
            </div>
            <footer class="dialog-foot">
                <button type="button" class="button" onclick={offer(None)} disabled={acting.is_busy()}>{ speech.say("order-swap.drop") }</button>
                <button type="button" class="button button-main" disabled={offered < 1 || acting.is_busy()}
                    onclick={offer(Some(InsteadInput { product, quantity: offered }))}>{ speech.say("order-swap.offer") }</button>
            </footer>
        </Dialog>
    }
}
