//! What happened with a product, day by day: what the model learns from.

/// Hours of a day, days of a week.
pub const HOURS: usize = 24;
pub const WEEKDAYS: usize = 7;

/// One day of one product at one price. A day with two prices is two of these.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Day {
    /// The business day, in days since 1970-01-01.
    pub day: i32,
    pub price_minor: i64,
    /// Units at that price. Not whole where they are weighed.
    pub sold: f32,
    /// Which part of a usual day's demand could be met: only hours with an open stall and with stock count.
    pub exposure: f32,
    /// The logarithm of what others ask over what they usually ask; 0 where nobody is known. It does not depend on the own
    /// price, so that another one of these changes nothing but `price_minor`.
    pub rival: f32,
    pub is_promoted: bool,
}

impl Day {
    #[must_use]
    pub fn weekday(&self) -> usize {
        weekday(self.day)
    }
}

/// 0 is a Monday; the first day of 1970 was a Thursday.
#[must_use]
pub fn weekday(day: i32) -> usize {
    usize::try_from((i64::from(day) + 3).rem_euclid(7)).unwrap_or(0)
}

/// All that is known of one product, the oldest day first.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Products of one group are alike: a category.
    pub group: u32,
    pub days: &'a [Day],
}

/// How demand is spread over the day: parts of a usual day for each hour, together 1.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Hours(pub [f64; HOURS]);

impl Default for Hours {
    fn default() -> Self {
        Self([1.0 / 24.0; HOURS])
    }
}

impl Hours {
    /// Learnt from units sold in each hour, and how long the stall was open in it. With little to learn from, each open
    /// hour counts the same.
    #[must_use]
    pub fn learn(sold: &[f64; HOURS], open: &[f64; HOURS]) -> Self {
        /// Units that weigh as much as nothing known.
        const UNSURE: f64 = 30.0;
        let (all_sold, all_open) = (sold.iter().sum::<f64>(), open.iter().sum::<f64>());
        if all_open <= 0.0 {
            return Self::default();
        }
        let usual = (all_sold + 1e-9) / all_open;
        let mut parts = [0.0; HOURS];
        for ((part, sold), open) in parts.iter_mut().zip(sold).zip(open) {
            // An hour's part is how fast it sells, times how often the stall is open in it at all.
            let often = (*open / all_open * 24.0).min(1.0);
            *part = (sold + UNSURE) / (usual * open + UNSURE) * often;
        }
        let sum = parts.iter().sum::<f64>();
        if sum <= 0.0 {
            return Self::default();
        }
        Self(parts.map(|part| part / sum))
    }

    /// The part of a usual day between two moments, in hours after midnight; beyond 24 is the next day.
    #[must_use]
    pub fn between(&self, from: f64, to: f64) -> f64 {
        let mut part = 0.0;
        for hour in 0..HOURS * 2 {
            let start = hour as f64;
            let overlap = (to.min(start + 1.0) - from.max(start)).max(0.0);
            part += overlap * self.0.get(hour % HOURS).copied().unwrap_or(0.0);
        }
        part
    }
}
