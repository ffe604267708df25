//! A data directory on a native disk: one process at a time, some space in reserve, and damaged databases set
//! aside rather than touched.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::tx::StoreError;

const LOCK_FILE: &str = "lock";
const RESERVE_FILE: &str = "reserve";
/// Given up when the disk is full, so that what was recorded can still leave the device.
pub const RESERVE_BYTES: usize = 4 * 1024 * 1024;
/// More damaged copies than this mean a broken disk, and that nobody looked.
const SET_ASIDE_MAX: u32 = 1000;
/// What SQLite keeps beside a database.
pub const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A directory that only this process uses, until it is dropped or the process ends, however that happens.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl DataDirectory {
    /// Creates the directory if it is missing and takes it for this process.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(path).map_err(|error| file_error(path, &error))?;
        let lock_path = path.join(LOCK_FILE);
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(|error| file_error(&lock_path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(StoreError::Busy(format!("another process uses {}", path.display())))
            }
            Err(TryLockError::Error(error)) => Err(file_error(&lock_path, &error)),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes sure that the reserve is there. A disk that has no room for it answers [`StoreError::Full`],
    /// which is the time to warn people.
    pub fn keep_reserve(&self) -> Result<(), StoreError> {
        let path = self.file(RESERVE_FILE);
        if fs::metadata(&path).is_ok_and(|file| file.len() == RESERVE_BYTES as u64) {
            return Ok(());
        }
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&incompressible(RESERVE_BYTES))?;
            file.sync_all()
        });
        written.map_err(|error| {
            // Half a reserve would only take room away. Should removing it fail, the next call replaces it.
            let _ = fs::remove_file(&path);
            file_error(&path, &error)
        })
    }

    /// Gives the reserve up; says whether there was one.
    pub fn release_reserve(&self) -> Result<bool, StoreError> {
        let path = self.file(RESERVE_FILE);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(file_error(&path, &error)),
        }
    }

    pub fn has_reserve(&self) -> bool {
        self.file(RESERVE_FILE).exists()
    }

    /// Renames a damaged database and what belongs to it to `NAME.corrupt-N`, so that what it still holds can
    /// be salvaged, and answers the new path. Nothing is overwritten or deleted. The write-ahead log becomes
    /// `NAME.corrupt-N-wal`: only under that name will SQLite read it with its database.
    ///
    /// The database must be closed. After a kill in the middle, calling it again completes it.
    pub fn set_aside(&self, name: &str) -> Result<PathBuf, StoreError> {
        let database = self.file(name);
        let aside = self.aside_path(name, !database.exists())?;
        // The database goes first: without it the rest cannot be opened by mistake and lose its last commits.
        for suffix in [""].iter().chain(&COMPANIONS) {
            let (from, to) = (with_suffix(&database, suffix), with_suffix(&aside, suffix));
            if !from.exists() {
                continue;
            }
            if to.exists() {
                return Err(StoreError::Other(format!("{} is in the way: move it elsewhere", to.display())));
            }
            fs::rename(&from, &to).map_err(|error| file_error(&from, &error))?;
        }
        sync_directory(&self.path)?;
        Ok(aside)
    }

    /// The first unused name; or the last used one if the database has been renamed already.
    fn aside_path(&self, name: &str, is_renamed: bool) -> Result<PathBuf, StoreError> {
        let path = |n: u32| self.file(&format!("{name}.corrupt-{n}"));
        let unused = (1..=SET_ASIDE_MAX).find(|n| {
            !path(*n).exists() && COMPANIONS.iter().all(|suffix| !with_suffix(&path(*n), suffix).exists())
        });
        match (unused, is_renamed) {
            (Some(1), true) => Err(StoreError::Other(format!("there is no {name} to set aside"))),
            (Some(n), true) => Ok(path(n - 1)),
            (Some(n), false) => Ok(path(n)),
            (None, _) => Err(StoreError::Other(format!(
                "{SET_ASIDE_MAX} damaged databases are kept already: replace the disk, then move them elsewhere"
            ))),
        }
    }
}

/// Makes a rename or a new file in this directory durable. Systems that cannot open a directory do it
/// themselves.
pub(crate) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    if !cfg!(unix) {
        return Ok(());
    }
    File::open(path).and_then(|directory| directory.sync_all()).map_err(|error| file_error(path, &error))
}

pub(crate) fn file_error(path: &Path, error: &io::Error) -> StoreError {
    let text = format!("{}: {error}", path.display());
    if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        return StoreError::Full(text);
    }
    if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
        return StoreError::ReadOnly(text);
    }
    StoreError::Io(text)
}

/// A path with more at the end of its name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Bytes that a compressing file system cannot shrink: zeros would reserve nothing there.
fn incompressible(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
