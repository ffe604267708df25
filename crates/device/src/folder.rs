//! A device's folder on a native disk, opened as often as it must be.

use std::path::Path;

use soko_app_api::Saying;
use soko_engine::{DeviceFolder, Entropy, Failure, OpenError, Opened};
use soko_record_log::DataDirectory;
use soko_replication::Timing;

use crate::store::{OpenedEngine, salvage_told};

/// Opens or creates the device in a folder; for `Parts::open`. A full disk gives up its reserve, because what was
/// recorded must still be readable and leave the device.
pub fn open_folder(
    path: &Path,
    timing: Timing,
    entropy: fn() -> Box<dyn Entropy>,
) -> impl FnMut() -> Result<OpenedEngine, OpenError> + 'static {
    let path = path.to_owned();
    move || open(&path, timing, entropy)
}

fn open(path: &Path, timing: Timing, entropy: fn() -> Box<dyn Entropy>) -> Result<OpenedEngine, OpenError> {
    let mut warnings = Vec::new();
    let opened = match DeviceFolder::open(path, timing, &entropy) {
        Err(OpenError::Failed(Failure::DiskFull)) => {
            DataDirectory::open(path)?.release_reserve()?;
            let sentence = "the disk is full: the reserve was given up; free some space";
            warnings.push(Saying::DiskFull.plain(sentence));
            DeviceFolder::open(path, timing, &entropy)?
        }
        opened => opened?,
    };
    let Opened { engine, folder, salvaged, database_was_missing, low_space } = opened;
    if let Some((aside, saved)) = salvaged {
        warnings.extend(salvage_told(&aside.display().to_string(), &saved));
    }
    if database_was_missing {
        let sentence = "the database was missing beside its keys; what was not sent is lost";
        warnings.push(Saying::DatabaseMissing.plain(sentence));
    }
    if low_space {
        warnings.push(Saying::DiskLow.plain("the disk is nearly full: free some space"));
    }
    Ok(OpenedEngine { engine, guard: Some(Box::new(folder)), warnings })
}
