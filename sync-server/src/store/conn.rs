//! One connection to one of the two engines, as the writer and reader threads see it.

use soko_domain::ids::{Hash, LogId, ThingId};
use soko_record_log::{StoreError, Tx};

/// What must not be written by two at once: a stall, or an account. Requests of one shard run one after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Shard(i64);

impl Shard {
    pub const fn stall(stall: LogId) -> Self {
        Self::from_start(&stall.0)
    }

    pub const fn account(account: ThingId) -> Self {
        Self::from_start(&account.0)
    }

    /// From the hash of a name that has no identity yet.
    pub const fn name(hash: &Hash) -> Self {
        Self::from_start(&hash.0)
    }

    /// Identities are random or hashes, so their first bytes tell them apart well enough: two that share them
    /// only wait for each other.
    const fn from_start(bytes: &[u8]) -> Self {
        let Some(start) = bytes.first_chunk::<8>() else { return Self(0) };
        Self(i64::from_be_bytes(*start))
    }

    pub(crate) fn key(self) -> i64 {
        self.0
    }
}

/// Why a transaction is undone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Undone {
    /// Its work said so.
    Wanted,
    Store(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What runs inside a write transaction; an error undoes it.
pub(crate) type Work<'a> = &'a mut dyn FnMut(&mut dyn Tx) -> Result<(), Undone>;

/// A connection. After an error of the engine itself it says that it is not usable, and is opened anew.
pub(crate) trait Conn {
    /// One transaction, alone on each of these shards among all threads and processes. Sorted, no repeats.
    fn write(&mut self, shards: &[Shard], work: Work<'_>) -> Result<(), Undone>;

    /// One moment of the whole store; nothing can be changed.
    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Tx)) -> Result<(), StoreError>;

    /// Does what is better done while nobody waits.
    fn rest(&mut self) {}

    fn is_usable(&self) -> bool;
}

/// Opens connections; called on the thread that will use them.
pub(crate) trait Opener: Send + Sync {
    fn open(&self) -> Result<Box<dyn Conn>, StoreError>;
}
