//! A market's own model: trained from its baskets and people, packed for devices, and compared with the one that is in use.

use std::collections::{BTreeMap, BTreeSet};

use super::ease::EaseParameters;
use super::follows::FollowsParameters;
use super::gate::{Gate, LIST, Tally};
use super::histories::Histories;
use super::ials::{Factors, IalsParameters};
use super::model::{Blend, Model, Parameters, Recency};
use super::seeds::Seeds;
use super::signals::{Deed, DeedWeights, Signal};
use super::together::together_of;
use super::told::told;
use super::traits::of_new;
use super::voices::{Rows, VOICES_MIN, Voices, voices_of};
use super::weighed::Weighed;
use super::{index, newcomers};
use crate::packed::{
    Contents, NEWCOMERS, Order, PACKED_BYTES_MAX, PACKED_PRODUCTS_MAX, Packed, Pair, ProductId, Unpackable,
    Wanted, pack_within,
};

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
pub(super) const TOGETHER_MAX: usize = 32;
/// Of the latest baskets one in so many is kept apart for comparing.
pub(super) const TEST_PART: usize = 10;
/// Fewer than this compare nothing.
pub(super) const TESTED_MIN: usize = 30;
/// What the row of newcomers may take: a number of up to three bytes and a weight for each that they are shown.
pub(super) const NEWCOMERS_BYTES_MAX: usize = 4 * 128;
/// Beyond so many spreads a difference is no chance.
pub(super) const SURE: f64 = 1.96;

/// What was bought: baskets of anybody, the oldest first, and what the same person bought and otherwise met over time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trade {
    /// The products that there are; what else is in a basket does not count.
    pub products: Vec<ProductId>,
    pub baskets: Vec<Vec<ProductId>>,
    /// Whose each basket was; nobody's at a counter, and nobody's where this is shorter.
    pub whose: Vec<Option<[u8; 16]>>,
    /// When each basket was bought, in hours since 1970; nothing where the baskets are in no time.
    pub hours: Vec<i64>,
    pub people: Vec<Vec<Signal<ProductId>>>,
    /// Who each of these people is, as `whose` says it; somebody else where this is shorter.
    pub persons: Vec<[u8; 16]>,
    /// Which stall sells a product, by any number; the others are all of one.
    pub stalls: BTreeMap<ProductId, u32>,
    /// What products are like, each trait a number: those share one that have the same category, word of the name or price band.
    pub traits: BTreeMap<ProductId, Vec<u32>>,
    /// What the deeds of `people` say: see `choose_weights`.
    pub weights: DeedWeights,
    /// When this is looked at.
    pub now_hour: i64,
}

/// The products as numbers. Factors learn from `weighed`, the rest from what was bought.
pub(super) struct Numbered {
    pub(super) ids: Vec<ProductId>,
    pub(super) baskets: Histories,
    /// Whose each of these is, as together() knows people.
    pub(super) whose: Vec<Option<u32>>,
    /// By how many people, or baskets of nobody's, each product was bought.
    pub(super) voices: Vec<u32>,
    /// What several people had together, as histories and as factors learn from it.
    pub(super) all: Histories,
    /// Whose each of the histories is.
    pub(super) all_voices: Vec<u32>,
    pub(super) weighed: Weighed,
    pub(super) traits: Vec<Vec<u32>>,
    /// What each person did, by number.
    pub(super) people: Vec<Vec<Signal<u32>>>,
}

impl Trade {
    /// Trains on everything and packs it.
    ///
    /// # Errors
    /// Where the model does not fit.
    pub fn train(&self, seed: u64) -> Result<Vec<u8>, Unpackable> {
        self.packed_of(&self.numbered(self.baskets.len(), self.weights), seed)
    }

    /// Trains on the older baskets, and asks this model and the one in use about the latest ones, and about what people bought since: only
    /// about those that the one in use did not learn from, so many of the latest. Where they are too few, it is not asked.
    ///
    /// # Errors
    /// Where the model does not fit.
    pub fn compare(&self, old: Option<(&Packed, usize)>, seed: u64) -> Result<Gate, Unpackable> {
        let part = self.baskets.len() / TEST_PART;
        let old = old.filter(|(_, unseen)| self.asked_about(part.min(*unseen)) >= TESTED_MIN);
        let part = old.map_or(part, |(_, unseen)| part.min(unseen));
        let old = old.map(|(old, _)| old);
        let before = self.baskets.len() - part;
        let bytes = self.packed_of(&self.numbered(before, self.weights), seed)?;
        // What was packed a moment ago can be read.
        let Ok(new) = Packed::read(&bytes) else { return Err(Unpackable::Unlike) };
        Ok(self.both_asked((&new, old), before, seed))
    }

    /// Of so many of the latest baskets, those that something can be taken out of.
    pub(super) fn asked_about(&self, latest: usize) -> usize {
        self.baskets.iter().rev().take(latest).filter(|basket| basket.len() > 1).count()
    }

    /// Asks both about the baskets behind so many, and about people since then.
    pub(super) fn both_asked(
        &self,
        (new, old): (&Packed, Option<&Packed>),
        before: usize,
        seed: u64,
    ) -> Gate {
        let (mut seeds, mut tally) = (Seeds::new(seed), Tally::default());
        for basket in self.baskets[before..].iter().filter(|basket| basket.len() > 1) {
            let place = seeds.below(u32::try_from(basket.len()).unwrap_or(u32::MAX));
            let mut rest = basket.clone();
            let taken = rest.remove(super::index(place));
            tally.count(hits(new, &rest, &taken), old.is_some_and(|old| hits(old, &rest, &taken)));
        }
        Gate { baskets: tally.compared(old.is_some()), for_you: self.for_you((new, old), before) }
    }

    /// People who bought more than one product.
    #[must_use]
    pub fn buyers(&self) -> usize {
        let bought = |did: &&Vec<Signal<ProductId>>| did.iter().filter(|it| it.deed == Deed::Bought).count();
        self.people.iter().filter(|did| bought(did) > 1).count()
    }

    /// Of so many baskets, and what people did before the others.
    pub(super) fn numbered(&self, before: usize, weights: DeedWeights) -> Numbered {
        let baskets = &self.baskets[..before];
        let ids = self.frequent(baskets);
        let mut learnt = Learnt::new(ids.len());
        let mut numbered = Histories::new(ids.len());
        let (mut known, mut whose) = (Voices::default(), Vec::with_capacity(before));
        let mut voices = Vec::with_capacity(before);
        let mut said = BTreeSet::new();
        for (at, basket) in baskets.iter().enumerate() {
            let mut basket: Vec<u32> = basket.iter().filter_map(|id| number(&ids, id)).collect();
            numbered.push(&basket);
            let who = self.whose.get(at).copied().flatten();
            let voice = known.of(who);
            whose.push(who.map(|_| voice));
            voices.push(voice);
            // Who buys the same every week says it once, as in a history.
            basket.retain(|product| who.is_none() || said.insert((voice, *product)));
            learnt.basket(&basket, voice);
        }
        let until = self.hours.get(before).copied().unwrap_or(i64::MAX);
        let mut people = Vec::with_capacity(self.people.len());
        for (at, signals) in self.people.iter().enumerate() {
            let did = signals.iter().filter(|signal| signal.hour < until);
            let did: Vec<Signal<u32>> =
                did.filter_map(|it| Some(it.numbered(number(&ids, &it.product)?))).collect();
            let row = weights.weigh(&did, ids.len(), self.now_hour.min(until));
            learnt.person((&did, row), known.of(self.persons.get(at).copied()));
            people.push(did);
        }
        let traits = ids.iter().map(|id| self.traits.get(id).cloned().unwrap_or_default()).collect();
        let (ends, had) = numbered.flat();
        let voices = voices_of(Rows { ends, had, voices: &voices, products: ids.len() });
        let (all, all_voices) = learnt.all.said_by_several(&learnt.all_voices);
        let weighed = learnt.weighed.said_by_several(&learnt.weighed_voices);
        Numbered { ids, baskets: numbered, whose, voices, all, all_voices, weighed, traits, people }
    }

    /// The products that a model has room for, those first that were bought most, and the row of newcomers.
    fn frequent(&self, baskets: &[Vec<ProductId>]) -> Vec<ProductId> {
        let mut ids = self.products.clone();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() >= PACKED_PRODUCTS_MAX {
            ids = Self::most_frequent(ids, baskets);
        }
        if let (false, Err(place)) = (ids.is_empty(), ids.binary_search(&NEWCOMERS)) {
            ids.insert(place, NEWCOMERS);
        }
        ids
    }

    fn most_frequent(ids: Vec<ProductId>, baskets: &[Vec<ProductId>]) -> Vec<ProductId> {
        let mut counts = vec![0u32; ids.len()];
        for at in baskets.iter().flatten().filter_map(|id| ids.binary_search(id).ok()) {
            counts[at] += 1;
        }
        let mut by_count: Vec<usize> = (0..ids.len()).collect();
        by_count.sort_unstable_by_key(|at| (std::cmp::Reverse(counts[*at]), *at));
        by_count.truncate(PACKED_PRODUCTS_MAX - 1);
        by_count.sort_unstable();
        by_count.into_iter().map(|at| ids[at]).collect()
    }

    fn packed_of(&self, numbered: &Numbered, seed: u64) -> Result<Vec<u8>, Unpackable> {
        let mut factors = Factors::train_weighed(&numbered.weighed, MARKET.ials, seed);
        for (product, numbers) in of_new(&factors, &numbered.weighed, &numbered.traits) {
            factors.put_new(product, &numbers);
        }
        let mut model = Model::around(factors, &numbered.all, MARKET);
        numbered.all.only_of_several(&numbered.all_voices, &mut model.ease);
        let mut together = together_of(&numbered.baskets, &numbered.whose, TOGETHER_MAX);
        together.iter_mut().flatten().for_each(|pair| *pair = told_pair(*pair));
        let contents = Contents {
            ids: &numbered.ids,
            model: &model,
            histories: &numbered.all,
            counts: &numbered.told(),
            together: &together,
        };
        let bytes = pack_within(&contents, PACKED_BYTES_MAX - NEWCOMERS_BYTES_MAX)?;
        let Ok(packed) = Packed::read(&bytes) else { return Err(Unpackable::Unlike) };
        let order = Order::of(&numbered.ids)?;
        let place = |product: u32| order.place[index(product)];
        Ok(newcomers::put(&packed, &self.newcomers(numbered), place).bytes())
    }
}

/// What factors and EASE learn from, before it is known what several people say.
struct Learnt {
    all: Histories,
    all_voices: Vec<u32>,
    weighed: Weighed,
    weighed_voices: Vec<u32>,
}

impl Learnt {
    fn new(products: usize) -> Self {
        let (all, weighed) = (Histories::new(products), Weighed::new(products));
        Self { all, all_voices: Vec::new(), weighed, weighed_voices: Vec::new() }
    }

    fn basket(&mut self, basket: &[u32], voice: u32) {
        if self.all.push_taste(basket) {
            self.all_voices.push(voice);
            self.weighed.push(self.all.row(self.all.rows() - 1).iter().map(|product| (*product, 1.0)));
            self.weighed_voices.push(voice);
        }
    }

    fn person(&mut self, (did, row): (&[Signal<u32>], Vec<(u32, f32)>), voice: u32) {
        let bought: Vec<u32> = did.iter().filter(|it| it.deed == Deed::Bought).map(|it| it.product).collect();
        if self.all.push_taste(&bought) {
            self.all_voices.push(voice);
        }
        if row.len() > 1 {
            self.weighed.push(row);
            self.weighed_voices.push(voice);
        }
    }
}

impl Numbered {
    /// In how many baskets each product was, as everybody is told.
    pub(super) fn told(&self) -> Vec<u32> {
        let counts = self.baskets.counts();
        let several = |it: (u32, &u32)| if *it.1 < VOICES_MIN { 0 } else { told(it.0) };
        counts.into_iter().zip(&self.voices).map(several).collect()
    }
}

pub(super) fn told_pair(pair: Pair) -> Pair {
    Pair { both: told(pair.both), ..pair }
}

pub(super) fn number(ids: &[ProductId], id: &ProductId) -> Option<u32> {
    u32::try_from(ids.binary_search(id).ok()?).ok()
}

/// A way to find what was taken out of a basket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// As devices suggest.
    Model,
    /// By what was bought together alone.
    Together,
    /// What most had, whatever is in the basket.
    Popular,
}

/// How often a way found what was taken out, and by how much that may be chance.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Found {
    pub tested: usize,
    pub found: f64,
    pub give_or_take: f64,
}

impl Trade {
    /// A model of all baskets but the latest tenth, and how many it learnt from.
    ///
    /// # Errors
    /// Where the model does not fit.
    pub fn held_out(&self, seed: u64) -> Result<(Vec<u8>, usize), Unpackable> {
        let before = self.baskets.len() - self.baskets.len() / TEST_PART;
        Ok((self.packed_of(&self.numbered(before, self.weights), seed)?, before))
    }

    /// Asks about the baskets behind so many: the same product of each is taken away for any way and model.
    #[must_use]
    pub fn ask(&self, (packed, way): (&Packed, Way), before: usize, seed: u64) -> Found {
        let mut seeds = Seeds::new(seed);
        let (mut tested, mut hits) = (0u32, 0u32);
        for basket in self.baskets.iter().skip(before).filter(|basket| basket.len() > 1) {
            let place = seeds.below(u32::try_from(basket.len()).unwrap_or(u32::MAX));
            let mut rest = basket.clone();
            let taken = rest.remove(super::index(place));
            tested += 1;
            hits += u32::from(hits_by(packed, way, (&rest, &taken)));
        }
        let found = f64::from(hits) / f64::from(tested.max(1));
        let give_or_take = SURE * (found * (1.0 - found) / f64::from(tested.max(1))).sqrt();
        Found { tested: super::index(tested), found, give_or_take }
    }
}

/// Whether a product is among the ten that go with the others.
fn hits(packed: &Packed, rest: &[ProductId], taken: &ProductId) -> bool {
    hits_by(packed, Way::Model, (rest, taken))
}

fn hits_by(packed: &Packed, way: Way, (rest, taken): (&[ProductId], &ProductId)) -> bool {
    let Some(taken) = packed.number(taken) else { return false };
    let basket: Vec<u32> = rest.iter().filter_map(|id| packed.number(id)).collect();
    let wanted = Wanted { count: LIST, may_show: &|it| !basket.contains(&it), explore: None };
    let mut found = match way {
        Way::Model | Way::Together => packed.goes_with(&basket, &wanted),
        Way::Popular => packed.suggest(&[], &wanted),
    };
    if way == Way::Model {
        found.extend(packed.suggest(&basket, &wanted));
    }
    found.iter().map(|it| it.product).take(LIST).any(|product| product == taken)
}
