//! A server instead of an engine, during a first visit: it answers what every visitor may ask about the market.

use soko_app_api::{Answer, MarketQuery, encode};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestInit, Response};

use super::{bytes, failed};
use crate::browser::time::Timer;

const ASK: &str = "/v1/market/ask";
/// A line that hangs is as good as none, and somebody waits.
const ANSWER_WITHIN_MS: i32 = 20_000;

pub(super) async fn ask(query: MarketQuery) -> Answer {
    let Ok(body) = encode(&query) else { return failed("link.unreadable") };
    match post(&body).await {
        Some(answer) => bytes::to_message(&answer).map_or_else(|| failed("link.unreadable"), Answer::Market),
        None => failed("link.offline"),
    }
}

async fn post(body: &[u8]) -> Option<wasm_bindgen::JsValue> {
    let headers = Headers::new().ok()?;
    headers.set("content-type", "application/octet-stream").ok()?;
    let request = RequestInit::new();
    let ender = AbortController::new().ok()?;
    request.set_signal(Some(&ender.signal()));
    let _ends = Timer::after(ANSWER_WITHIN_MS, move || ender.abort());
    request.set_method("POST");
    request.set_headers(&headers);
    request.set_body(&js_sys::Uint8Array::from(body));
    let sent = crate::browser::window().fetch_with_str_and_init(ASK, &request);
    let response: Response = JsFuture::from(sent).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.array_buffer().ok()?).await.ok()
}
