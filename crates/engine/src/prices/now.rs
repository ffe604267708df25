//! The price of one product now: what its belief, its stock, the hour and its limits make of it.

use soko_domain::entry::{PriceAim, PriceMode, PriceReason, PriceWhy};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::verbs::move_price::Rule;
use soko_pricing::belief::Ahead;
use soko_pricing::decide::{Objective, Worth};
use soko_pricing::finite::Clearance;
use soko_pricing::guard::{self, Facts, Held, Limit, Rival};
use soko_pricing::spread::minor;
use soko_pricing::suggest::{Horizon, Nothing, Question, Reason, Suggestion, suggest};
use soko_projection::read::{self, ProductFound};
use soko_projection::read_prices as facts;
use soko_record_log::{StoreError, Tx};

use super::gather::clock;
use super::market::{self, Market};
use super::{Prices, Rules, cost_of};

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
    /// Nobody said what it costs, so nobody knows what it brings.
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
    let (own, facts) = (guard_rules(&rule), guard_facts(tx, found, moment, &others)?);
    let rival = market::now_over(prices.others(found.product), (facts.now, &others), moment.at_ms);
    let keeps = left_minutes(&rule, moment).is_none();
    if keeps && rule.aim == PriceAim::Margin && facts.cost_minor.is_none() {
        return Ok(Outcome::NoCost);
    }
    let stock;
    let mut steps = Vec::new();
    let horizon = match left_minutes(&rule, moment) {
        Some(minutes) => {
            stock = read::expected(&read::accounts(tx, moment.log, found.product)?);
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
        worth: Worth {
            objective: match rule.aim {
                PriceAim::Revenue => Objective::Revenue,
                PriceAim::Margin => Objective::Margin,
            },
            cost_minor: facts.cost_minor,
            tax_ppm: if found.tax_inclusive { found.tax_ppm } else { 0 },
        },
        horizon,
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

/// Between which limits a price may move now; asked again in the transaction that moves it.
pub(crate) fn limits(
    tx: &mut dyn Tx,
    rules: &Rules,
    (found, to_minor): (&ProductFound, i64),
    moment: &Moment,
) -> Result<Result<(i64, i64), Held>, StoreError> {
    let others = Market::read(tx, moment.log, found, moment.at_ms)?.rivals();
    let facts = guard_facts(tx, found, moment, &others)?;
    let allowed = guard::may(&guard_rules(&rules.of(found.product)), &facts, to_minor);
    Ok(allowed.map(|band| (band.low_minor, band.high_minor)))
}

pub(crate) fn guard_rules(rule: &Rule) -> guard::Rules {
    guard::Rules {
        floor_minor: rule.floor_minor,
        ceiling_minor: rule.ceiling_minor,
        over_cost_ppm: rule.over_cost_ppm,
        step_ppm: rule.step_ppm,
        market_ppm: rule.market_ppm,
        is_frozen: rule.mode == PriceMode::Frozen,
    }
}

fn guard_facts<'a>(
    tx: &mut dyn Tx,
    found: &ProductFound,
    moment: &Moment,
    rivals: &'a [Rival],
) -> Result<Facts<'a>, StoreError> {
    let moves = facts::moves_since(tx, moment.log, moment.today)?;
    let mut today = moves.iter().filter(|(product, ..)| *product == found.product);
    let (first, last) = (today.next(), today.next_back());
    // Who sets a price by hand says where the day begins anew.
    let day_price_minor = match (first, last.or(first)) {
        (Some((_, _, _, from, _)), Some((.., to))) if *to == found.price_minor => *from,
        _ => found.price_minor,
    };
    Ok(Facts {
        now: market::quote(found),
        day_price_minor,
        cost_minor: cost_of(found),
        rivals,
        is_open: moment.is_open,
        at_ms: moment.at_ms,
    })
}

/// How long until what is left is worth nothing; nothing where it keeps, or where that is over.
fn left_minutes(rule: &Rule, moment: &Moment) -> Option<u32> {
    let now = minor(clock(moment.at_ms, moment.offset_minutes) * 60.0);
    let left = i64::from(rule.gone_by_minutes?) - now;
    u32::try_from(left).ok().filter(|left| *left > 0)
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
