#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_documents::ChangeBody;
use soko_domain::wire::Wire as _;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(body) = ChangeBody::from_bytes(bytes) {
        assert_eq!(body.to_bytes(), bytes);
    }
});
