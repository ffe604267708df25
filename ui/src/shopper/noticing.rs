//! What a shopper meets on these screens is said to the device, together after a moment. Nothing waits for it.

use soko_app_api::{Call, NOTICED_MAX, Noticed};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::interaction::{Met, Place};
use web_sys::Element;
use yew::prelude::*;

use crate::browser::sight::Sight;
use crate::browser::time;
use crate::desk::{Desk, use_desk};
use crate::link::Standing;
use crate::route::Route;

/// What is met within this goes together.
const TOGETHER_MS: i32 = 1_000;

/// Where the screens are that stand below.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Here(Option<Place>);

impl Here {
    /// Nothing where a product that stands there was found before.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other screens show what was met before")]
    pub(super) fn of(route: &Route) -> Self {
        Self(match route {
            Route::Market => Some(Place::Home),
            Route::Search { .. } | Route::Category(_) => Some(Place::Search),
            Route::Stall(_) => Some(Place::Stall),
            Route::Offer(..) => Some(Place::Product),
            _ => None,
        })
    }
}

/// Where this screen is.
#[hook]
pub(super) fn use_here() -> Here {
    use_context().unwrap_or(Here(None))
}

impl Here {
    /// Something that happens to a product on this screen.
    pub(super) fn meets(self, met: Met, (stall, product): (LogId, ProductId)) -> Option<Noticed> {
        self.0.map(|place| Noticed { met, place, stall, product, arm: None })
    }
}

/// Says so once it stood in sight.
#[hook]
pub(super) fn use_in_sight(node: &NodeRef, it: Option<Noticed>) {
    let (desk, node) = (use_desk(), node.clone());
    use_effect_with(it, move |it| {
        let watched = it.clone().zip(node.cast::<Element>());
        let sight = watched.and_then(|(it, element)| Sight::of(&element, move || notice(&desk, it)));
        move || drop(sight)
    });
}

/// Says so as soon as it is shown.
#[hook]
pub(super) fn use_shown(it: Option<Noticed>) {
    let desk = use_desk();
    use_effect_with(it, move |it| {
        if let Some(it) = it.clone() {
            notice(&desk, it);
        }
    });
}

pub(super) fn notice(desk: &Desk, it: Noticed) {
    let mut waiting = desk.noticed.borrow_mut();
    if waiting.len() >= NOTICED_MAX || waiting.contains(&it) {
        return;
    }
    waiting.push(it);
    if waiting.len() == 1 {
        wasm_bindgen_futures::spawn_local(say(desk.clone()));
    }
}

/// Once there is an engine to keep it.
async fn say(desk: Desk) {
    loop {
        time::sleep(TOGETHER_MS).await;
        match desk.standing.get() {
            Standing::GettingReady => {}
            Standing::OnlineOnly | Standing::NotOpened => return desk.noticed.borrow_mut().clear(),
            Standing::Engine => break,
        }
    }
    let all = desk.noticed.take();
    // What cannot be kept is no loss to whoever looks.
    desk.call(Call::Noticed(all)).await;
}
