//! What a stranger's site says that programs may read: the first line is the path that is asked for.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_sync_server::rivals::may_read;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (path, text) = text.split_once('\n').unwrap_or((text, ""));
    let may = may_read(text, path);
    // Lines for others, before all else, say nothing to us.
    let others = format!("User-agent: other\nDisallow: /\n{}", text.trim_start_matches('\u{feff}'));
    assert_eq!(may_read(&others, path), may);
});
