//! The market as everybody sees it: names in memory for finding, rows from the tables for showing.
//!
//! Every process keeps its own index of names, because typing errors are forgiven by comparing with all words
//! there are, which no index of a database does the same way on both engines. It costs some two hundred bytes
//! for each product. What is shown comes from the tables: the memory only says which rows, so a copy that is a
//! moment old can show a product late, and never one that is not on offer any more. But how many offers a stall has,
//! and its picture, are the memory's, and on PostgreSQL up to five seconds old where another process wrote.

mod answers;
mod groups;
mod held;
mod lowered;
mod news;
mod rows;
mod spots;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use soko_app_api::{MarketQuery, MarketView};
use soko_domain::ids::LogId;
use soko_record_log::{Dialect, StoreError, Tx};

use answers::Wanted;
use held::Held;
pub use news::News;
pub(crate) use rows::{Edited, categories, deal_told, note_edited, note_goods, pictures, things};
pub(crate) use spots::{Featuring, feature, featured, named, unfeature};

/// One per process.
#[derive(Default)]
pub struct Market {
    /// Stalls that moved since they were looked at.
    doubtful: Mutex<Doubtful>,
    held: RwLock<Option<Held>>,
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
        self.news.ring_all();
    }

    /// Answers, in their order. Has to be the first thing in its transaction, and once: only then is what is doubted
    /// now seen as it is now.
    pub fn answer(
        &self,
        tx: &mut dyn Tx,
        queries: &[MarketQuery],
        now_ms: i64,
    ) -> Result<Vec<MarketView>, StoreError> {
        let wanted: Vec<Wanted> = {
            let held = self.refreshed(tx, now_ms)?;
            let wanted =
                |query| held.as_ref().map_or(Wanted::Missing, |held| answers::wanted(held, query, now_ms));
            queries.iter().map(wanted).collect()
        };
        // Rows are read without holding anybody else up.
        let mut views = wanted
            .into_iter()
            .map(|wanted| answers::read(tx, wanted, now_ms))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(held) = &*self.held.read().unwrap_or_else(PoisonError::into_inner) {
            views.iter_mut().for_each(|view| answers::show_goods(held, view));
        }
        Ok(views)
    }

    /// Reads what is not in memory yet; the first question would otherwise wait for it.
    pub fn warm(&self, tx: &mut dyn Tx, now_ms: i64) -> Result<(), StoreError> {
        self.refreshed(tx, now_ms).map(drop)
    }

    /// Many may look at the same time; whoever brings it up to date is alone.
    fn refreshed(
        &self,
        tx: &mut dyn Tx,
        now_ms: i64,
    ) -> Result<RwLockReadGuard<'_, Option<Held>>, StoreError> {
        if self.is_old(tx.dialect(), now_ms) {
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            // Taken only now: whoever finds nothing to doubt waits until this is done.
            let doubtful = std::mem::take(&mut *lock(&self.doubtful));
            if let Err(error) = bring_up_to_date(&mut held, tx, &doubtful, now_ms) {
                let mut again = lock(&self.doubtful);
                again.stalls.extend(doubtful.stalls);
                again.everything |= doubtful.everything;
                return Err(error);
            }
        }
        Ok(self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_old(&self, dialect: Dialect, now_ms: i64) -> bool {
        let doubtful = lock(&self.doubtful);
        if doubtful.everything || !doubtful.stalls.is_empty() {
            return true;
        }
        drop(doubtful);
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().is_none_or(|held| held.is_unsure(dialect, now_ms) || held.is_count_old(now_ms))
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
    if held.is_count_old(now_ms) {
        held.count(tx, now_ms)?;
    }
    if doubtful.everything || held.is_unsure(tx.dialect(), now_ms) {
        return held.refresh_all(tx, now_ms);
    }
    doubtful.stalls.iter().try_for_each(|stall| held.refresh(tx, *stall))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
