//! Orders that nobody has looked at are told again, with pauses that grow, until somebody looks or the order is done. What comes in
//! quiet hours is held until they end.
//! Pure: instants come in as numbers.

use std::collections::BTreeMap;

use soko_app_api::Arrival;
use soko_domain::ids::LogId;

use crate::news::Waiting;

const MINUTE_MS: u64 = 60_000;
/// Pauses between tellings. After the last one it is silent: whoever did not hear it by then is not there.
const PAUSES_MS: &[u64] = &[
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    60 * MINUTE_MS,
];
/// More orders than this at once are a page to look at, not a row of notifications.
const WAITING_MAX: usize = 50;

#[derive(Default)]
pub(crate) struct Reminders {
    told: BTreeMap<Waiting, Reminder>,
    held: Vec<Held>,
}

/// Not told yet.
struct Held {
    waiting: Option<Waiting>,
    arrival: Arrival,
    until_ms: u64,
}

struct Reminder {
    arrival: Arrival,
    told: usize,
    next_ms: u64,
}

impl Reminders {
    /// It was told now, for the first time.
    pub(crate) fn begin(&mut self, waiting: Waiting, arrival: Arrival, now_ms: u64) {
        if self.told.len() < WAITING_MAX {
            let next_ms = now_ms.saturating_add(PAUSES_MS[0]);
            self.told.entry(waiting).or_insert(Reminder { arrival, told: 1, next_ms });
        }
    }

    /// It came in quiet hours: it is told for the first time when they end. The oldest give way where there are too many.
    pub(crate) fn hold(&mut self, waiting: Option<Waiting>, arrival: Arrival, until_ms: u64) {
        self.held.retain(|held| held.arrival != arrival);
        if self.held.len() == WAITING_MAX {
            self.held.remove(0);
        }
        self.held.push(Held { waiting, arrival, until_ms });
    }

    /// Somebody looked, or nothing waits any more.
    pub(crate) fn end(&mut self, waiting: &Waiting) {
        self.told.remove(waiting);
        self.held.retain(|held| held.waiting != Some(*waiting));
    }

    pub(crate) fn of_stall(&self, stall: LogId) -> Vec<Waiting> {
        let held = self.held.iter().filter_map(|held| held.waiting.as_ref());
        self.told.keys().chain(held).filter(|waiting| waiting.stall == stall).copied().collect()
    }

    /// When something is due, if anything is.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        let held = self.held.iter().map(|held| held.until_ms);
        self.told.values().map(|reminder| reminder.next_ms).chain(held).min()
    }

    /// What was held and may be told now.
    pub(crate) fn held_until(&mut self, now_ms: u64) -> Vec<Arrival> {
        self.held.extract_if(.., |held| held.until_ms <= now_ms).map(|held| held.arrival).collect()
    }

    /// What is to be told again now. Each is told once and then waits for its next pause; in quiet hours, for their end.
    pub(crate) fn due(&mut self, now_ms: u64, quiet_until_ms: Option<u64>) -> Vec<Arrival> {
        let mut due = Vec::new();
        self.told.retain(|_, reminder| {
            if reminder.next_ms > now_ms {
                return true;
            }
            if let Some(until_ms) = quiet_until_ms {
                reminder.next_ms = until_ms;
                return true;
            }
            due.push(reminder.arrival.clone());
            let pause = PAUSES_MS.get(reminder.told);
            reminder.told += 1;
            reminder.next_ms = now_ms.saturating_add(pause.copied().unwrap_or_default());
            pause.is_some()
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::OrderId;

    use super::*;

    fn order(number: u8) -> (Waiting, Arrival) {
        let (stall, order) = (LogId([1; 16]), OrderId([number; 16]));
        let arrival = Arrival::Order {
            stall,
            order,
            stall_name: "Amina".into(),
            currency: "KES".into(),
            total_minor: 100,
            lines: 1,
        };
        (Waiting { stall, order }, arrival)
    }

    #[test]
    fn an_order_is_told_again_with_growing_pauses_and_then_no_more() {
        let mut reminders = Reminders::default();
        let (waiting, arrival) = order(1);
        reminders.begin(waiting, arrival.clone(), 0);
        let mut now_ms = 0;
        for pause in PAUSES_MS {
            assert_eq!(reminders.next_ms(), Some(now_ms + pause));
            assert!(reminders.due(now_ms + pause - 1, None).is_empty());
            now_ms += pause;
            assert_eq!(reminders.due(now_ms, None), std::slice::from_ref(&arrival));
            assert!(reminders.due(now_ms, None).is_empty(), "once each time");
        }
        assert_eq!(reminders.next_ms(), None);
    }

    #[test]
    fn looking_ends_it() {
        let mut reminders = Reminders::default();
        for number in [1, 2] {
            let (waiting, arrival) = order(number);
            reminders.begin(waiting, arrival, 0);
        }
        reminders.end(&order(1).0);
        assert_eq!(reminders.of_stall(LogId([1; 16])), [order(2).0]);
        assert!(reminders.of_stall(LogId([2; 16])).is_empty());
        assert_eq!(reminders.due(PAUSES_MS[0], None), [order(2).1]);
    }

    #[test]
    fn hearing_of_an_order_twice_does_not_begin_again() {
        let mut reminders = Reminders::default();
        let (waiting, arrival) = order(1);
        reminders.begin(waiting, arrival.clone(), 0);
        reminders.begin(waiting, arrival, PAUSES_MS[0] - 1);
        assert_eq!(reminders.next_ms(), Some(PAUSES_MS[0]));
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut reminders = Reminders::default();
        for number in 0..=u8::MAX {
            let (waiting, arrival) = order(number);
            reminders.begin(waiting, arrival, 0);
        }
        assert_eq!(reminders.due(u64::MAX, None).len(), WAITING_MAX);
    }

    #[test]
    fn quiet_hours_hold_what_comes_and_what_comes_again() {
        let mut reminders = Reminders::default();
        let [(first, told), (second, held)] = [order(1), order(2)];
        reminders.begin(first, told.clone(), 0);
        reminders.hold(Some(second), held.clone(), 500_000);
        let news = Arrival::Incident { stall: LogId([1; 16]), stall_name: "Amina".into() };
        for _ in 0..2 {
            reminders.hold(None, news.clone(), 500_000);
        }
        assert!(reminders.due(PAUSES_MS[0], Some(500_000)).is_empty());
        assert!(reminders.held_until(499_999).is_empty());
        assert_eq!(reminders.next_ms(), Some(500_000));
        assert_eq!(reminders.of_stall(LogId([1; 16])), [first, second]);
        assert_eq!(reminders.held_until(500_000), [held.clone(), news], "each once");
        assert_eq!(reminders.due(500_000, None), [told]);
        reminders.hold(Some(second), held, 900_000);
        reminders.end(&second);
        assert!(reminders.held_until(900_000).is_empty(), "somebody looked meanwhile");
    }
}
