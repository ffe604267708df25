//! The inverse of a symmetric positive matrix by block sweeps: each step takes a block of rows out and corrects the rest by one
//! product. Half the matrix is worked on; the other half is filled at the end.
//!
//! Half of n³ multiplications, nearly all in one tile of registers. A general library for this takes longer to build than
//! all else that we train with, and is no faster where it matters.

use pulp::{Arch, Simd, WithSimd};

use super::kernel::{TILE_ROWS, subtract_product, tile_columns};
use super::parallel::each_piece;

/// A multiple of every tile's rows and columns, small enough that what a tile reads stays in the nearest cache.
const BLOCK: usize = 96;

/// A symmetric matrix whose size is rounded up to whole blocks; what was added is the identity.
pub(super) struct Symmetric {
    pub(super) stride: usize,
    pub(super) values: Vec<f32>,
}

impl Symmetric {
    pub(super) fn zero(size: usize) -> Self {
        let stride = size.next_multiple_of(BLOCK);
        let mut values = vec![0.0; stride * stride];
        for at in size..stride {
            values[at * stride + at] = 1.0;
        }
        Self { stride, values }
    }

    /// Puts the inverse in place of the matrix. Only the lower half is read.
    pub(super) fn invert(&mut self) {
        let arch = Arch::new();
        for first in (0..self.stride).step_by(BLOCK) {
            self.sweep(arch, first);
        }
        let stride = self.stride;
        for row in 0..stride {
            for column in 0..row {
                let value = -self.values[row * stride + column];
                self.values[row * stride + column] = value;
                self.values[column * stride + row] = value;
            }
            self.values[row * stride + row] = -self.values[row * stride + row];
        }
    }

    fn sweep(&mut self, arch: Arch, first: usize) {
        let panel = self.panel(first);
        let block = inverse_of_block(&panel, self.stride, first);
        let swept = arch.dispatch(Multiply { block: &block, panel: &panel, stride: self.stride });
        let correction = arch.dispatch(Pack { panel: &panel, swept: &swept, stride: self.stride });
        let stride = self.stride;
        each_piece(&mut self.values, BLOCK * stride, |at, rows| {
            if at * BLOCK != first {
                arch.dispatch(Correct { rows, correction: &correction, at, without: first / BLOCK, stride });
            }
        });
        self.put_panel(first, &swept, &block);
    }

    /// The block's rows in full; those right of the diagonal are read from below it.
    fn panel(&self, first: usize) -> Vec<f32> {
        let stride = self.stride;
        let mut panel = vec![0.0; BLOCK * stride];
        for (row, to) in panel.chunks_exact_mut(stride).enumerate() {
            let end = first + BLOCK;
            to[..end].copy_from_slice(&self.values[(first + row) * stride..][..end]);
            for within in row + 1..BLOCK {
                to[first + within] = self.values[(first + within) * stride + first + row];
            }
            for (to, below) in to[end..].iter_mut().zip(self.values[end * stride..].chunks_exact(stride)) {
                *to = below[first + row];
            }
        }
        panel
    }

    fn put_panel(&mut self, first: usize, swept: &[f32], block: &[f32]) {
        let stride = self.stride;
        for (row, from) in swept.chunks_exact(stride).enumerate() {
            self.values[(first + row) * stride..][..first].copy_from_slice(&from[..first]);
            for (to, value) in
                self.values[(first + row) * stride + first..].iter_mut().zip(&block[row * BLOCK..][..BLOCK])
            {
                *to = -value;
            }
            let end = first + BLOCK;
            for (below, from) in self.values[end * stride..].chunks_exact_mut(stride).zip(&from[end..]) {
                below[first + row] = *from;
            }
        }
    }
}

/// Gauss-Jordan on one small block; a positive matrix needs no exchange of rows.
fn inverse_of_block(panel: &[f32], stride: usize, first: usize) -> Vec<f32> {
    let mut block: Vec<f32> =
        panel.chunks_exact(stride).flat_map(|row| row[first..first + BLOCK].iter().copied()).collect();
    for pivot in 0..BLOCK {
        let factor = 1.0 / block[pivot * BLOCK + pivot];
        block[pivot * BLOCK + pivot] = 1.0;
        for value in &mut block[pivot * BLOCK..][..BLOCK] {
            *value *= factor;
        }
        let taken: Vec<f32> = block[pivot * BLOCK..][..BLOCK].to_vec();
        for (row, values) in block.chunks_exact_mut(BLOCK).enumerate() {
            if row == pivot {
                continue;
            }
            let times = std::mem::take(&mut values[pivot]);
            for (value, taken) in values.iter_mut().zip(&taken) {
                *value -= times * taken;
            }
        }
    }
    block
}

/// The block's inverse times its rows.
struct Multiply<'a> {
    block: &'a [f32],
    panel: &'a [f32],
    stride: usize,
}

impl WithSimd for Multiply<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut swept = vec![0.0; BLOCK * self.stride];
        for (to, factors) in swept.chunks_exact_mut(self.stride).zip(self.block.chunks_exact(BLOCK)) {
            for (factors, rows) in factors.chunks_exact(4).zip(self.panel.chunks_exact(4 * self.stride)) {
                let (a, others) = rows.split_at(self.stride);
                let (b, others) = others.split_at(self.stride);
                let (c, d) = others.split_at(self.stride);
                super::kernel::add_four(
                    simd,
                    [factors[0], factors[1], factors[2], factors[3]],
                    [a, b, c, d],
                    to,
                );
            }
        }
        swept
    }
}

/// Both sides of the correction, in the order in which tiles read them.
struct Packed {
    left: Vec<f32>,
    right: Vec<f32>,
}

struct Pack<'a> {
    panel: &'a [f32],
    swept: &'a [f32],
    stride: usize,
}

impl WithSimd for Pack<'_> {
    type Output = Packed;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Packed {
        Packed {
            left: in_strips(self.panel, self.stride, TILE_ROWS),
            right: in_strips(self.swept, self.stride, tile_columns::<S>()),
        }
    }
}

fn in_strips(panel: &[f32], stride: usize, width: usize) -> Vec<f32> {
    let mut strips = Vec::with_capacity(panel.len());
    for from in (0..stride).step_by(width) {
        for row in panel.chunks_exact(stride) {
            strips.extend_from_slice(&row[from..from + width]);
        }
    }
    strips
}

/// Takes the correction from one block of rows, up to the diagonal.
struct Correct<'a> {
    rows: &'a mut [f32],
    correction: &'a Packed,
    at: usize,
    without: usize,
    stride: usize,
}

impl WithSimd for Correct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let columns = tile_columns::<S>();
        let strips = self.correction.left.chunks_exact(TILE_ROWS * BLOCK).skip(self.at * BLOCK / TILE_ROWS);
        let strips: Vec<&[f32]> = strips.take(BLOCK / TILE_ROWS).collect();
        for block in (0..=self.at).filter(|block| *block != self.without) {
            for panel in 0..BLOCK / columns {
                let column = block * BLOCK + panel * columns;
                let right = &self.correction.right[column * BLOCK..][..columns * BLOCK];
                for (strip, left) in strips.iter().enumerate() {
                    let to = &mut self.rows[strip * TILE_ROWS * self.stride + column..];
                    subtract_product(simd, left, right, to, self.stride);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_the_identity() {
        let size = 230;
        let mut matrix = Symmetric::zero(size);
        let mut state = 7u32;
        for row in 0..size {
            for column in 0..=row {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let value = f32::from(u16::try_from(state >> 20).unwrap()) / 4096.0;
                matrix.values[row * matrix.stride + column] =
                    if row == column { 150.0 + value } else { value };
            }
        }
        let before: Vec<f32> = matrix.values.clone();
        let stride = matrix.stride;
        let symmetric = |row: usize, column: usize| before[row.max(column) * stride + row.min(column)];
        matrix.invert();
        for row in 0..size {
            for column in 0..size {
                let product: f32 =
                    (0..size).map(|k| symmetric(row, k) * matrix.values[k * stride + column]).sum();
                let expected = if row == column { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-3, "{row} {column}: {product}");
            }
        }
    }
}
