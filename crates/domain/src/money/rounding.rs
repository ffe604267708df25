//! Integer division with a named rounding, rates in parts per million, cash steps, and shares that add up.
//! Every rounding is symmetric about zero, so that a refund mirrors its sale.

use std::fmt;
use std::str::FromStr;

use super::decimal::{self, TextProblem};
use crate::wire::{Malformed, Reader, Wire, Writer};

crate::wire_choice! {
    /// What happens to the part that does not fit. Named at each call.
    pub enum Rounding {
        /// To the nearest; a tie goes away from zero. What most tax laws say.
        HalfUp = 1,
        /// To the nearest; a tie goes to the even neighbour.
        HalfEven = 2,
        /// To the nearest; a tie goes towards zero.
        HalfDown = 3,
        /// Away from zero.
        Up = 4,
        /// Towards zero.
        Down = 5,
    }
}

/// Divides and rounds. `None` when the denominator is zero or the answer does not fit.
pub fn div_round(numerator: i128, denominator: i128, rounding: Rounding) -> Option<i64> {
    let quotient = numerator.checked_div(denominator)?;
    let rest = numerator.checked_rem(denominator)?.unsigned_abs();
    if rest == 0 {
        return i64::try_from(quotient).ok();
    }
    // rest < |denominator|, so the difference cannot underflow and doubling is not needed.
    let to_next = denominator.unsigned_abs() - rest;
    let away = match rounding {
        Rounding::HalfUp => rest >= to_next,
        Rounding::HalfDown => rest > to_next,
        Rounding::HalfEven => rest > to_next || (rest == to_next && quotient % 2 != 0),
        Rounding::Up => true,
        Rounding::Down => false,
    };
    let step = if (numerator < 0) == (denominator < 0) { 1 } else { -1 };
    let rounded = if away { quotient.checked_add(step)? } else { quotient };
    i64::try_from(rounded).ok()
}

/// A rate in parts per million: 22 % is 220 000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Ppm(pub u32);

impl Ppm {
    pub const ZERO: Self = Self(0);
    /// 100 %.
    pub const ONE: Self = Self(1_000_000);
    /// A percentage has up to four decimals: 8.875 % is 88 750.
    const PERCENT_DECIMALS: u8 = 4;

    /// This part of an amount. `None` when it does not fit.
    pub fn of(self, minor: i64, rounding: Rounding) -> Option<i64> {
        div_round(i128::from(minor) * i128::from(self.0), i128::from(Self::ONE.0), rounding)
    }
}

/// The percentage without its sign: `22`, `8.875`.
impl fmt::Display for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = decimal::plain(i64::from(self.0), Self::PERCENT_DECIMALS);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Reads a percentage, with or without its sign.
impl FromStr for Ppm {
    type Err = TextProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let number = text.strip_suffix('%').unwrap_or(text);
        let ppm = decimal::parse(number, Self::PERCENT_DECIMALS)?;
        if ppm < 0 {
            return Err(TextProblem::NotANumber);
        }
        u32::try_from(ppm).map(Self).map_err(|_| TextProblem::TooLarge)
    }
}

impl Wire for Ppm {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        u32::take(input).map(Self)
    }
}

crate::wire_struct! {
    /// The smallest coin in use: 5 for 0.05. A step of 0 or 1 rounds nothing.
    #[derive(Copy)]
    pub struct CashRounding {
        pub step_minor: u32,
        pub rounding: Rounding,
    }
}

impl CashRounding {
    /// Every minor unit can be paid in coins.
    pub const NONE: Self = Self { step_minor: 1, rounding: Rounding::HalfUp };

    /// The nearest amount that coins can pay. The difference is a line of its own.
    pub fn payable(self, minor: i64) -> Option<i64> {
        let step = i64::from(self.step_minor.max(1));
        div_round(i128::from(minor), i128::from(step), self.rounding)?.checked_mul(step)
    }
}

/// Parts an amount in proportion to weights. The parts add up to the amount exactly, and none exceeds its
/// proportion by a whole unit: what is left after rounding down goes to the largest remainders, the first of
/// equals first. `None` when something is negative, or when there is an amount and no weight.
pub fn allocate(amount: i64, weights: &[i64]) -> Option<Vec<i64>> {
    if amount < 0 || weights.iter().any(|weight| *weight < 0) {
        return None;
    }
    let whole: i128 = weights.iter().copied().map(i128::from).sum();
    if whole == 0 {
        return (amount == 0).then(|| vec![0; weights.len()]);
    }
    let exact = |weight: &i64| i128::from(amount) * i128::from(*weight);
    let mut parts = Vec::with_capacity(weights.len());
    for weight in weights {
        parts.push(i64::try_from(exact(weight) / whole).ok()?);
    }
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(exact(&weights[*place]) % whole));
    let left = usize::try_from(amount - parts.iter().sum::<i64>()).ok()?;
    for place in order.into_iter().take(left) {
        parts[place] += 1;
    }
    Some(parts)
}

/// The part of an amount that belongs to `now` of `whole` units when `before` of them are already accounted
/// for. However a whole is cut up, the parts add up to the amount: a sale refunded unit by unit is refunded
/// exactly. `None` when the units do not fit into the whole.
pub fn part_of(amount: i64, whole: i64, before: i64, now: i64) -> Option<i64> {
    let after = before.checked_add(now)?;
    if whole <= 0 || before < 0 || now < 0 || after > whole {
        return None;
    }
    let up_to =
        |units: i64| div_round(i128::from(amount) * i128::from(units), i128::from(whole), Rounding::HalfUp);
    up_to(after)?.checked_sub(up_to(before)?)
}
