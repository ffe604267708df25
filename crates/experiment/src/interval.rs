//! Between which rates a share lies, for one look (Wilson, 1927): right for few people and rates near nothing, too.

use crate::counts::Share;

/// The normal distribution stays within plus and minus this, 95 times of 100.
const Z: f64 = 1.959_964;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// Holds 95 times of 100 for a look that was fixed beforehand. For looking again and again, and for two arms, there is
/// `sequential`.
#[must_use]
pub fn wilson(share: Share) -> Interval {
    if share.of == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (n, rate, square) = (share.of as f64, share.rate(), Z * Z);
    let middle = (rate + square / (2.0 * n)) / (1.0 + square / n);
    let reach = Z / (1.0 + square / n) * (rate * (1.0 - rate) / n + square / (4.0 * n * n)).sqrt();
    // No hit at all leaves nothing below, whatever the last bit says; neither does a miss above.
    let low = if share.hits == 0 { 0.0 } else { (middle - reach).max(0.0) };
    let high = if share.hits >= share.of { 1.0 } else { (middle + reach).min(1.0) };
    Interval { low, high }
}
