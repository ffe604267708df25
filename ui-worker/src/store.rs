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

use crate::browser::{self, FOLDER};
use crate::host::BrowserEntropy;
use crate::vault::StoredVault;

const DATABASE: &str = "register.sqlite";
const VAULT: &str = "vault.sqlite";
/// Two databases, each with its write-ahead log and a journal while it is converted, and some to spare.
const FILES_MAX: usize = 8;
/// The files of a tab that was just closed take a moment to come free.
const OPEN_TRIES_MAX: u32 = 100;
const OPEN_PAUSE_MS: i32 = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Files,
    Memory,
}

/// Takes hold of the browser's files, if it has any.
pub(crate) async fn prepare() -> Result<Place, String> {
    if !browser::has_files().await {
        return Ok(Place::Memory);
    }
    match install_pool().await {
        Ok(()) => Ok(Place::Files),
        Err(OpfsSAHError::Opfs { value, .. }) if is_busy(&value) => {
            Err("another tab holds the files and does not let go: close it, then reload this one".into())
        }
        // Going on in memory would hide what the files hold.
        Err(error) => Err(format!("the files of this site cannot be opened ({error})")),
    }
}

/// Opens the engine there, as often as its database had to be closed.
pub(crate) fn opener(place: Place) -> Box<dyn FnMut() -> Result<OpenedEngine, OpenError>> {
    Box::new(move || {
        let (db, vault): (Sqlite, Box<dyn Vault>) = match place {
            Place::Files => (file(DATABASE)?, Box::new(StoredVault::new(file(VAULT)?)?)),
            Place::Memory => (Sqlite::open_in_memory()?, Box::new(MemoryVault::default())),
        };
        let engine = Engine::open(Options::new(db, vault, Box::new(BrowserEntropy)))?;
        Ok(OpenedEngine { engine, guard: None, warnings: Vec::new() })
    })
}

async fn install_pool() -> Result<(), OpfsSAHError> {
    let config =
        OpfsSAHPoolCfgBuilder::new().vfs_name(FOLDER).directory(FOLDER).initial_capacity(FILES_MAX).build();
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
