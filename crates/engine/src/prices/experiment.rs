//! A price tried out against the one before, day by day: for everybody, and never for a person. Which day has which price is
//! planned from the experiment's identity before it begins; each change is a move like any other, inside the owner's limits.
//!
//! The register on which it was begun carries it out and keeps it; other registers see the moves, and leave the price alone as long
//! as these say that it goes on. A day counts if the drawer was open,
//! the price stood as planned, and most of the day's demand could be met. There are no parts of a day: what customers remember of
//! yesterday's price is in the result.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::PriceExperimentState as State;
use soko_domain::entry::{PriceReason, PriceWhy};
use soko_domain::ids::{AuthorId, LogId, ProductId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::wrong::Wrong;
use soko_experiment::blocks::{Arm, Effect, Outcome, Schedule, effect, outcome};
use soko_pricing::decide::Worth;
use soko_projection::read::ProductFound;
use soko_projection::read_prices::{self as facts, MoveFound};
use soko_record_log::{Row, StoreError, Tx, params};

use super::limits::tried_on;
use super::{Prices, gather};

const WEEK: usize = 7;
/// Two weeks of each weekday with each price at most four times: longer, and the world is another one.
const WEEKS: [u32; 4] = [2, 4, 6, 8];
const LONGEST_DAYS: i32 = 8 * 7;
/// So long is looked back for what another register tried out and left.
pub(crate) const LEFT_DAYS: i32 = 180;
/// So long a register may be away before another one puts back what it tried out.
const AWAY_DAYS: i64 = 7;
/// What may be lost at most before it stops.
const MARGIN: f64 = 0.05;
/// A day on which less of the demand could be met says too little.
const EXPOSURE_MIN: f32 = 0.5;
/// And one on which the planned price stood for less of the open time.
const STOOD_PERCENT: i64 = 90;

const STATES: [(i64, State); 7] = [
    (1, State::Running),
    (2, State::Harmful),
    (3, State::Worse),
    (4, State::Better),
    (5, State::Unclear),
    (6, State::ByHand),
    (7, State::Stopped),
];

const COLUMNS: &str = "experiment, product, before_minor, tried_minor, from_day, days, state";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tried {
    pub(crate) experiment: ThingId,
    pub(crate) product: ProductId,
    pub(crate) before_minor: i64,
    pub(crate) tried_minor: i64,
    pub(crate) from_day: i32,
    pub(crate) days: u32,
    pub(crate) state: State,
}

/// What a beginning depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Facts {
    pub(crate) now_minor: i64,
    /// Between which the price may move today; nothing where it must stay.
    pub(crate) limits: Option<(i64, i64)>,
    pub(crate) step_ppm: u32,
    pub(crate) is_running: bool,
    pub(crate) today: i32,
}

fn ensure(condition: bool, refusal: Refusal) -> Result<(), Refusal> {
    if condition { Ok(()) } else { Err(refusal) }
}

/// From tomorrow on: today began with one price.
pub(crate) fn decide(
    facts: &Facts,
    (experiment, product): (ThingId, ProductId),
    (from_minor, tried_minor): (i64, i64),
    weeks: u32,
) -> Result<Tried, Refusal> {
    ensure(WEEKS.contains(&weeks), Refusal::Invalid(Wrong::TrialWeeksOdd))?;
    ensure(!facts.is_running, Refusal::Invalid(Wrong::TrialRunning))?;
    ensure(facts.now_minor == from_minor, Refusal::PriceChanged(product))?;
    ensure(tried_minor != from_minor, Refusal::Invalid(Wrong::TrialSamePrice))?;
    let (low, high) = facts.limits.ok_or(Refusal::Invalid(Wrong::PriceHeld))?;
    ensure((low..=high).contains(&tried_minor), Refusal::Invalid(Wrong::PriceBeyondLimits))?;
    // There and back, as often as the plan says.
    let apart = i128::from(tried_minor.abs_diff(from_minor)) * 1_000_000;
    let step = i128::from(facts.step_ppm) * i128::from(tried_minor.min(from_minor));
    ensure(apart <= step, Refusal::Invalid(Wrong::TrialTooFar))?;
    Ok(Tried {
        experiment,
        product,
        before_minor: from_minor,
        tried_minor,
        from_day: facts.today.saturating_add(1),
        days: weeks * 7,
        state: State::Running,
    })
}

impl Tried {
    /// The day's place in the plan; nothing before it begins.
    pub(crate) fn block(&self, today: i32) -> Option<usize> {
        usize::try_from(i64::from(today) - i64::from(self.from_day)).ok()
    }

    pub(crate) fn is_over(&self, today: i32) -> bool {
        self.block(today).is_some_and(|block| block >= self.blocks())
    }

    pub(crate) fn price(&self, block: usize) -> i64 {
        let arm = self.schedule().map(|schedule| schedule.arm(&self.product.0, block));
        if arm == Some(Arm::Tried) { self.tried_minor } else { self.before_minor }
    }

    fn blocks(&self) -> usize {
        usize::try_from(self.days).unwrap_or(0)
    }

    fn schedule(&self) -> Option<Schedule> {
        let seed = self.experiment.0.iter().take(8).fold(0_u64, |seed, byte| seed << 8 | u64::from(*byte));
        Schedule::new(self.blocks(), WEEK, seed).ok()
    }

    /// What a day brought with each, of what the owner wants more of, from the days before today on which the price stood.
    pub(crate) fn effect(&self, known: &Prices, stood: &BTreeSet<i32>, worth: Worth) -> Option<Effect> {
        let mut slots = vec![Vec::new(); self.blocks()];
        for day in known.days(self.product) {
            let Some(block) = self.block(day.day) else { continue };
            let (price, counts) =
                (self.price(block), stood.contains(&day.day) && day.exposure >= EXPOSURE_MIN);
            if let Some(slot) = slots.get_mut(block).filter(|_| counts) {
                slot.push(f64::from(day.sold / day.exposure) * worth.of(price));
            }
        }
        effect(&self.schedule()?, &self.product.0, (&slots, 0))
    }

    /// What is said of it now; `Running` where it goes on.
    pub(crate) fn verdict(&self, effect: Option<&Effect>, today: i32) -> State {
        match outcome(effect, self.is_over(today), MARGIN) {
            Outcome::TooEarly => State::Running,
            Outcome::Harmful => State::Harmful,
            Outcome::Worse => State::Worse,
            Outcome::Better => State::Better,
            Outcome::Unclear => State::Unclear,
        }
    }
}

pub(crate) fn running(tx: &mut dyn Tx, log: LogId) -> Result<Vec<Tried>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from own_price_experiment where log = $1 and state = 1 order by experiment"
    );
    tx.query(&sql, params![log])?.iter().map(tried).collect()
}

/// The latest of a product.
pub(crate) fn latest(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<Option<Tried>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from own_price_experiment where log = $1 and product = $2
         order by from_day desc, experiment limit 1"
    );
    tx.query_opt(&sql, params![log, product])?.as_ref().map(tried).transpose()
}

/// Why a price is that of an experiment: its day, of so many. An older program reads it as "to find out more", which it is.
pub(crate) fn reason(day: usize, days: u32) -> PriceReason {
    PriceReason { why: PriceWhy::Curious, first: i64::try_from(day).unwrap_or(0), second: i64::from(days) }
}

/// Whether another register of the stall tries a price of this product out, as far as its moves say: until its last day, or until the
/// price is neither of the two any more. Who moved it meanwhile would end that.
pub(crate) fn is_elsewhere(
    tx: &mut dyn Tx,
    (log, me): (LogId, AuthorId),
    found: &ProductFound,
    today: i32,
) -> Result<bool, StoreError> {
    // None goes on for longer than its weeks.
    let moves = facts::moves_from(tx, log, found.product, today.saturating_sub(LONGEST_DAYS))?;
    let latest = moves.iter().find_map(|it| Some((it, plan(it)?)));
    Ok(latest.is_some_and(|(it, (begins, days))| {
        let is_either = [it.said.from_minor, it.said.to_minor].contains(&found.price_minor);
        // What its register may still put back is not moved from where it was left.
        let is_left =
            it.said.to_minor == found.price_minor && tried_on(&it.said).is_some_and(|it| it.0 < days);
        let ends = begins + days + if is_left { AWAY_DAYS } else { 0 };
        it.author != me && is_either && i64::from(today) < ends
    }))
}

/// What other registers tried out and left: its last day is long over, its price is still there, and nobody moved or set it since. A
/// register that is no more does not put its price back; one that was away a few days does, and says what came of it.
pub(crate) fn left_behind(
    tx: &mut dyn Tx,
    (log, me): (LogId, AuthorId),
    today: i32,
) -> Result<Vec<Tried>, StoreError> {
    let mut left = Vec::new();
    for latest in facts::latest_of_others(tx, log, (me, today.saturating_sub(LEFT_DAYS)))? {
        let Some((begins, days)) = plan(&latest) else { continue };
        if i64::from(today) < begins + days + AWAY_DAYS {
            continue;
        }
        let set = facts::set_within(tx, log, (latest.stamp.business_day, today))?;
        if set.get(&latest.said.product).is_some_and(|set_ms| *set_ms > latest.stamp.at_ms) {
            continue;
        }
        let moves = facts::moves(tx, log, latest.said.product)?;
        let of_it = |it: &&MoveFound| it.author == latest.author && plan(it) == Some((begins, days));
        // It began with the price from before, so its first move left that one.
        // One that is its own last day's put the price back.
        let first = moves.iter().rfind(of_it).filter(|it| tried_on(&it.said).is_some_and(|it| it.0 < days));
        let Some(first) = first else { continue };
        let tried = Tried {
            experiment: latest.said.moved,
            product: latest.said.product,
            before_minor: first.said.from_minor,
            tried_minor: latest.said.to_minor,
            from_day: i32::try_from(begins).unwrap_or(today),
            days: u32::try_from(days).unwrap_or(0),
            state: State::Stopped,
        };
        if tried.before_minor != tried.tried_minor {
            left.push(tried);
        }
    }
    Ok(left)
}

/// The first day and the days of the experiment that a move belongs to.
fn plan(it: &MoveFound) -> Option<(i64, i64)> {
    let (day, days) = tried_on(&it.said)?;
    Some((i64::from(it.stamp.business_day) - day + 1, days))
}

/// The days on which its price stood as planned, for nearly all of the time in which a drawer was open. Neither what sold nor at
/// which price on average decides that: it would choose days by their result.
pub(crate) fn stood(tx: &mut dyn Tx, log: LogId, it: &Tried) -> Result<BTreeSet<i32>, StoreError> {
    let rows = tx.query("select day from own_price_day where experiment = $1", params![it.experiment])?;
    let mut days: BTreeSet<i32> = rows.iter().map(|row| row.number(0)).collect::<Result<_, _>>()?;
    let last = i64::from(it.from_day).saturating_add(i64::from(it.days));
    let last = i32::try_from(last).unwrap_or(i32::MAX);
    let open = gather::open_times(tx, log, (it.from_day, last))?;
    let mut moves: BTreeMap<i32, Vec<Move>> = BTreeMap::new();
    for (product, at_ms, day, from, to) in facts::moves_since(tx, log, it.from_day)? {
        if product == it.product {
            moves.entry(day).or_default().push((at_ms, from, to));
        }
    }
    days.retain(|day| {
        let price = it.block(*day).map_or(it.before_minor, |block| it.price(block));
        let moves = moves.get(day).map_or(&[][..], Vec::as_slice);
        open.get(day).is_some_and(|times| is_planned(price, times, moves))
    });
    Ok(days)
}

/// A move: its moment, from, to.
type Move = (i64, i64, i64);

/// Whether a price stood for so much of the open time. Of a day without a move it was noted already that it did.
fn is_planned(price: i64, times: &[(i64, i64, i32)], moves: &[Move]) -> bool {
    let mut stands = vec![(i64::MIN, moves.first().map_or(price, |(_, from, _)| *from))];
    stands.extend(moves.iter().map(|(at_ms, _, to)| (*at_ms, *to)));
    let ends = stands.iter().skip(1).map(|(at_ms, _)| *at_ms).chain([i64::MAX]);
    let (mut open, mut stood) = (0_i64, 0_i64);
    for ((begins, standing), ends) in stands.iter().zip(ends) {
        for (from, to, _) in times {
            let part = (*to).min(ends).saturating_sub((*from).max(*begins)).max(0);
            open = open.saturating_add(part);
            stood = stood.saturating_add(if *standing == price { part } else { 0 });
        }
    }
    open > 0 && stood.saturating_mul(100) >= open.saturating_mul(STOOD_PERCENT)
}

pub(crate) fn put(tx: &mut dyn Tx, log: LogId, it: &Tried) -> Result<(), StoreError> {
    tx.run(
        "insert into own_price_experiment (experiment, log, product, before_minor, tried_minor, from_day, days, state)
         values ($1, $2, $3, $4, $5, $6, $7, 1)",
        params![it.experiment, log, it.product, it.before_minor, it.tried_minor, it.from_day, it.days],
    )
}

pub(crate) fn note_stood(tx: &mut dyn Tx, experiment: ThingId, day: i32) -> Result<(), StoreError> {
    tx.run(
        "insert into own_price_day (experiment, day) values ($1, $2) on conflict (experiment, day) do nothing",
        params![experiment, day],
    )
}

pub(crate) fn end(tx: &mut dyn Tx, experiment: ThingId, state: State) -> Result<(), StoreError> {
    let number = STATES.iter().find(|known| known.1 == state).map_or(7, |known| known.0);
    tx.run("update own_price_experiment set state = $2 where experiment = $1", params![experiment, number])
}

fn tried(row: &Row) -> Result<Tried, StoreError> {
    let state = row.int(6)?;
    let state = STATES.iter().find(|known| known.0 == state).map(|known| known.1);
    Ok(Tried {
        experiment: row.id(0)?,
        product: row.id(1)?,
        before_minor: row.int(2)?,
        tried_minor: row.int(3)?,
        from_day: row.number(4)?,
        days: row.number(5)?,
        state: state.ok_or_else(|| StoreError::Corrupt("a price's experiment cannot be read".into()))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_tomorrow_inside_the_limits_and_one_at_a_time() {
        const MANGO: ProductId = ProductId([1; 16]);
        let open = Facts {
            now_minor: 1_000,
            limits: Some((850, 1_150)),
            step_ppm: 150_000,
            is_running: false,
            today: 20_000,
        };
        let beyond = Err(Refusal::Invalid(Wrong::PriceBeyondLimits));
        let held = Err(Refusal::Invalid(Wrong::PriceHeld));
        for (facts, from, tried, weeks, expected) in [
            (open, 1_000, 1_100, 3, Err(Refusal::Invalid(Wrong::TrialWeeksOdd))),
            (Facts { is_running: true, ..open }, 1_000, 1_100, 2, Err(Refusal::Invalid(Wrong::TrialRunning))),
            (open, 990, 1_100, 2, Err(Refusal::PriceChanged(MANGO))),
            (open, 1_000, 1_000, 2, Err(Refusal::Invalid(Wrong::TrialSamePrice))),
            (open, 1_000, 1_151, 2, beyond),
            (Facts { limits: None, ..open }, 1_000, 1_100, 2, held),
            // From 850 back to 1,000 is more than 15 %.
            (open, 1_000, 850, 2, Err(Refusal::Invalid(Wrong::TrialTooFar))),
            (open, 1_000, 870, 2, Ok((20_001, 14))),
            (open, 1_000, 1_150, 8, Ok((20_001, 56))),
        ] {
            let decided = decide(&facts, (ThingId([2; 16]), MANGO), (from, tried), weeks);
            assert_eq!(decided.map(|it| (it.from_day, it.days)), expected, "{from} to {tried}");
        }
    }

    #[test]
    fn a_day_counts_by_how_long_its_price_stood() {
        let open = [(0, 60, 0), (100, 140, 0)];
        for (moves, expected) in [
            (&[][..], true),
            (&[(0, 300, 330)], true),
            // Ten of a hundred open minutes are not too late, and the break is no open time.
            (&[(10, 300, 330)], true),
            (&[(11, 300, 330)], false),
            (&[(0, 300, 330), (125, 330, 300)], false),
            (&[(0, 300, 330), (130, 330, 300)], true),
            (&[(0, 330, 300)], false),
        ] {
            assert_eq!(is_planned(330, &open, moves), expected, "{moves:?}");
        }
        assert!(!is_planned(330, &[], &[]));
    }
}
