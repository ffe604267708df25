//! A digest of derived state: two devices whose digests are equal hold the same keys with the same values.

use sha2::{Digest as _, Sha256};
use soko_domain::ids::Hash;

const DIGEST_DOMAIN: &[u8] = b"soko state 1";

/// Takes (key, value) pairs in ascending order of their keys, each key once.
#[derive(Clone, Debug)]
pub struct Digest {
    hasher: Sha256,
    last_key: Option<Vec<u8>>,
    pairs: u64,
}

/// A key came again or too late: the query that feeds the digest does not sort.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a key is not above the one before it: sort the pairs by key, and name each key once")]
pub struct Unsorted;

impl Digest {
    pub fn new() -> Self {
        Self { hasher: Sha256::new().chain_update(DIGEST_DOMAIN), last_key: None, pairs: 0 }
    }

    /// Unsorted pairs are refused: a digest over another order would call equal states different.
    pub fn pair(&mut self, key: &[u8], value: &[u8]) -> Result<(), Unsorted> {
        if self.last_key.as_deref().is_some_and(|last| last >= key) {
            return Err(Unsorted);
        }
        for part in [key, value] {
            self.hasher.update((part.len() as u64).to_be_bytes());
            self.hasher.update(part);
        }
        let last = self.last_key.get_or_insert_default();
        last.clear();
        last.extend_from_slice(key);
        self.pairs += 1;
        Ok(())
    }

    /// The number of pairs closes the digest, so that no state is the beginning of another.
    pub fn finish(self) -> Hash {
        Hash(self.hasher.chain_update(self.pairs.to_be_bytes()).finalize().into())
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}
