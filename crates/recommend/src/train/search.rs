//! Choosing parameters, on the training data alone: one product of each history is taken away, models are trained on the
//! rest, and what finds the missing product best is kept. Parameters are tried one after the other, in a fixed order.

use super::ease::ease;
use super::follows::follows;
use super::histories::{Histories, index};
use super::ials::Factors;
use super::measure::{Quality, standardise};
use super::model::{Blend, Parameters, Recency, score_neighbours, score_popular};
use super::neighbours::Neighbours;
use super::parallel::each_piece;
use super::seeds::Seeds;

/// What a person could have taken instead, as many as the literature takes.
const OTHERS: usize = 99;
const CANDIDATES: usize = OTHERS + 1;

/// What the order of histories means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The order of time: the last product is taken away, and the latest may count more.
    Time,
    /// Not surely that: any product is taken away, and all count alike.
    Unknown,
}

/// A split of the training data and, for each person, the product that was taken away beside others to choose from.
pub struct Trial {
    order: Order,
    known: Histories,
    people: Vec<Person>,
}

struct Person {
    row: usize,
    /// The one that was taken away first.
    candidates: Vec<u32>,
}

/// The candidates' standardised scores, person by person.
#[derive(Clone)]
struct Scores(Vec<f32>);

impl Trial {
    /// With at most so many people, chosen by the seed.
    #[must_use]
    pub fn new(histories: &Histories, order: Order, people_max: usize, seed: u64) -> Self {
        let mut seeds = Seeds::new(seed);
        let (known, taken) = histories.without_one(|length| match order {
            Order::Time => length - 1,
            Order::Unknown => index(seeds.below(u32::try_from(length).unwrap_or(u32::MAX))),
        });
        let mut rows: Vec<usize> = (0..taken.len()).filter(|row| taken[*row].is_some()).collect();
        for at in (1..rows.len()).rev() {
            let other = seeds.below(u32::try_from(at + 1).unwrap_or(u32::MAX));
            rows.swap(at, index(other));
        }
        rows.truncate(people_max);
        rows.sort_unstable();
        let people = rows
            .into_iter()
            .filter_map(|row| Person::choose(row, histories, taken[row]?, &mut seeds))
            .collect();
        Self { order, known, people }
    }

    /// Starts from `start` and keeps of each parameter what finds most. Tells each step.
    #[must_use]
    pub fn choose(&self, start: Parameters, seed: u64, tell: &mut dyn FnMut(&str)) -> Parameters {
        let mut chosen = start;
        self.choose_ials(&mut chosen, seed, tell);
        self.choose_ease(&mut chosen, tell);
        self.choose_follows(&mut chosen, tell);
        let nothing = Histories::new(self.known.products());
        let counts = self.known.counts();
        let factors = Factors::train(&self.known, chosen.ials, seed);
        let ease = if chosen.ease.products_max > 0 {
            ease(&self.known, chosen.ease)
        } else {
            ease(&nothing, chosen.ease)
        };
        let follows = follows(&self.known, chosen.follows);
        let folded = |recency: Recency| {
            self.scores(|history, to| {
                factors.score(&factors.fold_in(history, &recency.weights(history.len())), to)
            })
        };
        let nearby = |neighbours, recency| {
            self.scores(|history, to| score_neighbours(neighbours, recency, history, to))
        };
        let popular = self.scores(|_, to| score_popular(&counts, to));
        let parts = [
            folded(chosen.ials_recency),
            nearby(&ease, chosen.ease_recency),
            nearby(&follows, chosen.follows_recency),
            popular,
        ];
        chosen.blend = self.choose_blend(&parts, tell);
        chosen
    }

    fn choose_ials(&self, chosen: &mut Parameters, seed: u64, tell: &mut dyn FnMut(&str)) {
        let full = chosen.ials;
        chosen.ials.dimension = full.dimension.min(SEARCH_DIMENSION);
        let quality = |chosen: &Parameters| {
            self.gain_of_factors(&Factors::train(&self.known, chosen.ials, seed), chosen.ials_recency)
        };
        try_each(
            "ials.unobserved",
            &[0.1, 0.2, 0.3],
            chosen,
            |it, value| it.ials.unobserved = value,
            &quality,
            tell,
        );
        try_each(
            "ials.regularisation",
            &[0.007, 0.01, 0.014],
            chosen,
            |it, value| it.ials.regularisation = value,
            &quality,
            tell,
        );
        if self.order == Order::Time {
            let factors = Factors::train(&self.known, chosen.ials, seed);
            let quality = |chosen: &Parameters| self.gain_of_factors(&factors, chosen.ials_recency);
            try_recency("ials", chosen, |it| &mut it.ials_recency, &quality, tell);
        }
        chosen.ials.dimension = full.dimension;
    }

    fn choose_ease(&self, chosen: &mut Parameters, tell: &mut dyn FnMut(&str)) {
        let quality = |chosen: &Parameters| {
            self.gain_of_neighbours(&ease(&self.known, chosen.ease), chosen.ease_recency)
        };
        try_each(
            "ease.regularisation",
            &[300.0, 600.0, 1_200.0],
            chosen,
            |it, value| it.ease.regularisation = value,
            &quality,
            tell,
        );
        if self.order == Order::Time {
            let ease = ease(&self.known, chosen.ease);
            let quality = |chosen: &Parameters| self.gain_of_neighbours(&ease, chosen.ease_recency);
            try_recency("ease", chosen, |it| &mut it.ease_recency, &quality, tell);
        }
    }

    fn choose_follows(&self, chosen: &mut Parameters, tell: &mut dyn FnMut(&str)) {
        let quality = |chosen: &Parameters| {
            self.gain_of_neighbours(&follows(&self.known, chosen.follows), chosen.follows_recency)
        };
        if self.order == Order::Time {
            try_each(
                "follows.keep",
                &[0.8, 0.9, 0.98, 1.0],
                chosen,
                |it, value| it.follows.keep = value,
                &quality,
                tell,
            );
            try_each(
                "follows.backwards",
                &[0.0, 0.3, 0.6, 1.0],
                chosen,
                |it, value| it.follows.backwards = value,
                &quality,
                tell,
            );
        }
        try_each(
            "follows.damping",
            &[0.25, 0.5, 0.75],
            chosen,
            |it, value| it.follows.damping = value,
            &quality,
            tell,
        );
        try_each(
            "follows.own_damping",
            &[0.5, 0.75, 1.0],
            chosen,
            |it, value| it.follows.own_damping = value,
            &quality,
            tell,
        );
        if self.order == Order::Time {
            let follows = follows(&self.known, chosen.follows);
            let quality = |chosen: &Parameters| self.gain_of_neighbours(&follows, chosen.follows_recency);
            try_recency("follows", chosen, |it| &mut it.follows_recency, &quality, tell);
        }
    }

    /// The weights of the four, by changing one after the other while that helps. The factors' weight stays 1.
    fn choose_blend(&self, parts: &[Scores; 4], tell: &mut dyn FnMut(&str)) -> Blend {
        const WEIGHTS: [f32; 11] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.4, 2.0];
        let mut weights = [1.0, 0.0, 0.0, 0.0];
        let gain = |weights: &[f32; 4]| {
            let weighted: Vec<(f32, &Scores)> = weights.iter().copied().zip(parts).collect();
            self.gain(&weighted)
        };
        let mut best = gain(&weights);
        tell(&format!("blend {weights:?}: {best:.4}"));
        for _ in 0..3 {
            let before = best;
            for at in 1..4 {
                for value in WEIGHTS {
                    let mut tried = weights;
                    tried[at] = value;
                    let found = gain(&tried);
                    if found > best {
                        (best, weights) = (found, tried);
                    }
                }
            }
            tell(&format!("blend {weights:?}: {best:.4}"));
            if best <= before {
                break;
            }
        }
        let [ials, ease, follows, popular] = weights;
        Blend { ials, ease, follows, popular }
    }

    /// How good factors are alone.
    fn gain_of_factors(&self, factors: &Factors, recency: Recency) -> f64 {
        let weights = |history: &[u32]| recency.weights(history.len());
        let score = |history: &[u32], to: &mut [f32]| {
            factors.score(&factors.fold_in(history, &weights(history)), to);
        };
        self.gain(&[(1.0, &self.scores(score))])
    }

    /// How good neighbours are alone.
    fn gain_of_neighbours(&self, neighbours: &Neighbours, recency: Recency) -> f64 {
        self.gain(&[(1.0, &self.scores(|history, to| score_neighbours(neighbours, recency, history, to)))])
    }

    fn scores(&self, score: impl Fn(&[u32], &mut [f32]) + Sync) -> Scores {
        let mut all = vec![0.0; self.people.len() * CANDIDATES];
        each_piece(&mut all, CANDIDATES, |at, to| {
            let person = &self.people[at];
            let history = self.known.row(person.row);
            let mut scores = vec![0.0; self.known.products()];
            score(history, &mut scores);
            standardise(&mut scores, history);
            for (to, product) in to.iter_mut().zip(&person.candidates) {
                *to = scores[index(*product)];
            }
        });
        Scores(all)
    }

    fn gain(&self, weighted: &[(f32, &Scores)]) -> f64 {
        let mut quality = Quality::default();
        for at in 0..self.people.len() {
            let mut total = [0.0; CANDIDATES];
            for (weight, scores) in weighted {
                for (total, score) in total.iter_mut().zip(&scores.0[at * CANDIDATES..][..CANDIDATES]) {
                    *total += weight * score;
                }
            }
            quality.count(total[0], total[1..].iter().copied());
        }
        quality.gain()
    }
}

/// Parameters that a small model shares with a large one are chosen on the small one.
const SEARCH_DIMENSION: usize = 192;

impl Person {
    /// None where the catalogue has not enough others.
    fn choose(row: usize, histories: &Histories, taken: u32, seeds: &mut Seeds) -> Option<Self> {
        let history = histories.row(row);
        let products = u32::try_from(histories.products()).ok()?;
        if histories.products() < history.len() + 2 * OTHERS {
            return None;
        }
        let mut candidates = vec![taken];
        while candidates.len() < CANDIDATES {
            let other = seeds.below(products);
            if !history.contains(&other) && !candidates.contains(&other) {
                candidates.push(other);
            }
        }
        Some(Self { row, candidates })
    }
}

/// Means something only where histories are in order of time.
fn try_recency(
    name: &str,
    chosen: &mut Parameters,
    of: impl Fn(&mut Parameters) -> &mut Recency,
    quality: &dyn Fn(&Parameters) -> f64,
    tell: &mut dyn FnMut(&str),
) {
    of(chosen).extra = 2.0;
    try_each(
        &format!("{name}.recency.keep"),
        &[0.6, 0.8, 0.9, 0.95],
        chosen,
        |it, value| of(it).keep = value,
        quality,
        tell,
    );
    try_each(
        &format!("{name}.recency.extra"),
        &[0.0, 1.0, 2.0, 4.0, 8.0, 16.0],
        chosen,
        |it, value| of(it).extra = value,
        quality,
        tell,
    );
}

/// Keeps the best of these values; the first of equals.
fn try_each(
    name: &str,
    values: &[f32],
    chosen: &mut Parameters,
    set: impl Fn(&mut Parameters, f32),
    quality: &dyn Fn(&Parameters) -> f64,
    tell: &mut dyn FnMut(&str),
) {
    let mut best = f64::NEG_INFINITY;
    let mut kept = *chosen;
    for value in values {
        let mut tried = *chosen;
        set(&mut tried, *value);
        let found = quality(&tried);
        tell(&format!("{name} {value}: {found:.4}"));
        if found > best {
            (best, kept) = (found, tried);
        }
    }
    *chosen = kept;
}
