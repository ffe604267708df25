//! Scoring every product for one person, on their device: whole-number products, then both parts made comparable and added.

use super::{NEWCOMERS, Packed};

/// Steps to a person's vector; more change nothing that can be seen.
const STEPS: usize = 8;
/// Only so many of the latest products of a history are looked at.
pub(super) const HISTORY_LOOKED_AT: usize = 500;

/// Somebody's vector, made from their history and kept nowhere.
#[derive(Clone, PartialEq, Debug)]
pub struct Person(Vec<f32>);

impl Packed {
    /// What somebody is like, from the numbers of what they had, the latest last.
    #[must_use]
    pub fn fold_in(&self, history: &[u32]) -> Person {
        let history = latest(history);
        let mut person = vec![0.0; self.dimension];
        if self.dimension == 0 || history.is_empty() {
            return Person(person);
        }
        let near = self.unpacked(history);
        let weight = history.len() as f32 + self.unobserved * self.met.count(self.products());
        let held_back = self.regularisation * weight.powf(self.exponent);
        let mut residual = vec![0.0; self.dimension];
        for row in near.chunks_exact(self.dimension) {
            add_scaled(1.0, row, &mut residual);
        }
        let mut direction = residual.clone();
        let mut length = dot(&residual, &residual);
        for _ in 0..STEPS {
            if length <= f32::MIN_POSITIVE {
                break;
            }
            let applied = self.apply(&near, held_back, &direction);
            let along = length / dot(&direction, &applied);
            add_scaled(along, &direction, &mut person);
            add_scaled(-along, &applied, &mut residual);
            let next = dot(&residual, &residual);
            for (direction, residual) in direction.iter_mut().zip(&residual) {
                *direction = residual + next / length * *direction;
            }
            length = next;
        }
        Person(person)
    }

    fn unpacked(&self, history: &[u32]) -> Vec<f32> {
        let mut near = Vec::with_capacity(history.len() * self.dimension);
        for product in history.iter().filter_map(|it| self.place(*it)) {
            let scale = self.scales[product];
            near.extend(self.row(product).iter().map(|value| scale * f32::from(*value)));
        }
        near
    }

    fn apply(&self, near: &[f32], held_back: f32, direction: &[f32]) -> Vec<f32> {
        let mut applied: Vec<f32> = direction.iter().map(|value| held_back * value).collect();
        for (factor, row) in direction.iter().zip(self.gram.chunks_exact(self.dimension)) {
            add_scaled(*factor, row, &mut applied);
        }
        for row in near.chunks_exact(self.dimension) {
            add_scaled(dot(row, direction), row, &mut applied);
        }
        applied
    }

    /// How well each product would suit somebody. What they have is scored, too.
    #[must_use]
    pub fn score(&self, person: &Person, history: &[u32]) -> Vec<f32> {
        let history = latest(history);
        let had: Vec<usize> = history.iter().filter_map(|it| self.place(*it)).collect();
        let mut total = self.score_factors(person);
        self.standardise(&mut total, &had, self.factors_weight);
        if self.near_weight != 0.0 {
            let mut near = self.score_near(&had);
            self.standardise(&mut near, &had, self.near_weight);
            for (total, near) in total.iter_mut().zip(near) {
                *total += near;
            }
        }
        // It is no product.
        if let Some(nothing) = self.number(&NEWCOMERS).and_then(|it| self.place(it)) {
            total[nothing] = f32::NEG_INFINITY;
        }
        total
    }

    fn score_factors(&self, person: &Person) -> Vec<f32> {
        let largest = person.0.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        if largest == 0.0 {
            return vec![0.0; self.products()];
        }
        let step = largest / f32::from(i16::MAX / 2);
        let person: Vec<i16> = person.0.iter().map(|value| rounded(value / step)).collect();
        let rows = self.factors.chunks_exact(self.dimension);
        rows.zip(&self.scales).map(|(row, scale)| whole_dot(row, &person) as f32 * (scale * step)).collect()
    }

    fn score_near(&self, had: &[usize]) -> Vec<f32> {
        let mut scores = vec![0.0; self.products()];
        for product in had {
            let scale = self.near_scales[*product];
            for (other, weight) in self.near.of(*product) {
                if let Some(other) = self.place(other) {
                    scores[other] += scale * f32::from(weight);
                }
            }
        }
        scores
    }

    /// Mean 0 and variance `weight`² over what somebody met and this person does not have.
    fn standardise(&self, scores: &mut [f32], had: &[usize], weight: f32) {
        let had: Vec<usize> = had.iter().copied().filter(|at| self.met.is(*at)).collect();
        let count = (self.met.count(scores.len()) - had.len() as f32).max(1.0);
        let mut mean = self.met.sum_of(scores, |score| score);
        mean = (mean - had.iter().map(|at| scores[*at]).sum::<f32>()) / count;
        let square = |score: f32| (score - mean) * (score - mean);
        let spread = self.met.sum_of(scores, square) - had.iter().map(|at| square(scores[*at])).sum::<f32>();
        let spread = spread / count;
        let scale = if spread > 0.0 { weight / spread.sqrt() } else { 0.0 };
        for score in scores {
            *score = (*score - mean) * scale;
        }
    }

    /// A product's number as a place in the lists; none for a number of another model.
    pub(super) fn place(&self, product: u32) -> Option<usize> {
        usize::try_from(product).ok().filter(|at| *at < self.products())
    }

    pub(super) fn row(&self, product: usize) -> &[i8] {
        &self.factors[product * self.dimension..][..self.dimension]
    }
}

pub(super) fn latest(history: &[u32]) -> &[u32] {
    &history[history.len().saturating_sub(HISTORY_LOOKED_AT)..]
}

/// The nearest whole number, in range.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float becomes the nearest number in range; NaN becomes 0"
)]
pub(super) fn rounded(value: f32) -> i16 {
    value.round() as i16
}

/// Wide enough: 512 · 127 · 16,383 is below 2³¹.
fn whole_dot(a: &[i8], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// In eight sums, so that a compiler may use vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0f32; 8];
    for (a, b) in a.0.iter().zip(b.0) {
        for at in 0..8 {
            sums[at] += a[at] * b[at];
        }
    }
    sums.iter().sum::<f32>() + a.1.iter().zip(b.1).map(|(a, b)| a * b).sum::<f32>()
}

fn add_scaled(factor: f32, from: &[f32], to: &mut [f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}
