//! An author: one installation's one life in one log. Its identity is a hash of its key, so whoever holds the
//! first record of a chain can check the rest without asking anybody. Keys are made and kept elsewhere.

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::chain::Head;
use crate::record::{
    BODY_BYTES_MAX, Body, KIND_INTRODUCTION, NO_RECORD, Record, SEQ_MAX, Signature, signed_bytes,
};

/// The only form of introduction so far.
pub const INTRODUCTION_VERSION: u16 = 1;
/// Longest `about` of an introduction.
pub const ABOUT_BYTES_MAX: usize = 4 * 1024;

const _: () = assert!(ABOUT_BYTES_MAX + 128 < BODY_BYTES_MAX);

const AUTHOR_DOMAIN: &[u8] = b"soko author 1";

/// The identity of whoever holds this key in this log. The nonce lets one key begin again.
pub fn author_id(public_key: &[u8; 32], log: LogId, nonce: &[u8; 16]) -> AuthorId {
    let mut hasher = Sha256::new();
    hasher.update(AUTHOR_DOMAIN);
    hasher.update(public_key);
    hasher.update(log.as_bytes());
    hasher.update(nonce);
    let digest: [u8; 32] = hasher.finalize().into();
    let mut id = AuthorId::default();
    id.0.copy_from_slice(&digest[..AuthorId::SIZE]);
    id
}

/// The body of an author's first record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Introduction {
    pub public_key: [u8; 32],
    pub nonce: [u8; 16],
    /// What the author says about itself, at most `ABOUT_BYTES_MAX`. Opaque here.
    pub about: Vec<u8>,
}

impl Introduction {
    pub fn author(&self, log: LogId) -> AuthorId {
        author_id(&self.public_key, log, &self.nonce)
    }
}

impl Wire for Introduction {
    fn put(&self, out: &mut Writer) {
        INTRODUCTION_VERSION.put(out);
        out.raw(&self.public_key);
        out.raw(&self.nonce);
        out.bytes(&self.about);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        if u16::take(input)? != INTRODUCTION_VERSION {
            return Err(Malformed::Choice);
        }
        Ok(Self {
            public_key: take_array(input)?,
            nonce: take_array(input)?,
            about: input.bytes(ABOUT_BYTES_MAX)?.to_vec(),
        })
    }
}

fn take_array<const N: usize>(input: &mut Reader<'_>) -> Result<[u8; N], Malformed> {
    input.raw(N)?.try_into().map_err(|_| Malformed::Truncated)
}

/// Why a pen does not write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unwritable {
    #[error(
        "the body has {bytes} bytes, more than {BODY_BYTES_MAX}: split what it says into several records"
    )]
    BodyTooLarge { bytes: usize },
    #[error("`about` has {bytes} bytes, more than {ABOUT_BYTES_MAX}: say less in the introduction")]
    AboutTooLarge { bytes: usize },
    #[error("kind 0 is the introduction, which a chain has once: choose the kind of an entry or a change")]
    SecondIntroduction,
    #[error(
        "the key or the log is not this author's: open the identity that wrote the chain, or begin a new author"
    )]
    NotTheAuthor,
    #[error("the record is not this author's: let its own author sign it")]
    NotMine,
    #[error("the chain is full: begin a new author")]
    ChainFull,
}

/// Writes one author's chain. It holds the secret; there must be one pen per author, ever.
pub struct Pen {
    key: SigningKey,
    log: LogId,
    author: AuthorId,
    head: Head,
}

/// What a pen needs to go on where it stopped.
pub struct Resume<'a> {
    pub secret: [u8; 32],
    pub log: LogId,
    pub introduction: &'a Introduction,
    pub head: Head,
}

impl Pen {
    /// Begins a chain. The first record, already signed, introduces the author.
    pub fn new(
        secret: [u8; 32],
        log: LogId,
        nonce: [u8; 16],
        about: Vec<u8>,
    ) -> Result<(Self, Record), Unwritable> {
        if about.len() > ABOUT_BYTES_MAX {
            return Err(Unwritable::AboutTooLarge { bytes: about.len() });
        }
        let key = SigningKey::from_bytes(&secret);
        let introduction = Introduction { public_key: key.verifying_key().to_bytes(), nonce, about };
        let author = introduction.author(log);
        let mut pen = Self { key, log, author, head: Head { seq: 0, hash: NO_RECORD } };
        let mut first = pen.append(KIND_INTRODUCTION, introduction.to_bytes())?;
        pen.sign(&mut first)?;
        Ok((pen, first))
    }

    /// Goes on behind `head`, which must be the last record that was ever committed.
    pub fn resume(from: Resume<'_>) -> Result<Self, Unwritable> {
        let key = SigningKey::from_bytes(&from.secret);
        if key.verifying_key().to_bytes() != from.introduction.public_key || from.head.seq == 0 {
            return Err(Unwritable::NotTheAuthor);
        }
        Ok(Self { key, log: from.log, author: from.introduction.author(from.log), head: from.head })
    }

    /// The next record, unsigned. Sign at least the last record of every commit.
    pub fn write(&mut self, kind: u16, body: Vec<u8>) -> Result<Record, Unwritable> {
        if kind == KIND_INTRODUCTION {
            return Err(Unwritable::SecondIntroduction);
        }
        self.append(kind, body)
    }

    /// Signs a record of this chain, and with it everything before it.
    pub fn sign(&self, record: &mut Record) -> Result<(), Unwritable> {
        if record.author != self.author || record.log != self.log {
            return Err(Unwritable::NotMine);
        }
        record.signature = Some(Signature(self.key.sign(&signed_bytes(&record.id())).to_bytes()));
        Ok(())
    }

    /// Takes back records whose commit failed. Never go back behind a record that was committed or sent: the
    /// same place would be written twice, which everybody else will see as a fork.
    pub fn rewind(&mut self, head: Head) {
        if head.seq < self.head.seq {
            self.head = head;
        }
    }

    pub fn author(&self) -> AuthorId {
        self.author
    }

    pub fn log(&self) -> LogId {
        self.log
    }

    /// The last record written.
    pub fn head(&self) -> Head {
        self.head
    }

    pub fn next_seq(&self) -> u64 {
        self.head.seq + 1
    }

    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    fn append(&mut self, kind: u16, body: Vec<u8>) -> Result<Record, Unwritable> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Unwritable::BodyTooLarge { bytes: body.len() });
        }
        if self.head.seq >= SEQ_MAX {
            return Err(Unwritable::ChainFull);
        }
        let record = Record {
            log: self.log,
            author: self.author,
            seq: self.head.seq + 1,
            kind,
            prev: self.head.hash,
            body: Body::Here(body),
            signature: None,
        };
        self.head = Head { seq: record.seq, hash: record.id() };
        Ok(record)
    }
}

impl std::fmt::Debug for Pen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pen").field("author", &self.author).field("head", &self.head).finish_non_exhaustive()
    }
}

/// Whether this key signed this message. The message says itself what it is for, so that it can be no record.
pub fn is_signed_message(public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public_key) else {
        return false;
    };
    key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
}

/// Whether this key signed the record of this identity. Strict: no weak keys, one signature per message.
pub(crate) fn is_signed(public_key: &[u8; 32], id: &Hash, signature: &Signature) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public_key) else {
        return false;
    };
    key.verify_strict(&signed_bytes(id), &ed25519_dalek::Signature::from_bytes(&signature.0)).is_ok()
}
