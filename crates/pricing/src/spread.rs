//! Ranges: a number that is likely, and between which two it lies nine times of ten. And the one rounding to money.

/// Above this mean a count is as good as lognormal.
const COUNTED_MAX: f64 = 400.0;
/// The normal distribution's value below which 95 of 100 lie.
const Z95: f64 = 1.644_853_626_951_472_2;

/// Nine times of ten between low and high.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Range {
    pub low: f64,
    pub likely: f64,
    pub high: f64,
}

/// Money from a float: the nearest minor unit, halves away from zero, and the nearest number that fits.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "this cast takes the nearest number that fits, and nothing is 0"
)]
pub fn minor(money: f64) -> i64 {
    money.round() as i64
}

/// A count of which mean and variance are known: negative binomial where it varies more than chance alone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Count {
    pub mean: f64,
    pub variance: f64,
}

impl Count {
    #[must_use]
    pub fn range(self) -> Range {
        Range { low: self.below(0.05), likely: self.below(0.5), high: self.below(0.95) }
    }

    /// The least count with at least this probability of not being exceeded.
    #[must_use]
    pub fn below(self, probability: f64) -> f64 {
        if self.mean <= 0.0 || !self.mean.is_finite() {
            return 0.0;
        }
        if self.mean > COUNTED_MAX {
            return self.lognormal_below(probability);
        }
        let mut pmf = Pmf::new(self);
        let mut sum = 0.0;
        let mut count = 0.0;
        let far = self.mean + 40.0 * self.variance.sqrt() + 40.0;
        loop {
            sum += pmf.next();
            if sum >= probability || count > far {
                return count;
            }
            count += 1.0;
        }
    }

    /// Probabilities of not exceeding `count - 1` and `count`.
    #[must_use]
    pub fn around(self, count: f64) -> (f64, f64) {
        let mut pmf = Pmf::new(self);
        let (mut before, mut sum, mut at) = (0.0, 0.0, 0.0);
        while at <= count {
            before = sum;
            sum += pmf.next();
            at += 1.0;
        }
        (before.min(1.0), sum.min(1.0))
    }

    fn lognormal_below(self, probability: f64) -> f64 {
        let square = (self.variance / (self.mean * self.mean)).ln_1p();
        let z = match probability {
            it if it <= 0.05 => -Z95,
            it if it >= 0.95 => Z95,
            _ => 0.0,
        };
        (self.mean.ln() - square / 2.0 + z * square.sqrt()).exp()
    }
}

/// Probabilities of 0, 1, 2 …
#[derive(Clone, Copy, Debug)]
pub struct Pmf {
    next: f64,
    at: f64,
    /// What the ratio of neighbours is made of.
    size: f64,
    part: f64,
    mean: f64,
}

impl Pmf {
    #[must_use]
    pub fn new(count: Count) -> Self {
        let more = count.variance - count.mean;
        // Without more variance than chance it is Poisson's, and a huge size is the same.
        let size = if more > 1e-9 { (count.mean * count.mean / more).min(1e9) } else { 1e9 };
        let part = count.mean / (count.mean + size);
        let next = if size >= 1e9 { (-count.mean).exp() } else { (size * (-part).ln_1p()).exp() };
        Self { next, at: 0.0, size, part, mean: count.mean }
    }

    #[expect(clippy::should_implement_trait, reason = "it never ends: an iterator would have to be cut")]
    pub fn next(&mut self) -> f64 {
        let now = self.next;
        let ratio = if self.size >= 1e9 {
            self.mean / (self.at + 1.0)
        } else {
            (self.at + self.size) / (self.at + 1.0) * self.part
        };
        self.next *= ratio;
        self.at += 1.0;
        now
    }
}

/// Quantiles of samples, which change their order.
#[must_use]
pub fn of_samples(samples: &mut [f64]) -> Range {
    let last = samples.len().saturating_sub(1);
    let mut at = |part: usize| {
        let place = (last * part + 50) / 100;
        if samples.is_empty() { 0.0 } else { *samples.select_nth_unstable_by(place, f64::total_cmp).1 }
    };
    Range { low: at(5), likely: at(50), high: at(95) }
}
