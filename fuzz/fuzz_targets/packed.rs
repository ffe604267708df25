//! A model of recommendations as a device gets it, read and asked.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_recommend::packed::{Packed, Wanted};

fuzz_target!(|bytes: &[u8]| {
    let Ok(packed) = Packed::read(bytes) else { return };
    let wanted = Wanted { count: 3, may_show: &|_| true, explore: Some(7) };
    let _ = packed.suggest(&[0, 1, u32::MAX], &wanted);
    let _ = packed.goes_with(&[0, 1, u32::MAX], &wanted);
});
