//! The small things that travel inside pages, and what the document worker answers. The first byte chooses.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_documents::worker::WorkReply;
use soko_domain::about::About;
use soko_domain::ask::{Answer, Ask};
use soko_domain::wire::Wire;
use soko_replication::Introduction;

fn same<T: Wire>(bytes: &[u8]) {
    if let Ok(read) = T::from_bytes(bytes) {
        assert_eq!(read.to_bytes(), bytes);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    match choice % 5 {
        0 => same::<Ask>(rest),
        1 => same::<Answer>(rest),
        2 => same::<Introduction>(rest),
        3 => same::<About>(rest),
        _ => same::<WorkReply>(rest),
    }
});
