//! When nothing rings: hours of the day as a person's own clock shows them. Mail rings nowhere and is not held back.

use chrono::{DateTime, Days, LocalResult, NaiveDateTime, NaiveTime, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use soko_domain::ids::ThingId;
use soko_domain::quiet::left_minutes;
use soko_record_log::{StoreError, Tx, params};

/// Where a zone leaves an hour out, its end is looked for behind it.
const GAP_HOURS_MAX: i64 = 3;

/// Some hours of every day; none where both ends are the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Quiet {
    pub(crate) is_on: bool,
    pub(crate) from_minute: u32,
    pub(crate) to_minute: u32,
    pub(crate) zone: Tz,
    /// What cannot wait rings all the same.
    pub(crate) lets_urgent: bool,
}

impl Default for Quiet {
    fn default() -> Self {
        let (from_minute, to_minute) = (22 * 60, 7 * 60);
        Self { is_on: false, from_minute, to_minute, zone: Tz::UTC, lets_urgent: true }
    }
}

impl Quiet {
    /// When it ends, if it is quiet now.
    pub(crate) fn ends_ms(&self, now_ms: i64) -> Option<i64> {
        let local = self.zone.from_utc_datetime(&DateTime::from_timestamp_millis(now_ms)?.naive_utc());
        let minute = local.hour() * 60 + local.minute();
        left_minutes((self.from_minute, self.to_minute), minute).filter(|_| self.is_on)?;
        let days = u64::from(minute >= self.to_minute);
        let day = local.date_naive().checked_add_days(Days::new(days))?;
        let time = NaiveTime::from_hms_opt(self.to_minute / 60, self.to_minute % 60, 0)?;
        moment_ms(self.zone, day.and_time(time), now_ms)
    }
}

/// The first moment after `now_ms` at which a clock of this zone shows this, or the next hour that it shows at all.
fn moment_ms(zone: Tz, shown: NaiveDateTime, now_ms: i64) -> Option<i64> {
    let found = (0..=GAP_HOURS_MAX).find_map(|hours| {
        let shown = shown.checked_add_signed(chrono::TimeDelta::hours(hours))?;
        match zone.from_local_datetime(&shown) {
            LocalResult::Single(one) => Some([one.timestamp_millis(); 2]),
            // An hour that comes twice.
            LocalResult::Ambiguous(first, second) => {
                Some([first.timestamp_millis(), second.timestamp_millis()])
            }
            LocalResult::None => None,
        }
    });
    found?.into_iter().find(|moment_ms| *moment_ms > now_ms)
}

/// When a clock of this zone shows this minute of the day next.
pub(super) fn next_ms(zone: Tz, minute: u32, now_ms: i64) -> Option<i64> {
    let today = zone.from_utc_datetime(&DateTime::from_timestamp_millis(now_ms)?.naive_utc()).date_naive();
    let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?;
    [0, 1]
        .into_iter()
        .find_map(|days| moment_ms(zone, today.checked_add_days(Days::new(days))?.and_time(time), now_ms))
}

pub(crate) fn of(tx: &mut dyn Tx, account: ThingId) -> Result<Quiet, StoreError> {
    let row = tx.query_opt(
        "select is_on, from_minute, to_minute, zone, lets_urgent from quiet_hours where account = $1",
        params![account],
    )?;
    let Some(row) = row else { return Ok(Quiet::default()) };
    Ok(Quiet {
        is_on: row.int(0)? != 0,
        from_minute: row.number(1)?,
        to_minute: row.number(2)?,
        // A zone that this program does not know any more is taken for no zone at all.
        zone: row.text(3)?.parse().unwrap_or(Tz::UTC),
        lets_urgent: row.int(4)? != 0,
    })
}

pub(crate) fn set(tx: &mut dyn Tx, account: ThingId, quiet: &Quiet) -> Result<(), StoreError> {
    tx.run(
        "insert into quiet_hours (account, is_on, from_minute, to_minute, zone, lets_urgent)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (account) do update set is_on = excluded.is_on, from_minute = excluded.from_minute,
           to_minute = excluded.to_minute, zone = excluded.zone, lets_urgent = excluded.lets_urgent",
        params![
            account,
            i64::from(quiet.is_on),
            quiet.from_minute,
            quiet.to_minute,
            quiet.zone.name(),
            i64::from(quiet.lets_urgent)
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(moment: &str) -> i64 {
        moment.parse::<DateTime<chrono::Utc>>().unwrap().timestamp_millis()
    }

    #[test]
    fn quiet_hours_are_those_of_the_persons_own_clock() {
        let hours = |from: u32, to: u32| (from * 60, to * 60);
        // (from and to, zone, now in UTC, end in UTC)
        let cases: &[((u32, u32), &str, &str, Option<&str>)] = &[
            // Nairobi is three hours ahead: 21:59 and 22:00 there.
            (hours(22, 7), "Africa/Nairobi", "2026-11-27T18:59:59Z", None),
            (hours(22, 7), "Africa/Nairobi", "2026-11-27T19:00:00Z", Some("2026-11-28T04:00:00Z")),
            (hours(22, 7), "Africa/Nairobi", "2026-11-28T03:59:59Z", Some("2026-11-28T04:00:00Z")),
            (hours(22, 7), "Africa/Nairobi", "2026-11-28T04:00:00Z", None),
            (hours(12, 14), "Asia/Kathmandu", "2026-11-27T06:20:00Z", Some("2026-11-27T08:15:00Z")),
            (hours(9, 9), "UTC", "2026-11-27T09:00:00Z", None),
            (hours(8, 0), "UTC", "2026-11-27T09:00:00Z", Some("2026-11-28T00:00:00Z")),
            // The night in which Paris leaves out 02:30: it ends when the clock shows 03:30.
            ((22 * 60, 150), "Europe/Paris", "2026-03-29T00:30:00Z", Some("2026-03-29T01:30:00Z")),
            // And the one in which 02:30 comes twice.
            ((22 * 60, 150), "Europe/Paris", "2026-10-25T00:10:00Z", Some("2026-10-25T00:30:00Z")),
            ((22 * 60, 150), "Europe/Paris", "2026-10-25T01:10:00Z", Some("2026-10-25T01:30:00Z")),
        ];
        for ((from_minute, to_minute), zone, now, end) in cases {
            let (from_minute, to_minute) = (*from_minute, *to_minute);
            let quiet = Quiet {
                is_on: true,
                from_minute,
                to_minute,
                zone: zone.parse().unwrap(),
                lets_urgent: false,
            };
            assert_eq!(quiet.ends_ms(at(now)), end.map(at), "{zone} {now}");
            assert_eq!(Quiet { is_on: false, ..quiet }.ends_ms(at(now)), None);
        }
    }

    #[test]
    fn the_next_time_that_a_clock_shows_something_is_today_or_tomorrow() {
        // (minute, zone, now, next)
        let cases: &[(u32, &str, &str, &str)] = &[
            (360, "UTC", "2026-11-27T05:59:59Z", "2026-11-27T06:00:00Z"),
            (360, "UTC", "2026-11-27T06:00:00Z", "2026-11-28T06:00:00Z"),
            // Six in Nairobi is three in UTC, and the day there begins before ours.
            (360, "Africa/Nairobi", "2026-11-27T02:00:00Z", "2026-11-27T03:00:00Z"),
            (30, "Africa/Nairobi", "2026-11-27T21:15:00Z", "2026-11-27T21:30:00Z"),
            // The night that leaves 02:30 out, and the one that has it twice.
            (150, "Europe/Paris", "2026-03-28T23:30:00Z", "2026-03-29T01:30:00Z"),
            (150, "Europe/Paris", "2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z"),
            (150, "Europe/Paris", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"),
        ];
        for (minute, zone, now, next) in cases {
            assert_eq!(next_ms(zone.parse().unwrap(), *minute, at(now)), Some(at(next)), "{zone} {now}");
        }
    }
}
