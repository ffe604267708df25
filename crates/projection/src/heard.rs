//! When this place heard of each record: on which business days it heard anything, and behind how many records. A record that
//! says something of a day that was over by then restates it. It follows from no record, so a rebuild leaves it alone and uses it.

use soko_domain::ids::LogId;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::shown;

/// One business day on which something was heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Day {
    business_day: i32,
    from_position: u64,
    whole_position: Option<u64>,
}

impl Day {
    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            business_day: row.number(0)?,
            from_position: row.number(1)?,
            whole_position: row.number_opt(2)?,
        })
    }
}

const COLUMNS: &str = "business_day, from_position, whole_position";

/// What is about to be appended stands behind every record so far.
pub(crate) const NEXT: u64 = u64::MAX;

/// Notes, before they are appended, that records come in on a business day; `position` is how many there are.
pub fn begins(tx: &mut dyn Tx, log: LogId, today: i32, position: u64) -> Result<(), StoreError> {
    note(tx, log, Day { business_day: today, from_position: position, whole_position: None })
}

/// Notes that this place now knows all there is: what comes later of days before this one restates them.
pub fn is_whole(tx: &mut dyn Tx, log: LogId, today: i32, position: u64) -> Result<(), StoreError> {
    note(tx, log, Day { business_day: today, from_position: position, whole_position: Some(position) })
}

/// The first word of a day counts.
fn note(tx: &mut dyn Tx, log: LogId, day: Day) -> Result<(), StoreError> {
    let latest = tx.query_opt(
        &format!("select {COLUMNS} from heard_day where log = $1 order by business_day desc limit 1"),
        params![log],
    )?;
    if let Some(latest) = latest.as_ref().map(Day::of).transpose()? {
        let is_said = latest.whole_position.is_some() || day.whole_position.is_none();
        if latest.business_day == day.business_day && is_said {
            return Ok(());
        }
        if latest.business_day > day.business_day {
            go_back(tx, log, day.business_day)?;
        }
    }
    tx.run(
        "insert into heard_day (log, business_day, from_position, whole_position) values ($1, $2, $3, $4)
         on conflict (log, business_day) do update set
           whole_position = coalesce(heard_day.whole_position, excluded.whole_position)",
        params![log, day.business_day, day.from_position, day.whole_position],
    )
}

/// A clock had been ahead, or the stall's zone is known only now: those days are still to come. What was told by them is told again when
/// the tables are filled, and what is kept of them was told today.
fn go_back(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<(), StoreError> {
    tx.run("delete from heard_day where log = $1 and business_day > $2", params![log, today])?;
    shown::bring_back(tx, log, today)?;
    tx.run(
        "insert into tables_stale (log)
         select distinct log from figure_restated where log = $1 and told_day > $2
         on conflict (log) do nothing",
        params![log, today],
    )
}

/// What is known of when records were heard of.
#[derive(Clone, Default, Debug)]
pub(crate) struct Heard {
    /// In their order.
    days: Vec<Day>,
}

impl Heard {
    /// Enough for records that come next.
    pub(crate) fn latest(tx: &mut dyn Tx, log: LogId) -> Result<Self, StoreError> {
        let of = "from heard_day where log = $1";
        let rows = tx.query(
            &format!(
                "select {COLUMNS} {of} and business_day in (
                   (select min(business_day) {of}), (select max(business_day) {of}),
                   (select business_day {of} and whole_position is not null order by business_day desc limit 1))
                 order by business_day"
            ),
            params![log],
        )?;
        Ok(Self { days: rows.iter().map(Day::of).collect::<Result<_, _>>()? })
    }

    /// For records at any position.
    pub(crate) fn all(tx: &mut dyn Tx, log: LogId) -> Result<Self, StoreError> {
        let sql = format!("select {COLUMNS} from heard_day where log = $1 order by business_day");
        Ok(Self { days: tx.query(&sql, params![log])?.iter().map(Day::of).collect::<Result<_, _>>()? })
    }

    /// The latest day on which anything was heard, and up to which record its figures were what this place said of the days
    /// before: those that it knew by then, or once it knew all on that day.
    pub(crate) fn today(&self) -> Option<(i32, u64)> {
        let day = self.days.last()?;
        let whole = day.whole_position.unwrap_or(day.from_position);
        Some((day.business_day, whole.max(day.from_position)))
    }

    /// The later day on which this place was told, by the record at a position that was written on the day `said_on`, of
    /// something that changes a business day. None if that day was not over then.
    pub(crate) fn told(&self, position: u64, said_on: i32, business_day: i32) -> Option<i32> {
        let before = |day: &&Day| day.from_position < position;
        let heard_on = self.days.iter().rev().find(before).map(|day| day.business_day);
        // Whoever came later was never told otherwise.
        let was_here = |of: i32| self.days.first().is_some_and(|first| of >= first.business_day);
        if said_on > business_day {
            return Some(heard_on.filter(|_| was_here(said_on)).map_or(said_on, |heard| heard.max(said_on)));
        }
        let was_over = |day: &&Day| {
            day.business_day > business_day && day.whole_position.is_some_and(|whole| whole < position)
        };
        let is_late = was_here(business_day) && self.days.iter().rev().any(|day| was_over(&day));
        heard_on.filter(|_| is_late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(business_day: i32, from_position: u64, whole_position: Option<u64>) -> Day {
        Day { business_day, from_position, whole_position }
    }

    /// Here since day 10, away from day 12 on, back on day 20: all of it came at once, and then something of day 11.
    #[test]
    fn a_day_is_told_of_late_by_what_comes_once_it_was_over_here() {
        let heard = Heard {
            days: vec![
                day(10, 0, Some(50)),
                day(11, 60, Some(65)),
                day(20, 80, Some(200)),
                day(21, 220, None),
            ],
        };
        for (position, said_on, of, expected, what) in [
            (10, 3, 3, None, "what was there before this place was"),
            (10, 4, 3, Some(4), "a void before this place was"),
            (55, 10, 10, None, "of the day itself"),
            (70, 10, 10, Some(11), "of yesterday"),
            (70, 9, 9, None, "of before this place was"),
            (70, 11, 11, None, "of the day itself"),
            (150, 15, 15, None, "of a day on which this place was away"),
            (150, 10, 10, Some(20), "of a day that was over before it went"),
            (210, 11, 11, Some(20), "of a day that was over when it came back"),
            (230, 20, 20, None, "it may not know all of the day before yet"),
            (230, 19, 19, Some(21), "of the day before that"),
            (150, 18, 15, Some(20), "a void, heard of later"),
            (NEXT, 21, 20, Some(21), "a void of today"),
        ] {
            assert_eq!(heard.told(position, said_on, of), expected, "{what}");
        }
        assert_eq!(Heard::default().told(NEXT, 20, 20), None);
        assert_eq!(Heard::default().told(NEXT, 21, 20), Some(21));
    }
}
