//! Whether something stands in sight, and long enough to be seen.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::time::Timer;

/// What passes by faster was not looked at.
const SEEN_AFTER_MS: i32 = 1_000;
/// So much of it has to be in sight.
const PART: f64 = 0.5;

/// Watches as long as it is there.
pub struct Sight {
    observer: IntersectionObserver,
    _hears: Closure<dyn FnMut(js_sys::Array)>,
}

impl Sight {
    /// Does it once half of the element was in sight for a second. Nothing in a browser that cannot watch.
    pub fn of(element: &Element, action: impl FnOnce() + 'static) -> Option<Self> {
        let action = Rc::new(RefCell::new(Some(action)));
        // What goes out of sight drops the timer that was to say so.
        let waiting: RefCell<Option<Timer>> = RefCell::new(None);
        let hears = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let last = entries.get(entries.length().saturating_sub(1));
            let is_in = last.unchecked_into::<IntersectionObserverEntry>().is_intersecting();
            let action = Rc::clone(&action);
            let seen = move || action.take().into_iter().for_each(|it| it());
            waiting.replace(is_in.then(|| Timer::after(SEEN_AFTER_MS, seen)).flatten());
        });
        let options = IntersectionObserverInit::new();
        options.set_threshold(&PART.into());
        let observer =
            IntersectionObserver::new_with_options(hears.as_ref().unchecked_ref(), &options).ok()?;
        observer.observe(element);
        Some(Self { observer, _hears: hears })
    }
}

impl Drop for Sight {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
