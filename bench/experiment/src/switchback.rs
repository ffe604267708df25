//! Prices tried out by days: made-up stalls whose demand has hours, weekdays, a trend, good and bad days, and customers who still
//! act on yesterday's price in the morning.

use soko_experiment::blocks::{Arm, Effect, Outcome, Schedule, effect, outcome};
use soko_experiment::seeds::Seeds;
use soko_measure::figure::{print, tell};

const WORLDS: u64 = 2_000;
/// Opening hours of a day.
const HOURS: usize = 12;
const BURN_IN: usize = 4;
/// What is left of yesterday's effect, hour by hour.
const CARRIED: f64 = 0.55;
/// What may be lost at most.
const MARGIN: f64 = 0.05;

struct World {
    rate: f64,
    hours: [f64; HOURS],
    weekdays: [f64; 7],
    trend: f64,
    /// The spread of a whole day.
    days: f64,
    /// What the tried price does to what an hour brings, on each weekday.
    effects: [f64; 7],
}

impl World {
    fn new(seeds: &mut Seeds, effect: f64) -> Self {
        Self {
            rate: 8.0 * (0.8 * normal(seeds)).exp(),
            hours: std::array::from_fn(|_| (0.5 * normal(seeds)).exp()),
            weekdays: std::array::from_fn(|_| (0.3 * normal(seeds)).exp()),
            trend: 0.01 * normal(seeds),
            days: 0.1 + 0.15 * seeds.unit(),
            effects: std::array::from_fn(|_| effect + 0.03 * normal(seeds)),
        }
    }

    /// What an hour brings on average, with so much of the tried price's effect.
    fn mean(&self, day: usize, hour: usize, part: f64) -> f64 {
        let season = self.hours[hour] * self.weekdays[day % 7] * (self.trend * day as f64).exp();
        self.rate * season * (self.effects[day % 7] * part).exp()
    }

    /// The difference that there would be if nobody remembered anything, on average of days and of the hours that are counted.
    fn truth(&self, days: usize, from_hour: usize) -> f64 {
        let hours = || (0..days).flat_map(|day| (from_hour..HOURS).map(move |hour| (day, hour)));
        let sum: f64 = hours().map(|(day, hour)| self.mean(day, hour, 1.0) - self.mean(day, hour, 0.0)).sum();
        sum / hours().count() as f64
    }

    fn sold(&self, schedule: &Schedule, place: &[u8], seeds: &mut Seeds) -> Vec<Vec<f64>> {
        let mut felt = 0.0;
        let mut days = Vec::new();
        for day in 0..schedule.blocks() {
            let shock = (self.days * normal(seeds) - 0.5 * self.days * self.days).exp();
            let wanted = if schedule.arm(place, day) == Arm::Tried { 1.0 } else { 0.0 };
            let hours = (0..HOURS).map(|hour| {
                felt = wanted + (felt - wanted) * CARRIED;
                poisson(self.mean(day, hour, felt) * shock, seeds)
            });
            days.push(hours.collect());
        }
        days
    }
}

pub(crate) fn measure() {
    for (name, blocks, size) in [("", 28, -0.1), ("_two_weeks", 14, -0.1)] {
        let (mut held, mut held_all_hours, mut held_by_hour, mut found) = (0u32, 0u32, 0u32, 0u32);
        for number in 0..WORLDS {
            let (world, schedule, days) = simulated(number, blocks, size);
            let place = number.to_be_bytes();
            let Some(by_day) = effect(&schedule, &place, (&days, BURN_IN)) else { continue };
            let truth = world.truth(blocks, BURN_IN);
            held += u32::from(holds(&by_day, truth));
            found += u32::from(outcome(Some(&by_day), true, MARGIN) != Outcome::Unclear);
            let all_hours = effect(&schedule, &place, (&days, 0));
            held_all_hours += u32::from(all_hours.is_some_and(|it| holds(&it, world.truth(blocks, 0))));
            held_by_hour += u32::from(by_hour(&schedule, &place, &days, truth));
        }
        let share = |count: u32| f64::from(count) / WORLDS as f64;
        let figure = |what: &str| format!("experiment.switchback{name}.{what}");
        print(&figure("covered_90"), "share", share(held), Some(share(held_by_hour)));
        print(&figure("covered_90_without_burn_in"), "share", share(held_all_hours), None);
        print(&figure("found_share"), "share", share(found), None);
    }
    stops("aa_stopped_share", 0.0);
    stops("harm_stopped_share", -0.5);
    tell(&format!("switchback: {WORLDS} worlds, {HOURS} hours a day, the first {BURN_IN} left out"));
}

/// How often a stall stops before the end, asked every evening.
fn stops(name: &str, size: f64) {
    let mut stopped = 0u32;
    for number in 0..WORLDS {
        let (_, schedule, days) = simulated(number | 1 << 40, 28, size);
        let place = number.to_be_bytes();
        let is_harm = |until: usize| {
            let effect = effect(&schedule, &place, (&days[..until], BURN_IN));
            outcome(effect.as_ref(), false, MARGIN) == Outcome::Harmful
        };
        stopped += u32::from((1..days.len()).any(is_harm));
    }
    print(&format!("experiment.switchback.{name}"), "share", f64::from(stopped) / WORLDS as f64, None);
}

fn simulated(number: u64, blocks: usize, size: f64) -> (World, Schedule, Vec<Vec<f64>>) {
    let mut seeds = Seeds::new(number.wrapping_mul(0x1234_5678_9abc_def1));
    let world = World::new(&mut seeds, size);
    let schedule = Schedule::new(blocks, 7, seeds.next_u64())
        .unwrap_or_else(|bad| unreachable!("{blocks} days are whole weeks: {bad:?}"));
    let days = world.sold(&schedule, &(number & !(1 << 40)).to_be_bytes(), &mut seeds);
    (world, schedule, days)
}

fn holds(effect: &Effect, truth: f64) -> bool {
    effect.low <= truth && truth <= effect.high
}

/// The mistake that blocks are there to avoid: every hour counted as if it were independent of the others of its day.
fn by_hour(schedule: &Schedule, place: &[u8], days: &[Vec<f64>], truth: f64) -> bool {
    let mut arms = [Vec::new(), Vec::new()];
    for (day, hours) in days.iter().enumerate() {
        let at = usize::from(schedule.arm(place, day) == Arm::Tried);
        arms[at].extend(hours.iter().skip(BURN_IN).copied());
    }
    let [before, tried] = arms.map(|hours| {
        let n = hours.len() as f64;
        let mean = hours.iter().sum::<f64>() / n;
        // Sales are counted, and a count's variance is its mean.
        (mean, mean / n)
    });
    let reach = 1.645 * (before.1 + tried.1).sqrt();
    (tried.0 - before.0 - truth).abs() <= reach
}

fn normal(seeds: &mut Seeds) -> f64 {
    let radius = (-2.0 * seeds.unit().ln()).sqrt();
    radius * (std::f64::consts::TAU * seeds.unit()).cos()
}

fn poisson(mean: f64, seeds: &mut Seeds) -> f64 {
    if mean > 200.0 {
        return (mean + mean.sqrt() * normal(seeds)).round().max(0.0);
    }
    let (mut time, mut count) = (-seeds.unit().ln(), 0.0);
    while time < mean {
        count += 1.0;
        time -= seeds.unit().ln();
    }
    count
}
