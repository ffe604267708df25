//! What was bought together: in how many baskets two products were both.

use super::histories::{Histories, index};
use super::voices::VOICES_MIN;
use crate::packed::Pair;

/// More than this is a delivery, and says nothing about what goes with what.
const BASKET_MAX: usize = 100;
/// Less often may be chance.
const BOTH_MIN: u32 = 3;

/// For each product, what was most often in the same basket, each basket somebody else's.
#[must_use]
pub fn together(baskets: &Histories, most: usize) -> Vec<Vec<Pair>> {
    together_of(baskets, &[], most)
}

/// The same where it is known whose a basket was; nobody's is one of its own, as is any behind the last.
#[must_use]
pub fn together_of(baskets: &Histories, whose: &[Option<u32>], most: usize) -> Vec<Vec<Pair>> {
    together_with((baskets, whose), 0..baskets.products(), most)
}

/// What is counted of another product: baskets, the people of these, and who was the last of them.
#[derive(Clone, Copy, Default)]
struct Counted {
    both: u32,
    voices: u32,
    last: Option<u32>,
}

/// The same of these products only.
pub(super) fn together_with(
    (baskets, whose): (&Histories, &[Option<u32>]),
    products: impl Iterator<Item = usize>,
    most: usize,
) -> Vec<Vec<Pair>> {
    let occurrences = baskets.occurrences();
    let mut counted = vec![Counted::default(); baskets.products()];
    let mut touched: Vec<u32> = Vec::new();
    let mut all = Vec::with_capacity(products.size_hint().0);
    let voice = |row: u32| whose.get(index(row)).copied().flatten();
    for product in products {
        let mut rows: Vec<u32> = occurrences.of(product).iter().map(|it| it.row).collect();
        // One person's baskets beside each other.
        rows.sort_by_key(|row| voice(*row));
        for row in rows {
            let (basket, who) = (baskets.row(index(row)), voice(row));
            for other in basket.iter().filter(|other| basket.len() <= BASKET_MAX && index(**other) != product)
            {
                let it = &mut counted[index(*other)];
                if it.both == 0 {
                    touched.push(*other);
                }
                it.both += 1;
                it.voices += u32::from(who.is_none() || it.last != who);
                it.last = who;
            }
        }
        let found = touched.drain(..).map(|other| (other, std::mem::take(&mut counted[index(other)])));
        let enough = found.filter(|(_, it)| it.both >= BOTH_MIN && it.voices >= VOICES_MIN);
        let mut pairs: Vec<Pair> = enough.map(|(product, it)| Pair { product, both: it.both }).collect();
        pairs.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.both), pair.product));
        pairs.truncate(most);
        all.push(pairs);
    }
    all
}
