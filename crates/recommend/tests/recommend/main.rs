//! Training, packing and scoring, through what other crates use.

mod delta;
mod packed;
mod refresh;
mod trade;
mod training;

use soko_recommend::train::{
    Blend, EaseParameters, FollowsParameters, Histories, IalsParameters, Parameters, Recency, Seeds,
};

/// Tastes, products of each, people of each.
pub(crate) const TASTES: u32 = 6;
pub(crate) const PER_TASTE: u32 = 20;
pub(crate) const PEOPLE: u32 = 240;

pub(crate) fn parameters() -> Parameters {
    Parameters {
        ials: IalsParameters {
            dimension: 12,
            sweeps: 6,
            steps: 3,
            unobserved: 0.1,
            regularisation: 0.01,
            exponent: 1.0,
        },
        ials_recency: Recency::NONE,
        ease: EaseParameters { regularisation: 20.0, products_max: 1_000, neighbours_max: 200 },
        ease_recency: Recency::NONE,
        follows: FollowsParameters {
            window: 20,
            keep: 0.9,
            backwards: 0.5,
            damping: 0.5,
            own_damping: 0.5,
            neighbours_max: 200,
        },
        follows_recency: Recency { base: 1.0, extra: 1.0, keep: 0.8 },
        blend: Blend { ials: 1.0, ease: 0.5, follows: 0.25, popular: 0.1 },
    }
}

/// People who each take eight products of one taste and one of any.
pub(crate) fn market() -> Vec<Vec<u32>> {
    let mut seeds = Seeds::new(11);
    (0..PEOPLE)
        .map(|person| {
            let taste = person % TASTES;
            let mut history: Vec<u32> = Vec::new();
            while history.len() < 8 {
                let product = taste * PER_TASTE + seeds.below(PER_TASTE).min(seeds.below(PER_TASTE));
                if !history.contains(&product) {
                    history.push(product);
                }
            }
            history.push(seeds.below(TASTES * PER_TASTE));
            history
        })
        .collect()
}

pub(crate) fn histories(of: &[Vec<u32>]) -> Histories {
    let mut histories = Histories::new((TASTES * PER_TASTE) as usize);
    of.iter().for_each(|history| histories.push(history));
    histories
}
