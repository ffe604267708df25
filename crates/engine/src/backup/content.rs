//! What is in a backup, and its bytes. They last longer than any version of the program: the form is written by hand,
//! begins with its version, and a sample is read in a test for ever.

use soko_domain::ids::{AuthorId, LogId};
use soko_domain::role::Role;
use soko_domain::wire::{Malformed, Reader, Wire, Writer};
use soko_replication::Epoch;

const VERSION: u8 = 1;
/// Longest page that replication makes, with room to spare.
const PAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
const PICTURE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// More than any device was.
const AUTHORS_MAX: u64 = 10_000;
const PAGES_MAX: u64 = 1_000_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backup {
    pub log: LogId,
    /// Who the register was.
    pub author: AuthorId,
    /// Every author that the device ever was.
    pub authors: Vec<AuthorId>,
    pub role: Role,
    pub epoch: Epoch,
    pub server_keys: Vec<[u8; 32]>,
    /// Where its server was; empty if it had none.
    pub server: String,
    /// The records, as replication sends them.
    pub pages: Vec<Vec<u8>>,
    pub pictures: Vec<Picture>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    /// As the device numbers its kinds.
    pub media_type: u8,
    pub bytes: Vec<u8>,
}

impl Wire for Backup {
    fn put(&self, out: &mut Writer) {
        out.byte(VERSION);
        self.log.put(out);
        self.author.put(out);
        self.authors.put(out);
        self.role.put(out);
        self.epoch.id.put(out);
        self.epoch.counter.put(out);
        out.varint(self.server_keys.len() as u64);
        self.server_keys.iter().for_each(|key| out.raw(key));
        self.server.put(out);
        out.varint(self.pages.len() as u64);
        self.pages.iter().for_each(|page| out.bytes(page));
        out.varint(self.pictures.len() as u64);
        for picture in &self.pictures {
            out.byte(picture.media_type);
            out.bytes(&picture.bytes);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        if input.byte()? != VERSION {
            return Err(Malformed::Choice);
        }
        let (log, author) = (LogId::take(input)?, AuthorId::take(input)?);
        let (authors, role) = (Vec::take(input)?, Role::take(input)?);
        let epoch = Epoch { id: Wire::take(input)?, counter: u64::take(input)? };
        let server_keys =
            many(input, AUTHORS_MAX, |input| input.raw(32)?.try_into().map_err(|_| Malformed::TooLong))?;
        let server = String::take(input)?;
        let pages = many(input, PAGES_MAX, |input| Ok(input.bytes(PAGE_BYTES_MAX)?.to_vec()))?;
        let pictures = many(input, PAGES_MAX, |input| {
            let media_type = input.byte()?;
            Ok(Picture { media_type, bytes: input.bytes(PICTURE_BYTES_MAX)?.to_vec() })
        })?;
        Ok(Self { log, author, authors, role, epoch, server_keys, server, pages, pictures })
    }
}

fn many<T>(
    input: &mut Reader<'_>,
    max: u64,
    take: impl Fn(&mut Reader<'_>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count = input.varint()?;
    if count > max {
        return Err(Malformed::TooLong);
    }
    // Nothing is reserved for what a forged count promises.
    (0..count).map(|_| take(input)).collect()
}
