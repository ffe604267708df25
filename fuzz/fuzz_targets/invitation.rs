//! What lets a device in: typed, pasted or scanned by whoever was told it.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_device::Invitation;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(invitation) = Invitation::read(text) {
        assert_eq!(Invitation::read(&invitation.to_text()), Ok(invitation));
    }
});
