//! The texts of one language, from the file that the page names: `<meta name="soko-words-sw" content="/words-sw-….txt">`.

use std::cell::RefCell;

use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::Language;
use crate::browser::{self, time};

/// Without its words no screen can be shown; whatever was painted before stays meanwhile.
const AGAIN_AFTER_MS: i32 = 1000;

thread_local! {
    /// Four files at most, each kept as long as the page.
    static ARRIVED: RefCell<Vec<(Language, &'static str)>> = const { RefCell::new(Vec::new()) };
}

/// The text file of a language, asked for until it arrives.
pub async fn fetch(language: Language) -> &'static str {
    loop {
        let arrived = ARRIVED.with_borrow(|all| all.iter().find(|(known, _)| *known == language).copied());
        if let Some((_, text)) = arrived {
            return text;
        }
        match get(language).await {
            Some(text) => ARRIVED.with_borrow_mut(|all| all.push((language, text.leak()))),
            None => time::sleep(AGAIN_AFTER_MS).await,
        }
    }
}

async fn get(language: Language) -> Option<String> {
    let named = format!("meta[name=soko-words-{}]", language.code());
    let address = browser::document().query_selector(&named).ok()??.get_attribute("content")?;
    let sent = browser::window().fetch_with_str(&address);
    let response: Response = JsFuture::from(sent).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}
