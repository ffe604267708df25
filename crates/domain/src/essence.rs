//! What the code on a receipt says, in frozen bytes: which stall sold for how much, when, under which number, and
//! which record says all of it. Whoever holds the stall's keys can check it without asking anybody. It names no
//! goods and no people: a receipt lies in the street.

use crate::ids::{AuthorId, LogId, SaleId};
use crate::money::Currency;
use crate::wire::{Malformed, Reader, Wire, Writer};

/// The only form so far.
pub const ESSENCE_VERSION: u8 = 1;
/// What is signed begins with this, so that it can be no record and no token.
const SIGNED_FOR: &[u8] = b"soko receipt 1";
/// How much of the record's identity is in the code: enough that no other record fits.
pub const RECORD_BYTES: usize = 16;
/// Longest text that is looked at.
pub const PROOF_TEXT_BYTES_MAX: usize = 1_000;
/// In an address, the proof stands behind this.
pub const PROOF_PATH: &str = "/verify/";
/// Before a proof without an address, where a stall has no server.
pub const PROOF_SCHEME: &str = "soko:";

const SIGNATURE_BYTES: usize = 64;
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

crate::wire_struct! {
    /// The essence of one sale.
    pub struct SaleEssence {
        pub stall: LogId,
        /// The register that sold.
        pub register: AuthorId,
        /// The register that signed, where it is another one that printed the receipt again.
        pub printed_by: Option<AuthorId>,
        pub sale: SaleId,
        pub receipt_number: u64,
        pub at_ms: i64,
        pub offset_minutes: i32,
        pub currency: Currency,
        pub total_minor: i64,
        /// Where the sale stands in its register's chain.
        pub seq: u64,
        /// The beginning of that record's identity, which covers every line of the sale.
        pub record: RecordMark,
    }
}

/// The beginning of a record's identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordMark(pub [u8; RECORD_BYTES]);

impl Wire for RecordMark {
    fn put(&self, out: &mut Writer) {
        out.raw(&self.0);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        input.raw(RECORD_BYTES)?.try_into().map(Self).map_err(|_| Malformed::Truncated)
    }
}

impl SaleEssence {
    /// Who signs it.
    pub fn signer(&self) -> AuthorId {
        self.printed_by.unwrap_or(self.register)
    }

    /// What the register's key signs.
    pub fn signed_bytes(&self) -> Vec<u8> {
        [SIGNED_FOR, &self.to_bytes()].concat()
    }
}

/// An essence with its signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    pub essence: SaleEssence,
    pub signature: [u8; SIGNATURE_BYTES],
}

impl Proof {
    /// The text in the code: of the letters that every address may have.
    pub fn to_text(&self) -> String {
        let bytes = [&[ESSENCE_VERSION][..], &self.essence.to_bytes(), &self.signature].concat();
        letters(&bytes)
    }

    /// Reads a text, alone or at the end of an address.
    pub fn from_text(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        if text.len() > PROOF_TEXT_BYTES_MAX {
            return Err(Malformed::TooLong);
        }
        let behind = text.rsplit_once(PROOF_PATH).map(|(_, proof)| proof);
        let proof = behind.or_else(|| text.strip_prefix(PROOF_SCHEME)).unwrap_or(text);
        let bytes = bytes_of(proof)?;
        let mut input = Reader::new(&bytes);
        if input.byte()? != ESSENCE_VERSION {
            return Err(Malformed::Choice);
        }
        let essence = SaleEssence::take(&mut input)?;
        let signature = input.raw(SIGNATURE_BYTES)?.try_into().map_err(|_| Malformed::Truncated)?;
        input.end()?;
        Ok(Self { essence, signature })
    }
}

/// Six bits a letter, without padding.
fn letters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let number = number << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            let index = usize::try_from(number >> (18 - 6 * place) & 63).unwrap_or_default();
            text.push(char::from(LETTERS[index]));
        }
    }
    text
}

/// Only what `letters` writes: unused bits are zero, so that a proof has one text.
fn bytes_of(text: &str) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for four in text.as_bytes().chunks(4) {
        let mut number = 0_u32;
        for letter in four {
            let value = LETTERS.iter().position(|known| known == letter).ok_or(Malformed::Text)?;
            number = number << 6 | u32::try_from(value).map_err(|_| Malformed::Number)?;
        }
        let number = number << (6 * (4 - four.len()));
        let whole = four.len() * 6 / 8;
        if whole == 0 || number & (0xff_ffff >> (8 * whole)) != 0 {
            return Err(Malformed::Text);
        }
        bytes.extend_from_slice(&number.to_be_bytes()[1..=whole]);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof() -> Proof {
        let essence = SaleEssence {
            stall: LogId([1; 16]),
            register: AuthorId([2; 16]),
            printed_by: None,
            sale: SaleId([3; 16]),
            receipt_number: 128,
            at_ms: 1_795_691_100_000,
            offset_minutes: 180,
            currency: Currency::parse("EUR").unwrap(),
            total_minor: 3_015,
            seq: 77,
            record: RecordMark([4; 16]),
        };
        Proof { essence, signature: [5; 64] }
    }

    /// Receipts are kept for years: this text must be read for ever.
    const FROZEN: &str = include_str!("../tests/frozen_receipts/v1.txt");

    #[test]
    fn the_frozen_text_is_read_and_written() {
        assert_eq!(proof().to_text(), FROZEN.trim());
        assert_eq!(Proof::from_text(FROZEN), Ok(proof()));
        assert!(FROZEN.trim().len() < 250, "the code becomes too fine for narrow paper");
    }

    #[test]
    fn it_is_found_in_an_address_and_nothing_else_is() {
        let text = proof().to_text();
        for written in
            [format!("https://market.example/verify/{text}"), format!("soko:{text}"), format!("  {text}\n")]
        {
            assert_eq!(Proof::from_text(&written), Ok(proof()), "{written}");
        }
        let padded = format!("{text}A");
        for wrong in ["", "soko:", "https://market.example/verify/", &text[1..], &text[..80], &padded, "ü"] {
            assert!(Proof::from_text(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_change_of_the_text_changes_what_is_read_or_is_refused() {
        let text = proof().to_text();
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_ne!(Proof::from_text(&other), Ok(proof()), "letter {at}");
        }
    }

    #[test]
    fn letters_and_bytes_are_one_to_one() {
        for bytes in [&b""[..], b"a", b"ab", b"abc", b"abcd", &[255; 7]] {
            assert_eq!(bytes_of(&letters(bytes)).as_deref(), Ok(bytes));
        }
        assert_eq!(letters(b"abcd"), "YWJjZA");
        assert!(bytes_of("YWJjZB").is_err());
        assert!(bytes_of("Y").is_err());
    }
}
