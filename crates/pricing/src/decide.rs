//! The price that brings most, where stock does not run out: revenue or margin, at what is believed or, to find out more, at
//! what might as well be true (Thompson sampling).

use crate::belief::Belief;
use crate::seeds::Seeds;

/// Demand that does not fall with the price is never believed: the price would only rise.
const SLOPE_MAX: f64 = -0.25;
/// How much of the uncertainty a sample tries. Less than all, since a price that moves costs more than a
/// recommendation that does: measured by `bench/pricing`.
const CURIOSITY: f64 = 0.8;

/// What is to become more.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Objective {
    Revenue,
    #[default]
    Margin,
}

/// What one unit brings at a price.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Worth {
    pub objective: Objective,
    /// In the terms of the price. Without it, margin is revenue.
    pub cost_minor: Option<i64>,
    /// Off the price for the tax in it: 160,000 ppm included leave 1/1.16.
    pub tax_ppm: u32,
}

impl Worth {
    pub const REVENUE: Self = Self { objective: Objective::Revenue, cost_minor: None, tax_ppm: 0 };

    #[must_use]
    pub fn of(self, price_minor: i64) -> f64 {
        let cost = match self.objective {
            Objective::Revenue => 0,
            Objective::Margin => self.cost_minor.unwrap_or(0),
        };
        (price_minor - cost.min(price_minor.saturating_mul(4))) as f64
            / (1.0 + f64::from(self.tax_ppm) / 1_000_000.0)
    }
}

/// The best of these prices; nothing where there are none.
#[must_use]
pub fn best(belief: &Belief, prices: &[i64], worth: Worth, explore: Option<&mut Seeds>) -> Option<i64> {
    let (belief, chance) = match explore {
        Some(seeds) => (belief.along_some(seeds.unit()), seeds.normal()),
        None => (*belief, 0.0),
    };
    let slope = belief.slope();
    let tried = CURIOSITY * slope.variance.sqrt() * chance;
    let slope = (slope.mean + tried).min(SLOPE_MAX);
    // The level is the same for all prices, and so is what the day is like.
    let value = |price: i64| {
        let worth = worth.of(price);
        let rate = (slope * belief.x(price)).exp();
        // A loss is less where less is sold.
        worth * rate
    };
    prices.iter().copied().max_by(|a, b| value(*a).total_cmp(&value(*b)))
}
