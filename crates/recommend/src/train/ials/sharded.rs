//! The same factors from rows that are never in memory all at once: they come in shards, one after the other, as often as they are asked
//! for. People are found shard by shard as they are in one piece. A product's problem is about people of all shards, so all products take
//! each step of their conjugate gradients together, and every shard adds its part of it.
//!
//! What comes out differs from training in one piece by the order in which numbers are added. In memory at once: one shard in both
//! directions with its people's vectors, and five vectors for each product.

use std::convert::Infallible;

use pulp::{Arch, Simd, WithSimd};

use super::{Factors, IalsParameters, ROWS_PER_PIECE, Rows as _, Side, gram, held_back, start};
use crate::train::histories::index;
use crate::train::kernel::{WIDEST, add_four, add_projected, add_scaled, dot};
use crate::train::parallel::each_piece;
use crate::train::weighed::Weighed;

/// Rows in shards, and a place for what is found of each: in a file, in a store, or in memory.
pub trait Shards {
    /// Why one could not be read or kept.
    type Fault;

    fn count(&self) -> usize;

    /// What the people of a shard met and what it says, the same each time.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn rows(&mut self, shard: usize) -> Result<Weighed, Self::Fault>;

    /// What was kept of a shard last; nothing before.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn vectors(&mut self, shard: usize) -> Result<Vec<f32>, Self::Fault>;

    /// Keeps the vectors of a shard's people until the next time.
    ///
    /// # Errors
    /// Where it cannot be kept.
    fn keep(&mut self, shard: usize, vectors: Vec<f32>) -> Result<(), Self::Fault>;
}

/// Parts of a product's state: the direction, what the problem makes of it, what is missing, and the problem's diagonal.
const PARTS: usize = 4;

impl Factors {
    /// As `train_weighed` of all shards in their order.
    ///
    /// # Errors
    /// Where a shard cannot be read or kept.
    pub fn train_in_shards<S: Shards>(
        shards: &mut S,
        count: usize,
        parameters: IalsParameters,
        seed: u64,
    ) -> Result<Self, S::Fault> {
        let stride = parameters.dimension.next_multiple_of(WIDEST);
        let mut products = start(count, parameters.dimension, seed);
        let mut occurs = vec![0usize; count];
        let mut people = 0;
        for shard in 0..shards.count() {
            let rows = shards.rows(shard)?;
            people += rows.rows();
            for product in (0..rows.rows()).flat_map(|row| rows.row(row).0) {
                occurs[index(*product)] += 1;
            }
        }
        let met = occurs.iter().filter(|occurs| **occurs > 0).count();
        let wide = Wide { parameters, stride, occurs: &occurs, people };
        let mut state = vec![0.0; count * PARTS * stride];
        for _ in 0..parameters.sweeps {
            let of_products = gram(&products, stride, parameters.unobserved);
            let mut of_people = vec![0.0; stride * stride];
            wide.begin(&products, &mut state);
            for shard in 0..shards.count() {
                let rows = shards.rows(shard)?;
                let mut vectors = shards.vectors(shard)?;
                vectors.resize(rows.rows() * stride, 0.0);
                let side = Side { parameters, stride, others: met };
                side.solve_with(&rows, (&products, &of_products), &mut vectors);
                let squares = gram(&vectors, stride, parameters.unobserved);
                of_people.iter_mut().zip(squares).for_each(|(to, from)| *to += from);
                wide.add(&rows.turned(), &vectors, true, &mut state);
                shards.keep(shard, vectors)?;
            }
            wide.prepare(&of_people, &mut state);
            for step in 0..parameters.steps {
                wide.apply(&of_people, &mut state);
                for shard in 0..shards.count() {
                    let turned = shards.rows(shard)?.turned();
                    wide.add(&turned, &shards.vectors(shard)?, false, &mut state);
                }
                wide.step(&mut products, &mut state, step + 1 == parameters.steps);
            }
        }
        let gram = gram(&products, stride, parameters.unobserved);
        Ok(Self { parameters, stride, products, met, gram })
    }
}

impl Factors {
    /// As `train_weighed`, with no more entries at once in both directions than this, and at least one row.
    #[must_use]
    pub fn train_in_pieces(
        weighed: &Weighed,
        entries_max: usize,
        parameters: IalsParameters,
        seed: u64,
    ) -> Self {
        let mut pieces = Pieces::cut(weighed, entries_max);
        match Self::train_in_shards(&mut pieces, weighed.products(), parameters, seed) {
            Ok(factors) => factors,
            Err(never) => match never {},
        }
    }
}

/// Rows that are in memory, cut into shards.
struct Pieces<'a> {
    all: &'a Weighed,
    /// Behind the last row of each.
    ends: Vec<usize>,
    vectors: Vec<Vec<f32>>,
}

impl<'a> Pieces<'a> {
    fn cut(all: &'a Weighed, entries_max: usize) -> Self {
        let (mut ends, mut entries) = (Vec::new(), 0);
        for row in 0..all.rows() {
            let had = all.row(row).0.len();
            if entries > 0 && entries + had > entries_max {
                ends.push(row);
                entries = 0;
            }
            entries += had;
        }
        ends.push(all.rows());
        let vectors = vec![Vec::new(); ends.len()];
        Self { all, ends, vectors }
    }
}

impl Shards for Pieces<'_> {
    type Fault = Infallible;

    fn count(&self) -> usize {
        self.ends.len()
    }

    fn rows(&mut self, shard: usize) -> Result<Weighed, Infallible> {
        let first = shard.checked_sub(1).map_or(0, |before| self.ends[before]);
        let mut part = Weighed::new(self.all.products());
        for row in first..self.ends[shard] {
            let (had, weights) = self.all.row(row);
            part.push(had.iter().copied().zip(weights.iter().copied()));
        }
        Ok(part)
    }

    fn vectors(&mut self, shard: usize) -> Result<Vec<f32>, Infallible> {
        Ok(self.vectors[shard].clone())
    }

    fn keep(&mut self, shard: usize, vectors: Vec<f32>) -> Result<(), Infallible> {
        self.vectors[shard] = vectors;
        Ok(())
    }
}

/// All products' problems at once.
struct Wide<'a> {
    parameters: IalsParameters,
    stride: usize,
    /// In how many rows each product is, and how many rows there are.
    occurs: &'a [usize],
    people: usize,
}

impl Wide<'_> {
    fn held_back(&self, product: usize) -> f32 {
        held_back(self.parameters, self.occurs[product], self.people)
    }

    /// Does something with the state of each product, several on each thread.
    fn each(&self, state: &mut [f32], work: impl Fn(usize, &mut [f32]) + Sync) {
        let width = PARTS * self.stride;
        each_piece(state, ROWS_PER_PIECE * width, |at, piece| {
            for (product, state) in (at * ROWS_PER_PIECE..).zip(piece.chunks_exact_mut(width)) {
                work(product, state);
            }
        });
    }

    /// The first look is along the products as they stand.
    fn begin(&self, products: &[f32], state: &mut [f32]) {
        self.each(state, |product, state| {
            state.fill(0.0);
            state[..self.stride].copy_from_slice(&products[product * self.stride..][..self.stride]);
        });
    }

    /// A shard's part: of what the problem makes of the direction, and, the first time, of what is wanted and of the diagonal.
    fn add(&self, by_product: &Weighed, people: &[f32], is_first: bool, state: &mut [f32]) {
        let arch = Arch::new();
        self.each(state, |product, state| {
            let (who, weights) = by_product.had(product);
            if !who.is_empty() {
                arch.dispatch(AddPart { who, weights, people, stride: self.stride, is_first, state });
            }
        });
    }

    /// What is missing at the start, and the first direction.
    fn prepare(&self, gram: &[f32], state: &mut [f32]) {
        let (arch, stride) = (Arch::new(), self.stride);
        self.each(state, |product, state| {
            let held_back = self.held_back(product);
            arch.dispatch(AddOwn { gram, held_back, stride, state });
            let (direction, applied, residual, diagonal) = parts(state, stride);
            let own = gram.iter().step_by(stride + 1);
            for (diagonal, gram) in diagonal.iter_mut().zip(own) {
                *diagonal += gram + held_back;
            }
            for (residual, applied) in residual.iter_mut().zip(applied) {
                *residual -= *applied;
            }
            for ((direction, residual), diagonal) in direction.iter_mut().zip(residual).zip(diagonal) {
                *direction = *residual / *diagonal;
            }
        });
    }

    /// What all people together and the regularisation make of the direction; the shards add the rest.
    fn apply(&self, gram: &[f32], state: &mut [f32]) {
        let (arch, stride) = (Arch::new(), self.stride);
        self.each(state, |product, state| {
            state[stride..2 * stride].fill(0.0);
            arch.dispatch(AddOwn { gram, held_back: self.held_back(product), stride, state });
        });
    }

    fn step(&self, products: &mut [f32], state: &mut [f32], is_last: bool) {
        let (arch, stride, width) = (Arch::new(), self.stride, PARTS * self.stride);
        let occurs = self.occurs;
        // One after the other: next to the shards this is nothing.
        for ((to, state), occurs) in
            products.chunks_exact_mut(stride).zip(state.chunks_exact_mut(width)).zip(occurs)
        {
            if *occurs == 0 {
                to.fill(0.0);
                continue;
            }
            arch.dispatch(Step { to, state, stride, is_last });
        }
    }
}

/// Direction, applied, residual, diagonal.
fn parts(state: &mut [f32], stride: usize) -> (&mut [f32], &mut [f32], &mut [f32], &mut [f32]) {
    let (direction, rest) = state.split_at_mut(stride);
    let (applied, rest) = rest.split_at_mut(stride);
    let (residual, diagonal) = rest.split_at_mut(stride);
    (direction, applied, residual, diagonal)
}

struct AddPart<'a> {
    who: &'a [u32],
    weights: &'a [f32],
    people: &'a [f32],
    stride: usize,
    is_first: bool,
    state: &'a mut [f32],
}

impl WithSimd for AddPart<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (direction, applied, residual, diagonal) = parts(self.state, self.stride);
        let mut near = Vec::with_capacity(self.who.len() * self.stride);
        for person in self.who {
            near.extend_from_slice(&self.people[index(*person) * self.stride..][..self.stride]);
        }
        let sure: Vec<f32> = self.weights.iter().map(|weight| weight.abs()).collect();
        add_projected(simd, &near, &sure, direction, applied);
        if !self.is_first {
            return;
        }
        for ((row, weight), sure) in near.chunks_exact(self.stride).zip(self.weights).zip(&sure) {
            add_scaled(simd, weight.max(0.0), row, residual);
            for (diagonal, value) in diagonal.iter_mut().zip(row) {
                *diagonal += sure * value * value;
            }
        }
    }
}

struct AddOwn<'a> {
    gram: &'a [f32],
    held_back: f32,
    stride: usize,
    state: &'a mut [f32],
}

impl WithSimd for AddOwn<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (direction, applied, ..) = parts(self.state, self.stride);
        add_scaled(simd, self.held_back, direction, applied);
        for (rows, factors) in self.gram.chunks_exact(4 * self.stride).zip(direction.chunks_exact(4)) {
            let (a, others) = rows.split_at(self.stride);
            let (b, others) = others.split_at(self.stride);
            let (c, d) = others.split_at(self.stride);
            add_four(simd, [factors[0], factors[1], factors[2], factors[3]], [a, b, c, d], applied);
        }
    }
}

struct Step<'a> {
    to: &'a mut [f32],
    state: &'a mut [f32],
    stride: usize,
    is_last: bool,
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (direction, applied, residual, diagonal) = parts(self.state, self.stride);
        let scaled = |residual: &[f32], diagonal: &[f32]| -> Vec<f32> {
            residual.iter().zip(diagonal).map(|(residual, diagonal)| residual / diagonal).collect()
        };
        let length = dot(simd, residual, &scaled(residual, diagonal));
        if length <= f32::MIN_POSITIVE {
            return;
        }
        let along = length / dot(simd, direction, applied);
        add_scaled(simd, along, direction, self.to);
        if self.is_last {
            return;
        }
        add_scaled(simd, -along, applied, residual);
        let scaled = scaled(residual, diagonal);
        let kept = dot(simd, residual, &scaled) / length;
        for (direction, scaled) in direction.iter_mut().zip(&scaled) {
            *direction = scaled + kept * *direction;
        }
    }
}
