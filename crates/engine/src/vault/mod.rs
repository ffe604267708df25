//! What must live outside the database, so that a copy or a restored backup of the database is noticed: the
//! authors' secrets, how far the database had come, and which machine and place this is.

use std::collections::BTreeMap;

use soko_domain::ids::{AuthorId, Hash, LogId, ThingId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod file;
mod memory;

#[cfg(all(feature = "native", not(target_family = "wasm")))]
pub use file::FileVault;
pub use memory::MemoryVault;

const VERSION: u8 = 1;
/// Most authors that one installation ever was.
const SECRETS_MAX: u64 = 10_000;

/// Keeps a little content and one number outside the database.
pub trait Vault: Send {
    /// Nothing if there is no vault yet.
    fn load(&mut self) -> Result<Option<VaultContent>, VaultError>;

    /// Durable when it returns.
    fn store(&mut self, content: &VaultContent) -> Result<(), VaultError>;

    /// How far the database had come when `raise` was last called; 0 before the first time.
    fn generation(&mut self) -> Result<u64, VaultError>;

    /// Remembers how far the database has come. Survives the end of the process; need not survive the end of
    /// power, because a number that is too low only misses a restore, and never freezes an honest register.
    fn raise(&mut self, generation: u64) -> Result<(), VaultError>;

    /// Which machine and place this is: the same after a restart or a rename, another in a copy.
    fn binding(&self) -> Result<Hash, VaultError>;
}

/// What a vault keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultContent {
    /// The database that it belongs to.
    pub store: ThingId,
    /// Where it was made.
    pub binding: Hash,
    pub secrets: BTreeMap<(LogId, AuthorId), Secret>,
}

/// An author's signing key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the vault cannot be read or written: check the permissions of the register's folder ({0})")]
    Io(String),
    #[error("the vault is damaged: keep the folder, and renew the register ({0})")]
    Damaged(String),
}

impl Wire for VaultContent {
    fn put(&self, out: &mut Writer) {
        out.byte(VERSION);
        self.store.put(out);
        self.binding.put(out);
        out.varint(self.secrets.len() as u64);
        for ((log, author), secret) in &self.secrets {
            log.put(out);
            author.put(out);
            out.raw(&secret.0);
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        if input.byte()? != VERSION {
            return Err(Malformed::Choice);
        }
        let (store, binding, count) = (ThingId::take(input)?, Hash::take(input)?, input.varint()?);
        if count > SECRETS_MAX {
            return Err(Malformed::TooLong);
        }
        let mut secrets = BTreeMap::new();
        for _ in 0..count {
            let of = (LogId::take(input)?, AuthorId::take(input)?);
            let secret = input.raw(32)?.try_into().map_err(|_| Malformed::Truncated)?;
            secrets.insert(of, Secret(secret));
        }
        Ok(Self { store, binding, secrets })
    }
}
