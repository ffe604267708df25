//! What people type and scanners read: receipts' codes, scales' labels, amounts.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::essence::Proof;
use soko_domain::money::{Currency, Money};
use soko_domain::scale;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(proof) = Proof::from_text(text) {
        assert_eq!(Proof::from_text(&proof.to_text()), Ok(proof));
    }
    for currency in ["EUR", "JPY", "KWD"].iter().filter_map(|code| Currency::parse(code)) {
        if let Ok(money) = Money::parse(text, currency) {
            assert_eq!(Money::parse(&money.plain(), currency), Ok(money));
        }
    }
    let (patterns, code) = text.rsplit_once(' ').unwrap_or(("20IIIIIWWWWWC 21IIIIPPPPPVC", text));
    let _ = (scale::check(patterns), scale::read(patterns, code), Currency::parse(text));
});
