//! Orders that nobody has looked at are told again, with pauses that grow, until somebody looks or the order is done. What comes in
//! quiet hours is held until they end.
//! Pure: instants come in as numbers.

use std::collections::BTreeMap;

use soko_app_api::Arrival;
use soko_domain::ids::LogId;

use crate::news::Waiting;

/// Pauses between tellings, as multiples of the first. After the last one it is silent: whoever did not hear it by then is
/// not there.
const PAUSES: &[u64] = &[1, 2, 5, 10, 15, 30, 60];
/// More orders than this at once are a page to look at, not a row of notifications.
const WAITING_MAX: usize = 50;

pub(crate) struct Reminders {
    first_pause_ms: u64,
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
    told: u32,
    /// Nothing once it is silent.
    next_ms: Option<u64>,
}

impl Reminders {
    pub(crate) fn new(first_pause_ms: u64) -> Self {
        Self { first_pause_ms, told: BTreeMap::new(), held: Vec::new() }
    }

    /// It was told now, for the first time.
    pub(crate) fn begin(&mut self, waiting: Waiting, arrival: Arrival, now_ms: u64) {
        let next_ms = now_ms.saturating_add(PAUSES[0].saturating_mul(self.first_pause_ms));
        self.go_on(waiting, (arrival, 1, Some(next_ms)));
    }

    /// So it stood when the program ended.
    pub(crate) fn go_on(&mut self, waiting: Waiting, (arrival, told, next_ms): (Arrival, u32, Option<u64>)) {
        if self.told.len() == WAITING_MAX {
            // One that is silent needs its place least.
            let silent = self.told.iter().find(|(_, reminder)| reminder.next_ms.is_none());
            let Some(silent) = silent.map(|(waiting, _)| *waiting) else { return };
            self.told.remove(&silent);
        }
        self.told.entry(waiting).or_insert(Reminder { arrival, told, next_ms });
    }

    /// What waits, for the program's next life: what is told of it, how often that was done, and when it is due.
    pub(crate) fn to_keep(&self) -> Vec<(Waiting, Arrival, u32, Option<u64>)> {
        let told = self.told.iter().map(|(waiting, it)| (*waiting, it.arrival.clone(), it.told, it.next_ms));
        let held =
            self.held.iter().filter_map(|it| Some((it.waiting?, it.arrival.clone(), 0, Some(it.until_ms))));
        told.chain(held).collect()
    }

    /// It came in quiet hours: it is told for the first time when they end. The oldest give way where there are too many.
    pub(crate) fn hold(&mut self, waiting: Option<Waiting>, arrival: Arrival, until_ms: u64) {
        self.held.retain(|held| held.arrival != arrival);
        if self.held.len() == WAITING_MAX {
            self.held.remove(0);
        }
        self.held.push(Held { waiting, arrival, until_ms });
    }

    /// Somebody looked, or nothing waits any more. Says whether it waited.
    pub(crate) fn end(&mut self, waiting: &Waiting) -> bool {
        let held = self.held.len();
        self.held.retain(|held| held.waiting != Some(*waiting));
        self.told.remove(waiting).is_some() || self.held.len() < held
    }

    pub(crate) fn of_stall(&self, stall: LogId) -> Vec<Waiting> {
        let held = self.held.iter().filter_map(|held| held.waiting.as_ref());
        self.told.keys().chain(held).filter(|waiting| waiting.stall == stall).copied().collect()
    }

    /// When something is due, if anything is.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        let held = self.held.iter().map(|held| held.until_ms);
        self.told.values().filter_map(|reminder| reminder.next_ms).chain(held).min()
    }

    /// What was held and may be told now.
    pub(crate) fn held_until(&mut self, now_ms: u64) -> Vec<Arrival> {
        self.held.extract_if(.., |held| held.until_ms <= now_ms).map(|held| held.arrival).collect()
    }

    /// What is to be told again now. Each is told once and then waits for its next pause; in quiet hours, for their end.
    pub(crate) fn due(&mut self, now_ms: u64, quiet_until_ms: Option<u64>) -> Vec<Arrival> {
        let mut due = Vec::new();
        let first_pause_ms = self.first_pause_ms;
        for reminder in
            self.told.values_mut().filter(|it| it.next_ms.is_some_and(|next_ms| next_ms <= now_ms))
        {
            if quiet_until_ms.is_some() {
                reminder.next_ms = quiet_until_ms;
                continue;
            }
            due.push(reminder.arrival.clone());
            let pause = usize::try_from(reminder.told).ok().and_then(|told| PAUSES.get(told));
            reminder.told = reminder.told.saturating_add(1);
            reminder.next_ms = pause.map(|pause| now_ms.saturating_add(pause.saturating_mul(first_pause_ms)));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::OrderId;

    use super::*;

    const FIRST_MS: u64 = 60_000;

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
        let mut reminders = Reminders::new(FIRST_MS);
        let (waiting, arrival) = order(1);
        reminders.begin(waiting, arrival.clone(), 0);
        let mut now_ms = 0;
        for pause in PAUSES.iter().map(|pause| pause * FIRST_MS) {
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
        let mut reminders = Reminders::new(FIRST_MS);
        for number in [1, 2] {
            let (waiting, arrival) = order(number);
            reminders.begin(waiting, arrival, 0);
        }
        assert!(reminders.end(&order(1).0) && !reminders.end(&order(1).0), "once");
        assert_eq!(reminders.of_stall(LogId([1; 16])), [order(2).0]);
        assert!(reminders.of_stall(LogId([2; 16])).is_empty());
        assert_eq!(reminders.due(FIRST_MS, None), [order(2).1]);
    }

    #[test]
    fn hearing_of_an_order_twice_does_not_begin_again() {
        let mut reminders = Reminders::new(FIRST_MS);
        let (waiting, arrival) = order(1);
        reminders.begin(waiting, arrival.clone(), 0);
        reminders.begin(waiting, arrival, FIRST_MS - 1);
        assert_eq!(reminders.next_ms(), Some(FIRST_MS));
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut reminders = Reminders::new(FIRST_MS);
        for number in 0..=u8::MAX {
            let (waiting, arrival) = order(number);
            reminders.begin(waiting, arrival, 0);
        }
        assert_eq!(reminders.due(u64::MAX, None).len(), WAITING_MAX);
    }

    #[test]
    fn what_waits_goes_on_in_the_next_life_where_it_stood() {
        let mut before = Reminders::new(FIRST_MS);
        let [(first, told), (second, held), (third, silent)] = [order(1), order(2), order(3)];
        before.begin(first, told.clone(), 0);
        assert_eq!(before.due(FIRST_MS, None), std::slice::from_ref(&told));
        before.hold(Some(second), held.clone(), 500_000);
        before.hold(None, Arrival::Test, 500_000);
        before.go_on(third, (silent, 8, None));
        let mut after = Reminders::new(FIRST_MS);
        for (waiting, arrival, told, next_ms) in before.to_keep() {
            after.go_on(waiting, (arrival, told, next_ms));
        }
        assert_eq!(after.of_stall(LogId([1; 16])), [first, second, third]);
        assert_eq!(after.next_ms(), Some(3 * FIRST_MS), "the second pause is the longer one");
        assert_eq!(after.due(500_000, None), [told, held], "the third stays silent");
    }

    #[test]
    fn what_is_silent_gives_way_to_what_is_new() {
        let mut reminders = Reminders::new(FIRST_MS);
        for number in 0..WAITING_MAX {
            let (waiting, arrival) = order(u8::try_from(number).unwrap());
            reminders.go_on(waiting, (arrival, 8, Some(5).filter(|_| number != 7)));
        }
        for (number, expected) in [(100, true), (101, false)] {
            let (waiting, arrival) = order(number);
            reminders.begin(waiting, arrival, 0);
            assert_eq!(reminders.end(&waiting), expected, "{number}");
            if expected {
                let (waiting, arrival) = order(number);
                reminders.begin(waiting, arrival, 0);
            }
        }
        assert!(!reminders.end(&order(7).0));
    }

    #[test]
    fn quiet_hours_hold_what_comes_and_what_comes_again() {
        let mut reminders = Reminders::new(FIRST_MS);
        let [(first, told), (second, held)] = [order(1), order(2)];
        reminders.begin(first, told.clone(), 0);
        reminders.hold(Some(second), held.clone(), 500_000);
        let news = Arrival::Incident { stall: LogId([1; 16]), stall_name: "Amina".into() };
        for _ in 0..2 {
            reminders.hold(None, news.clone(), 500_000);
        }
        assert!(reminders.due(FIRST_MS, Some(500_000)).is_empty());
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
