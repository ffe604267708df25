//! What is in memory of every stall with a name: which products it offers, by name and by category, and the words
//! that find them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_projection::{folded, read};
use soko_record_log::{Dialect, StoreError, Tx};
use soko_search::Names;

use super::rows::{self, StallRow};

/// How long it believes that before it looks through all stalls again.
const BELIEVED_MS: i64 = 5_000;

/// A product of the market.
pub(super) type Key = (LogId, ProductId);

pub(super) struct Held {
    pub(super) stalls: BTreeMap<LogId, Stall>,
    /// All stalls by name.
    pub(super) stalls_by_name: BTreeSet<(String, LogId)>,
    /// All offers of the market by name.
    pub(super) by_name: BTreeSet<(Arc<str>, Key)>,
    pub(super) stall_names: Names<LogId>,
    pub(super) names: Names<Key>,
    /// When all stalls were looked at.
    looked_ms: i64,
}

pub(super) struct Stall {
    goods: i64,
    name: String,
    pub(super) is_frozen: bool,
    products: BTreeMap<ProductId, Product>,
    /// Its offers by name.
    pub(super) by_name: BTreeSet<(Arc<str>, ProductId)>,
}

struct Product {
    folded: Arc<str>,
    categories: Box<[ThingId]>,
}

impl Held {
    pub(super) fn load(tx: &mut dyn Tx, now_ms: i64) -> Result<Self, StoreError> {
        let mut held = Self {
            stalls: BTreeMap::new(),
            stalls_by_name: BTreeSet::new(),
            by_name: BTreeSet::new(),
            stall_names: Names::default(),
            names: Names::default(),
            looked_ms: now_ms,
        };
        held.refresh_all(tx, now_ms)?;
        Ok(held)
    }

    pub(super) fn refresh_all(&mut self, tx: &mut dyn Tx, now_ms: i64) -> Result<(), StoreError> {
        for (stall, goods) in rows::goods_of_all(tx)? {
            self.refresh_from(tx, stall, goods)?;
        }
        self.looked_ms = now_ms;
        Ok(())
    }

    pub(super) fn refresh(&mut self, tx: &mut dyn Tx, stall: LogId) -> Result<(), StoreError> {
        let goods = rows::goods(tx, stall)?;
        self.refresh_from(tx, stall, goods)
    }

    fn refresh_from(&mut self, tx: &mut dyn Tx, stall: LogId, goods: i64) -> Result<(), StoreError> {
        if let Some(known) = self.stalls.get_mut(&stall).filter(|known| known.goods == goods) {
            known.is_frozen = read::stall_frozen(tx, stall)?;
            return Ok(());
        }
        match rows::stall(tx, stall)? {
            Some(row) => self.take_stall(tx, row, goods),
            None => {
                self.drop_stall(stall);
                Ok(())
            }
        }
    }

    fn take_stall(&mut self, tx: &mut dyn Tx, row: StallRow, goods: i64) -> Result<(), StoreError> {
        let log = row.stall;
        let name = folded(&row.name);
        let mut stall = self.stalls.remove(&log).unwrap_or_else(Stall::empty);
        self.stalls_by_name.remove(&(stall.name, log));
        self.stalls_by_name.insert((name.clone(), log));
        self.stall_names.put(log, &format!("{} {} {}", row.name, row.place, row.description));
        let mut gone = std::mem::take(&mut stall.products);
        for offered in rows::offered(tx, log)? {
            let before = gone.remove(&offered.product);
            let is_same = before.as_ref().is_some_and(|before| *before.folded == *offered.folded);
            let categories = offered.categories.into();
            let product = match before.filter(|_| is_same) {
                Some(before) => Product { folded: before.folded, categories },
                None => Product { folded: offered.folded.as_str().into(), categories },
            };
            if !is_same {
                self.names.put((log, offered.product), &offered.name);
            }
            stall.products.insert(offered.product, product);
        }
        for product in gone.keys() {
            self.names.take_out((log, *product));
        }
        let now: BTreeSet<(Arc<str>, ProductId)> =
            stall.products.iter().map(|(product, held)| (Arc::clone(&held.folded), *product)).collect();
        for (name, product) in stall.by_name.difference(&now) {
            self.by_name.remove(&(Arc::clone(name), (log, *product)));
        }
        for (name, product) in now.difference(&stall.by_name) {
            self.by_name.insert((Arc::clone(name), (log, *product)));
        }
        let is_frozen = read::stall_frozen(tx, log)?;
        let stall = Stall { goods, name, is_frozen, products: stall.products, by_name: now };
        self.stalls.insert(log, stall);
        Ok(())
    }

    fn drop_stall(&mut self, log: LogId) {
        let Some(stall) = self.stalls.remove(&log) else { return };
        self.stalls_by_name.remove(&(stall.name, log));
        self.stall_names.take_out(log);
        for (name, product) in stall.by_name {
            self.by_name.remove(&(name, (log, product)));
            self.names.take_out((log, product));
        }
    }

    /// Whether a process that is not alone has believed what it heard for long enough.
    pub(super) fn is_unsure(&self, dialect: Dialect, now_ms: i64) -> bool {
        dialect == Dialect::Postgres && now_ms.saturating_sub(self.looked_ms) >= BELIEVED_MS
    }

    /// Whether a product is offered, and in this category if one is asked for.
    pub(super) fn is_in(&self, (log, product): Key, category: Option<ThingId>) -> bool {
        let found = self.stalls.get(&log).and_then(|stall| stall.products.get(&product));
        found.is_some_and(|found| category.is_none_or(|category| found.categories.contains(&category)))
    }
}

impl Stall {
    fn empty() -> Self {
        Self {
            goods: -1,
            name: String::new(),
            is_frozen: false,
            products: BTreeMap::new(),
            by_name: BTreeSet::new(),
        }
    }

    /// How many products it offers.
    pub(super) fn offers(&self) -> u32 {
        u32::try_from(self.products.len()).unwrap_or(u32::MAX)
    }

    /// How many of them are in each category.
    pub(super) fn categories(&self) -> BTreeMap<ThingId, u32> {
        let mut counts = BTreeMap::new();
        for category in self.products.values().flat_map(|product| product.categories.iter()) {
            *counts.entry(*category).or_insert(0) += 1;
        }
        counts
    }
}
