//! The whole model: factors, EASE, what follows what, and what is popular, each made comparable and then added.

use super::ease::{EaseParameters, ease};
use super::follows::{FollowsParameters, follows};
use super::histories::Histories;
use super::ials::{Factors, IalsParameters};
use super::measure::standardise;
use super::neighbours::{Neighbour, Neighbours};

/// How much more the latest products of a history count.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Recency {
    /// What the latest weighs more than one of long ago, which weighs `base`.
    pub extra: f32,
    /// What each step back leaves of that.
    pub keep: f32,
    pub base: f32,
}

impl Recency {
    pub const NONE: Self = Self { extra: 0.0, keep: 0.0, base: 1.0 };

    /// The weights of a history of so many products, the latest last.
    #[must_use]
    pub fn weights(self, length: usize) -> Vec<f32> {
        let mut weights = Vec::with_capacity(length);
        let mut extra = self.extra;
        for _ in 0..length {
            weights.push(self.base + extra);
            extra *= self.keep;
        }
        weights.reverse();
        weights
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Parameters {
    pub ials: IalsParameters,
    pub ials_recency: Recency,
    pub ease: EaseParameters,
    pub ease_recency: Recency,
    pub follows: FollowsParameters,
    pub follows_recency: Recency,
    pub blend: Blend,
}

/// How much each model's standardised score counts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Blend {
    pub ials: f32,
    pub ease: f32,
    pub follows: f32,
    pub popular: f32,
}

/// A trained model in full precision.
#[derive(Clone, PartialEq, Debug)]
pub struct Model {
    pub parameters: Parameters,
    pub factors: Factors,
    pub ease: Neighbours,
    pub follows: Neighbours,
    /// In how many histories each product is.
    pub counts: Vec<u32>,
}

impl Model {
    /// A model that does not use a part does not train it.
    #[must_use]
    pub fn train(histories: &Histories, parameters: Parameters, seed: u64) -> Self {
        let nothing = Histories::new(histories.products());
        let used = if parameters.blend.ials == 0.0 { &nothing } else { histories };
        Self::around(Factors::train(used, parameters.ials, seed), histories, parameters)
    }

    /// The other parts around factors that may know more than these histories.
    pub(super) fn around(factors: Factors, histories: &Histories, parameters: Parameters) -> Self {
        let nothing = Histories::new(histories.products());
        let used = |weight: f32| if weight == 0.0 { &nothing } else { histories };
        Self {
            parameters,
            factors,
            ease: ease(used(parameters.blend.ease), parameters.ease),
            follows: follows(used(parameters.blend.follows), parameters.follows),
            counts: histories.counts(),
        }
    }

    /// How well each product would suit somebody with this history. What they have is scored, too.
    #[must_use]
    pub fn score(&self, history: &[u32]) -> Vec<f32> {
        let mut total = vec![0.0; self.counts.len()];
        let blend = self.parameters.blend;
        let mut part = vec![0.0; total.len()];
        let parts: [(f32, &dyn Fn(&mut [f32])); 4] = [
            (blend.ials, &|to| self.score_factors(history, to)),
            (blend.ease, &|to| score_neighbours(&self.ease, self.parameters.ease_recency, history, to)),
            (blend.follows, &|to| {
                score_neighbours(&self.follows, self.parameters.follows_recency, history, to)
            }),
            (blend.popular, &|to| score_popular(&self.counts, to)),
        ];
        for (weight, score) in parts.into_iter().filter(|(weight, _)| *weight != 0.0) {
            part.fill(0.0);
            score(&mut part);
            standardise(&mut part, history);
            for (total, part) in total.iter_mut().zip(&part) {
                *total += weight * part;
            }
        }
        total
    }

    /// EASE and "follows" as one list for each product, each in the proportion that it has in the blend.
    pub(crate) fn near(&self, histories: &Histories) -> Vec<Vec<Neighbour>> {
        let blend = self.parameters.blend;
        let mut near: Vec<Vec<Neighbour>> = vec![Vec::new(); self.counts.len()];
        for (weight, neighbours) in [(blend.ease, &self.ease), (blend.follows, &self.follows)] {
            if weight == 0.0 {
                continue;
            }
            let factor = weight / self.near_weight() / usual_spread(neighbours, histories);
            for (product, to) in near.iter_mut().enumerate() {
                let own = neighbours.of(product);
                to.extend(own.iter().map(|it| Neighbour { weight: it.weight * factor, ..*it }));
                to.sort_by_key(|it| it.product);
                to.dedup_by(|next, kept| {
                    let same = next.product == kept.product;
                    if same {
                        kept.weight += next.weight;
                    }
                    same
                });
            }
        }
        near
    }

    pub(crate) fn near_weight(&self) -> f32 {
        self.parameters.blend.ease + self.parameters.blend.follows
    }

    fn score_factors(&self, history: &[u32], to: &mut [f32]) {
        let weights = self.parameters.ials_recency.weights(history.len());
        self.factors.score(&self.factors.fold_in(history, &weights), to);
    }
}

/// How far apart these scores usually are, over some of the histories.
fn usual_spread(neighbours: &Neighbours, histories: &Histories) -> f32 {
    const LOOKED_AT: usize = 200;
    let mut sum = 0.0;
    let mut count = 0.0;
    for row in (0..histories.rows()).step_by((histories.rows() / LOOKED_AT).max(1)) {
        let history = histories.row(row);
        let mut scores = vec![0.0; histories.products()];
        neighbours.score(history, &Recency::NONE.weights(history.len()), &mut scores);
        let mean = scores.iter().sum::<f32>() / scores.len() as f32;
        let square: f32 = scores.iter().map(|score| (score - mean) * (score - mean)).sum();
        sum += (square / scores.len() as f32).sqrt();
        count += 1.0;
    }
    if sum > 0.0 { sum / count } else { 1.0 }
}

pub(super) fn score_neighbours(neighbours: &Neighbours, recency: Recency, history: &[u32], to: &mut [f32]) {
    neighbours.score(history, &recency.weights(history.len()), to);
}

pub(super) fn score_popular(counts: &[u32], to: &mut [f32]) {
    for (to, count) in to.iter_mut().zip(counts) {
        *to = (*count as f32).ln_1p();
    }
}
