//! The search for what deeds say: on what was bought before the baskets that models are compared by, split by time. Whoever bought
//! something new later is asked about it, from what they did before.

use super::histories::index;
use super::ials::Factors;
use super::market::{MARKET, Numbered, TEST_PART, TESTED_MIN, Trade, number};
use super::measure::Quality;
use super::signals::{Deed, DeedWeights, Signal};

/// So many are asked at most: nobody is louder than one of them.
const ASKED_MAX: usize = 500;

/// The values that are tried, one weight after the other; the first that finds most is kept.
const TRIED: [(fn(&mut DeedWeights) -> &mut f32, [f32; 4]); 5] = [
    (|it| &mut it.put, [0.5, 0.0, 0.25, 1.0]),
    (|it| &mut it.liked, [0.5, 0.0, 0.25, 1.0]),
    (|it| &mut it.opened, [0.1, 0.0, 0.03, 0.3]),
    (|it| &mut it.dismissed, [0.3, 0.0, 0.1, 1.0]),
    (|it| &mut it.half_life_days, [90.0, 0.0, 30.0, 180.0]),
];

struct Asked {
    before: Vec<Signal<u32>>,
    taken: u32,
}

impl Trade {
    /// What finds most of what people bought next. With fewer than thirty to ask it stays as it is by default.
    #[must_use]
    pub fn choose_weights(&self, seed: u64) -> DeedWeights {
        let start = DeedWeights::default();
        let learnt = self.baskets.len() - self.baskets.len() / TEST_PART;
        let before = learnt - learnt / TEST_PART * 2;
        let (Some(from), Some(until)) = (self.hours.get(before), self.hours.get(learnt.saturating_sub(1)))
        else {
            return start;
        };
        let asked = self.asked(before, (*from, *until));
        if asked.len() < TESTED_MIN {
            return start;
        }
        let gain =
            |weights: DeedWeights| gain(&self.numbered(before, weights), &asked, (weights, *from), seed);
        let (mut chosen, mut best) = (start, gain(start));
        for (weight, values) in TRIED {
            for value in values.into_iter().skip(1) {
                let mut tried = chosen;
                *weight(&mut tried) = value;
                let found = gain(tried);
                if found > best {
                    (chosen, best) = (tried, found);
                }
            }
        }
        chosen
    }

    /// Whoever did more than to buy and bought something new in that time.
    fn asked(&self, before: usize, (from, until): (i64, i64)) -> Vec<Asked> {
        let earlier = self.numbered(before, self.weights);
        let mut asked: Vec<Asked> = Vec::new();
        for (before, all) in earlier.people.into_iter().zip(&self.people) {
            if before.iter().all(|it| it.deed == Deed::Bought) {
                continue;
            }
            let had = |product: u32| before.iter().any(|it| it.product == product && it.deed == Deed::Bought);
            let later = all.iter().filter(|it| it.deed == Deed::Bought && (from..=until).contains(&it.hour));
            let known = later.filter_map(|it| Some((it.hour, number(&earlier.ids, &it.product)?)));
            if let Some((_, taken)) = known.filter(|(_, product)| !had(*product)).min() {
                asked.push(Asked { taken, before });
            }
        }
        asked.truncate(ASKED_MAX);
        asked
    }
}

/// How high what was bought next stands among all that they did not buy before.
fn gain(numbered: &Numbered, asked: &[Asked], (weights, now_hour): (DeedWeights, i64), seed: u64) -> f64 {
    let products = numbered.weighed.products();
    let factors = Factors::train_weighed(&numbered.weighed, MARKET.ials, seed);
    let mut quality = Quality::default();
    let mut scores = vec![0.0; products];
    for person in asked {
        let row = weights.weigh(&person.before, products, now_hour);
        let (had, weights): (Vec<u32>, Vec<f32>) = row.into_iter().unzip();
        factors.score(&factors.fold_in(&had, &weights), &mut scores);
        let taken = scores[index(person.taken)];
        scores[index(person.taken)] = f32::NEG_INFINITY;
        for it in person.before.iter().filter(|it| it.deed == Deed::Bought) {
            scores[index(it.product)] = f32::NEG_INFINITY;
        }
        quality.count(taken, scores.iter().copied());
    }
    quality.gain()
}
