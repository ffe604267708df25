//! The folder that is filled: everything is written beside it and then takes its place in one step, or nothing does.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::AnalysisError;

/// Says what a folder holds. One without it was made by somebody else and is not touched.
const ABOUT: &str = "soko-analysis.json";

/// A folder beside the wanted one. What was begun and not finished is removed by whoever comes next.
pub(super) struct Incoming {
    wanted: PathBuf,
    incoming: PathBuf,
    before: PathBuf,
    /// Held until this is gone: two that fill the same folder would mix their files.
    _alone: File,
}

impl Incoming {
    pub(super) fn begin(wanted: &Path) -> Result<Self, AnalysisError> {
        let wanted = std::path::absolute(wanted).map_err(AnalysisError::file(wanted))?;
        let (Some(parent), Some(_)) = (wanted.parent(), wanted.file_name()) else {
            return Err(AnalysisError::File(format!("{} is no folder to fill", wanted.display())));
        };
        fs::create_dir_all(parent).map_err(AnalysisError::file(parent))?;
        let lock = beside(&wanted, "lock");
        let alone = File::create(&lock).map_err(AnalysisError::file(&lock))?;
        alone.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                AnalysisError::File(format!("somebody else fills {} just now", wanted.display()))
            }
            TryLockError::Error(error) => AnalysisError::file(&lock)(error),
        })?;
        let (incoming, before) = (beside(&wanted, "incoming"), beside(&wanted, "before"));
        // The last one ended between the two steps of its exchange: what was there comes back.
        if !wanted.exists() && before.exists() {
            fs::rename(&before, &wanted).map_err(AnalysisError::file(&wanted))?;
        }
        let is_other = |path: &Path| path.exists() && !path.join(ABOUT).exists();
        if is_other(&wanted) && fs::read_dir(&wanted).map_or(true, |mut held| held.next().is_some()) {
            return Err(AnalysisError::File(format!(
                "{} holds something else: choose an empty folder or one that this command filled",
                wanted.display()
            )));
        }
        for left in [&incoming, &before] {
            remove(left)?;
        }
        fs::create_dir(&incoming).map_err(AnalysisError::file(&incoming))?;
        Ok(Self { wanted, incoming, before, _alone: alone })
    }

    pub(super) fn path(&self) -> &Path {
        &self.incoming
    }

    /// All files are there and on the disk; now the folder is.
    pub(super) fn finish(self, about: &Value) -> Result<(), AnalysisError> {
        let path = self.incoming.join(ABOUT);
        fs::write(&path, format!("{about:#}\n")).map_err(AnalysisError::file(&path))?;
        File::open(&path).and_then(|file| file.sync_all()).map_err(AnalysisError::file(&path))?;
        if self.wanted.exists() {
            fs::rename(&self.wanted, &self.before).map_err(AnalysisError::file(&self.before))?;
        }
        fs::rename(&self.incoming, &self.wanted).map_err(AnalysisError::file(&self.wanted))?;
        remove(&self.before)
    }
}

/// What was begun is of no use to anybody.
impl Drop for Incoming {
    fn drop(&mut self) {
        // If it cannot be removed now, the next one does.
        let _ = remove(&self.incoming);
    }
}

fn beside(wanted: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(wanted.file_name().unwrap_or_default());
    name.push(".soko-");
    name.push(what);
    wanted.with_file_name(name)
}

fn remove(folder: &Path) -> Result<(), AnalysisError> {
    match fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(AnalysisError::file(folder)(error)),
    }
}
