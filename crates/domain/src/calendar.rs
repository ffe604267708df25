//! Moments and business days. No time-zone database: the shell knows which offset is in force and passes it;
//! the zone's name is a label that is kept. No clock: moments come in as arguments, and they only label.

use std::fmt;
use std::str::FromStr;

use crate::wire::{Malformed, Reader, Wire, Writer};

pub const MINUTES_PER_DAY: u16 = 24 * 60;
/// Real zones lie between -12:00 and +14:00; a little room for what rulers think of.
pub const OFFSET_MINUTES_MAX: i32 = 18 * 60;
/// Longest zone name.
pub const ZONE_NAME_LEN_MAX: usize = 64;

const MS_PER_MINUTE: i64 = 60_000;
const MS_PER_DAY: i64 = 86_400_000;

/// Why a value is not part of the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CalendarError {
    #[error("this is not a day: write year-month-day, such as 2026-11-21")]
    NotADay,
    #[error("this is not a zone name: write one such as Africa/Nairobi")]
    NotAZone,
    #[error("the offset from UTC is beyond 18 hours: check the device's zone")]
    Offset,
    #[error("the cut-off is not a time of day: choose between 00:00 and 23:59")]
    CutOff,
}

/// Milliseconds since 1970-01-01T00:00:00Z, as some clock said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Moment(pub i64);

impl Moment {
    /// Later by so much; stays at the end of time rather than wrap.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How much later this is than `earlier`, in milliseconds.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// What a wall clock shows at this moment.
    pub fn at(self, offset: OffsetMinutes) -> LocalTime {
        let (days, ms) = self.shifted(offset.ms());
        let minutes = ms / MS_PER_MINUTE;
        let date = Civil::from_days(days);
        LocalTime { date, hour: minutes / 60, minute: minutes % 60, ms: ms % MS_PER_MINUTE }
    }

    /// Whole days since 1970 and the rest, `ms` later. Shifting only the rest cannot overflow.
    fn shifted(self, ms: i64) -> (i64, i64) {
        let rest = self.0.rem_euclid(MS_PER_DAY) + ms;
        (self.0.div_euclid(MS_PER_DAY) + rest.div_euclid(MS_PER_DAY), rest.rem_euclid(MS_PER_DAY))
    }
}

/// The moment in UTC: `2026-11-21T01:17:19.000Z`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LocalTime { date, hour, minute, ms } = self.at(OffsetMinutes::UTC);
        write!(f, "{date}T{hour:02}:{minute:02}:{:02}.{:03}Z", ms / 1000, ms % 1000)
    }
}

impl Wire for Moment {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        i64::take(input).map(Self)
    }
}

/// A date and a time of day where the stall is. Displayed as `2026-11-21 04:17`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalTime {
    pub date: Civil,
    pub hour: i64,
    pub minute: i64,
    /// Milliseconds within the minute.
    pub ms: i64,
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:02}:{:02}", self.date, self.hour, self.minute)
    }
}

/// The day that a sale counts for, in days since 1970-01-01. Every report groups by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BusinessDay(i32);

impl BusinessDay {
    /// 0001-01-01.
    pub const MIN: Self = Self(-719_162);
    /// 9999-12-31.
    pub const MAX: Self = Self(2_932_896);

    /// `None` outside the years 1 to 9999.
    pub fn from_days(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&days).then_some(Self(days))
    }

    pub fn from_civil(date: Civil) -> Option<Self> {
        if !(1..=9999).contains(&date.year) {
            return None;
        }
        let day = i32::try_from(date.days()).ok().and_then(Self::from_days)?;
        // The 31st of a shorter month is a day of the next one: only real dates come back unchanged.
        (day.civil() == date).then_some(day)
    }

    pub fn days(self) -> i32 {
        self.0
    }

    pub fn civil(self) -> Civil {
        Civil::from_days(i64::from(self.0))
    }

    /// Later (or earlier) by whole days, within the years 1 to 9999.
    pub fn plus_days(self, days: i32) -> Option<Self> {
        self.0.checked_add(days).and_then(Self::from_days)
    }
}

impl fmt::Display for BusinessDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.civil().fmt(f)
    }
}

/// Reads what `Display` writes.
impl FromStr for BusinessDay {
    type Err = CalendarError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
        let parts: Vec<&str> = text.trim().split('-').collect();
        let [year, month, day] = parts[..] else {
            return Err(CalendarError::NotADay);
        };
        let lengths = (year.len(), month.len(), day.len());
        if lengths != (4, 2, 2) || !parts.iter().all(|part| digits(part)) {
            return Err(CalendarError::NotADay);
        }
        let number = |part: &str| part.parse::<i64>().map_err(|_| CalendarError::NotADay);
        let date = Civil { year: number(year)?, month: number(month)?, day: number(day)? };
        Self::from_civil(date).ok_or(CalendarError::NotADay)
    }
}

impl Wire for BusinessDay {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::from_days(i32::take(input)?).ok_or(Malformed::Number)
    }
}

/// The business day of a moment: the date that a wall clock at the stall shows, where the small hours before
/// the cut-off still belong to the day before. A clock beyond the years 1 to 9999 gets the nearest of them,
/// since a wrong clock must not stop a sale.
pub fn business_day(moment: Moment, offset: OffsetMinutes, cut_off: CutOffMinutes) -> BusinessDay {
    let (days, _) = moment.shifted(offset.ms() - cut_off.ms());
    let nearest = days.clamp(i64::from(BusinessDay::MIN.0), i64::from(BusinessDay::MAX.0));
    i32::try_from(nearest).map_or(BusinessDay::MAX, BusinessDay)
}

/// The difference between the stall's wall clock and UTC that is in force at some moment, east positive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct OffsetMinutes(i32);

impl OffsetMinutes {
    pub const UTC: Self = Self(0);

    pub fn new(minutes: i32) -> Result<Self, CalendarError> {
        let possible = (-OFFSET_MINUTES_MAX..=OFFSET_MINUTES_MAX).contains(&minutes);
        if possible { Ok(Self(minutes)) } else { Err(CalendarError::Offset) }
    }

    pub fn get(self) -> i32 {
        self.0
    }

    fn ms(self) -> i64 {
        i64::from(self.0) * MS_PER_MINUTE
    }
}

impl Wire for OffsetMinutes {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::new(i32::take(input)?).map_err(|_| Malformed::Number)
    }
}

/// The time of day at which a stall's business day begins, in minutes after midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct CutOffMinutes(u16);

impl CutOffMinutes {
    pub const MIDNIGHT: Self = Self(0);

    pub fn new(minutes: u16) -> Result<Self, CalendarError> {
        if minutes < MINUTES_PER_DAY { Ok(Self(minutes)) } else { Err(CalendarError::CutOff) }
    }

    pub fn get(self) -> u16 {
        self.0
    }

    fn ms(self) -> i64 {
        i64::from(self.0) * MS_PER_MINUTE
    }
}

impl Wire for CutOffMinutes {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::new(u16::take(input)?).map_err(|_| Malformed::Number)
    }
}

/// The name of the stall's zone, such as `Africa/Nairobi`. A label: only its form is checked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ZoneName(String);

impl ZoneName {
    pub fn new(name: &str) -> Result<Self, CalendarError> {
        let allowed = |letter: u8| letter.is_ascii_alphanumeric() || b"/_+-".contains(&letter);
        let starts_well = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
        if !starts_well || name.len() > ZONE_NAME_LEN_MAX || !name.bytes().all(allowed) {
            return Err(CalendarError::NotAZone);
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Wire for ZoneName {
    fn put(&self, out: &mut Writer) {
        self.0.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::new(&String::take(input)?).map_err(|_| Malformed::Text)
    }
}

/// A date of the Gregorian calendar, also before it was introduced. Plain numbers: a date that exists comes
/// from a `BusinessDay` or a `Moment`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
}

impl Civil {
    // Years are counted from March here, so that the leap day is a year's last and every month but the last
    // begins at a fixed place: month m (0 = March) begins at day (153 m + 2) / 5.
    const DAYS_PER_YEAR: i64 = 365;
    const DAYS_PER_400_YEARS: i64 = 400 * Self::DAYS_PER_YEAR + 97;
    /// From 0000-03-01 to 1970-01-01.
    const DAYS_BEFORE_1970: i64 = 719_468;

    fn from_days(days_since_1970: i64) -> Self {
        let days = days_since_1970 + Self::DAYS_BEFORE_1970;
        let in_era = days.rem_euclid(Self::DAYS_PER_400_YEARS);
        // Taking the leap days out again: one in 4 years, none in 100, one in 400.
        let year_in_era =
            (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / Self::DAYS_PER_YEAR;
        let in_year = in_era - Self::year_begin(year_in_era);
        let march_month = (5 * in_year + 2) / 153;
        let march_year = days.div_euclid(Self::DAYS_PER_400_YEARS) * 400 + year_in_era;
        Self {
            year: march_year + march_month / 10,
            month: (march_month + 2) % 12 + 1,
            day: in_year - (153 * march_month + 2) / 5 + 1,
        }
    }

    fn days(self) -> i64 {
        let march_year = self.year - i64::from(self.month < 3);
        let march_month = (self.month + 9).rem_euclid(12);
        let eras = march_year.div_euclid(400) * Self::DAYS_PER_400_YEARS;
        let in_year = (153 * march_month + 2) / 5 + self.day - 1;
        eras + Self::year_begin(march_year.rem_euclid(400)) + in_year - Self::DAYS_BEFORE_1970
    }

    /// Days from the beginning of 400 years to the beginning of one of them.
    fn year_begin(year_in_era: i64) -> i64 {
        year_in_era * Self::DAYS_PER_YEAR + year_in_era / 4 - year_in_era / 100
    }
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
