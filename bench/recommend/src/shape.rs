//! Made-up markets: how long a device takes with 50,000 products, and how training grows with the data.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use soko_recommend::packed::{Contents, Packed, Pair, ProductId, apply, difference, pack};
use soko_recommend::train::{
    Blend, EaseParameters, FollowsParameters, Histories, IalsParameters, Model, Parameters, Recency, Seeds,
    Since, Trade,
};

use soko_measure::figure::{Fault, Measured, cpu_s, peak_mb, print, tell};

/// Products of the largest market that a device carries.
const PRODUCTS: u32 = 50_000;
/// What of it was looked at: the last percentile needs many.
const RUNS: usize = 3_000;
/// Baskets of one day, of 200,000 in a year.
const DAYS_BASKETS: usize = 500;
/// A history that a person may have.
const HISTORY: usize = 50;

fn parameters(dimension: usize) -> Parameters {
    Parameters {
        ials: IalsParameters {
            dimension,
            sweeps: 4,
            steps: 3,
            unobserved: 0.1,
            regularisation: 0.01,
            exponent: 1.0,
        },
        ials_recency: Recency::NONE,
        ease: EaseParameters { regularisation: 200.0, products_max: 1_000, neighbours_max: 16 },
        ease_recency: Recency::NONE,
        follows: FollowsParameters {
            window: 10,
            keep: 0.8,
            backwards: 0.5,
            damping: 0.5,
            own_damping: 0.5,
            neighbours_max: 16,
        },
        follows_recency: Recency::NONE,
        blend: Blend { ials: 1.0, ease: 0.3, follows: 0.3, popular: 0.0 },
    }
}

/// People of many tastes: each mostly takes from a part of the catalogue, and in it more often what many take.
fn market(interactions: usize, products: u32, seed: u64) -> Histories {
    let mut seeds = Seeds::new(seed);
    let tastes = (products / 100).max(1);
    let mut histories = Histories::new(usize::try_from(products).unwrap_or(0));
    let mut history = Vec::with_capacity(HISTORY);
    for _ in 0..interactions / HISTORY {
        history.clear();
        let taste = seeds.below(tastes);
        for _ in 0..HISTORY {
            let taste = if seeds.below(4) == 0 { seeds.below(tastes) } else { taste };
            let rank = seeds.below(100).min(seeds.below(100)).min(seeds.below(100));
            history.push((rank * tastes + taste).min(products - 1));
        }
        histories.push(&history);
    }
    histories
}

/// Scoring and folding in with a full model, as a device does.
pub(crate) fn device() -> Measured {
    let histories = market(1_000_000, PRODUCTS, 1);
    let model = Model::train(&histories, parameters(20), 1);
    let ids: Vec<ProductId> = (0..PRODUCTS).map(|at| u128::from(at).to_be_bytes()).collect();
    let together: Vec<Vec<Pair>> = (0..ids.len())
        .map(|at| {
            model
                .follows
                .of(at)
                .iter()
                .map(|it| Pair { product: it.product, both: 3 + it.product % 40 })
                .collect()
        })
        .collect();
    let contents = Contents {
        ids: &ids,
        model: &model,
        histories: &histories,
        counts: &model.counts,
        together: &together,
    };
    let bytes = pack(&contents)?;
    let packed = Packed::read(&bytes)?;
    print("recommend.packed_50k.bytes", "bytes", bytes.len() as f64, None);
    let numbers: Vec<u32> = ids.iter().filter_map(|id| packed.number(id)).collect();
    let people: Vec<Vec<u32>> = (0..RUNS)
        .map(|run| {
            let history = histories.row(run * 7 % histories.rows());
            history.iter().filter_map(|it| numbers.get(usize::try_from(*it).ok()?).copied()).collect()
        })
        .collect();
    let (mut folded, mut scored) = (Vec::with_capacity(RUNS), Vec::with_capacity(RUNS));
    for history in &people {
        let start = Instant::now();
        let person = packed.fold_in(history);
        folded.push(start.elapsed());
        let start = Instant::now();
        let scores = packed.score(&person, history);
        scored.push(start.elapsed());
        if scores.len() != ids.len() {
            return Err(Fault("not every product was scored".into()));
        }
    }
    print("recommend.score_50k.p99_ms", "ms", percentile_ms(&mut scored), None);
    print("recommend.fold_in.p99_ms", "ms", percentile_ms(&mut folded), None);
    Ok(())
}

/// How much a device fetches when a model of 50,000 products was refreshed with a day's orders, beside the whole model.
pub(crate) fn delta() -> Measured {
    let histories = market(1_000_000, PRODUCTS, 2);
    let id = |product: &u32| u128::from(*product).to_be_bytes();
    // Five at a time, as orders are.
    let all = histories.iter().flat_map(|history| history.chunks(5));
    let baskets: Vec<Vec<ProductId>> = all.map(|basket| basket.iter().map(id).collect()).collect();
    let products = (0..PRODUCTS).map(|it| id(&it)).collect();
    let now = Trade { products, baskets, ..Trade::default() };
    let learnt = now.baskets.len() - DAYS_BASKETS;
    let earlier = Trade { baskets: now.baskets[..learnt].to_vec(), ..now.clone() };
    let before = earlier.train(1)?;
    let since = Since { baskets: DAYS_BASKETS, hour: 0 };
    let after = now.refresh(&Packed::read(&before)?, since)?;
    let delta = difference(&before, &after).ok_or_else(|| Fault("a difference would save nothing".into()))?;
    if apply(&before, &delta)? != after {
        return Err(Fault("the difference does not lead to the model".into()));
    }
    let kb = |bytes: &[u8]| bytes.len() as f64 / 1_000.0;
    tell(&format!("a refresh with {DAYS_BASKETS} of {} baskets", now.baskets.len()));
    print("recommend.delta_kb", "kB", kb(&delta), Some(kb(&after)));
    Ok(())
}

fn percentile_ms(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let at = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}

/// Training on ever more data.
pub(crate) fn scaling() -> Measured {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for interactions in [100_000u32, 1_000_000, 10_000_000] {
        let program = std::env::current_exe()?;
        let output = Command::new(program)
            .args(["scale", &interactions.to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let [cpu, peak] =
            text.split_whitespace().filter_map(|it| it.parse::<f64>().ok()).collect::<Vec<_>>()[..]
        else {
            return Err(Fault(format!("training on {interactions} gave no figures")));
        };
        tell(&format!("| {interactions} | {cpu:.2} s | {peak:.0} MB |"));
        print(&format!("recommend.train_{interactions}.cpu_s"), "s", cpu, None);
        print(&format!("recommend.train_{interactions}.peak_mb"), "MB", peak, None);
        points.push((f64::from(interactions).ln(), cpu.max(0.01).ln()));
    }
    print("recommend.train.exponent", "power", slope(&points), None);
    Ok(())
}

/// The line through points, by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.0 / count, sum.1 + it.1 / count));
    let (both, square) = points
        .iter()
        .fold((0.0, 0.0), |sum, it| (sum.0 + (it.0 - x) * (it.1 - y), sum.1 + (it.0 - x) * (it.0 - x)));
    both / square
}

/// Prints processor time and peak memory of one training.
pub(crate) fn scale_one(interactions: &str) -> Measured {
    let histories = market(interactions.parse()?, 20_000, 1);
    let before = cpu_s()?;
    let model = Model::train(&histories, parameters(32), 1);
    let used = cpu_s()? - before;
    if model.counts.iter().all(|count| *count == 0) {
        return Err(Fault("nothing was trained".into()));
    }
    println(&format!("{used} {}", peak_mb()?));
    Ok(())
}

fn println(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
