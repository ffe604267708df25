//! Dates and times of day as providers write them, in milliseconds since 1970 at the stall.

use crate::calendar::{BusinessDay, Civil};
use crate::import::western_digit;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Year, month, day, hour, minute, second, written together.
const TOGETHER_DIGITS: usize = 14;

/// Which of the first two numbers of a date without a leading year is the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DayOrder {
    DayFirst,
    MonthFirst,
}

/// Day first, unless a date of the column can only be the other way.
pub(crate) fn order_of<'a>(cells: impl Iterator<Item = &'a str>) -> DayOrder {
    for cell in cells {
        let numbers = numbers(cell);
        let [first, second, ..] = numbers.as_slice() else { continue };
        if first.len() > 2 {
            continue;
        }
        match (first.parse::<i64>(), second.parse::<i64>()) {
            (Ok(13..=31), _) => return DayOrder::DayFirst,
            (_, Ok(13..=31)) => return DayOrder::MonthFirst,
            (Ok(_) | Err(_), Ok(_) | Err(_)) => {}
        }
    }
    DayOrder::DayFirst
}

pub(crate) fn parse(cell: &str, order: DayOrder) -> Option<i64> {
    let mut numbers = numbers(cell);
    if let [all] = numbers.as_slice()
        && all.len() == TOGETHER_DIGITS
    {
        numbers = [0..4, 4..6, 6..8, 8..10, 10..12, 12..14].map(|part| all[part].to_owned()).to_vec();
    }
    let [first, second, third, rest @ ..] = numbers.as_slice() else { return None };
    let (year, month, day) = match (first.len(), order) {
        (4, _) => (first, second, third),
        (1 | 2, DayOrder::DayFirst) => (third, second, first),
        (1 | 2, DayOrder::MonthFirst) => (third, first, second),
        (_, DayOrder::DayFirst | DayOrder::MonthFirst) => return None,
    };
    let century = if year.len() == 2 { 2_000 } else { 0 };
    let date = Civil {
        year: year.parse::<i64>().ok()?.checked_add(century)?,
        month: month.parse().ok()?,
        day: day.parse().ok()?,
    };
    let days = i64::from(BusinessDay::from_civil(date)?.days());
    let part = |at: usize| rest.get(at).map_or(Some(0), |text| text.parse::<i64>().ok());
    let (hour, minute, second) = (part(0)?, part(1)?, part(2)?);
    let hour = in_day(hour, cell)?;
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
        return None;
    }
    Some(days * DAY_MS + (hour * 60 + minute) * MINUTE_MS + second * 1_000)
}

/// The hour after midnight where a clock of twelve hours was meant.
fn in_day(hour: i64, cell: &str) -> Option<i64> {
    let letters: String = cell.chars().filter(|letter| letter.is_alphabetic()).collect();
    match letters.to_lowercase().as_str() {
        "am" | "ص" => (1..=12).contains(&hour).then_some(hour % 12),
        "pm" | "م" => (1..=12).contains(&hour).then_some(hour % 12 + 12),
        _ => Some(hour),
    }
}

fn numbers(cell: &str) -> Vec<String> {
    let western: String = cell.chars().map(western_digit).collect();
    let parts = western.split(|letter: char| !letter.is_ascii_digit());
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Moment, OffsetMinutes};

    #[test]
    fn times_are_read_as_providers_write_them() {
        use DayOrder::{DayFirst, MonthFirst};
        for (cell, order, wanted) in [
            ("2026-11-27 14:05:33", DayFirst, Some("2026-11-27 14:05")),
            ("2026-11-27T14:05:33.120", DayFirst, Some("2026-11-27 14:05")),
            ("27-11-2026 14:05", DayFirst, Some("2026-11-27 14:05")),
            ("3/4/26 2:05 PM", DayFirst, Some("2026-04-03 14:05")),
            ("3/4/2026 12:05 a.m.", MonthFirst, Some("2026-03-04 00:05")),
            ("٢٧/١١/٢٠٢٦ ٠٩:٣٠", DayFirst, Some("2026-11-27 09:30")),
            ("20261127140533", DayFirst, Some("2026-11-27 14:05")),
            ("27.11.2026", DayFirst, Some("2026-11-27 00:00")),
            ("2026-02-30 10:00", DayFirst, None),
            ("2026-11-27 25:00", DayFirst, None),
            ("13:05 PM 27-11-2026", DayFirst, None),
            ("yesterday", DayFirst, None),
            ("123-4-2026", DayFirst, None),
        ] {
            let read = parse(cell, order).map(|ms| Moment(ms).at(OffsetMinutes::UTC).to_string());
            assert_eq!(read.as_deref(), wanted, "{cell}");
        }
    }

    #[test]
    fn a_column_says_which_number_is_the_day() {
        for (cells, order) in [
            (vec!["3/4/2026", "27/4/2026"], DayOrder::DayFirst),
            (vec!["3/4/2026", "4/27/2026"], DayOrder::MonthFirst),
            (vec!["2026-11-27", "3/4/2026"], DayOrder::DayFirst),
            (vec![], DayOrder::DayFirst),
        ] {
            assert_eq!(order_of(cells.iter().copied()), order, "{cells:?}");
        }
    }
}
