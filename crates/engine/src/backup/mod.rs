//! Everything of a stall in one file under a password, and a register made of such a file on another device. What is
//! inside is the stall's records, as another device would send them: every chain and signature is checked again. The
//! keys of the old register are not in it. Whoever restores it becomes a new author that replaces the old one; what the
//! old one had not sent is sent from there.

mod content;
mod seal;

use soko_domain::ids::{AuthorId, LogId};
use soko_projection::{LocalApplier, Trust};
use soko_record_log::log::{self, LogSource};
use soko_record_log::{StoreError, Tx};
use soko_replication::{Budget, Head, Heads, Introduction, Offer, Page, fill};

use crate::engine::Engine;
use crate::failure::Failure;
use crate::identity::{FrozenWhy, Joined};
use crate::own::{self, StallRow};
use crate::stall::{Parts, Stall};
use crate::write::index_one;
use soko_app_api::QueryKey;
use soko_domain::wire::Wire as _;

pub use content::{Backup, Picture};
pub use seal::{BackupError, SALT_BYTES, open, seal};

/// Pages that a stall fills; each holds thousands of records.
const PAGES_MAX: usize = 1_000_000;

/// Why a backup did not become a register.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Failure(#[from] Failure),
    /// A record in it does not prove what it says.
    #[error("the backup holds a record that cannot be true ({0}); use another one")]
    Forged(String),
}

impl Engine {
    /// Everything of a stall but its pictures, which are not the engine's.
    pub fn backup(&mut self, stall: LogId) -> Result<Backup, Failure> {
        self.settle()?;
        let row = self.stall(stall)?.row.clone();
        self.db.read::<_, Failure>(|tx| {
            Ok(Backup {
                log: stall,
                author: row.author,
                authors: own::authors(tx, stall)?,
                role: row.role,
                epoch: row.epoch,
                server_keys: own::servers(tx, stall)?,
                server: String::new(),
                pages: pages(tx, stall)?,
                pictures: Vec::new(),
            })
        })
    }

    /// Makes this device a register of the stall, as a new author under this name.
    pub fn restore(&mut self, backup: &Backup, name: &str) -> Result<Joined, RestoreError> {
        let log = backup.log;
        if self.stalls.contains_key(&log) {
            return Err(Failure::KnownStall(log).into());
        }
        let mut row = StallRow {
            stall: 0,
            log,
            author: backup.author,
            name: name.into(),
            role: backup.role,
            epoch: backup.epoch,
            frozen: Some(FrozenWhy::Restored),
            trouble: None,
        };
        self.db.transaction::<_, RestoreError>(|tx| {
            row.stall = own::add_stall(tx, &row).map_err(Failure::from)?;
            for key in &backup.server_keys {
                own::add_server(tx, log, key).map_err(Failure::from)?;
            }
            for page in &backup.pages {
                take_page(tx, log, page)?;
            }
            for author in &backup.authors {
                add_author(tx, log, *author)?;
            }
            Ok(())
        })?;
        let seed = self.random();
        let options = &self.session_options;
        let server_keys = backup.server_keys.clone();
        let mut stall = Stall::new(Parts { row, pen: None, server_keys, seed, options });
        stall.changed([QueryKey::Everything]);
        self.derive(&stall).map_err(RestoreError::Failure)?;
        self.stalls.insert(log, stall);
        Ok(self.renew(log)?)
    }

    /// Fills the tables and the search of a stall whose records were just put in.
    fn derive(&mut self, stall: &Stall) -> Result<(), Failure> {
        let trust: &Trust = &stall.trust;
        self.db.transaction::<_, Failure>(|tx| {
            let filled = soko_projection::rebuild(tx, stall.log(), trust, &mut LocalApplier)?;
            let mut changes = crate::search::Changes::default();
            for product in &filled.touched.products {
                index_one(tx, stall, *product, &mut changes)?;
            }
            Ok(())
        })
    }
}

/// All records, as if somebody asked who has none.
fn pages(tx: &mut dyn Tx, log: LogId) -> Result<Vec<Vec<u8>>, Failure> {
    let mut pages = Vec::new();
    let mut theirs = Heads::new();
    while pages.len() < PAGES_MAX {
        let filled = fill(&LogSource::new(tx, log), &theirs, Budget::PAGE)?;
        if filled.runs.is_empty() {
            break;
        }
        for run in &filled.runs {
            let seq = run.last_seq();
            let hash = log::hash_at(tx, log, &run.author, seq)?;
            let hash = hash.ok_or_else(|| Failure::Inconsistent("a record was not where it is".into()))?;
            theirs.insert(run.author, Head { seq, hash });
        }
        let mut page = Page::new(log, AuthorId::default(), Offer::OURS, soko_replication::Epoch::UNKNOWN);
        page.runs = filled.runs;
        pages.push(page.encode()?);
    }
    Ok(pages)
}

fn take_page(tx: &mut dyn Tx, log: LogId, bytes: &[u8]) -> Result<(), RestoreError> {
    let page = Page::decode(bytes).map_err(|error| RestoreError::Forged(error.to_string()))?;
    if page.log != log {
        return Err(RestoreError::Forged("it is another stall's".into()));
    }
    for run in page.runs {
        let accepted = log::judge(tx, log, run).map_err(Failure::from)?;
        let accepted = accepted.map_err(|refused| RestoreError::Forged(refused.to_string()))?;
        let kept = log::append_with_ids(tx, accepted.records_with_ids());
        kept.map_err(|error| RestoreError::Forged(error.to_string()))?;
    }
    Ok(())
}

/// The authors that the device was: what they had not sent is sent from here.
fn add_author(tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<(), RestoreError> {
    let first = log::record_at(tx, log, &author, 1).map_err(Failure::from)?;
    let introduction = first.and_then(|first| Introduction::from_bytes(first.body.bytes()?).ok());
    let introduction =
        introduction.ok_or_else(|| RestoreError::Forged("its own register is missing".into()))?;
    own::add_author(tx, log, author, &introduction).map_err(Failure::from)?;
    Ok(())
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        Self::Failure(error.into())
    }
}
