//! Pictures that stalls show, under the hash of their bytes. Nothing is parsed here: what a picture may hold is
//! the browser's business, and it gets them so that it runs none of it.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{Hash, LogId};
use soko_record_log::{StoreError, Tx, params};

use crate::platform::refusal::Refusal;

/// Longest picture; a screen makes it smaller first.
pub const PICTURE_BYTES_MAX: usize = 512 * 1024;
/// Pictures of one stall, and what they may weigh together.
pub const PICTURES_PER_STALL_MAX: u32 = 10_000;
pub const PICTURE_BYTES_PER_STALL_MAX: i64 = 1024 * 1024 * 1024;

/// What the first bytes say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PictureKind {
    Jpeg = 1,
    Png = 2,
    WebP = 3,
}

impl PictureKind {
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            _ => is_webp.then_some(Self::WebP),
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::WebP].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A picture that is what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    pub hash: Hash,
    pub kind: PictureKind,
    pub bytes: Vec<u8>,
}

impl Picture {
    /// Checks size, form and name, in this order.
    pub fn check(hash: Hash, bytes: Vec<u8>) -> Result<Self, Refusal> {
        let picture = Self::named(bytes)?;
        if picture.hash == hash { Ok(picture) } else { Err(Refusal::OtherPicture) }
    }

    /// Under the name that it should have.
    pub fn named(bytes: Vec<u8>) -> Result<Self, Refusal> {
        let kind = PictureKind::of(&bytes).filter(|_| bytes.len() <= PICTURE_BYTES_MAX);
        let kind = kind.ok_or(Refusal::NoPicture)?;
        Ok(Self { hash: Hash(Sha256::digest(&bytes).into()), kind, bytes })
    }
}

/// Keeps a picture for a stall. What it brought already is not counted again.
pub fn put(tx: &mut dyn Tx, stall: LogId, picture: &Picture, now_ms: i64) -> Result<(), Refusal> {
    let known = tx.query_opt(
        "select 1 from stall_picture where stall = $1 and hash = $2",
        params![stall, picture.hash],
    )?;
    if known.is_some() {
        return Ok(());
    }
    let row = tx.query_one(
        "select count(*), cast(coalesce(sum(length), 0) as bigint) from stall_picture where stall = $1",
        params![stall],
    )?;
    let (count, length): (i64, i64) = (row.int(0)?, row.int(1)?);
    let more = i64::try_from(picture.bytes.len()).unwrap_or(i64::MAX);
    if count >= i64::from(PICTURES_PER_STALL_MAX) || length.saturating_add(more) > PICTURE_BYTES_PER_STALL_MAX
    {
        return Err(Refusal::TooMany(PICTURES_PER_STALL_MAX));
    }
    tx.execute(
        "insert into picture (hash, kind, bytes) values ($1, $2, $3) on conflict (hash) do nothing",
        params![picture.hash, picture.kind as u8, picture.bytes],
    )?;
    tx.execute(
        "insert into stall_picture (stall, hash, length, put_ms) values ($1, $2, $3, $4)",
        params![stall, picture.hash, more, now_ms],
    )?;
    Ok(())
}

pub fn get(tx: &mut dyn Tx, hash: Hash) -> Result<Option<Picture>, StoreError> {
    let row = tx.query_opt("select kind, bytes from picture where hash = $1", params![hash])?;
    let Some(row) = row else { return Ok(None) };
    let kind = PictureKind::from_number(row.number(0)?)
        .ok_or_else(|| StoreError::Corrupt("a kind of picture is none that this program knows".into()))?;
    Ok(Some(Picture { hash, kind, bytes: row.blob(1)?.to_vec() }))
}
