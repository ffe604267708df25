//! What every engine under the tables must do, as functions over a transaction: SQLite runs them here, the server runs
//! them on PostgreSQL, too.
//!
//! Random ledgers of several registers, in random order and portions, with records that come late, come twice, cannot be
//! read or are set aside later, must give the figures that adding everything up from scratch gives.

mod cards;
mod ledger;
mod scratch;

use std::collections::BTreeMap;
use std::error::Error;

use soko_domain::ids::{AuthorId, LogId};
use soko_record_log::{Row, StoreError, Tx, Value, log, params};
use soko_replication::Record;

use crate::project::{ParkCode, Trust, project, rebuild, rebuild_others, set_aside};
use crate::{LocalApplier, heard, running_digest, shown, state_digest};
pub use cards::what_lives_say_of_a_card_counts_once;
use ledger::{Chance, Ledger, Said, Words};

/// Behind all days of a ledger, and behind those on which it arrives.
const TOLD_DAYS: i32 = 12;

pub type Outcome = Result<(), Box<dyn Error>>;

/// A table's name and the values that name a row; the sums in it.
type Rows = BTreeMap<(&'static str, Vec<Value>), Vec<i64>>;

/// Each table of figures, with the number of columns that name a row, behind the log.
const TABLES: &[(&str, usize, &str)] = &[
    (
        "figure_hour",
        4,
        "business_day, hour, register, person, sales, lines, revenue_minor, tax_minor, discount_minor,
         rounding_minor, voids, voided_minor, refunds, refunded_minor, returned_minor, restated",
    ),
    (
        "figure_product",
        3,
        "grain, at, product, units, lines, revenue_minor, tax_minor, discount_minor, returned_units,
         restocked_units, refunded_minor, refunded_tax_minor, cost_minor, costed_units",
    ),
    ("figure_customer", 3, "grain, customer, at, sales, revenue_minor"),
    ("figure_tender", 2, "business_day, kind, payments, amount_minor, refunded_minor"),
    ("figure_tax", 4, "business_day, ppm, mode, label, net_minor, tax_minor"),
];

/// What some days say: sales, revenue, what was given back on them and what came back of them.
type Days<K> = BTreeMap<K, [i64; 4]>;

/// Three ways of arrival of one random ledger, one after the other.
pub fn figures_are_what_adding_up_gives(tx: &mut dyn Tx, seed: u64) -> Outcome {
    let mut digests = Vec::new();
    for way in 0..3 {
        // One log, so that records and digests are the same; its tables are emptied in between.
        let mut ledger = Ledger::new(seed, Words::Some)?;
        let trust = ledger.trust();
        let mut chance = Chance(seed.wrapping_mul(31).wrapping_add(way));
        let said = format!("seed {seed}, way {way}");
        // The server sets some records aside: once everything is here, or so that its word may come before what it is about.
        let is_set_aside = way != 0;
        let words = ledger.set_aside()?;
        if !is_set_aside {
            ledger.keep_back(words.len());
        }
        let portions = ledger.arrivals(&mut chance);
        for (at, portion) in portions.iter().enumerate() {
            hear(tx, ledger.log, &mut chance, (at, portions.len()))?;
            take(tx, ledger.log, &trust, portion)?;
        }
        compare(tx, &ledger, &ledger.said(is_set_aside), &said)?;
        assert!(!told(tx, ledger.log)?.is_empty(), "{said}: no day changed once it was over");
        if !is_set_aside {
            for (today, word) in (ledger::FIRST_DAY + TOLD_DAYS..).zip(&words) {
                let before = (days(tx, ledger.log)?, told(tx, ledger.log)?);
                let position = log::count(tx, ledger.log)?;
                heard::begins(tx, ledger.log, today, position)?;
                take(tx, ledger.log, &trust, std::slice::from_ref(word))?;
                let is_changed = restates(tx, ledger.log, today, &before)?;
                assert!(is_changed || word != &words[0], "{said}: a sale was set aside, and no day says so");
            }
        }
        compare(tx, &ledger, &ledger.said(true), &said)?;
        let restated = told(tx, ledger.log)?;
        rebuild(tx, ledger.log, &trust, &mut LocalApplier)?;
        assert_eq!(told(tx, ledger.log)?, restated, "{said}: days are restated otherwise");
        digests.push(running_digest(tx, ledger.log)?);
        forget_records(tx, ledger.log)?;
    }
    assert_eq!(digests.first(), digests.last(), "seed {seed}: the order of arrival shows");
    Ok(())
}

/// What an older program could not read counts once a newer one fills the tables again, and the days that it changes say so.
pub fn what_counts_only_now_restates_days(tx: &mut dyn Tx, seed: u64) -> Outcome {
    let ledger = Ledger::new(seed, Words::None)?;
    let (trust, stall) = (ledger.trust(), ledger.log);
    let mut chance = Chance(seed);
    let newer = ledger.newer(&mut chance);
    let portions = ledger.arrivals(&mut chance);
    for (at, portion) in portions.iter().enumerate() {
        hear(tx, stall, &mut chance, (at, portions.len()))?;
        take_as_older(tx, stall, &trust, (portion, newer))?;
    }
    let said = format!("seed {seed}");
    let all = ledger.said(false);
    let without: Vec<_> = all.iter().copied().filter(|said| (said.author, said.seq) != newer).collect();
    compare(tx, &ledger, &without, &said)?;
    let before = (days(tx, stall)?, told(tx, stall)?);
    rebuild(tx, stall, &trust, &mut LocalApplier)?;
    compare(tx, &ledger, &all, &said)?;
    assert_eq!(told(tx, stall)?, before.1, "{said}: on a day that nobody said");
    let today = ledger::FIRST_DAY + TOLD_DAYS;
    shown::date(tx, stall, today)?;
    restates(tx, stall, today, &before)?;
    let restated = told(tx, stall)?;
    shown::date(tx, stall, today + 1)?;
    rebuild(tx, stall, &trust, &mut LocalApplier)?;
    assert_eq!(told(tx, stall)?, restated, "{said}: days are restated otherwise");
    forget_records(tx, stall)
}

/// What counts only now, and is noticed no sooner than something else makes the tables be filled, restates days once: on that day.
pub fn what_counts_with_something_else_restates_days_once(tx: &mut dyn Tx, seed: u64) -> Outcome {
    let mut ledger = Ledger::new(seed, Words::None)?;
    let (trust, stall) = (ledger.trust(), ledger.log);
    let mut chance = Chance(seed);
    let newer = ledger.newer(&mut chance);
    let words = ledger.set_aside()?;
    ledger.keep_back(words.len());
    for portion in ledger.arrivals(&mut chance) {
        take_as_older(tx, stall, &trust, (&portion, newer))?;
    }
    let (said, today) = (format!("seed {seed}"), ledger::FIRST_DAY + TOLD_DAYS);
    let position = log::count(tx, stall)?;
    heard::begins(tx, stall, today, position)?;
    let before = (days(tx, stall)?, told(tx, stall)?);
    let is_set_aside = seed.is_multiple_of(2);
    if is_set_aside {
        take(tx, stall, &trust, &words)?;
    } else {
        rebuild_others(tx, stall, &trust, &mut LocalApplier)?;
    }
    compare(tx, &ledger, &ledger.said(is_set_aside), &said)?;
    restates(tx, stall, today, &before)?;
    let restated = told(tx, stall)?;
    shown::date(tx, stall, today)?;
    assert_eq!(told(tx, stall)?, restated, "{said}: it is told twice");
    rebuild(tx, stall, &trust, &mut LocalApplier)?;
    assert_eq!(told(tx, stall)?, restated, "{said}: days are restated otherwise");
    forget_records(tx, stall)
}

/// What was said of days while this place's clock was ahead is said of the day that it really was, and nothing of days that were not over.
pub fn a_clock_that_was_ahead_tells_nothing_of_days_to_come(tx: &mut dyn Tx, seed: u64) -> Outcome {
    // The last day of the ledger is not over on itself.
    for days_on in [TOLD_DAYS, i32::try_from(ledger::DAYS)? - 1] {
        let mut ledger = Ledger::new(seed, Words::None)?;
        let (trust, stall) = (ledger.trust(), ledger.log);
        let mut chance = Chance(seed);
        let words = ledger.set_aside()?;
        ledger.keep_back(words.len());
        let portions = ledger.arrivals(&mut chance);
        for (at, portion) in portions.iter().enumerate() {
            hear(tx, stall, &mut chance, (at, portions.len()))?;
            take(tx, stall, &trust, portion)?;
        }
        let (today, ahead) = (ledger::FIRST_DAY + days_on, ledger::FIRST_DAY + 3 * TOLD_DAYS);
        let position = log::count(tx, stall)?;
        heard::begins(tx, stall, ahead, position)?;
        take(tx, stall, &trust, &words)?;
        let before = told(tx, stall)?;
        assert!(before.keys().any(|(_, told_day)| *told_day == ahead), "seed {seed}: nothing was told");
        let position = log::count(tx, stall)?;
        heard::begins(tx, stall, today, position)?;
        assert!(crate::stale(tx)?.contains(&stall), "seed {seed}: what was told stays");
        rebuild(tx, stall, &trust, &mut LocalApplier)?;
        let after = told(tx, stall)?;
        let is_told = |(day, told_day): &(i32, i32)| *told_day <= today && day < told_day;
        assert!(after.keys().all(is_told), "seed {seed}: {after:?} on {today}");
        if days_on == TOLD_DAYS {
            let dated = before.iter().map(|((day, told_day), sums)| ((*day, (*told_day).min(today)), *sums));
            assert_eq!(after, dated.collect(), "seed {seed}");
        }
        rebuild(tx, stall, &trust, &mut LocalApplier)?;
        assert_eq!(told(tx, stall)?, after, "seed {seed}: days are restated otherwise");
        forget_records(tx, stall)?;
    }
    Ok(())
}

/// One random ledger that stays, for whoever reads what follows from it. A sale of it is set aside.
pub fn random_ledger(tx: &mut dyn Tx, seed: u64) -> Result<LogId, Box<dyn Error>> {
    let mut ledger = Ledger::new(seed, Words::Some)?;
    let trust = ledger.trust();
    for portion in ledger.arrivals(&mut Chance(seed)) {
        take(tx, ledger.log, &trust, &portion)?;
    }
    take(tx, ledger.log, &trust, &ledger.set_aside()?)?;
    Ok(ledger.log)
}

/// Appends what is not held and derives from it, as an exchange does. Of what is set aside the body is withheld.
fn take(tx: &mut dyn Tx, stall: LogId, trust: &Trust, records: &[Record]) -> Outcome {
    let fresh = append(tx, stall, records)?;
    let projected = project(tx, stall, trust, &mut LocalApplier, &fresh)?;
    set_aside(tx, stall, trust, &mut LocalApplier, &projected.withheld)?;
    Ok(())
}

/// As a program that cannot read one of them leaves it.
fn take_as_older(
    tx: &mut dyn Tx,
    stall: LogId,
    trust: &Trust,
    (records, newer): (&[Record], (AuthorId, u64)),
) -> Outcome {
    let (unread, read): (Vec<Record>, Vec<Record>) =
        append(tx, stall, records)?.into_iter().partition(|record| (record.author, record.seq) == newer);
    project(tx, stall, trust, &mut LocalApplier, &read)?;
    for record in unread {
        tx.execute(
            "insert into parked (log, author, seq, code, note) values ($1, $2, $3, $4, '')",
            params![stall, record.author, record.seq, ParkCode::NewerOfDevice.number()],
        )?;
    }
    Ok(())
}

/// What was not held; it is now.
fn append(tx: &mut dyn Tx, stall: LogId, records: &[Record]) -> Result<Vec<Record>, Box<dyn Error>> {
    let mut fresh: Vec<Record> = Vec::new();
    for record in records {
        let held = log::head(tx, stall, &record.author)?.map_or(0, |head| head.seq);
        let here = fresh.iter().filter(|other| other.author == record.author).map(|other| other.seq).max();
        if record.seq > held.max(here.unwrap_or(0)) {
            fresh.push(record.clone());
        }
    }
    log::append(tx, &fresh)?;
    Ok(fresh)
}

/// The days of a ledger go by while it arrives, and now and then this place knows all there is.
fn hear(tx: &mut dyn Tx, stall: LogId, chance: &mut Chance, (at, of): (usize, usize)) -> Outcome {
    let (position, days) = (log::count(tx, stall)?, ledger::DAYS + 2);
    let today = ledger::FIRST_DAY + i32::try_from(u64::try_from(at)? * days / u64::try_from(of)?)?;
    match chance.below(3) {
        0 => heard::is_whole(tx, stall, today, position)?,
        _ => heard::begins(tx, stall, today, position)?,
    }
    Ok(())
}

/// By how much each day changed on which later one.
fn told(tx: &mut dyn Tx, stall: LogId) -> Result<Days<(i32, i32)>, StoreError> {
    let rows = tx.query(
        "select business_day, told_day, sales, revenue_minor, refunded_minor, returned_minor from figure_restated
         where log = $1",
        params![stall],
    )?;
    rows.iter().map(|row| Ok(((row.number(0)?, row.number(1)?), four(row, 2)?))).collect()
}

fn days(tx: &mut dyn Tx, stall: LogId) -> Result<Days<i32>, StoreError> {
    let rows = tx.query(
        "select business_day, cast(sum(sales) as bigint), cast(sum(revenue_minor) as bigint),
           cast(sum(refunded_minor) as bigint), cast(sum(returned_minor) as bigint)
         from figure_hour where log = $1 group by business_day",
        params![stall],
    )?;
    rows.iter().map(|row| Ok((row.number(0)?, four(row, 1)?))).collect()
}

fn four(row: &Row, first: usize) -> Result<[i64; 4], StoreError> {
    Ok([row.int(first)?, row.int(first + 1)?, row.int(first + 2)?, row.int(first + 3)?])
}

/// What days that were over say otherwise than before they say to have changed today, and nothing else is told. Says whether
/// there is any.
fn restates(
    tx: &mut dyn Tx,
    stall: LogId,
    today: i32,
    before: &(Days<i32>, Days<(i32, i32)>),
) -> Result<bool, StoreError> {
    let (days, told) = (days(tx, stall)?, told(tx, stall)?);
    let nothing = [0; 4];
    let less = |more: Option<&[i64; 4]>, less: Option<&[i64; 4]>| {
        let (more, less) = (more.unwrap_or(&nothing), less.unwrap_or(&nothing));
        std::array::from_fn::<i64, 4, _>(|at| more[at] - less[at])
    };
    let mut is_changed = false;
    for day in before.0.keys().chain(days.keys()) {
        let change = less(days.get(day), before.0.get(day));
        let said = less(told.get(&(*day, today)), before.1.get(&(*day, today)));
        assert_eq!(said, if *day < today { change } else { nothing }, "day {day}");
        is_changed |= change != nothing;
    }
    for key in before.1.keys().chain(told.keys()).filter(|(_, told_day)| *told_day != today) {
        assert_eq!(told.get(key), before.1.get(key), "what was said earlier: {key:?}");
    }
    Ok(is_changed)
}

fn compare(tx: &mut dyn Tx, ledger: &Ledger, counts: &[&Said], said: &str) -> Outcome {
    let expected = scratch::added_up(counts);
    let found = rows(tx, ledger.log)?;
    for (key, sums) in &expected {
        assert_eq!(found.get(key), Some(sums), "{said}: {key:?}");
    }
    for (key, sums) in &found {
        assert_eq!(expected.get(key), Some(sums), "{said}: {key:?}");
    }
    assert!(!found.is_empty(), "{said}: nothing was sold");
    assert_eq!(running_digest(tx, ledger.log)?, state_digest(tx, ledger.log)?, "{said}");
    Ok(())
}

/// Rows of nothing but zeros say nothing, and which of them there are depends on the portions.
fn rows(tx: &mut dyn Tx, stall: LogId) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    for (table, keys, columns) in TABLES {
        for row in tx.query(&format!("select {columns} from {table} where log = $1"), params![stall])? {
            let key = (0..*keys).map(|column| row.value(column).cloned()).collect::<Result<_, _>>()?;
            let sums = (*keys..row.len()).map(|column| row.int(column)).collect::<Result<Vec<_>, _>>()?;
            if sums.iter().any(|sum| *sum != 0) {
                rows.insert((*table, key), sums);
            }
        }
    }
    Ok(rows)
}

fn forget_records(tx: &mut dyn Tx, stall: LogId) -> Outcome {
    crate::forget(tx, stall)?;
    for table in ["record", "author_head", "log_counter", "heard_day", "told_before"] {
        tx.execute(&format!("delete from {table} where log = $1"), params![stall])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use soko_record_log::{Migration, Sqlite};

    use super::*;
    use crate::STEPS;

    const SEEDS: u64 = 60;

    #[test]
    fn on_a_device_figures_are_what_adding_up_gives() {
        let mut db = Sqlite::open_in_memory().unwrap();
        let steps = [log::SCHEMA].into_iter().chain(STEPS);
        let steps: Vec<Migration> =
            (1..).zip(steps).map(|(number, sql)| Migration { number, name: "step", sql }).collect();
        db.migrate(&steps).unwrap();
        for seed in 0..SEEDS {
            db.transaction::<_, Box<dyn Error>>(|tx| figures_are_what_adding_up_gives(tx, seed)).unwrap();
            for what in [
                what_counts_only_now_restates_days,
                what_counts_with_something_else_restates_days_once,
                a_clock_that_was_ahead_tells_nothing_of_days_to_come,
                what_lives_say_of_a_card_counts_once,
            ] {
                db.transaction::<_, Box<dyn Error>>(|tx| what(tx, seed)).unwrap();
            }
        }
    }
}
