//! A register's folder as one process has it open, with what this process gives its device.

use std::cell::RefMut;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use soko_app_api::{Keeps, KeptIn, Query, View};
use soko_device::{Device, Host, Options, Parts, Work, open_folder};
use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_engine::{Engine, Entropy, Now};
use soko_replication::Timing;

use crate::outcome::Undone;

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

/// What a process without a screen gives its device. Nobody listens, so nothing goes on in the background.
struct Process {
    started: Instant,
}

impl Host for Process {
    fn now(&self) -> Now {
        now()
    }

    fn clock_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, ms: u64) -> Work {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }

    fn spawn(&self, _: Work) {}

    fn fill(&self, bytes: &mut [u8]) {
        OsEntropy.fill(bytes);
    }

    fn keeps(&self) -> Keeps {
        Keeps { place: KeptIn::Files, used_bytes: None, free_bytes: None }
    }
}

/// An open register.
pub struct Home {
    device: Rc<Device>,
}

impl Home {
    /// Takes the folder for this process and opens the register in it.
    pub fn open(path: &Path, timing: Timing) -> Result<Self, Undone> {
        let host = Rc::new(Process { started: Instant::now() });
        let open = Box::new(open_folder(path, timing, || Box::new(OsEntropy)));
        let options = Options { reply_ms: timing.reply_ms, ..Options::default() };
        let device =
            Device::open(Parts { host, open, options }).map_err(|undone| not_opened(path, undone))?;
        Ok(Self { device })
    }

    /// The engine, opened again if a failure closed it.
    pub fn engine(&self) -> Result<RefMut<'_, Engine>, Undone> {
        Ok(self.device.engine()?)
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Closes in order.
    pub fn close(self) -> Result<(), Undone> {
        Ok(self.device.close()?)
    }

    /// The stall that is meant: the one that was named, or the only one there is.
    pub fn stall(&self, named: Option<LogId>) -> Result<LogId, Undone> {
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

    pub fn ask(&self, query: &Query) -> Result<View, Undone> {
        Ok(self.device.ask(query)?)
    }

    /// Who this register is at a stall.
    pub fn author(&self, stall: LogId) -> Result<AuthorId, Undone> {
        if let View::Status(status) = self.ask(&Query::Status(stall))? {
            return Ok(status.author);
        }
        Err(Undone::refused("unknown_stall", format!("this register does not work for {stall}")))
    }
}

fn not_opened(path: &Path, undone: soko_device::Undone) -> Undone {
    let path = path.display();
    Undone::failed(format!(
        "the register in {path} does not open: {undone}; use another --data-dir if it is in use"
    ))
}
