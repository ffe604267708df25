//! Moving between screens: real addresses in the browser's history, and links that work without a click handler.

use wasm_bindgen::prelude::*;
use web_sys::MouseEvent;
use yew::prelude::*;

use crate::browser;
use crate::desk::{Desk, Overlay, use_desk};
use crate::route::{self, Route};

/// The screen that the address bar shows.
pub fn here() -> Route {
    let location = browser::window().location();
    Route::parse(&location.pathname().unwrap_or_default(), &search_here())
}

/// Loads the page of the address that is shown, as if it had been typed.
pub fn load_again() {
    // A page that cannot be loaded stays, with its address.
    let _ = browser::window().location().reload();
}

fn search_here() -> String {
    browser::window().location().search().unwrap_or_default()
}

impl Desk {
    /// By the address with which the page was loaded.
    pub fn look_at_named_stall(&self) {
        self.look_at_stall(&search_here());
    }

    /// What is shown is about this stall, if one is named; where this device does not work for it, about the first.
    fn look_at_stall(&self, search: &str) {
        if let Some(stall) = route::stall_of(search) {
            self.choose_stall(stall);
        }
    }

    pub fn go(&self, route: Route) {
        self.enter(route, |history, path| history.push_state_with_url(&JsValue::NULL, "", Some(path)));
        browser::to_top();
    }

    /// Goes there without a step back to where we are.
    pub fn go_instead(&self, route: Route) {
        self.enter(route, |history, path| history.replace_state_with_url(&JsValue::NULL, "", Some(path)));
    }

    /// An address from outside may name the stall that it is about.
    pub fn go_path(&self, path: &str) {
        let (path, search) = path.split_once('?').unwrap_or((path, ""));
        self.look_at_stall(search);
        self.go(Route::parse(path, search));
    }

    pub fn follow_history(&self) {
        let desk = self.clone();
        let closure = Closure::<dyn Fn()>::new(move || desk.route.set(here()));
        browser::window().set_onpopstate(Some(closure.as_ref().unchecked_ref()));
        closure.forget();
    }

    fn enter(&self, route: Route, write: impl FnOnce(&web_sys::History, &str) -> Result<(), JsValue>) {
        if let Ok(history) = browser::window().history() {
            // A browser that refuses too many steps still shows the screen.
            let _ = write(&history, &route.path());
        }
        self.overlay.set(Overlay::Nothing);
        self.route.set(route);
    }
}

#[derive(Properties, PartialEq)]
pub struct GoProps {
    pub to: Route,
    #[prop_or_default]
    pub class: Classes,
    #[prop_or_default]
    pub label: Option<AttrValue>,
    /// This entry leads to where we are.
    #[prop_or_default]
    pub current: bool,
    #[prop_or_default]
    pub children: Html,
}

/// A link to a screen.
#[component]
pub fn Go(props: &GoProps) -> Html {
    let desk = use_desk();
    let to = props.to.clone();
    let onclick = Callback::from(move |click: MouseEvent| {
        // Anything but a plain click is the browser's: a new tab, a new window, a download.
        if click.ctrl_key() || click.meta_key() || click.shift_key() || click.button() != 0 {
            return;
        }
        click.prevent_default();
        desk.go(to.clone());
    });
    let current = props.current.then_some("page");
    html! {
        <a href={props.to.path()} class={props.class.clone()} aria-label={props.label.clone()}
            aria-current={current} {onclick}>
            { props.children.clone() }
        </a>
    }
}
