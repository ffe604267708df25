//! The price of one product now: what its belief, its stock, the hour and its limits make of it.

use soko_domain::calendar::MINUTES_PER_DAY;
use soko_domain::entry::{PriceAim, PriceMode, PriceReason, PriceWhy};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::verbs::move_price::Rule;
use soko_pricing::belief::Ahead;
use soko_pricing::decide::{Objective, Worth};
use soko_pricing::finite::Clearance;
use soko_pricing::guard::{self, Band, Facts, Held, Limit, Rival};
use soko_pricing::suggest::{Horizon, Nothing, Question, Reason, Suggestion, suggest};
use soko_projection::read::{self, ProductFound};
use soko_record_log::{StoreError, Tx};

use super::gather::clock;
use super::{Market, Prices, Rules, cost_of, guard_rules, market, quote, usual};

/// What a change does is said for so many days.
const DAYS: u32 = 7;
/// Steps until something must be gone.
const STEPS: u32 = 6;

/// Now, at a stall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) log: LogId,
    pub(crate) today: i32,
    pub(crate) at_ms: i64,
    pub(crate) offset_minutes: i32,
    pub(crate) cut_off_minutes: u16,
    /// A price moves by itself only while the stall sells; a person may set it before opening.
    pub(crate) is_open: bool,
    /// To find out more, a price that moves by itself may differ a little from the best one.
    pub(crate) is_curious: bool,
}

/// What was found for a product.
pub(crate) enum Outcome {
    Better(Suggestion),
    Stays(Nothing),
    Refused,
    /// It must be gone by an hour, and nobody knows how much there is: more was sold of it than was taken in, or nothing ever was.
    NotCounted,
    /// Nobody said what it costs, so nobody knows what it brings, or how low it may fall by itself.
    NoCost,
    NotLooked,
}

pub(crate) fn outcome(
    tx: &mut dyn Tx,
    (prices, rules): (&Prices, &Rules),
    found: &ProductFound,
    moment: &Moment,
) -> Result<Outcome, StoreError> {
    let Some((belief, group)) = prices.belief(found.product) else { return Ok(Outcome::NotLooked) };
    let rule = rules.of(found.product);
    let others = Market::read(tx, moment.log, found, moment.at_ms)?.rivals();
    let (own, facts) = (guard_rules(&rule), guard_facts(tx, (rules, found), moment, &others)?);
    let rival = market::now_over(prices.others(found.product), (facts.now, &others), moment.at_ms);
    let keeps = rule.gone_by_minutes.is_none();
    let is_unknown = keeps && rule.aim == PriceAim::Margin && facts.cost_minor.is_none();
    if is_unknown || rule.mode == PriceMode::Auto && rule.is_bottomless(facts.cost_minor) {
        return Ok(Outcome::NoCost);
    }
    let left = left_minutes(&rule, moment);
    if !keeps && left.is_none() {
        // Over for today: what is left is worth nothing at any price.
        return Ok(Outcome::Stays(Nothing::Fine));
    }
    let stock;
    let mut steps = Vec::new();
    let horizon = match left {
        Some(minutes) => {
            let accounts = read::accounts(tx, moment.log, found.product)?;
            if accounts.is_empty() || read::expected(&accounts) < 0 {
                return Ok(Outcome::NotCounted);
            }
            stock = read::for_sale(&accounts);
            let start = clock(moment.at_ms, moment.offset_minutes);
            let step = f64::from(minutes) / 60.0 / f64::from(STEPS);
            let part = |at: u32| start + step * f64::from(at);
            steps.extend((0..STEPS).map(|at| prices.hours.between(part(at), part(at + 1))));
            let stock = stock.max(0) as f64 / found.price_per.max(1) as f64;
            Horizon::Until { sale: Clearance { stock, steps: &steps, salvage_minor: 0 }, minutes }
        }
        None => Horizon::Days(DAYS),
    };
    if matches!(&horizon, Horizon::Until { sale, .. } if sale.stock < 1.0) {
        return Ok(Outcome::Stays(Nothing::Fine));
    }
    let question = Question {
        belief: &belief,
        group,
        rules: &own,
        facts: &facts,
        endings: prices.endings,
        worth: worth(&rule, found),
        horizon,
        opens: prices.opens,
        ahead: Ahead { day: moment.today, exposure: 1.0, rival, is_promoted: false },
        seed: seed(found.product, moment.today),
        is_curious: moment.is_curious,
    };
    Ok(match suggest(&question) {
        Ok(better) if rules.is_refused(found.product, (found.price_minor, better.price_minor)) => {
            Outcome::Refused
        }
        Ok(better) => Outcome::Better(better),
        Err(nothing) => Outcome::Stays(nothing),
    })
}

/// What a unit brings at a price, of what the owner wants more of. No tax is anybody's money.
pub(crate) fn worth(rule: &Rule, found: &ProductFound) -> Worth {
    Worth {
        objective: match rule.aim {
            PriceAim::Revenue => Objective::Revenue,
            PriceAim::Margin => Objective::Margin,
        },
        cost_minor: cost_of(found),
        tax_ppm: if found.tax_inclusive { found.tax_ppm } else { 0 },
    }
}

/// How far limits reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// As far as one day's step.
    Day,
    /// Any distance: back to a price that somebody set.
    Back,
}

/// Between which limits a price may move now; asked again in the transaction that moves it.
pub(crate) fn limits(
    tx: &mut dyn Tx,
    rules: &Rules,
    found: &ProductFound,
    (moment, reach): (&Moment, Reach),
) -> Result<Result<(i64, i64), Held>, StoreError> {
    let others = Market::read(tx, moment.log, found, moment.at_ms)?.rivals();
    let facts = guard_facts(tx, (rules, found), moment, &others)?;
    let rules = guard_rules(&rules.of(found.product));
    let band = match reach {
        Reach::Day => guard::band(&rules, &facts),
        Reach::Back => guard::lasting(&rules, &facts),
    };
    Ok(band.map(|Band { low_minor, high_minor, .. }| (low_minor, high_minor)))
}

/// What must be gone by an hour begins each day with its usual price: markdowns of the day before are over with what they were for.
pub(crate) fn new_day(
    tx: &mut dyn Tx,
    rules: &Rules,
    found: &ProductFound,
    moment: &Moment,
) -> Result<Option<i64>, StoreError> {
    let had_a_move = !rules.today(found.product).is_empty();
    if had_a_move || left_minutes(&rules.of(found.product), moment).is_none() {
        return Ok(None);
    }
    let usual = usual::price(tx, moment.log, found)?;
    let limits = limits(tx, rules, found, (moment, Reach::Back))?;
    let to_minor = limits.ok().map(|(low, high)| usual.clamp(low, high));
    Ok(to_minor.filter(|to_minor| usual != found.price_minor && *to_minor != found.price_minor))
}

fn guard_facts<'a>(
    tx: &mut dyn Tx,
    (rules, found): (&Rules, &ProductFound),
    moment: &Moment,
    rivals: &'a [Rival],
) -> Result<Facts<'a>, StoreError> {
    Ok(Facts {
        now: quote(found),
        day_price_minor: usual::day_price(tx, rules, found, moment)?,
        cost_minor: cost_of(found),
        rivals,
        is_open: moment.is_open,
        at_ms: moment.at_ms,
    })
}

/// How long until what is left is worth nothing, on this business day; nothing where it keeps, or where that is over.
fn left_minutes(rule: &Rule, moment: &Moment) -> Option<u32> {
    let (day, cut_off) = (i64::from(MINUTES_PER_DAY), i64::from(moment.cut_off_minutes));
    let here = moment.at_ms.div_euclid(60_000) + i64::from(moment.offset_minutes);
    let now = here - i64::from(moment.today) * day - cut_off;
    // An hour that is the cut-off is the day's end.
    let until = (i64::from(rule.gone_by_minutes?) - cut_off - 1).rem_euclid(day) + 1;
    u32::try_from(until - now).ok().filter(|left| (1..=u32::from(MINUTES_PER_DAY)).contains(left))
}

/// The same product on the same day asks the same question.
fn seed(product: ProductId, today: i32) -> u64 {
    let (low, high) = product.0.split_at(8);
    let half = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    half(low) ^ half(high).rotate_left(1) ^ u64::from(today.unsigned_abs()) << 17
}

/// The reasons as an entry keeps them.
pub(crate) fn reasons(suggestion: &Suggestion) -> Vec<PriceReason> {
    let mut reasons = Vec::new();
    let mut add = |why, first: i64, second: i64| reasons.push(PriceReason { why, first, second });
    for reason in &suggestion.reasons {
        match *reason {
            Reason::TenthDearer { sold_ppm } => add(PriceWhy::TenthDearer, sold_ppm, 0),
            Reason::Weekday { weekday, sold_ppm } => add(PriceWhy::Weekday, i64::from(weekday), sold_ppm),
            Reason::Left { left, minutes, kept_now, kept_then } => {
                add(PriceWhy::Left, left, i64::from(minutes));
                add(PriceWhy::Kept, kept_now, kept_then);
            }
            Reason::Short { days } => add(PriceWhy::Short, i64::from(days), 0),
            Reason::Market { median_minor, sources } => {
                add(PriceWhy::Market, i64::from(sources), median_minor);
            }
            Reason::Limited { by, at_minor } => {
                let why = match by {
                    Limit::Own | Limit::Any => PriceWhy::HeldByOwner,
                    Limit::Cost => PriceWhy::HeldByCost,
                    Limit::Step => PriceWhy::HeldByStep,
                    Limit::Market => PriceWhy::HeldByMarket,
                };
                add(why, at_minor, 0);
            }
            Reason::Curious => add(PriceWhy::Curious, 0, 0),
        }
    }
    reasons
}
