//! Calls, answers and what is told, as the bytes that cross.

use js_sys::Uint8Array;
use serde::de::DeserializeOwned;
use soko_app_api::{Answer, Call, decode, encode};
use wasm_bindgen::{JsCast as _, JsValue};

use super::{Reads, failed};

/// None when the call cannot be written, which no call of this program is.
pub(super) fn of_call(call: &Call) -> Option<Uint8Array> {
    encode(call).ok().map(|bytes| Uint8Array::from(bytes.as_slice()))
}

/// Reads a buffer or an array of bytes.
pub(super) fn to_message<T: DeserializeOwned>(value: &JsValue) -> Option<T> {
    decode(&to_vec(value)?).ok()
}

pub(super) fn to_answer(value: &JsValue, reads: Reads) -> Answer {
    let answer = to_vec(value).and_then(|bytes| reads(&bytes).ok());
    answer.unwrap_or_else(|| failed("link.unreadable"))
}

pub(super) fn to_vec(value: &JsValue) -> Option<Vec<u8>> {
    let is_bytes = value.is_instance_of::<Uint8Array>() || value.is_instance_of::<js_sys::ArrayBuffer>();
    (is_bytes || js_sys::Array::is_array(value)).then(|| Uint8Array::new(value).to_vec())
}

/// A property of an object; undefined where there is none.
pub(super) fn property(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

pub(super) fn method(object: &JsValue, name: &str) -> Option<js_sys::Function> {
    property(object, name).dyn_into().ok()
}
