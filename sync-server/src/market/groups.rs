//! Categories of the whole market: each stall names its own, and the same name at several stalls is one.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{Browse, CategoryAt, MarketCategory, Place, order, slug};
use soko_domain::ids::LogId;

use super::held::{Held, Key, Product};
use super::rows::Lowered;

/// Categories that are told, those with most offers first; and stalls of one.
const TOLD_MAX: usize = 100;
const STALLS_TOLD_MAX: usize = 200;
/// Offers that are looked through for those in stock.
pub(super) const SCANNED_MAX: usize = 4_096;

/// Made once for what is in memory.
#[derive(Default)]
pub(super) struct Groups {
    /// With most offers first.
    told: Vec<MarketCategory>,
    by_slug: BTreeMap<String, BTreeSet<CategoryAt>>,
}

impl Groups {
    pub(super) fn of(held: &Held) -> Self {
        let mut all: BTreeMap<String, MarketCategory> = BTreeMap::new();
        let mut by_slug: BTreeMap<String, BTreeSet<CategoryAt>> = BTreeMap::new();
        for (stall, known) in &held.stalls {
            let counts = known.categories();
            for (category, name) in &known.category_names {
                let Some(offers) = counts.get(category) else { continue };
                let slug = slug(&soko_search::fold(name));
                if slug.is_empty() {
                    continue;
                }
                let at = CategoryAt { stall: *stall, category: *category };
                let group = all.entry(slug.clone()).or_insert_with(|| MarketCategory {
                    slug: slug.clone(),
                    name: name.clone(),
                    offers: 0,
                    at: Vec::new(),
                });
                group.offers = group.offers.saturating_add(*offers);
                if group.at.len() < STALLS_TOLD_MAX {
                    group.at.push(at);
                }
                by_slug.entry(slug).or_default().insert(at);
            }
        }
        let mut told: Vec<MarketCategory> = all.into_values().collect();
        told.sort_by(|one, other| other.offers.cmp(&one.offers).then_with(|| one.slug.cmp(&other.slug)));
        told.truncate(TOLD_MAX);
        Self { told, by_slug }
    }

    pub(super) fn told(&self) -> Vec<MarketCategory> {
        self.told.clone()
    }

    /// What is asked for, in its order: at least `wanted` of it, if there is as much. Nothing of a category that nobody has.
    pub(super) fn find(
        &self,
        held: &Held,
        browse: &Browse,
        (wanted, now_ms): (usize, i64),
    ) -> Option<Vec<Key>> {
        let mut found: Vec<(Key, &Product)> = Vec::new();
        if browse.category.is_empty() {
            for (log, stall) in &held.stalls {
                found.extend(stall.products().map(|(product, held)| ((*log, *product), held)));
            }
        } else {
            let mut seen: BTreeSet<Key> = BTreeSet::new();
            for at in self.by_slug.get(&browse.category)? {
                let Some(stall) = held.stalls.get(&at.stall) else { continue };
                let is_in = |held: &&Product| held.categories.contains(&at.category);
                for (product, held) in stall.products().filter(|(_, held)| is_in(held)) {
                    let key: (LogId, _) = (at.stall, *product);
                    if seen.insert(key) {
                        found.push((key, held));
                    }
                }
            }
        }
        found.retain(|((stall, _), held)| {
            let was_minor = held.lowered().was_minor(now_ms);
            browse.admits(*stall, held.prices(), &held.currency) && browse.sort.admits(was_minor)
        });
        // A variant is left out where its product stands in the same list.
        let families: BTreeSet<Key> =
            found.iter().filter(|(_, held)| held.family.is_some()).map(|(key, _)| *key).collect();
        found.retain(|((stall, _), held)| {
            held.variant_of.is_none_or(|product| !families.contains(&(*stall, product)))
        });
        let before = |one: &(Key, &Product), other: &(Key, &Product)| {
            let (first, second) = (held.place(one.0, one.1, now_ms), held.place(other.0, other.1, now_ms));
            order(browse.sort, &first, &second).then(one.0.cmp(&other.0))
        };
        // Only what is shown need stand in order.
        if wanted < found.len() {
            found.select_nth_unstable_by(wanted, before);
            found.truncate(wanted);
        }
        found.sort_by(before);
        Some(found.into_iter().map(|(key, _)| key).collect())
    }
}

impl Product {
    /// The lowest and the highest price, of all variants where it has some.
    fn prices(&self) -> (i64, i64) {
        let family = self.family.as_ref();
        family.map_or((self.price_minor, self.price_minor), |family| (family.least_minor, family.most_minor))
    }

    fn lowered(&self) -> Lowered {
        self.family.as_ref().map_or(self.lowered, |family| family.lowered)
    }
}

impl Held {
    fn place<'a>(&self, key: Key, product: &'a Product, now_ms: i64) -> Place<'a> {
        Place {
            name: &product.folded,
            currency: &product.currency,
            price_minor: product.prices().0,
            was_minor: product.lowered().was_minor(now_ms),
            rating: product.family.as_ref().map_or(product.rating, |family| family.rating),
            added_ms: product.added_ms,
            popular: self.popular(key),
        }
    }
}
