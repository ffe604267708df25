//! The model as it travels to a device: small whole numbers, one form, named by the hash of its bytes.
//!
//! It holds nothing about people. What somebody may like is found on their device from their own history, which stays there.

mod bytes;
mod delta;
mod met;
mod pick;
mod rows;
mod score;
#[cfg(feature = "train")]
mod write;

pub use bytes::Malformed;
pub use delta::{apply, difference};
use met::Met;
pub use pick::{Reason, Suggestion, Wanted};
pub(crate) use rows::Row;
pub use score::Person;
#[cfg(feature = "train")]
pub(crate) use write::pack_within;
#[cfg(feature = "train")]
pub use write::{Contents, Pair, Unpackable, pack};
#[cfg(feature = "train")]
pub(crate) use {
    bytes::scale,
    write::{Order, exponent, whole},
};

use sha2::{Digest as _, Sha256};

/// What may travel: every device keeps one.
pub const PACKED_BYTES_MAX: usize = 2_000_000;
pub const PACKED_PRODUCTS_MAX: usize = 65_536;
pub const DIMENSION_MAX: usize = 512;

/// A product's id, as everywhere else.
pub type ProductId = [u8; 16];

/// No product: the row of whoever had and liked nothing yet. Its neighbours are what they are shown.
pub const NEWCOMERS: ProductId = *b"soko: newcomers\0";

/// What a model is called: the hash of its bytes.
#[must_use]
pub fn model_id(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A model that was read and checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Packed {
    salt: u8,
    /// Ascending; a product's place among them is its number.
    fingerprints: Vec<u64>,
    /// In how many baskets or histories each product was.
    counts: Vec<u32>,
    dimension: usize,
    /// Weight of what was not observed, and of regularisation, as in training.
    unobserved: f32,
    regularisation: f32,
    exponent: f32,
    factors_weight: f32,
    near_weight: f32,
    scales: Vec<f32>,
    factors: Vec<i8>,
    gram: Vec<f32>,
    /// What follows from the counts.
    met: Met,
    near: Lists<i8>,
    near_scales: Vec<f32>,
    together: Lists<u32>,
}

/// For each product some others, each with a number.
#[derive(Clone, PartialEq, Debug)]
struct Lists<T> {
    ends: Vec<usize>,
    products: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy> Lists<T> {
    fn new() -> Self {
        Self { ends: Vec::new(), products: Vec::new(), values: Vec::new() }
    }

    fn push(&mut self, row: Vec<(u32, T)>) {
        for (product, value) in row {
            self.products.push(product);
            self.values.push(value);
        }
        self.ends.push(self.products.len());
    }

    fn of(&self, at: usize) -> impl Iterator<Item = (u32, T)> {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        let range = start..self.ends[at];
        self.products[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }
}

impl Packed {
    #[must_use]
    pub fn products(&self) -> usize {
        self.fingerprints.len()
    }

    /// A product's factors as they were before they were packed, but for what a byte cannot say.
    #[cfg(feature = "train")]
    pub(crate) fn factors_of(&self, product: usize) -> impl Iterator<Item = f32> {
        self.row(product).iter().map(move |value| self.scales[product] * f32::from(*value))
    }

    #[cfg(feature = "train")]
    pub(crate) fn gram(&self) -> impl Fn(usize, usize) -> f32 {
        |row, column| self.gram[row * self.dimension + column]
    }

    #[cfg(feature = "train")]
    pub(crate) fn salt(&self) -> u8 {
        self.salt
    }

    /// Weight of what was not observed, of regularisation, and how this grows, as in training.
    #[cfg(feature = "train")]
    pub(crate) fn trained_with(&self) -> [f32; 3] {
        [self.unobserved, self.regularisation, self.exponent]
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// A product's number in this model, if it was there when the model was trained.
    #[must_use]
    pub fn number(&self, product: &ProductId) -> Option<u32> {
        let at = self.fingerprints.binary_search(&fingerprint(self.salt, product)).ok()?;
        u32::try_from(at).ok()
    }

    /// In how many baskets or histories a product was.
    #[must_use]
    pub fn count(&self, product: u32) -> u32 {
        usize::try_from(product).ok().and_then(|at| self.counts.get(at)).copied().unwrap_or(0)
    }
}

/// Five bytes that stand for an id: a catalogue whose products share one is packed with another salt.
fn fingerprint(salt: u8, product: &ProductId) -> u64 {
    let mut hash = Sha256::new();
    hash.update([salt]);
    hash.update(product);
    hash.finalize().iter().take(5).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
