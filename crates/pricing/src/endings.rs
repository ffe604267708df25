//! How prices end here: whole shillings, fives, or one below the round number. Learnt from the stall's own prices.

/// Ways to end that people use, the roundest first: multiples of `step`, less `minus`.
const STEPS: [i64; 10] = [10_000, 5_000, 1_000, 500, 200, 100, 50, 10, 5, 1];
/// So many of a hundred prices must end that way.
const SHARE: usize = 80;
/// No step is more than this part of the price it rounds.
const STEP_PART: i64 = 20;

/// Prices are multiples of `step_minor`, less `minus_minor`; finer ones are multiples of the smallest coin at least.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Endings {
    pub step_minor: i64,
    pub minus_minor: i64,
    pub coin_minor: i64,
}

impl Endings {
    pub const ANY: Self = Self { step_minor: 1, minus_minor: 0, coin_minor: 1 };

    /// The roundest ending that nearly all of these prices have; never finer than the smallest coin.
    #[must_use]
    pub fn habit(prices: &[i64], coin_minor: i64) -> Self {
        let coin_minor = coin_minor.clamp(1, 100_000);
        let coin = Self { step_minor: coin_minor, minus_minor: 0, coin_minor };
        if prices.is_empty() {
            return coin;
        }
        let steps = STEPS.into_iter().filter(|step| step % coin_minor == 0);
        for step_minor in steps {
            for minus_minor in [0, 1, step_minor / 20, step_minor / 100] {
                let endings = Self { step_minor, minus_minor, coin_minor };
                let ending = prices.iter().filter(|price| endings.ends(**price)).count();
                if minus_minor < step_minor && ending * 100 >= prices.len() * SHARE {
                    return endings;
                }
            }
        }
        coin
    }

    #[must_use]
    pub fn ends(self, price_minor: i64) -> bool {
        self.step_minor > 0 && price_minor.saturating_add(self.minus_minor).rem_euclid(self.step_minor) == 0
    }

    /// Prices from low to high that end this way, at most so many, evenly; finer ones where the step is too coarse for
    /// them. What is offered today is among them where it is between the two.
    #[must_use]
    pub fn ladder(self, (low, high): (i64, i64), today: i64, count_max: usize) -> Vec<i64> {
        let mut prices = Vec::new();
        if low > high || low < 1 {
            return prices;
        }
        let coin = self.coin_minor.max(1);
        let fits = |step: i64| step <= coin || today / step >= STEP_PART;
        let is_finer =
            |step: &i64| self.step_minor % step == 0 && *step < self.step_minor && step % coin == 0;
        let finer = STEPS.into_iter().filter(is_finer);
        let step = std::iter::once(self.step_minor).chain(finer).find(|step| fits(*step)).unwrap_or(coin);
        let minus = if step == self.step_minor { self.minus_minor } else { 0 };
        let first = low.saturating_add(minus).saturating_add(step - 1) / step;
        let last = high.saturating_add(minus) / step;
        let count = last.saturating_sub(first).saturating_add(1).max(0);
        let most = i64::try_from(count_max.max(2)).unwrap_or(i64::MAX);
        let stride = (count.saturating_add(most - 1) / most).max(1);
        let mut at = first;
        while at <= last {
            let price = at.saturating_mul(step).saturating_sub(minus);
            if (low..=high).contains(&price) {
                prices.push(price);
            }
            at = at.saturating_add(stride);
        }
        if (low..=high).contains(&today) && !prices.contains(&today) {
            prices.push(today);
            prices.sort_unstable();
        }
        prices
    }
}
