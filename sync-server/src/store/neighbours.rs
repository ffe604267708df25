//! Several processes on one PostgreSQL database tell each other which stall moved. After the commit and beside it:
//! a word within the transaction would make all writers wait for each other. A word may get lost; whoever
//! listens asks now and then anyway.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use postgres::fallible_iterator::FallibleIterator as _;
use postgres::{Client, Error};
use soko_domain::ids::LogId;
use soko_record_log::StoreError;

use crate::store::address::Address;

const CHANNEL: &str = "soko_moved";
/// How long a thread that has nothing to do waits until it looks whether it should end.
const IDLE: Duration = Duration::from_millis(250);
/// What is waited before a lost connection is made anew.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What another process said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    Moved(LogId, u64),
    /// Listening begins now: what was said before is not known.
    Everything,
}

type Listen = dyn Fn(Heard) + Send + Sync;

/// The threads that speak and listen. They end when this is dropped.
pub struct Neighbours {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    address: Address,
    /// Tells own words from others'.
    own: String,
    /// The latest position of each stall that is still to be told.
    to_tell: Mutex<BTreeMap<LogId, u64>>,
    bell: Condvar,
    is_over: AtomicBool,
}

impl Neighbours {
    pub(super) fn meet(address: Address, own: u64, listen: Arc<Listen>) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared {
            address,
            own: format!("{own:016x}"),
            to_tell: Mutex::default(),
            bell: Condvar::new(),
            is_over: AtomicBool::new(false),
        });
        // Who met the others hears all that they say from then on.
        let client = shared.connect_to_listen().map_err(|error| StoreError::Io(error.to_string()))?;
        let (speaker, listener) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = [
            thread::Builder::new().name("speaker".into()).spawn(move || speaker.speak()),
            thread::Builder::new()
                .name("listener".into())
                .spawn(move || listener.listen(client, listen.as_ref())),
        ];
        let threads: Result<Vec<_>, _> = threads.into_iter().collect();
        let threads =
            threads.map_err(|error| StoreError::Other(format!("no thread for the store: {error}")))?;
        Ok(Self { shared, threads })
    }

    /// Tells the others, soon. Of several positions of a stall the last one counts.
    pub fn tell(&self, stall: LogId, position: u64) {
        let mut to_tell = self.shared.to_tell();
        let latest = to_tell.entry(stall).or_default();
        *latest = position.max(*latest);
        drop(to_tell);
        self.shared.bell.notify_one();
    }
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.shared.bell.notify_one();
        for thread in self.threads.drain(..) {
            // The listener may be the last who held the server.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

impl Shared {
    fn speak(&self) {
        while !self.is_over() {
            if let Err(error) = self.speak_on_one_connection() {
                tracing::warn!(%error, "neighbours.not_told");
                thread::sleep(AGAIN_AFTER);
            }
        }
    }

    fn speak_on_one_connection(&self) -> Result<(), Error> {
        let mut client = self.address.connect_blocking()?;
        let say = client.prepare("select pg_notify($1, $2)")?;
        while !self.is_over() {
            let to_tell = {
                let is_quiet = |to_tell: &mut BTreeMap<LogId, u64>| to_tell.is_empty() && !self.is_over();
                let waited = self.bell.wait_timeout_while(self.to_tell(), IDLE, is_quiet);
                let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *waiting)
            };
            for (stall, position) in to_tell {
                client.execute(&say, &[&CHANNEL, &format!("{} {stall} {position}", self.own)])?;
            }
        }
        Ok(())
    }

    fn listen(&self, first: Client, heard: &Listen) {
        let mut client = Ok(first);
        while !self.is_over() {
            if let Err(error) = client.and_then(|client| self.listen_to(client, heard)) {
                tracing::warn!(%error, "neighbours.not_heard");
                thread::sleep(AGAIN_AFTER);
            }
            client = self.connect_to_listen();
        }
    }

    fn connect_to_listen(&self) -> Result<Client, Error> {
        let mut client = self.address.connect_blocking()?;
        client.batch_execute(&format!("listen {CHANNEL}"))?;
        Ok(client)
    }

    fn listen_to(&self, mut client: Client, heard: &Listen) -> Result<(), Error> {
        heard(Heard::Everything);
        while !self.is_over() {
            let mut notifications = client.notifications();
            let mut words = notifications.timeout_iter(IDLE);
            while let Some(word) = words.next()? {
                if let Some((stall, position)) = self.read(word.payload()) {
                    heard(Heard::Moved(stall, position));
                }
            }
        }
        Ok(())
    }

    /// What another process of ours said; nothing if it is an own word or none at all.
    fn read(&self, payload: &str) -> Option<(LogId, u64)> {
        let mut parts = payload.split(' ');
        let (from, stall, position) = (parts.next()?, parts.next()?, parts.next()?);
        (from != self.own).then_some((LogId::from_hex(stall)?, position.parse().ok()?))
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    fn to_tell(&self) -> MutexGuard<'_, BTreeMap<LogId, u64>> {
        self.to_tell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
