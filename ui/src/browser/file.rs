//! Files that a person chooses, files that are handed to a person, and texts given to the system's own way of sharing.

use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, File, HtmlElement, Url};

use super::{document, window};

/// All bytes of a chosen file; none when the browser could not read it, or when it is larger than wanted.
pub async fn read(file: &File, bytes_max: usize) -> Option<Vec<u8>> {
    // A file's size is a whole number that a float holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "limits are far below what a float holds exactly")]
    let is_too_large = file.size() > bytes_max as f64;
    if is_too_large {
        return None;
    }
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// Hands a file to the person, as a download. False when the browser does not let a page do so.
pub fn hand_out(name: &str, bytes: &[u8]) -> bool {
    hand_out_as(name, "application/octet-stream", bytes)
}

/// The same, of a kind that the browser may know how to show.
pub fn hand_out_as(name: &str, media_type: &str, bytes: &[u8]) -> bool {
    hand_out_or_error(name, media_type, bytes).is_ok()
}

fn hand_out_or_error(name: &str, media_type: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let kind = BlobPropertyBag::new();
    kind.set_type(media_type);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &kind)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlElement = document().create_element("a")?.unchecked_into();
    link.set_attribute("href", &address)?;
    link.set_attribute("download", name)?;
    link.click();
    // The browser has taken the bytes when the click returns.
    Url::revoke_object_url(&address)
}

/// Whether the system took the text, or asked and was told not to.
pub async fn share(text: &str) -> bool {
    let navigator = window().navigator();
    let Ok(share) = Reflect::get(&navigator, &"share".into()) else { return false };
    let Ok(share) = share.dyn_into::<Function>() else { return false };
    let content = Object::new();
    if Reflect::set(&content, &"text".into(), &text.into()).is_err() {
        return false;
    }
    let Ok(promise) = share.call1(&navigator, &content) else { return false };
    match JsFuture::from(promise.unchecked_into::<js_sys::Promise>()).await {
        Ok(_) => true,
        // Closed by the person: nothing else is tried.
        Err(error) => Reflect::get(&error, &"name".into()).is_ok_and(|name| name == "AbortError"),
    }
}
