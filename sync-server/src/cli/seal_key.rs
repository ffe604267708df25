//! The key that seals the server's secrets in its store: found in its file, or made beside the data of SQLite where nothing is
//! sealed yet. A store that others share gets none by itself: its processes would each make another.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use soko_domain::ids::LogId;
use soko_record_log::StoreError;

use crate::cli::CliError;
use crate::cli::settings::Resolved;
use crate::outside::{OsEntropy, random};
use crate::sealed::{self, SEAL_KEY_FILE, SealKey};
use crate::store::{Place, Shard, Store};

const SETTING: &str = "seal-key";

/// The key, if there is one.
pub(super) fn find(settings: &Resolved) -> Result<Option<SealKey>, CliError> {
    // One that is named has to be there.
    let is_meant = |file: &PathBuf| settings.optional(SETTING).is_some() || file.exists();
    file(settings).filter(is_meant).map(|file| read(&file)).transpose()
}

/// The key of a store that is served: made where none is needed yet, and what lay in the open is sealed with it.
///
/// # Errors
/// With another key than the one that sealed, and without it. Nothing is changed then.
pub(super) fn open(settings: &Resolved, store: &Store) -> Result<Option<SealKey>, CliError> {
    let key = match (find(settings)?, file(settings)) {
        (None, Some(file)) => {
            let lying = store.read_blocking(sealed::lying).map_err(StoreError::from)?;
            // Another key opens nothing of it: whoever has the right one is asked.
            if lying.sealed == 0 { Some(make(&file)?) } else { None }
        }
        (found, _) => found,
    };
    let sealing = key.clone();
    let sealed = store
        .write_blocking(Shard::stall(LogId::default()), move |tx| sealed::seal_all(tx, sealing.as_ref()))
        .map_err(StoreError::from)?;
    match &key {
        Some(key) if sealed > 0 => tracing::info!(sealed, key = key.name(), "secrets.sealed"),
        Some(_) => {}
        None => tracing::warn!(what_to_do = "name a file with --seal-key", "secrets.in_the_open"),
    }
    Ok(key)
}

/// The file that holds the key, whether it is there or not; none where none is named and none is made.
pub(super) fn file(settings: &Resolved) -> Option<PathBuf> {
    match (settings.optional(SETTING), settings.place()) {
        (Some(named), _) => Some(PathBuf::from(named)),
        (None, Place::Directory(directory)) => Some(directory.join(SEAL_KEY_FILE)),
        (None, Place::Url(_)) => None,
    }
}

/// Whether anybody but its owner may read it.
#[cfg(unix)]
pub(super) fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

/// Systems without such rights are not asked.
#[cfg(not(unix))]
pub(super) fn is_open_to_others(_file: &Path) -> bool {
    false
}

fn read(file: &Path) -> Result<SealKey, CliError> {
    let text = fs::read_to_string(file).map_err(|error| {
        CliError::failed(format!(
            "the seal key in {} cannot be read: {error}; a new one is made by `openssl rand -hex 32`, but opens nothing that \
             another one sealed",
            file.display()
        ))
    })?;
    // Never what stands there.
    SealKey::from_hex(&text).ok_or_else(|| {
        CliError::failed(format!(
            "{} holds no seal key: it should be 64 hexadecimal digits, as `openssl rand -hex 32` makes them",
            file.display()
        ))
    })
}

/// On the disk before anything is sealed with it.
fn make(file: &Path) -> Result<SealKey, CliError> {
    let key = SealKey::new(random(&OsEntropy).map_err(|error| CliError::failed(error.to_string()))?);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(file).and_then(|mut made| {
        made.write_all(key.reveal().as_bytes())?;
        made.write_all(b"\n")?;
        made.sync_all()
    });
    written.and_then(|()| sync_folder(file)).map_err(|error| {
        CliError::failed(format!("the seal key cannot be written to {}: {error}", file.display()))
    })?;
    let what_to_do = "keep a copy of it apart from the backups: without it they cannot be put back";
    tracing::warn!(file = %file.display(), what_to_do, "secrets.key_made");
    Ok(key)
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> std::io::Result<()> {
    Ok(())
}
