//! The server's own secret: made at the first start, the same for all processes on one store.

use soko_record_log::{StoreError, Tx};

use crate::sealed::{self, Kept, SealKey};
use crate::secret::ServerSecret;

/// The one that is kept, if the server was ever started.
pub fn read(tx: &mut dyn Tx, key: Option<&SealKey>) -> Result<Option<ServerSecret>, StoreError> {
    sealed::read(tx, key, Kept::Server)?.map(secret).transpose()
}

/// Keeps `random` if there is no secret yet; answers the one that is kept.
pub fn ensure(tx: &mut dyn Tx, key: Option<&SealKey>, random: [u8; 32]) -> Result<ServerSecret, StoreError> {
    secret(sealed::ensure(tx, key, (Kept::Server, &random))?)
}

fn secret(kept: Vec<u8>) -> Result<ServerSecret, StoreError> {
    let bytes = kept.try_into();
    bytes.map(ServerSecret::new).map_err(|_| StoreError::Other("the server's secret is none".to_owned()))
}
