//! What is in a backup, after it was opened with its password.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::wire::Wire as _;
use soko_engine::backup::Backup;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(backup) = Backup::from_bytes(bytes) {
        assert_eq!(backup.to_bytes(), bytes);
    }
});
