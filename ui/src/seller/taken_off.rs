//! Taking something off the cart, or off its price: at once, or with a reason where paying began and the customer was told a total
//! (first-hour 16).

use soko_app_api::{OwnStall, Verb};
use yew::prelude::*;

use crate::acting::use_acting;
use crate::cart::{Cart, Reduced};
use crate::desk::{Desk, new_cart};
use crate::parts::Confirm;
use crate::watched::use_watched;

/// Says whether it is done; otherwise somebody is asked for a reason first.
pub(super) fn reduce(desk: &Desk, after: Cart) -> bool {
    let before = desk.cart.get();
    let asks = before.is_told && !before.taken_off(&after, "").is_empty();
    if asks {
        desk.reduced.set(Some(Reduced { asked_on: before, after }));
    } else {
        desk.cart.set(after);
    }
    !asks
}

#[derive(Properties, PartialEq)]
pub(super) struct TakenOffProps {
    pub stall: OwnStall,
}

/// Asks why, if something waits for that.
#[component]
pub(super) fn TakenOff(props: &TakenOffProps) -> Html {
    let acting = use_acting();
    let speech = acting.speech.clone();
    let Some(reduced) = use_watched(&acting.desk.reduced) else { return Html::default() };
    let on_confirm = {
        let (acting, stall) = (acting.clone(), props.stall.stall);
        Callback::from(move |reason: String| {
            let (desk, reduced) = (acting.desk.clone(), reduced.clone());
            let asked_on = &reduced.asked_on;
            let lines = asked_on.taken_off(&reduced.after, &acting.speech.say("sum.discount"));
            let verb = Verb::TakeOff { sale: asked_on.sale, lines, reason };
            acting.act(stall, verb, move |_| {
                if let Some(done) = reduced.done(&desk.cart.get(), new_cart()) {
                    desk.cart.set(done);
                }
                desk.reduced.set(None);
            });
        })
    };
    let on_close = {
        let desk = acting.desk.clone();
        Callback::from(move |()| desk.reduced.set(None))
    };
    html! {
        <Confirm title={speech.say("taken-off.title")} text={speech.say("taken-off.text")} action={speech.say("taken-off.do")}
            asks_reason=true {on_confirm} {on_close} />
    }
}
