//! A market's own model: trained from its baskets and people, packed for devices, and compared with the one that is in use.

use super::ease::EaseParameters;
use super::follows::FollowsParameters;
use super::histories::Histories;
use super::ials::IalsParameters;
use super::model::{Blend, Model, Parameters, Recency};
use super::seeds::Seeds;
use super::together::together;
use crate::packed::{Contents, PACKED_PRODUCTS_MAX, Packed, ProductId, Unpackable, Wanted, pack};

/// With so few factors 50,000 products fit into what a device keeps.
pub const MARKET: Parameters = Parameters {
    ials: IalsParameters {
        dimension: 20,
        sweeps: 8,
        steps: 3,
        unobserved: 0.3,
        regularisation: 0.01,
        exponent: 1.0,
    },
    ials_recency: Recency::NONE,
    ease: EaseParameters { regularisation: 200.0, products_max: 2_000, neighbours_max: 32 },
    ease_recency: Recency::NONE,
    follows: FollowsParameters {
        window: 1,
        keep: 1.0,
        backwards: 1.0,
        damping: 0.5,
        own_damping: 0.5,
        neighbours_max: 1,
    },
    follows_recency: Recency::NONE,
    blend: Blend { ials: 1.0, ease: 0.45, follows: 0.0, popular: 0.0 },
};

/// What is kept for each product of what was bought with it.
const TOGETHER_MAX: usize = 32;
/// Of the latest baskets one in so many is kept apart for comparing.
const TEST_PART: usize = 10;
/// Fewer than this compare nothing.
const TESTED_MIN: usize = 30;
/// How many are suggested when models are compared.
const LIST: usize = 10;
/// Beyond so many spreads a difference is no chance.
const SURE: f64 = 1.96;

/// What was bought: baskets of anybody, the oldest first, and what the same person had over time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trade {
    /// The products that there are; what else is in a basket does not count.
    pub products: Vec<ProductId>,
    pub baskets: Vec<Vec<ProductId>>,
    pub people: Vec<Vec<ProductId>>,
}

/// How often what was taken out of a basket was among the ten suggestions for the rest of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Compared {
    pub tested: usize,
    pub new: f64,
    /// Of the model that is in use, on the same baskets; none without one.
    pub old: Option<f64>,
    /// The difference may be this much smaller or larger.
    pub give_or_take: f64,
}

impl Compared {
    /// Worse by more than chance would explain.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.old.is_some_and(|old| self.new - old + self.give_or_take < 0.0)
    }
}

struct Numbered {
    ids: Vec<ProductId>,
    baskets: Histories,
    all: Histories,
}

impl Trade {
    /// Trains on everything and packs it.
    ///
    /// # Errors
    /// Where the model does not fit.
    pub fn train(&self, seed: u64) -> Result<Vec<u8>, Unpackable> {
        packed_of(&self.numbered(&self.baskets), seed)
    }

    /// Trains on the older baskets, and asks this model and the one in use about the latest ones: only about those that
    /// the one in use did not learn from, so many of the latest. Where they are too few, it is not asked.
    ///
    /// # Errors
    /// Where the model does not fit.
    pub fn compare(&self, old: Option<(&Packed, usize)>, seed: u64) -> Result<Compared, Unpackable> {
        let part = self.baskets.len() / TEST_PART;
        let old = old.filter(|(_, unseen)| part.min(*unseen) >= TESTED_MIN);
        let part = old.map_or(part, |(_, unseen)| part.min(unseen));
        let old = old.map(|(old, _)| old);
        let (before, latest) = self.baskets.split_at(self.baskets.len() - part);
        let bytes = packed_of(&self.numbered(before), seed)?;
        // What was packed a moment ago can be read.
        let Ok(new) = Packed::read(&bytes) else { return Err(Unpackable::Unlike) };
        let mut seeds = Seeds::new(seed);
        let (mut tested, mut new_hits, mut old_hits, mut differ) = (0u32, 0u32, 0u32, 0u32);
        for basket in latest.iter().filter(|basket| basket.len() > 1) {
            let place = seeds.below(u32::try_from(basket.len()).unwrap_or(u32::MAX));
            let mut rest = basket.clone();
            let taken = rest.remove(super::index(place));
            let new_hit = hits(&new, &rest, &taken);
            let old_hit = old.is_some_and(|old| hits(old, &rest, &taken));
            tested += 1;
            new_hits += u32::from(new_hit);
            old_hits += u32::from(old_hit);
            differ += u32::from(new_hit != old_hit);
        }
        let of = |hits: u32| f64::from(hits) / f64::from(tested.max(1));
        let (new, old) = (of(new_hits), old.map(|_| of(old_hits)));
        // The variance of a difference that is -1, 0 or 1 for each basket.
        let mean = old.map_or(0.0, |old| new - old);
        let variance = (of(differ) - mean * mean).max(0.0);
        let give_or_take = SURE * (variance / f64::from(tested.max(1))).sqrt();
        Ok(Compared { tested: super::index(tested), new, old, give_or_take })
    }

    fn numbered(&self, baskets: &[Vec<ProductId>]) -> Numbered {
        let mut ids = self.products.clone();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > PACKED_PRODUCTS_MAX {
            let mut counts = vec![0u32; ids.len()];
            for at in baskets.iter().flatten().filter_map(|id| ids.binary_search(id).ok()) {
                counts[at] += 1;
            }
            let mut by_count: Vec<usize> = (0..ids.len()).collect();
            by_count.sort_unstable_by_key(|at| (std::cmp::Reverse(counts[*at]), *at));
            by_count.truncate(PACKED_PRODUCTS_MAX);
            by_count.sort_unstable();
            ids = by_count.into_iter().map(|at| ids[at]).collect();
        }
        let number = |id: &ProductId| u32::try_from(ids.binary_search(id).ok()?).ok();
        let row = |ids: &Vec<ProductId>| ids.iter().filter_map(number).collect::<Vec<u32>>();
        let mut numbered = Histories::new(ids.len());
        let mut all = Histories::new(ids.len());
        for basket in baskets.iter().map(row) {
            numbered.push(&basket);
            if basket.len() > 1 {
                all.push(&basket);
            }
        }
        self.people.iter().map(row).filter(|had| had.len() > 1).for_each(|had| all.push(&had));
        Numbered { baskets: numbered, all, ids }
    }
}

fn packed_of(numbered: &Numbered, seed: u64) -> Result<Vec<u8>, Unpackable> {
    let model = Model::train(&numbered.all, MARKET, seed);
    pack(&Contents {
        ids: &numbered.ids,
        model: &model,
        histories: &numbered.all,
        counts: &numbered.baskets.counts(),
        together: &together(&numbered.baskets, TOGETHER_MAX),
    })
}

/// Whether a product is among the ten that go with the others.
fn hits(packed: &Packed, rest: &[ProductId], taken: &ProductId) -> bool {
    let Some(taken) = packed.number(taken) else { return false };
    let basket: Vec<u32> = rest.iter().filter_map(|id| packed.number(id)).collect();
    let wanted = Wanted { count: LIST, may_show: &|_| true, explore: None };
    let mut found = packed.goes_with(&basket, &wanted);
    found.extend(packed.suggest(&basket, &wanted));
    found.iter().map(|it| it.product).take(LIST).any(|product| product == taken)
}
