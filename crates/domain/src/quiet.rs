//! Hours of the day in which nothing rings, on a person's own clock.

const MINUTES_OF_DAY: u32 = 24 * 60;

/// For how many minutes it is still quiet when the clock shows `minute`; nothing if it is not. None are quiet where both ends are
/// the same.
pub fn left_minutes((from, to): (u32, u32), minute: u32) -> Option<u32> {
    let since_from = |minute: u32| (minute + MINUTES_OF_DAY - from % MINUTES_OF_DAY) % MINUTES_OF_DAY;
    let (length, since) = (since_from(to), since_from(minute));
    (since < length).then(|| length - since)
}

/// Reads `22:30`.
pub fn minute_of(clock: &str) -> Option<u32> {
    let (hour, minute) = clock.split_once(':')?;
    let number = |text: &str| {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| is_plain)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_quiet_hours() {
        for (from, to, now, expected) in [
            ("22:00", "07:00", "21:59", None),
            ("22:00", "07:00", "22:00", Some(540)),
            ("22:00", "07:00", "23:30", Some(450)),
            ("22:00", "07:00", "00:00", Some(420)),
            ("22:00", "07:00", "06:59", Some(1)),
            ("22:00", "07:00", "07:00", None),
            ("12:00", "14:00", "13:15", Some(45)),
            ("12:00", "14:00", "14:00", None),
            ("08:00", "00:00", "23:59", Some(1)),
            ("08:00", "00:00", "00:00", None),
            ("09:00", "09:00", "09:00", None),
        ] {
            let of = |clock| minute_of(clock).unwrap();
            assert_eq!(left_minutes((of(from), of(to)), of(now)), expected, "{from} to {to} at {now}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "7", "7:00", "+7:00", "24:00", "12:60", "-1:00", "12:5x", "12:00:00"] {
            assert_eq!(minute_of(text), None, "{text}");
        }
    }
}
