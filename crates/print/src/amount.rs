//! Numbers as a paper says them: always with the digits 0 to 9, so that every printer and every reader of a foreign
//! receipt knows them; with the separators of the language.

use soko_domain::money::Currency;
use soko_domain::quantity::Unit;

/// A price with its currency and, where it is not that of one piece, what it is the price of.
pub fn price_text(language: &str, (minor, currency): (i64, &str), (unit, per): (Unit, i64)) -> String {
    let separators = Separators::of(language);
    let amount = format!("{currency} {}", separators.money(minor, currency));
    match (unit, per) {
        (Unit::Piece, 1) => amount,
        (Unit::Gram, 1_000) => format!("{amount} / kg"),
        (Unit::Millilitre, 1_000) => format!("{amount} / l"),
        _ => format!("{amount} / {} {}", separators.whole(per), unit.symbol()).trim_end().into(),
    }
}

/// How a language separates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Separators {
    decimal: char,
    group: char,
    /// Before what is less than nothing.
    minus: &'static str,
}

impl Separators {
    pub(crate) fn of(language: &str) -> Self {
        match language.split('-').next() {
            Some("fr") => Self { decimal: ',', group: '\u{a0}', minus: "-" },
            // Without its mark of direction the sign would stand behind the number.
            Some("ar") => Self { decimal: '.', group: ',', minus: "\u{200e}-" },
            _ => Self { decimal: '.', group: ',', minus: "-" },
        }
    }

    /// An amount with exactly its currency's decimals, without its sign.
    pub(crate) fn money(self, minor: i64, currency: &str) -> String {
        let exponent = Currency::parse(currency).map_or(0, Currency::exponent);
        self.scaled(minor, u32::from(exponent), false)
    }

    /// Thousandths of a kilogram or litre as such: `1.25`.
    pub(crate) fn thousandths(self, quantity: i64) -> String {
        self.scaled(quantity, 3, true)
    }

    pub(crate) fn whole(self, number: i64) -> String {
        self.scaled(number, 0, false)
    }

    /// Parts per million as a percentage: `5.5%`.
    pub(crate) fn percent(self, ppm: u32) -> String {
        format!("{}%", self.scaled(i64::from(ppm), 4, true))
    }

    fn scaled(self, value: i64, decimals: u32, trims: bool) -> String {
        let one = 10_u64.pow(decimals);
        let (whole, part) = (value.unsigned_abs() / one, value.unsigned_abs() % one);
        let sign = if value < 0 { self.minus } else { "" };
        let mut text = format!("{sign}{}", self.grouped(whole));
        let width = usize::try_from(decimals).unwrap_or_default();
        let mut rest = if decimals == 0 { String::new() } else { format!("{part:0width$}") };
        if trims {
            rest.truncate(rest.trim_end_matches('0').len());
        }
        if !rest.is_empty() {
            text.push(self.decimal);
            text.push_str(&rest);
        }
        text
    }

    fn grouped(self, number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(self.group);
            }
            text.push(digit);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_say_what_they_are_for() {
        for (unit, per, expected) in [
            (Unit::Piece, 1, "EUR 12.50"),
            (Unit::Gram, 1_000, "EUR 12.50 / kg"),
            (Unit::Millilitre, 1_000, "EUR 12.50 / l"),
            (Unit::Gram, 100, "EUR 12.50 / 100 g"),
            (Unit::Piece, 6, "EUR 12.50 / 6"),
        ] {
            assert_eq!(price_text("en", (1_250, "EUR"), (unit, per)), expected);
        }
    }

    #[test]
    fn numbers_by_language() {
        let (en, fr) = (Separators::of("en-KE"), Separators::of("fr"));
        for (said, expected) in [
            (en.money(3_015, "EUR"), "30.15"),
            (en.money(-123_456_789, "EUR"), "-1,234,567.89"),
            (en.money(5, "KWD"), "0.005"),
            (en.money(1_500, "UGX"), "1,500"),
            (fr.money(123_456, "EUR"), "1\u{a0}234,56"),
            (en.thousandths(1_250), "1.25"),
            (en.thousandths(2_000), "2"),
            (fr.percent(55_000), "5,5%"),
            (en.percent(220_000), "22%"),
            (en.whole(-1_000), "-1,000"),
        ] {
            assert_eq!(said, expected);
        }
    }
}
