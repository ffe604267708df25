//! What stands around a screen: navigation, the trust pill, and what lies over it.

mod frame;
mod keys;
mod meeting;
mod palette;
mod pill;
mod replication;
mod sheet;
mod stalls;

use yew::prelude::*;

pub use frame::Frame;
pub use keys::Keys;
pub use palette::{Does, Hit, Palette, everybodys, fitting, use_finder};
pub use pill::Pill;
pub use replication::set_aside;

use crate::desk::{Overlay, use_desk};
use crate::parts::Icon;
use crate::route::{Mode, Route};
use crate::watched::use_watched;

/// One entry of the navigation.
#[derive(Clone, PartialEq)]
pub struct Entry {
    pub to: Route,
    pub key: &'static str,
    pub icon: Icon,
}

pub fn entries(mode: Mode) -> Vec<Entry> {
    let entry = |to, key, icon| Entry { to, key, icon };
    match mode {
        Mode::Seller => vec![
            entry(Route::Sell, "nav.sell", Icon::Till),
            entry(Route::Orders, "nav.orders", Icon::Inbox),
            entry(Route::Products, "nav.products", Icon::Tag),
            entry(Route::Stock, "nav.stock", Icon::Boxes),
            entry(Route::Today, "nav.today", Icon::Chart),
        ],
        Mode::Shopper => vec![
            entry(Route::Market, "nav.market", Icon::Stall),
            entry(Route::Search { text: String::new() }, "nav.search", Icon::Search),
            entry(Route::Basket, "nav.basket", Icon::Basket),
            entry(Route::MyOrders, "nav.my-orders", Icon::Receipt),
            entry(Route::Me, "nav.me", Icon::Person),
        ],
    }
}

/// The entry that a section stands for, with settings, which is no part of either list.
pub fn entry(section: &Route) -> Option<Entry> {
    let settings = Entry { to: Route::Settings, key: "nav.settings", icon: Icon::Gear };
    let all = entries(Mode::Seller).into_iter().chain(entries(Mode::Shopper)).chain([settings]);
    all.into_iter().find(|entry| entry.to == *section)
}

/// What lies over the screen now.
#[component]
pub fn Overlays() -> Html {
    let desk = use_desk();
    match use_watched(&desk.overlay) {
        Overlay::Nothing => Html::default(),
        Overlay::Palette => (desk.program.palette)(),
        Overlay::Shortcuts => html! { <sheet::Shortcuts /> },
        Overlay::Replication => html! { <replication::Replication /> },
        Overlay::Stalls => html! { <stalls::Stalls /> },
    }
}
