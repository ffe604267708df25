//! The stalls that this device works for, and which of them the screens are about.

use soko_app_api::OwnStall;
use yew::prelude::*;

use crate::app::{use_about, use_stall};
use crate::desk::{Overlay, use_desk};
use crate::nav::Go;
use crate::parts::{Dialog, Icon, icon};
use crate::route::Route;
use crate::speech::use_speech;

#[component]
pub fn Stalls() -> Html {
    let (desk, speech, about, shown) = (use_desk(), use_speech(), use_about(), use_stall());
    let on_close = {
        let desk = desk.clone();
        Callback::from(move |()| desk.overlay.set(Overlay::Nothing))
    };
    let stalls = about.map(|about| about.stalls.clone()).unwrap_or_default();
    let one = |stall: &OwnStall| {
        let is_shown = shown.as_ref().is_some_and(|shown| shown.stall == stall.stall);
        let (desk, chosen) = (desk.clone(), stall.stall);
        let choose = Callback::from(move |_: MouseEvent| {
            desk.choose_stall(chosen);
            // What one stall has, another one does not: its list is there in both.
            desk.go(desk.route.get().section());
        });
        html! {
            <button key={stall.stall.to_string()} type="button" class="list-row" onclick={choose} aria-current={is_shown.then_some("true")}>
                { icon(Icon::Stall) }
                <span class="list-main">
                    <span class="list-name">{ stall.name.clone() }</span>
                    <span class="list-more">{ stall.currency.clone() }</span>
                </span>
                if is_shown { <span class="list-more">{ speech.say("stalls.shown") }</span> }
            </button>
        }
    };
    html! {
        <Dialog title={speech.say("stalls.title")} {on_close} class="dialog-small">
            <p class="prose">{ speech.say("stalls.text") }</p>
            <section class="card">{ for stalls.iter().map(one) }</section>
            <footer class="dialog-foot">
                <Go to={Route::Devices} class="button">{ icon(Icon::Device) }{ speech.say("stalls.join") }</Go>
                <Go to={Route::Begin} class="button">{ icon(Icon::Plus) }{ speech.say("stalls.begin") }</Go>
            </footer>
        </Dialog>
    }
}
