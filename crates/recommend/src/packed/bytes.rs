//! The bytes of a packed model, and reading them: sizes first, then structure, then meaning. There is one form only.
//!
//! `SOKOREC1`, salt, how many products (4), dimension (2), five `f32`; then for each product in the order of fingerprints: the
//! distance to the fingerprint before, the count, an exponent for its factors, the factors; two lists of neighbours, each as
//! length, an exponent where there are weights, and pairs of the distance to the number before and a value. At the end the upper
//! half of the products' factors against each other. Numbers of unknown size are in groups of seven bits, the lowest first.

use super::{DIMENSION_MAX, Lists, Met, PACKED_BYTES_MAX, PACKED_PRODUCTS_MAX, Packed};

pub(super) const MAGIC: &[u8; 8] = b"SOKOREC1";

/// Why bytes are no model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    TooLong,
    NotAModel,
    Truncated,
    OutOfRange,
    TooMuch,
    /// A difference to another model than this one, or one that does not lead to what it names.
    OtherModel,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(match self {
            Self::TooLong => "the model is larger than a device may keep",
            Self::NotAModel => "these bytes are no model that this version knows",
            Self::Truncated => "the model ends too early",
            Self::OutOfRange => "a number in the model is out of range",
            Self::TooMuch => "there are bytes after the model's end",
            Self::OtherModel => "the difference is not between these two models",
        })
    }
}

impl std::error::Error for Malformed {}

impl Packed {
    /// # Errors
    /// Where the bytes are not exactly one model.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > PACKED_BYTES_MAX {
            return Err(Malformed::TooLong);
        }
        let mut from = Reader(bytes);
        if from.take(MAGIC.len())? != MAGIC {
            return Err(Malformed::NotAModel);
        }
        let salt = from.byte()?;
        let products = from.small(4)?;
        let dimension = from.small(2)?;
        // Each product has at least a byte for everything: a small file cannot ask for much memory.
        if products > PACKED_PRODUCTS_MAX || dimension > DIMENSION_MAX || products > bytes.len() {
            return Err(Malformed::OutOfRange);
        }
        let [unobserved, regularisation, exponent, factors_weight, near_weight] =
            [from.float()?, from.float()?, from.float()?, from.float()?, from.float()?];
        let mut packed = Self {
            salt,
            fingerprints: Vec::with_capacity(products),
            counts: Vec::with_capacity(products),
            dimension,
            unobserved,
            regularisation,
            exponent,
            factors_weight,
            near_weight,
            scales: Vec::with_capacity(products),
            factors: Vec::with_capacity((products * dimension).min(bytes.len())),
            gram: Vec::new(),
            met: Met::default(),
            near: Lists::new(),
            near_scales: Vec::with_capacity(products),
            together: Lists::new(),
        };
        for _ in 0..products {
            packed.read_product(&mut from, products)?;
        }
        packed.gram = from.symmetric(dimension)?;
        packed.met = Met::of(&packed.counts);
        if from.0.is_empty() { Ok(packed) } else { Err(Malformed::TooMuch) }
    }

    fn read_product(&mut self, from: &mut Reader<'_>, products: usize) -> Result<(), Malformed> {
        let distance = from.number()?;
        let fingerprint = match self.fingerprints.last() {
            None => distance,
            Some(_) if distance == 0 => return Err(Malformed::OutOfRange),
            Some(before) => before + distance,
        };
        if fingerprint >= 1 << 40 {
            return Err(Malformed::OutOfRange);
        }
        self.fingerprints.push(fingerprint);
        self.counts.push(from.count()?);
        self.scales.push(scale(from.byte()?));
        self.factors.extend(from.take(self.dimension)?.iter().map(|byte| byte.cast_signed()));
        let length = from.count()?;
        self.near_scales.push(scale(from.byte()?));
        from.list(length, products, &mut self.near, |from| Ok(from.byte()?.cast_signed()))?;
        let length = from.count()?;
        from.list(length, products, &mut self.together, Reader::count)
    }
}

/// A scale as the nearest step above, sixteen to each doubling: 1 is at 224, so that it reaches from 2⁻¹⁴ to nearly 4.
pub(crate) fn scale(exponent: u8) -> f32 {
    ((f32::from(exponent) - 224.0) / 16.0).exp2()
}

pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn small(&mut self, bytes: usize) -> Result<usize, Malformed> {
        let value = self.take(bytes)?.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
        usize::try_from(value).map_err(|_| Malformed::OutOfRange)
    }

    pub(super) fn float(&mut self) -> Result<f32, Malformed> {
        let bytes = self.take(4)?;
        let value = f32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        if value.is_finite() { Ok(value) } else { Err(Malformed::OutOfRange) }
    }

    /// The shortest form only.
    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..42).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && shift > 0 { Err(Malformed::OutOfRange) } else { Ok(value) };
            }
        }
        Err(Malformed::OutOfRange)
    }

    pub(super) fn count(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.number()?).map_err(|_| Malformed::OutOfRange)
    }

    pub(super) fn list<T>(
        &mut self,
        length: u32,
        products: usize,
        to: &mut Lists<T>,
        value: impl Fn(&mut Self) -> Result<T, Malformed>,
    ) -> Result<(), Malformed> {
        let mut next = 0u64;
        for _ in 0..length {
            let product = next + self.number()?;
            let number = u32::try_from(product).map_err(|_| Malformed::OutOfRange)?;
            if usize::try_from(number).map_or(true, |number| number >= products) {
                return Err(Malformed::OutOfRange);
            }
            to.products.push(number);
            to.values.push(value(self)?);
            next = product + 1;
        }
        to.ends.push(to.products.len());
        Ok(())
    }

    pub(super) fn symmetric(&mut self, size: usize) -> Result<Vec<f32>, Malformed> {
        let mut values = vec![0.0; size * size];
        for row in 0..size {
            for column in row..size {
                let value = self.float()?;
                values[row * size + column] = value;
                values[column * size + row] = value;
            }
        }
        Ok(values)
    }
}

/// In groups of seven bits, the lowest first.
pub(super) fn number(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    to.push(u8::try_from(value).unwrap_or(0));
}
