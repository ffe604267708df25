#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_documents::{DocumentKind, Limits, apply_checked, prescan};
use soko_domain::ids::AuthorId;

fuzz_target!(|bytes: &[u8]| {
    let Some((author, change)) = bytes.split_first_chunk::<16>() else { return };
    let author = AuthorId(*author);
    if prescan(change, &author, &Limits::STANDARD).is_ok() {
        let _ = apply_checked(None, DocumentKind::Product, &[(author, change)]);
    }
});
