//! One reading of the market's figures for all who look at as many days: however many pages are open, the rows are added up once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::MarketFigures;

/// A reading is kept for each number of days that anybody asked for; there are [`super::DAYS_MAX`] of them.
#[derive(Default)]
pub(crate) struct Shared(Mutex<BTreeMap<u16, Place>>);

/// Whoever holds it reads; whoever waits for it gets what was read.
pub(crate) type Place = Arc<tokio::sync::Mutex<Option<Reading>>>;

#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) figures: Arc<MarketFigures>,
    /// What had been told of all stalls before it was read.
    pub(crate) told: u64,
    /// From then on other days are meant.
    pub(crate) ends_ms: i64,
    /// What moves earlier is read together.
    pub(crate) next: Instant,
}

impl Shared {
    pub(crate) fn of(&self, days: u16) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(days).or_default())
    }
}

impl Reading {
    /// Whether nothing was told since, and it is of the days that are meant now.
    pub(crate) fn is_current(&self, told: u64, now_ms: i64) -> bool {
        self.told == told && (self.figures.at_ms..self.ends_ms).contains(&now_ms)
    }
}
