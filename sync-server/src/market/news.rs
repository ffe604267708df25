//! Whose public face moved: told to whoever looks at the market right now, and to nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use soko_domain::ids::LogId;
use soko_projection::read;
use soko_record_log::{StoreError, Tx};
use tokio::sync::watch;

use super::{rows, spots};

/// None of a stall that shows nothing.
type Face = Option<[u8; 32]>;

/// Every moved face gets the next number, so that each listener knows what it has not told yet.
pub struct News {
    inner: Mutex<Inner>,
    /// Rings whenever a stall's log moved while somebody listens.
    bell: watch::Sender<u64>,
    /// The number of the last moved face.
    latest: watch::Sender<u64>,
}

#[derive(Default)]
struct Inner {
    listeners: usize,
    /// Whether somebody looks through what rang.
    is_watched: bool,
    rung: BTreeSet<LogId>,
    faces: BTreeMap<LogId, Face>,
    moved: BTreeMap<LogId, u64>,
}

impl Default for News {
    fn default() -> Self {
        Self { inner: Mutex::default(), bell: watch::Sender::new(0), latest: watch::Sender::new(0) }
    }
}

impl News {
    /// A stall's log moved; whether that shows is looked at later, if anybody listens.
    pub(super) fn ring(&self, stall: LogId) {
        let mut inner = self.inner();
        if inner.listeners > 0 {
            inner.rung.insert(stall);
            drop(inner);
            self.bell.send_modify(|rings| *rings += 1);
        }
    }

    /// Words from elsewhere may have been missed: what was shown before is looked at again.
    pub(super) fn ring_all(&self) {
        let mut inner = self.inner();
        let known: Vec<LogId> = inner.faces.keys().copied().collect();
        inner.rung.extend(known);
        drop(inner);
        self.bell.send_modify(|rings| *rings += 1);
    }

    /// One more listener; the answer says whether it has to see to it that somebody looks.
    pub(crate) fn join(&self) -> (watch::Receiver<u64>, bool) {
        let mut inner = self.inner();
        inner.listeners += 1;
        let must_watch = !std::mem::replace(&mut inner.is_watched, true);
        (self.latest.subscribe(), must_watch)
    }

    pub(crate) fn leave(&self) {
        let mut inner = self.inner();
        inner.listeners = inner.listeners.saturating_sub(1);
        drop(inner);
        // Whoever looks for nobody should notice.
        self.bell.send_modify(|rings| *rings += 1);
    }

    pub(crate) fn bell(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    /// Whether somebody still listens; if not, the watch ends here and what it knew is forgotten.
    pub(crate) fn is_wanted(&self) -> bool {
        let mut inner = self.inner();
        if inner.listeners == 0 {
            *inner = Inner::default();
        }
        inner.listeners > 0
    }

    /// Compares what rang with what was shown before, and tells the listeners.
    pub(crate) fn look(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let rung = std::mem::take(&mut self.inner().rung);
        let mut moved = Vec::new();
        for stall in rung {
            let face = match face(tx, stall) {
                Ok(face) => face,
                Err(error) => {
                    self.inner().rung.insert(stall);
                    return Err(error);
                }
            };
            // What nobody has looked at before may have moved.
            if self.inner().faces.insert(stall, face).flatten() != face {
                moved.push(stall);
            }
        }
        if !moved.is_empty() {
            let first = *self.latest.borrow() + 1;
            let numbered: Vec<(LogId, u64)> = moved.into_iter().zip(first..).collect();
            let last = numbered.last().map_or(first, |(_, number)| *number);
            self.inner().moved.extend(numbered);
            self.latest.send_replace(last);
        }
        Ok(())
    }

    /// Stalls that moved after this number, each once, and the number of the last.
    pub(crate) fn since(&self, number: u64) -> (Vec<LogId>, u64) {
        let inner = self.inner();
        let later: BTreeMap<u64, LogId> =
            inner.moved.iter().filter(|(_, at)| **at > number).map(|(stall, at)| (*at, *stall)).collect();
        let last = later.last_key_value().map_or(number, |(at, _)| *at);
        (later.into_values().collect(), last)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A short form of what everybody sees of a stall.
fn face(tx: &mut dyn Tx, stall: LogId) -> Result<Face, StoreError> {
    if rows::stall(tx, stall)?.is_none() {
        return Ok(None);
    }
    let mut hasher = Sha256::new();
    hasher.update(rows::goods(tx, stall)?.to_be_bytes());
    hasher.update([u8::from(read::stall_frozen(tx, stall)?)]);
    hasher.update(spots::featured_until_ms(tx, stall)?.to_be_bytes());
    for (product, quantity) in rows::in_pool(tx, stall)? {
        hasher.update(product.as_bytes());
        hasher.update(quantity.to_be_bytes());
    }
    Ok(Some(hasher.finalize().into()))
}
