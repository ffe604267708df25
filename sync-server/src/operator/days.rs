//! Which days are meant by "the last so many": each stall's own, by its zone and the hour at which its day ends.

use chrono::{DateTime, Offset as _};
use chrono_tz::Tz;
use soko_domain::calendar::{CutOffMinutes, Moment, OffsetMinutes, business_day};
use soko_domain::entry::Stamp;
use soko_domain::ids::LogId;
use soko_projection::read_figures::{self as facts, Period};
use soko_record_log::{Dialect, Param, Row, StoreError, Tx, params};

pub const DAYS_MAX: u16 = 366;
/// Zones and ends of days that one question names; where there are more, it is asked again for the others. There are some forty zones
/// on earth at a time, and most stalls' days end at the same few hours.
const KINDS_PER_QUESTION: usize = 400;
const MS_PER_DAY: i64 = 86_400_000;
const MS_PER_MINUTE: i64 = 60_000;

/// What the days of some stalls have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Kind {
    zone: String,
    cut_off_minutes: i64,
    /// Both included.
    period: Period,
    /// When the first of them begins.
    begins_ms: i64,
    /// When the last of them ends.
    ends_ms: i64,
}

impl Kind {
    fn new(zone: &str, cut_off_minutes: i64, now_ms: i64, days: u16) -> Self {
        let cut_off =
            u16::try_from(cut_off_minutes).ok().and_then(|minutes| CutOffMinutes::new(minutes).ok());
        let cut_off = cut_off.unwrap_or(CutOffMinutes::MIDNIGHT);
        let offset = offset(zone, now_ms);
        let to = business_day(Moment(now_ms), offset, cut_off).days();
        let from = to - i32::from(days.clamp(1, DAYS_MAX)) + 1;
        let begins_by = |day: i32, offset: OffsetMinutes| {
            let ahead_minutes = i64::from(offset.get()) - i64::from(cut_off.get());
            i64::from(day) * MS_PER_DAY - ahead_minutes * MS_PER_MINUTE
        };
        // The clock may have been changed since the first day, or be changed before the next.
        let begins = |day: i32| begins_by(day, self::offset(zone, begins_by(day, offset)));
        let (begins_ms, ends_ms) = (begins(from), begins(to + 1));
        Self { zone: zone.to_owned(), cut_off_minutes, period: Period { from, to }, begins_ms, ends_ms }
    }
}

/// A name that nobody knows goes by UTC: it is a label that people may write as they like.
pub(crate) fn offset(zone: &str, now_ms: i64) -> OffsetMinutes {
    let now = DateTime::from_timestamp_millis(now_ms);
    let minutes = now
        .zip(zone.parse::<Tz>().ok())
        .map_or(0, |(now, zone)| now.with_timezone(&zone).offset().fix().local_minus_utc() / 60);
    OffsetMinutes::new(minutes).unwrap_or(OffsetMinutes::UTC)
}

/// The days of one stall.
pub(super) fn of_stall(tx: &mut dyn Tx, stall: LogId, now_ms: i64, days: u16) -> Result<Period, StoreError> {
    Ok(kind_of(tx, stall, now_ms, days)?.period)
}

fn kind_of(tx: &mut dyn Tx, stall: LogId, now_ms: i64, days: u16) -> Result<Kind, StoreError> {
    let Clock { zone, cut_off_minutes } = Clock::read(tx, stall)?;
    Ok(Kind::new(&zone, cut_off_minutes, now_ms, days))
}

/// Where a stall's clock hangs, and when its day ends by it.
#[derive(Default)]
pub(crate) struct Clock {
    zone: String,
    cut_off_minutes: i64,
}

impl Clock {
    pub(crate) fn read(tx: &mut dyn Tx, stall: LogId) -> Result<Self, StoreError> {
        let sql = "select zone, cut_off_minutes from stall_profile where log = $1";
        tx.query_opt(sql, params![stall])?.map_or(Ok(Self::default()), |row| {
            Ok(Self { zone: row.text(0)?.into(), cut_off_minutes: row.int(1)? })
        })
    }

    /// What the server's entries in the stall's log say of when they were: as a register of that stall would.
    pub(crate) fn stamp(&self, now_ms: i64) -> Stamp {
        let kind = Kind::new(&self.zone, self.cut_off_minutes, now_ms, 1);
        Stamp::at(now_ms, offset(&kind.zone, now_ms).get(), kind.period.to)
    }
}

/// A stall's business day now.
pub(crate) fn today(tx: &mut dyn Tx, stall: LogId, now_ms: i64) -> Result<i32, StoreError> {
    Ok(of_stall(tx, stall, now_ms, 1)?.to)
}

/// The days of every stall, and the way to ask about them.
pub(super) struct Days {
    kinds: Vec<Kind>,
    /// What there is where no stall is.
    utc: Kind,
}

impl Days {
    pub(super) fn read(tx: &mut dyn Tx, now_ms: i64, days: u16) -> Result<Self, StoreError> {
        let rows = tx.query(
            "select zone, cut_off_minutes from stall_profile group by zone, cut_off_minutes
             order by zone, cut_off_minutes",
            &[],
        )?;
        let kind = |row: &Row| Ok(Kind::new(row.text(0)?, row.int(1)?, now_ms, days));
        let kinds = rows.iter().map(kind).collect::<Result<_, StoreError>>()?;
        Ok(Self { kinds, utc: Kind::new("", 0, now_ms, days) })
    }

    fn all(&self) -> &[Kind] {
        if self.kinds.is_empty() { std::slice::from_ref(&self.utc) } else { &self.kinds }
    }

    /// When the first of the days that are last ends: from then on other days are meant.
    pub(super) fn ends_ms(&self) -> i64 {
        let ends = self.kinds.iter().chain([&self.utc]).map(|kind| kind.ends_ms);
        ends.min().unwrap_or_default()
    }

    /// From the first day that any stall means to the last.
    pub(super) fn span(&self) -> Period {
        let from = self.all().iter().map(|kind| kind.period.from).min().unwrap_or_default();
        let to = self.all().iter().map(|kind| kind.period.to).max().unwrap_or_default();
        Period { from, to }
    }

    /// Asks with every stall as `open` (log, name, currency, from_day, to_day, begins_ms), and as `parts` (log, sign,
    /// grain, at), the rows of products that its days add up: each day and month by itself, so that rows are looked up and no engine
    /// goes through all that a stall ever sold. Each stall is in one question; what the answers say of several
    /// of them is put together by whoever asks.
    pub(super) fn ask(&self, tx: &mut dyn Tx, select: &str) -> Result<Vec<Row>, StoreError> {
        self.ask_with(tx, &[], select)
    }

    /// The same with values of one's own: `$1` and on.
    pub(super) fn ask_with(
        &self,
        tx: &mut dyn Tx,
        own: &[Param<'_>],
        select: &str,
    ) -> Result<Vec<Row>, StoreError> {
        // Until this transaction ends. Of tables that grew since they were looked at, PostgreSQL thinks too little: it would read whole
        // ones, put in order what is added up without any, or spend longer on a plan's code than on the rows.
        if tx.dialect() == Dialect::Postgres {
            let plans =
                "select set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
                           set_config('jit', 'off', true), set_config('work_mem', '64MB', true)";
            tx.query(plans, &[])?;
        }
        let mut rows = Vec::new();
        for kinds in self.kinds.chunks(KINDS_PER_QUESTION) {
            rows.extend(ask_of(tx, kinds, (own, select))?);
        }
        Ok(rows)
    }
}

fn ask_of(
    tx: &mut dyn Tx,
    kinds_of: &[Kind],
    (own, select): (&[Param<'_>], &str),
) -> Result<Vec<Row>, StoreError> {
    let (mut kinds, mut spans, mut params) = (Vec::new(), Vec::new(), own.to_vec());
    for (at, kind) in kinds_of.iter().enumerate() {
        let Period { from, to } = kind.period;
        let numbers = [kind.cut_off_minutes, i64::from(from), i64::from(to), kind.begins_ms];
        params.push(Param::Text(&kind.zone));
        kinds.push(format!("({at}, cast(${} as text), {})", params.len(), integers(&mut params, &numbers)));
        for part in facts::parts(kind.period, kind.period.to) {
            let numbers = [part.sign, part.grain, part.from, part.to];
            spans.push(format!("({at}, {})", integers(&mut params, &numbers)));
        }
    }
    let (kinds, spans) = (kinds.join(", "), spans.join(", "));
    let sql = format!(
        "with recursive kind (kind, zone, cut_off_minutes, from_day, to_day, begins_ms) as (values {kinds}),
         span (kind, sign, grain, at, to_at) as (values {spans}),
         spread (kind, sign, grain, at, to_at) as (
           select kind, sign, grain, at, to_at from span
           union all select kind, sign, grain, at + 1, to_at from spread where at < to_at),
         stall (log, name, currency, kind) as (
           select p.log, p.name, p.currency, k.kind from stall_profile p
           join kind k on k.zone = p.zone and k.cut_off_minutes = p.cut_off_minutes),
         open (log, name, currency, from_day, to_day, begins_ms) as (
           select s.log, s.name, s.currency, k.from_day, k.to_day, k.begins_ms
           from stall s join kind k on k.kind = s.kind),
         parts (log, sign, grain, at) as (
           select s.log, d.sign, d.grain, d.at from stall s join spread d on d.kind = s.kind)
         {select}"
    );
    tx.query(&sql, &params)
}

fn integers(params: &mut Vec<Param<'_>>, numbers: &[i64]) -> String {
    let cast = |number: &i64| {
        params.push(Param::Int(*number));
        format!("cast(${} as bigint)", params.len())
    };
    numbers.iter().map(cast).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;
    /// 2026-11-27, a Friday.
    const DAY: i32 = 20_784;

    #[test]
    fn a_day_is_the_stalls_own_and_ends_when_the_stall_says() {
        let midnight_utc = i64::from(DAY) * MS_PER_DAY;
        for (zone, cut_off, hour, today, begins) in [
            ("Europe/London", 0, 12, 0, 0),
            ("Africa/Nairobi", 0, 12, 0, -3),
            ("Africa/Nairobi", 0, 22, 1, 21),
            ("Africa/Nairobi", 240, 22, 0, 1),
            ("America/Los_Angeles", 240, 3, -1, -12),
            ("America/Los_Angeles", 240, 12, 0, 12),
            ("Pacific/Kiritimati", 0, 11, 1, 10),
            ("Nowhere/Land", 0, 23, 0, 0),
        ] {
            let kind = Kind::new(zone, cut_off, midnight_utc + hour * HOUR_MS, 1);
            assert_eq!(kind.period, Period { from: DAY + today, to: DAY + today }, "{zone} at {hour}");
            assert_eq!(kind.begins_ms, midnight_utc + begins * HOUR_MS, "{zone} at {hour}");
            assert_eq!(kind.ends_ms, kind.begins_ms + MS_PER_DAY, "{zone} at {hour}");
        }
        let week = Kind::new("Europe/London", 0, midnight_utc, 7);
        assert_eq!(week.period, Period { from: DAY - 6, to: DAY });
    }

    /// Clocks in London went back on 2026-10-25: 33 days before, days began an hour earlier than they do now.
    #[test]
    fn the_first_day_begins_by_the_clock_of_that_day() {
        let midnight_utc = i64::from(DAY) * MS_PER_DAY;
        for (days, hours) in [(33, 0), (34, -1), (60, -1)] {
            let kind = Kind::new("Europe/London", 0, midnight_utc + 12 * HOUR_MS, days);
            let first_utc = i64::from(kind.period.from) * MS_PER_DAY;
            assert_eq!(kind.begins_ms, first_utc + hours * HOUR_MS, "{days}");
        }
    }
}
