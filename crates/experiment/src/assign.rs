//! Who gets which arm: by a hash of the experiment and the person, so that a device finds it out alone, and tomorrow again.

use crate::seeds::number;

pub const MILLION: u32 = 1_000_000;
pub const ARMS_MAX: usize = 8;

/// How an experiment's people are shared out, in millionths. What is left over stays outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shares(Vec<u32>);

/// Why people cannot be shared out like this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadShares {
    TooFew,
    TooMany,
    /// Nobody would get this arm.
    Empty,
    /// More than everybody.
    TooLarge,
}

impl Shares {
    /// # Errors
    /// Where there are not two to eight arms, one of them is empty, or they come to more than everybody.
    pub fn new(parts: &[u32]) -> Result<Self, BadShares> {
        match parts.len() {
            0 | 1 => return Err(BadShares::TooFew),
            count if count > ARMS_MAX => return Err(BadShares::TooMany),
            _ => {}
        }
        if parts.contains(&0) {
            return Err(BadShares::Empty);
        }
        let sum: u64 = parts.iter().map(|part| u64::from(*part)).sum();
        if sum > u64::from(MILLION) {
            return Err(BadShares::TooLarge);
        }
        Ok(Self(parts.to_vec()))
    }

    #[must_use]
    pub fn parts(&self) -> &[u32] {
        &self.0
    }

    /// The arm of somebody; nobody's, who stays outside.
    #[must_use]
    pub fn arm(&self, experiment: &[u8], person: &[u8]) -> Option<usize> {
        let number = number("soko experiment arm", &[experiment, person]);
        // The upper bits of the product: 0 to 999,999, each as often as any other.
        let point = (u128::from(number) * u128::from(MILLION)) >> 64;
        let mut until = 0;
        self.0.iter().position(|part| {
            until += u128::from(*part);
            point < until
        })
    }
}
