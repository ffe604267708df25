//! The server's own secret: made at the first start, the same for all processes on one store.

use soko_record_log::{StoreError, Tx, params};

use crate::secret::ServerSecret;

/// The one that is kept, if the server was ever started.
pub fn read(tx: &mut dyn Tx) -> Result<Option<ServerSecret>, StoreError> {
    let row = tx.query_opt("select secret from server_secret where only_row = 1", params![])?;
    row.map(|row| row.id::<[u8; 32]>(0).map(ServerSecret::new)).transpose()
}

/// Keeps `random` if there is no secret yet; answers the one that is kept.
pub fn ensure(tx: &mut dyn Tx, random: [u8; 32]) -> Result<ServerSecret, StoreError> {
    tx.execute(
        "insert into server_secret (only_row, secret) values (1, $1) on conflict do nothing",
        params![random],
    )?;
    let row = tx.query_one("select secret from server_secret where only_row = 1", params![])?;
    row.id::<[u8; 32]>(0).map(ServerSecret::new)
}
