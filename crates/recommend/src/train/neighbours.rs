//! For each product the few that go best with it, with how well: what EASE and "follows" keep of a whole matrix.

use super::histories::index;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Neighbour {
    pub product: u32,
    pub weight: f32,
}

/// At most so many for each product.
#[derive(Clone, PartialEq, Debug)]
pub struct Neighbours {
    most: usize,
    ends: Vec<usize>,
    all: Vec<Neighbour>,
}

impl Neighbours {
    pub(super) fn new(most: usize) -> Self {
        Self { most, ends: Vec::new(), all: Vec::new() }
    }

    /// The next product's row: keeps those that weigh most in either direction, ties by number.
    pub(super) fn push(&mut self, row: &[f32]) {
        let mut kept: Vec<Neighbour> = (0u32..)
            .zip(row)
            .filter(|(_, weight)| **weight != 0.0)
            .map(|(product, weight)| Neighbour { product, weight: *weight })
            .collect();
        let heavier = |a: &Neighbour, b: &Neighbour| {
            b.weight.abs().total_cmp(&a.weight.abs()).then(a.product.cmp(&b.product))
        };
        if kept.len() > self.most && self.most > 0 {
            kept.select_nth_unstable_by(self.most - 1, heavier);
            kept.truncate(self.most);
        }
        kept.sort_unstable_by_key(|it| it.product);
        self.all.extend(kept);
        self.ends.push(self.all.len());
    }

    /// The rows of all pieces, one after the other.
    pub(super) fn joined(most: usize, pieces: Vec<Self>) -> Self {
        let mut whole = Self::new(most);
        for piece in pieces {
            let start = whole.all.len();
            whole.all.extend(piece.all);
            whole.ends.extend(piece.ends.iter().map(|end| start + end));
        }
        whole
    }

    /// Without those of which this says no, in the order of all rows.
    pub(super) fn keep(&mut self, kept: &[bool]) {
        let mut whole = Self::new(self.most);
        let (mut start, ends) = (0, std::mem::take(&mut self.ends));
        for end in ends {
            let row = self.all[start..end].iter().zip(&kept[start..end]);
            whole.all.extend(row.filter(|it| *it.1).map(|it| *it.0));
            whole.ends.push(whole.all.len());
            start = end;
        }
        *self = whole;
    }

    /// Of one product, by number.
    #[must_use]
    pub fn of(&self, product: usize) -> &[Neighbour] {
        let start = if product == 0 { 0 } else { self.ends[product - 1] };
        &self.all[start..self.ends[product]]
    }

    /// Adds to each product what a history says for it.
    pub fn score(&self, history: &[u32], weights: &[f32], scores: &mut [f32]) {
        for (product, weight) in history.iter().zip(weights) {
            for neighbour in self.of(index(*product)) {
                scores[index(neighbour.product)] += weight * neighbour.weight;
            }
        }
    }
}
