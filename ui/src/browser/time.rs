//! Waiting and knowing the time, by the browser's clock. It labels; it decides nothing.

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
