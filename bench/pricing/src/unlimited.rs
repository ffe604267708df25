//! Stock that does not run out: what each way of pricing earns on the same stalls, as a share of who knows the demand.

use rayon::prelude::*;
use soko_pricing::belief::Ahead;
use soko_pricing::decide::{Objective, Worth};
use soko_pricing::endings::Endings;
use soko_pricing::guard::{Facts, Quote, Rules};
use soko_pricing::history::{Day, History};
use soko_pricing::pool::{Learned, learn};
use soko_pricing::seeds::Seeds;
use soko_pricing::suggest::{EVERY_DAY, Horizon, Question, suggest, units_ahead};

use crate::calibrate::Calibration;
use crate::world::{Truth, Weather, World};
use soko_measure::figure::{Measured, mean, print, spread, tell};

pub(crate) const DAYS: usize = 90;
/// From this day on it should have learnt.
const LEARNT: usize = 60;
/// Prices that others try, between half and twice the first.
const ARMS: usize = 12;

/// A way of pricing one product, day by day.
trait Way {
    fn price(&mut self, weather: &Weather) -> f64;
    fn seen(&mut self, price: f64, weather: &Weather, sold: f64);
}

struct Always(f64);

impl Way for Always {
    fn price(&mut self, _: &Weather) -> f64 {
        self.0
    }

    fn seen(&mut self, _: f64, _: &Weather, _: f64) {}
}

/// Prices of a grid as a bandit's arms: by chance now and then, or by what they might be worth at best.
struct Arms {
    prices: Vec<f64>,
    sums: Vec<(f64, f64)>,
    is_optimist: bool,
    seeds: Seeds,
    most: f64,
}

impl Arms {
    fn new(start: f64, is_optimist: bool, seed: u64) -> Self {
        let prices = (0..ARMS).map(|at| start * (0.5 + 1.5 * at as f64 / (ARMS - 1) as f64)).collect();
        Self { prices, sums: vec![(0.0, 0.0); ARMS], is_optimist, seeds: Seeds::new(seed), most: 1.0 }
    }

    fn choose(&mut self) -> usize {
        if let Some(untried) = self.sums.iter().position(|sum| sum.1 == 0.0) {
            return untried;
        }
        if !self.is_optimist && self.seeds.unit() < 0.1 {
            return usize::try_from(self.seeds.next_u64() % ARMS as u64).unwrap_or(0);
        }
        let all: f64 = self.sums.iter().map(|sum| sum.1).sum();
        let value = |(money, days): &(f64, f64)| {
            let hope = if self.is_optimist { self.most * (0.25 * all.ln() / days).sqrt() } else { 0.0 };
            money / days + hope
        };
        let best = self.sums.iter().enumerate().max_by(|a, b| value(a.1).total_cmp(&value(b.1)));
        best.map_or(0, |best| best.0)
    }
}

impl Way for Arms {
    fn price(&mut self, _: &Weather) -> f64 {
        let at = self.choose();
        self.prices[at]
    }

    fn seen(&mut self, price: f64, weather: &Weather, sold: f64) {
        let money = price * sold / weather.exposure;
        self.most = self.most.max(money);
        if let Some(at) = self.prices.iter().position(|it| *it == price) {
            self.sums[at].0 += money;
            self.sums[at].1 += 1.0;
        }
    }
}

/// Soko in auto, all products of a stall together, inside its own limits.
struct Soko {
    days: Vec<Vec<Day>>,
    groups: Vec<u32>,
    prices: Vec<i64>,
    learned: Learned,
    rules: Vec<Rules>,
    calibration: Calibration,
}

impl Soko {
    fn new(world: &World) -> Self {
        let prices: Vec<i64> = world.products.iter().map(|truth| truth.start_minor).collect();
        // The same room as everybody's grid.
        let rules = |truth: &Truth| Rules {
            floor_minor: Some(truth.start_minor / 2),
            ceiling_minor: Some(truth.start_minor * 2),
            ..Rules::default()
        };
        Self {
            days: vec![Vec::new(); prices.len()],
            groups: world.products.iter().map(|truth| truth.group).collect(),
            rules: world.products.iter().map(rules).collect(),
            prices,
            learned: Learned::default(),
            calibration: Calibration::default(),
        }
    }

    fn learn(&mut self) {
        let histories: Vec<History<'_>> =
            self.days.iter().zip(&self.groups).map(|(days, group)| History { group: *group, days }).collect();
        self.learned = learn(&histories);
    }

    fn price(&mut self, at: usize, weather: &Weather, seed: u64) -> f64 {
        let group = self.groups[at];
        let Some(belief) = self.learned.belief(at, group) else { return self.prices[at] as f64 };
        let now = Quote { price_minor: self.prices[at], currency: *b"KES", unit: 1, per: 1 };
        let facts = Facts {
            now,
            day_price_minor: now.price_minor,
            cost_minor: None,
            rivals: &[],
            is_open: true,
            at_ms: 0,
        };
        let question = Question {
            belief: &belief,
            group: self.learned.group(group),
            rules: &self.rules[at],
            facts: &facts,
            endings: Endings { step_minor: 5, minus_minor: 0, coin_minor: 1 },
            worth: Worth { objective: Objective::Revenue, ..Worth::REVENUE },
            horizon: Horizon::Days(7),
            opens: EVERY_DAY,
            ahead: ahead(weather),
            seed,
            is_curious: true,
        };
        if let Ok(suggestion) = suggest(&question) {
            self.prices[at] = suggestion.price_minor;
        }
        self.prices[at] as f64
    }

    fn seen(&mut self, at: usize, weather: &Weather, sold: f64) {
        let group = self.groups[at];
        if let Some(belief) = self.learned.belief(at, group).filter(|belief| belief.evidence.days >= 14) {
            let count = units_ahead(&belief, self.learned.group(group), self.prices[at], &[ahead(weather)]);
            self.calibration.note(count, sold);
        }
        #[expect(clippy::cast_possible_truncation, reason = "a history keeps floats of four bytes")]
        let day = Day {
            day: weather.day,
            price_minor: self.prices[at],
            sold: sold as f32,
            exposure: weather.exposure as f32,
            rival: weather.rival as f32,
            is_promoted: false,
        };
        self.days[at].push(day);
        let group = *self.learned.group(group);
        if let Some(belief) = self.learned.beliefs.get_mut(at) {
            belief.learn(&day, &group);
        }
    }
}

fn ahead(weather: &Weather) -> Ahead {
    Ahead { day: weather.day, exposure: weather.exposure, rival: weather.rival, is_promoted: false }
}

/// The best price of a day for who knows the demand.
fn clairvoyant(truth: &Truth, weather: &Weather) -> f64 {
    let start = truth.start_minor as f64;
    let prices = (0..=150).map(|at| start * (0.5 + 0.01 * f64::from(at)));
    let money = |price: f64| price * truth.mean(price, weather);
    prices.max_by(|a, b| money(*a).total_cmp(&money(*b))).unwrap_or(start)
}

/// What one world gave each way: in all days, and in those after it should have learnt, as shares of the clairvoyant's.
const WAYS: [&str; 6] = ["soko", "fixed", "cost_plus", "epsilon_greedy", "ucb", "best_fixed"];

struct Outcome {
    all: [f64; WAYS.len()],
    late: [f64; WAYS.len()],
    calibration: Calibration,
}

fn play(seed: u64) -> Outcome {
    let world = World::new(seed, DAYS);
    let mut earned = [[0.0; 2]; WAYS.len()];
    let mut most = [0.0; 2];
    let mut soko = Soko::new(&world);
    let mut add = |way: usize, day: usize, money: f64| {
        earned[way][0] += money;
        earned[way][1] += if day >= LEARNT { money } else { 0.0 };
    };
    for day in 0..DAYS {
        if day % 7 == 0 {
            soko.learn();
        }
        for (at, truth) in world.products.iter().enumerate() {
            let weather = world.weather(at, day);
            let best = clairvoyant(truth, &weather);
            let money = best * truth.mean(best, &weather);
            most[0] += money;
            most[1] += if day >= LEARNT { money } else { 0.0 };
            let price = soko.price(at, &weather, seed ^ (at as u64) << 20 ^ (day as u64) << 30);
            add(0, day, price * truth.mean(price, &weather));
            soko.seen(at, &weather, truth.sold(price, &weather));
        }
    }
    for (at, truth) in world.products.iter().enumerate() {
        let start = truth.start_minor as f64;
        let mut ways: [Box<dyn Way>; 4] = [
            Box::new(Always(start)),
            Box::new(Always(truth.cost_minor as f64 * 1.6)),
            Box::new(Arms::new(start, false, seed)),
            Box::new(Arms::new(start, true, seed)),
        ];
        let weathers: Vec<Weather> = (0..DAYS).map(|day| world.weather(at, day)).collect();
        for (way, run) in ways.iter_mut().enumerate() {
            for (day, weather) in weathers.iter().enumerate() {
                let price = run.price(weather);
                add(way + 1, day, price * truth.mean(price, weather));
                run.seen(price, weather, truth.sold(price, weather));
            }
        }
        // One price for all days, chosen by who knows them all.
        let of = |price: f64| weathers.iter().map(move |weather| price * truth.mean(price, weather));
        let prices = (0..=150).map(|step| start * (0.5 + 0.01 * f64::from(step)));
        let best = prices.max_by(|a, b| of(*a).sum::<f64>().total_cmp(&of(*b).sum::<f64>())).unwrap_or(start);
        for (day, money) in of(best).enumerate() {
            add(WAYS.len() - 1, day, money);
        }
    }
    Outcome {
        all: std::array::from_fn(|way| earned[way][0] / most[0]),
        late: std::array::from_fn(|way| earned[way][1] / most[1]),
        calibration: soko.calibration,
    }
}

pub(crate) fn measure(worlds: u64) -> Measured {
    let outcomes: Vec<Outcome> = (1..=worlds).into_par_iter().map(play).collect();
    tell(&format!(
        "unlimited stock, {worlds} worlds: share of the clairvoyant's revenue, mean ± 95 % interval"
    ));
    tell("| way | days 1–90 | days 61–90 | worlds in which Soko earned more |");
    for (way, name) in WAYS.iter().enumerate() {
        let all: Vec<f64> = outcomes.iter().map(|it| it.all[way]).collect();
        let late: Vec<f64> = outcomes.iter().map(|it| it.late[way]).collect();
        let give = |values: &[f64]| 1.96 * spread(values) / (values.len() as f64).sqrt();
        let beaten =
            outcomes.iter().filter(|it| it.all[0] > it.all[way]).count() as f64 / outcomes.len() as f64;
        tell(&format!(
            "| {name} | {:.4} ± {:.4} | {:.4} ± {:.4} | {:.3} |",
            mean(&all),
            give(&all),
            mean(&late),
            give(&late),
            beaten
        ));
        if way == 0 {
            print("pricing.unlimited.share_of_clairvoyant", "share", mean(&late), None);
            print("pricing.unlimited.share_of_clairvoyant_all_days", "share", mean(&all), None);
        } else {
            print(&format!("pricing.unlimited.{name}"), "share", mean(&all), None);
        }
    }
    let calibration = outcomes.iter().fold(Calibration::default(), |sum, it| sum.with(&it.calibration));
    calibration.tell("unlimited");
    Ok(())
}
