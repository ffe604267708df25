//! What a buyer shows at the stall: the order opens, to be handed over; or it is said why it does not.

use soko_app_api::{Answer, Call, Pickup, Query, View, short_code};
use soko_domain::ids::LogId;
use yew::prelude::*;

use crate::desk::Desk;
use crate::route::Route;
use crate::speech::Speech;

/// What the code of an order means at this stall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Means {
    ToHandOver,
    HandedOver,
    Cancelled,
    /// It was placed at another stall.
    Elsewhere,
    /// It is this stall's, says the code, and nobody here has heard of it.
    NotHere,
}

/// What was scanned is opened, or answered in words.
pub(super) fn fetch(desk: &Desk, speech: &Speech, stall: LogId, pickup: Pickup) {
    let (desk, speech) = (desk.clone(), speech.clone());
    wasm_bindgen_futures::spawn_local(async move {
        let order = pickup.order;
        let Answer::View(view) = desk.call(Call::Ask(Query::Order { stall, order })).await else {
            return desk.toasts.error(speech.say("scan.failed"));
        };
        let state = if let View::Order(found) = view { Some(found.row.state) } else { None };
        let code = short_code(order);
        let say = |key: &'static str| speech.fill(key, &[("code", &code)]);
        let look = || {
            let desk = desk.clone();
            (speech.say("pickup.look"), Callback::from(move |()| desk.go(Route::Order(order))))
        };
        let offer = |key, (label, look): (AttrValue, Callback<()>)| desk.toasts.offer(say(key), label, look);
        match means(state.as_deref(), pickup.stall == stall) {
            Means::ToHandOver => desk.go(Route::Order(order)),
            Means::HandedOver => offer("pickup.handed-over", look()),
            Means::Cancelled => offer("pickup.cancelled", look()),
            Means::Elsewhere => desk.toasts.error(say("pickup.elsewhere")),
            Means::NotHere => desk.toasts.error(say("pickup.not-here")),
        }
    });
}

/// By the state of the order here, if it is known here.
fn means(state: Option<&str>, is_of_this_stall: bool) -> Means {
    if !is_of_this_stall {
        return Means::Elsewhere;
    }
    match state {
        None => Means::NotHere,
        Some("handed over" | "fulfilled") => Means::HandedOver,
        Some("cancelled") => Means::Cancelled,
        // One that only a newer program knows is looked at.
        Some(_) => Means::ToHandOver,
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::verbs::release_order::OrderState;

    use super::*;

    #[test]
    fn only_what_waits_at_this_stall_is_opened_to_be_handed_over() {
        for (state, wanted) in [
            (OrderState::Held, Means::ToHandOver),
            (OrderState::HandedOver, Means::HandedOver),
            (OrderState::Fulfilled, Means::HandedOver),
            (OrderState::Released, Means::Cancelled),
        ] {
            assert_eq!(means(Some(state.name()), true), wanted, "{state:?}");
            assert_eq!(means(Some(state.name()), false), Means::Elsewhere, "{state:?}");
        }
        assert_eq!((means(None, true), means(None, false)), (Means::NotHere, Means::Elsewhere));
    }
}
