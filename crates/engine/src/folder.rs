//! A device's folder on a native disk: one process, one database, its vault beside it. A damaged database is set
//! aside and what verifies is carried into a fresh one; an empty store never appears in silence.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use soko_domain::ids::ThingId;
use soko_record_log::{DataDirectory, OpenMode, Sqlite, StoreError};
use soko_replication::session::Timing;

use crate::check::{Salvaged, salvage};
use crate::engine::Engine;
use crate::failure::OpenError;
use crate::options::{Entropy, Options};
use crate::vault::{FileVault, Vault as _};

const DATABASE: &str = "register.sqlite";
/// A salvage that was not finished; it is begun again.
const UNFINISHED: &str = "register.salvage";

/// Holds the folder's lock.
#[derive(Debug)]
pub struct DeviceFolder(DataDirectory);

/// What opening a folder found.
pub struct Opened {
    pub engine: Engine,
    pub folder: DeviceFolder,
    /// The damaged database that was set aside, and what was carried out of it.
    pub salvaged: Option<(PathBuf, Salvaged)>,
    /// The keys are here and the database was not: it was deleted, and what was not sent is lost.
    pub database_was_missing: bool,
    /// The disk has no room for the reserve: free some space soon.
    pub low_space: bool,
}

impl DeviceFolder {
    /// Opens or creates a device in a folder. A second process is refused. `entropy` is asked for anew when a
    /// first attempt used it up.
    pub fn open(
        path: &Path,
        timing: Timing,
        entropy: &dyn Fn() -> Box<dyn Entropy>,
    ) -> Result<Opened, OpenError> {
        Self::open_checked(path, (timing, false), entropy)
    }

    /// As [`Self::open`], and reads the whole database for damage first: after a call failed with
    /// [`StoreError::Corrupt`].
    pub fn open_thorough(
        path: &Path,
        timing: Timing,
        entropy: &dyn Fn() -> Box<dyn Entropy>,
    ) -> Result<Opened, OpenError> {
        Self::open_checked(path, (timing, true), entropy)
    }

    fn open_checked(
        path: &Path,
        (timing, thorough): (Timing, bool),
        entropy: &dyn Fn() -> Box<dyn Entropy>,
    ) -> Result<Opened, OpenError> {
        let folder = Self(DataDirectory::open(path)?);
        let low_space = match folder.0.keep_reserve() {
            Ok(()) => false,
            Err(StoreError::Full(_)) => true,
            Err(error) => return Err(error.into()),
        };
        let database = folder.0.file(DATABASE);
        let aside = folder.last_aside();
        let is_new = !database.exists();
        let mut salvaged = None;
        if let (true, Some(aside)) = (is_new, aside) {
            // Killed between setting the database aside and putting the salvaged one in its place.
            salvaged = Some(folder.salvage_from(aside, entropy().as_mut())?);
        }
        let database_was_missing = is_new && salvaged.is_none() && FileVault::new(path).load()?.is_some();
        let engine = match folder.open_engine((timing, thorough), entropy()) {
            Err(OpenError::Damaged(_)) => {
                let aside = folder.0.set_aside(DATABASE)?;
                salvaged = Some(folder.salvage_from(aside, entropy().as_mut())?);
                folder.open_engine((timing, false), entropy())?
            }
            opened => opened?,
        };
        Ok(Opened { engine, folder, salvaged, database_was_missing, low_space })
    }

    /// Frees the reserve when the disk is full, so that what was recorded can still be read and sent.
    pub fn release_reserve(&self) -> Result<bool, StoreError> {
        self.0.release_reserve()
    }

    fn open_engine(
        &self,
        (timing, thorough): (Timing, bool),
        entropy: Box<dyn Entropy>,
    ) -> Result<Engine, OpenError> {
        let db = Sqlite::open(&self.0.file(DATABASE), OpenMode::Create)?;
        let vault = Box::new(FileVault::new(self.0.path()));
        Engine::open(Options { timing, thorough, ..Options::new(db, vault, entropy) })
    }

    fn last_aside(&self) -> Option<PathBuf> {
        let names = (1..).map(|number| self.0.file(&format!("{DATABASE}.corrupt-{number}")));
        names.take_while(|path| path.exists()).last()
    }

    /// Fills a fresh database and only then gives it the name that is opened.
    fn salvage_from(
        &self,
        aside: PathBuf,
        entropy: &mut dyn Entropy,
    ) -> Result<(PathBuf, Salvaged), OpenError> {
        let unfinished = self.0.file(UNFINISHED);
        for suffix in ["", "-wal", "-shm"] {
            let mut path = unfinished.clone().into_os_string();
            path.push(suffix);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error).into()),
                Ok(()) | Err(_) => {}
            }
        }
        let mut store = ThingId::default();
        entropy.fill(&mut store.0);
        let mut fresh = Sqlite::open(&unfinished, OpenMode::Create)?;
        let salvaged = match Sqlite::open(&aside, OpenMode::Existing) {
            Ok(mut damaged) => salvage(&mut damaged, &mut fresh, store)?,
            Err(error) => {
                Salvaged { lost: vec![format!("the whole database: {error}")], ..Salvaged::default() }
            }
        };
        fresh.checkpoint()?;
        drop(fresh);
        fs::rename(&unfinished, self.0.file(DATABASE)).map_err(io)?;
        if cfg!(unix) {
            File::open(self.0.path()).and_then(|folder| folder.sync_all()).map_err(io)?;
        }
        Ok((aside, salvaged))
    }
}

fn io(error: std::io::Error) -> StoreError {
    StoreError::Io(error.to_string())
}
