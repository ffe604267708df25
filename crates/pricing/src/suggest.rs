//! A price with its reasons: what is suggested, between which limits, what it would change, and what that is known from.
//! Numbers only; screens make words of them.

use std::sync::LazyLock;

use crate::belief::{Ahead, Belief, Evidence, Group};
use crate::decide::{self, Worth};
use crate::endings::Endings;
use crate::finite::{self, Clearance};
use crate::guard::{Band, Facts, Held, Limit, Rules, band, lasting, market_median, market_prices, may};
use crate::history::{WEEKDAYS, weekday};
use crate::seeds::Seeds;
use crate::spread::{Count, Range, minor, of_samples};

/// Prices that are compared.
const LADDER: usize = 40;
/// How many demands that may be true are asked what the change brings.
const SAMPLES: usize = 200;
/// The same for all: two independent normal numbers each, evenly spread (Roberts' sequence), so that two hundred say what many more
/// by chance would.
static SAMPLED: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| {
    /// The root of x³ = x + 1, once and twice as a divisor.
    const STEPS: (f64, f64) = (0.754_877_666_246_692_7, 0.569_840_290_998_053_3);
    let of = |at: usize| {
        let at = at as f64;
        let (apart, around) = ((0.5 + STEPS.0 * at).fract(), (0.5 + STEPS.1 * at).fract());
        let (radius, turn) = ((-2.0 * apart.ln()).sqrt(), std::f64::consts::TAU * around);
        (radius * turn.cos(), radius * turn.sin())
    };
    (1..=SAMPLES).map(of).collect()
});
/// A change is worth somebody's attention from so many ppm of the money on.
const WORTH_PPM: i64 = 10_000;
/// And if it is better than staying with this probability.
const SURE_PPM: i64 = 800_000;
/// Weekdays and stock are named as reasons from so many ppm on.
const NAMED_PPM: i64 = 80_000;

/// All that a suggestion depends on.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// With the group's prior in it already (`Learned::belief`).
    pub belief: &'a Belief,
    pub group: &'a Group,
    pub rules: &'a Rules,
    pub facts: &'a Facts<'a>,
    pub endings: Endings,
    pub worth: Worth,
    pub horizon: Horizon<'a>,
    /// On which part of its days of each weekday the stall opens, from Monday on.
    pub opens: [f64; WEEKDAYS],
    /// Today; and what others do, and whether it is promoted.
    pub ahead: Ahead,
    /// Something to follow from: the same question gives the same answer. With `is_curious`, the price may differ a little from
    /// the best one, to find out more.
    pub seed: u64,
    pub is_curious: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Horizon<'a> {
    /// Stock does not run out; what a price does is said for so many days.
    Days(u32),
    /// What is there must be gone by a moment.
    Until { sale: Clearance<'a>, minutes: u32 },
}

#[derive(Clone, PartialEq, Debug)]
pub struct Suggestion {
    pub now_minor: i64,
    pub price_minor: i64,
    pub band: Band,
    /// Units until the horizon: as it is, and with the change.
    pub sold_now: Range,
    pub sold_then: Range,
    /// How much more money, in minor units, nine times of ten. Money is what `worth` counts.
    pub gain_low_minor: i64,
    pub gain_minor: i64,
    pub gain_high_minor: i64,
    /// How likely it is that the change is better than staying.
    pub better_ppm: i64,
    pub days: u32,
    pub reasons: Vec<Reason>,
    pub evidence: Evidence,
    /// How many products of the kind say something of how prices work.
    pub alike: u32,
    /// How much of what is known of that is the product's own.
    pub own_ppm: i64,
}

/// A stall that opens on every day of the week.
pub const EVERY_DAY: [f64; WEEKDAYS] = [1.0; WEEKDAYS];

/// Why. Parts per million are differences: −300,000 is 30 % less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// How many fewer would buy if it cost a tenth more.
    TenthDearer { sold_ppm: i64 },
    /// Today's weekday differs; 0 is a Monday.
    Weekday { weekday: u8, sold_ppm: i64 },
    /// So many are left, until then, and as it is so many would stay.
    Left { left: i64, minutes: u32, kept_now: i64, kept_then: i64 },
    /// Days in which there was not enough stock or time were not taken for days without buyers.
    Short { days: u32 },
    /// Others ask this.
    Market { median_minor: i64, sources: u32 },
    /// This limit kept it from going further.
    Limited { by: Limit, at_minor: i64 },
    /// The price differs from the best known one to find out more.
    Curious,
}

/// Why nothing is suggested.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nothing {
    Held(Held),
    /// Too few days or sales to say anything.
    TooFew {
        days: u32,
    },
    /// There was never another price, and none of its kind had one either: what buyers would do is only what they do elsewhere.
    NeverVaried,
    /// As good as it is, as far as anybody knows.
    Fine,
}

/// Days and units from which on something is said.
const DAYS_MIN: u32 = 5;
const SOLD_MIN: f64 = 10.0;

/// Looks for a better price.
///
/// # Errors
/// Where the price should, or must, stay.
pub fn suggest(question: &Question<'_>) -> Result<Suggestion, Nothing> {
    let band = band(question.rules, question.facts).map_err(Nothing::Held)?;
    let evidence = question.belief.evidence;
    if evidence.days < DAYS_MIN || evidence.sold < SOLD_MIN {
        return Err(Nothing::TooFew { days: evidence.days });
    }
    if question.knows_no_other_price() {
        return Err(Nothing::NeverVaried);
    }
    let now = question.facts.now.price_minor;
    let prices = question.endings.ladder((band.low_minor, band.high_minor), now, LADDER);
    let lasting = lasting(question.rules, question.facts).map_err(Nothing::Held)?;
    let price = if band.high_minor < lasting.low_minor {
        // The day's step does not reach what is allowed: as near to it as today can be.
        prices.last().copied()
    } else if band.low_minor > lasting.high_minor {
        prices.first().copied()
    } else {
        // What must be gone explores nothing.
        let mut seeds = Seeds::new(question.seed);
        best(question, &prices, question.explores().then_some(&mut seeds))
    };
    let price = price.unwrap_or(now);
    // A price outside its limits must not leave this place, whatever went wrong before.
    may(question.rules, question.facts, price).map_err(Nothing::Held)?;
    if price == now {
        return Err(Nothing::Fine);
    }
    let is_outside = !lasting.allows(now);
    let effect = Effect::of(question, price);
    let is_worth_it = effect.better_ppm >= SURE_PPM && effect.gain_ppm() >= WORTH_PPM;
    if !(is_worth_it || question.is_curious || is_outside) {
        return Err(Nothing::Fine);
    }
    let is_curious = question.explores() && !is_worth_it && !is_outside;
    let reasons = reasons(question, (&band, &prices), (now, price), &effect, is_curious);
    let wide = crate::belief::WIDE.variance;
    Ok(Suggestion {
        now_minor: now,
        price_minor: price,
        band,
        sold_now: effect.sold_now,
        sold_then: effect.sold_then,
        gain_low_minor: minor(effect.gain.low),
        gain_minor: minor(effect.gain.likely),
        gain_high_minor: minor(effect.gain.high),
        better_ppm: effect.better_ppm,
        days: question.horizon.days(),
        reasons,
        evidence,
        alike: question.group.products,
        own_ppm: minor(
            (1.0 - question.belief.slope().variance / question.group.slope.variance.min(wide)) * 1e6,
        )
        .clamp(0, 1_000_000),
    })
}

fn best(question: &Question<'_>, prices: &[i64], explore: Option<&mut Seeds>) -> Option<i64> {
    let (belief, group) = (question.belief, question.group);
    match &question.horizon {
        Horizon::Days(_) => decide::best(belief, prices, question.worth, explore),
        Horizon::Until { sale, .. } => {
            finite::best(belief, group, prices, sale, belief.weekday_factor(question.ahead.day, group))
        }
    }
}

/// What the change does until the horizon.
struct Effect {
    sold_now: Range,
    sold_then: Range,
    gain: Range,
    money_now: f64,
    better_ppm: i64,
}

impl Effect {
    fn of(question: &Question<'_>, price: i64) -> Self {
        let now = question.facts.now.price_minor;
        let stock = question.horizon.stock();
        let (before, after) = (question.units(now), question.units(price));
        let range = |count: Count| {
            let Range { low, likely, high } = count.range();
            Range { low: low.min(stock), likely: likely.min(stock), high: high.min(stock) }
        };
        let (level, slope, both) =
            (question.belief.level(), question.belief.slope(), question.belief.together());
        let a = level.variance.max(1e-12).sqrt();
        let c = (slope.variance - both * both / (a * a)).max(0.0).sqrt();
        let usual = before.mean
            * (-question.belief.expect(now, &question.ahead, question.group).variance / 2.0).exp();
        let (xn, xp) = (question.belief.x(now), question.belief.x(price));
        let worth = question.worth();
        let mut better = 0.0;
        let mut money_now = 0.0;
        let salvage = question.horizon.salvage();
        let mut gains: Vec<f64> = SAMPLED
            .iter()
            .map(|(up, across)| {
                let slope_of = both / a * up + c * across;
                let rate = usual * (a * up + slope_of * xn).min(20.0).exp();
                let rate_then = rate * ((slope.mean + slope_of) * (xp - xn)).clamp(-20.0, 20.0).exp();
                let (sold, sold_then) = (rate.min(stock), rate_then.min(stock));
                let money = (worth.of(now) - salvage) * sold;
                let gain = (worth.of(price) - salvage) * sold_then - money;
                better += if gain > 0.0 { 1.0 } else { 0.0 };
                money_now += (worth.of(now) * sold).abs();
                gain
            })
            .collect();
        Self {
            sold_now: range(before),
            sold_then: range(after),
            gain: of_samples(&mut gains),
            money_now: money_now / SAMPLES as f64,
            better_ppm: minor(better / SAMPLES as f64 * 1e6),
        }
    }

    fn gain_ppm(&self) -> i64 {
        minor(self.gain.likely / self.money_now.max(1e-9) * 1e6)
    }
}

impl Question<'_> {
    /// Units until the horizon at a price.
    fn units(&self, price: i64) -> Count {
        let ahead: Vec<Ahead> = match &self.horizon {
            Horizon::Days(days) => self
                .open_days(*days)
                .map(|(day, exposure)| Ahead { day, exposure, ..self.ahead })
                .filter(|ahead| ahead.exposure > 0.0)
                .collect(),
            Horizon::Until { sale, .. } => vec![Ahead { exposure: sale.steps.iter().sum(), ..self.ahead }],
        };
        units_ahead(self.belief, self.group, price, &ahead)
    }

    /// The next days from today on, and how much of each is to be expected: nobody buys where nobody opens.
    fn open_days(&self, days: u32) -> impl Iterator<Item = (i32, f64)> {
        (0..days).map(|after| {
            let day = self.ahead.day.saturating_add(i32::try_from(after).unwrap_or(0));
            (day, self.opens.get(weekday(day)).copied().unwrap_or(1.0))
        })
    }

    /// What must be gone is marked down all the same, and what moves by itself finds out.
    fn knows_no_other_price(&self) -> bool {
        let evidence = self.belief.evidence;
        let is_one = evidence.least_minor == evidence.most_minor && self.group.products == 0;
        is_one && !self.is_curious && matches!(self.horizon, Horizon::Days(_))
    }

    fn explores(&self) -> bool {
        self.is_curious && matches!(self.horizon, Horizon::Days(_))
    }

    /// What a unit brings. What must be gone is paid for already.
    fn worth(&self) -> Worth {
        match &self.horizon {
            Horizon::Days(_) => self.worth,
            Horizon::Until { .. } => Worth { objective: decide::Objective::Revenue, ..self.worth },
        }
    }
}

/// Units in the next days at a price, nine times of ten: what a screen says, and what the bench holds against what happened.
#[must_use]
pub fn units_ahead(belief: &Belief, group: &Group, price_minor: i64, ahead: &[Ahead]) -> Count {
    let (mut mean, mut squares, mut unsure) = (0.0, 0.0, 0.0_f64);
    for ahead in ahead {
        let expected = belief.expect(price_minor, ahead, group);
        let of_day = expected.mean();
        mean += of_day;
        squares += of_day * of_day * group.dispersion;
        unsure = unsure.max(expected.variance);
    }
    Count { mean, variance: mean + squares + mean * mean * (unsure.exp() - 1.0).min(9.0) }
}

impl Horizon<'_> {
    fn days(&self) -> u32 {
        match self {
            Self::Days(days) => *days,
            Self::Until { .. } => 0,
        }
    }

    fn stock(&self) -> f64 {
        match self {
            Self::Days(_) => f64::INFINITY,
            Self::Until { sale, .. } => sale.stock.max(0.0),
        }
    }

    fn salvage(&self) -> f64 {
        match self {
            Self::Days(_) => 0.0,
            Self::Until { sale, .. } => sale.salvage_minor as f64,
        }
    }
}

fn reasons(
    question: &Question<'_>,
    (band, prices): (&Band, &[i64]),
    (now, price): (i64, i64),
    effect: &Effect,
    is_curious: bool,
) -> Vec<Reason> {
    let (belief, group) = (question.belief, question.group);
    let mut reasons = Vec::new();
    if let Horizon::Until { sale, minutes } = &question.horizon {
        let left = minor(sale.stock);
        let kept = |sold: Range| (left - minor(sold.likely)).max(0);
        let (kept_now, kept_then) = (kept(effect.sold_now), kept(effect.sold_then));
        reasons.push(Reason::Left { left, minutes: *minutes, kept_now, kept_then });
    }
    // Against a usual open day: what a closed one would sell, nobody knows.
    let (sum, open) = question.open_days(7).fold((0.0, 0.0), |(sum, all), (day, open)| {
        (sum + belief.weekday_factor(day, group) * open, all + open)
    });
    let factors = if open > 0.0 { sum / open } else { 1.0 };
    let sold_ppm = minor((belief.weekday_factor(question.ahead.day, group) / factors.max(1e-9) - 1.0) * 1e6);
    if sold_ppm.abs() >= NAMED_PPM {
        let weekday = u8::try_from(weekday(question.ahead.day)).unwrap_or(0);
        reasons.push(Reason::Weekday { weekday, sold_ppm });
    }
    let tenth = now.saturating_add(now / 10);
    let change = (belief.slope().mean * (belief.x(tenth) - belief.x(now))).exp() - 1.0;
    reasons.push(Reason::TenthDearer { sold_ppm: minor(change * 1e6) });
    if let Some(median_minor) = market_median(question.facts) {
        let sources = u32::try_from(market_prices(question.facts).len()).unwrap_or(u32::MAX);
        reasons.push(Reason::Market { median_minor, sources });
    }
    if belief.evidence.short_days > 0 {
        reasons.push(Reason::Short { days: belief.evidence.short_days });
    }
    // The limit holds where the ladder ends.
    if price < now && prices.first() == Some(&price) {
        reasons.push(Reason::Limited { by: band.low_by, at_minor: band.low_minor });
    } else if price > now && prices.last() == Some(&price) {
        reasons.push(Reason::Limited { by: band.high_by, at_minor: band.high_minor });
    }
    if is_curious {
        reasons.push(Reason::Curious);
    }
    reasons
}
