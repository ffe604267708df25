//! The databases of this browser: durable in its private file system, or in memory where it has none, and then
//! everybody is told.

use std::path::Path;

use soko_app_api::KeptIn;
use soko_engine::vault::{MemoryVault, Vault};
use soko_record_log::{OpenMode, Sqlite, StoreError};
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, install};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::browser::{self, FOLDER};
use crate::vault::StoredVault;

const DATABASE: &str = "register.sqlite";
const VAULT: &str = "vault.sqlite";
/// Two databases, each with its write-ahead log and a journal while it is converted, and some to spare.
const FILES_MAX: usize = 8;
/// The files of a tab that was just closed take a moment to come free.
const OPEN_TRIES_MAX: u32 = 100;
const OPEN_PAUSE_MS: i32 = 20;

/// What the engine is opened with.
pub(crate) struct Store {
    pub(crate) db: Sqlite,
    pub(crate) vault: Box<dyn Vault>,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Files,
    Memory,
}

/// The browser's files if it has any.
pub(crate) async fn open() -> Result<Store, String> {
    if !browser::has_files().await {
        return in_memory().map_err(|error| error.to_string());
    }
    match install_pool().await {
        Ok(()) => in_files().map_err(|error| error.to_string()),
        Err(OpfsSAHError::Opfs { value, .. }) if is_busy(&value) => {
            Err("another tab holds the files and does not let go: close it, then reload this one".into())
        }
        // Going on in memory would hide what the files hold.
        Err(error) => Err(format!("the files of this site cannot be opened ({error})")),
    }
}

fn in_files() -> Result<Store, StoreError> {
    let vault = StoredVault::new(file(VAULT)?)?;
    Ok(Store { db: file(DATABASE)?, vault: Box::new(vault), place: Place::Files })
}

async fn install_pool() -> Result<(), OpfsSAHError> {
    let config =
        OpfsSAHPoolCfgBuilder::new().vfs_name(FOLDER).directory(FOLDER).initial_capacity(FILES_MAX).build();
    let mut tries = 0;
    loop {
        tries += 1;
        match install::<WasmOsCallback>(&config, true).await {
            Err(OpfsSAHError::Opfs { value, .. }) if is_busy(&value) && tries < OPEN_TRIES_MAX => {
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

fn in_memory() -> Result<Store, StoreError> {
    let db = Sqlite::open_in_memory()?;
    Ok(Store { db, vault: Box::new(MemoryVault::default()), place: Place::Memory })
}

impl Place {
    pub(crate) async fn kept_in(self) -> KeptIn {
        match self {
            Self::Memory => KeptIn::Memory,
            Self::Files if browser::promised_to_keep().await => KeptIn::Browser,
            Self::Files => KeptIn::BrowserMayClear,
        }
    }
}
