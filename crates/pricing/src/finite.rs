//! The price now of so many units that must be gone by a moment: bread before closing time, the rest of a season. By dynamic
//! programming over what is left and the time to go, for several demands that may be true, each as likely as it is believed.
//!
//! For the step that is decided now, the prices' values are averaged over these demands; later steps are planned as if the
//! demand were known by then. That is a little hopeful about later steps, and each later step is decided anew.

use crate::belief::{Belief, Group};
use crate::spread::{Count, Pmf};

/// More units are counted in lots.
const LOTS_MAX: usize = 120;
/// Steps until the end, and prices that are tried in each.
pub const STEPS_MAX: usize = 12;
const PRICES_MAX: usize = 14;
/// What is less likely than this is not looked at.
const UNLIKELY: f64 = 1e-6;

/// Stock that must be gone by then.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Clearance<'a> {
    pub stock: f64,
    /// How much of a usual day's demand, this weekday's, is still ahead in each step, the nearest first; at most `STEPS_MAX`.
    pub steps: &'a [f64],
    /// What a unit that is left at the end is still worth.
    pub salvage_minor: i64,
}

/// A way demand may be: units of a usual day at the reference, and its slope; and how likely it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Demand {
    pub rate: f64,
    pub slope: f64,
    pub weight: f64,
}

/// Five demands that have the belief's mean and spread (the unscented points of two dimensions).
#[must_use]
pub fn demands(belief: &Belief, factor: f64) -> [Demand; 5] {
    let (level, slope, both) = (belief.level(), belief.slope(), belief.together());
    let a = level.variance.max(1e-12).sqrt();
    let b = both / a;
    let c = (slope.variance - b * b).max(0.0).sqrt();
    let reach = 3.0_f64.sqrt();
    let point = |up: f64, across: f64, weight: f64| Demand {
        rate: (level.mean + up * reach * a).min(20.0).exp() * factor,
        slope: (slope.mean + reach * (up * b + across * c)).min(-0.1),
        weight,
    };
    let side = 1.0 / 6.0;
    [
        point(0.0, 0.0, 1.0 / 3.0),
        point(1.0, 0.0, side),
        point(-1.0, 0.0, side),
        point(0.0, 1.0, side),
        point(0.0, -1.0, side),
    ]
}

/// What a price brings until the end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Valued {
    pub price_minor: i64,
    pub money: f64,
}

/// Each price for the step now, with what it brings until the end if later steps are priced best.
#[must_use]
pub fn values(
    belief: &Belief,
    group: &Group,
    prices: &[i64],
    sale: &Clearance<'_>,
    factor: f64,
) -> Vec<Valued> {
    let prices = thinned(prices);
    let mut values: Vec<Valued> =
        prices.iter().map(|price| Valued { price_minor: *price, money: 0.0 }).collect();
    if sale.steps.is_empty() || sale.stock <= 0.0 {
        return values;
    }
    for demand in demands(belief, factor) {
        let rates: Vec<f64> =
            prices.iter().map(|price| demand.rate * (demand.slope * belief.x(*price)).exp()).collect();
        let table = Table { prices: &prices, rates: &rates, dispersion: group.dispersion };
        for (value, money) in values.iter_mut().zip(table.first_step(sale)) {
            value.money += demand.weight * money;
        }
    }
    values
}

/// The best of these prices now.
#[must_use]
pub fn best(
    belief: &Belief,
    group: &Group,
    prices: &[i64],
    sale: &Clearance<'_>,
    factor: f64,
) -> Option<i64> {
    let values = values(belief, group, prices, sale, factor);
    values.into_iter().max_by(|a, b| a.money.total_cmp(&b.money)).map(|it| it.price_minor)
}

/// One demand that is taken as known: what each price sells in a usual day.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    pub prices: &'a [i64],
    pub rates: &'a [f64],
    pub dispersion: f64,
}

impl Table<'_> {
    /// The value of each price in the first step.
    #[must_use]
    pub fn first_step(&self, sale: &Clearance<'_>) -> Vec<f64> {
        let whole = whole(sale.stock.ceil());
        let lots = whole.clamp(1, LOTS_MAX);
        let lot = (sale.stock / lots as f64).max(1.0);
        let mut after: Vec<f64> =
            (0..=lots).map(|left| left as f64 * lot * sale.salvage_minor as f64).collect();
        let steps = sale.steps.get(..sale.steps.len().min(STEPS_MAX)).unwrap_or_default();
        for part in steps.iter().skip(1).rev() {
            let mut now = vec![f64::NEG_INFINITY; lots + 1];
            for (price, rate) in self.prices.iter().zip(self.rates) {
                let sold = self.sold(*rate, *part, lot, lots);
                for (left, best) in now.iter_mut().enumerate() {
                    *best = best.max(outcome(left, &sold, *price as f64 * lot, &after));
                }
            }
            after = now;
        }
        let part = steps.first().copied().unwrap_or(0.0);
        let value = |(price, rate): (&i64, &f64)| {
            outcome(lots, &self.sold(*rate, part, lot, lots), *price as f64 * lot, &after)
        };
        self.prices.iter().zip(self.rates).map(value).collect()
    }

    /// How likely it is that 0, 1, 2 … lots are wanted, up to all there are; the rest is more than that.
    fn sold(&self, rate: f64, part: f64, lot: f64, lots: usize) -> Vec<f64> {
        let mean = (rate * part).min(1e9) / lot;
        let mut pmf = Pmf::new(Count { mean, variance: mean + mean * mean * self.dispersion });
        let mut sold = Vec::with_capacity(lots + 1);
        let mut sum = 0.0;
        for count in 0..=lots {
            let likely = pmf.next();
            sold.push(likely);
            sum += likely;
            if count as f64 > mean && likely < UNLIKELY {
                break;
            }
        }
        // What was cut off is at the end.
        if let Some(last) = sold.last_mut() {
            *last += (1.0 - sum).max(0.0);
        }
        sold
    }
}

/// What a step brings with so many left: what is sold, at most what is there, and what the rest is worth after it.
fn outcome(left: usize, sold: &[f64], price: f64, after: &[f64]) -> f64 {
    let mut money = 0.0;
    let mut rest = 1.0;
    for (count, likely) in sold.iter().enumerate().take(left) {
        money += likely * (price * count as f64 + after.get(left - count).copied().unwrap_or(0.0));
        rest -= likely;
    }
    money + rest.max(0.0) * (price * left as f64 + after.first().copied().unwrap_or(0.0))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded on both sides before")]
fn whole(count: f64) -> usize {
    count.clamp(0.0, 1e9) as usize
}

/// At most so many, evenly, with the first and the last.
fn thinned(prices: &[i64]) -> Vec<i64> {
    if prices.len() <= PRICES_MAX {
        return prices.to_vec();
    }
    let last = prices.len() - 1;
    (0..PRICES_MAX).filter_map(|at| prices.get(at * last / (PRICES_MAX - 1)).copied()).collect()
}
