//! What one device shows and another reads: which server, which stall, what it is to be, and the code that lets it
//! in once. Typed, pasted or scanned; a mistake in it is told before anybody is asked.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::LogId;
use soko_domain::role::Role;

use crate::failure::Undone;

const SCHEME: &str = "soko:";
const VERSION: u8 = 1;
/// Digits and letters without I, L, O and U: what looks alike is read alike.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK_BYTES: usize = 4;
/// Digits between two dashes.
const GROUP: usize = 5;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    pub server: String,
    pub stall: LogId,
    pub role: Role,
    pub code: String,
}

impl Invitation {
    pub fn to_text(&self) -> String {
        let mut bytes = vec![VERSION, self.role.number()];
        bytes.extend_from_slice(self.stall.as_bytes());
        bytes.push(u8::try_from(self.code.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(self.code.as_bytes());
        bytes.extend_from_slice(self.server.as_bytes());
        bytes.extend_from_slice(&check(&bytes));
        let digits = to_digits(&bytes);
        let groups: Vec<&str> =
            digits.as_bytes().chunks(GROUP).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        format!("{SCHEME}{}", groups.join("-"))
    }

    /// Reads what `to_text` wrote, with or without its beginning, or an address that has it behind a `#`.
    pub fn read(text: &str) -> Result<Self, Undone> {
        let text = text.trim();
        let text = text.rsplit_once('#').map_or(text, |(_, behind)| behind);
        let has_scheme = text.get(..SCHEME.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(SCHEME));
        let digits = if has_scheme { &text[SCHEME.len()..] } else { text };
        let mistake = || {
            let sentence = "this is no invitation, or there is a mistake in it: compare it letter by letter";
            Undone::refused("invitation", sentence)
        };
        let bytes = from_digits(digits).ok_or_else(mistake)?;
        let (body, sum) =
            bytes.len().checked_sub(CHECK_BYTES).map(|end| bytes.split_at(end)).ok_or_else(mistake)?;
        if check(body) != sum {
            return Err(mistake());
        }
        if body.first() != Some(&VERSION) {
            return Err(Undone::refused("invitation", "a newer Soko made this invitation: update this one"));
        }
        take(body).ok_or_else(mistake)
    }
}

fn take(body: &[u8]) -> Option<Invitation> {
    let (head, rest) = body.split_at_checked(2 + LogId::SIZE + 1)?;
    let (code, server) = rest.split_at_checked(usize::from(*head.last()?))?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    Some(Invitation {
        role: Role::from_number(*head.get(1)?)?,
        stall: LogId::from_slice(head.get(2..2 + LogId::SIZE)?)?,
        code: text(code)?,
        server: text(server)?,
    })
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    [hash[0], hash[1], hash[2], hash[3]]
}

fn to_digits(bytes: &[u8]) -> String {
    let (mut digits, mut held, mut bits) = (String::new(), 0u32, 0);
    for byte in bytes {
        (held, bits) = (held << 8 | u32::from(*byte), bits + 8);
        while bits >= 5 {
            bits -= 5;
            digits.push(digit(held >> bits));
        }
    }
    if bits > 0 {
        digits.push(digit(held << (5 - bits)));
    }
    digits
}

fn digit(value: u32) -> char {
    char::from(DIGITS[(value & 31) as usize])
}

fn from_digits(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for letter in text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-') {
        let letter = match letter.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        };
        let value = DIGITS.iter().position(|digit| char::from(*digit) == letter)?;
        (held, bits) = (held << 5 | u32::try_from(value).ok()?, bits + 5);
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    // What is left over was filled up with nothing.
    (bits < 5 && held & ((1 << bits) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation() -> Invitation {
        Invitation {
            server: "https://market.example".into(),
            stall: LogId([7; 16]),
            role: Role::Cashier,
            code: "ABCD-EFGH-JKLM".into(),
        }
    }

    #[test]
    fn what_was_written_is_read_however_it_was_carried() {
        let text = invitation().to_text();
        for carried in [
            text.clone(),
            text.to_lowercase(),
            format!("  {text}\n"),
            text.replace('-', " "),
            text.replace("soko:", ""),
            text.replace('0', "O").replace('1', "l"),
            format!("https://market.example/join#{text}"),
        ] {
            // The scheme has an o of its own.
            let carried = carried.replace("sOkO", "soko");
            assert_eq!(Invitation::read(&carried).unwrap(), invitation(), "{carried}");
        }
    }

    #[test]
    fn every_single_mistake_is_told() {
        let text = invitation().to_text();
        let digits = text.strip_prefix(SCHEME).unwrap();
        for (at, letter) in digits.char_indices().filter(|(_, letter)| *letter != '-') {
            let other = if letter == 'Z' { 'Y' } else { 'Z' };
            let mut wrong = digits.to_owned();
            wrong.replace_range(at..=at, &other.to_string());
            assert!(Invitation::read(&wrong).is_err(), "{at}: {wrong}");
            wrong.remove(at);
            assert!(Invitation::read(&wrong).is_err(), "{at} left out");
        }
        for wrong in ["", "soko:", "hello", "soko:AAAA", "https://market.example/join"] {
            assert!(Invitation::read(wrong).is_err(), "{wrong}");
        }
    }
}
