//! MovieLens-1M on the leave-one-out split of the literature: quality, time and memory of the whole model, beside the library
//! `implicit` on the same data in the same run.

use std::path::Path;

use rayon::prelude::*;
use soko_recommend::packed::{Contents, Packed, ProductId, pack};
use soko_recommend::train::{
    Blend, EaseParameters, FollowsParameters, Histories, IalsParameters, Model, Order, Parameters, Quality,
    Recency, Trial,
};

use crate::baseline::{Baseline, Library};

use soko_measure::figure::{Fault, Measured, cpu_s, mean, peak_mb, print, spread, tell};

const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// The parts' parameters are the search's on the training data; the weights of the blend were set by hand. See
/// docs/recommendations.md for what the search has to say about them.
pub(crate) const CHOSEN: Parameters = Parameters {
    ials: IalsParameters {
        dimension: 192,
        sweeps: 8,
        steps: 3,
        unobserved: 0.4,
        regularisation: 0.007,
        exponent: 1.0,
    },
    ials_recency: Recency::NONE,
    ease: EaseParameters { regularisation: 1_200.0, products_max: 3_000, neighbours_max: 4_096 },
    ease_recency: Recency::NONE,
    follows: FollowsParameters {
        window: 4_096,
        keep: 1.0,
        backwards: 1.0,
        damping: 0.75,
        own_damping: 0.5,
        neighbours_max: 4_096,
    },
    follows_recency: Recency::NONE,
    blend: Blend { ials: 1.0, ease: 0.45, follows: 0.0, popular: 0.0 },
};

pub(crate) struct Movielens {
    pub(crate) train: Histories,
    test: Vec<Test>,
}

struct Test {
    taken: u32,
    others: Vec<u32>,
}

impl Movielens {
    /// Files and protocol: see the README beside the data.
    pub(crate) fn read(folder: &Path) -> Measured<Self> {
        let folder = folder.join("movielens");
        let mut rows: Vec<Vec<u32>> = Vec::new();
        let mut products = 0;
        for line in soko_measure::data::text(&folder.join("train.tsv.xz"))?.lines() {
            let [person, product] = numbers(line)?[..] else {
                return Err(Fault(format!("two numbers, not {line:?}")));
            };
            let person = usize::try_from(person)?;
            rows.resize_with(rows.len().max(person + 1), Vec::new);
            rows[person].push(product);
            products = products.max(product + 1);
        }
        let mut test = Vec::with_capacity(rows.len());
        for line in soko_measure::data::text(&folder.join("test.tsv.xz"))?.lines() {
            let numbers = numbers(line)?;
            let [_, taken, others @ ..] = &numbers[..] else {
                return Err(Fault(format!("too short: {line:?}")));
            };
            products = numbers[1..].iter().fold(products, |most, product| most.max(product + 1));
            // In some lines the product that was taken also stands among the others: it is no competitor of itself.
            let others = others.iter().copied().filter(|other| other != taken).collect();
            test.push(Test { taken: *taken, others });
        }
        let mut train = Histories::new(usize::try_from(products)?);
        rows.iter().for_each(|row| train.push(row));
        Ok(Self { train, test })
    }

    /// How well scores find what each person took next.
    pub(crate) fn quality(&self, score: impl Fn(&[u32]) -> Vec<f32> + Sync) -> Quality {
        let people = self.test.par_iter().enumerate().map(|(row, test)| {
            let history = self.train.row(row);
            let mut scores = score(history);
            let mut quality = Quality::default();
            let taken = scores[place(test.taken)];
            quality.count(taken, test.others.iter().map(|other| scores[place(*other)]));
            for had in history.iter().chain([&test.taken]) {
                scores[place(*had)] = f32::NEG_INFINITY;
            }
            quality.count_among_all(taken, scores.into_iter());
            quality
        });
        people.collect::<Vec<_>>().iter().fold(Quality::default(), |mut sum, one| {
            sum.add(one);
            sum
        })
    }
}

fn numbers(line: &str) -> Measured<Vec<u32>> {
    line.split('\t').map(|number| number.parse::<u32>().map_err(Fault::from)).collect()
}

fn place(product: u32) -> usize {
    usize::try_from(product).unwrap_or(usize::MAX)
}

/// Chooses parameters anew, and says what it tried.
pub(crate) fn search(folder: &Path) -> Measured {
    let data = Movielens::read(folder)?;
    // Whether the file keeps the order of time is not known.
    let trial = Trial::new(&data.train, Order::Unknown, usize::MAX, 1);
    let chosen = trial.choose(CHOSEN, 1, &mut |step| tell(step));
    tell(&format!("{chosen:#?}"));
    Ok(())
}

pub(crate) fn measure(folder: &Path) -> Measured {
    let data = Movielens::read(folder)?;
    let library = Library::prepare();
    let baseline =
        library.as_ref().map(|library| library.measure(&data.train, CHOSEN.ials.dimension, folder));
    let baseline = match baseline {
        Some(Ok(baseline)) => Some(baseline),
        Some(Err(Fault(why))) => {
            tell(&format!("without the library `implicit`: {why}"));
            None
        }
        None => None,
    };
    let mut all: Vec<(Quality, f64)> = Vec::new();
    let mut last = None;
    for seed in SEEDS {
        let before = cpu_s()?;
        let model = Model::train(&data.train, CHOSEN, seed);
        let used = cpu_s()? - before;
        let quality = data.quality(|history| model.score(history));
        tell(&row(&format!("blend, seed {seed}"), &quality, Some(used)));
        all.push((quality, used));
        last = Some(model);
    }
    let peak = peak_mb()?;
    let of = |part: fn(&Quality) -> f64| all.iter().map(|(quality, _)| part(quality)).collect::<Vec<f64>>();
    let beside = |part: fn(&Baseline) -> f64| baseline.as_ref().map(part);
    for (name, values, baseline) in [
        ("recommend.ml1m.ndcg10", of(Quality::gain), beside(|it| it.gain)),
        ("recommend.ml1m.hr10", of(Quality::hit_rate), beside(|it| it.hit_rate)),
        ("recommend.ml1m.full_recall20", of(Quality::recall), beside(|it| it.recall)),
    ] {
        tell(&format!("{name}: {:.4} ± {:.4} over {} seeds", mean(&values), spread(&values), values.len()));
        print(name, "share", mean(&values), baseline);
    }
    let used: Vec<f64> = all.iter().map(|(_, used)| *used).collect();
    print("recommend.ml1m.train_cpu_s", "s", mean(&used), beside(|it| it.cpu_s));
    print("recommend.ml1m.train_peak_mb", "MB", peak, beside(|it| it.peak_mb));
    let Some(model) = last else { return Ok(()) };
    parts(&data, &model);
    packed(&data, &model, all.last().map_or(0.0, |(quality, _)| quality.gain()))
}

/// What each part finds alone, for the table.
fn parts(data: &Movielens, model: &Model) {
    for (name, blend) in [
        ("iALS", Blend { ials: 1.0, ease: 0.0, follows: 0.0, popular: 0.0 }),
        ("EASE", Blend { ials: 0.0, ease: 1.0, follows: 0.0, popular: 0.0 }),
        ("popular", Blend { ials: 0.0, ease: 0.0, follows: 0.0, popular: 1.0 }),
    ] {
        let alone = Model { parameters: Parameters { blend, ..model.parameters }, ..model.clone() };
        tell(&row(name, &data.quality(|history| alone.score(history)), None));
    }
}

fn packed(data: &Movielens, model: &Model, full: f64) -> Measured {
    let ids: Vec<ProductId> = (0..data.train.products()).map(|at| u128::to_be_bytes(at as u128)).collect();
    let together = vec![Vec::new(); ids.len()];
    let contents =
        Contents { ids: &ids, model, histories: &data.train, counts: &model.counts, together: &together };
    let bytes = pack(&contents)?;
    let packed = Packed::read(&bytes)?;
    let number: Vec<u32> = ids.iter().filter_map(|id| packed.number(id)).collect();
    let quality = data.quality(|history| {
        let history: Vec<u32> = history.iter().map(|product| number[place(*product)]).collect();
        let scores = packed.score(&packed.fold_in(&history), &history);
        number.iter().map(|product| scores[place(*product)]).collect()
    });
    tell(&row(&format!("packed, {} bytes", bytes.len()), &quality, None));
    print("recommend.ml1m.packed_ndcg10", "share", quality.gain(), Some(full));
    Ok(())
}

pub(crate) fn row(name: &str, quality: &Quality, cpu_s: Option<f64>) -> String {
    let cpu = cpu_s.map_or_else(|| "–".to_owned(), |cpu| format!("{cpu:.2}"));
    let (hit_rate, gain, recall) = (quality.hit_rate(), quality.gain(), quality.recall());
    format!("| {name} | {hit_rate:.4} | {gain:.4} | {recall:.4} | {cpu} |")
}
