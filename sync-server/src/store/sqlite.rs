//! SQLite in a data directory: one process at a time, one connection per thread.

use std::path::Path;

use soko_record_log::{DataDirectory, OpenMode, Sqlite, StoreError, Tx};

use crate::store::conn::{Conn, Opener, Shard, Undone, Work};
use crate::store::files::{self, DATABASE_FILE};

/// A data directory that belongs to this process as long as this lives.
#[derive(Debug)]
pub(crate) struct Directory {
    directory: DataDirectory,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let directory = DataDirectory::open(path)?;
        files::look(path)?;
        Ok(Self { directory })
    }

    pub(crate) fn connect(&self) -> Result<SqliteConn, StoreError> {
        Sqlite::open(&self.directory.file(DATABASE_FILE), OpenMode::Create).map(SqliteConn)
    }
}

impl Opener for Directory {
    fn open(&self) -> Result<Box<dyn Conn>, StoreError> {
        self.connect().map(|conn| Box::new(conn) as Box<dyn Conn>)
    }
}

pub(crate) struct SqliteConn(pub(crate) Sqlite);

impl SqliteConn {
    /// Reads beside the process that has the directory.
    pub(crate) fn beside(directory: &Path) -> Result<Self, StoreError> {
        let file = directory.join(DATABASE_FILE);
        if !files::holds_store(directory) {
            return Err(StoreError::Other(format!("there is no store in {}", directory.display())));
        }
        Sqlite::open(&file, OpenMode::ReadOnly).map(Self)
    }
}

impl Conn for SqliteConn {
    /// There is one writer, so every shard is its own.
    fn write(&mut self, _shards: &[Shard], work: Work<'_>) -> Result<(), Undone> {
        self.0.transaction(work)
    }

    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Tx)) -> Result<(), StoreError> {
        self.0.read(|tx| {
            work(tx);
            Ok(())
        })
    }

    /// What could not be moved stays in the log, and is tried again after the next write; a disk that failed closes the connection.
    fn rest(&mut self) {
        let _ = self.0.rest();
    }

    fn is_usable(&self) -> bool {
        self.0.is_open()
    }
}
