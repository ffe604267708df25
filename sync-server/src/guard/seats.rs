//! How many may be here at once, altogether and from one address.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::guard::limits::Prefix;

/// Cheap to clone; all clones are the same room.
#[derive(Clone)]
pub struct Seats {
    seats_max: usize,
    per_prefix_max: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_prefix: BTreeMap<Prefix, usize>,
}

/// Somebody's place, free again when it is dropped.
pub struct Seat {
    prefix: Prefix,
    taken: Arc<Mutex<Taken>>,
}

impl Seats {
    pub fn new(seats_max: usize, per_prefix_max: usize) -> Self {
        Self { seats_max, per_prefix_max, taken: Arc::default() }
    }

    /// Callers on this very machine are not counted by address: a proxy may stand there.
    pub fn take(&self, prefix: Prefix, is_local: bool) -> Option<Seat> {
        let mut taken = lock(&self.taken);
        let of_prefix = taken.by_prefix.get(&prefix).copied().unwrap_or(0);
        if taken.all >= self.seats_max || (!is_local && of_prefix >= self.per_prefix_max) {
            return None;
        }
        taken.all += 1;
        taken.by_prefix.insert(prefix, of_prefix + 1);
        drop(taken);
        Some(Seat { prefix, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all = taken.all.saturating_sub(1);
        let left = taken.by_prefix.get(&self.prefix).map_or(0, |count| count.saturating_sub(1));
        if left == 0 {
            taken.by_prefix.remove(&self.prefix);
        } else {
            taken.by_prefix.insert(self.prefix, left);
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_limited_and_come_free() {
        let seats = Seats::new(3, 2);
        let prefix = |last: u8| Prefix::from(std::net::IpAddr::from([192, 0, 2, last]));
        let first = seats.take(prefix(1), false).unwrap();
        let _second = seats.take(prefix(1), false).unwrap();
        assert!(seats.take(prefix(1), false).is_none(), "two of one address");
        let _local = seats.take(prefix(1), true).unwrap();
        assert!(seats.take(prefix(2), false).is_none(), "three altogether");
        drop(first);
        assert!(seats.take(prefix(2), false).is_some());
        drop(seats.take(prefix(2), false));
        assert_eq!(lock(&seats.taken).by_prefix.len(), 1);
    }
}
