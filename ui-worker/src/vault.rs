//! A vault in a second small database beside the first. A browser knows no machine: a whole profile that was
//! copied looks like the original, and the chain at the server finds it.

use soko_domain::ids::Hash;
use soko_domain::wire::Wire as _;
use soko_engine::vault::{Vault, VaultContent, VaultError};
use soko_record_log::{Migration, Sqlite, StoreError, Tx, params};

const SCHEMA: &[Migration] = &[
    Migration {
        number: 1,
        name: "vault",
        sql: "create table vault (one {int} primary key check (one = 1), content {blob}, generation {int} not null) {strict};
          insert into vault values (1, null, 0);",
    },
    Migration {
        number: 2,
        name: "which database",
        sql: "alter table vault add column database {int} not null default 1;",
    },
];

pub(crate) struct StoredVault(Sqlite);

impl StoredVault {
    pub(crate) fn new(mut db: Sqlite) -> Result<Self, StoreError> {
        db.migrate(SCHEMA)?;
        let vault = Self(db);
        vault.wait_for_disk(false)?;
        Ok(vault)
    }

    /// Which of the databases beside it is in use: 1, or a later one if those before it were damaged.
    pub(crate) fn database(&mut self) -> Result<u32, StoreError> {
        self.0.read(|tx| tx.query_one("select database from vault", &[])?.number(0))
    }

    /// From now on another one. On the disk when it returns.
    pub(crate) fn use_database(&mut self, number: u32) -> Result<(), StoreError> {
        self.wait_for_disk(true)?;
        self.0.transaction(|tx| tx.execute("update vault set database = $1", params![number]))?;
        self.wait_for_disk(false)
    }

    /// Raising the number is not worth a wait: it survives a kill without, and a power cut may leave it too low.
    fn wait_for_disk(&self, wait: bool) -> Result<(), StoreError> {
        let level = if wait { "full" } else { "normal" };
        let set = self.0.connection()?.pragma_update(None, "synchronous", level);
        set.map_err(|error| StoreError::Other(error.to_string()))
    }
}

impl Vault for StoredVault {
    fn load(&mut self) -> Result<Option<VaultContent>, VaultError> {
        let bytes = self.0.read::<_, StoreError>(|tx| {
            let row = tx.query_one("select content from vault", &[])?;
            Ok(row.blob_opt(0)?.map(<[u8]>::to_vec))
        });
        let Some(bytes) = bytes.map_err(|error| unreadable(&error))? else { return Ok(None) };
        let content = VaultContent::from_bytes(&bytes);
        content.map(Some).map_err(|_| VaultError::Damaged("vault".into()))
    }

    fn store(&mut self, content: &VaultContent) -> Result<(), VaultError> {
        let bytes = content.to_bytes();
        let kept = self.wait_for_disk(true).and_then(|()| {
            self.0.transaction(|tx| tx.execute("update vault set content = $1", params![bytes]))
        });
        let relaxed = self.wait_for_disk(false);
        kept.and(relaxed).map_err(|error| VaultError::Io(error.to_string()))
    }

    fn generation(&mut self) -> Result<u64, VaultError> {
        let read =
            self.0.read::<_, StoreError>(|tx| tx.query_one("select generation from vault", &[])?.int(0));
        read.map(|it| u64::try_from(it).unwrap_or(0)).map_err(|error| unreadable(&error))
    }

    fn raise(&mut self, generation: u64) -> Result<(), VaultError> {
        let raised = self.0.transaction(|tx: &mut dyn Tx| {
            tx.execute("update vault set generation = $1 where generation < $1", params![generation])
        });
        raised.map(|_| ()).map_err(|error: StoreError| VaultError::Io(error.to_string()))
    }

    fn binding(&self) -> Result<Hash, VaultError> {
        Ok(Hash::default())
    }
}

fn unreadable(error: &StoreError) -> VaultError {
    let text = error.to_string();
    if matches!(error, StoreError::Corrupt(_)) { VaultError::Damaged(text) } else { VaultError::Io(text) }
}
