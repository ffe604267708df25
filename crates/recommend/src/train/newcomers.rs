//! What whoever comes for the first time is shown: what is bought now, by many, and not by the till of one stall alone.
//!
//! It travels as a row of its own in the packed model, under an id that no product has: its neighbours are what is shown first.

use std::collections::{BTreeMap, BTreeSet};

use super::histories::index;
use super::market::{Numbered, Trade};
use super::voices::VOICES_MIN;
use crate::packed::{NEWCOMERS, Packed, Row, exponent, scale};

/// So many are told, the first with this weight; who has fewer of them on offer goes on with what most had.
const TOLD_MAX: i8 = 127;
/// After so many days a basket says half as much.
const HALF_LIFE_DAYS: f64 = 30.0;
/// What a stall sells counts at most as much as the best of that many stalls: its till is its own.
const STALLS_MIN: usize = 3;

impl Trade {
    /// The products that are bought most these days, the first first.
    pub(super) fn newcomers(&self, numbered: &Numbered) -> Vec<u32> {
        let mut loud = self.loudness(numbered);
        let stall = |at: usize| self.stalls.get(&numbered.ids[at]).copied();
        let mut most: BTreeMap<Option<u32>, f64> = BTreeMap::new();
        for (at, loud) in loud.iter().enumerate().filter(|it| *it.1 > 0.0) {
            let most = most.entry(stall(at)).or_default();
            *most = most.max(*loud);
        }
        let mut most: Vec<f64> = most.into_values().collect();
        most.sort_by(|a, b| b.total_cmp(a));
        if let Some(bound) = most.get(STALLS_MIN - 1) {
            loud.iter_mut().for_each(|loud| *loud = loud.min(*bound));
        }
        let mut all: Vec<(usize, f64)> = loud.into_iter().enumerate().filter(|it| it.1 > 0.0).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        // The second of a stall counts half, the third a third: a stall is not the whole market.
        let mut before: BTreeMap<Option<u32>, f64> = BTreeMap::new();
        for (at, loud) in &mut all {
            let place = before.entry(stall(*at)).or_default();
            *place += 1.0;
            *loud /= *place;
        }
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let most = usize::from(TOLD_MAX.unsigned_abs());
        all.into_iter().take(most).filter_map(|it| u32::try_from(it.0).ok()).collect()
    }

    /// In how many baskets each product was, the latest counting most, and of one person's baskets one.
    fn loudness(&self, numbered: &Numbered) -> Vec<f64> {
        let mut loud = vec![0.0; numbered.ids.len()];
        let mut heard: BTreeSet<(u32, u32)> = BTreeSet::new();
        let baskets = &numbered.baskets;
        let said = (0..baskets.rows()).filter(|row| !baskets.row(*row).is_empty());
        let latest = said.filter_map(|row| self.hours.get(row)).max().copied().unwrap_or(0);
        for row in (0..baskets.rows()).rev() {
            let hour = self.hours.get(row).copied().unwrap_or(latest);
            let days = i16::try_from((latest - hour).max(0) / 24).unwrap_or(i16::MAX);
            let weight = (-f64::from(days) / HALF_LIFE_DAYS).exp2();
            let whose = numbered.whose.get(row).copied().flatten();
            for product in baskets.row(row) {
                if whose.is_none_or(|whose| heard.insert((whose, *product))) {
                    loud[index(*product)] += weight;
                }
            }
        }
        let several = loud.iter().zip(&numbered.voices).map(|(loud, voices)| match *voices < VOICES_MIN {
            true => 0.0,
            false => *loud,
        });
        several.collect()
    }
}

/// The row, with the numbers of the model that it is for. It is like no product.
pub(super) fn row_of(newcomers: &[u32], place: impl Fn(u32) -> u32, empty: Row) -> Row {
    let weights = (1..=TOLD_MAX).rev();
    let mut near: Vec<(u32, i8)> = newcomers.iter().map(|product| place(*product)).zip(weights).collect();
    near.sort_unstable();
    let near_scale = scale(exponent(std::iter::once(f32::from(TOLD_MAX))));
    let scale = scale(exponent(std::iter::empty()));
    Row {
        count: 0,
        scale,
        factors: vec![0; empty.factors.len()],
        near_scale,
        near,
        together: Vec::new(),
        ..empty
    }
}

/// A model with that row as it should be.
pub(super) fn put(packed: &Packed, newcomers: &[u32], place: impl Fn(u32) -> u32) -> Packed {
    let Some(own) = packed.number(&NEWCOMERS) else { return packed.clone() };
    let mut rows: Vec<Row> = (0..packed.products()).map(|at| packed.row_of(at)).collect();
    if let Some(row) = rows.get_mut(index(own)) {
        *row = row_of(newcomers, place, row.clone());
    }
    packed.with_rows(packed.salt(), rows)
}
