//! Rows whose entries do not all say as much: what somebody bought, what they only liked, and, below 0, what they sent away.

use super::histories::index;

/// By person or by product; only factors learn from it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Weighed {
    products: usize,
    ends: Vec<usize>,
    had: Vec<u32>,
    weights: Vec<f32>,
}

impl Weighed {
    /// For a catalogue of so many products.
    #[must_use]
    pub fn new(products: usize) -> Self {
        Self { products, ..Self::default() }
    }

    /// One row; each product is in it once. What is not in the catalogue, and what weighs nothing, is left out.
    pub fn push(&mut self, row: impl IntoIterator<Item = (u32, f32)>) {
        let known =
            row.into_iter().filter(|(product, weight)| index(*product) < self.products && *weight != 0.0);
        for (product, weight) in known {
            self.had.push(product);
            self.weights.push(weight);
        }
        self.ends.push(self.had.len());
    }

    #[must_use]
    pub fn products(&self) -> usize {
        self.products
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    #[must_use]
    pub fn entries(&self) -> usize {
        self.had.len()
    }

    #[must_use]
    pub fn row(&self, at: usize) -> (&[u32], &[f32]) {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        (&self.had[start..self.ends[at]], &self.weights[start..self.ends[at]])
    }

    /// Behind the last entry of each row, and all products.
    pub(super) fn flat(&self) -> (&[usize], &[u32]) {
        (&self.ends, &self.had)
    }

    /// The same by product: who had it, and what it says of them.
    pub(super) fn turned(&self) -> Self {
        let mut by_product = vec![Vec::new(); self.products];
        for row in 0..self.rows() {
            let number = u32::try_from(row).unwrap_or(u32::MAX);
            let (had, weights) = self.row(row);
            for (product, weight) in had.iter().zip(weights) {
                by_product[index(*product)].push((number, *weight));
            }
        }
        let mut turned = Self::new(self.rows());
        by_product.into_iter().for_each(|row| turned.push(row));
        turned
    }
}
