//! Money: an integer of a currency's smallest unit, and nothing else. Arithmetic is checked, never wraps and
//! never mixes currencies. Symbols, grouping and locale belong to the screens.

mod coins;
mod currency;
mod decimal;
mod rounding;

use std::fmt;
use std::str::FromStr;

use crate::wire::{Malformed, Reader, Wire, Writer};

pub use coins::coins;
pub use currency::Currency;
pub use decimal::{TEXT_CHARS_MAX, TextProblem};
pub use rounding::{CashRounding, Ppm, Rounding, allocate, div_round, part_of};

/// Why two amounts do not make a third.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MoneyError {
    #[error("{left} and {right} cannot be added: convert one of them first")]
    CurrencyMismatch { left: Currency, right: Currency },
    #[error("the amount is too large to be stored: split it")]
    Overflow,
}

/// Why a text is not an amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MoneyTextError {
    #[error("write the amount, a space and a three-letter currency code that is in use, such as 12.50 EUR")]
    UnknownCurrency,
    #[error(transparent)]
    Amount(#[from] TextProblem),
}

/// An amount in a currency's smallest unit: 1250 for 12.50 EUR, 1250 for 1250 JPY.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.minor.checked_add(other.minor))
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.minor.checked_sub(other.minor))
    }

    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        self.with(self.minor.checked_neg())
    }

    pub fn checked_mul(self, factor: i64) -> Result<Self, MoneyError> {
        self.with(self.minor.checked_mul(factor))
    }

    /// Adds up any number of amounts; none makes zero.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Reads what a person types. Spaces of any width and apostrophes group by three; a single point or comma
    /// is always the decimal mark; of two different marks the last is the decimal mark and the other groups; a
    /// repeated mark groups. So `12.50`, `1 250,5`, `1,250.50`, `1.250.000` and `.5` are read, and `1,250` in a
    /// currency with two decimals is refused, since guessing could be wrong by a factor of a thousand.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, TextProblem> {
        let minor = decimal::parse(text, currency.exponent())?;
        Ok(Self { minor, currency })
    }

    /// The number alone, with a point and every decimal: `-1250.50`. `parse` reads it back.
    pub fn plain(self) -> String {
        decimal::plain(self.minor, self.currency.exponent())
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
    }

    fn with(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        let minor = minor.ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency: self.currency })
    }
}

/// `12.50 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.plain(), self.currency)
    }
}

impl FromStr for Money {
    type Err = MoneyTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (amount, code) = text.trim().rsplit_once(' ').ok_or(MoneyTextError::UnknownCurrency)?;
        let currency = Currency::parse(code).ok_or(MoneyTextError::UnknownCurrency)?;
        Ok(Self::parse(amount, currency)?)
    }
}

impl Wire for Money {
    fn put(&self, out: &mut Writer) {
        self.minor.put(out);
        self.currency.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { minor: i64::take(input)?, currency: Currency::take(input)? })
    }
}
