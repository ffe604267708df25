//! Mail that came back, as a mail server hands it on: of whoever wrote it, nothing is known.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    soko_sync_server::messages::is_bounced(bytes);
});
