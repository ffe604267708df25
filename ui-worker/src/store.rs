//! The databases of this browser: durable in its private file system, or in memory where it has none, and then
//! everybody is told. A damaged database stays where it is; what verifies is carried into the next one.

use std::path::Path;

use soko_app_api::{Hindrance, Said};
use soko_device::{OpenedEngine, salvage_told};
use soko_domain::ids::ThingId;
use soko_engine::vault::{MemoryVault, Vault};
use soko_engine::{Engine, Entropy as _, OpenError, Options, Salvaged, salvage};
use soko_record_log::{OpenMode, Sqlite, StoreError};
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_rs::vfs::VfsFilesManager as _;
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::browser;
use crate::host::BrowserEntropy;
use crate::vault::StoredVault;

/// Folders in the browser's private file system. The first one does, except in a browser that keeps a folder locked
/// after somebody cleared it while it was written to, as Chromium does until it is started again.
const FOLDERS: [&str; 4] = ["soko", "soko-b", "soko-c", "soko-d"];
const POOL_NAME: &str = "soko";
/// The first database. Later ones have their number in the name; the vault says which one is in use.
const DATABASE: &str = "register";
/// Damaged databases that are kept. They take the room of what the site may use.
const ASIDE_MAX: u32 = 2;
const VAULT: &str = "vault.sqlite";
/// Database and vault, each with its write-ahead log and a journal while it is converted; a log beside each database
/// that was set aside.
const FILES_MAX: usize = 10;
/// The files of a tab that was just closed take a moment to come free.
const OPEN_TRIES_MAX: u32 = 100;
const OPEN_PAUSE_MS: i32 = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this folder.
    Files(&'static str),
    Memory,
}

/// The files that this worker has hold of; none where everything is in memory.
type Pool = Option<OpfsSAHPoolUtil>;

/// Takes hold of the browser's files, if it has any.
pub(crate) async fn prepare() -> Result<(Place, Pool), Said> {
    if !browser::has_files().await {
        return Ok((Place::Memory, None));
    }
    let mut filled = None;
    for folder in FOLDERS {
        let is_filled =
            browser::was_filled(folder).await.map_err(|error| not_opened(&browser::name_of(&error)))?;
        filled = filled.or(is_filled.then_some(folder));
    }
    let wanted = filled.map_or(FOLDERS.to_vec(), |folder| vec![folder]);
    for folder in wanted {
        match install_pool(folder).await {
            Ok(pool) => return Ok((Place::Files(folder), Some(pool))),
            // Nothing is in it that another one could hide.
            Err(OpfsSAHError::Opfs { value, .. }) if is_busy(&value) && filled.is_none() => {}
            Err(OpfsSAHError::Opfs { value, .. }) if is_busy(&value) => break,
            // Going on in memory would hide what the files hold.
            Err(error) => return Err(not_opened(&error.to_string())),
        }
    }
    let sentence = "another tab holds the files and does not let go: close it, then reload this one";
    Err(Hindrance::FilesTaken.plain(sentence))
}

fn not_opened(why: &str) -> Said {
    Hindrance::NotStarted.said(why, format!("the files of this site cannot be opened ({why})"))
}

/// Opens the engine there, as often as its database had to be closed.
pub(crate) fn opener(pool: Pool) -> Box<dyn FnMut() -> Result<OpenedEngine, OpenError>> {
    Box::new(move || {
        let Some(pool) = &pool else {
            let engine = open_engine(Sqlite::open_in_memory()?, Box::new(MemoryVault::default()))?;
            return Ok(OpenedEngine { engine, guard: None, warnings: Vec::new() });
        };
        open_files(pool)
    })
}

fn open_engine(db: Sqlite, vault: Box<dyn Vault>) -> Result<Engine, OpenError> {
    Engine::open(Options::new(db, vault, Box::new(BrowserEntropy)))
}

fn open_files(pool: &OpfsSAHPoolUtil) -> Result<OpenedEngine, OpenError> {
    let mut vault = StoredVault::new(file(VAULT)?)?;
    let number = vault.database()?;
    let opened =
        file(&database(number)).map_err(OpenError::from).and_then(|db| open_engine(db, Box::new(vault)));
    match opened {
        Err(OpenError::Damaged(_)) => {}
        opened => return Ok(OpenedEngine { engine: opened?, guard: None, warnings: Vec::new() }),
    }
    let saved = salvage_from(pool, number)?;
    let mut vault = StoredVault::new(file(VAULT)?)?;
    vault.use_database(number + 1)?;
    let engine = open_engine(file(&database(number + 1))?, Box::new(vault))?;
    Ok(OpenedEngine { engine, guard: None, warnings: salvage_told(&database(number), &saved) })
}

fn database(number: u32) -> String {
    if number == 1 { format!("{DATABASE}.sqlite") } else { format!("{DATABASE}-{number}.sqlite") }
}

/// Fills the next database. It is in use only once the vault says so; until then whatever is there is half a salvage.
fn salvage_from(pool: &OpfsSAHPoolUtil, number: u32) -> Result<Salvaged, OpenError> {
    if number > ASIDE_MAX {
        let kept =
            format!("{ASIDE_MAX} damaged databases are kept in this browser already: use another device");
        return Err(StoreError::Other(kept).into());
    }
    let next = database(number + 1);
    let unusable = |error: OpfsSAHError| StoreError::Io(error.to_string());
    for name in pool.names().map_err(unusable)? {
        if name.trim_start_matches('/').starts_with(&next) {
            pool.remove(&name).map_err(unusable)?;
        }
    }
    let mut fresh = file(&next)?;
    let mut store = ThingId::default();
    BrowserEntropy.fill(&mut store.0);
    let saved = match Sqlite::open(Path::new(&database(number)), OpenMode::Existing) {
        Ok(mut damaged) => salvage(&mut damaged, &mut fresh, store).map_err(OpenError::from)?,
        Err(error) => Salvaged { lost: vec![format!("the whole database: {error}")], ..Salvaged::default() },
    };
    fresh.checkpoint()?;
    Ok(saved)
}

async fn install_pool(folder: &str) -> Result<OpfsSAHPoolUtil, OpfsSAHError> {
    let config = OpfsSAHPoolCfgBuilder::new()
        .vfs_name(POOL_NAME)
        .directory(folder)
        .initial_capacity(FILES_MAX)
        .build();
    let mut tries = 0;
    loop {
        tries += 1;
        match install::<WasmOsCallback>(&config, true).await {
            Err(OpfsSAHError::Opfs { value, .. }) if is_busy(&value) && tries < OPEN_TRIES_MAX => {
                // The promise is only ever resolved.
                let _ = JsFuture::from(browser::pause(OPEN_PAUSE_MS)).await;
            }
            Err(error) => return Err(error),
            Ok(pool) => return Ok(pool),
        }
    }
}

fn is_busy(error: &JsValue) -> bool {
    browser::name_of(error) == "NoModificationAllowedError"
}

fn file(name: &str) -> Result<Sqlite, StoreError> {
    Sqlite::open(Path::new(name), OpenMode::Create)
}
