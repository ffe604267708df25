//! Stock that must be gone by closing time: bread for one day, day after day, without knowing the demand at first.

use rayon::prelude::*;
use soko_pricing::belief::{Ahead, Belief, Group};
use soko_pricing::decide::Worth;
use soko_pricing::endings::Endings;
use soko_pricing::finite::{Clearance, Table, best};
use soko_pricing::guard::{Facts, Quote, Rules};
use soko_pricing::history::Day;
use soko_pricing::seeds::Seeds;
use soko_pricing::suggest::{EVERY_DAY, Horizon, Question, suggest};

use crate::world::chance;
use soko_measure::figure::{Measured, mean, print, spread, tell};

const DAYS: usize = 40;
/// Steps of a day in which a price may change, and how much of the demand comes in each.
const STEPS: [f64; 8] = [0.06, 0.12, 0.18, 0.2, 0.16, 0.12, 0.1, 0.06];
const SALVAGE: f64 = 0.1;

/// One product and its market.
struct Loaf {
    start_minor: i64,
    elasticity: f64,
    rate: f64,
    weekdays: [f64; 7],
    dispersion: f64,
    /// How much of a usual day's demand at the first price is baked.
    baked: f64,
    is_linear: bool,
    seed: u64,
}

impl Loaf {
    fn new(seed: u64) -> Self {
        let mut seeds = Seeds::new(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
        Self {
            start_minor: 100 + 10 * soko_pricing::spread::minor(seeds.unit() * 40.0),
            elasticity: 1.2 + 1.8 * seeds.unit(),
            rate: 25.0 * (0.5 * seeds.normal()).exp(),
            weekdays: std::array::from_fn(|_| (0.25 * seeds.normal()).exp()),
            dispersion: 0.1 * seeds.unit(),
            baked: 0.6 + 0.9 * seeds.unit(),
            is_linear: seeds.unit() < 0.5,
            seed: seeds.next_u64(),
        }
    }

    /// Units of a whole day at a price, on average.
    fn rate_at(&self, price: f64, day: usize) -> f64 {
        let away = self.elasticity * (price / self.start_minor as f64 - 1.0);
        let curve = if self.is_linear { (1.0 - away).max(0.02) } else { (-away).exp() };
        self.rate * curve * self.weekdays[(day + 3) % 7]
    }

    fn stock(&self) -> f64 {
        (self.rate * self.baked).round().max(3.0)
    }

    fn prices(&self) -> Vec<i64> {
        (0..14).map(|at| self.start_minor * (30 + 8 * at) / 100).collect()
    }

    fn salvage(&self) -> i64 {
        soko_pricing::spread::minor(self.start_minor as f64 * SALVAGE)
    }
}

/// What sold in a step, and until which part of it there was something.
struct Sold {
    units: f64,
    exposure: f64,
}

fn sell(wanted: f64, stock: f64) -> Sold {
    if wanted <= stock {
        return Sold { units: wanted, exposure: 1.0 };
    }
    // The last unit went when so many of those who came had come.
    Sold { units: stock, exposure: stock / (wanted + 1.0) }
}

/// A way of pricing, step by step.
trait Way {
    fn price(&mut self, day: usize, step: usize, stock: f64) -> i64;
    fn seen(&mut self, _day: usize, _step: usize, _price: i64, _sold: &Sold) {}
}

/// What a way earns in a day.
fn play_day(loaf: &Loaf, day: usize, way: &mut dyn Way) -> f64 {
    let mut seeds = Seeds::new(loaf.seed ^ (day as u64) << 8);
    let spread = loaf.dispersion.sqrt();
    let shock = (spread * seeds.normal() - spread * spread / 2.0).exp();
    let (mut stock, mut money) = (loaf.stock(), 0.0);
    for (step, part) in STEPS.iter().enumerate() {
        let mut of_step = Seeds::new(seeds.next_u64());
        if stock < 1.0 {
            break;
        }
        let asked = way.price(day, step, stock);
        let sold = sell(chance(loaf.rate_at(asked as f64, day) * part * shock, &mut of_step), stock);
        money += sold.units * asked as f64;
        stock -= sold.units;
        way.seen(day, step, asked, &sold);
    }
    money + stock * loaf.salvage() as f64
}

/// One price; in the last two steps another.
struct Fixed {
    price: i64,
    last: i64,
}

impl Way for Fixed {
    fn price(&mut self, _: usize, step: usize, _: f64) -> i64 {
        if step + 2 < STEPS.len() { self.price } else { self.last }
    }
}

/// Who knows the demand, apart from each day's own chance.
struct Clairvoyant<'a> {
    loaf: &'a Loaf,
    prices: Vec<i64>,
}

impl Way for Clairvoyant<'_> {
    fn price(&mut self, day: usize, step: usize, stock: f64) -> i64 {
        let rates: Vec<f64> = self.prices.iter().map(|price| self.loaf.rate_at(*price as f64, day)).collect();
        let table = Table { prices: &self.prices, rates: &rates, dispersion: self.loaf.dispersion };
        let sale = Clearance { stock, steps: &STEPS[step..], salvage_minor: self.loaf.salvage() };
        let values = table.first_step(&sale);
        let best = values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.and_then(|best| self.prices.get(best.0)).copied().unwrap_or(self.loaf.start_minor)
    }
}

/// Without a price ever asked before: what the seller baked says what they think will sell.
struct Soko<'a> {
    loaf: &'a Loaf,
    prices: Vec<i64>,
    belief: Belief,
    group: Group,
}

impl Way for Soko<'_> {
    fn price(&mut self, day: usize, step: usize, stock: f64) -> i64 {
        let number = i32::try_from(day).unwrap_or(0);
        let factor = self.belief.weekday_factor(number, &self.group);
        let sale = Clearance { stock, steps: &STEPS[step..], salvage_minor: self.loaf.salvage() };
        let belief = self.belief.under(&self.group);
        best(&belief, &self.group, &self.prices, &sale, factor).unwrap_or(self.loaf.start_minor)
    }

    fn seen(&mut self, day: usize, step: usize, price_minor: i64, sold: &Sold) {
        #[expect(clippy::cast_possible_truncation, reason = "a history keeps floats of four bytes")]
        let (sold, exposure) = (sold.units as f32, (sold.exposure * STEPS[step]) as f32);
        let day = i32::try_from(day).unwrap_or(0);
        let seen = Day { day, price_minor, sold, exposure, rival: 0.0, is_promoted: false };
        self.belief.learn(&seen, &self.group);
    }
}

/// As a register does it: within the usual limits, from the usual price each morning, and not for less than three of a hundred.
struct Limited<'a> {
    soko: Soko<'a>,
    day: usize,
    now_minor: i64,
}

impl Way for Limited<'_> {
    fn price(&mut self, day: usize, step: usize, stock: f64) -> i64 {
        let Soko { loaf, belief, group, .. } = &self.soko;
        if self.day != day {
            (self.day, self.now_minor) = (day, loaf.start_minor);
        }
        let facts = Facts {
            now: Quote { price_minor: self.now_minor, currency: *b"KES", unit: 1, per: 1 },
            day_price_minor: loaf.start_minor,
            cost_minor: None,
            rivals: &[],
            is_open: true,
            at_ms: 0,
        };
        let sale = Clearance { stock, steps: &STEPS[step..], salvage_minor: loaf.salvage() };
        let question = Question {
            belief: &belief.under(group),
            group,
            rules: &Rules::default(),
            facts: &facts,
            endings: Endings { step_minor: 10, minus_minor: 0, coin_minor: 1 },
            worth: Worth::REVENUE,
            horizon: Horizon::Until { sale, minutes: 60 },
            opens: EVERY_DAY,
            ahead: Ahead {
                day: i32::try_from(day).unwrap_or(0),
                exposure: 1.0,
                rival: 0.0,
                is_promoted: false,
            },
            seed: loaf.seed,
            is_curious: true,
        };
        if let Ok(better) = suggest(&question)
            && better.price_minor.abs_diff(self.now_minor) * 100 >= self.now_minor.unsigned_abs() * 3
        {
            self.now_minor = better.price_minor;
        }
        self.now_minor
    }

    fn seen(&mut self, day: usize, step: usize, price_minor: i64, sold: &Sold) {
        self.soko.seen(day, step, price_minor, sold);
    }
}

const WAYS: [&str; 4] = ["soko", "fixed", "half_price_at_the_end", "best_fixed"];

struct Outcome {
    shares: [f64; WAYS.len()],
    late: f64,
    limited: f64,
}

fn play(seed: u64) -> Outcome {
    let loaf = Loaf::new(seed);
    let run = |way: &mut dyn Way| (0..DAYS).map(|day| play_day(&loaf, day, way)).collect::<Vec<f64>>();
    let most = run(&mut Clairvoyant { loaf: &loaf, prices: loaf.prices() });
    let belief = Belief::new(loaf.start_minor, loaf.stock().ln(), -1);
    let soko = || Soko { loaf: &loaf, prices: loaf.prices(), belief, group: Group::default() };
    let start = loaf.start_minor;
    let limited = run(&mut Limited { soko: soko(), day: 0, now_minor: start });
    let soko = run(&mut soko());
    let sum = |days: &[f64]| days.iter().sum::<f64>();
    let fixed = |price| sum(&run(&mut Fixed { price, last: price }));
    let best_fixed = loaf.prices().into_iter().map(fixed).fold(0.0, f64::max);
    let earned =
        [sum(&soko), fixed(start), sum(&run(&mut Fixed { price: start, last: start / 2 })), best_fixed];
    Outcome {
        shares: earned.map(|it| it / sum(&most)),
        late: sum(&soko[DAYS / 2..]) / sum(&most[DAYS / 2..]),
        limited: sum(&limited) / sum(&most),
    }
}

pub(crate) fn measure(worlds: u64) -> Measured {
    let outcomes: Vec<Outcome> = (1..=worlds).into_par_iter().map(play).collect();
    tell(&format!(
        "stock that must be gone by closing, {worlds} worlds of {DAYS} days: share of the clairvoyant's revenue, mean ± 95 % interval"
    ));
    tell("| way | share | worlds in which Soko earned more |");
    let give = |values: &[f64]| 1.96 * spread(values) / (values.len() as f64).sqrt();
    for (way, name) in WAYS.iter().enumerate() {
        let shares: Vec<f64> = outcomes.iter().map(|it| it.shares[way]).collect();
        let beaten = outcomes.iter().filter(|it| it.shares[0] > it.shares[way]).count();
        let beaten = beaten as f64 / outcomes.len().max(1) as f64;
        tell(&format!("| {name} | {:.4} ± {:.4} | {beaten:.3} |", mean(&shares), give(&shares)));
        let figure = if way == 0 { "share_of_clairvoyant" } else { name };
        print(&format!("pricing.finite.{figure}"), "share", mean(&shares), None);
    }
    let limited: Vec<f64> = outcomes.iter().map(|it| it.limited).collect();
    tell(&format!("| soko, within the usual limits | {:.4} ± {:.4} | |", mean(&limited), give(&limited)));
    print("pricing.finite_limits.share_of_clairvoyant", "share", mean(&limited), None);
    let late: Vec<f64> = outcomes.iter().map(|it| it.late).collect();
    tell(&format!("| soko, second half | {:.4} ± {:.4} | |", mean(&late), give(&late)));
    print("pricing.finite.share_second_half", "share", mean(&late), None);
    Ok(())
}
