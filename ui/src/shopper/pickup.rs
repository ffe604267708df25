//! What is shown at the stall to get an order: a code to scan, and letters to read to each other. It is on the device, and
//! there without a signal.

use soko_app_api::{PickupCode, short_code};
use soko_domain::ids::OrderId;
use yew::prelude::*;

use crate::parts::Squares;
use crate::speech::use_speech;

#[derive(Properties, PartialEq)]
pub(super) struct ToShowProps {
    pub order: OrderId,
    pub code: PickupCode,
}

#[component]
pub(super) fn ToShow(props: &ToShowProps) -> Html {
    let speech = use_speech();
    let side = usize::try_from(props.code.side).unwrap_or_default();
    html! {
        <section class="card pickup" aria-label={speech.say("pickup.title")}>
            <Squares {side} modules={props.code.modules.clone()} label={speech.say("pickup.code")} />
            <div class="stack-tight">
                <h2>{ speech.say("pickup.title") }</h2>
                <p class="prose">{ speech.say("pickup.text") }</p>
                <p class="pickup-letters number">{ short_code(props.order) }</p>
            </div>
        </section>
    }
}
