//! Quantities: integers of a product's smallest unit. Nothing is ever half a unit; a kilogram is 1000 grams.

use std::fmt;
use std::str::FromStr;

use crate::wire::{Malformed, Reader, Wire, Writer};

crate::wire_choice! {
    /// What a product is counted in. Chosen once per product.
    pub enum Unit {
        Piece = 1,
        Gram = 2,
        Millilitre = 3,
    }
}

impl Unit {
    /// The international sign; pieces have none.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Piece => "",
            Self::Gram => "g",
            Self::Millilitre => "ml",
        }
    }
}

/// Why a quantity is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QuantityError {
    #[error("the quantity is too large to be stored: check for digits too many")]
    Overflow,
    #[error("this is not a whole number of units: write digits only")]
    NotANumber,
}

/// So many of a product's smallest unit. May be negative where a difference is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Quantity(pub i64);

impl Quantity {
    pub const ZERO: Self = Self(0);

    pub fn checked_add(self, other: Self) -> Result<Self, QuantityError> {
        self.0.checked_add(other.0).map(Self).ok_or(QuantityError::Overflow)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, QuantityError> {
        self.0.checked_sub(other.0).map(Self).ok_or(QuantityError::Overflow)
    }

    pub fn checked_neg(self) -> Result<Self, QuantityError> {
        self.0.checked_neg().map(Self).ok_or(QuantityError::Overflow)
    }

    /// Adds up any number of quantities; none makes zero.
    pub fn sum(quantities: impl IntoIterator<Item = Self>) -> Result<Self, QuantityError> {
        quantities.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(QuantityError::NotANumber);
        }
        text.parse().map(Self).map_err(|_| QuantityError::Overflow)
    }
}

impl Wire for Quantity {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        i64::take(input).map(Self)
    }
}
