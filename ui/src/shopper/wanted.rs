//! One line of a basket. What a thumb taps is shown at once; the basket follows.

use soko_app_api::{BuyerVerb, WantedLine};
use soko_domain::ids::LogId;
use yew::prelude::*;

use super::amounts::{self, Remark};
use super::cards::Price;
use crate::desk::{Desk, use_desk};
use crate::nav::Go;
use crate::parts::{Icon, Photo, Stepper, icon};
use crate::route::Route;
use crate::speech::{Speech, use_speech};

#[derive(Properties, PartialEq)]
pub(super) struct WantedProps {
    pub stall: LogId,
    pub currency: AttrValue,
    pub line: WantedLine,
}

#[component]
pub(super) fn Wanted(props: &WantedProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let line = &props.line;
    let tapped = use_state_eq(|| None::<i64>);
    {
        let tapped = tapped.setter();
        use_effect_with(line.quantity, move |_| tapped.set(None));
    }
    let quantity = tapped.unwrap_or(line.quantity);
    let put = {
        let (desk, speech, tapped) = (desk.clone(), speech.clone(), tapped.setter());
        let (stall, product, shown) = (props.stall, line.product, Some(quantity));
        Callback::from(move |quantity: i64| {
            let quantity = quantity.max(0);
            tapped.set(Some(quantity));
            send(&desk, &speech, tapped.clone(), BuyerVerb::PutLine { stall, product, quantity, shown });
        })
    };
    let remove = {
        let (desk, speech, put, tapped) = (desk.clone(), speech.clone(), put.clone(), tapped.setter());
        let (stall, product, name) = (props.stall, line.product, line.name.clone());
        Callback::from(move |_: MouseEvent| {
            put.emit(0);
            let (to, said, tapped) = (desk.clone(), speech.clone(), tapped.clone());
            let back = Callback::from(move |()| {
                // As much as was seen to go.
                let verb = BuyerVerb::PutLine { stall, product, quantity, shown: Some(0) };
                send(&to, &said, tapped.clone(), verb);
            });
            desk.toasts.offer(
                speech.fill("basket.removed", &[("name", &name)]),
                speech.say("action.undo"),
                back,
            );
        })
    };
    // Minus on the last one takes the line out, with a way back.
    let step = amounts::step(line.unit, line.price_per);
    let change = {
        let (put, remove) = (put.clone(), remove.clone());
        Callback::from(move |quantity: i64| {
            if quantity <= 0 {
                if let Ok(click) = MouseEvent::new("click") {
                    remove.emit(click);
                }
            } else {
                put.emit(quantity);
            }
        })
    };
    let address = line.picture.as_ref().map(|picture| desk.picture(picture));
    html! {
        <li class="wanted">
            <Photo {address} name={line.name.clone()} class="wanted-photo" />
            <Said stall={props.stall} currency={props.currency.clone()} line={line.clone()} {put} />
            <div class="wanted-end">
                <strong class="number">{ speech.money(line.total_minor, &props.currency) }</strong>
                <div class="wanted-keys">
                    <button type="button" class="button-icon" onclick={remove}
                        aria-label={speech.fill("basket.remove", &[("name", &line.name)])}>{ icon(Icon::Trash) }</button>
                    if !line.is_gone {
                        <Stepper label={line.name.clone()} value={quantity} {step}
                            shown={speech.quantity(quantity, line.unit)} on_change={change} />
                    }
                </div>
            </div>
        </li>
    }
}

#[derive(Properties, PartialEq)]
struct SaidProps {
    stall: LogId,
    currency: AttrValue,
    line: WantedLine,
    put: Callback<i64>,
}

/// What it is, what it costs, and what changed about it.
#[component]
fn Said(props: &SaidProps) -> Html {
    let speech = use_speech();
    let line = &props.line;
    let remarks = amounts::remarks(line);
    let available = line.available;
    let take = props.put.reform(move |_: MouseEvent| available);
    let is_too_many = remarks.contains(&Remark::TooMany);
    html! {
        <div class="wanted-words">
            <Go to={Route::Offer(props.stall, line.product)} class="wanted-name">{ name(&speech, line) }</Go>
            if !line.is_gone {
                <Price minor={line.price_minor} currency={props.currency.clone()} unit={line.unit} per={line.price_per}
                    class="price-small" />
            }
            { for remarks.into_iter().map(|remark| html! {
                <p class={classes!("remark", is_bad(remark).then_some("remark-bad"))}>
                    { said(&speech, remark, line, &props.currency) }
                </p>
            }) }
            if is_too_many {
                <button type="button" class="button button-small" onclick={take}>
                    { speech.fill("basket.take", &[("quantity", &speech.quantity(available, line.unit))]) }
                </button>
            }
        </div>
    }
}

fn send(desk: &Desk, speech: &Speech, tapped: UseStateSetter<Option<i64>>, verb: BuyerVerb) {
    let (desk, speech) = (desk.clone(), speech.clone());
    wasm_bindgen_futures::spawn_local(async move {
        if let Err(trouble) = desk.buy(verb).await {
            tapped.set(None);
            desk.toasts.error(trouble.sentence(&speech));
        }
    });
}

fn name(speech: &Speech, line: &WantedLine) -> AttrValue {
    if line.name.is_empty() { speech.say("basket.unnamed") } else { line.name.clone().into() }
}

fn is_bad(remark: Remark) -> bool {
    matches!(remark, Remark::Gone | Remark::SoldOut)
}

fn said(speech: &Speech, remark: Remark, line: &WantedLine, currency: &str) -> AttrValue {
    let was = || speech.money(line.price_was_minor.unwrap_or(line.price_minor), currency);
    match remark {
        Remark::Gone => speech.say("basket.gone"),
        Remark::SoldOut => speech.say("basket.sold-out"),
        Remark::TooMany => {
            speech.fill("basket.too-many", &[("quantity", &speech.quantity(line.available, line.unit))])
        }
        Remark::Dearer => speech.fill("basket.dearer", &[("price", &was())]),
        Remark::Cheaper => speech.fill("basket.cheaper", &[("price", &was())]),
    }
}
