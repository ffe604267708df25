//! The seller's side of the counter.

mod begin;
mod home;
mod scans;

use yew::prelude::*;

pub use home::Home;
pub use scans::Scans;

use crate::route::Route;

/// The screen of an address on this side; none for an address of the other.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other side's addresses are the other side's")]
pub fn screen(route: &Route) -> Option<Html> {
    Some(match route {
        Route::Begin => html! { <begin::Begin /> },
        _ => return None,
    })
}
