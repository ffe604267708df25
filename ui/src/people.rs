//! Who is at the register: the lock, the word of a manager, the list of those who work here, and what they did.

mod approve;
mod audit;
mod avatar;
mod limits;
mod lock;
mod one;
mod pin;
mod team;

use soko_app_api::{AtRegisterView, OwnStall, Query, View};
use yew::prelude::*;

pub use approve::{Approving, Wanted};
pub use avatar::WhoIsHere;
pub use lock::{LockScreen, use_auto_lock};

use crate::live::use_query;
use crate::route::Route;

/// The screen of an address about people.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other addresses are others'")]
pub fn screen(route: &Route) -> Option<Html> {
    Some(match route {
        Route::People => html! { <team::Team /> },
        Route::Audit => html! { <audit::Audit /> },
        _ => return None,
    })
}

/// Who is at the register of a stall; none while it is not known.
#[hook]
pub fn use_at_register(stall: Option<&OwnStall>) -> Option<AtRegisterView> {
    let live = use_query(stall.map(|stall| Query::AtRegister(stall.stall)));
    if let Some(View::AtRegister(view)) = live.view() { Some(view.clone()) } else { None }
}
