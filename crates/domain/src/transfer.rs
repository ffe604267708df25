//! Paying by bank transfer: where a stall's buyers send the money, and the words by which it is known again when it
//! comes. Nobody is asked here whether it came: somebody of the stall looks at the account and says so.

use std::fmt;

use crate::ids::OrderId;

crate::wire_struct! {
    /// Whose account, and which.
    pub struct BankAccount {
        pub holder: String,
        /// An IBAN without its spaces, or whatever number the bank goes by.
        pub number: String,
        /// The bank's name or its BIC; empty where the number says enough.
        pub bank: String,
    }
}

/// How a stall takes transfers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransferTerms {
    pub to: BankAccount,
    /// So many days an order waits for its money.
    pub days: u16,
}

/// How long an order waits where the stall says nothing else.
pub const DAYS_DEFAULT: u16 = 3;
pub const DAYS_MAX: u16 = 14;
/// Longest holder or bank, in bytes: what banks themselves print is shorter.
pub const NAME_BYTES_MAX: usize = 140;
/// Longest text of terms, in bytes.
pub const TERMS_BYTES_MAX: usize = 500;
/// Shortest and longest number of an account.
const NUMBER_LEN: std::ops::RangeInclusive<usize> = 3..=40;
/// An IBAN has at least its country, its check digits and a number, and never more than this.
const IBAN_LEN: std::ops::RangeInclusive<usize> = 15..=34;
const DAY_MS: i64 = 24 * 3_600_000;

/// Why these are no bank details.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TransferError {
    #[error("say whose account it is, in at most 140 bytes")]
    Holder,
    #[error("an account's number has 3 to 40 letters and digits")]
    Number,
    #[error("the check digits of this IBAN do not fit: copy it again")]
    Iban,
    #[error("the bank's name is longer than 140 bytes")]
    Bank,
    #[error("an order waits 1 to 14 days for its money")]
    Days,
    #[error("begin each line with holder, number, bank or days")]
    Line,
}

impl TransferTerms {
    /// What somebody typed, as it is kept.
    pub fn new(holder: &str, number: &str, bank: &str, days: u16) -> Result<Self, TransferError> {
        let (holder, bank) = (holder.trim(), bank.trim());
        let is_line = |text: &str| text.len() <= NAME_BYTES_MAX && !text.chars().any(char::is_control);
        ensure_that(!holder.is_empty() && is_line(holder), TransferError::Holder)?;
        ensure_that(is_line(bank), TransferError::Bank)?;
        ensure_that((1..=DAYS_MAX).contains(&days), TransferError::Days)?;
        let to = BankAccount { holder: holder.into(), number: account_number(number)?, bank: bank.into() };
        Ok(Self { to, days })
    }

    /// Reads what `Display` writes: a line each for holder and number, then the bank where it is said, and the days.
    pub fn parse(text: &str) -> Result<Self, TransferError> {
        ensure_that(text.len() <= TERMS_BYTES_MAX, TransferError::Line)?;
        let (mut holder, mut number, mut bank, mut days) = ("", "", "", DAYS_DEFAULT);
        for line in text.lines() {
            match line.split_once(' ').ok_or(TransferError::Line)? {
                ("holder", said) => holder = said,
                ("number", said) => number = said,
                ("bank", said) => bank = said,
                ("days", said) => days = said.parse().map_err(|_| TransferError::Days)?,
                _ => return Err(TransferError::Line),
            }
        }
        Self::new(holder, number, bank, days)
    }

    /// Until when an order of this moment is held for its money.
    pub fn until_ms(&self, at_ms: i64) -> i64 {
        at_ms.saturating_add(i64::from(self.days).saturating_mul(DAY_MS))
    }
}

impl fmt::Display for TransferTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BankAccount { holder, number, bank } = &self.to;
        write!(f, "holder {holder}\nnumber {number}\n")?;
        if !bank.is_empty() {
            writeln!(f, "bank {bank}")?;
        }
        write!(f, "days {}", self.days)
    }
}

impl BankAccount {
    pub fn is_iban(&self) -> bool {
        looks_like_iban(&self.number)
    }

    /// The number as people read it: an IBAN in groups of four.
    pub fn shown(&self) -> String {
        if !self.is_iban() {
            return self.number.clone();
        }
        let letters: Vec<char> = self.number.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }
}

/// Capitals without the spaces that people write into it, and checked as far as a number can be.
fn account_number(typed: &str) -> Result<String, TransferError> {
    let number: String =
        typed.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_uppercase).collect();
    let is_sign = |letter: char| letter.is_ascii_alphanumeric() || "-/.".contains(letter);
    let has_digit = number.chars().any(|letter| letter.is_ascii_digit());
    ensure_that(
        has_digit && number.chars().all(is_sign) && NUMBER_LEN.contains(&number.len()),
        TransferError::Number,
    )?;
    ensure_that(!looks_like_iban(&number) || is_iban(&number), TransferError::Iban)?;
    Ok(number)
}

/// A country and two check digits: then it is meant as one.
fn looks_like_iban(number: &str) -> bool {
    let mut letters = number.chars();
    let mut next = || letters.next().unwrap_or(' ');
    next().is_ascii_uppercase()
        && next().is_ascii_uppercase()
        && next().is_ascii_digit()
        && next().is_ascii_digit()
}

/// ISO 13616: the country and the check digits go to the end, letters count from ten, and 97 leaves one over.
fn is_iban(number: &str) -> bool {
    if !IBAN_LEN.contains(&number.len()) {
        return false;
    }
    let (head, rest) = number.split_at(4);
    let mut left = 0;
    for letter in rest.chars().chain(head.chars()) {
        let Some(value) = letter.to_digit(36) else { return false };
        left = if value < 10 { left * 10 + value } else { left * 100 + value } % 97;
    }
    left == 1
}

/// Neither 0 and O, 1, I and L, 2 and Z, 5 and S, 6 and G, 8 and B, nor U and V together. A prime, so that the check letter finds every
/// wrong letter and every two that changed places.
const LETTERS: &[u8] = b"34679ACDEFHJKMNPQRTVWXY";
/// Letters of a reference before the one that checks them.
const REFERENCE_LEN: usize = 10;

/// What a buyer writes beside a transfer for this order: short enough for any bank, and the same on every device.
pub fn reference(order: OrderId) -> String {
    let base = LETTERS.len() as u64;
    let mut left = order.0.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let mut places = Vec::with_capacity(REFERENCE_LEN + 1);
    for _ in 0..REFERENCE_LEN {
        places.push(usize::try_from(left % base).unwrap_or(0));
        left /= base;
    }
    places.push(check_place(&places));
    let letters: Vec<char> =
        places.iter().filter_map(|place| LETTERS.get(*place)).map(|it| char::from(*it)).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// A reference in what somebody typed or a bank printed, as [`reference`] writes it; nothing where a letter is wrong.
pub fn reference_in(typed: &str) -> Option<String> {
    let letters: Vec<char> =
        typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    let place = |letter: &char| LETTERS.iter().position(|known| char::from(*known) == *letter);
    let places: Vec<usize> = letters.iter().map(place).collect::<Option<_>>()?;
    let (check, before) = places.split_last()?;
    let fits = before.len() == REFERENCE_LEN && check_place(before) == *check;
    let groups = || letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>();
    fits.then(|| groups().join("-"))
}

/// Each place weighs something else.
fn check_place(places: &[usize]) -> usize {
    places.iter().zip(2..).map(|(place, weight)| place * weight).sum::<usize>() % LETTERS.len()
}

fn ensure_that(condition: bool, error: TransferError) -> Result<(), TransferError> {
    if condition { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(number: &str) -> Result<String, TransferError> {
        TransferTerms::new("Amina Tea", number, "", 3).map(|terms| terms.to.shown())
    }

    #[test]
    fn an_iban_is_checked_and_other_numbers_are_taken_as_they_are() {
        for (typed, expected) in [
            ("DE89 3704 0044 0532 0130 00", Ok("DE89 3704 0044 0532 0130 00")),
            ("gb82west12345698765432", Ok("GB82 WEST 1234 5698 7654 32")),
            ("FR14 2004 1010 0505 0001 3M02 606", Ok("FR14 2004 1010 0505 0001 3M02 606")),
            ("NO93 8601 1117 947", Ok("NO93 8601 1117 947")),
            ("DE89 3704 0044 0532 0130 01", Err(TransferError::Iban)),
            ("DE98 3704 0044 0532 0130 00", Err(TransferError::Iban)),
            ("DE89 3704 0044 0532 1030 00", Err(TransferError::Iban)),
            ("DE89 3704", Err(TransferError::Iban)),
            ("0110 023 456-7", Ok("0110023456-7")),
            ("12/345.6", Ok("12/345.6")),
            ("A1", Err(TransferError::Number)),
            ("ABCDEF", Err(TransferError::Number)),
            ("12*34", Err(TransferError::Number)),
            ("١٢٣٤", Err(TransferError::Number)),
            ("", Err(TransferError::Number)),
        ] {
            assert_eq!(account(typed), expected.map(str::to_owned), "{typed}");
        }
    }

    #[test]
    fn terms_are_read_as_they_are_written() {
        for (holder, number, bank, days, written) in [
            (" Amina ", "12 34 5", "", 3, Ok("holder Amina\nnumber 12345\ndays 3")),
            (
                "Amina",
                "12345",
                "Equity Bank",
                14,
                Ok("holder Amina\nnumber 12345\nbank Equity Bank\ndays 14"),
            ),
            (" ", "12345", "", 3, Err(TransferError::Holder)),
            ("Amina\nnumber 6", "12345", "", 3, Err(TransferError::Holder)),
            ("Amina", "12345", "a\tb", 3, Err(TransferError::Bank)),
            ("Amina", "12345", "", 0, Err(TransferError::Days)),
            ("Amina", "12345", "", 15, Err(TransferError::Days)),
        ] {
            let terms = TransferTerms::new(holder, number, bank, days);
            assert_eq!(terms.clone().map(|terms| terms.to_string()), written.map(str::to_owned));
            if let Ok(terms) = terms {
                assert_eq!(TransferTerms::parse(&terms.to_string()), Ok(terms));
            }
        }
        for (text, error) in [
            ("", TransferError::Holder),
            ("holder Amina", TransferError::Number),
            ("holder Amina\nnumber DE00 1\ndays 3", TransferError::Iban),
            ("holder Amina\nnumber 12345\ndays x", TransferError::Days),
            ("holder Amina\nnumber 12345\niban 3", TransferError::Line),
        ] {
            assert_eq!(TransferTerms::parse(text), Err(error), "{text}");
        }
        assert_eq!(TransferTerms::parse("holder A\nnumber 123").map(|terms| terms.days), Ok(DAYS_DEFAULT));
        let terms = TransferTerms::new("A", "123", "", 2).unwrap();
        assert_eq!(terms.until_ms(1_000), 172_801_000);
    }

    #[test]
    fn a_reference_is_the_orders_own_and_a_wrong_letter_is_noticed() {
        let order = |number: u8| {
            let mut bytes = [0xa7; 16];
            bytes[7] = number;
            OrderId(bytes)
        };
        let all: std::collections::BTreeSet<String> =
            (0..=255).map(|number| reference(order(number))).collect();
        assert_eq!(all.len(), 256);
        for written in &all {
            assert_eq!(written.len(), 13);
            assert!(
                !written.contains(['0', 'O', '1', 'I', 'L', '2', 'Z', '5', 'S', 'G', '8', 'B', 'U']),
                "{written}"
            );
            assert_eq!(
                reference_in(&format!(" {} ", written.to_lowercase().replace('-', " "))).as_ref(),
                Some(written)
            );
        }
        let written = reference(OrderId([0x51; 16]));
        let plain: Vec<char> = written.chars().filter(|letter| *letter != '-').collect();
        for at in 0..plain.len() {
            for other in
                LETTERS.iter().map(|letter| char::from(*letter)).filter(|letter| *letter != plain[at])
            {
                let mut wrong = plain.clone();
                wrong[at] = other;
                assert_eq!(reference_in(&wrong.iter().collect::<String>()), None);
            }
            let mut swapped = plain.clone();
            swapped.swap(at, (at + 1) % plain.len());
            assert_eq!(reference_in(&swapped.iter().collect::<String>()).is_some(), swapped == plain);
        }
        assert_eq!((reference_in(""), reference_in("invoice 12")), (None, None));
    }
}
