//! EASE: the linear model whose weights have a closed form ("Embarrassingly shallow autoencoders for sparse data", Steck 2019).
//! Its inverse takes memory by the square of the products, so that only the most frequent ones are in it: the others are left
//! to the other models.

use super::histories::{Histories, index};
use super::inverse::Symmetric;
use super::neighbours::Neighbours;
use super::parallel::each_piece;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EaseParameters {
    pub regularisation: f32,
    /// How many of the most frequent products take part.
    pub products_max: usize,
    /// What is kept of each product's weights.
    pub neighbours_max: usize,
}

/// The matrix takes four bytes times the square of this, a quarter of a gigabyte.
pub const EASE_PRODUCTS_MAX: usize = 8_192;

/// The weights: row `a` says what having `a` means for the others.
#[must_use]
pub fn ease(histories: &Histories, parameters: EaseParameters) -> Neighbours {
    let counts = histories.counts();
    let frequent = most_frequent(&counts, parameters.products_max.min(EASE_PRODUCTS_MAX));
    let mut place = vec![usize::MAX; histories.products()];
    for (at, product) in frequent.iter().enumerate() {
        place[*product] = at;
    }
    let mut matrix = together(histories, &frequent, &place);
    for (at, product) in frequent.iter().enumerate() {
        matrix.values[at * matrix.stride + at] = counts[*product] as f32 + parameters.regularisation;
    }
    matrix.invert();
    let stride = matrix.stride;
    let own: Vec<f32> = (0..frequent.len()).map(|at| matrix.values[at * stride + at]).collect();
    let mut neighbours = Neighbours::new(parameters.neighbours_max);
    let mut row = vec![0.0; histories.products()];
    for product in 0..histories.products() {
        row.fill(0.0);
        if place[product] != usize::MAX {
            let from = &matrix.values[place[product] * stride..][..stride];
            for (other, (value, own)) in frequent.iter().zip(from.iter().zip(&own)) {
                row[*other] = -value / own;
            }
            row[product] = 0.0;
        }
        neighbours.push(&row);
    }
    neighbours
}

/// The most frequent products, in the order of their numbers.
fn most_frequent(counts: &[u32], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..counts.len()).filter(|at| counts[*at] > 0).collect();
    order.sort_unstable_by_key(|at| (std::cmp::Reverse(counts[*at]), *at));
    order.truncate(most);
    order.sort_unstable();
    order
}

/// How many histories have both, below the diagonal.
fn together(histories: &Histories, frequent: &[usize], place: &[usize]) -> Symmetric {
    let mut matrix = Symmetric::zero(frequent.len());
    let sorted: Vec<Vec<u32>> = histories.iter().map(|history| places(history, place)).collect();
    let occurrences = histories.occurrences();
    let stride = matrix.stride;
    each_piece(&mut matrix.values, stride, |at, row| {
        let Some(product) = frequent.get(at) else { return };
        for occurrence in occurrences.of(*product) {
            for other in sorted[index(occurrence.row)].iter().take_while(|other| index(**other) < at) {
                row[index(*other)] += 1.0;
            }
        }
    });
    matrix
}

fn places(history: &[u32], place: &[usize]) -> Vec<u32> {
    let mut places: Vec<u32> =
        history.iter().filter_map(|product| u32::try_from(place[index(*product)]).ok()).collect();
    places.sort_unstable();
    places
}
