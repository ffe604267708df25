//! What a person types, as numbers: with the digits and marks of any of the four languages.

use soko_domain::money::{Currency, Money, Ppm};
use soko_domain::telephone::NoTelephone;

/// Digits of Arabic and Persian as those of Latin, and their decimal mark and group mark.
pub fn latin(text: &str) -> String {
    let one = |letter: char| match letter {
        '٠'..='٩' => digit(letter, '٠'),
        '۰'..='۹' => digit(letter, '۰'),
        '٫' => '.',
        '٬' => '\'',
        other => other,
    };
    text.chars().map(one).collect()
}

fn digit(letter: char, zero: char) -> char {
    let value = u32::from(letter) - u32::from(zero);
    char::from_digit(value, 10).unwrap_or(letter)
}

/// What to say about a number that is none.
pub fn telephone_problem(none: NoTelephone) -> &'static str {
    match none {
        NoTelephone::NoCountry => "told.number-country",
        NoTelephone::NotDigits => "told.number-digits",
        NoTelephone::Length => "told.number-length",
    }
}

/// An amount of a currency. None where the text is not one, or is below zero.
pub fn amount(text: &str, currency: &str) -> Option<i64> {
    let currency = Currency::parse(currency)?;
    Money::parse(latin(text).trim(), currency).ok().map(|money| money.minor).filter(|minor| *minor >= 0)
}

/// An amount as it stands in a field: the number alone.
pub fn plain(minor: i64, currency: &str) -> String {
    Currency::parse(currency).map(|currency| Money { minor, currency }.plain()).unwrap_or_default()
}

/// A part of a hundred, as parts per million; nothing typed is none of it.
pub fn percent(text: &str) -> Option<u32> {
    if text.trim().is_empty() {
        return Some(0);
    }
    let ppm: Ppm = latin(text).parse().ok()?;
    (ppm <= Ppm::ONE).then_some(ppm.0)
}

/// A whole number that is not below zero.
pub fn whole(text: &str) -> Option<i64> {
    latin(text).trim().parse().ok().filter(|number| *number >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_the_digits_of_every_language() {
        for (text, currency, minor) in [
            ("12.50", "EUR", Some(1250)),
            ("1 250,5", "EUR", Some(125_050)),
            ("١٢٫٥٠", "EGP", Some(1250)),
            ("۱۲", "JPY", Some(12)),
            ("-3", "EUR", None),
            ("", "EUR", None),
            ("12", "???", None),
        ] {
            assert_eq!(amount(text, currency), minor, "{text}");
        }
        assert_eq!(plain(1250, "EUR"), "12.50");
        assert_eq!(amount(&plain(3015, "KWD"), "KWD"), Some(3015));
    }

    #[test]
    fn a_percentage_is_a_part() {
        for (text, ppm) in
            [(" ", Some(0)), ("16", Some(160_000)), ("٨٫٥", Some(85_000)), ("120", None), ("x", None)]
        {
            assert_eq!(percent(text), ppm, "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_not_below_zero() {
        assert_eq!((whole(" ٣٠ "), whole("-1"), whole("1.5")), (Some(30), None, None));
    }
}
