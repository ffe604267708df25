//! What providers of texts report of them. The first byte chooses the provider; what proves who says it is left out where it can be.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_sync_server::messages::{SmsShape, TextReports};
use soko_sync_server::pay::Secret;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else { return };
    let shape = match choice % 3 {
        0 => SmsShape::Http,
        1 => SmsShape::AfricasTalking,
        _ => SmsShape::Twilio,
    };
    let reports = TextReports { shape, address: "https://market.example/t".into(), secret: Secret::new("key") };
    let is_read = reports.is_one("key", body);
    assert!(!is_read || shape != SmsShape::Twilio, "nobody else signs for Twilio");
});
