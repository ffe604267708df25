//! The few things that every screen needs of the browser: its window, chance, time, small notes kept by the page.
//! Nothing here knows a shop.

pub mod camera;
pub mod file;
pub mod picture;
pub mod place;
pub mod push;
pub mod sight;
pub mod time;

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, HtmlElement, Storage, StorageManager, Window};

/// The window; this program runs nowhere else.
#[expect(clippy::expect_used, reason = "a page without a window cannot run a script")]
pub fn window() -> Window {
    web_sys::window().expect("the page has a window")
}

#[expect(clippy::expect_used, reason = "a window without a document cannot run a script")]
pub fn document() -> Document {
    window().document().expect("the window has a document")
}

pub fn root() -> Option<HtmlElement> {
    document().document_element().and_then(|root| root.dyn_into().ok())
}

/// Tells whoever listens to the window.
pub fn happen(name: &str) {
    if let Ok(event) = web_sys::Event::new(name) {
        // Nobody can prevent it.
        let _ = window().dispatch_event(&event);
    }
}

/// A new identity: 128 bits of chance.
pub fn chance() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Ok(crypto) = window().crypto() {
        // Sixteen bytes are below every browser's limit.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// A note that this page kept.
pub fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

pub fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // A browser that keeps no notes shows the page with its defaults next time.
        let _ = storage.set_item(key, value);
    }
}

pub fn forget(key: &str) {
    if let Some(storage) = storage() {
        // The same.
        let _ = storage.remove_item(key);
    }
}

/// Says to the site's other pages in this browser that something moved.
pub fn tell_pages(name: &str) {
    // Only what differs from the note before is an event there.
    keep(name, &chance().map(|byte| format!("{byte:02x}")).concat());
}

/// Hears what another page told by this name, until the answer is dropped.
#[must_use]
pub fn hear_pages(name: &'static str, ear: impl Fn() + 'static) -> HearingPages {
    let closure = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        let key = js_sys::Reflect::get(&event, &"key".into()).ok();
        if key.and_then(|key| key.as_string()).as_deref() == Some(name) {
            ear();
        }
    });
    // A browser that does not say it shows this page as it was until it is loaded again.
    let _ = window().add_event_listener_with_callback("storage", closure.as_ref().unchecked_ref());
    HearingPages(closure)
}

pub struct HearingPages(Closure<dyn Fn(web_sys::Event)>);

impl Drop for HearingPages {
    fn drop(&mut self) {
        // What was never heard need not end.
        let _ = window().remove_event_listener_with_callback("storage", self.0.as_ref().unchecked_ref());
    }
}

/// What the browser says about the person's languages, most wanted first.
pub fn languages() -> Vec<String> {
    window().navigator().languages().iter().filter_map(|tag| tag.as_string()).collect()
}

/// The zone of this device, such as Africa/Nairobi.
pub fn zone() -> String {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into())
        .ok()
        .and_then(|zone| zone.as_string())
        .unwrap_or_else(|| "UTC".into())
}

/// Asks the browser not to clear what is kept here when the disk is full. It may decide by itself, or ask the person.
pub fn ask_to_persist() {
    let storage = js_sys::Reflect::get(&window().navigator(), &"storage".into());
    if let Ok(storage) = storage.map(|it| it.unchecked_into::<StorageManager>())
        && !storage.is_undefined()
    {
        // The answer stands with the device: it looks each time it is asked how it keeps things.
        let _ = storage.persist();
    }
}

/// Scrolls to the top, as a new screen begins there.
pub fn to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

pub fn print() {
    // Where there is no printer, the browser says so itself.
    let _ = window().print();
}

/// Puts a text where it can be pasted from. False where the browser does not let a page do so.
pub async fn copy(text: &str) -> bool {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
    let has_one = clipboard.is_ok_and(|clipboard| !clipboard.is_undefined());
    if !has_one {
        return false;
    }
    wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}
