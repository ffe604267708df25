//! What every engine under the tables must do, as functions over a transaction: SQLite runs them here, the server runs
//! them on PostgreSQL, too.
//!
//! Random ledgers of several registers, in random order and portions, with records that come late, come twice, cannot be
//! read or are set aside later, must give the figures that adding everything up from scratch gives.

mod ledger;
mod scratch;

use std::collections::BTreeMap;
use std::error::Error;

use soko_domain::ids::LogId;
use soko_record_log::{StoreError, Tx, Value, log, params};
use soko_replication::Record;

use crate::project::{Trust, project, rebuild};
use crate::{LocalApplier, heard, running_digest, state_digest};
use ledger::{Chance, Ledger};

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
         restocked_units, refunded_minor, refunded_tax_minor",
    ),
    ("figure_customer", 3, "grain, customer, at, sales, revenue_minor"),
    ("figure_tender", 2, "business_day, kind, payments, amount_minor, refunded_minor"),
    ("figure_tax", 4, "business_day, ppm, mode, label, net_minor, tax_minor"),
];

/// Two ways of arrival of one random ledger, on two logs.
pub fn figures_are_what_adding_up_gives(tx: &mut dyn Tx, seed: u64) -> Outcome {
    let mut digests = Vec::new();
    for way in 0..2 {
        // One log, so that records and digests are the same; its tables are emptied in between.
        let mut ledger = Ledger::new(seed)?;
        let trust = Trust { server_keys: [ledger.server_key()].into_iter().collect() };
        let mut chance = Chance(seed.wrapping_mul(31).wrapping_add(way));
        let said = format!("seed {seed}, way {way}");
        // The server sets a sale aside: once everything is here, or so that its word may come before the sale.
        let is_set_aside = way == 1;
        if is_set_aside {
            ledger.set_aside()?;
        }
        let portions = ledger.arrivals(&mut chance);
        for (at, portion) in portions.iter().enumerate() {
            hear(tx, ledger.log, &mut chance, (at, portions.len()))?;
            take(tx, ledger.log, &trust, portion)?;
        }
        compare(tx, &ledger, is_set_aside, &said)?;
        let restated = restated(tx, ledger.log)?;
        rebuild(tx, ledger.log, &trust, &mut LocalApplier)?;
        assert_eq!(self::restated(tx, ledger.log)?, restated, "{said}: days are restated otherwise");
        assert!(!restated.is_empty(), "{said}: no day changed once it was over");
        if !is_set_aside {
            take(tx, ledger.log, &trust, &ledger.set_aside()?)?;
        }
        compare(tx, &ledger, true, &said)?;
        digests.push(running_digest(tx, ledger.log)?);
        forget_records(tx, ledger.log)?;
    }
    assert_eq!(digests.first(), digests.last(), "seed {seed}: the order of arrival shows");
    Ok(())
}

/// One random ledger that stays, for whoever reads what follows from it. A sale of it is set aside.
pub fn random_ledger(tx: &mut dyn Tx, seed: u64) -> Result<LogId, Box<dyn Error>> {
    let mut ledger = Ledger::new(seed)?;
    let trust = Trust { server_keys: [ledger.server_key()].into_iter().collect() };
    for portion in ledger.arrivals(&mut Chance(seed)) {
        take(tx, ledger.log, &trust, &portion)?;
    }
    take(tx, ledger.log, &trust, &ledger.set_aside()?)?;
    Ok(ledger.log)
}

/// Appends what is not held and derives from it, as an exchange does. Of what is set aside the body is withheld.
fn take(tx: &mut dyn Tx, stall: LogId, trust: &Trust, records: &[Record]) -> Outcome {
    let mut fresh: Vec<Record> = Vec::new();
    for record in records {
        let held = log::head(tx, stall, &record.author)?.map_or(0, |head| head.seq);
        let here = fresh.iter().filter(|other| other.author == record.author).map(|other| other.seq).max();
        if record.seq > held.max(here.unwrap_or(0)) {
            fresh.push(record.clone());
        }
    }
    log::append(tx, &fresh)?;
    let projected = project(tx, stall, trust, &mut LocalApplier, &fresh)?;
    for (author, seq) in projected.withheld {
        if log::withhold(tx, stall, &author, seq)? {
            rebuild(tx, stall, trust, &mut LocalApplier)?;
        }
    }
    Ok(())
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

fn restated(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<Vec<i64>>, StoreError> {
    let rows = tx.query(
        "select business_day, told_day, sales, revenue_minor, refunded_minor, returned_minor from figure_restated
         where log = $1 order by business_day, told_day",
        params![stall],
    )?;
    rows.iter().map(|row| (0..row.len()).map(|column| row.int(column)).collect()).collect()
}

fn compare(tx: &mut dyn Tx, ledger: &Ledger, is_set_aside: bool, said: &str) -> Outcome {
    let expected = scratch::added_up(&ledger.said(is_set_aside));
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
    for table in ["record", "author_head", "log_counter", "heard_day"] {
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
        }
    }
}
