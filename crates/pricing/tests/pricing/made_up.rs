//! Days whose demand is known.

use soko_pricing::belief::{Ahead, Belief, Group};
use soko_pricing::guard::{Facts, Quote};
use soko_pricing::history::{Day, History};
use soko_pricing::pool::{Learned, learn};
use soko_pricing::seeds::Seeds;

pub(crate) const KES: [u8; 3] = *b"KES";

pub(crate) fn quote(price_minor: i64) -> Quote {
    Quote { price_minor, currency: KES, unit: 1, per: 1 }
}

pub(crate) fn facts(price_minor: i64) -> Facts<'static> {
    Facts {
        now: quote(price_minor),
        day_price_minor: price_minor,
        cost_minor: None,
        rivals: &[],
        is_open: true,
        at_ms: 1_000_000_000_000,
    }
}

pub(crate) fn ahead(day: i32) -> Ahead {
    Ahead { day, exposure: 1.0, rival: 0.0, is_promoted: false }
}

/// A Poisson number.
pub(crate) fn chance(mean: f64, seeds: &mut Seeds) -> f32 {
    let (mut time, mut count) = (-seeds.unit().ln(), 0.0);
    while time < mean {
        count += 1.0;
        time -= seeds.unit().ln();
    }
    count
}

/// Days at 100 and around it, with this elasticity and so many units on a usual day; Mondays sell `monday` times as much.
pub(crate) fn days(count: i32, rate: f64, elasticity: f64, monday: f64, seed: u64) -> Vec<Day> {
    let mut seeds = Seeds::new(seed);
    (0..count)
        .map(|day| {
            let price_minor = if day % 3 == 2 { 120 } else { 100 };
            let x = price_minor as f64 / 100.0 - 1.0;
            let weekday = if soko_pricing::history::weekday(day) == 0 { monday } else { 1.0 };
            let sold = chance(rate * weekday * (elasticity * x).exp(), &mut seeds);
            Day { day, price_minor, sold, exposure: 1.0, rival: 0.0, is_promoted: false }
        })
        .collect()
}

pub(crate) fn learnt(days: &[Day]) -> (Learned, Belief, Group) {
    let learned = learn(&[History { group: 0, days }]);
    let group = *learned.group(0);
    let belief = learned.belief(0, 0).unwrap();
    (learned, belief, group)
}
