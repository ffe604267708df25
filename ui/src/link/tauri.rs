//! The engine behind a native window: one command of raw bytes, one channel of raw bytes. Spoken with what the
//! window puts into the page, without its JavaScript package.

use std::cell::RefCell;
use std::collections::BTreeMap;

use js_sys::{Function, Object, Promise, Reflect};
use soko_app_api::{Answer, Call, Told};
use soko_domain::ids::Hash;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::{Hear, Link, Reads, Standing, Waiting, bytes, failed};

pub(super) struct Tauri {
    internals: JsValue,
    invoke: Function,
    /// What stands before a picture's hash; it differs from system to system.
    pictures: String,
    reads: Reads,
}

impl Tauri {
    /// None outside of a native window.
    pub(super) fn find(reads: Reads) -> Option<Self> {
        let internals = bytes::property(&crate::browser::window(), "__TAURI_INTERNALS__");
        let invoke = bytes::method(&internals, "invoke")?;
        let pictures = address_of(&internals, "picture").unwrap_or_else(|| "picture://localhost/".to_owned());
        Some(Self { internals, invoke, pictures, reads })
    }

    /// The window's name for a function of the page that it may call many times.
    fn channel(&self, hear: Hear) -> Option<String> {
        let in_order = InOrder { hear, state: RefCell::default() };
        let closure = Closure::<dyn Fn(JsValue)>::new(move |message: JsValue| in_order.take(&message));
        let transform = bytes::method(&self.internals, "transformCallback")?;
        let id = transform.call2(&self.internals, closure.as_ref(), &JsValue::FALSE).ok()?.as_f64()?;
        closure.forget();
        Some(format!("__CHANNEL__:{id}"))
    }
}

impl Link for Tauri {
    fn call(&self, call: Call) -> Waiting {
        let answer = bytes::of_call(&call)
            .and_then(|bytes| self.invoke.call2(&self.internals, &"call".into(), &bytes).ok())
            .and_then(|answer| answer.dyn_into::<Promise>().ok());
        let reads = self.reads;
        Box::pin(async move {
            match answer {
                Some(answer) => to_answer(JsFuture::from(answer).await, reads),
                None => failed("link.broken"),
            }
        })
    }

    fn listen(&self, hear: Hear) {
        let Some(channel) = self.channel(hear) else { return };
        let arguments = Object::new();
        if Reflect::set(&arguments, &"channel".into(), &channel.into()).is_ok() {
            // Without a channel the screens still answer; they only hear of changes when they ask.
            let _ = self.invoke.call2(&self.internals, &"listen".into(), &arguments);
        }
    }

    fn picture(&self, picture: &Hash) -> String {
        format!("{}{picture}", self.pictures)
    }

    fn standing(&self) -> Standing {
        Standing::Engine
    }
}

/// Where a protocol of the window begins: `picture://localhost/`, or `http://picture.localhost/`.
fn address_of(internals: &JsValue, protocol: &str) -> Option<String> {
    let convert = bytes::method(internals, "convertFileSrc")?;
    convert.call2(internals, &"".into(), &protocol.into()).ok()?.as_string()
}

fn to_answer(value: Result<JsValue, JsValue>, reads: Reads) -> Answer {
    value.map_or_else(|_| failed("link.broken"), |value| bytes::to_answer(&value, reads))
}

/// Messages of a channel are numbered and may overtake each other.
struct InOrder {
    hear: Hear,
    state: RefCell<(u32, BTreeMap<u32, JsValue>)>,
}

impl InOrder {
    fn take(&self, message: &JsValue) {
        let index = bytes::property(message, "index").as_f64();
        let Some(index) = index.and_then(whole) else { return };
        self.state.borrow_mut().1.insert(index, bytes::property(message, "message"));
        while let Some(next) = self.next() {
            if let Some(told) = bytes::to_message::<Told>(&next) {
                (self.hear)(told);
            }
        }
    }

    fn next(&self) -> Option<JsValue> {
        let mut state = self.state.borrow_mut();
        let at = state.0;
        let message = state.1.remove(&at)?;
        state.0 = at.wrapping_add(1);
        Some(message)
    }
}

/// A number of a message, which JavaScript keeps as a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
fn whole(number: f64) -> Option<u32> {
    let fits = number >= 0.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0;
    fits.then_some(number as u32)
}
