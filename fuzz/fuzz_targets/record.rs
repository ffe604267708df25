#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::wire::Wire as _;
use soko_replication::Record;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = Record::from_bytes(bytes) {
        assert_eq!(record.to_bytes(), bytes);
    }
});
