//! Links that anybody may have written.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_app_api::route::Route;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (path, search) = text.split_once('?').unwrap_or((text, ""));
    let screen = Route::parse(path, search);
    if screen == Route::NotFound {
        assert_eq!(Route::of_stranger(text), None);
        return;
    }
    let again = screen.path();
    let (path, search) = again.split_once('?').unwrap_or((&again, ""));
    assert_eq!(Route::parse(path, search), screen);
    if let Some(screen) = Route::of_stranger(text) {
        assert!(text.starts_with(&screen.path()));
    }
});
