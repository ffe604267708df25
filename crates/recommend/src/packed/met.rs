//! Which products somebody bought, as far as their counts say: the others are left out where people are found and scores are made
//! comparable, as they are in training. Fifty thousand new products would else press all that is known to nothing.

/// What is not met weighs nothing in a sum.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Met {
    count: usize,
    /// 1 for what was met and 0 for what was not; nothing where all are alike.
    parts: Vec<f32>,
}

impl Met {
    pub(super) fn of(counts: &[u32]) -> Self {
        let count = counts.iter().filter(|count| **count > 0).count();
        // A model that counts nothing says nothing of what was met.
        if count == 0 || count == counts.len() {
            return Self::default();
        }
        Self { count, parts: counts.iter().map(|count| if *count > 0 { 1.0 } else { 0.0 }).collect() }
    }

    /// How many were, of so many.
    pub(super) fn count(&self, of: usize) -> f32 {
        (if self.parts.is_empty() { of } else { self.count }) as f32
    }

    pub(super) fn is(&self, at: usize) -> bool {
        self.parts.get(at).is_none_or(|part| *part > 0.0)
    }

    /// Over what was met; in eight sums, so that a compiler may use vectors.
    pub(super) fn sum_of(&self, scores: &[f32], of: impl Fn(f32) -> f32) -> f32 {
        let (eights, rest) = scores.as_chunks::<8>();
        let mut sums = [0.0f32; 8];
        if self.parts.is_empty() {
            for eight in eights {
                for at in 0..8 {
                    sums[at] += of(eight[at]);
                }
            }
            return sums.iter().sum::<f32>() + rest.iter().map(|score| of(*score)).sum::<f32>();
        }
        let (parts, last) = self.parts.as_chunks::<8>();
        for (eight, parts) in eights.iter().zip(parts) {
            for at in 0..8 {
                sums[at] += parts[at] * of(eight[at]);
            }
        }
        sums.iter().sum::<f32>() + rest.iter().zip(last).map(|(score, part)| part * of(*score)).sum::<f32>()
    }
}
