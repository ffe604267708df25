//! A switchback: a stall's time is shared out, block by block, and in each block everybody has the same. For prices, which are
//! never one person's.
//!
//! Blocks are paired with the block one season later (the same weekday a week later, the same hour a day later), and a coin that
//! follows from the seed says which of the two gets which arm. So a season cancels out within each pair, and the difference
//! of a pair is one number: pairs are counted, not sales, because sales of one block are not independent of each other.

use crate::distributions::student;
use crate::seeds::number;

pub const BLOCKS_MAX: usize = 400;
/// With fewer pairs no interval means anything.
pub const PAIRS_MIN: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    blocks: usize,
    season: usize,
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadSchedule {
    /// Fewer than four pairs.
    TooShort,
    TooLong,
    /// Not a whole number of pairs of seasons.
    Ragged,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Arm {
    Before,
    Tried,
}

impl Schedule {
    /// So many blocks, of which `season` come round again: 7 for days, 1 where neighbours are paired.
    ///
    /// # Errors
    /// Where the blocks are too few, too many, or do not come to whole pairs.
    pub fn new(blocks: usize, season: usize, seed: u64) -> Result<Self, BadSchedule> {
        if blocks < 2 * PAIRS_MIN {
            return Err(BadSchedule::TooShort);
        }
        if blocks > BLOCKS_MAX {
            return Err(BadSchedule::TooLong);
        }
        if season == 0 || !blocks.is_multiple_of(2 * season) {
            return Err(BadSchedule::Ragged);
        }
        Ok(Self { blocks, season, seed })
    }

    #[must_use]
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// What a block gets. `place` is whose schedule it is, such as a stall and a product: two have different coins.
    #[must_use]
    pub fn arm(&self, place: &[u8], block: usize) -> Arm {
        let (pair, is_later) = self.pair(block);
        let (seed, pair) = (self.seed.to_be_bytes(), (pair as u64).to_be_bytes());
        let coin = number("soko experiment block", &[&seed, place, &pair]) >> 63 == 1;
        if coin == is_later { Arm::Tried } else { Arm::Before }
    }

    /// Which pair a block is of, and whether it is the later one.
    fn pair(&self, block: usize) -> (usize, bool) {
        let (round, at) = (block / (2 * self.season), block % (2 * self.season));
        (round * self.season + at % self.season, at >= self.season)
    }
}

/// What a change of the arm did.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Effect {
    /// What a slot brought under each, on average.
    pub before: f64,
    pub tried: f64,
    /// Tried less before, and between what it lies, 90 times of 100.
    pub estimate: f64,
    pub low: f64,
    pub high: f64,
    pub pairs: usize,
}

/// `slots` has, for each block, what its parts brought, hour by hour or day by day; the first `burn_in` of each block are left out,
/// because what people did there still comes from the block before. Nothing while there are too few whole pairs; pairs of which a block has
/// nothing left are left out.
#[must_use]
pub fn effect(schedule: &Schedule, place: &[u8], (slots, burn_in): (&[Vec<f64>], usize)) -> Option<Effect> {
    let means: Vec<Option<f64>> = slots
        .iter()
        .map(|slots| slots.get(burn_in..).filter(|kept| !kept.is_empty()))
        .map(|kept| kept.map(|kept| kept.iter().sum::<f64>() / kept.len() as f64))
        .collect();
    let mean = |block: usize| means.get(block).copied().flatten();
    let (mut before, mut tried, mut differences) = (0.0, 0.0, Vec::new());
    for block in (0..schedule.blocks).filter(|block| !schedule.pair(*block).1) {
        let (Some(first), Some(second)) = (mean(block), mean(block + schedule.season)) else { continue };
        let (of_before, of_tried) =
            if schedule.arm(place, block) == Arm::Before { (first, second) } else { (second, first) };
        before += of_before;
        tried += of_tried;
        differences.push(of_tried - of_before);
    }
    let pairs = differences.len();
    if pairs < PAIRS_MIN {
        return None;
    }
    let n = pairs as f64;
    let estimate = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|it| (it - estimate) * (it - estimate)).sum();
    let reach = student(0.90, pairs - 1) * (squares / (n - 1.0) / n).sqrt();
    Some(Effect {
        before: before / n,
        tried: tried / n,
        estimate,
        low: estimate - reach,
        high: estimate + reach,
        pairs,
    })
}

/// What is said when a switchback ends: its length is fixed beforehand, so it is judged once. Between, it only stops for harm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The tried one costs more than the guardrail allows.
    Harmful,
    Worse,
    Better,
    Unclear,
    TooEarly,
}

/// `margin` is what may be lost at most, as a part of what a slot brought before. A stop for harm asks for twice the usual certainty,
/// because it is asked after each pair.
#[must_use]
pub fn outcome(effect: Option<&Effect>, is_over: bool, margin: f64) -> Outcome {
    let Some(effect) = effect else {
        return if is_over { Outcome::Unclear } else { Outcome::TooEarly };
    };
    let lost = -margin * effect.before.abs();
    let reach = effect.high - effect.estimate;
    if effect.estimate + 2.0 * reach < lost {
        return Outcome::Harmful;
    }
    if !is_over {
        return Outcome::TooEarly;
    }
    if effect.high < 0.0 {
        Outcome::Worse
    } else if effect.low > 0.0 {
        Outcome::Better
    } else {
        Outcome::Unclear
    }
}
