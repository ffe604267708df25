#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_replication::Page;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(page) = Page::decode(bytes) {
        let again = page.encode().expect("a page that was read can be written");
        assert_eq!(Page::decode(&again).as_ref(), Ok(&page));
    }
});
