//! What answers a shopper's page that has no engine.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_app_api::{decode_for_shoppers, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(answer) = decode_for_shoppers(bytes) {
        let again = encode(&answer).expect("an answer that was read can be written");
        assert_eq!(decode_for_shoppers(&again), Ok(answer));
    }
});
