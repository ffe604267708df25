//! The difference of two shares, with an interval that holds at every look: a mixture sequential probability ratio test (Robbins,
//! 1970; Johari and others, 2017), so that whoever looks each day is not told of a difference sooner or later.
//!
//! It is exact for a normal difference, and shares are nearly that once there are some hits: before, nothing is said. What it does
//! to counts of 2 % is measured, not assumed.

use crate::counts::Share;

/// With fewer hits, or fewer misses, in both arms together nothing is said.
pub const HITS_MIN: u64 = 30;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Difference {
    /// The second share less the first.
    pub estimate: f64,
    /// All of the time, with the level's probability.
    pub low: f64,
    pub high: f64,
    /// If there were no difference, it would ever look like this at most with this probability.
    pub chance: f64,
}

/// `worth` is the difference that would matter: the test is most sensitive there. It is fixed before the first look.
#[must_use]
pub fn difference(first: Share, second: Share, (worth, level): (f64, f64)) -> Difference {
    let estimate = second.rate() - first.rate();
    let (hits, of) = (first.hits + second.hits, first.of + second.of);
    if hits < HITS_MIN || of - hits < HITS_MIN || first.of == 0 || second.of == 0 {
        return Difference { estimate, low: -1.0, high: 1.0, chance: 1.0 };
    }
    let variance = variance(first) + variance(second);
    let mixture = worth * worth;
    let widened = variance + mixture;
    let ln_ratio =
        0.5 * (variance / widened).ln() + mixture * estimate * estimate / (2.0 * variance * widened);
    let ln_bound = 0.5 * (widened / variance).ln() - level.ln();
    let reach = (2.0 * variance * widened / mixture * ln_bound).sqrt();
    Difference {
        estimate,
        low: (estimate - reach).max(-1.0),
        high: (estimate + reach).min(1.0),
        chance: (-ln_ratio).exp().min(1.0),
    }
}

/// With one hit and one miss more, so that an arm without hits is not certain (Agresti and Caffo, 2000).
fn variance(share: Share) -> f64 {
    let n = share.of as f64 + 2.0;
    let rate = (share.hits as f64 + 1.0) / n;
    rate * (1.0 - rate) / n
}
