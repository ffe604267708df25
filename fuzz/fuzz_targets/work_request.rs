#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_documents::worker::{WorkReply, handle};
use soko_domain::wire::Wire as _;

fuzz_target!(|bytes: &[u8]| {
    let reply = handle(bytes);
    assert!(WorkReply::from_bytes(&reply).is_ok());
});
