//! What a scanner reads goes where it is wanted.

use yew::prelude::*;

#[component]
pub fn Scans() -> Html {
    Html::default()
}
