//! The numbers of Automerge's format (LEB128) in their shortest form only: a longer spelling of the same number
//! would be written back differently and change the hash.

use soko_domain::wire::Reader;

use crate::refused::{Part, Refused};

pub(super) fn unsigned(input: &mut Reader<'_>, part: Part) -> Result<u64, Refused> {
    input.varint().map_err(|_| Refused::Malformed(part))
}

pub(super) fn signed(input: &mut Reader<'_>, part: Part) -> Result<i64, Refused> {
    let malformed = || Refused::Malformed(part);
    let mut value = 0i64;
    let mut previous = 0u8;
    for shift in (0..64).step_by(7) {
        let byte = input.byte().map_err(|_| malformed())?;
        let bits = byte & 0x7f;
        // The tenth byte has room for the sign alone.
        if shift == 63 && bits != 0 && bits != 0x7f {
            return Err(malformed());
        }
        value |= i64::from(bits) << shift;
        if byte < 0x80 {
            let repeats_sign = bits == if previous & 0x40 == 0 { 0 } else { 0x7f };
            if shift > 0 && repeats_sign {
                return Err(malformed());
            }
            if shift < 57 && bits & 0x40 != 0 {
                value |= -1i64 << (shift + 7);
            }
            return Ok(value);
        }
        previous = byte;
    }
    Err(malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<i64, Refused> {
        let mut input = Reader::new(bytes);
        let value = signed(&mut input, Part::Moment)?;
        input.end().map_err(|_| Refused::Malformed(Part::Trailing))?;
        Ok(value)
    }

    #[test]
    fn signed_numbers_have_one_spelling() {
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00];
        let min = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f];
        let table: &[(&[u8], Option<i64>)] = &[
            (&[0], Some(0)),
            (&[0x7f], Some(-1)),
            (&[0x3f], Some(63)),
            (&[0x40], Some(-64)),
            (&[0x80, 0x01], Some(128)),
            (&[0xff, 0x3f], Some(8191)),
            (&[0x80, 0x40], Some(-8192)),
            (&[0xc0, 0x00], Some(64)),
            (&[0xbf, 0x7f], Some(-65)),
            (&max, Some(i64::MAX)),
            (&min, Some(i64::MIN)),
            (&[0xbf, 0x00], None),
            (&[0xff, 0x7f], None),
            (&[0x80], None),
            (&[], None),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], None),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], None),
        ];
        for (bytes, expected) in table {
            assert_eq!(read(bytes).ok(), *expected, "{bytes:02x?}");
        }
    }
}
