//! What an engine is opened with, and what it is told with each call.

use soko_domain::calendar::{CutOffMinutes, Moment, OffsetMinutes, business_day};
use soko_domain::entry::Stamp;
use soko_record_log::Sqlite;
use soko_replication::session::Timing;

use crate::vault::Vault;

/// The host's randomness. Secrets are made from it, so it must be the operating system's outside of tests.
pub trait Entropy: Send {
    fn fill(&mut self, bytes: &mut [u8]);
}

pub struct Options {
    /// Open, and used by nobody else.
    pub db: Sqlite,
    pub vault: Box<dyn Vault>,
    pub entropy: Box<dyn Entropy>,
    pub timing: Timing,
    /// Read the whole database for damage before anything else, however long it takes: after a statement
    /// found some.
    pub thorough: bool,
    /// The rule to weaken, to prove that the simulator notices.
    #[cfg(feature = "sabotage")]
    pub weaken: Option<soko_domain::sabotage::Sabotage>,
}

impl Options {
    pub fn new(db: Sqlite, vault: Box<dyn Vault>, entropy: Box<dyn Entropy>) -> Self {
        Self {
            db,
            vault,
            entropy,
            timing: Timing::default(),
            thorough: false,
            #[cfg(feature = "sabotage")]
            weaken: None,
        }
    }
}

/// What the host's clock and zone say. It labels what happens and decides nothing about money or stock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// Minutes east of UTC in force at the stall.
    pub offset_minutes: i32,
}

impl Now {
    pub fn utc(at_ms: i64) -> Self {
        Self { at_ms, offset_minutes: 0 }
    }

    /// The stamp of an entry at a stall with this cut-off.
    pub(crate) fn stamp(self, cut_off_minutes: u16) -> Stamp {
        // A wrong zone or cut-off must not stop a sale.
        let offset = OffsetMinutes::new(self.offset_minutes).unwrap_or_default();
        let cut_off = CutOffMinutes::new(cut_off_minutes).unwrap_or_default();
        let day = business_day(Moment(self.at_ms), offset, cut_off).days();
        Stamp::at(self.at_ms, offset.get(), day)
    }
}
