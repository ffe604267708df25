//! What follows what: product by product, closer in a history counting more, and after counting more than before.

use super::histories::{Histories, index};
use super::neighbours::Neighbours;
use super::parallel::each_piece;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FollowsParameters {
    /// How far apart two products of a history may be.
    pub window: u32,
    /// What one more step between them leaves of the weight.
    pub keep: f32,
    /// The weight of what came before, where what came after weighs 1. For baskets, which have no order: 1.
    pub backwards: f32,
    /// How much frequent products are held back: 0 not at all, 1 by their whole count.
    pub damping: f32,
    /// The same for the product that is had.
    pub own_damping: f32,
    pub neighbours_max: usize,
}

#[must_use]
pub fn follows(histories: &Histories, parameters: FollowsParameters) -> Neighbours {
    let counts = histories.counts();
    let occurrences = histories.occurrences();
    let kept: Vec<f32> = (0..=parameters.window)
        .map(|gap| parameters.keep.powi(i32::try_from(gap).unwrap_or(i32::MAX)))
        .collect();
    let damped: Vec<f32> =
        counts.iter().map(|count| (*count as f32 + 1.0).powf(-parameters.damping)).collect();
    let mut rows: Vec<Neighbours> =
        vec![Neighbours::new(parameters.neighbours_max); histories.products().div_ceil(PIECE)];
    each_piece(&mut rows, 1, |piece, to| {
        let mut sums = vec![0.0; histories.products()];
        for (product, count) in counts.iter().enumerate().skip(piece * PIECE).take(PIECE) {
            sums.fill(0.0);
            for occurrence in occurrences.of(product) {
                let history = histories.row(index(occurrence.row));
                let place = index(occurrence.place);
                for (other, kept) in history[place + 1..].iter().zip(&kept) {
                    sums[index(*other)] += kept;
                }
                for (other, kept) in history[..place].iter().rev().zip(&kept) {
                    sums[index(*other)] += parameters.backwards * kept;
                }
            }
            let own = (*count as f32 + 1.0).powf(-parameters.own_damping);
            for (sum, damped) in sums.iter_mut().zip(&damped) {
                *sum *= damped * own;
            }
            to[0].push(&sums);
        }
    });
    Neighbours::joined(parameters.neighbours_max, rows)
}

const PIECE: usize = 64;
