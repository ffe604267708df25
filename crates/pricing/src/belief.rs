//! What is believed of one product's demand: a Gaussian over the logarithm of its level and over how prices change it.
//!
//! Units of a day are negative binomial with mean `exposure · weekday · exp(level + slope · x + …)`, where `x` is how far the
//! price is from a reference, along one of three curves. So the slope is the elasticity at the reference: −2 says that a price 10 % higher
//! sells about 20 % less. Each day is one step of a Laplace approximation along its own direction, and the level drifts from
//! day to day, so that old days are forgotten. The slope's prior is wide here; `pool` narrows it when it is read.

use crate::history::{Day, WEEKDAYS, weekday};

/// Level, price, promotion, rivals.
pub const PARTS: usize = 4;
const LEVEL: usize = 0;
pub(crate) const SLOPE: usize = 1;

/// The wide prior of the slope under which days are gathered.
pub const WIDE: Normal = Normal { mean: -1.8, variance: 2.25 };
/// What a promotion and a dearer rival usually do, and how unsure that is.
const PROMOTED: Normal = Normal { mean: 0.2, variance: 0.09 };
const RIVAL: Normal = Normal { mean: 0.5, variance: 0.09 };
/// Below this a product says nothing of its own about the slope.
pub(crate) const SLOPE_INFORMATION_MIN: f64 = 0.05;
const LEVEL_VARIANCE: f64 = 1.5;
/// The slope changes, too, but slowly: a day's variance.
const SLOPE_DRIFT: f64 = 0.0;
/// Own weekdays are believed over the group's from about so many units on.
const WEEKDAY_UNITS: f64 = 40.0;
/// Above this variance of what was expected, a day does not say how much days differ.
const UNSURE_MAX: f64 = 0.1;
/// Units further above what was expected than so many standard deviations count as that many.
const APART_MAX: f64 = 2.5;
/// Old weekdays count half after this many days.
const WEEKDAY_HALF: f64 = 120.0;
/// Prices further from the reference teach and cost as much as these.
const RATIO_MIN: f64 = 0.4;
const RATIO_MAX: f64 = 2.2;
/// No day sells more than this, and its logarithm.
const RATE_MAX: f64 = 10_686_474_581_524.463;
const LOG_MAX: f64 = 30.0;
/// Newton's last step. The next one would be less than its square, and nobody knows a rate to one of a thousand.
const STEP_MIN: f64 = 0.02;
/// From here on three terms beside Stirling's formula are exact enough.
const STIRLING_MIN: f64 = 1.0;
/// How demand may bend: the same elasticity at each price; the logarithm falls as the price rises; it falls ever faster. At
/// the reference all three fall by the slope.
const CURVES: usize = 3;
const STEADY: usize = 0;
const PLAIN: usize = 1;
/// Before the first day the plain one is the likeliest.
const FIT_FIRST: [f64; CURVES] = [-1.5, 0.0, -0.5];

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Normal {
    pub mean: f64,
    pub variance: f64,
}

/// What a group of products has in common.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Group {
    /// How demand of a weekday differs, Monday first; on average 1.
    pub weekdays: [f64; WEEKDAYS],
    /// Where its products' slopes lie.
    pub slope: Normal,
    /// How much days differ beyond chance: the variance of a day's own factor.
    pub dispersion: f64,
    /// The variance by which a level moves in a day.
    pub drift: f64,
    /// Products that had something to say about the slope.
    pub products: u32,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            weekdays: [1.0; WEEKDAYS],
            slope: Normal { mean: -1.8, variance: 0.5 },
            dispersion: 0.1,
            drift: 0.002,
            products: 0,
        }
    }
}

/// What a day will be like, apart from its price.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ahead {
    pub day: i32,
    pub exposure: f64,
    pub rival: f64,
    pub is_promoted: bool,
}

/// What was learnt from, for whoever asks.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub struct Evidence {
    pub days: u32,
    pub sold: f64,
    /// Days of which a part was not counted, since the stall was closed or had none left.
    pub short_days: u32,
    pub least_minor: i64,
    pub most_minor: i64,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Belief {
    reference_minor: i64,
    day: i32,
    curves: [Curve; CURVES],
    /// The curve that explains the days best.
    leading: usize,
    week: [[f64; 2]; WEEKDAYS],
    /// Squares beyond chance, and what they are compared with: how much days differ.
    beyond: [f64; 2],
    pub evidence: Evidence,
}

/// Whether it is noted how likely a day was before it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Judging {
    Fit,
    Nothing,
}

/// One way in which demand may bend, and what is believed if it does.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Curve {
    mean: [f64; PARTS],
    spread: [[f64; PARTS]; PARTS],
    /// The logarithm of how likely each day was before it was seen: how well this fits.
    fit: f64,
}

/// The logarithm of a day's mean: what is believed, and its variance.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Expected {
    pub log: f64,
    pub variance: f64,
}

impl Belief {
    /// Before the first day. `level` is what products of the kind usually sell, as a logarithm.
    #[must_use]
    pub fn new(reference_minor: i64, level: f64, day: i32) -> Self {
        let mut spread = [[0.0; PARTS]; PARTS];
        let variances = [LEVEL_VARIANCE, WIDE.variance, PROMOTED.variance, RIVAL.variance];
        for (at, variance) in variances.into_iter().enumerate() {
            spread[at][at] = variance;
        }
        let mean = [level, WIDE.mean, PROMOTED.mean, RIVAL.mean];
        Self {
            reference_minor: reference_minor.max(1),
            day,
            curves: FIT_FIRST.map(|fit| Curve { mean, spread, fit }),
            leading: PLAIN,
            week: [[0.0; 2]; WEEKDAYS],
            beyond: [0.0; 2],
            evidence: Evidence { least_minor: i64::MAX, ..Evidence::default() },
        }
    }

    /// Learns from one day.
    pub fn learn(&mut self, day: &Day, group: &Group) {
        self.learn_along(day, group, 0..CURVES, Judging::Fit);
    }

    /// Learns along the plain curve alone, for whoever needs to know only how well it fits.
    pub(crate) fn learn_plainly(&mut self, day: &Day, group: &Group) {
        self.learn_along(day, group, PLAIN..PLAIN + 1, Judging::Fit);
    }

    /// The same for whoever needs to know only how days differ.
    pub(crate) fn learn_unjudged(&mut self, day: &Day, group: &Group) {
        self.learn_along(day, group, PLAIN..PLAIN + 1, Judging::Nothing);
    }

    fn learn_along(&mut self, day: &Day, group: &Group, curves: std::ops::Range<usize>, judging: Judging) {
        let (sold, exposure) = (f64::from(day.sold), f64::from(day.exposure));
        if day.price_minor < 1 || !(exposure > 0.0 && exposure.is_finite() && sold >= 0.0 && sold.is_finite())
        {
            return;
        }
        self.note(day);
        self.drift_to(day.day, group);
        let ahead =
            Ahead { day: day.day, exposure, rival: f64::from(day.rival), is_promoted: day.is_promoted };
        let own = self.own_weekday(day.weekday());
        let of_day = (exposure * group.weekdays[day.weekday()] * own).ln();
        let is_judged = judging == Judging::Fit;
        let mut leads = None;
        for at in curves.clone() {
            let row = self.row(at, day.price_minor, &ahead);
            let before = self.curves[at].learn(&row, of_day, sold, group.dispersion, is_judged);
            if at == self.leading {
                leads = Some(before);
            }
        }
        let fit = |at: &usize| self.curves[*at].fit;
        self.leading = curves.max_by(|a, b| fit(a).total_cmp(&fit(b))).unwrap_or(PLAIN);
        let Some(before) = leads else { return };
        // One wild day must not say how all days are, and one of which little was known says nothing of that.
        if before.variance < UNSURE_MAX {
            let usual = before.mean;
            let residual = sold - usual;
            let beyond = residual * residual - usual - usual * usual * before.factor;
            self.beyond[0] += beyond.min(4.0 * usual * usual);
            self.beyond[1] += usual * usual;
        }
        let week = &mut self.week[day.weekday()];
        week[0] += sold;
        week[1] += before.rate / own;
    }

    /// How much a day sells at a price.
    #[must_use]
    pub fn expect(&self, price_minor: i64, ahead: &Ahead, group: &Group) -> Expected {
        let curve = self.curve();
        let row = self.row(self.leading, price_minor, ahead);
        let log = dot(&row, &curve.mean)
            + ahead.exposure.max(1e-9).ln()
            + self.weekday_factor(ahead.day, group).ln();
        let days = f64::from((ahead.day - self.day).clamp(0, 400));
        let variance = dot(&row, &curve.along(&row)) + days * group.drift;
        Expected { log, variance: variance.max(0.0) }
    }

    /// The same belief with the group's slope as its prior instead of the wide one.
    #[must_use]
    pub fn under(&self, group: &Group) -> Self {
        Self { curves: self.curves.map(|curve| curve.under(group)), ..*self }
    }

    #[must_use]
    pub fn level(&self) -> Normal {
        let curve = self.curve();
        Normal { mean: curve.mean[LEVEL], variance: curve.spread[LEVEL][LEVEL].max(0.0) }
    }

    #[must_use]
    pub fn slope(&self) -> Normal {
        self.curve().slope()
    }

    /// Level and slope move together: their covariance.
    #[must_use]
    pub fn together(&self) -> f64 {
        self.curve().spread[LEVEL][SLOPE]
    }

    /// How far a price is from the reference, as the leading curve counts it.
    #[must_use]
    pub fn x(&self, price_minor: i64) -> f64 {
        self.x_of(self.leading, price_minor)
    }

    /// The same belief, seen along another curve, as likely as that one is.
    #[must_use]
    pub fn along_some(&self, chance: f64) -> Self {
        let best = self.curve().fit;
        let likely: [f64; CURVES] = std::array::from_fn(|at| (self.curves[at].fit - best).exp());
        let mut rest = chance * likely.iter().sum::<f64>();
        for (leading, part) in likely.iter().enumerate() {
            rest -= part;
            if rest <= 0.0 {
                return Self { leading, ..*self };
            }
        }
        *self
    }

    /// How this product's weekday differs from its usual day.
    #[must_use]
    pub fn weekday_factor(&self, day: i32, group: &Group) -> f64 {
        let at = weekday(day);
        group.weekdays[at] * self.own_weekday(at)
    }

    /// How much its days differ beyond chance, as squares over what they are compared with.
    #[must_use]
    pub fn beyond(&self) -> [f64; 2] {
        self.beyond
    }

    /// The logarithm of how likely all days were, each before it was seen.
    #[must_use]
    pub fn fit(&self) -> f64 {
        self.curve().fit
    }

    fn curve(&self) -> &Curve {
        &self.curves[self.leading]
    }

    fn own_weekday(&self, at: usize) -> f64 {
        let [sold, expected] = self.week[at];
        (sold + WEEKDAY_UNITS) / (expected + WEEKDAY_UNITS)
    }

    fn note(&mut self, day: &Day) {
        let evidence = &mut self.evidence;
        evidence.days += 1;
        evidence.sold += f64::from(day.sold);
        evidence.short_days += u32::from(day.exposure < 0.75);
        evidence.least_minor = evidence.least_minor.min(day.price_minor);
        evidence.most_minor = evidence.most_minor.max(day.price_minor);
    }

    fn drift_to(&mut self, day: i32, group: &Group) {
        let days = f64::from((day - self.day).clamp(0, 400));
        if days == 0.0 {
            return;
        }
        self.day = day;
        for Curve { spread, .. } in &mut self.curves {
            spread[LEVEL][LEVEL] = (spread[LEVEL][LEVEL] + days * group.drift).min(LEVEL_VARIANCE * 2.0);
            spread[SLOPE][SLOPE] = (spread[SLOPE][SLOPE] + days * SLOPE_DRIFT).min(WIDE.variance);
        }
        let keep = (-days / WEEKDAY_HALF * std::f64::consts::LN_2).exp();
        for week in &mut self.week {
            *week = week.map(|it| it * keep);
        }
    }

    fn row(&self, curve: usize, price_minor: i64, ahead: &Ahead) -> [f64; PARTS] {
        let promoted = if ahead.is_promoted { 1.0 } else { 0.0 };
        [1.0, self.x_of(curve, price_minor), promoted, ahead.rival.clamp(-1.0, 1.0)]
    }

    fn x_of(&self, curve: usize, price_minor: i64) -> f64 {
        let ratio = (price_minor as f64 / self.reference_minor as f64).clamp(RATIO_MIN, RATIO_MAX);
        match curve {
            STEADY => ratio.ln(),
            PLAIN => ratio - 1.0,
            _ => (ratio * ratio - 1.0) / 2.0,
        }
    }
}

impl Curve {
    /// Learns that a day sold so much; what was expected before. Each exponential is taken once.
    fn learn(
        &mut self,
        row: &[f64; PARTS],
        of_day: f64,
        sold: f64,
        dispersion: f64,
        is_judged: bool,
    ) -> Before {
        let direction = self.along(row);
        let variance = dot(row, &direction).max(1e-12);
        let before = Before::new(dot(row, &self.mean) + of_day, variance);
        // A wholesale order among single buyers moves the level as far as a very good day would, and no further.
        let usual = before.mean;
        let spread = dispersion + before.factor;
        let apart = (usual + usual * usual * spread).sqrt();
        let (moved, rate) = mode(sold.min(usual + APART_MAX * apart), &before, dispersion);
        if is_judged {
            self.fit -= misfit(sold, usual, spread);
        }
        let weight = rate / (1.0 + dispersion * rate);
        let share = weight / (1.0 + weight * variance);
        let pull = moved / variance;
        for (at, along) in direction.iter().enumerate() {
            self.mean[at] += along * pull;
            for (beside, other) in direction.iter().enumerate() {
                self.spread[at][beside] -= along * other * share;
            }
        }
        before
    }

    fn under(&self, group: &Group) -> Self {
        let more = 1.0 / group.slope.variance - 1.0 / WIDE.variance;
        let toward = group.slope.mean / group.slope.variance - WIDE.mean / WIDE.variance;
        let column: [f64; PARTS] = std::array::from_fn(|at| self.spread[at][SLOPE]);
        let share = 1.0 / (1.0 + more * column[SLOPE]).max(1e-6);
        let pull = (toward - more * self.mean[SLOPE]) * share;
        let mut pooled = *self;
        for (at, along) in column.iter().enumerate() {
            pooled.mean[at] += along * pull;
            for (beside, other) in column.iter().enumerate() {
                pooled.spread[at][beside] -= along * other * more * share;
            }
        }
        pooled
    }

    fn slope(&self) -> Normal {
        Normal { mean: self.mean[SLOPE], variance: self.spread[SLOPE][SLOPE].max(1e-9) }
    }

    fn along(&self, row: &[f64; PARTS]) -> [f64; PARTS] {
        std::array::from_fn(|at| dot(&self.spread[at], row))
    }
}

/// What was expected of a day before it was seen, with the exponentials that several ask for.
#[derive(Clone, Copy, Debug)]
struct Before {
    log: f64,
    variance: f64,
    /// At the likeliest logarithm; and on average.
    rate: f64,
    mean: f64,
    factor: f64,
}

impl Before {
    fn new(log: f64, variance: f64) -> Self {
        let (rate, grown) = (log.min(LOG_MAX).exp(), variance.exp());
        Self {
            log,
            variance,
            rate,
            mean: (rate * grown.sqrt()).min(RATE_MAX),
            factor: (grown - 1.0).min(9.0),
        }
    }
}

impl Expected {
    /// Units, on average.
    #[must_use]
    pub fn mean(self) -> f64 {
        (self.log + self.variance / 2.0).min(LOG_MAX).exp()
    }

    /// The variance of what is not known, as a part of the square of the mean.
    #[must_use]
    pub fn factor(self) -> f64 {
        (self.variance.exp() - 1.0).min(9.0)
    }
}

fn dot(a: &[f64; PARTS], b: &[f64; PARTS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// How far the likeliest logarithm of the rate after a count is from where it was believed to be, and that rate, by Newton's
/// method. The target is concave where it matters, and a bounded step keeps a hostile count from throwing it anywhere.
fn mode(sold: f64, before: &Before, dispersion: f64) -> (f64, f64) {
    let precision = 1.0 / before.variance;
    let more = 1.0 + dispersion * sold;
    let (mut moved, mut rate) = (0.0, before.rate);
    for _ in 0..12 {
        let shrink = 1.0 / (1.0 + dispersion * rate);
        let slope = (sold - rate) * shrink - moved * precision;
        let curve = rate * more * shrink * shrink + precision;
        let step = (slope / curve).clamp(-1.5, 1.5);
        moved += step;
        if step.abs() < STEP_MIN {
            // So short a step is its own exponential.
            return (moved, rate * (1.0 + step * (1.0 + step * (0.5 + step / 6.0))));
        }
        rate = (before.log + moved).min(LOG_MAX).exp();
    }
    (moved, rate)
}

/// How much a day surprised: minus the logarithm of a negative binomial's probability, without what depends on the count alone.
/// The gamma functions are Stirling's, of which most cancels.
fn misfit(sold: f64, mean: f64, dispersion: f64) -> f64 {
    let mean = mean.max(1e-9);
    let size = 1.0 / dispersion.max(1e-6);
    let all = sold + size;
    let gammas = 0.5 * (all / size).ln() + beside_stirling(size) - beside_stirling(all);
    gammas + all * ((mean + size) / all).ln() + sold * (1.0 - mean.ln())
}

/// What Stirling's formula leaves of the logarithm of a gamma function, for numbers above 0.
fn beside_stirling(x: f64) -> f64 {
    if x < STIRLING_MIN {
        return (x + 0.5) * (1.0 / x).ln_1p() - 1.0 + beside_stirling(x + 1.0);
    }
    let (part, square) = (1.0 / x, 1.0 / (x * x));
    part * (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1_260.0))
}
