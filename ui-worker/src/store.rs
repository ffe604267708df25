//! The databases of this browser: durable in its private file system, or in memory where it has none, and then
//! everybody is told.

use std::path::Path;

use soko_device::OpenedEngine;
use soko_engine::vault::{MemoryVault, Vault};
use soko_engine::{Engine, OpenError, Options};
use soko_record_log::{OpenMode, Sqlite, StoreError};
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, install};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::browser;
use crate::host::BrowserEntropy;
use crate::vault::StoredVault;

/// Folders in the browser's private file system. The first one does, except in a browser that keeps a folder locked
/// after somebody cleared it while it was written to, as Chromium does until it is started again.
const FOLDERS: [&str; 4] = ["soko", "soko-b", "soko-c", "soko-d"];
const POOL_NAME: &str = "soko";
const DATABASE: &str = "register.sqlite";
const VAULT: &str = "vault.sqlite";
/// Two databases, each with its write-ahead log and a journal while it is converted, and some to spare.
const FILES_MAX: usize = 8;
/// The files of a tab that was just closed take a moment to come free.
const OPEN_TRIES_MAX: u32 = 100;
const OPEN_PAUSE_MS: i32 = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this folder.
    Files(&'static str),
    Memory,
}

/// Takes hold of the browser's files, if it has any.
pub(crate) async fn prepare() -> Result<Place, String> {
    if !browser::has_files().await {
        return Ok(Place::Memory);
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
            Ok(()) => return Ok(Place::Files(folder)),
            // Nothing is in it that another one could hide.
            Err(OpfsSAHError::Opfs { value, .. }) if is_busy(&value) && filled.is_none() => {}
            Err(OpfsSAHError::Opfs { value, .. }) if is_busy(&value) => break,
            // Going on in memory would hide what the files hold.
            Err(error) => return Err(not_opened(&error.to_string())),
        }
    }
    Err("another tab holds the files and does not let go: close it, then reload this one".into())
}

fn not_opened(why: &str) -> String {
    format!("the files of this site cannot be opened ({why})")
}

/// Opens the engine there, as often as its database had to be closed.
pub(crate) fn opener(place: Place) -> Box<dyn FnMut() -> Result<OpenedEngine, OpenError>> {
    Box::new(move || {
        let (db, vault): (Sqlite, Box<dyn Vault>) = match place {
            Place::Files(_) => (file(DATABASE)?, Box::new(StoredVault::new(file(VAULT)?)?)),
            Place::Memory => (Sqlite::open_in_memory()?, Box::new(MemoryVault::default())),
        };
        let engine = Engine::open(Options::new(db, vault, Box::new(BrowserEntropy)))?;
        Ok(OpenedEngine { engine, guard: None, warnings: Vec::new() })
    })
}

async fn install_pool(folder: &str) -> Result<(), OpfsSAHError> {
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
            Ok(_) => return Ok(()),
        }
    }
}

fn is_busy(error: &JsValue) -> bool {
    browser::name_of(error) == "NoModificationAllowedError"
}

fn file(name: &str) -> Result<Sqlite, StoreError> {
    Sqlite::open(Path::new(name), OpenMode::Create)
}
