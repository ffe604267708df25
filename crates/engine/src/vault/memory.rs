//! A vault for tests and simulation: shared by its clones, so that a test can restart, restore or copy a device
//! around it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use soko_domain::ids::Hash;

use super::{Vault, VaultContent, VaultError};

#[derive(Clone, Default, Debug)]
pub struct MemoryVault(Arc<Mutex<Inner>>);

#[derive(Clone, Default, Debug)]
struct Inner {
    content: Option<VaultContent>,
    generation: u64,
    machine: Hash,
}

impl MemoryVault {
    pub fn on_machine(machine: Hash) -> Self {
        Self(Arc::new(Mutex::new(Inner { machine, ..Inner::default() })))
    }

    /// What somebody gets who copies the files to another machine.
    pub fn copied_to(&self, machine: Hash) -> Self {
        let inner = self.inner().clone();
        Self(Arc::new(Mutex::new(Inner { machine, ..inner })))
    }

    /// What a snapshot of the whole machine holds: nothing can tell it from the original.
    pub fn snapshot(&self) -> Self {
        Self(Arc::new(Mutex::new(self.inner().clone())))
    }

    /// A panic elsewhere leaves the content whole: every write replaces it at once.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for MemoryVault {
    fn load(&mut self) -> Result<Option<VaultContent>, VaultError> {
        Ok(self.inner().content.clone())
    }

    fn store(&mut self, content: &VaultContent) -> Result<(), VaultError> {
        self.inner().content = Some(content.clone());
        Ok(())
    }

    fn generation(&mut self) -> Result<u64, VaultError> {
        Ok(self.inner().generation)
    }

    fn raise(&mut self, generation: u64) -> Result<(), VaultError> {
        let mut inner = self.inner();
        inner.generation = inner.generation.max(generation);
        Ok(())
    }

    fn binding(&self) -> Result<Hash, VaultError> {
        Ok(self.inner().machine)
    }
}
