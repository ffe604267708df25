//! The market as everybody sees it: names in memory for finding, rows from the tables for showing.
//!
//! Every process keeps its own index of names, because typing errors are forgiven by comparing with all words
//! there are, which no index of a database does the same way on both engines. It costs some two hundred bytes
//! for each product. What is shown always comes from the tables: the memory only says which rows, so a copy
//! that is a moment old can show a product late, and never one that is not on offer any more.

mod answers;
mod held;
mod news;
mod rows;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use soko_app_api::{MarketQuery, MarketView};
use soko_domain::ids::LogId;
use soko_record_log::{Dialect, StoreError, Tx};

use held::Held;
pub use news::News;
pub(crate) use rows::{categories, note_goods, pictures, things};

/// How long a process that is not alone believes what it heard before it looks through all stalls again.
const BELIEVED_MS: i64 = 5_000;

/// One per process.
#[derive(Default)]
pub struct Market {
    /// Stalls that moved since they were looked at.
    doubtful: Mutex<Doubtful>,
    held: Mutex<Option<Held>>,
    pub(crate) news: News,
}

#[derive(Default)]
struct Doubtful {
    stalls: BTreeSet<LogId>,
    everything: bool,
}

impl Market {
    /// A stall's log moved, and what moved it is committed.
    pub fn doubt(&self, stall: LogId) {
        lock(&self.doubtful).stalls.insert(stall);
        self.news.ring(stall);
    }

    /// Words from another process may have been missed.
    pub fn doubt_everything(&self) {
        lock(&self.doubtful).everything = true;
    }

    /// Has to be the first thing in its transaction: what is doubted now is then seen as it is now.
    pub fn answer(
        &self,
        tx: &mut dyn Tx,
        query: &MarketQuery,
        now_ms: i64,
    ) -> Result<MarketView, StoreError> {
        let wanted = {
            let held = self.refreshed(tx, now_ms)?;
            held.as_ref().map(|held| answers::wanted(held, query))
        };
        // Rows are read without holding anybody else up.
        wanted.map_or(Ok(MarketView::Missing), |wanted| answers::read(tx, wanted, now_ms))
    }

    /// Reads what is not in memory yet; the first question would otherwise wait for it.
    pub fn warm(&self, tx: &mut dyn Tx, now_ms: i64) -> Result<(), StoreError> {
        self.refreshed(tx, now_ms).map(drop)
    }

    fn refreshed(&self, tx: &mut dyn Tx, now_ms: i64) -> Result<MutexGuard<'_, Option<Held>>, StoreError> {
        let mut held = lock(&self.held);
        let doubtful = std::mem::take(&mut *lock(&self.doubtful));
        if let Err(error) = bring_up_to_date(&mut held, tx, &doubtful, now_ms) {
            let mut again = lock(&self.doubtful);
            again.stalls.extend(doubtful.stalls);
            again.everything |= doubtful.everything;
            return Err(error);
        }
        Ok(held)
    }
}

fn bring_up_to_date(
    held: &mut Option<Held>,
    tx: &mut dyn Tx,
    doubtful: &Doubtful,
    now_ms: i64,
) -> Result<(), StoreError> {
    let Some(held) = held else {
        *held = Some(Held::load(tx, now_ms)?);
        return Ok(());
    };
    let is_old = now_ms.saturating_sub(held.looked_ms) >= BELIEVED_MS;
    if doubtful.everything || (tx.dialect() == Dialect::Postgres && is_old) {
        return held.refresh_all(tx, now_ms);
    }
    doubtful.stalls.iter().try_for_each(|stall| held.refresh(tx, *stall))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
