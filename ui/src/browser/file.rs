//! Files and texts that leave the page: a download, or the system's own way of sharing.

use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use soko_app_api::PaperFile;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlElement, Url};

use super::{document, window};

/// Puts a file where the browser keeps downloads.
pub fn download(file: &PaperFile) {
    // A browser that refuses says so itself.
    let _ = try_download(file);
}

fn try_download(file: &PaperFile) -> Result<(), JsValue> {
    let bytes = Array::of1(&Uint8Array::from(file.bytes.as_slice()));
    let options = BlobPropertyBag::new();
    options.set_type(&file.media_type);
    let blob = Blob::new_with_u8_array_sequence_and_options(&bytes, &options)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?;
    link.set_attribute("href", &address)?;
    link.set_attribute("download", &file.name)?;
    link.unchecked_into::<HtmlElement>().click();
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
    match wasm_bindgen_futures::JsFuture::from(promise.unchecked_into::<js_sys::Promise>()).await {
        Ok(_) => true,
        // Closed by the person: nothing else is tried.
        Err(error) => Reflect::get(&error, &"name".into()).is_ok_and(|name| name == "AbortError"),
    }
}
