//! A packed model product by product, as one that follows from another is made: what did not change is copied as it stands,
//! since what is packed a second time is not always the same.

use super::bytes::{MAGIC, number, scale};
use super::score::rounded;
use super::{Lists, Met, Packed};

/// What a model says of one product. Lists ascend by the numbers of this model.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Row {
    pub(crate) fingerprint: u64,
    pub(crate) count: u32,
    pub(crate) scale: f32,
    pub(crate) factors: Vec<i8>,
    pub(crate) near_scale: f32,
    pub(crate) near: Vec<(u32, i8)>,
    pub(crate) together: Vec<(u32, u32)>,
}

impl Row {
    /// The same where products have other numbers; without those that have none any more.
    pub(crate) fn renumbered(mut self, to: impl Fn(u32) -> Option<u32>) -> Self {
        self.near = self.near.iter().filter_map(|it| Some((to(it.0)?, it.1))).collect();
        self.together = self.together.iter().filter_map(|it| Some((to(it.0)?, it.1))).collect();
        self
    }

    pub(super) fn write_factors(&self, to: &mut Vec<u8>) {
        to.push(exponent_of(self.scale));
        to.extend(self.factors.iter().map(|value| value.cast_unsigned()));
    }

    pub(super) fn write_near(&self, to: &mut Vec<u8>) {
        number(length(self.near.len()), to);
        to.push(exponent_of(self.near_scale));
        let mut next = 0;
        for (product, weight) in &self.near {
            number(u64::from(product - next), to);
            to.push(weight.cast_unsigned());
            next = product + 1;
        }
    }

    pub(super) fn write_together(&self, to: &mut Vec<u8>) {
        number(length(self.together.len()), to);
        let mut next = 0;
        for (product, both) in &self.together {
            number(u64::from(product - next), to);
            number(u64::from(*both), to);
            next = product + 1;
        }
    }
}

impl Packed {
    pub(crate) fn row_of(&self, at: usize) -> Row {
        Row {
            fingerprint: self.fingerprints[at],
            count: self.counts[at],
            scale: self.scales[at],
            factors: self.row(at).to_vec(),
            near_scale: self.near_scales[at],
            near: self.near.of(at).collect(),
            together: self.together.of(at).collect(),
        }
    }

    /// A model of other rows, which ascend by fingerprint, with everything else as it is here.
    pub(crate) fn with_rows(&self, salt: u8, rows: Vec<Row>) -> Self {
        let mut packed = Self {
            salt,
            fingerprints: Vec::with_capacity(rows.len()),
            counts: Vec::with_capacity(rows.len()),
            scales: Vec::with_capacity(rows.len()),
            factors: Vec::with_capacity(rows.len() * self.dimension),
            near: Lists::new(),
            near_scales: Vec::with_capacity(rows.len()),
            together: Lists::new(),
            gram: self.gram.clone(),
            met: Met::default(),
            ..*self
        };
        for row in rows {
            packed.fingerprints.push(row.fingerprint);
            packed.counts.push(row.count);
            packed.scales.push(row.scale);
            packed.factors.extend(row.factors);
            packed.near_scales.push(row.near_scale);
            packed.near.push(row.near);
            packed.together.push(row.together);
        }
        packed.met = Met::of(&packed.counts);
        packed
    }

    /// The bytes that this model is read from.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut to = MAGIC.to_vec();
        to.push(self.salt);
        to.extend(u32::try_from(self.products()).unwrap_or(u32::MAX).to_be_bytes());
        to.extend(u16::try_from(self.dimension).unwrap_or(u16::MAX).to_be_bytes());
        self.write_weights(&mut to);
        let mut before = 0;
        for at in 0..self.products() {
            let row = self.row_of(at);
            number(row.fingerprint - before, &mut to);
            before = row.fingerprint;
            number(u64::from(row.count), &mut to);
            row.write_factors(&mut to);
            row.write_near(&mut to);
            row.write_together(&mut to);
        }
        self.write_gram(&mut to);
        to
    }

    pub(super) fn write_weights(&self, to: &mut Vec<u8>) {
        for value in
            [self.unobserved, self.regularisation, self.exponent, self.factors_weight, self.near_weight]
        {
            to.extend(value.to_be_bytes());
        }
    }

    pub(super) fn write_gram(&self, to: &mut Vec<u8>) {
        for row in 0..self.dimension {
            for column in row..self.dimension {
                to.extend(self.gram[row * self.dimension + column].to_be_bytes());
            }
        }
    }
}

/// The step that `scale` made of it.
fn exponent_of(step: f32) -> u8 {
    let exponent = u8::try_from(rounded(step.log2() * 16.0 + 224.0).clamp(0, 255)).unwrap_or(0);
    debug_assert!(scale(exponent) == step, "a scale is one of 256 steps");
    exponent
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
