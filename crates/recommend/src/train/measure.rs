//! How good scores are: the share of people whose next product stands among the first ten, and how high.

use super::histories::index;

/// Sums over people; divided when read.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Quality {
    people: u32,
    hits: u32,
    gain: f64,
    found: u32,
}

/// How many of a ranked list somebody looks at.
const LOOKED_AT: usize = 10;
/// The same where all products are ranked.
const FOUND_AMONG: usize = 20;

impl Quality {
    /// One person: the score of what they took next against those of the others they could have taken. A tie counts
    /// against the model.
    pub fn count(&mut self, taken: f32, others: impl Iterator<Item = f32>) {
        self.people += 1;
        let rank = rank(taken, others);
        if rank < LOOKED_AT {
            self.hits += 1;
            self.gain += 1.0 / ((rank + 2) as f64).log2();
        }
    }

    /// The same person among all products that they did not have.
    pub fn count_among_all(&mut self, taken: f32, others: impl Iterator<Item = f32>) {
        self.found += u32::from(rank(taken, others) < FOUND_AMONG);
    }

    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        f64::from(self.hits) / f64::from(self.people.max(1))
    }

    #[must_use]
    pub fn gain(&self) -> f64 {
        self.gain / f64::from(self.people.max(1))
    }

    #[must_use]
    pub fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.people.max(1))
    }

    pub fn add(&mut self, other: &Self) {
        self.people += other.people;
        self.hits += other.hits;
        self.gain += other.gain;
        self.found += other.found;
    }
}

fn rank(taken: f32, others: impl Iterator<Item = f32>) -> usize {
    others.filter(|other| *other >= taken || other.is_nan()).count()
}

/// Makes scores comparable: mean 0 and variance 1 over the products that somebody does not have.
pub fn standardise(scores: &mut [f32], history: &[u32]) {
    let count = scores.len().saturating_sub(history.len()).max(1) as f32;
    let had = |of: &dyn Fn(f32) -> f32, scores: &[f32]| {
        history.iter().map(|it| of(scores[index(*it)])).sum::<f32>()
    };
    let mean = (scores.iter().sum::<f32>() - had(&|score| score, scores)) / count;
    let square = |score: f32| (score - mean) * (score - mean);
    let spread = (scores.iter().map(|score| square(*score)).sum::<f32>() - had(&square, scores)) / count;
    let scale = if spread > 0.0 { 1.0 / spread.sqrt() } else { 0.0 };
    for score in scores {
        *score = (*score - mean) * scale;
    }
}
