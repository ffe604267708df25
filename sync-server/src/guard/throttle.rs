//! Wrong passwords make the next try wait, longer each time, per account and address prefix. Nobody is ever
//! locked out for good, or a stranger could lock out an owner.

use std::collections::BTreeMap;

use crate::guard::limits::Prefix;
use soko_domain::ids::Hash;

/// Tries that cost nothing.
pub const FREE_FAILURES: u32 = 3;
pub const DELAY_FIRST_MS: i64 = 1_000;
pub const DELAY_LONGEST_MS: i64 = 5 * 60_000;
/// Failures are forgotten after so long without another.
pub const FORGET_AFTER_MS: i64 = 60 * 60_000;
pub const ENTRIES_MAX: usize = 20_000;

/// Whose password is tried (a hash of the name, known or not) and from where.
pub type Tried = (Hash, Prefix);

/// Wait before the next try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    pub retry_after_s: u32,
}

#[derive(Debug, Default)]
pub struct Throttle {
    failures: BTreeMap<Tried, Failures>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last_ms: i64,
}

impl Throttle {
    /// Whether a try may be made now.
    pub fn check(&self, tried: &Tried, now_ms: i64) -> Result<(), Wait> {
        let Some(failures) = self.failures.get(tried) else { return Ok(()) };
        let since_ms = now_ms.saturating_sub(failures.last_ms).max(0);
        let left_ms = delay_ms(failures.count).saturating_sub(since_ms);
        if since_ms >= FORGET_AFTER_MS || left_ms <= 0 {
            return Ok(());
        }
        Err(Wait { retry_after_s: u32::try_from(left_ms.div_euclid(1_000) + 1).unwrap_or(u32::MAX) })
    }

    pub fn failed(&mut self, tried: Tried, now_ms: i64) {
        if self.failures.len() >= ENTRIES_MAX && !self.failures.contains_key(&tried) {
            self.make_room(now_ms);
        }
        let failures = self.failures.entry(tried).or_insert(Failures { count: 0, last_ms: now_ms });
        if now_ms.saturating_sub(failures.last_ms) >= FORGET_AFTER_MS {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last_ms = now_ms;
    }

    pub fn succeeded(&mut self, tried: &Tried) {
        self.failures.remove(tried);
    }

    fn make_room(&mut self, now_ms: i64) {
        self.failures.retain(|_, failures| now_ms.saturating_sub(failures.last_ms) < FORGET_AFTER_MS);
        if self.failures.len() < ENTRIES_MAX {
            return;
        }
        let oldest =
            self.failures.iter().min_by_key(|(_, failures)| failures.last_ms).map(|(tried, _)| *tried);
        if let Some(tried) = oldest {
            self.failures.remove(&tried);
        }
    }
}

fn delay_ms(failures: u32) -> i64 {
    let Some(beyond) = failures.checked_sub(FREE_FAILURES) else { return 0 };
    // 2^9 seconds is beyond the longest delay already.
    (DELAY_FIRST_MS << beyond.min(9)).min(DELAY_LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn tried(account: u8, address: &str) -> Tried {
        (Hash([account; 32]), Prefix::from(address.parse::<IpAddr>().unwrap()))
    }

    #[test]
    fn delays_grow_and_end() {
        let mut throttle = Throttle::default();
        let at = tried(1, "192.0.2.1");
        // (failures so far, seconds to wait right after the last)
        let expected = [(1, 0), (2, 0), (3, 2), (4, 3), (5, 5), (6, 9), (12, 301), (40, 301)];
        let mut made = 0;
        for (failures, wait_s) in expected {
            while made < failures {
                throttle.failed(at, 0);
                made += 1;
            }
            let wait = throttle.check(&at, 0).err().map_or(0, |wait| wait.retry_after_s);
            assert_eq!(wait, wait_s, "after {failures}");
        }
        assert_eq!(throttle.check(&at, DELAY_LONGEST_MS), Ok(()));
        assert_eq!(throttle.check(&tried(1, "192.0.2.2"), 0), Ok(()), "the owner elsewhere is not delayed");
        assert_eq!(throttle.check(&tried(2, "192.0.2.1"), 0), Ok(()));
        throttle.succeeded(&at);
        assert_eq!(throttle.check(&at, 0), Ok(()));
    }

    #[test]
    fn failures_are_forgotten_and_bounded() {
        let mut throttle = Throttle::default();
        let at = tried(1, "192.0.2.1");
        (0..10).for_each(|_| throttle.failed(at, 0));
        throttle.failed(at, FORGET_AFTER_MS);
        assert_eq!(throttle.check(&at, FORGET_AFTER_MS), Ok(()), "an hour later it counts as the first");
        for number in 0..u16::try_from(ENTRIES_MAX).unwrap() + 10 {
            let [high, low] = number.to_be_bytes();
            throttle.failed(tried(2, &format!("10.0.{high}.{low}")), i64::from(number));
        }
        assert!(throttle.failures.len() <= ENTRIES_MAX);
    }
}
