//! What products have in common: learnt from all of a stall (empirical Bayes), so that ten sales of one already say
//! something. Groups learn from their products and lean on the stall; the stall leans on what shops usually see.

use std::collections::BTreeMap;

use crate::belief::{Belief, Group, Normal, SLOPE_INFORMATION_MIN, WIDE};
use crate::history::{Day, History, WEEKDAYS};

/// What the parent weighs, in products, in units and in squares of units.
const SLOPE_PRODUCTS: f64 = 4.0;
const WEEKDAY_UNITS: f64 = 60.0;
const BEYOND_DAYS: f64 = 30.0;
/// Slopes of products of one group differ at least so much.
const SLOPE_VARIANCE_MIN: f64 = 0.02;
const ROUNDS: usize = 12;
/// Drifts that are tried, and on how many products.
const DRIFTS: [f64; 4] = [0.0003, 0.001, 0.003, 0.01];
const TRIED: usize = 100;
/// How days differ is asked of so many products of a group.
const ASKED_OF_EACH: u32 = 24;

/// All that was learnt at one stall.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Learned {
    pub stall: Group,
    pub groups: BTreeMap<u32, Group>,
    /// In the order of the histories.
    pub beliefs: Vec<Belief>,
    /// The logarithm of what a product here usually sells in a day.
    pub level: f64,
}

/// Learns everything from the beginning.
#[must_use]
pub fn learn(histories: &[History<'_>]) -> Learned {
    let mut learned = Learned { level: usual_level(histories), ..Learned::default() };
    learned.learn_weekdays(histories);
    learned.stall.drift = best_drift(histories, &learned);
    for group in learned.groups.values_mut() {
        group.drift = learned.stall.drift;
    }
    let some = some_of_each(histories);
    let first: Vec<Belief> =
        some.iter().map(|history| learned.believe_by(history, Belief::learn_unjudged)).collect();
    learned.pool(&some, &first, |group, beyond| group.dispersion = beyond);
    learned.beliefs = histories.iter().map(|history| learned.believe(history)).collect();
    learned.pool_slopes(histories);
    learned
}

impl Learned {
    /// Learns one product again, or one more: the groups stay what they are.
    pub fn learn_one(&mut self, at: usize, history: &History<'_>) {
        let belief = self.believe(history);
        match self.beliefs.get_mut(at) {
            Some(known) => *known = belief,
            None => self.beliefs.push(belief),
        }
    }

    #[must_use]
    pub fn group(&self, group: u32) -> &Group {
        self.groups.get(&group).unwrap_or(&self.stall)
    }

    /// What is believed of a product, with what its group says of the slope.
    #[must_use]
    pub fn belief(&self, at: usize, group: u32) -> Option<Belief> {
        self.beliefs.get(at).map(|belief| belief.under(self.group(group)))
    }

    /// One product's belief from its own days, before its group has a say in the slope.
    #[must_use]
    pub fn believe(&self, history: &History<'_>) -> Belief {
        self.believe_by(history, Belief::learn)
    }

    fn believe_by(&self, history: &History<'_>, learn: fn(&mut Belief, &Day, &Group)) -> Belief {
        let group = self.group(history.group);
        let first = history.days.first();
        let mut belief = Belief::new(
            reference(history.days),
            self.level,
            first.map_or(0, |day| day.day.saturating_sub(1)),
        );
        for day in history.days {
            learn(&mut belief, day, group);
        }
        belief
    }

    /// Weekdays by the ratio of what was sold and what a usual day at that price would have sold.
    fn learn_weekdays(&mut self, histories: &[History<'_>]) {
        let mut stall = [[0.0; 2]; WEEKDAYS];
        let mut groups: BTreeMap<u32, [[f64; 2]; WEEKDAYS]> = BTreeMap::new();
        for history in histories {
            let reference = reference(history.days) as f64;
            let usual = |day: &Day| {
                let x = (day.price_minor as f64 / reference - 1.0).clamp(-0.8, 2.0);
                f64::from(day.exposure) * (WIDE.mean * x).exp()
            };
            let (sold, expected) = history
                .days
                .iter()
                .filter(|day| is_sound(day))
                .fold((0.0, 0.0), |sum, day| (sum.0 + f64::from(day.sold), sum.1 + usual(day)));
            if sold <= 0.0 || expected <= 0.0 {
                continue;
            }
            let group = groups.entry(history.group).or_insert([[0.0; 2]; WEEKDAYS]);
            for day in history.days.iter().filter(|day| is_sound(day)) {
                for sums in [&mut stall, &mut *group] {
                    let sums = &mut sums[day.weekday()];
                    sums[0] += f64::from(day.sold);
                    sums[1] += usual(day) * sold / expected;
                }
            }
        }
        self.stall.weekdays = factors(&stall, &[1.0; WEEKDAYS]);
        for (group, sums) in groups {
            let weekdays = factors(&sums, &self.stall.weekdays);
            self.groups.insert(group, Group { weekdays, ..self.stall });
        }
    }

    /// How much days differ beyond chance, of each group with its stall's as a prior.
    fn pool(&mut self, histories: &[History<'_>], beliefs: &[Belief], put: impl Fn(&mut Group, f64)) {
        let mut groups: BTreeMap<u32, ([f64; 2], f64)> = BTreeMap::new();
        let mut stall = ([0.0; 2], 0.0);
        for (history, belief) in histories.iter().zip(beliefs) {
            let beyond = belief.beyond();
            let days = f64::from(belief.evidence.days);
            for (sums, count) in [&mut stall, groups.entry(history.group).or_default()] {
                // Each product counts by its days, not by the squares of its units.
                let scale = days / beyond[1].max(1e-9);
                sums[0] += beyond[0] * scale;
                sums[1] += beyond[1] * scale;
                *count += days;
            }
        }
        let shrunk = |(sums, days): &([f64; 2], f64), parent: f64| {
            let own = if sums[1] > 0.0 { (sums[0] / sums[1]).clamp(0.0, 3.0) } else { parent };
            ((own * days + parent * BEYOND_DAYS) / (days + BEYOND_DAYS)).clamp(0.001, 3.0)
        };
        let of_stall = shrunk(&stall, Group::default().dispersion);
        put(&mut self.stall, of_stall);
        for (group, sums) in &groups {
            if let Some(known) = self.groups.get_mut(group) {
                put(known, shrunk(sums, of_stall));
            }
        }
    }

    /// Where slopes lie: what each product alone says of its own, taken apart from the wide prior, and then put together.
    fn pool_slopes(&mut self, histories: &[History<'_>]) {
        let mut groups: BTreeMap<u32, Vec<Normal>> = BTreeMap::new();
        let mut all = Vec::with_capacity(histories.len());
        for (history, belief) in histories.iter().zip(&self.beliefs) {
            if let Some(own) = belief.own_slope() {
                groups.entry(history.group).or_default().push(own);
                all.push(own);
            }
        }
        let usual = Group::default().slope;
        self.stall.slope = pooled(&all, usual);
        self.stall.products = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let stall = self.stall.slope;
        for (key, group) in &mut self.groups {
            let own = groups.get(key).map_or(&[][..], Vec::as_slice);
            group.slope = pooled(own, stall);
            group.products = u32::try_from(own.len()).unwrap_or(u32::MAX);
        }
    }
}

/// Mean and variance of what products have, of which only uncertain values are known (expectation and maximisation).
fn pooled(own: &[Normal], parent: Normal) -> Normal {
    let mut pool = parent;
    if own.is_empty() {
        return parent;
    }
    for _ in 0..ROUNDS {
        let (mut sum, mut squares) = (0.0, 0.0);
        let believed = own.iter().map(|it| {
            let variance = 1.0 / (1.0 / it.variance + 1.0 / pool.variance);
            Normal { mean: variance * (it.mean / it.variance + pool.mean / pool.variance), variance }
        });
        let believed: Vec<Normal> = believed.collect();
        for it in &believed {
            sum += it.mean;
        }
        let mean = (sum + SLOPE_PRODUCTS * parent.mean) / (believed.len() as f64 + SLOPE_PRODUCTS);
        for it in &believed {
            squares += it.variance + (it.mean - mean) * (it.mean - mean);
        }
        let variance =
            (squares + SLOPE_PRODUCTS * parent.variance) / (believed.len() as f64 + SLOPE_PRODUCTS);
        pool = Normal { mean, variance: variance.clamp(SLOPE_VARIANCE_MIN, WIDE.variance * 0.9) };
    }
    pool
}

fn factors(sums: &[[f64; 2]; WEEKDAYS], parent: &[f64; WEEKDAYS]) -> [f64; WEEKDAYS] {
    let raw: [f64; WEEKDAYS] = std::array::from_fn(|at| {
        let [sold, expected] = sums[at];
        (sold + WEEKDAY_UNITS * parent[at]) / (expected + WEEKDAY_UNITS)
    });
    let mean = raw.iter().sum::<f64>() / 7.0;
    raw.map(|it| (it / mean).clamp(0.05, 7.0))
}

/// The first price that is known: the slope is the elasticity there. A price that moves with what is learnt would make all
/// slopes alike, wherever they are.
fn reference(days: &[Day]) -> i64 {
    days.iter().find(|day| is_sound(day)).map_or(1, |day| day.price_minor)
}

fn is_sound(day: &Day) -> bool {
    day.price_minor > 0
        && day.exposure > 0.0
        && day.exposure.is_finite()
        && day.sold >= 0.0
        && day.sold.is_finite()
}

/// As many of each group as say how days differ: more would say the same.
fn some_of_each<'a>(histories: &[History<'a>]) -> Vec<History<'a>> {
    let mut groups: BTreeMap<u32, u32> = BTreeMap::new();
    let mut some = Vec::new();
    for history in histories {
        let count = groups.entry(history.group).or_default();
        *count += 1;
        if *count <= ASKED_OF_EACH {
            some.push(*history);
        }
    }
    some
}

fn usual_level(histories: &[History<'_>]) -> f64 {
    let mut logs = (0.0, 0.0);
    for history in histories {
        let (sold, exposure) = history
            .days
            .iter()
            .filter(|day| is_sound(day))
            .fold((0.0, 0.0), |sum, day| (sum.0 + f64::from(day.sold), sum.1 + f64::from(day.exposure)));
        if sold > 0.0 {
            logs = (logs.0 + (sold / exposure).ln(), logs.1 + 1.0);
        }
    }
    // One product's worth of "one a day", for a stall that begins.
    logs.0 / (logs.1 + 1.0)
}

/// How fast levels move: the drift under which days surprised least.
fn best_drift(histories: &[History<'_>], learned: &Learned) -> f64 {
    let stride = (histories.len() / TRIED).max(1);
    let mut best = (f64::NEG_INFINITY, Group::default().drift);
    for drift in DRIFTS {
        let mut trial = Learned { level: learned.level, stall: learned.stall, ..Learned::default() };
        trial.stall.drift = drift;
        let of = |history| trial.believe_by(history, Belief::learn_plainly).fit();
        let fit: f64 = histories.iter().step_by(stride).map(of).sum();
        if fit > best.0 {
            best = (fit, drift);
        }
    }
    best.1
}

impl Belief {
    /// What its own days say of the slope, without any prior; nothing where they say nothing.
    #[must_use]
    pub fn own_slope(&self) -> Option<Normal> {
        let together = self.slope();
        let information = 1.0 / together.variance - 1.0 / WIDE.variance;
        if information < SLOPE_INFORMATION_MIN {
            return None;
        }
        let mean = (together.mean / together.variance - WIDE.mean / WIDE.variance) / information;
        Some(Normal { mean: mean.clamp(-12.0, 4.0), variance: 1.0 / information })
    }
}
