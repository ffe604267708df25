//! Keys that work everywhere, and the scanner that types wherever the focus is.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlElement, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use crate::browser;
use crate::desk::{Desk, Overlay, use_desk};
use crate::route::Route;
use crate::scanner::{Heard, Scanner};

#[component]
pub fn Keys() -> Html {
    let desk = use_desk();
    use_effect_with((), move |()| {
        let ears = RefCell::new(Ears { desk, scanner: Scanner::default(), before: None });
        let closure =
            Closure::<dyn Fn(KeyboardEvent)>::new(move |key: KeyboardEvent| ears.borrow_mut().hear(&key));
        let ear = closure.as_ref().unchecked_ref::<js_sys::Function>().clone();
        let window = browser::window();
        // Before any view hears it; a window takes listeners of any event.
        let _ = window.add_event_listener_with_callback_and_bool("keydown", &ear, true);
        move || {
            let _ = window.remove_event_listener_with_callback_and_bool("keydown", &ear, true);
            drop(closure);
        }
    });
    Html::default()
}

struct Ears {
    desk: Desk,
    scanner: Scanner,
    /// The field that had the focus when the last burst began, and what stood in it.
    before: Option<(HtmlInputElement, String)>,
}

impl Ears {
    fn hear(&mut self, key: &KeyboardEvent) {
        if key.ctrl_key() || key.meta_key() || key.alt_key() {
            self.hear_command(key);
            return;
        }
        let field = focused().and_then(|focused| focused.dyn_into::<HtmlInputElement>().ok());
        // A PIN is no code, and must not be looked up as one.
        if field.as_ref().is_some_and(|field| field.type_() == "password") {
            self.scanner.turn_away();
            return;
        }
        match self.scanner.hear(&key.key(), key.time_stamp(), field.as_ref().is_some_and(is_amount)) {
            Heard::First => {
                self.before = field.map(|field| {
                    let value = field.value();
                    (field, value)
                });
                self.hear_letter(key);
            }
            Heard::Code(code) => {
                key.prevent_default();
                key.stop_propagation();
                self.put_back();
                self.desk.scans.tell(&code);
            }
            Heard::Nothing => {}
        }
    }

    /// What the scanner typed into a field is taken out of it again.
    fn put_back(&mut self) {
        let Some((field, value)) = self.before.take() else { return };
        field.set_value(&value);
        let init = web_sys::EventInit::new();
        init.set_bubbles(true);
        if let Ok(event) = Event::new_with_event_init_dict("input", &init) {
            // Nobody prevents an input event.
            let _ = field.dispatch_event(&event);
        }
    }

    fn hear_command(&self, key: &KeyboardEvent) {
        if (key.ctrl_key() || key.meta_key()) && key.key().eq_ignore_ascii_case("k") {
            key.prevent_default();
            let overlay = &self.desk.overlay;
            overlay.set(if overlay.get() == Overlay::Palette { Overlay::Nothing } else { Overlay::Palette });
        }
        if (key.ctrl_key() || key.meta_key()) && key.key() == "Enter" && self.desk.route.get() == Route::Sell
        {
            key.prevent_default();
            self.desk.go(Route::Pay);
        }
    }

    fn hear_letter(&self, key: &KeyboardEvent) {
        if is_typing() || self.desk.overlay.get() != Overlay::Nothing {
            return;
        }
        match key.key().as_str() {
            "?" => self.desk.overlay.set(Overlay::Shortcuts),
            "/" => {
                if let Some(field) = search_field() {
                    key.prevent_default();
                    // An element that cannot be focused is no loss.
                    let _ = field.focus();
                }
            }
            _ => {}
        }
    }
}

fn focused() -> Option<HtmlElement> {
    browser::document().active_element()?.dyn_into().ok()
}

fn is_amount(field: &HtmlInputElement) -> bool {
    field.get_attribute("inputmode").is_some_and(|mode| matches!(mode.as_str(), "decimal" | "numeric"))
}

fn is_typing() -> bool {
    focused().is_some_and(|focused| matches!(focused.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}

fn search_field() -> Option<HtmlElement> {
    browser::document().query_selector("main input[type=search]").ok()??.dyn_into().ok()
}
