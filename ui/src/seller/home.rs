//! Where the page begins when the address says nothing: behind the counter on a device with a stall, before it
//! otherwise.

use yew::prelude::*;

use crate::desk::use_desk;
use crate::route::Route;

#[derive(Properties, PartialEq)]
pub struct HomeProps {
    pub has_stall: bool,
}

#[component]
pub fn Home(props: &HomeProps) -> Html {
    let desk = use_desk();
    use_effect_with(props.has_stall, move |has_stall| {
        desk.go_instead(if *has_stall { Route::Sell } else { Route::Market });
    });
    Html::default()
}
