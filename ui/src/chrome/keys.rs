//! Keys that work everywhere, and the scanner that types wherever the focus is.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent};
use yew::prelude::*;

use crate::browser::{self, time};
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
    before: Option<(Field, String)>,
}

/// What is typed into.
enum Field {
    Line(HtmlInputElement),
    Text(HtmlTextAreaElement),
}

impl Field {
    fn of(focused: HtmlElement) -> Option<Self> {
        let line = match focused.dyn_into::<HtmlInputElement>() {
            Ok(line) => return Some(Self::Line(line)),
            Err(other) => other,
        };
        line.dyn_into::<HtmlTextAreaElement>().ok().map(Self::Text)
    }

    fn line(&self) -> Option<&HtmlInputElement> {
        match self {
            Self::Line(line) => Some(line),
            Self::Text(_) => None,
        }
    }

    fn value(&self) -> String {
        match self {
            Self::Line(line) => line.value(),
            Self::Text(text) => text.value(),
        }
    }

    fn set(&self, value: &str, event: &Event) {
        let target: &web_sys::EventTarget = match self {
            Self::Line(line) => {
                line.set_value(value);
                line
            }
            Self::Text(text) => {
                text.set_value(value);
                text
            }
        };
        // Nobody prevents an input event.
        let _ = target.dispatch_event(event);
    }
}

impl Ears {
    fn hear(&mut self, key: &KeyboardEvent) {
        if key.ctrl_key() || key.meta_key() || key.alt_key() {
            self.hear_command(key);
            return;
        }
        let field = focused().and_then(Field::of);
        let line = field.as_ref().and_then(Field::line);
        // A PIN is no code, and must not be looked up as one.
        if line.is_some_and(|field| field.type_() == "password") {
            self.scanner.turn_away();
            return;
        }
        let (typed, place) = (key.key(), key.code());
        match self.scanner.hear((&typed, &place), key.time_stamp(), line.is_some_and(is_amount)) {
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
                let is_put_back = self.put_back();
                let desk = self.desk.clone();
                if !is_put_back {
                    return desk.scans.tell(&code);
                }
                // Whoever hears the code may know the field as it was typed into, until that is shown.
                wasm_bindgen_futures::spawn_local(async move {
                    time::sleep(0).await;
                    desk.scans.tell(&code);
                });
            }
            Heard::Nothing => {}
        }
    }

    /// What the scanner typed into a field is taken out of it again. Says whether there was such a field.
    fn put_back(&mut self) -> bool {
        let Some((field, value)) = self.before.take() else { return false };
        let init = web_sys::EventInit::new();
        init.set_bubbles(true);
        if let Ok(event) = Event::new_with_event_init_dict("input", &init) {
            field.set(&value, &event);
        }
        true
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
