//! Where this device is, as the browser tells it. Its person is asked by the browser, and only after they pressed something.

use js_sys::{Function, Number, Object, Promise, Reflect};
use soko_domain::point::Point;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::window;

/// Indoors the first answer takes a while.
const WAIT_MS: u32 = 20_000;
/// Nobody walks far in this time.
const OLD_MS: u32 = 60_000;
const FORBIDDEN: f64 = 1.0;

/// Why it is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoPlace {
    /// Its person, or somebody before them, said no; or the page did not come over a safe connection.
    Forbidden,
    /// Nothing here can tell.
    None,
}

/// Whether this page may ask at all.
pub fn may_ask() -> bool {
    teller().is_some()
}

/// Asks once. The answer goes to whoever asked and nowhere else.
pub async fn here() -> Result<Point, NoPlace> {
    let teller = teller().ok_or(NoPlace::None)?;
    let ask: Function =
        field(&teller, "getCurrentPosition").and_then(|it| it.dyn_into().ok()).ok_or(NoPlace::None)?;
    let options = Object::new();
    for (key, value) in [("timeout", WAIT_MS), ("maximumAge", OLD_MS)] {
        // A new object takes every property.
        let _ = Reflect::set(&options, &key.into(), &value.into());
    }
    let answer = Promise::new(&mut |told: Function, failed: Function| {
        // What goes wrong is told by the second.
        let _ = ask.call3(&teller, &told, &failed, &options);
    });
    let found = JsFuture::from(answer).await.map_err(|error| {
        let code = field(&error, "code").and_then(|code| code.as_f64());
        if code == Some(FORBIDDEN) { NoPlace::Forbidden } else { NoPlace::None }
    })?;
    point(&found).ok_or(NoPlace::None)
}

fn point(found: &JsValue) -> Option<Point> {
    let coords = field(found, "coords")?;
    // As somebody would type it: there is one way from degrees to a point.
    let degrees = |key: &str| -> Option<String> {
        let number: Number = field(&coords, key)?.dyn_into().ok()?;
        Some(String::from(number.to_fixed(6).ok()?))
    };
    Point::typed(&format!("{},{}", degrees("latitude")?, degrees("longitude")?))
}

fn teller() -> Option<JsValue> {
    field(&window().navigator(), "geolocation")
}

fn field(of: &JsValue, key: &str) -> Option<JsValue> {
    Reflect::get(of, &key.into()).ok().filter(|it| !it.is_undefined() && !it.is_null())
}
