//! Navigation at the side or, on a phone, below; the stall's name and the trust pill above; the screen in between.

use yew::prelude::*;

use super::{Pill, entries};
use crate::app::{use_about, use_stall};
use crate::desk::{Overlay, use_desk};
use crate::nav::Go;
use crate::parts::{Icon, icon};
use crate::people::WhoIsHere;
use crate::route::{Mode, Route};
use crate::shopper::BasketCount;
use crate::speech::use_speech;
use crate::watched::use_watched;

/// As they stand on a keyboard.
const FIND_KEYS: &str = "Ctrl K";

#[derive(Properties, PartialEq)]
pub struct FrameProps {
    pub children: Html,
}

#[component]
pub fn Frame(props: &FrameProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let route = use_watched(&desk.route);
    let mode = use_mode(&route);
    let class = match mode {
        Mode::Seller => "app app-seller",
        Mode::Shopper => "app app-shopper",
    };
    let skip = Callback::from(|click: MouseEvent| {
        click.prevent_default();
        use wasm_bindgen::JsCast as _;
        let main = crate::browser::document().get_element_by_id("main");
        if let Some(main) = main.and_then(|main| main.dyn_into::<web_sys::HtmlElement>().ok()) {
            // An element that cannot be focused is no loss.
            let _ = main.focus();
        }
    });
    html! {
        <div {class}>
            <a class="skip" href="#main" onclick={skip}>{ speech.say("app.skip") }</a>
            <Top {mode} />
            <Rail {mode} route={route.clone()} />
            <main id="main" class="scrolls" tabindex="-1">{ props.children.clone() }</main>
        </div>
    }
}

/// The last audience that a screen was for; before any, the one that fits the device.
#[hook]
fn use_mode(route: &Route) -> Mode {
    let about = use_about();
    let last = use_mut_ref(|| None::<Mode>);
    if let Some(mode) = route.mode() {
        *last.borrow_mut() = Some(mode);
    }
    let has_stall = about.is_some_and(|about| !about.stalls.is_empty());
    let fitting = if has_stall { Mode::Seller } else { Mode::Shopper };
    last.borrow().unwrap_or(fitting)
}

#[derive(Properties, PartialEq)]
struct TopProps {
    mode: Mode,
}

#[component]
fn Top(props: &TopProps) -> Html {
    let (desk, speech, stall) = (use_desk(), use_speech(), use_stall());
    let name = match (props.mode, &stall) {
        (Mode::Seller, Some(stall)) => AttrValue::from(stall.name.clone()),
        (Mode::Seller, None) => speech.say("app.name"),
        (Mode::Shopper, _) => speech.say("app.market"),
    };
    // The visible name is a part of it, as somebody who speaks to the device expects.
    let label = AttrValue::from(format!("{name} · {}", speech.say("nav.home")));
    let has_others = use_about().is_some_and(|about| about.stalls.len() > 1);
    let others = {
        let desk = desk.clone();
        Callback::from(move |_: MouseEvent| desk.overlay.set(Overlay::Stalls))
    };
    let find = Callback::from(move |_: MouseEvent| desk.overlay.set(Overlay::Palette));
    html! {
        <header class="top">
            <Go to={Route::Home} class="brand" {label}>
                <span class="brand-mark">{ icon(Icon::Stall) }</span>
                <span class="brand-name">{ name }</span>
            </Go>
            if props.mode == Mode::Seller && has_others {
                <button type="button" class="button-icon" onclick={others} aria-haspopup="dialog" aria-label={speech.say("stalls.switch")}>
                    { icon(Icon::Down) }
                </button>
            }
            <span class="top-space" />
            <button type="button" class="find" onclick={find} aria-keyshortcuts="Control+K">
                { icon(Icon::Search) }<span>{ speech.say("palette.title") }</span><kbd aria-hidden="true">{ FIND_KEYS }</kbd>
            </button>
            if props.mode == Mode::Seller {
                <WhoIsHere />
            }
            <Pill />
            <SwitchMode mode={props.mode} has_stall={stall.is_some()} />
            <Go to={Route::Settings} class="button-icon only-phone" label={speech.say("nav.settings")}>
                { icon(Icon::Gear) }
            </Go>
        </header>
    }
}

#[derive(Properties, PartialEq)]
struct SwitchProps {
    mode: Mode,
    has_stall: bool,
}

/// Between the two sides of the counter.
#[component]
fn SwitchMode(props: &SwitchProps) -> Html {
    let speech = use_speech();
    let (to, key, sign) = match (props.mode, props.has_stall) {
        (Mode::Seller, _) => (Route::Market, "mode.shop", Icon::Basket),
        (Mode::Shopper, true) => (Route::Sell, "mode.sell", Icon::Till),
        (Mode::Shopper, false) => (Route::Begin, "mode.begin", Icon::Till),
    };
    html! {
        <Go {to} class="switch" label={speech.say(key)}>{ icon(sign) }<span>{ speech.say(key) }</span></Go>
    }
}

#[derive(Properties, PartialEq)]
struct RailProps {
    mode: Mode,
    route: Route,
}

#[component]
fn Rail(props: &RailProps) -> Html {
    let (desk, speech) = (use_desk(), use_speech());
    let section = props.route.section();
    let shortcuts = Callback::from(move |_: MouseEvent| desk.overlay.set(Overlay::Shortcuts));
    let link = |to: Route, key: &'static str, sign: Icon| {
        let current = to == section;
        html! {
            <li>
                <Go {to} class="rail-link" {current}>
                    { icon(sign) }<span>{ speech.say(key) }</span>
                    if key == "nav.basket" {
                        <BasketCount />
                    }
                </Go>
            </li>
        }
    };
    html! {
        <nav class="rail" aria-label={speech.say("nav.label")}>
            <ul>
                { for entries(props.mode).into_iter().map(|entry| link(entry.to, entry.key, entry.icon)) }
            </ul>
            <ul class="rail-foot">
                { link(Route::Settings, "nav.settings", Icon::Gear) }
                <li>
                    <button type="button" class="rail-link" onclick={shortcuts}>
                        { icon(Icon::Keyboard) }<span>{ speech.say("shortcuts.title") }</span>
                    </button>
                </li>
            </ul>
        </nav>
    }
}
