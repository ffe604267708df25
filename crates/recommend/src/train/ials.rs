//! Factors by alternating least squares for implicit feedback, with the weight of regularisation growing with how often a
//! row occurs ("Revisiting the performance of iALS on item recommendation benchmarks", Rendle, Krichene, Zhang and Koren 2021).
//!
//! Each row is a small least-squares problem, solved by conjugate gradients from where it stood, preconditioned by its
//! diagonal: the sweeps over the data need only come closer each time, not arrive.

mod sharded;

use pulp::{Arch, Simd, WithSimd};

pub use sharded::Shards;

use super::histories::{Histories, index};
use super::kernel::{WIDEST, add_four, add_projected, add_scaled, dot};
use super::parallel::each_piece;
use super::seeds::Seeds;
use super::weighed::Weighed;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct IalsParameters {
    pub dimension: usize,
    pub sweeps: usize,
    /// Steps towards each row's solution in one sweep.
    pub steps: usize,
    /// Weight of a product that somebody did not have, where one that they had weighs 1.
    pub unobserved: f32,
    pub regularisation: f32,
    /// 1: a row that occurs twice as often is held back twice as much.
    pub exponent: f32,
}

/// What each product is like, as numbers; and what is needed to find a person's from their history.
#[derive(Clone, PartialEq, Debug)]
pub struct Factors {
    parameters: IalsParameters,
    stride: usize,
    products: Vec<f32>,
    /// How many products somebody met: what nobody could have had speaks for no other taste.
    met: usize,
    /// The products' factors against each other, times the weight of what was not observed.
    gram: Vec<f32>,
}

/// Of more entries than this, factors are found in pieces of as many: turned around, an entry takes up to 32 bytes, and there would be no end to
/// what a training of all at once needs beside them.
pub const ENTRIES_AT_ONCE: usize = 4_000_000;

/// How many rows a thread takes at a time.
const ROWS_PER_PIECE: usize = 32;
/// Steps to a person's vector when only that is wanted.
const FOLD_IN_STEPS: usize = 8;

impl Factors {
    #[must_use]
    pub fn train(histories: &Histories, parameters: IalsParameters, seed: u64) -> Self {
        let sizes = (histories.rows(), histories.products());
        Self::fit((histories, &turned(histories)), sizes, parameters, seed)
    }

    /// Where not everything says as much as having it.
    #[must_use]
    pub fn train_weighed(weighed: &Weighed, parameters: IalsParameters, seed: u64) -> Self {
        if weighed.entries() > ENTRIES_AT_ONCE {
            return Self::train_in_pieces(weighed, ENTRIES_AT_ONCE, parameters, seed);
        }
        Self::fit((weighed, &weighed.turned()), (weighed.rows(), weighed.products()), parameters, seed)
    }

    fn fit(
        (by_person, by_product): (&impl Rows, &impl Rows),
        (rows, count): (usize, usize),
        parameters: IalsParameters,
        seed: u64,
    ) -> Self {
        let stride = parameters.dimension.next_multiple_of(WIDEST);
        let mut products = start(count, parameters.dimension, seed);
        let mut people = vec![0.0; rows * stride];
        let side = |count: usize| Side { parameters, stride, others: count };
        // What nobody met holds nobody back: 50,000 new products would else press everything else to nothing.
        let met = (0..count).filter(|at| !by_product.had(*at).0.is_empty()).count();
        for _ in 0..parameters.sweeps {
            side(met).solve(by_person, &products, &mut people);
            side(rows).solve(by_product, &people, &mut products);
        }
        let gram = gram(&products, stride, parameters.unobserved);
        Self { parameters, stride, products, met, gram }
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.parameters.dimension
    }

    /// The products' factors against each other, times the weight of what was not observed.
    pub(crate) fn gram(&self) -> impl Fn(usize, usize) -> f32 {
        |row, column| self.gram[row * self.stride + column]
    }

    /// A product's numbers.
    #[must_use]
    pub fn product(&self, at: usize) -> &[f32] {
        &self.products[at * self.stride..][..self.parameters.dimension]
    }

    /// Factors as another model had them: a row for each product, and its squares, which say how people are found.
    pub(super) fn known<'a>(
        parameters: IalsParameters,
        rows: impl Iterator<Item = &'a [f32]>,
        gram_of: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let stride = parameters.dimension.next_multiple_of(WIDEST);
        let mut products = Vec::new();
        for row in rows {
            products.extend_from_slice(row);
            products.resize(products.len().next_multiple_of(stride), 0.0);
        }
        let mut gram = vec![0.0; stride * stride];
        for row in 0..parameters.dimension {
            for column in 0..parameters.dimension {
                gram[row * stride + column] = gram_of(row, column);
            }
        }
        let met = products.len().checked_div(stride).unwrap_or(0);
        Self { parameters, stride, products, met, gram }
    }

    /// Finds these products' numbers again from those who met them, who are found from all products as these stand. The squares
    /// stay: people are found as before.
    pub(super) fn find_again(&mut self, weighed: &Weighed, which: &[usize]) {
        let stride = self.stride;
        let parameters = IalsParameters { steps: FOLD_IN_STEPS, ..self.parameters };
        let side = |others: usize| Side { parameters, stride, others };
        let by_product = weighed.turned();
        let met = (0..by_product.rows()).filter(|at| !by_product.row(*at).0.is_empty()).count();
        let mut people = vec![0.0; weighed.rows() * stride];
        self.met = met;
        side(met).solve_with(weighed, (&self.products, &self.gram), &mut people);
        let squares = gram(&people, stride, parameters.unobserved);
        let mut found: Vec<f32> =
            which.iter().flat_map(|at| &self.products[at * stride..][..stride]).copied().collect();
        let by_product = Chosen { all: &by_product, which };
        side(weighed.rows()).solve_with(&by_product, (&people, &squares), &mut found);
        for (at, row) in which.iter().zip(found.chunks_exact(stride)) {
            self.products[at * stride..][..stride].copy_from_slice(row);
        }
    }

    /// Numbers for a product that nobody had. People's vectors are found as if it were not there: nobody left it out.
    pub(super) fn put_new(&mut self, at: usize, numbers: &[f32]) {
        for (to, from) in
            self.products[at * self.stride..][..self.parameters.dimension].iter_mut().zip(numbers)
        {
            *to = *from;
        }
    }

    /// A person's vector from their history, with a weight for each product of it; below 0 it speaks against it.
    #[must_use]
    pub fn fold_in(&self, history: &[u32], weights: &[f32]) -> Vec<f32> {
        let mut person = vec![0.0; self.stride];
        let solve = Solve {
            others: &self.products,
            gram: &self.gram,
            stride: self.stride,
            steps: FOLD_IN_STEPS,
            rows: std::iter::once((history, weights)),
            to: &mut person,
            parameters: self.parameters,
            count: self.met,
        };
        Arch::new().dispatch(solve);
        person
    }

    /// Adds every product's score for a person's vector.
    pub fn score(&self, person: &[f32], scores: &mut [f32]) {
        Arch::new().dispatch(Score { products: &self.products, person, scores });
    }
}

struct Score<'a> {
    products: &'a [f32],
    person: &'a [f32],
    scores: &'a mut [f32],
}

impl WithSimd for Score<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (score, product) in self.scores.iter_mut().zip(self.products.chunks_exact(self.person.len())) {
            *score = dot(simd, product, self.person);
        }
    }
}

/// Where products begin.
fn start(count: usize, dimension: usize, seed: u64) -> Vec<f32> {
    let stride = dimension.next_multiple_of(WIDEST);
    let mut seeds = Seeds::new(seed);
    let scale = 0.1 / (dimension as f32).sqrt();
    let mut products = vec![0.0; count * stride];
    for row in products.chunks_exact_mut(stride) {
        row[..dimension].fill_with(|| seeds.normal() * scale);
    }
    products
}

/// The same histories by product: who had it.
fn turned(histories: &Histories) -> Vec<Vec<u32>> {
    let occurrences = histories.occurrences();
    (0..histories.products())
        .map(|it| occurrences.of(it).iter().map(|occurrence| occurrence.row).collect())
        .collect()
}

/// Rows of either side, and what each entry weighs: 1 where nothing is said.
trait Rows: Sync {
    fn had(&self, at: usize) -> (&[u32], &[f32]);
}

impl Rows for Histories {
    fn had(&self, at: usize) -> (&[u32], &[f32]) {
        (self.row(at), &[])
    }
}

impl Rows for Vec<Vec<u32>> {
    fn had(&self, at: usize) -> (&[u32], &[f32]) {
        (&self[at], &[])
    }
}

impl Rows for Weighed {
    fn had(&self, at: usize) -> (&[u32], &[f32]) {
        self.row(at)
    }
}

/// Some of the rows.
struct Chosen<'a> {
    all: &'a Weighed,
    which: &'a [usize],
}

impl Rows for Chosen<'_> {
    fn had(&self, at: usize) -> (&[u32], &[f32]) {
        self.all.row(self.which[at])
    }
}

struct Side {
    parameters: IalsParameters,
    stride: usize,
    others: usize,
}

impl Side {
    fn solve(&self, rows: &impl Rows, others: &[f32], to: &mut [f32]) {
        let gram = gram(others, self.stride, self.parameters.unobserved);
        self.solve_with(rows, (others, &gram), to);
    }

    fn solve_with(&self, rows: &impl Rows, (others, gram): (&[f32], &[f32]), to: &mut [f32]) {
        let arch = Arch::new();
        each_piece(to, ROWS_PER_PIECE * self.stride, |at, to| {
            let first = at * ROWS_PER_PIECE;
            arch.dispatch(Solve {
                others,
                gram,
                stride: self.stride,
                steps: self.parameters.steps,
                rows: (first..first + to.len() / self.stride).map(|row| rows.had(row)),
                to,
                parameters: self.parameters,
                count: self.others,
            });
        });
    }
}

fn held_back(parameters: IalsParameters, occurs: usize, others: usize) -> f32 {
    let weight = occurs as f32 + parameters.unobserved * others as f32;
    parameters.regularisation * weight.powf(parameters.exponent)
}

/// All rows against each other: `unobserved · Σ row · rowᵀ`. Rows are added in pieces of a fixed size, and the pieces in order.
fn gram(rows: &[f32], stride: usize, unobserved: f32) -> Vec<f32> {
    const ROWS: usize = 1_024;
    let mut sums = vec![0.0; stride * stride * rows.len().div_ceil(ROWS * stride)];
    let arch = Arch::new();
    each_piece(&mut sums, stride * stride, |at, sum| {
        let rows = &rows[at * ROWS * stride..];
        let rows = &rows[..rows.len().min(ROWS * stride)];
        arch.dispatch(AddSquares { rows, stride, sum });
    });
    let mut gram = vec![0.0; stride * stride];
    for sum in sums.chunks_exact(stride * stride) {
        for (to, value) in gram.iter_mut().zip(sum) {
            *to += unobserved * value;
        }
    }
    gram
}

struct AddSquares<'a> {
    rows: &'a [f32],
    stride: usize,
    sum: &'a mut [f32],
}

impl WithSimd for AddSquares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let whole = self.rows.len() / (4 * self.stride) * 4 * self.stride;
        let (fours, rest) = self.rows.split_at(whole);
        for rows in fours.chunks_exact(4 * self.stride) {
            let (a, others) = rows.split_at(self.stride);
            let (b, others) = others.split_at(self.stride);
            let (c, d) = others.split_at(self.stride);
            for (at, to) in self.sum.chunks_exact_mut(self.stride).enumerate() {
                add_four(simd, [a[at], b[at], c[at], d[at]], [a, b, c, d], to);
            }
        }
        for row in rest.chunks_exact(self.stride) {
            for (factor, to) in row.iter().zip(self.sum.chunks_exact_mut(self.stride)) {
                add_scaled(simd, *factor, row, to);
            }
        }
    }
}

/// Several rows' problems, one after the other.
struct Solve<'a, Rows> {
    others: &'a [f32],
    gram: &'a [f32],
    stride: usize,
    steps: usize,
    /// What was had, and what each of it weighs.
    rows: Rows,
    to: &'a mut [f32],
    parameters: IalsParameters,
    count: usize,
}

impl<'a, Rows: Iterator<Item = (&'a [u32], &'a [f32])>> WithSimd for Solve<'a, Rows> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let stride = self.stride;
        let mut space = Space::new(stride);
        for ((had, weights), to) in self.rows.zip(self.to.chunks_exact_mut(stride)) {
            if had.is_empty() {
                to.fill(0.0);
                continue;
            }
            space.gather(self.others, had);
            space.weigh(weights, had.len());
            let held_back = held_back(self.parameters, had.len(), self.count);
            space.solve(simd, Problem { gram: self.gram, held_back, steps: self.steps }, to);
        }
    }
}

struct Problem<'a> {
    gram: &'a [f32],
    held_back: f32,
    steps: usize,
}

/// Room for one row's problem, used again for the next.
struct Space {
    stride: usize,
    near: Vec<f32>,
    /// How sure each is, and how much of that is for it rather than against it.
    weights: Vec<f32>,
    wanted: Vec<f32>,
    diagonal: Vec<f32>,
    residual: Vec<f32>,
    scaled: Vec<f32>,
    direction: Vec<f32>,
    applied: Vec<f32>,
}

impl Space {
    fn new(stride: usize) -> Self {
        let zero = || vec![0.0; stride];
        let [diagonal, residual, scaled, direction, applied] = [zero(), zero(), zero(), zero(), zero()];
        let [near, weights, wanted] = [Vec::new(), Vec::new(), Vec::new()];
        Self { stride, near, weights, wanted, diagonal, residual, scaled, direction, applied }
    }

    fn weigh(&mut self, weights: &[f32], count: usize) {
        self.weights.clear();
        self.weights.extend(weights.iter().map(|weight| weight.abs()));
        self.weights.resize(count, 1.0);
        self.wanted.clear();
        self.wanted.extend(weights.iter().map(|weight| weight.max(0.0)));
        self.wanted.resize(count, 1.0);
    }

    /// Lays the rows of what was had side by side: they are read several times.
    fn gather(&mut self, others: &[f32], had: &[u32]) {
        self.near.clear();
        for product in had {
            self.near.extend_from_slice(&others[index(*product) * self.stride..][..self.stride]);
        }
    }

    #[inline(always)]
    fn solve<S: Simd>(&mut self, simd: S, problem: Problem<'_>, to: &mut [f32]) {
        self.prepare(simd, &problem, to);
        self.scale();
        self.direction.copy_from_slice(&self.scaled);
        let mut length = dot(simd, &self.residual, &self.scaled);
        for step in 0..problem.steps {
            if length <= f32::MIN_POSITIVE {
                return;
            }
            self.apply(simd, &problem);
            let along = length / dot(simd, &self.direction, &self.applied);
            add_scaled(simd, along, &self.direction, to);
            if step + 1 == problem.steps {
                return;
            }
            add_scaled(simd, -along, &self.applied, &mut self.residual);
            self.scale();
            let next = dot(simd, &self.residual, &self.scaled);
            let kept = next / length;
            length = next;
            for (direction, scaled) in self.direction.iter_mut().zip(&self.scaled) {
                *direction = scaled + kept * *direction;
            }
        }
    }

    /// What is missing at the start, and the problem's diagonal.
    #[inline(always)]
    fn prepare<S: Simd>(&mut self, simd: S, problem: &Problem<'_>, from: &[f32]) {
        self.direction.copy_from_slice(from);
        self.apply(simd, problem);
        for (residual, applied) in self.residual.iter_mut().zip(&self.applied) {
            *residual = -applied;
        }
        let own = problem.gram.iter().step_by(self.stride + 1);
        for (diagonal, gram) in self.diagonal.iter_mut().zip(own) {
            *diagonal = gram + problem.held_back;
        }
        let weights = self.weights.iter().zip(&self.wanted);
        for (row, (weight, wanted)) in self.near.chunks_exact(self.stride).zip(weights) {
            add_scaled(simd, *wanted, row, &mut self.residual);
            for (diagonal, value) in self.diagonal.iter_mut().zip(row) {
                *diagonal += weight * value * value;
            }
        }
    }

    /// `applied = A · direction`.
    #[inline(always)]
    fn apply<S: Simd>(&mut self, simd: S, problem: &Problem<'_>) {
        for (to, direction) in self.applied.iter_mut().zip(&self.direction) {
            *to = problem.held_back * direction;
        }
        for (rows, factors) in problem.gram.chunks_exact(4 * self.stride).zip(self.direction.chunks_exact(4))
        {
            let (a, others) = rows.split_at(self.stride);
            let (b, others) = others.split_at(self.stride);
            let (c, d) = others.split_at(self.stride);
            let factors = [factors[0], factors[1], factors[2], factors[3]];
            add_four(simd, factors, [a, b, c, d], &mut self.applied);
        }
        add_projected(simd, &self.near, &self.weights, &self.direction, &mut self.applied);
    }

    #[inline(always)]
    fn scale(&mut self) {
        for ((scaled, residual), diagonal) in self.scaled.iter_mut().zip(&self.residual).zip(&self.diagonal) {
            *scaled = residual / diagonal;
        }
    }
}
