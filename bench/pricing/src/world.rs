//! Made-up stalls whose demand is known: what every way of pricing is tried on.
//!
//! The truth is not the model: curves of four shapes, seasons, jumps, days that differ by more than chance, hours in which there is
//! nothing left, and rivals that come and go.

use soko_pricing::seeds::Seeds;

pub(crate) const PRODUCTS: usize = 30;
const CATEGORIES: usize = 3;

/// How units fall as the price rises.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Exponential,
    Linear,
    /// Everybody compares with something else.
    Logit,
    Constant,
}

#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) group: u32,
    pub(crate) start_minor: i64,
    pub(crate) cost_minor: i64,
    shape: Shape,
    /// At the price it starts with.
    elasticity: f64,
    rate: f64,
    weekdays: [f64; 7],
    /// How a rival's price matters.
    rival: f64,
    season: (f64, f64),
    jump: (i32, f64),
    pub(crate) dispersion: f64,
}

/// What a day is like, whatever the price.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    pub(crate) day: i32,
    pub(crate) exposure: f64,
    pub(crate) rival: f64,
    /// Of the day, beyond chance.
    shock: f64,
    /// Where chance begins: the same for every way of pricing.
    seed: u64,
}

impl Truth {
    pub(crate) fn new(seeds: &mut Seeds, at: usize, tastes: &[Taste; CATEGORIES]) -> Self {
        let group = at % CATEGORIES;
        let taste = &tastes[group];
        let start = 200.0 * (seeds.unit() * 3.2).exp();
        let start_minor = soko_pricing::spread::minor(start / 5.0) * 5;
        let shapes = [Shape::Exponential, Shape::Linear, Shape::Logit, Shape::Constant];
        let shape = *shapes.get(usize::try_from(seeds.next_u64() % 4).unwrap_or(0)).unwrap_or(&Shape::Linear);
        Self {
            group: u32::try_from(group).unwrap_or(0),
            start_minor,
            cost_minor: soko_pricing::spread::minor(start * (0.3 + 0.4 * seeds.unit())),
            shape,
            elasticity: (taste.elasticity + 0.3 * seeds.normal()).clamp(0.5, 4.0),
            rate: 12.0 * (0.8 * seeds.normal()).exp(),
            weekdays: taste.weekdays.map(|it| it * (0.1 * seeds.normal()).exp()),
            rival: 0.5 + 0.3 * seeds.normal(),
            season: (0.2 * seeds.unit(), seeds.unit() * 6.3),
            jump: (i32::try_from(seeds.next_u64() % 180).unwrap_or(0), 0.35 * seeds.normal()),
            dispersion: 0.15 * seeds.unit(),
        }
    }

    /// Units of a day at a price, on average.
    pub(crate) fn mean(&self, price: f64, weather: &Weather) -> f64 {
        let day = f64::from(weather.day);
        // What it is worth to people moves once, and with what it costs elsewhere.
        let moved = if weather.day >= self.jump.0 { 0.5 * self.jump.1 } else { 0.0 };
        let worth = (moved + 0.5 * self.rival * weather.rival).exp();
        let ratio = price / (self.start_minor as f64 * worth);
        let e = self.elasticity;
        let curve = match self.shape {
            Shape::Exponential => (-e * (ratio - 1.0)).exp(),
            Shape::Linear => (1.0 - e * (ratio - 1.0)).max(0.0),
            // A third would take it at the first price.
            Shape::Logit => 3.0 / (1.0 + 2.0 * (e * 1.5 * (ratio - 1.0)).exp()),
            // Far from the first price constant elasticity is nobody's: it ends at three times it.
            Shape::Constant => ratio.powf(-e) * (3.0 - ratio).clamp(0.0, 1.0),
        };
        let season = self.season.0 * (day / 45.0 * std::f64::consts::TAU + self.season.1).sin();
        let jump = if weather.day >= self.jump.0 { self.jump.1 } else { 0.0 };
        let weekday = self.weekdays[soko_pricing::history::weekday(weather.day)];
        self.rate * curve * weekday * (season + jump + self.rival * weather.rival).exp() * weather.exposure
    }

    /// What is sold: the same customers, with the same chance, for every way of pricing.
    pub(crate) fn sold(&self, price: f64, weather: &Weather) -> f64 {
        chance(self.mean(price, weather) * weather.shock, &mut Seeds::new(weather.seed))
    }
}

/// A Poisson number: by arrivals where it is small, by the normal distribution where it is large.
pub(crate) fn chance(mean: f64, seeds: &mut Seeds) -> f64 {
    if mean > 200.0 {
        return (mean + mean.sqrt() * seeds.normal()).round().max(0.0);
    }
    let (mut time, mut count) = (-seeds.unit().ln(), 0.0);
    while time < mean {
        count += 1.0;
        time -= seeds.unit().ln();
    }
    count
}

/// What a category has in common.
pub(crate) struct Taste {
    elasticity: f64,
    weekdays: [f64; 7],
}

pub(crate) struct World {
    pub(crate) products: Vec<Truth>,
    seed: u64,
    rivals: Vec<Vec<f64>>,
}

impl World {
    pub(crate) fn new(seed: u64, days: usize) -> Self {
        let mut seeds = Seeds::new(seed.wrapping_mul(0x1234_5678_9abc_def1));
        let tastes: [Taste; CATEGORIES] = std::array::from_fn(|_| Taste {
            elasticity: 0.7 + 1.3 * seeds.unit(),
            weekdays: std::array::from_fn(|_| (0.25 * seeds.normal()).exp()),
        });
        let products: Vec<Truth> = (0..PRODUCTS).map(|at| Truth::new(&mut seeds, at, &tastes)).collect();
        let rivals = products
            .iter()
            .map(|_| {
                let mut at = 0.0;
                let step = |_| {
                    at = 0.95 * at + 0.03 * seeds.normal();
                    at
                };
                (0..days).map(step).collect()
            })
            .collect();
        Self { products, seed, rivals }
    }

    pub(crate) fn weather(&self, product: usize, day: usize) -> Weather {
        let mixed = self.seed ^ ((product as u64) << 32) ^ ((day as u64) << 40);
        let mut seeds = Seeds::new(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // One day of twelve ends early, with nothing left.
        let exposure = if seeds.unit() < 1.0 / 12.0 { 0.2 + 0.6 * seeds.unit() } else { 1.0 };
        let spread = self.products.get(product).map_or(0.0, |truth| truth.dispersion).sqrt();
        let shock = (spread * seeds.normal() - spread * spread / 2.0).exp();
        let rival = self.rivals.get(product).and_then(|of| of.get(day)).copied().unwrap_or(0.0);
        Weather { day: i32::try_from(day).unwrap_or(0), exposure, rival, shock, seed: seeds.next_u64() }
    }
}
