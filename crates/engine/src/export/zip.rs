//! A zip file whose members are stored as they are: the least that every system opens. Names are ASCII; a zip of four
//! gigabytes or more is none of ours, since a stall's tables fit into memory.

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const VERSION: u16 = 20;
/// The first day that the format knows, so that equal tables make equal files.
const DATE: u16 = 0x21;

#[derive(Default)]
pub(super) struct Zip {
    out: Vec<u8>,
    central: Vec<u8>,
    members: u16,
}

impl Zip {
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) {
        let offset = size(self.out.len());
        let (crc, len) = (crc32(bytes), size(bytes.len()));
        let mut common = Vec::new();
        for number in [VERSION, 0, 0, 0, DATE] {
            common.extend(number.to_le_bytes());
        }
        for number in [crc, len, len] {
            common.extend(number.to_le_bytes());
        }
        let name_len = u16::try_from(name.len()).unwrap_or(u16::MAX);
        common.extend(name_len.to_le_bytes());
        common.extend([0, 0]);
        self.out.extend(LOCAL.to_le_bytes());
        self.out.extend(&common);
        self.out.extend(name.as_bytes());
        self.out.extend(bytes);
        self.central.extend(CENTRAL.to_le_bytes());
        self.central.extend(VERSION.to_le_bytes());
        self.central.extend(&common);
        // No comment, the first disk, no attributes.
        self.central.extend([0; 10]);
        self.central.extend(offset.to_le_bytes());
        self.central.extend(name.as_bytes());
        self.members += 1;
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let offset = size(self.out.len());
        self.out.extend(&self.central);
        self.out.extend(END.to_le_bytes());
        self.out.extend([0; 4]);
        self.out.extend(self.members.to_le_bytes());
        self.out.extend(self.members.to_le_bytes());
        self.out.extend(size(self.central.len()).to_le_bytes());
        self.out.extend(offset.to_le_bytes());
        self.out.extend([0, 0]);
        self.out
    }
}

fn size(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// The checksum of the format, a byte at a time.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let step = |crc: u32, byte: &u8| {
        let place = (crc ^ u32::from(*byte)) & 0xff;
        crc >> 8 ^ TABLE[usize::try_from(place).unwrap_or_default()]
    };
    !bytes.iter().fold(u32::MAX, step)
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
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn members_stand_where_the_directory_says() {
        let mut zip = Zip::default();
        zip.add("a.txt", b"hello");
        zip.add("b.txt", b"");
        let bytes = zip.finish();
        let end = &bytes[bytes.len() - 22..];
        assert_eq!(&end[..4], END.to_le_bytes());
        let central = usize::try_from(u32::from_le_bytes(end[16..20].try_into().unwrap())).unwrap();
        assert_eq!(&bytes[central..central + 4], CENTRAL.to_le_bytes());
        assert_eq!(&bytes[30..40], b"a.txthello");
    }
}
