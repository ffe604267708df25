//! Waiting and knowing the time, by the browser's clock. It labels; it decides nothing.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::window;

/// Something that will be done, unless this is dropped before.
pub struct Timer {
    id: i32,
    _closure: Closure<dyn FnMut()>,
}

impl Timer {
    pub fn after(ms: i32, action: impl FnOnce() + 'static) -> Option<Self> {
        let closure = Closure::once(action);
        let id = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(closure.as_ref().unchecked_ref(), ms)
            .ok()?;
        Some(Self { id, _closure: closure })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.id);
    }
}

pub async fn sleep(ms: i32) {
    let promise = js_sys::Promise::new(&mut |resolve: js_sys::Function, _reject: js_sys::Function| {
        // A number of milliseconds and a function are always taken.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
    });
    // The promise is only ever resolved.
    let _ = JsFuture::from(promise).await;
}

/// Milliseconds since 1970.
#[expect(clippy::cast_possible_truncation, reason = "a time of this era fits fifty-three bits")]
pub fn now_ms() -> i64 {
    js_sys::Date::now() as i64
}

/// What a clock on the wall of a zone shows then, as a field for a day and a time holds it. Nothing where this browser knows no such zone.
pub fn wall_clock(at_ms: i64, zone: &str) -> Option<String> {
    let options = js_sys::Object::new();
    for (key, value) in [("dateStyle", "short"), ("timeStyle", "short"), ("timeZone", zone)] {
        // A new object takes every property.
        let _ = Reflect::set(&options, &key.into(), &value.into());
    }
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let made: js_sys::Function = Reflect::get(&intl, &"DateTimeFormat".into()).ok()?.dyn_into().ok()?;
    // Sweden writes days as the field does.
    let format = Reflect::construct(&made, &js_sys::Array::of2(&"sv-SE".into(), &options)).ok()?;
    let format: js_sys::Function = Reflect::get(&format, &"format".into()).ok()?.dyn_into().ok()?;
    let shown = format.call1(&JsValue::UNDEFINED, &js_number(at_ms)).ok()?.as_string()?;
    Some(shown.replacen(' ', "T", 1))
}

/// A number below 2^53, as times and counts are.
#[expect(clippy::cast_precision_loss, reason = "times and counts stay below fifty-three bits")]
pub fn js_number(n: i64) -> JsValue {
    JsValue::from_f64(n as f64)
}
