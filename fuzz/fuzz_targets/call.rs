//! What a screen sends to a device.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_app_api::{Call, decode, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(call) = decode::<Call>(bytes) {
        let again = encode(&call).expect("a call that was read can be written");
        assert_eq!(decode::<Call>(&again), Ok(call));
    }
});
