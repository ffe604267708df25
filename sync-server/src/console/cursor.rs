//! Where a list goes on: after a row, named by its moment and its identity. What is added meanwhile moves nothing.

use std::fmt;

/// The row that was shown last; lists go from the latest to the oldest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    pub at_ms: i64,
    pub id: [u8; 16],
}

impl Cursor {
    /// Before everything.
    pub const TOP: Self = Self { at_ms: i64::MAX, id: [u8::MAX; 16] };

    /// As it was shown: the moment, a point, 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (at_ms, id) = text.split_once('.')?;
        if id.len() != 32 || !id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        Some(Self { at_ms: at_ms.parse().ok()?, id: u128::from_str_radix(id, 16).ok()?.to_be_bytes() })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:032x}", self.at_ms, u128::from_be_bytes(self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_shown_and_nothing_else_is() {
        let cursor = Cursor { at_ms: -5, id: [0xab; 16] };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        assert_eq!(Cursor::parse(&Cursor::TOP.to_string()), Some(Cursor::TOP));
        let long = format!("1.{}", "0".repeat(33));
        for wrong in ["", "1", "1.", ".00", "1.zz", "x.00000000000000000000000000000000", &long] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }
}
