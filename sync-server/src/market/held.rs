//! What is in memory of every stall with a name: which products it offers, by name and by category, and the words
//! that find them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use soko_app_api::Rating;
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_projection::{figures, folded, read};
use soko_record_log::{Dialect, StoreError, Tx};
use soko_search::Names;

use super::groups::Groups;
use super::rows::{self, Lowered, StallRow};

/// How long it believes that before it looks through all stalls again.
const BELIEVED_MS: i64 = 5_000;
/// How long what is bought most is believed, and over how many months it is counted.
const POPULAR_MS: i64 = 15 * 60_000;
const POPULAR_MONTHS: i32 = 3;
const MS_PER_DAY: i64 = 86_400_000;

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
    /// Of a hundred products, how many are bought less often; and when that was counted.
    popular: BTreeMap<Key, u8>,
    counted_ms: i64,
    groups: OnceLock<Groups>,
}

pub(super) struct Stall {
    goods: i64,
    name: String,
    /// Its own categories by what they are called.
    pub(super) category_names: BTreeMap<ThingId, String>,
    pub(super) is_frozen: bool,
    products: BTreeMap<ProductId, Product>,
    /// Which of them are variants of what.
    variants: BTreeMap<ProductId, Vec<ProductId>>,
    pub(super) shown: Shown,
    /// Its offers by name.
    pub(super) by_name: BTreeSet<(Arc<str>, ProductId)>,
}

/// What its goods say of a stall wherever it is shown.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown {
    /// How many products it offers, a family as one.
    pub(super) offers: u32,
    /// The first one of its first offer that has one.
    pub(super) picture: Option<Hash>,
}

pub(super) struct Product {
    pub(super) folded: Arc<str>,
    pub(super) categories: Box<[ThingId]>,
    pub(super) variant_of: Option<ProductId>,
    /// Only where it has variants.
    pub(super) family: Option<Box<Family>>,
    pub(super) price_minor: i64,
    pub(super) currency: Arc<str>,
    pub(super) rating: Rating,
    pub(super) added_ms: i64,
    pub(super) lowered: Lowered,
}

/// What of a family decides where its product stands. How many there are of each is not in memory: the cheapest may be
/// sold out.
pub(super) struct Family {
    pub(super) least_minor: i64,
    pub(super) most_minor: i64,
    /// Of the cheapest.
    pub(super) lowered: Lowered,
    pub(super) rating: Rating,
}

/// Which offers of a list without a text.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    pub(super) category: Option<ThingId>,
    pub(super) families: bool,
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
            popular: BTreeMap::new(),
            counted_ms: 0,
            groups: OnceLock::new(),
        };
        held.refresh_all(tx, now_ms)?;
        held.count(tx, now_ms)?;
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
                self.groups = OnceLock::new();
                Ok(())
            }
        }
    }

    /// Counts what is bought most.
    pub(super) fn count(&mut self, tx: &mut dyn Tx, now_ms: i64) -> Result<(), StoreError> {
        let today = i32::try_from(now_ms.div_euclid(MS_PER_DAY)).unwrap_or(0);
        let sold = rows::sold(tx, figures::month(today) - POPULAR_MONTHS + 1)?;
        let (all, mut below, mut last) = (sold.len().max(1), 0, None);
        self.popular.clear();
        for (at, (key, lines)) in sold.into_iter().enumerate() {
            // What sold equally often is equally popular.
            if last != Some(lines) {
                (below, last) = (at, Some(lines));
            }
            self.popular.insert(key, u8::try_from(1 + below * 99 / all).unwrap_or(u8::MAX));
        }
        // A product is as popular as what is bought of it.
        for (stall, known) in &self.stalls {
            for (product, variants) in &known.variants {
                let most = variants.iter().chain([product]).filter_map(|it| self.popular.get(&(*stall, *it)));
                if let Some(most) = most.max().copied() {
                    self.popular.insert((*stall, *product), most);
                }
            }
        }
        self.counted_ms = now_ms;
        Ok(())
    }

    pub(super) fn is_count_old(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.counted_ms) >= POPULAR_MS
    }

    pub(super) fn popular(&self, key: Key) -> u8 {
        self.popular.get(&key).copied().unwrap_or(0)
    }

    pub(super) fn groups(&self) -> &Groups {
        self.groups.get_or_init(|| Groups::of(self))
    }

    fn take_stall(&mut self, tx: &mut dyn Tx, row: StallRow, goods: i64) -> Result<(), StoreError> {
        let log = row.stall;
        self.groups = OnceLock::new();
        let category_names = rows::categories(tx, log)?.into_iter().collect();
        // Most goods of a stall have one currency.
        let mut currency: Arc<str> = row.currency.as_str().into();
        let name = folded(&row.name);
        let mut stall = self.stalls.remove(&log).unwrap_or_else(Stall::empty);
        self.stalls_by_name.remove(&(stall.name, log));
        self.stalls_by_name.insert((name.clone(), log));
        self.stall_names.put(log, &format!("{} {} {}", row.name, row.place, row.description));
        let mut gone = std::mem::take(&mut stall.products);
        let mut pictures = Vec::new();
        for offered in rows::offered(tx, log)? {
            let before = gone.remove(&offered.product);
            let is_same = before.as_ref().is_some_and(|before| *before.folded == *offered.folded);
            if *currency != *offered.currency {
                currency = offered.currency.as_str().into();
            }
            let folded = match before.filter(|_| is_same) {
                Some(before) => before.folded,
                None => offered.folded.as_str().into(),
            };
            pictures.extend(offered.picture.map(|picture| ((Arc::clone(&folded), offered.product), picture)));
            let product = Product {
                folded,
                categories: offered.categories.into(),
                variant_of: offered.variant_of,
                family: None,
                price_minor: offered.price_minor,
                currency: Arc::clone(&currency),
                rating: offered.rating,
                added_ms: offered.added_ms,
                lowered: offered.lowered,
            };
            if !is_same {
                self.names.put((log, offered.product), &offered.name);
            }
            stall.products.insert(offered.product, product);
        }
        for product in gone.keys() {
            self.names.take_out((log, *product));
        }
        let variants = join_families(&mut stall.products);
        let now: BTreeSet<(Arc<str>, ProductId)> =
            stall.products.iter().map(|(product, held)| (Arc::clone(&held.folded), *product)).collect();
        for (name, product) in stall.by_name.difference(&now) {
            self.by_name.remove(&(Arc::clone(name), (log, *product)));
        }
        for (name, product) in now.difference(&stall.by_name) {
            self.by_name.insert((Arc::clone(name), (log, *product)));
        }
        let is_frozen = read::stall_frozen(tx, log)?;
        let products = stall.products;
        let shown = Shown { offers: 0, picture: pictures.into_iter().min().map(|(_, picture)| picture) };
        let mut stall =
            Stall { goods, name, category_names, is_frozen, products, variants, shown, by_name: now };
        let of = Listed { category: None, families: true };
        let offers = stall.products.values().filter(|product| stall.is_listed(product, of)).count();
        stall.shown.offers = u32::try_from(offers).unwrap_or(u32::MAX);
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

    /// Whether a product is offered and stands in such a list.
    pub(super) fn is_listed(&self, (log, product): Key, of: Listed) -> bool {
        let stall = self.stalls.get(&log);
        stall.is_some_and(|stall| {
            stall.products.get(&product).is_some_and(|product| stall.is_listed(product, of))
        })
    }

    /// The product that it is a variant of, whether that is offered or not.
    pub(super) fn product_of(&self, (log, product): Key) -> Option<Key> {
        let found = self.stalls.get(&log)?.products.get(&product)?;
        found.variant_of.map(|product| (log, product))
    }

    /// All variants of a product that are offered.
    pub(super) fn variants(&self, (log, product): Key) -> &[ProductId] {
        let stall = self.stalls.get(&log);
        stall.and_then(|stall| stall.variants.get(&product)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Tells each product what its variants come to. A product that is a variant itself stands for none.
fn join_families(products: &mut BTreeMap<ProductId, Product>) -> BTreeMap<ProductId, Vec<ProductId>> {
    let mut variants: BTreeMap<ProductId, Vec<ProductId>> = BTreeMap::new();
    for (id, product) in &*products {
        if let Some(of) = product.variant_of {
            variants.entry(of).or_default().push(*id);
        }
    }
    for (product, variants) in &variants {
        let Some(itself) = products.get(product).filter(|itself| itself.variant_of.is_none()) else {
            continue;
        };
        let mut family: Option<Family> = None;
        for variant in variants.iter().filter_map(|variant| products.get(variant)) {
            let so_far = family.get_or_insert(Family {
                least_minor: variant.price_minor,
                most_minor: variant.price_minor,
                lowered: variant.lowered,
                rating: itself.rating,
            });
            if variant.price_minor < so_far.least_minor {
                (so_far.least_minor, so_far.lowered) = (variant.price_minor, variant.lowered);
            }
            so_far.most_minor = so_far.most_minor.max(variant.price_minor);
            so_far.rating.reviews = so_far.rating.reviews.saturating_add(variant.rating.reviews);
            so_far.rating.stars = so_far.rating.stars.saturating_add(variant.rating.stars);
        }
        if let Some(itself) = products.get_mut(product) {
            itself.family = family.map(Box::new);
        }
    }
    variants
}

impl Stall {
    fn empty() -> Self {
        Self {
            goods: -1,
            name: String::new(),
            category_names: BTreeMap::new(),
            is_frozen: false,
            products: BTreeMap::new(),
            variants: BTreeMap::new(),
            shown: Shown::default(),
            by_name: BTreeSet::new(),
        }
    }

    pub(super) fn products(&self) -> impl Iterator<Item = (&ProductId, &Product)> {
        self.products.iter()
    }

    /// A variant is left out where its product stands in the same list.
    fn is_listed(&self, product: &Product, of: Listed) -> bool {
        let is_in =
            |product: &Product| of.category.is_none_or(|category| product.categories.contains(&category));
        let stands_for = |itself: &&Product| itself.variant_of.is_none() && is_in(itself);
        let itself = product.variant_of.filter(|_| of.families).and_then(|itself| self.products.get(&itself));
        is_in(product) && itself.filter(stands_for).is_none()
    }

    /// How many of them are in each category.
    pub(super) fn categories(&self) -> BTreeMap<ThingId, u32> {
        let mut counts = BTreeMap::new();
        for product in self.products.values() {
            for category in &product.categories {
                if self.is_listed(product, Listed { category: Some(*category), families: true }) {
                    *counts.entry(*category).or_insert(0) += 1;
                }
            }
        }
        counts
    }
}
