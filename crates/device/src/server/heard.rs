//! Whether the server answers, when it last did, and how far this device's clock is from its own.

use std::cell::Cell;

use reqwest::header::HeaderValue;

use super::Unanswered;
use crate::bell::Bell;
use crate::host::Host;

#[derive(Default)]
pub(crate) struct Heard {
    is_online: Cell<Option<bool>>,
    last_contact_ms: Cell<Option<i64>>,
    clock: Cell<Option<Skew>>,
    /// Rings when it goes on or off.
    pub(crate) turned: Bell,
}

impl Heard {
    pub(crate) fn is_online(&self) -> Option<bool> {
        self.is_online.get()
    }

    pub(crate) fn last_contact_ms(&self) -> Option<i64> {
        self.last_contact_ms.get()
    }

    /// How far this device's clock is ahead of the server's; nothing once somebody set it.
    pub(crate) fn clock_ahead_ms(&self, host: &dyn Host) -> Option<i64> {
        self.clock.get()?.ahead_ms(host.now().at_ms, host.clock_ms())
    }

    /// Another server: nothing is known of it.
    pub(crate) fn forget(&self) {
        self.is_online.set(None);
        self.last_contact_ms.set(None);
        self.clock.set(None);
    }

    /// A refusal is an answer, too.
    pub(crate) fn note(&self, host: &dyn Host, unanswered: Option<&Unanswered>) {
        let is_online = !matches!(unanswered, Some(Unanswered::NoAnswer(_) | Unanswered::Unreached(_)));
        if is_online {
            self.last_contact_ms.set(Some(host.now().at_ms));
        }
        if self.is_online.replace(Some(is_online)) != Some(is_online) {
            self.turned.ring();
        }
    }

    pub(crate) fn note_clock(&self, host: &dyn Host, date: Option<&HeaderValue>) {
        let theirs_ms = date.and_then(|date| date_ms(date.to_str().ok()?));
        if let Some(theirs_ms) = theirs_ms {
            let (wall_ms, clock_ms) = (host.now().at_ms, host.clock_ms());
            let ahead_ms = wall_ms.saturating_sub(theirs_ms);
            self.clock.set(Some(Skew { ahead_ms, wall_ms, clock_ms }));
        }
    }
}

/// How far a clock was ahead when the server was last heard.
#[derive(Clone, Copy)]
struct Skew {
    ahead_ms: i64,
    /// What the clock said then, and what only grows said.
    wall_ms: i64,
    clock_ms: u64,
}

/// Clocks drift, and a date of HTTP has whole seconds.
const SET_MS: i64 = 60_000;

impl Skew {
    /// Nothing if the clock was set meanwhile: it went back, or forward by just what it was behind. A sleep of the device
    /// looks like a clock that went forward, too, and changes nothing.
    fn ahead_ms(self, wall_ms: i64, clock_ms: u64) -> Option<i64> {
        let passed_ms = i64::try_from(clock_ms.saturating_sub(self.clock_ms)).unwrap_or(i64::MAX);
        let jumped_ms = wall_ms.saturating_sub(self.wall_ms).saturating_sub(passed_ms);
        let is_set = jumped_ms < -SET_MS || jumped_ms.saturating_add(self.ahead_ms).abs() < SET_MS;
        // A clock that was right is right after any sleep.
        (!is_set || self.ahead_ms.abs() < SET_MS).then_some(self.ahead_ms)
    }
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date_ms(text: &str) -> Option<i64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let words: Vec<&str> = text.split([' ', ':']).collect();
    let [_, day, month, year, hour, minute, second, "GMT"] = words.as_slice() else { return None };
    let month = i64::try_from(MONTHS.find(month)? / 3).ok()? + 1;
    let number = |text: &str| text.parse::<i64>().ok();
    // Years from March on, so that the leap day is the last one.
    let year = number(year)? - i64::from(month <= 2);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + number(day)? - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    Some((((days * 24 + number(hour)?) * 60 + number(minute)?) * 60 + number(second)?) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_somebody_set_is_not_put_right_twice() {
        const HOUR_MS: i64 = 3_600_000;
        for (ahead_ms, wall_ms, clock_ms, expected) in [
            (3 * HOUR_MS, HOUR_MS, 3_600_000, Some(3 * HOUR_MS)),
            // Put right by hand, back and forward.
            (3 * HOUR_MS, -2 * HOUR_MS, 3_600_000, None),
            (-3 * HOUR_MS, 4 * HOUR_MS, 3_600_000, None),
            // The device slept for eight hours.
            (3 * HOUR_MS, 9 * HOUR_MS, 3_600_000, Some(3 * HOUR_MS)),
            (500, 9 * HOUR_MS, 3_600_000, Some(500)),
            (500, HOUR_MS, 3_600_000, Some(500)),
        ] {
            let skew = Skew { ahead_ms, wall_ms: 0, clock_ms: 0 };
            assert_eq!(skew.ahead_ms(wall_ms, clock_ms), expected, "{ahead_ms} {wall_ms}");
        }
    }

    #[test]
    fn dates_of_servers() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777_000)),
            ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199_000)),
            ("Thu, 26 Nov 2026 11:19:30 GMT", Some(1_795_691_970_000)),
            ("yesterday", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ] {
            assert_eq!(date_ms(text), expected, "{text}");
        }
    }
}
