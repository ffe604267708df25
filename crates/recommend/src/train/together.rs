//! What was bought together: in how many baskets two products were both.

use super::histories::{Histories, index};
use crate::packed::Pair;

/// More than this is a delivery, and says nothing about what goes with what.
const BASKET_MAX: usize = 100;
/// Less often may be chance, and could tell of one buyer.
const BOTH_MIN: u32 = 3;

/// For each product, what was most often in the same basket.
#[must_use]
pub fn together(baskets: &Histories, most: usize) -> Vec<Vec<Pair>> {
    together_with(baskets, 0..baskets.products(), most)
}

/// The same of these products only.
pub(super) fn together_with(
    baskets: &Histories,
    products: impl Iterator<Item = usize>,
    most: usize,
) -> Vec<Vec<Pair>> {
    let occurrences = baskets.occurrences();
    let mut both = vec![0u32; baskets.products()];
    let mut touched: Vec<u32> = Vec::new();
    let mut all = Vec::with_capacity(products.size_hint().0);
    for product in products {
        for occurrence in occurrences.of(product) {
            let basket = baskets.row(index(occurrence.row));
            for other in basket.iter().filter(|other| basket.len() <= BASKET_MAX && index(**other) != product)
            {
                let count = &mut both[index(*other)];
                if *count == 0 {
                    touched.push(*other);
                }
                *count += 1;
            }
        }
        let counted = touched.drain(..).map(|other| {
            let both = std::mem::take(&mut both[index(other)]);
            Pair { product: other, both }
        });
        let mut pairs: Vec<Pair> = counted.filter(|pair| pair.both >= BOTH_MIN).collect();
        pairs.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.both), pair.product));
        pairs.truncate(most);
        all.push(pairs);
    }
    all
}
