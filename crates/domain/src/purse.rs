//! What gift cards, store credit and points are: kinds, the code of a card, and what points are worth. How much is in
//! a purse is for the accounts of [`crate::stock`] to say.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::ids::{LogId, ProductId};

crate::wire_choice! {
    pub enum PurseKind {
        /// Whoever holds the code may spend it.
        GiftCard = 1,
        /// A customer's money that the stall keeps.
        Credit = 2,
        /// A customer's points, worth what the stall says.
        Points = 3,
    }
}

/// The most that one entry puts into a purse: far above any card, and far below where sums of them could overflow.
pub const PURSE_UNITS_MAX: i64 = 1 << 36;

/// Which id a purse has: of a card by the letters of its code, of credit and points by whose they are. Every register and the server
/// find the same one, and nobody finds a code from it.
pub fn id(stall: LogId, kind: PurseKind, of: &[u8]) -> ProductId {
    let mut hash = Sha256::new();
    hash.update(b"soko purse 1");
    hash.update(stall.as_bytes());
    hash.update([kind.number()]);
    hash.update(of);
    let hash: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    ProductId(id)
}

/// The purse of a card's code, as somebody typed it. Nothing where it cannot be a code.
pub fn of_code(stall: LogId, typed: &str) -> Option<ProductId> {
    let code = CardCode::parse(typed)?;
    Some(id(stall, PurseKind::GiftCard, code.letters().as_bytes()))
}

/// What a purse is called where its code must not be read: on a receipt, in a list.
pub fn label(purse: ProductId) -> String {
    purse.0.iter().take(3).map(|byte| format!("{byte:02X}")).collect()
}

/// What a payment from a purse says as its reference, in a record and on a receipt.
pub fn reference(kind: PurseKind, purse: ProductId, units: i64) -> String {
    match kind {
        PurseKind::GiftCard => format!("card:{}", label(purse)),
        PurseKind::Credit => "credit:".into(),
        PurseKind::Points => format!("points:{units}"),
    }
}

/// Which kind of purse paid, and what is said of it. None for a voucher of paper.
pub fn of_reference(reference: &str) -> Option<(PurseKind, &str)> {
    let (word, rest) = reference.split_once(':')?;
    let kind = match word {
        "card" => PurseKind::GiftCard,
        "credit" => PurseKind::Credit,
        "points" => PurseKind::Points,
        _ => return None,
    };
    Some((kind, rest))
}

/// How points are earned and what they pay.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Loyalty {
    /// One point for so much paid; 0 where there are no points.
    pub earn_minor: i64,
    /// What one point pays.
    pub worth_minor: i64,
}

impl Loyalty {
    pub fn is_on(&self) -> bool {
        self.earn_minor > 0 && self.worth_minor > 0
    }

    /// Whole points for so much paid.
    pub fn earned(&self, paid_minor: i64) -> i64 {
        if self.is_on() && paid_minor > 0 { paid_minor / self.earn_minor } else { 0 }
    }

    /// Points that pay so much: the last one is not cut in parts.
    pub fn points_for(&self, money_minor: i64) -> Option<i64> {
        if !self.is_on() || money_minor <= 0 {
            return None;
        }
        let whole = money_minor / self.worth_minor;
        Some(if money_minor % self.worth_minor == 0 { whole } else { whole + 1 })
    }

    pub fn worth(&self, points: i64) -> i64 {
        points.max(0).saturating_mul(self.worth_minor.max(0))
    }
}

/// Letters that nobody mistakes for another: no I, L, O or U.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a card's code; the last one follows from the others.
pub const CARD_LETTERS: usize = 16;
const GROUP: usize = 4;

/// The code of a gift card: 75 bits of chance and a letter that notices any one wrong letter and any two neighbours
/// that changed places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CardCode([u8; CARD_LETTERS]);

impl CardCode {
    pub fn of_chance(chance: [u8; CARD_LETTERS]) -> Self {
        let mut values = chance.map(|byte| byte % 32);
        values[CARD_LETTERS - 1] = check(&values[..CARD_LETTERS - 1]);
        Self(values)
    }

    /// As it was printed, typed or scanned: dashes, spaces and case do not matter, and neither do an O for a zero or
    /// an I for a one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut values = [0; CARD_LETTERS];
        let mut letters = text.bytes().filter(|byte| !matches!(byte, b'-' | b' '));
        for value in &mut values {
            *value = value_of(letters.next()?)?;
        }
        let is_right =
            letters.next().is_none() && check(&values[..CARD_LETTERS - 1]) == values[CARD_LETTERS - 1];
        is_right.then_some(Self(values))
    }

    /// Its letters without dashes, which its hash is made of.
    pub fn letters(&self) -> String {
        self.0.iter().map(|value| char::from(LETTERS[usize::from(*value)])).collect()
    }
}

impl fmt::Display for CardCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, value) in self.0.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                out.write_str("-")?;
            }
            write!(out, "{}", char::from(LETTERS[usize::from(*value)]))?;
        }
        Ok(())
    }
}

fn value_of(letter: u8) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    let at = LETTERS.iter().position(|known| *known == letter)?;
    u8::try_from(at).ok()
}

/// The letters as the coefficients of a polynomial over the field of 32 elements, at its generator.
fn check(values: &[u8]) -> u8 {
    values.iter().rev().fold(0, |sum, value| doubled(sum ^ value))
}

/// Times the generator, modulo x^5 + x^2 + 1.
fn doubled(value: u8) -> u8 {
    let twice = value << 1;
    if twice & 0b10_0000 != 0 { twice ^ 0b10_0101 } else { twice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it_and_one_slip_is_noticed() {
        let code = CardCode::of_chance(std::array::from_fn(|at| u8::try_from(at * 37 % 251).unwrap()));
        let written = code.to_string();
        assert_eq!(written.len(), CARD_LETTERS + 3);
        for text in [written.clone(), written.to_lowercase(), code.letters(), written.replace('-', " ")] {
            assert_eq!(CardCode::parse(&text), Some(code), "{text}");
        }
        assert_eq!(CardCode::parse(&written.replace('0', "O").replace('1', "l")), Some(code));
        let letters = code.letters();
        for at in 0..CARD_LETTERS {
            for other in LETTERS {
                let mut wrong = letters.clone().into_bytes();
                if wrong[at] != *other {
                    wrong[at] = *other;
                    assert_eq!(CardCode::parse(std::str::from_utf8(&wrong).unwrap()), None);
                }
            }
            let mut swapped = letters.clone().into_bytes();
            if at + 1 < CARD_LETTERS && swapped[at] != swapped[at + 1] {
                swapped.swap(at, at + 1);
                assert_eq!(CardCode::parse(std::str::from_utf8(&swapped).unwrap()), None);
            }
        }
        for nonsense in ["", "1234", "6001234567890", &format!("{letters}0"), "ÄÄÄÄ-ÄÄÄÄ-ÄÄÄÄ-ÄÄÄÄ"]
        {
            assert_eq!(CardCode::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_card_has_one_id_however_it_is_typed_and_another_in_each_stall() {
        let code = CardCode::of_chance([9; CARD_LETTERS]).to_string();
        let (here, there) = (LogId([1; 16]), LogId([2; 16]));
        let card = of_code(here, &code).unwrap();
        assert_eq!(card.to_string(), "a8b2a66e40b12609f93da5d36ce58be6");
        for typed in [code.to_lowercase(), code.replace('-', " "), format!("  {} ", code.replace('-', ""))] {
            assert_eq!(of_code(here, &typed), Some(card), "{typed}");
        }
        assert_ne!(of_code(there, &code), Some(card));
        assert_ne!(id(here, PurseKind::Credit, code.replace('-', "").as_bytes()), card);
        assert_eq!(of_code(here, "4711"), None);
    }

    #[test]
    fn points_are_whole() {
        let loyalty = Loyalty { earn_minor: 100, worth_minor: 5 };
        assert_eq!([0, 99, 100, 1999].map(|paid| loyalty.earned(paid)), [0, 0, 1, 19]);
        assert_eq!([0, 1, 5, 11].map(|paid| loyalty.points_for(paid)), [None, Some(1), Some(1), Some(3)]);
        assert_eq!(loyalty.worth(20), 100);
        let off = Loyalty::default();
        assert_eq!((off.earned(1_000), off.points_for(5)), (0, None));
    }

    #[test]
    fn what_paid_is_read_from_its_reference() {
        let purse = ProductId([0xab; 16]);
        for (kind, rest) in
            [(PurseKind::GiftCard, "ABABAB"), (PurseKind::Credit, ""), (PurseKind::Points, "7")]
        {
            assert_eq!(of_reference(&reference(kind, purse, 7)), Some((kind, rest)));
        }
        assert_eq!(of_reference("Fair 2026: stall 9"), None);
        assert_eq!(of_reference("4711"), None);
    }
}
