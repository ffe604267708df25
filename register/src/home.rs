//! A register's folder as one process has it open: the engine in it, and what it knows of its server.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_dalek::{Signer as _, SigningKey};
use serde::{Deserialize, Serialize};
use soko_app_api::{Query, View};
use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_engine::vault::{FileVault, Vault as _};
use soko_engine::{DeviceFolder, Engine, Entropy, Failure, Now, OpenError};
use soko_record_log::{DataDirectory, StoreError, log};
use soko_replication::{Record, Timing};

use crate::outcome::Undone;

const LINK_FILE: &str = "link.json";
const LINK_NEXT_FILE: &str = "link.json.next";

/// The operating system's randomness.
#[derive(Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Every known system has it. Without randomness no id and no key may be made, so there is no way on.
        if let Err(error) = getrandom::fill(bytes) {
            panic!("this system has no randomness: {error}");
        }
    }
}

/// Sixteen random bytes.
pub fn random_id() -> ThingId {
    let mut id = ThingId::default();
    OsEntropy.fill(&mut id.0);
    id
}

/// What the clock and the zone of this machine say. They only label.
pub fn now() -> Now {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let offset_minutes = chrono::Local::now().offset().local_minus_utc() / 60;
    Now { at_ms, offset_minutes }
}

/// How the register reaches its server for one stall.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Link {
    pub stall: String,
    /// The author that the tokens are for: a renewed register needs new ones.
    pub author: String,
    pub server: String,
    /// Kept before the server is asked, so that a repeat is recognised.
    #[serde(default)]
    pub request: String,
    #[serde(default)]
    pub access_token: String,
    #[serde(default)]
    pub refresh_token: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Links {
    links: Vec<Link>,
}

/// An open register.
pub struct Home {
    path: PathBuf,
    timing: Timing,
    /// Nothing after a failure that closed the store, until the next command opens it again.
    opened: Option<(Engine, DeviceFolder)>,
    /// What was found when it was opened, for whoever looks after the register.
    pub warnings: Vec<String>,
}

impl Home {
    /// Takes the folder for this process and opens the register in it.
    pub fn open(path: &Path, timing: Timing) -> Result<Self, Undone> {
        let mut home = Self { path: path.to_owned(), timing, opened: None, warnings: Vec::new() };
        home.engine()?;
        Ok(home)
    }

    /// The engine, opened again if a failure closed it.
    pub fn engine(&mut self) -> Result<&mut Engine, Undone> {
        let open = self.take_open();
        let opened = open.map_or_else(|| self.open_folder(), Ok)?;
        Ok(&mut self.opened.insert(opened).0)
    }

    fn open_folder(&mut self) -> Result<(Engine, DeviceFolder), Undone> {
        let open = |path: &Path, timing| DeviceFolder::open(path, timing, &|| Box::new(OsEntropy));
        let opened = match open(&self.path, self.timing) {
            Err(OpenError::Failed(Failure::DiskFull)) => {
                // The reserve is there for this: what was recorded must still be readable and leave the device.
                DataDirectory::open(&self.path)?.release_reserve()?;
                self.warnings.push("the disk is full: the reserve was given up; free some space".into());
                open(&self.path, self.timing)
            }
            opened => opened,
        };
        let opened = opened.map_err(|error| self.not_opened(error))?;
        if let Some((aside, saved)) = opened.salvaged {
            self.warnings.push(format!(
                "the database was damaged; it was set aside as {}, and {} records were saved",
                aside.display(),
                saved.records
            ));
            self.warnings.extend(saved.lost.into_iter().map(|lost| format!("lost: {lost}")));
        }
        if opened.database_was_missing {
            self.warnings.push("the database was missing beside its keys; what was not sent is lost".into());
        }
        Ok((opened.engine, opened.folder))
    }

    fn not_opened(&self, error: OpenError) -> Undone {
        let sentence = error.to_string();
        if let OpenError::Failed(Failure::Store(StoreError::Busy(_))) = error {
            return Undone::failed(format!("{sentence}: end it first, or use another --data-dir"));
        }
        Undone::failed(format!("the register in {} does not open: {sentence}", self.path.display()))
    }

    /// Closes in order.
    pub fn close(mut self) -> Result<(), Undone> {
        match self.take_open() {
            Some((engine, _folder)) => Ok(engine.close()?),
            None => Ok(()),
        }
    }

    /// The engine and its folder, unless a failure closed the database.
    fn take_open(&mut self) -> Option<(Engine, DeviceFolder)> {
        let (mut engine, folder) = self.opened.take()?;
        engine.database().is_open().then_some((engine, folder))
    }

    /// The stall that is meant: the one that was named, or the only one there is.
    pub fn stall(&mut self, named: Option<LogId>) -> Result<LogId, Undone> {
        let stalls = self.engine()?.stalls();
        match (named, stalls.as_slice()) {
            (Some(named), known) if known.contains(&named) => Ok(named),
            (Some(named), _) => {
                Err(Undone::refused("unknown_stall", format!("this register does not work for {named}")))
            }
            (None, [only]) => Ok(*only),
            (None, []) => Err(Undone::refused(
                "no_stall",
                "this register works for no stall yet: use create-stall or enrol",
            )),
            (None, _) => Err(Undone::usage("this register works for several stalls: name one with --stall")),
        }
    }

    pub fn ask(&mut self, query: &Query) -> Result<View, Undone> {
        Ok(self.engine()?.answer(query, now())?)
    }

    /// Who this register is at a stall.
    pub fn author(&mut self, stall: LogId) -> Result<AuthorId, Undone> {
        if let View::Status(status) = self.ask(&Query::Status(stall))? {
            return Ok(status.author);
        }
        Err(Undone::refused("unknown_stall", format!("this register does not work for {stall}")))
    }

    /// The first record of this register's chain, which proves who it is.
    pub fn introduction(&mut self, stall: LogId) -> Result<Record, Undone> {
        let author = self.author(stall)?;
        let database = self.engine()?.database();
        let first = database.read::<_, StoreError>(|tx| log::record_at(tx, stall, &author, 1))?;
        first.ok_or_else(|| Undone::failed("the register's first record is missing: run verify"))
    }

    /// Signs with the key of the register's author.
    pub fn sign(&mut self, stall: LogId, message: &[u8]) -> Result<[u8; 64], Undone> {
        let author = self.author(stall)?;
        let content = FileVault::new(&self.path).load().map_err(|error| Undone::failed(error.to_string()))?;
        let secret = content.and_then(|content| content.secrets.get(&(stall, author)).cloned());
        let secret = secret.ok_or_else(|| Undone::failed("the register's key is missing: renew it"))?;
        Ok(SigningKey::from_bytes(&secret.0).sign(message).to_bytes())
    }

    /// What is known of the server of a stall, for the author that the register is now.
    pub fn link(&mut self, stall: LogId) -> Result<Link, Undone> {
        let author = self.author(stall)?.to_string();
        let known = self.links()?.links.into_iter().find(|link| link.stall == stall.to_string());
        Ok(match known {
            Some(link) if link.author == author => link,
            // Tokens of another author open nothing.
            Some(link) => Link { author, server: link.server, stall: link.stall, ..Link::default() },
            None => Link { author, stall: stall.to_string(), ..Link::default() },
        })
    }

    /// Keeps it, durably: a refresh token that was used and whose successor is lost locks the register out.
    pub fn keep_link(&mut self, link: &Link) -> Result<(), Undone> {
        let mut links = self.links()?;
        links.links.retain(|known| known.stall != link.stall);
        links.links.push(link.clone());
        let text = serde_json::to_vec_pretty(&links).map_err(|error| Undone::failed(error.to_string()))?;
        let (next, path) = (self.path.join(LINK_NEXT_FILE), self.path.join(LINK_FILE));
        replace_private(&next, &path, &text)
            .map_err(|error| Undone::failed(format!("{} cannot be written: {error}", path.display())))
    }

    fn links(&self) -> Result<Links, Undone> {
        let path: PathBuf = self.path.join(LINK_FILE);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                Undone::failed(format!(
                    "{} cannot be read: move it away and enrol again ({error})",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Links::default()),
            Err(error) => Err(Undone::failed(format!("{} cannot be read: {error}", path.display()))),
        }
    }
}

fn replace_private(next: &Path, path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(next)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(next, path)?;
    if cfg!(unix) {
        let folder = path.parent().unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
