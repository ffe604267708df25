//! Wide arithmetic on slices of `f32`, in safe Rust: the processor's widest vectors are chosen when running. Everything
//! here is `inline(always)`, so that it is compiled for the vectors of the operation that calls it.
//!
//! Sums are taken in an order that depends on the width of the vectors: results are the same on every run and for every
//! number of threads, and differ in the last bits between kinds of processor.

use pulp::Simd;

/// Slices whose length is a multiple of this have no remainder on any processor.
pub(super) const WIDEST: usize = 16;

#[inline(always)]
pub(super) fn dot<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (S::as_simd_f32s(a), S::as_simd_f32s(b));
    let mut sums = [simd.splat_f32s(0.0); 2];
    let mut pairs = a.chunks_exact(2).zip(b.chunks_exact(2));
    for (a, b) in pairs.by_ref() {
        sums[0] = simd.mul_add_e_f32s(a[0], b[0], sums[0]);
        sums[1] = simd.mul_add_e_f32s(a[1], b[1], sums[1]);
    }
    if let (Some(a), Some(b)) = (a.chunks_exact(2).remainder().first(), b.chunks_exact(2).remainder().first())
    {
        sums[0] = simd.mul_add_e_f32s(*a, *b, sums[0]);
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    simd.reduce_sum_f32s(simd.add_f32s(sums[0], sums[1])) + rest
}

/// `to += factor * from`.
#[inline(always)]
pub(super) fn add_scaled<S: Simd>(simd: S, factor: f32, from: &[f32], to: &mut [f32]) {
    let ((from, from_rest), (to, to_rest)) = (S::as_simd_f32s(from), S::as_mut_simd_f32s(to));
    let wide = simd.splat_f32s(factor);
    for (from, to) in from.iter().zip(to) {
        *to = simd.mul_add_e_f32s(wide, *from, *to);
    }
    for (from, to) in from_rest.iter().zip(to_rest) {
        *to += factor * from;
    }
}

/// `to += Σ weight · (row · with) · row` over all rows: one pass over the rows, four at a time.
#[inline(always)]
pub(super) fn add_projected<S: Simd>(simd: S, rows: &[f32], weights: &[f32], with: &[f32], to: &mut [f32]) {
    let width = with.len();
    let (four, rest) = rows.split_at(rows.len() / (4 * width) * 4 * width);
    let (four_weights, rest_weights) = weights.split_at(weights.len() / 4 * 4);
    for (rows, weights) in four.chunks_exact(4 * width).zip(four_weights.chunks_exact(4)) {
        let (a, others) = rows.split_at(width);
        let (b, others) = others.split_at(width);
        let (c, d) = others.split_at(width);
        let factors = dot_four(simd, [a, b, c, d], with);
        let factors = [0, 1, 2, 3].map(|at| factors[at] * weights[at]);
        add_four(simd, factors, [a, b, c, d], to);
    }
    for (row, weight) in rest.chunks_exact(width).zip(rest_weights) {
        let factor = weight * dot(simd, row, with);
        add_scaled(simd, factor, row, to);
    }
}

#[inline(always)]
fn dot_four<S: Simd>(simd: S, rows: [&[f32]; 4], with: &[f32]) -> [f32; 4] {
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = rows.map(S::as_simd_f32s);
    let (with, with_rest) = S::as_simd_f32s(with);
    let mut sums = [simd.splat_f32s(0.0); 4];
    for ((((with, a), b), c), d) in with.iter().zip(a).zip(b).zip(c).zip(d) {
        sums[0] = simd.mul_add_e_f32s(*with, *a, sums[0]);
        sums[1] = simd.mul_add_e_f32s(*with, *b, sums[1]);
        sums[2] = simd.mul_add_e_f32s(*with, *c, sums[2]);
        sums[3] = simd.mul_add_e_f32s(*with, *d, sums[3]);
    }
    let rests = [a_rest, b_rest, c_rest, d_rest];
    let tail = |at: usize| rests[at].iter().zip(with_rest).map(|(a, b)| a * b).sum::<f32>();
    [0, 1, 2, 3].map(|at| simd.reduce_sum_f32s(sums[at]) + tail(at))
}

#[inline(always)]
pub(super) fn add_four<S: Simd>(simd: S, factors: [f32; 4], rows: [&[f32]; 4], to: &mut [f32]) {
    let [(a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)] = rows.map(S::as_simd_f32s);
    let (to, to_rest) = S::as_mut_simd_f32s(to);
    let wide = factors.map(|factor| simd.splat_f32s(factor));
    for ((((to, a), b), c), d) in to.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let first = simd.mul_add_e_f32s(wide[1], *b, simd.mul_add_e_f32s(wide[0], *a, *to));
        *to = simd.mul_add_e_f32s(wide[3], *d, simd.mul_add_e_f32s(wide[2], *c, first));
    }
    for (at, to) in to_rest.iter_mut().enumerate() {
        *to += factors[0] * a_rest[at]
            + factors[1] * b_rest[at]
            + factors[2] * c_rest[at]
            + factors[3] * d_rest[at];
    }
}

/// Rows of one tile of a matrix.
pub(super) const TILE_ROWS: usize = 6;

/// Columns of one tile: two vectors.
#[inline(always)]
pub(super) fn tile_columns<S: Simd>() -> usize {
    2 * S::F32_LANES
}

/// Subtracts a product from one tile of a matrix with `stride` columns that begins at `to[0]`. `left` holds `TILE_ROWS`
/// numbers for each step, `right` holds `tile_columns` for each.
#[inline(always)]
pub(super) fn subtract_product<S: Simd>(simd: S, left: &[f32], right: &[f32], to: &mut [f32], stride: usize) {
    let right = S::as_simd_f32s(right).0;
    let mut sums = [[simd.splat_f32s(0.0); 2]; TILE_ROWS];
    for (left, right) in left.chunks_exact(TILE_ROWS).zip(right.chunks_exact(2)) {
        for (sums, left) in sums.iter_mut().zip(left) {
            let left = simd.splat_f32s(*left);
            sums[0] = simd.mul_add_e_f32s(left, right[0], sums[0]);
            sums[1] = simd.mul_add_e_f32s(left, right[1], sums[1]);
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        let to = &mut to[row * stride..][..tile_columns::<S>()];
        let to = S::as_mut_simd_f32s(to).0;
        to[0] = simd.sub_f32s(to[0], sums[0]);
        to[1] = simd.sub_f32s(to[1], sums[1]);
    }
}
