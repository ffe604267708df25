#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::entry::{Entry, Kind};
use soko_domain::ids::AuthorId;
use soko_domain::stock::transfers;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, body)) = bytes.split_first_chunk::<2>() else { return };
    let Some(kind) = Kind::from_number(u16::from_be_bytes(*kind)) else { return };
    if let Ok((stamp, entry)) = Entry::from_body(kind, body) {
        assert_eq!(entry.to_body(&stamp), body);
        let _ = transfers(AuthorId::default(), &entry);
    }
});
