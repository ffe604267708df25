use soko_domain::calendar::{
    BusinessDay, CalendarError, Civil, CutOffMinutes, Moment, OffsetMinutes, ZoneName, business_day,
};
use soko_domain::wire::{Malformed, Wire};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

/// The moment at which a wall clock with this offset shows this date and time.
fn local(date: &str, hour: i64, minute: i64, offset: i32) -> Moment {
    let minutes = hour * 60 + minute - i64::from(offset);
    Moment(i64::from(day(date).days()) * DAY_MS + minutes * 60_000)
}

#[test]
fn small_hours_belong_to_the_day_before_the_cut_off() {
    let table: &[(&str, i64, i64, i32, u16, &str)] = &[
        // date, hour, minute at the stall; offset; cut-off; business day
        ("2026-11-21", 23, 30, 180, 120, "2026-11-21"),
        ("2026-11-22", 0, 30, 180, 120, "2026-11-21"),
        ("2026-11-22", 1, 59, 180, 120, "2026-11-21"),
        ("2026-11-22", 2, 0, 180, 120, "2026-11-22"),
        ("2026-11-22", 0, 30, 180, 0, "2026-11-22"),
        ("2026-11-22", 0, 0, 0, 0, "2026-11-22"),
        ("2026-11-21", 23, 30, -300, 120, "2026-11-21"),
        ("2026-11-22", 0, 30, -300, 120, "2026-11-21"),
        ("2026-11-22", 0, 30, 345, 120, "2026-11-21"),
        ("2026-11-22", 0, 30, 840, 120, "2026-11-21"),
        ("2026-11-22", 0, 30, -720, 120, "2026-11-21"),
        ("2027-01-01", 1, 0, 60, 120, "2026-12-31"),
        ("2028-03-01", 0, 30, 60, 120, "2028-02-29"),
        ("2027-03-01", 0, 30, 60, 120, "2027-02-28"),
        ("2026-11-22", 23, 58, 0, 1439, "2026-11-21"),
        ("2026-11-22", 23, 59, 0, 1439, "2026-11-22"),
        // Before 1970, where numbers are negative.
        ("1970-01-01", 0, 30, 0, 120, "1969-12-31"),
        ("1969-12-31", 23, 30, 0, 120, "1969-12-31"),
        ("1969-07-20", 1, 0, 60, 120, "1969-07-19"),
        // A clock that is ten years off.
        ("2016-11-22", 0, 30, 180, 120, "2016-11-21"),
        ("2036-11-22", 0, 30, 180, 120, "2036-11-21"),
    ];
    for (date, hour, minute, offset, cut_off, expected) in table {
        let moment = local(date, *hour, *minute, *offset);
        let cut_off = CutOffMinutes::new(*cut_off).unwrap();
        let found = business_day(moment, OffsetMinutes::new(*offset).unwrap(), cut_off);
        assert_eq!(found, day(expected), "{date} {hour}:{minute:02} at {offset}");
    }
}

#[test]
fn the_same_night_in_two_zones_is_two_moments() {
    let nairobi = OffsetMinutes::new(180).unwrap();
    let cut_off = CutOffMinutes::new(120).unwrap();
    let moment = Moment(1_795_300_200_000);
    assert_eq!(moment.to_string(), "2026-11-21T22:30:00.000Z");
    assert_eq!(moment.at(nairobi).to_string(), "2026-11-22 01:30");
    assert_eq!(business_day(moment, nairobi, cut_off).to_string(), "2026-11-21");
    assert_eq!(business_day(moment.plus_ms(HOUR_MS / 2), nairobi, cut_off).to_string(), "2026-11-22");
    assert_eq!(Moment(-1).to_string(), "1969-12-31T23:59:59.999Z");
}

#[test]
fn a_clock_beyond_all_years_still_gets_a_day() {
    let (utc, midnight) = (OffsetMinutes::UTC, CutOffMinutes::MIDNIGHT);
    assert_eq!(business_day(Moment(i64::MAX), utc, midnight), BusinessDay::MAX);
    assert_eq!(business_day(Moment(i64::MIN), utc, midnight), BusinessDay::MIN);
    assert_eq!(Moment(i64::MAX).plus_ms(1), Moment(i64::MAX));
    assert_eq!(Moment(i64::MIN).since(Moment(i64::MAX)), i64::MIN);
    assert_eq!(Moment(i64::MAX).to_string(), "292278994-08-17T07:12:55.807Z");
}

#[test]
fn days_are_read_and_written() {
    let table: &[(&str, i32)] = &[
        ("1970-01-01", 0),
        ("1969-12-31", -1),
        ("1970-03-01", 59),
        ("2000-02-29", 11_016),
        ("2000-03-01", 11_017),
        ("2026-11-21", 20_778),
        ("0001-01-01", -719_162),
        ("9999-12-31", 2_932_896),
    ];
    for (text, days) in table {
        assert_eq!(day(text).days(), *days, "{text}");
        assert_eq!(BusinessDay::from_days(*days).unwrap().to_string(), *text);
    }
    for text in [
        "2026-02-29",
        "2026-04-31",
        "1900-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-10-00",
        "0000-01-01",
        "2026-1-1",
        "26-01-01",
        "2026-11-21-1",
        "-026-11-21",
        "2026/11/21",
        "",
        "today",
    ] {
        assert_eq!(text.parse::<BusinessDay>(), Err(CalendarError::NotADay), "{text:?}");
    }
    assert_eq!(day("2026-12-31").plus_days(1), Some(day("2027-01-01")));
    assert_eq!(BusinessDay::MAX.plus_days(1), None);
    let wild = Civil { year: i64::MAX, month: i64::MAX, day: 1 };
    assert_eq!(BusinessDay::from_civil(wild), None);
}

#[test]
fn every_day_of_twenty_years_follows_the_one_before() {
    let mut date = day("2016-11-21").civil();
    for days in day("2016-11-22").days()..=day("2036-11-21").days() {
        let next = BusinessDay::from_days(days).unwrap();
        let leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
        let length = match date.month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        date.day += 1;
        if date.day > length {
            (date.month, date.day) = (date.month + 1, 1);
        }
        if date.month > 12 {
            (date.year, date.month) = (date.year + 1, 1);
        }
        assert_eq!(next.civil(), date);
        assert_eq!(BusinessDay::from_civil(date), Some(next));
    }
}

#[test]
fn what_is_not_in_the_calendar_is_refused() {
    assert_eq!(OffsetMinutes::new(1081), Err(CalendarError::Offset));
    assert_eq!(OffsetMinutes::new(-1081), Err(CalendarError::Offset));
    assert_eq!(OffsetMinutes::new(-1080).map(OffsetMinutes::get), Ok(-1080));
    assert_eq!(CutOffMinutes::new(1440), Err(CalendarError::CutOff));
    assert_eq!(CutOffMinutes::new(1439).map(CutOffMinutes::get), Ok(1439));
    for name in ["Africa/Nairobi", "America/Argentina/Buenos_Aires", "Etc/GMT+3", "UTC"] {
        assert_eq!(ZoneName::new(name).unwrap().as_str(), name);
    }
    for name in ["", "/etc/passwd", "../x", "Africa/Nairobi\n", "Zürich", &"a".repeat(65)] {
        assert_eq!(ZoneName::new(name), Err(CalendarError::NotAZone), "{name:?}");
    }
}

#[test]
fn stored_values_are_checked_when_read() {
    assert_eq!(BusinessDay::from_bytes(&2_932_897i32.to_bytes()), Err(Malformed::Number));
    assert_eq!(OffsetMinutes::from_bytes(&1081i32.to_bytes()), Err(Malformed::Number));
    assert_eq!(CutOffMinutes::from_bytes(&1440u16.to_bytes()), Err(Malformed::Number));
    assert_eq!(ZoneName::from_bytes(&String::from("a b").to_bytes()), Err(Malformed::Text));
    assert_eq!(day("2026-11-21").to_bytes(), [0xd4, 0xc4, 0x02]);
    assert_eq!(OffsetMinutes::new(-300).unwrap().to_bytes(), [0xd7, 0x04]);
}
