//! A telephone number as the networks of all countries read it (E.164): a plus, the country, digits. Whether anybody has it is
//! not known here.

/// Digits of the shortest number that a country gives out, its own code included, and of the longest.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Currencies of one country alone, where a number begins with one zero at home, and what that zero stands for abroad. The rand and the
/// rupee are not among them: shops in Lesotho, Namibia, Eswatini and Bhutan take them, too.
const AT_HOME: [(&str, &str); 20] = [
    ("BDT", "+880"),
    ("BIF", "+257"),
    ("CDF", "+243"),
    ("EGP", "+20"),
    ("ETB", "+251"),
    ("GHS", "+233"),
    ("IDR", "+62"),
    ("KES", "+254"),
    ("MAD", "+212"),
    ("MWK", "+265"),
    ("MYR", "+60"),
    ("NGN", "+234"),
    ("PHP", "+63"),
    ("PKR", "+92"),
    ("RWF", "+250"),
    ("SEK", "+46"),
    ("THB", "+66"),
    ("TZS", "+255"),
    ("UGX", "+256"),
    ("ZMW", "+260"),
];

/// Why a text is no telephone number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoTelephone {
    #[error("begin with + and the country, such as +254 712 345 678")]
    NoCountry,
    #[error("a telephone number has digits alone behind the +")]
    NotDigits,
    #[error("a telephone number has 7 to 15 digits with its country")]
    Length,
}

/// Written `+254712345678`, however it was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Telephone(String);

impl Telephone {
    /// Forgives what people write between digits, the digits of Arabic and Persian, and the `(0)` that is dialled at home alone.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(typed: &str) -> Result<Self, NoTelephone> {
        let typed = typed.replace("(0)", "");
        let plain = plain(&typed);
        let digits = plain.strip_prefix('+').ok_or(NoTelephone::NoCountry)?;
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NoTelephone::NotDigits);
        }
        // No country begins with a zero.
        if digits.starts_with('0') {
            return Err(NoTelephone::NoCountry);
        }
        if !DIGITS.contains(&digits.len()) {
            return Err(NoTelephone::Length);
        }
        Ok(Self(plain))
    }

    /// Reads what is typed at the counter of a stall, where nobody says the country: `0712 345 678` is a number of the country
    /// whose currency the stall takes, if that is one country's.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read_at(typed: &str, currency: &str) -> Result<Self, NoTelephone> {
        let plain = plain(typed);
        // Two zeros begin a number of another country, in most countries.
        let of_home = plain.strip_prefix('0').filter(|rest| !rest.starts_with('0'));
        let country = AT_HOME.iter().find(|(known, _)| *known == currency);
        match (of_home, country) {
            (Some(rest), Some((_, country))) => Self::read(&format!("{country}{rest}")),
            (Some(_) | None, _) => Self::read(typed),
        }
    }

    /// Reads what is typed where a telephone is to pay: as at the counter, and the plus may be missing, since providers write it without.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read_to_pay(typed: &str, currency: &str) -> Result<Self, NoTelephone> {
        let plain = plain(typed);
        if plain.starts_with(|letter: char| matches!(letter, '1'..='9')) {
            return Self::read(&format!("+{plain}"));
        }
        Self::read_at(typed, currency)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without the plus.
    pub fn digits(&self) -> &str {
        self.0.trim_start_matches('+')
    }
}

/// Personal data does not print.
impl std::fmt::Debug for Telephone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Telephone(hidden)")
    }
}

fn plain(typed: &str) -> String {
    typed.chars().filter(|letter| !is_between(*letter)).map(latin).collect()
}

/// Blanks, what stands between groups, and the unseen marks of a text that was copied.
fn is_between(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}')
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn latin(letter: char) -> char {
    let zero = match letter {
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '０'..='９' => '０',
        '＋' => return '+',
        other => return other,
    };
    char::from_digit(u32::from(letter) - u32::from(zero), 10).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_that_is_to_pay_has_its_country() {
        for (typed, currency, expected) in [
            ("+254 712 345678", "EUR", Ok("254712345678")),
            ("254712345678", "EUR", Ok("254712345678")),
            ("0712 345678", "KES", Ok("254712345678")),
            ("0712 345678", "EUR", Err(NoTelephone::NoCountry)),
            ("+", "KES", Err(NoTelephone::Length)),
            ("()", "KES", Err(NoTelephone::NoCountry)),
            ("", "KES", Err(NoTelephone::NoCountry)),
            ("12", "KES", Err(NoTelephone::Length)),
            ("call me", "KES", Err(NoTelephone::NoCountry)),
        ] {
            let read = Telephone::read_to_pay(typed, currency);
            assert_eq!(read.as_ref().map(Telephone::digits).map_err(|no| *no), expected, "{typed}");
        }
    }

    #[test]
    fn a_number_is_read_as_people_write_it_and_kept_in_one_form() {
        for (typed, expected) in [
            ("+254712345678", Ok("+254712345678")),
            (" +254 712-345-678 ", Ok("+254712345678")),
            ("+44 (0) 20 7946 0958", Ok("+442079460958")),
            ("+49 (30) 1234.5678", Ok("+493012345678")),
            ("\u{202a}+1\u{a0}415\u{2011}555\u{2011}2671\u{202c}", Ok("+14155552671")),
            ("+٢٥٤ ٧١٢ ٣٤٥ ٦٧٨", Ok("+254712345678")),
            ("＋۲۵۵ ۷۱۲ ۳۴۵ ۶۷۸", Ok("+255712345678")),
            ("+6834002", Ok("+6834002")),
            ("+123456789012345", Ok("+123456789012345")),
            ("", Err(NoTelephone::NoCountry)),
            ("0712 345 678", Err(NoTelephone::NoCountry)),
            ("254712345678", Err(NoTelephone::NoCountry)),
            ("+0254712345678", Err(NoTelephone::NoCountry)),
            ("amina@example.org", Err(NoTelephone::NoCountry)),
            ("+254 CALL ME", Err(NoTelephone::NotDigits)),
            ("++254712345678", Err(NoTelephone::NotDigits)),
            ("+254712345678;5", Err(NoTelephone::NotDigits)),
            ("+", Err(NoTelephone::Length)),
            ("+254712", Err(NoTelephone::Length)),
            ("+1234567890123456", Err(NoTelephone::Length)),
        ] {
            let read = Telephone::read(typed);
            assert_eq!(read.as_ref().map(Telephone::as_str), expected.as_ref().map(|text| *text), "{typed}");
        }
    }

    #[test]
    fn a_number_of_home_is_read_where_the_currency_names_one_country() {
        for (typed, currency, expected) in [
            ("0712 345 678", "KES", Ok("+254712345678")),
            (" (0) 712-345-678", "KES", Ok("+254712345678")),
            ("٠٧١٢٣٤٥٦٧٨", "KES", Ok("+254712345678")),
            ("0712 345 678", "TZS", Ok("+255712345678")),
            ("+255 712 345 678", "KES", Ok("+255712345678")),
            ("0712 345 678", "EUR", Err(NoTelephone::NoCountry)),
            ("0712 345 678", "USD", Err(NoTelephone::NoCountry)),
            ("082 123 4567", "ZAR", Err(NoTelephone::NoCountry)),
            ("+266 5812 3456", "ZAR", Ok("+26658123456")),
            ("098765 43210", "INR", Err(NoTelephone::NoCountry)),
            ("+91 98765 43210", "INR", Ok("+919876543210")),
            ("00975 17 123 456", "INR", Err(NoTelephone::NoCountry)),
            ("00255 712 345 678", "KES", Err(NoTelephone::NoCountry)),
            ("712 345 678", "KES", Err(NoTelephone::NoCountry)),
            ("0712", "KES", Err(NoTelephone::Length)),
            ("0", "KES", Err(NoTelephone::Length)),
            ("", "KES", Err(NoTelephone::NoCountry)),
        ] {
            let read = Telephone::read_at(typed, currency);
            assert_eq!(read.as_ref().map(Telephone::as_str), expected.as_ref().map(|text| *text), "{typed}");
        }
    }

    #[test]
    fn a_number_does_not_print() {
        let number = Telephone::read("+254712345678").unwrap();
        assert!(!format!("{number:?}").contains("254"));
    }
}
