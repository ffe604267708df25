//! A zip file whose members are stored as they are, the least that every system opens, written piece by piece. Names are ASCII;
//! a file of four gigabytes or more, or of more members than sixteen bits count, would be another format, and is refused.

use crate::failure::{Failure, NotDone};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const VERSION: u16 = 20;
/// The first day that the format knows, so that equal tables make equal files.
const DATE: u16 = 0x21;

/// Behind a member stands how long it was: that is not known before.
const DESCRIPTOR: u32 = 0x0807_4b50;
const WITH_DESCRIPTOR: u16 = 1 << 3;

/// Where the file goes, piece by piece.
pub(super) type Out<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), NotDone>;

/// In memory is only the directory.
pub(super) struct Zip<'a> {
    out: Out<'a>,
    offset: u32,
    central: Vec<u8>,
    members: u16,
    open: Option<Member>,
}

struct Member {
    name: String,
    offset: u32,
    crc: u32,
    len: u32,
}

impl<'a> Zip<'a> {
    pub(super) fn new(out: Out<'a>) -> Self {
        Self { out, offset: 0, central: Vec::new(), members: 0, open: None }
    }

    /// A member; what is written from now on is its content.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), NotDone> {
        self.end()?;
        let member = Member { name: name.into(), offset: self.offset, crc: u32::MAX, len: 0 };
        let mut head = LOCAL.to_le_bytes().to_vec();
        head.extend(common(name, (0, 0)));
        head.extend(name.as_bytes());
        self.put(&head)?;
        self.open = Some(member);
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), NotDone> {
        self.put(bytes)?;
        if let Some(member) = &mut self.open {
            member.crc = crc32(member.crc, bytes);
            // It is shorter than the file, whose length was just counted.
            member.len = member.len.saturating_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), NotDone> {
        let Some(Member { name, offset, crc, len }) = self.open.take() else { return Ok(()) };
        let crc = !crc;
        let mut foot = Vec::new();
        for number in [DESCRIPTOR, crc, len, len] {
            foot.extend(number.to_le_bytes());
        }
        self.put(&foot)?;
        self.central.extend(CENTRAL.to_le_bytes());
        self.central.extend(VERSION.to_le_bytes());
        self.central.extend(common(&name, (crc, len)));
        // No comment, the first disk, no attributes.
        self.central.extend([0; 10]);
        self.central.extend(offset.to_le_bytes());
        self.central.extend(name.as_bytes());
        self.members = self.members.checked_add(1).ok_or_else(too_many)?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), NotDone> {
        self.end()?;
        let offset = self.offset;
        let central = std::mem::take(&mut self.central);
        self.put(&central)?;
        let mut end = END.to_le_bytes().to_vec();
        end.extend([0; 4]);
        end.extend(self.members.to_le_bytes());
        end.extend(self.members.to_le_bytes());
        end.extend((self.offset - offset).to_le_bytes());
        end.extend(offset.to_le_bytes());
        end.extend([0, 0]);
        self.put(&end)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), NotDone> {
        let len = u32::try_from(bytes.len()).map_err(|_| too_large())?;
        self.offset = self.offset.checked_add(len).ok_or_else(too_large)?;
        (self.out)(bytes)
    }
}

fn too_large() -> NotDone {
    Failure::Inconsistent("the file would have four gigabytes or more".into()).into()
}

fn too_many() -> NotDone {
    Failure::Inconsistent("the file would have more than 65,535 members".into()).into()
}

/// What stands at a member and again in the directory.
fn common(name: &str, (crc, len): (u32, u32)) -> Vec<u8> {
    let mut common = Vec::new();
    for number in [VERSION, WITH_DESCRIPTOR, 0, 0, DATE] {
        common.extend(number.to_le_bytes());
    }
    for number in [crc, len, len] {
        common.extend(number.to_le_bytes());
    }
    let name_len = u16::try_from(name.len()).unwrap_or(u16::MAX);
    common.extend(name_len.to_le_bytes());
    common.extend([0, 0]);
    common
}

/// The checksum of the format, a byte at a time: from all ones, and turned over at its end.
fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let step = |crc: u32, byte: &u8| {
        let place = (crc ^ u32::from(*byte)) & 0xff;
        crc >> 8 ^ TABLE[usize::try_from(place).unwrap_or_default()]
    };
    bytes.iter().fold(crc, step)
}

#[expect(clippy::cast_possible_truncation, reason = "the table has 256 places")]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut value = at as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ value >> 1 } else { value >> 1 };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_that_everybody_has() {
        assert_eq!(!crc32(crc32(u32::MAX, b"12345"), b"6789"), 0xcbf4_3926);
    }

    #[test]
    fn members_stand_where_the_directory_says() {
        let mut bytes = Vec::new();
        let mut out = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            Ok(())
        };
        let mut zip = Zip::new(&mut out);
        zip.begin("a.txt").unwrap();
        zip.write(b"hel").unwrap();
        zip.write(b"lo").unwrap();
        zip.begin("b.txt").unwrap();
        zip.finish().unwrap();
        let end = &bytes[bytes.len() - 22..];
        assert_eq!(&end[..4], END.to_le_bytes());
        let central = usize::try_from(u32::from_le_bytes(end[16..20].try_into().unwrap())).unwrap();
        assert_eq!(&bytes[central..central + 4], CENTRAL.to_le_bytes());
        assert_eq!(&bytes[30..40], b"a.txthello");
    }

    #[test]
    fn more_members_than_the_directory_counts_are_refused() {
        let mut out = |_: &[u8]| Ok(());
        let mut zip = Zip::new(&mut out);
        for _ in 0..=u16::MAX {
            zip.begin("a").unwrap();
        }
        assert_eq!(zip.begin("a"), Err(too_many()));
    }
}
