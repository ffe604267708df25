//! Whole copies of a database: a backup file, and bytes in memory for simulation and tests.

use std::fs::{self, File};
use std::path::Path;

use rusqlite::{Connection, MAIN_DB};

use super::statement::store_error;
use super::{Sqlite, prepare};
use crate::directory::{file_error, sync_directory, with_suffix};
use crate::tx::StoreError;

const HEADER_MAGIC: &[u8] = b"SQLite format 3\0";
/// Where the file header says which journal its readers and writers need; 1 is the plain one.
const HEADER_JOURNAL: std::ops::Range<usize> = 18..20;

impl Sqlite {
    /// Writes a compact, consistent copy to a file that must not exist yet, while others go on reading and
    /// writing. The file has its name only once it is complete and durable.
    pub fn backup_to(&mut self, path: &Path) -> Result<(), StoreError> {
        if path.exists() {
            return Err(StoreError::Other(format!("{} exists: choose another name", path.display())));
        }
        let unfinished = with_suffix(path, ".partial");
        let Some(name) = unfinished.to_str() else {
            return Err(StoreError::Other(format!("{} is not UTF-8: choose another name", path.display())));
        };
        if unfinished.exists() {
            fs::remove_file(&unfinished).map_err(|error| file_error(&unfinished, &error))?;
        }
        self.connection()?.execute("vacuum into ?1", [name]).map_err(store_error)?;
        File::open(&unfinished)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, path))
            .map_err(|error| file_error(path, &error))?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_directory(directory.unwrap_or(Path::new(".")))
    }

    /// The whole database as bytes.
    pub fn serialize(&mut self) -> Result<Vec<u8>, StoreError> {
        let connection = self.connection.as_mut().map_err(|error| error.clone())?;
        Ok(connection.serialize(MAIN_DB).map_err(store_error)?.to_vec())
    }

    /// A database in memory that begins as [`Self::serialize`] left another one.
    pub fn deserialize(bytes: &[u8]) -> Result<Self, StoreError> {
        if !bytes.is_empty() && !bytes.starts_with(HEADER_MAGIC) {
            return Err(StoreError::Corrupt("the bytes are not a database".into()));
        }
        let mut bytes = bytes.to_vec();
        // A database in memory has no write-ahead log, and would not open if its header asked for one.
        if let Some(journal) = bytes.get_mut(HEADER_JOURNAL) {
            journal.fill(1);
        }
        let mut connection = Connection::open_in_memory().map_err(store_error)?;
        if !bytes.is_empty() {
            connection
                .deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), false)
                .map_err(store_error)?;
        }
        prepare(&connection)?;
        Ok(Self::on(connection))
    }
}
