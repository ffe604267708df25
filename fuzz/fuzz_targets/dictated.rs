//! What somebody says and another one types: an amount, a percentage, a telephone number, the code of a card, a place.
#![no_main]
use libfuzzer_sys::fuzz_target;
use soko_domain::money::{Currency, Money, Ppm};
use soko_domain::point::Point;
use soko_domain::purse::CardCode;
use soko_domain::telephone::Telephone;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for currency in ["EUR", "JPY", "KWD"].iter().filter_map(|code| Currency::parse(code)) {
        if let Ok(money) = Money::parse(text, currency) {
            assert_eq!(Money::parse(&money.plain(), currency), Ok(money));
        }
    }
    if let Ok(part) = text.parse::<Ppm>() {
        assert_eq!(part.to_string().parse(), Ok(part));
    }
    for number in [Telephone::read(text), Telephone::read_at(text, "KES")].into_iter().flatten() {
        assert_eq!(Telephone::read(number.as_str()).as_ref(), Ok(&number));
    }
    if let Some(code) = CardCode::parse(text) {
        assert_eq!(CardCode::parse(&code.to_string()), Some(code));
    }
    if let Some(point) = Point::typed(text) {
        assert_eq!(Point::read(&point.to_string()), Some(point));
    }
});
