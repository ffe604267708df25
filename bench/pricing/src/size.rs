//! How long a server takes with 50,000 products, and with one.

use std::time::Instant;

use rayon::prelude::*;
use soko_pricing::belief::Ahead;
use soko_pricing::decide::Worth;
use soko_pricing::endings::Endings;
use soko_pricing::guard::{Facts, Quote, Rules};
use soko_pricing::history::{Day, History};
use soko_pricing::pool::{Learned, learn};
use soko_pricing::seeds::Seeds;
use soko_pricing::suggest::{EVERY_DAY, Horizon, Question, suggest};

use soko_measure::figure::{Fault, Measured, cpu_s, peak_mb, print};

const STALLS: usize = 50;
const PRODUCTS: usize = 1_000;
const DAYS: usize = 60;

struct Stall {
    days: Vec<Vec<Day>>,
}

fn made_up(seed: u64) -> Stall {
    let mut seeds = Seeds::new(seed);
    let days = (0..PRODUCTS)
        .map(|_| {
            let usual = 100 + 5 * i64::try_from(seeds.next_u64() % 200).unwrap_or(0);
            let rate = 8.0 * seeds.normal().exp();
            (0..DAYS)
                .map(|day| {
                    let price_minor = if seeds.unit() < 0.2 { usual + usual / 10 } else { usual };
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "a history keeps floats of four bytes"
                    )]
                    let sold = (rate * (0.5 + seeds.unit())).round() as f32;
                    let day = i32::try_from(day).unwrap_or(0);
                    Day { day, price_minor, sold, exposure: 1.0, rival: 0.0, is_promoted: false }
                })
                .collect()
        })
        .collect();
    Stall { days }
}

/// Learns a stall and asks for a price for each product; how many there were.
fn refresh(stall: &Stall) -> usize {
    let histories: Vec<History<'_>> =
        (0..).zip(&stall.days).map(|(at, days)| History { group: at % 20, days }).collect();
    let learned = learn(&histories);
    (0..histories.len()).filter(|at| ask(&learned, &histories, *at)).count()
}

fn ask(learned: &Learned, histories: &[History<'_>], at: usize) -> bool {
    let Some(history) = histories.get(at) else { return false };
    let (Some(belief), Some(last)) = (learned.belief(at, history.group), history.days.last()) else {
        return false;
    };
    let now = Quote { price_minor: last.price_minor, currency: *b"KES", unit: 1, per: 1 };
    let facts = Facts {
        now,
        day_price_minor: now.price_minor,
        cost_minor: Some(now.price_minor * 6 / 10),
        rivals: &[],
        is_open: true,
        at_ms: 0,
    };
    let question = Question {
        belief: &belief,
        group: learned.group(history.group),
        rules: &Rules::default(),
        facts: &facts,
        endings: Endings { step_minor: 5, minus_minor: 0, coin_minor: 1 },
        worth: Worth { cost_minor: facts.cost_minor, ..Worth::default() },
        horizon: Horizon::Days(7),
        opens: EVERY_DAY,
        ahead: Ahead { day: last.day + 1, exposure: 1.0, rival: 0.0, is_promoted: false },
        seed: 1,
        is_curious: false,
    };
    suggest(&question).is_ok()
}

pub(crate) fn measure() -> Measured {
    let stalls: Vec<Stall> = (1..=50).map(made_up).collect();
    let before = peak_mb()?;
    rayon::ThreadPoolBuilder::new().num_threads(2).build()?.install(|| -> Measured {
        let (start, used) = (Instant::now(), cpu_s()?);
        let found: usize = stalls.par_iter().map(refresh).sum();
        let seconds = start.elapsed().as_secs_f64();
        if found == 0 || stalls.len() != STALLS {
            return Err(Fault("nothing was suggested".into()));
        }
        print("pricing.refresh_50k.seconds", "s", seconds, None);
        print("pricing.refresh_50k.cpu_s", "s", cpu_s()? - used, None);
        Ok(())
    })?;
    print("pricing.refresh_50k.peak_mb", "MB", peak_mb()?, Some(before));
    let stall = stalls.first().ok_or_else(|| Fault("no stall".into()))?;
    let histories: Vec<History<'_>> =
        (0..).zip(&stall.days).map(|(at, days)| History { group: at % 20, days }).collect();
    let mut learned = learn(&histories);
    let mut times = Vec::new();
    for (at, history) in histories.iter().enumerate() {
        let start = Instant::now();
        learned.learn_one(at, history);
        let _ = ask(&learned, &histories, at);
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or(0.0);
    print("pricing.refresh_one.p99_ms", "ms", p99, None);
    Ok(())
}
