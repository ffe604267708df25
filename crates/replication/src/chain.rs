//! Chains: heads, runs, and the one place that decides whether somebody's records may be kept.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::record::take_seq;

const HEADS_DOMAIN: &[u8] = b"soko heads 1";

/// The last record of a chain. Records are taken in sequence only, so it proves all that came before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    pub seq: u64,
    pub hash: Hash,
}

/// The last record of every author in a log.
pub type Heads = BTreeMap<AuthorId, Head>;

/// Equal digests mean equal logs: same authors, same records, same order within each author.
pub fn heads_digest(log: LogId, heads: &Heads) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(HEADS_DOMAIN);
    hasher.update(log.as_bytes());
    for (author, head) in heads {
        hasher.update(author.as_bytes());
        hasher.update(head.seq.to_be_bytes());
        hasher.update(head.hash.as_bytes());
    }
    Hash(hasher.finalize().into())
}

impl Wire for Head {
    fn put(&self, out: &mut Writer) {
        self.seq.put(out);
        self.hash.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { seq: take_seq(input)?, hash: Wire::take(input)? })
    }
}
