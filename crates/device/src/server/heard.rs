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
    clock_ahead_ms: Cell<Option<i64>>,
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

    pub(crate) fn clock_ahead_ms(&self) -> Option<i64> {
        self.clock_ahead_ms.get()
    }

    /// Another server: nothing is known of it.
    pub(crate) fn forget(&self) {
        self.is_online.set(None);
        self.last_contact_ms.set(None);
        self.clock_ahead_ms.set(None);
    }

    /// A refusal is an answer, too.
    pub(crate) fn note(&self, host: &dyn Host, unanswered: Option<&Unanswered>) {
        let is_online = !matches!(unanswered, Some(Unanswered::NoAnswer(_)));
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
            self.clock_ahead_ms.set(Some(host.now().at_ms.saturating_sub(theirs_ms)));
        }
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
