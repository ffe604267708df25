//! When a stall is open, as its week repeats itself: so that it can be said until when, and when next. What a stall says of its hours
//! in words stays beside it; nothing here reads words.

use std::fmt;

use crate::quiet::minute_of;

const DAYS: u32 = 7;
const MINUTES_OF_DAY: u32 = 24 * 60;
const MINUTES_OF_WEEK: u32 = DAYS * MINUTES_OF_DAY;
const MINUTE_MS: i64 = 60_000;
/// 1970 began on a Thursday.
const DAYS_SINCE_MONDAY: i64 = 3;
/// A day each, and one more for a break at noon.
pub const TIMES_MAX: usize = 8;
/// Longest text, in bytes.
pub const OPENING_BYTES_MAX: usize = 200;

/// A week. Without any times it says nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opening {
    pub times: Vec<Times>,
}

/// The same times on some days, in minutes after midnight. What ends before it begins ends on the day after; with both ends the same it is open
/// around the clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Times {
    /// From Monday on.
    pub days: [bool; 7],
    pub from: u32,
    pub until: u32,
}

/// What is said of a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doors {
    /// Every minute of the week.
    Always,
    Open {
        /// The minute of the day at which it closes.
        until: u32,
    },
    Closed {
        /// So many midnights from now, and the minute of that day.
        days: u32,
        at: u32,
    },
}

impl Opening {
    /// Reads what `Display` writes: a line for the same times, such as `1111100 08:00-18:00`. Nothing where a line is none.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > OPENING_BYTES_MAX {
            return None;
        }
        let times: Vec<Times> = text.lines().map(Times::read).collect::<Option<_>>()?;
        let found = Self { times };
        (found.times.len() <= TIMES_MAX && found.to_string() == text).then_some(found)
    }

    /// What is said at a moment in UTC, where the clock on the stall's wall is so many minutes ahead of that.
    pub fn at_moment(&self, at_ms: i64, offset_minutes: i32) -> Option<Doors> {
        let local = at_ms.div_euclid(MINUTE_MS).saturating_add(i64::from(offset_minutes));
        let of_week = local.saturating_add(DAYS_SINCE_MONDAY * i64::from(MINUTES_OF_DAY));
        self.at(u32::try_from(of_week.rem_euclid(i64::from(MINUTES_OF_WEEK))).ok()?)
    }

    /// What is said when the clock on the stall's wall shows this minute of a week that began on Monday; nothing where the stall says
    /// nothing.
    pub fn at(&self, minute_of_week: u32) -> Option<Doors> {
        let now = minute_of_week % MINUTES_OF_WEEK;
        let spans: Vec<(u32, u32)> = self.times.iter().flat_map(Times::spans).collect();
        if spans.is_empty() {
            return None;
        }
        // How long it stays open, over spans that follow each other.
        let mut open = 0;
        while open < MINUTES_OF_WEEK {
            let at = now + open;
            let left = |(from, length): &(u32, u32)| {
                let since = (at + MINUTES_OF_WEEK - from) % MINUTES_OF_WEEK;
                (since < *length).then(|| length - since)
            };
            match spans.iter().filter_map(left).max() {
                Some(left) => open += left,
                None => break,
            }
        }
        if open >= MINUTES_OF_WEEK {
            return Some(Doors::Always);
        }
        if open > 0 {
            return Some(Doors::Open { until: (now + open) % MINUTES_OF_DAY });
        }
        let wait = spans.iter().map(|(from, _)| (from + MINUTES_OF_WEEK - now) % MINUTES_OF_WEEK).min()?;
        let opens = now % MINUTES_OF_DAY + wait;
        Some(Doors::Closed { days: opens / MINUTES_OF_DAY, at: opens % MINUTES_OF_DAY })
    }
}

impl Times {
    fn read(line: &str) -> Option<Self> {
        let (days, hours) = line.split_once(' ')?;
        let (from, until) = hours.split_once('-')?;
        let mut said = [false; 7];
        if days.len() != said.len() {
            return None;
        }
        for (said, letter) in said.iter_mut().zip(days.bytes()) {
            *said = match letter {
                b'1' => true,
                b'0' => false,
                _ => return None,
            };
        }
        said.contains(&true).then_some(())?;
        Some(Self { days: said, from: minute_of(from)?, until: minute_of(until)? })
    }

    /// From which minute of the week, and for how long.
    fn spans(&self) -> impl Iterator<Item = (u32, u32)> {
        let length = match (self.until + MINUTES_OF_DAY - self.from) % MINUTES_OF_DAY {
            0 => MINUTES_OF_DAY,
            length => length,
        };
        let (days, from) = (self.days, self.from);
        (0..DAYS)
            .zip(days)
            .filter(|(_, is_on)| *is_on)
            .map(move |(day, _)| (day * MINUTES_OF_DAY + from, length))
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, times) in self.times.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            write!(out, "{times}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Times {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for day in self.days {
            write!(out, "{}", u8::from(day))?;
        }
        let Self { from, until, .. } = self;
        write!(out, " {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Day from Monday on, and the time on the clock.
    fn at(text: &str, day: u32, clock: &str) -> Option<Doors> {
        Opening::read(text).unwrap().at(day * MINUTES_OF_DAY + minute_of(clock).unwrap())
    }

    #[test]
    fn until_when_it_is_open_and_when_it_opens_next() {
        const WEEK: &str = "1111100 08:00-18:00\n0000010 09:00-13:00";
        let minute = |clock| minute_of(clock).unwrap();
        let open = |clock| Some(Doors::Open { until: minute(clock) });
        let closed = |days, clock| Some(Doors::Closed { days, at: minute(clock) });
        for (text, day, clock, expected) in [
            ("", 0, "12:00", None),
            (WEEK, 0, "08:00", open("18:00")),
            (WEEK, 0, "17:59", open("18:00")),
            (WEEK, 0, "18:00", closed(1, "08:00")),
            (WEEK, 0, "07:59", closed(0, "08:00")),
            (WEEK, 4, "20:00", closed(1, "09:00")),
            (WEEK, 5, "14:00", closed(2, "08:00")),
            (WEEK, 6, "23:59", closed(1, "08:00")),
            // A break at noon.
            ("1111111 08:00-12:00\n1111111 14:00-18:00", 3, "13:00", closed(0, "14:00")),
            ("1111111 08:00-12:00\n1111111 12:00-18:00", 3, "11:00", open("18:00")),
            // A night market, over Sunday's midnight, too.
            ("0000001 20:00-02:00", 6, "21:00", open("02:00")),
            ("0000001 20:00-02:00", 0, "01:59", open("02:00")),
            ("0000001 20:00-02:00", 0, "02:00", closed(6, "20:00")),
            // One day a week: the next one is in a week.
            ("1000000 08:00-09:00", 0, "09:30", closed(7, "08:00")),
            ("1111111 00:00-00:00", 2, "03:00", Some(Doors::Always)),
            ("1111110 00:00-00:00", 2, "03:00", open("00:00")),
        ] {
            assert_eq!(at(text, day, clock), expected, "{text:?} on day {day} at {clock}");
        }
    }

    #[test]
    fn times_are_read_as_they_are_written_and_no_other_way() {
        for (text, is_read) in [
            ("", true),
            ("1111100 08:00-18:00", true),
            ("1111100 08:00-18:00\n0000010 09:00-13:00", true),
            ("1111100 08:00-18:00\n", false),
            ("0000000 08:00-18:00", false),
            ("111110 08:00-18:00", false),
            ("1111102 08:00-18:00", false),
            ("1111100 8:00-18:00", false),
            ("1111100 08:00-24:00", false),
            ("1111100  08:00-18:00", false),
            ("1111100", false),
        ] {
            assert_eq!(Opening::read(text).is_some(), is_read, "{text:?}");
        }
        let line = "1111100 08:00-18:00";
        assert!(Opening::read(&[line; TIMES_MAX].join("\n")).is_some());
        assert!(Opening::read(&[line; TIMES_MAX + 1].join("\n")).is_none());
    }
}
