//! One record: the envelope that is frozen for ever around a body that may change with every version.
//!
//! The identity covers the body's hash and not the body, so a chain stays provable after a body was parked by
//! the server or erased for a person. Whether a chain is right is `chain`'s business, not this file's.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

/// Longest body of a record.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Highest place in a chain: what a signed 64-bit column holds.
pub const SEQ_MAX: u64 = i64::MAX.cast_unsigned();

/// The author introduces itself: always and only the first record of a chain.
pub const KIND_INTRODUCTION: u16 = 0;
pub const KIND_ENTRY_FIRST: u16 = 1;
pub const KIND_ENTRY_LAST: u16 = 0x0fff;
pub const KIND_CHANGE_FIRST: u16 = 0x1000;
pub const KIND_CHANGE_LAST: u16 = 0x1fff;
/// Notes: entries that move nothing, so that whoever cannot read one need not.
pub const KIND_NOTE_FIRST: u16 = 0x2000;
pub const KIND_NOTE_LAST: u16 = 0x2fff;
/// From here on nothing is assigned yet. Such records are kept and relayed like any other.
pub const KIND_RESERVED_FIRST: u16 = 0x3000;

const _: () = assert!(KIND_INTRODUCTION + 1 == KIND_ENTRY_FIRST);
const _: () = assert!(KIND_ENTRY_LAST + 1 == KIND_CHANGE_FIRST);
const _: () = assert!(KIND_CHANGE_LAST + 1 == KIND_NOTE_FIRST);
const _: () = assert!(KIND_NOTE_LAST + 1 == KIND_RESERVED_FIRST);

/// What the first record of a chain names as its predecessor.
pub const NO_RECORD: Hash = Hash([0; 32]);

const RECORD_DOMAIN: &[u8] = b"soko record 1";
const SIGNATURE_DOMAIN: &[u8] = b"soko signature 1";
const SIGNED_BYTES: usize = SIGNATURE_DOMAIN.len() + Hash::SIZE;

/// One step of one author's chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    pub log: LogId,
    pub author: AuthorId,
    /// Gapless from 1.
    pub seq: u64,
    pub kind: u16,
    /// The identity of the author's record before this one; `NO_RECORD` for the first.
    pub prev: Hash,
    pub body: Body,
    /// At least the last record of every commit carries one; it vouches for all before it.
    pub signature: Option<Signature>,
}

impl Record {
    pub fn id(&self) -> Hash {
        let place = Place { log: self.log, author: self.author, seq: self.seq, prev: self.prev };
        place.id(self.kind, &self.body)
    }

    pub fn is_introduction(&self) -> bool {
        self.kind == KIND_INTRODUCTION
    }
}

/// What the body was, or the proof of what it was.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    Here(Vec<u8>),
    /// Parked by the server or erased for a person: only the hash travels on.
    Withheld(Hash),
}

impl Body {
    pub fn hash(&self) -> Hash {
        match self {
            Self::Here(bytes) => Hash(Sha256::digest(bytes).into()),
            Self::Withheld(hash) => *hash,
        }
    }

    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Here(bytes) => Some(bytes),
            Self::Withheld(_) => None,
        }
    }

    /// The same body with its content left out.
    pub fn withheld(&self) -> Self {
        Self::Withheld(self.hash())
    }

    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Here(bytes) => bytes.len(),
            Self::Withheld(_) => Hash::SIZE,
        }
    }
}

/// Bodies may name people's things: logs and panics show only their size.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Here(bytes) => write!(f, "Here({} bytes)", bytes.len()),
            Self::Withheld(hash) => write!(f, "Withheld({hash:?})"),
        }
    }
}

/// An ed25519 signature over a record's identity.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl Signature {
    pub const SIZE: usize = 64;

    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self([a, b, c, d, ..]) = self;
        write!(f, "Signature({a:02x}{b:02x}{c:02x}{d:02x})")
    }
}

/// Where a record stands: all of its envelope that a run's receiver works out for itself.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) log: LogId,
    pub(crate) author: AuthorId,
    pub(crate) seq: u64,
    pub(crate) prev: Hash,
}

impl Place {
    /// Every part has a fixed length, so no two envelopes share the bytes that are hashed.
    pub(crate) fn id(&self, kind: u16, body: &Body) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(RECORD_DOMAIN);
        hasher.update(self.log.as_bytes());
        hasher.update(self.author.as_bytes());
        hasher.update(self.seq.to_be_bytes());
        hasher.update(kind.to_be_bytes());
        hasher.update(self.prev.as_bytes());
        hasher.update(body.hash().as_bytes());
        Hash(hasher.finalize().into())
    }
}

/// The bytes that an author signs for a record of this identity.
pub(crate) fn signed_bytes(id: &Hash) -> [u8; SIGNED_BYTES] {
    let mut bytes = [0; SIGNED_BYTES];
    let (domain, rest) = bytes.split_at_mut(SIGNATURE_DOMAIN.len());
    domain.copy_from_slice(SIGNATURE_DOMAIN);
    rest.copy_from_slice(id.as_bytes());
    bytes
}

impl Wire for Body {
    fn put(&self, out: &mut Writer) {
        match self {
            Self::Here(bytes) => {
                out.byte(0);
                out.bytes(bytes);
            }
            Self::Withheld(hash) => {
                out.byte(1);
                hash.put(out);
            }
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match input.byte()? {
            0 => input.bytes(BODY_BYTES_MAX).map(|bytes| Self::Here(bytes.to_vec())),
            1 => Hash::take(input).map(Self::Withheld),
            _ => Err(Malformed::Choice),
        }
    }
}

impl Wire for Signature {
    fn put(&self, out: &mut Writer) {
        out.raw(&self.0);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::from_slice(input.raw(Self::SIZE)?).ok_or(Malformed::Truncated)
    }
}

/// A record by itself, as backups and exports keep it. Pages carry runs, which are much shorter.
impl Wire for Record {
    fn put(&self, out: &mut Writer) {
        self.log.put(out);
        self.author.put(out);
        self.seq.put(out);
        self.kind.put(out);
        self.prev.put(out);
        self.body.put(out);
        self.signature.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            log: Wire::take(input)?,
            author: Wire::take(input)?,
            seq: take_seq(input)?,
            kind: Wire::take(input)?,
            prev: Wire::take(input)?,
            body: Wire::take(input)?,
            signature: Wire::take(input)?,
        })
    }
}

/// A place in a chain: from 1 to `SEQ_MAX`.
pub(crate) fn take_seq(input: &mut Reader<'_>) -> Result<u64, Malformed> {
    let seq = input.varint()?;
    if seq == 0 || seq > SEQ_MAX { Err(Malformed::Number) } else { Ok(seq) }
}
