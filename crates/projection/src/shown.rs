//! What business days say, before and after something is taken out of what counts, or counts only now: a record that the server's
//! word set aside, one that an older version could not read. By how much a day that was over changed is kept, because no record
//! says it: of what is set aside the body is gone, and what could not be read stands where it always stood.
//!
//! What a place said of a day earlier stays as it was. So the sums over all later days are what it says now.

use std::collections::BTreeMap;

use soko_domain::ids::LogId;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::figures::{Restated, add_changes, add_restated};

/// Kept until somebody says which day it is.
const NOT_DATED: i32 = i32::MAX;

/// What each day says, and by how much it was said to have changed on which later one.
pub(crate) struct Shown {
    days: BTreeMap<i32, Restated>,
    told: BTreeMap<(i32, i32), Restated>,
}

impl Shown {
    pub(crate) fn read(tx: &mut dyn Tx, log: LogId) -> Result<Self, StoreError> {
        let columns = Restated::COLUMNS;
        let sums: Vec<String> = columns.iter().map(|of| format!("cast(sum({of}) as bigint)")).collect();
        let sql = format!(
            "select business_day, {} from figure_hour where log = $1 group by business_day order by business_day",
            sums.join(", ")
        );
        let days = tx.query(&sql, params![log])?;
        let days = days.iter().map(|row| Ok((row.number(0)?, sums_of(row, 1)?)));
        let days = days.collect::<Result<_, StoreError>>()?;
        let sql = format!(
            "select business_day, told_day, {} from figure_restated where log = $1 order by business_day, told_day",
            columns.join(", ")
        );
        let told = tx.query(&sql, params![log])?;
        let told = told.iter().map(|row| Ok(((row.number(0)?, row.number(1)?), sums_of(row, 2)?)));
        Ok(Self { days, told: told.collect::<Result<_, StoreError>>()? })
    }

    /// Keeps what days say otherwise now. Nothing is said of a day that is not over; without a day it waits for [`date`].
    pub(crate) fn keep_changes(
        &self,
        tx: &mut dyn Tx,
        log: LogId,
        today: Option<i32>,
    ) -> Result<(), StoreError> {
        let now = Self::read(tx, log)?;
        let mut kept: BTreeMap<(i32, i32), Restated> = BTreeMap::new();
        let mut plus = |days: (i32, i32), sums: &Restated, sign: i64| {
            kept.entry(days).or_default().add(&sums.times(sign));
        };
        self.told.iter().for_each(|(days, sums)| plus(*days, sums, 1));
        now.told.iter().for_each(|(days, sums)| plus(*days, sums, -1));
        for (said, sign) in [(&now.days, 1), (&self.days, -1)] {
            let over = said.iter().filter(|(day, _)| today.is_none_or(|today| **day < today));
            over.for_each(|(day, sums)| plus((*day, today.unwrap_or(NOT_DATED)), sums, sign));
        }
        kept.into_iter().try_for_each(|(days, change)| keep(tx, log, days, &change))
    }
}

/// Logs of which something waits for its day.
pub fn undated(tx: &mut dyn Tx) -> Result<Vec<LogId>, StoreError> {
    let sql = "select distinct log from told_before where told_day = $1 order by log";
    tx.query(sql, params![NOT_DATED])?.iter().map(|row| row.id(0)).collect()
}

/// What waited for its day changed on this one.
pub fn date(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<(), StoreError> {
    let waiting = kept(tx, log, "=")?;
    if waiting.is_empty() {
        return Ok(());
    }
    tx.execute("delete from told_before where log = $1 and told_day = $2", params![log, NOT_DATED])?;
    let over = waiting.into_iter().filter(|((day, _), _)| *day < today);
    over.into_iter().try_for_each(|((day, _), change)| keep(tx, log, (day, today), &change))
}

/// What was kept as told on days that are still to come was told today: a clock had been ahead. Of a day that is not over by then nothing
/// is said. The tables are filled again by whoever moves the days.
pub(crate) fn bring_back(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<(), StoreError> {
    let dated = kept(tx, log, "<>")?;
    let early = dated.into_iter().filter(|((_, told_day), _)| *told_day > today).collect::<Vec<_>>();
    if early.is_empty() {
        return Ok(());
    }
    tx.execute(
        "delete from told_before where log = $1 and told_day > $2 and told_day <> $3",
        params![log, today, NOT_DATED],
    )?;
    tx.execute("insert into tables_stale (log) values ($1) on conflict (log) do nothing", params![log])?;
    let over = early.into_iter().filter(|((day, _), _)| *day < today);
    over.into_iter()
        .try_for_each(|((day, _), change)| add_changes(tx, log, "told_before", (day, today), &change))
}

/// Adds what is kept to what follows from the records, which was just told again.
pub(crate) fn tell_again(tx: &mut dyn Tx, log: LogId) -> Result<(), StoreError> {
    let dated = kept(tx, log, "<>")?;
    dated.into_iter().try_for_each(|(days, change)| add_restated(tx, log, days, &change))
}

type Kept = Vec<((i32, i32), Restated)>;

fn kept(tx: &mut dyn Tx, log: LogId, dated: &str) -> Result<Kept, StoreError> {
    let sql = format!(
        "select business_day, told_day, {} from told_before where log = $1 and told_day {dated} $2
         order by business_day, told_day",
        Restated::COLUMNS.join(", ")
    );
    let rows = tx.query(&sql, params![log, NOT_DATED])?;
    rows.iter().map(|row| Ok(((row.number(0)?, row.number(1)?), sums_of(row, 2)?))).collect()
}

fn keep(tx: &mut dyn Tx, log: LogId, days: (i32, i32), change: &Restated) -> Result<(), StoreError> {
    add_changes(tx, log, "told_before", days, change)?;
    if days.1 == NOT_DATED { Ok(()) } else { add_restated(tx, log, days, change) }
}

fn sums_of(row: &Row, first: usize) -> Result<Restated, StoreError> {
    let values = (first..row.len()).map(|column| row.int(column)).collect::<Result<Vec<_>, _>>()?;
    Restated::from_values(&values).ok_or_else(|| StoreError::Corrupt("a row of changes is too short".into()))
}
