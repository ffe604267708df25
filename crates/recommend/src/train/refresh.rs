//! A model that follows from the one in use: what happened since is folded into the products that it concerns, and all others
//! stay as they are, to the last byte.
//!
//! Not a training: how people are found (the squares of all factors) and what the parts weigh stay as the parent has them, and so
//! does EASE where nobody bought. What drifts is set right by the next training.

use std::collections::BTreeMap;

use super::gate::Gate;
use super::histories::index;
use super::ials::{Factors, IalsParameters};
use super::market::{MARKET, Numbered, TEST_PART, TESTED_MIN, TOGETHER_MAX, Trade, told_pair};
use super::newcomers;
use super::signals::Signal;
use super::together::together_with;
use super::traits::of_new;
use crate::packed::{
    NEWCOMERS, Order, PACKED_BYTES_MAX, Packed, Pair, Row, Unpackable, exponent, scale, whole,
};

/// Neighbours of a product that changed: as many as training keeps.
const NEAR_MAX: usize = MARKET.ease.neighbours_max;

/// What the parent did not learn from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Since {
    /// So many of the latest baskets.
    pub baskets: usize,
    /// What people did in this hour or later.
    pub hour: i64,
}

impl Trade {
    /// The parent with what happened since; its own bytes where nothing did.
    ///
    /// # Errors
    /// Where the model does not fit.
    pub fn refresh(&self, parent: &Packed, since: Since) -> Result<Vec<u8>, Unpackable> {
        self.refreshed(parent, since, self.baskets.len())
    }

    /// Asks the refreshed model and its parent about the later half of what is new, at most a tenth of all: refreshed with the rest. As
    /// in `compare`, too few of them are not asked about.
    ///
    /// # Errors
    /// Where the model does not fit.
    pub fn compare_refreshed(&self, parent: &Packed, since: Since, seed: u64) -> Result<Gate, Unpackable> {
        let half = (since.baskets / 2).min(self.baskets.len() / TEST_PART);
        let old = (self.asked_about(half) >= TESTED_MIN).then_some(parent);
        let before = self.baskets.len() - half;
        let earlier = Since { baskets: since.baskets - half, ..since };
        let bytes = self.refreshed(parent, earlier, before)?;
        let Ok(new) = Packed::read(&bytes) else { return Err(Unpackable::Unlike) };
        Ok(self.both_asked((&new, old), before, seed))
    }

    fn refreshed(&self, parent: &Packed, since: Since, before: usize) -> Result<Vec<u8>, Unpackable> {
        if parent.dimension() != MARKET.ials.dimension {
            return Err(Unpackable::Unlike);
        }
        let numbered = self.numbered(before, self.weights);
        let order = Order::of(&numbered.ids)?;
        let known: Vec<Option<u32>> = numbered.ids.iter().map(|id| parent.number(id)).collect();
        let mut changed = self.met_since(&numbered, since);
        for (changed, known) in changed.iter_mut().zip(&known) {
            *changed |= known.is_none();
        }
        let which: Vec<usize> = (0..changed.len()).filter(|at| changed[*at]).collect();
        let factors = factors(parent, &numbered, &known, &which);
        let pairs = together_with((&numbered.baskets, &numbered.whose), which.iter().copied(), TOGETHER_MAX);
        let (counts, told) = (numbered.baskets.counts(), numbered.told());
        let new_counts = new_counts(&numbered, since.baskets);
        let moved = moved(&known, &order);
        let again = Again { parent, order: &order, known: &known, moved: &moved, strength: strength(parent) };
        let mut rows: Vec<Option<Row>> = vec![None; numbered.ids.len()];
        for (at, pairs) in which.iter().zip(&pairs) {
            let counts = Counts { new: new_counts[*at], all: counts[*at], told: told[*at] };
            rows[*at] = Some(again.row(*at, factors.product(*at), counts, pairs));
        }
        if let Ok(at) = numbered.ids.binary_search(&NEWCOMERS) {
            let empty = again.row(at, &vec![0.0; parent.dimension()], Counts::default(), &[]);
            let place = |product: u32| order.place[index(product)];
            rows[at] = Some(newcomers::row_of(&self.newcomers(&numbered), place, empty));
        }
        // What was not met: as it was, with the numbers of today.
        let rows = order.sorted.iter().filter_map(|(fingerprint, at)| {
            let row = rows[*at].take().or_else(|| {
                let row = parent.row_of(index(known[*at]?));
                Some(row.renumbered(|it| moved.get(&it).copied()))
            })?;
            Some(Row { fingerprint: *fingerprint, ..row })
        });
        let rows = rows.collect();
        fitting(parent, order.salt, rows)
    }

    /// The products that somebody bought or otherwise met since then. Whoever says nothing of taste says nothing here, either.
    fn met_since(&self, numbered: &Numbered, since: Since) -> Vec<bool> {
        let mut met = vec![false; numbered.ids.len()];
        let first = numbered.baskets.rows().saturating_sub(since.baskets);
        for product in (first..numbered.baskets.rows()).flat_map(|row| numbered.baskets.row(row)) {
            met[index(*product)] = true;
        }
        for signals in &numbered.people {
            let is_new = |it: &&Signal<u32>| it.hour >= since.hour;
            if !signals.iter().any(|it| is_new(&it)) {
                continue;
            }
            let row = self.weights.weigh(signals, numbered.ids.len(), self.now_hour);
            for it in signals.iter().filter(is_new) {
                met[index(it.product)] |= row.len() > 1 && row.iter().any(|known| known.0 == it.product);
            }
        }
        met
    }
}

/// The parent's factors, and those of what changed found again: from who met it, else from what it is like.
fn factors(parent: &Packed, numbered: &Numbered, known: &[Option<u32>], which: &[usize]) -> Factors {
    let [unobserved, regularisation, exponent] = parent.trained_with();
    let dimension = parent.dimension();
    let ials = IalsParameters { dimension, unobserved, regularisation, exponent, ..MARKET.ials };
    let row = |known: &Option<u32>| match known {
        Some(at) => parent.factors_of(index(*at)).collect(),
        None => vec![0.0; dimension],
    };
    let rows: Vec<Vec<f32>> = known.iter().map(row).collect();
    let mut factors = Factors::known(ials, rows.iter().map(Vec::as_slice), parent.gram());
    factors.find_again(&numbered.weighed, which);
    for (product, numbers) in of_new(&factors, &numbered.weighed, &numbered.traits) {
        if which.binary_search(&product).is_ok() {
            factors.put_new(product, &numbers);
        }
    }
    factors
}

/// In how many of the latest baskets each product is.
fn new_counts(numbered: &Numbered, latest: usize) -> Vec<u32> {
    let mut counts = vec![0; numbered.ids.len()];
    let baskets = &numbered.baskets;
    for product in (baskets.rows().saturating_sub(latest)..baskets.rows()).flat_map(|row| baskets.row(row)) {
        counts[index(*product)] += 1;
    }
    counts
}

/// What a neighbour weighs for each part of the baskets that both are in, as the parent has it.
fn strength(parent: &Packed) -> f32 {
    let (mut weights, mut parts) = (0.0, 0.0);
    for at in 0..parent.products() {
        let row = parent.row_of(at);
        for (other, both) in &row.together {
            let near = row.near.binary_search_by_key(other, |it| it.0).map_or(0, |it| row.near[it].1);
            weights += row.near_scale * f32::from(near);
            parts += *both as f32 / row.count.max(1) as f32;
        }
    }
    if parts > 0.0 { (weights / parts).max(0.0) } else { 0.0 }
}

/// From the parent's numbers to those of today.
fn moved(known: &[Option<u32>], order: &Order) -> BTreeMap<u32, u32> {
    known.iter().zip(&order.place).filter_map(|(known, to)| Some(((*known)?, *to))).collect()
}

/// In how many baskets a product is: new ones, all, and as everybody is told.
#[derive(Clone, Copy, Default)]
struct Counts {
    new: u32,
    all: u32,
    told: u32,
}

/// Rows that are made again.
struct Again<'a> {
    parent: &'a Packed,
    order: &'a Order,
    /// Each product's number in the parent.
    known: &'a [Option<u32>],
    moved: &'a BTreeMap<u32, u32>,
    strength: f32,
}

impl Again<'_> {
    fn row(&self, at: usize, factors: &[f32], counts: Counts, pairs: &[Pair]) -> Row {
        let step = exponent(factors.iter().copied());
        let near = self.near(at, counts, pairs);
        let near_step = exponent(near.iter().map(|it| it.1));
        let mut together: Vec<(u32, u32)> =
            pairs.iter().map(|it| (self.order.place[index(it.product)], told_pair(*it).both)).collect();
        together.sort_unstable();
        let near = near.into_iter().map(|it| (it.0, whole(it.1 / scale(near_step))));
        Row {
            fingerprint: self.order.sorted[index(self.order.place[at])].0,
            count: counts.told,
            scale: scale(step),
            factors: factors.iter().map(|value| whole(value / scale(step))).collect(),
            near_scale: scale(near_step),
            near: near.filter(|it| it.1 != 0).collect(),
            together,
        }
    }

    /// What the parent said fades by as much of the baskets as are new, and what was bought with it takes that part.
    fn near(&self, at: usize, Counts { new, all: count, .. }: Counts, pairs: &[Pair]) -> Vec<(u32, f32)> {
        let share = match self.known[at] {
            Some(_) => new as f32 / count.max(1) as f32,
            None => 1.0,
        };
        let mut near: BTreeMap<u32, f32> = BTreeMap::new();
        if let Some(known) = self.known[at] {
            let row = self.parent.row_of(index(known));
            let (step, row) = (row.near_scale, row.renumbered(|it| self.moved.get(&it).copied()));
            near.extend(row.near.iter().map(|it| (it.0, (1.0 - share) * step * f32::from(it.1))));
        }
        for pair in pairs {
            let part = pair.both as f32 / count.max(1) as f32;
            *near.entry(self.order.place[index(pair.product)]).or_default() += share * self.strength * part;
        }
        let mut near: Vec<(u32, f32)> = near.into_iter().collect();
        near.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        near.truncate(NEAR_MAX);
        near.sort_unstable_by_key(|it| it.0);
        near
    }
}

/// Packed into what a device keeps: without the neighbours that weigh least, then without pairs that were seen least.
fn fitting(parent: &Packed, salt: u8, mut rows: Vec<Row>) -> Result<Vec<u8>, Unpackable> {
    let mut bytes = parent.with_rows(salt, rows.clone()).bytes();
    while bytes.len() > PACKED_BYTES_MAX {
        let mut weights: Vec<f32> = rows
            .iter()
            .flat_map(|row| row.near.iter().map(|it| row.near_scale * f32::from(it.1).abs()))
            .collect();
        let mut both: Vec<u32> = rows.iter().flat_map(|row| row.together.iter().map(|it| it.1)).collect();
        weights.sort_unstable_by(f32::total_cmp);
        both.sort_unstable();
        match (weights.get(weights.len() / 16), both.get(both.len() / 8)) {
            (Some(least), _) => {
                for row in &mut rows {
                    let step = row.near_scale;
                    row.near.retain(|it| step * f32::from(it.1).abs() > *least);
                }
            }
            (None, Some(least)) => rows.iter_mut().for_each(|row| row.together.retain(|it| it.1 > *least)),
            (None, None) => return Err(Unpackable::TooLarge),
        }
        bytes = parent.with_rows(salt, rows.clone()).bytes();
    }
    Ok(bytes)
}
