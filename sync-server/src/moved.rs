//! "Stall X moved to position P", and "something of order Y changed": told after the commit to whoever listens. Only the latest
//! word counts, so a slow listener skips steps and never holds anything up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use soko_domain::ids::{LogId, OrderId};
use tokio::sync::watch;

/// What has listeners is little; beyond this many entries those without any are dropped first.
const SWEEP_AT: usize = 1_000;

/// Who listens to what.
#[derive(Default)]
struct Listened<K> {
    senders: BTreeMap<K, watch::Sender<u64>>,
    /// When those without listeners are dropped next.
    sweep_at: usize,
}

type Senders<K> = Mutex<Listened<K>>;

/// Cheap to clone; all clones are the same feed.
#[derive(Clone, Default)]
pub struct Moved {
    stalls: Arc<Senders<LogId>>,
    /// How often something was told of an order.
    orders: Arc<Senders<(LogId, OrderId)>>,
    /// Counts what was told of any stall.
    all: Arc<watch::Sender<u64>>,
}

impl Moved {
    /// Tells the listeners of a stall. Positions that come late are passed over.
    pub fn tell(&self, stall: LogId, position: u64) {
        self.tell_all();
        let stalls = self.stalls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = stalls.senders.get(&stall) {
            sender.send_if_modified(|latest| {
                let is_later = position > *latest;
                *latest = position.max(*latest);
                is_later
            });
        }
    }

    /// Tells those who listen to all stalls that any of them may have moved.
    pub fn tell_all(&self) {
        self.all.send_modify(|told| *told += 1);
    }

    /// How often anything was told.
    pub fn told(&self) -> u64 {
        *self.all.borrow()
    }

    /// Hears from now on that some stall moved.
    pub fn listen_to_all(&self) -> watch::Receiver<u64> {
        self.all.subscribe()
    }

    /// Tells the listeners of one order: whoever changed it here knows which one it was, and they need not wait until it is
    /// looked which of a stall's orders its move was about.
    pub fn tell_order(&self, stall: LogId, order: OrderId) {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = orders.senders.get(&(stall, order)) {
            sender.send_modify(|told| *told += 1);
        }
    }

    /// Hears about a stall from now on.
    pub fn listen(&self, stall: LogId) -> watch::Receiver<u64> {
        subscribe(&self.stalls, stall)
    }

    /// Hears from now on what is changed here of an order; what its stall's devices do about it is only heard of the stall.
    pub fn listen_to_order(&self, stall: LogId, order: OrderId) -> watch::Receiver<u64> {
        subscribe(&self.orders, (stall, order))
    }
}

fn subscribe<K: Ord>(senders: &Senders<K>, to: K) -> watch::Receiver<u64> {
    let mut all = senders.lock().unwrap_or_else(PoisonError::into_inner);
    if all.senders.len() >= all.sweep_at {
        all.senders.retain(|_, sender| sender.receiver_count() > 0);
        // Where thousands listen, the next thousands do not look at all of them one by one.
        all.sweep_at = SWEEP_AT.max(2 * all.senders.len());
    }
    all.senders.entry(to).or_insert_with(|| watch::Sender::new(0)).subscribe()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_position_of_the_own_stall_is_heard() {
        let moved = Moved::default();
        let (own, other) = (LogId([1; 16]), LogId([2; 16]));
        let mut listener = moved.listen(own);
        moved.tell(other, 9);
        assert!(!listener.has_changed().unwrap());
        for position in [3, 5, 4] {
            moved.tell(own, position);
        }
        assert_eq!((listener.has_changed().unwrap(), *listener.borrow_and_update()), (true, 5));
        moved.tell(own, 5);
        assert!(!listener.has_changed().unwrap());
    }

    #[test]
    fn an_orders_word_is_heard_by_its_own_listeners() {
        let moved = Moved::default();
        let (stall, order) = (LogId([1; 16]), OrderId([2; 16]));
        let mut own = moved.listen_to_order(stall, order);
        let others =
            [moved.listen_to_order(stall, OrderId([3; 16])), moved.listen_to_order(LogId([4; 16]), order)];
        moved.tell_order(stall, order);
        assert!(own.has_changed().unwrap());
        own.mark_unchanged();
        assert!(others.iter().all(|other| !other.has_changed().unwrap()));
        moved.tell(stall, 1);
        assert!(!own.has_changed().unwrap());
    }

    #[test]
    fn stalls_without_listeners_are_forgotten() {
        let moved = Moved::default();
        let kept = moved.listen(LogId([0xff; 16]));
        for number in 0..u16::try_from(3 * SWEEP_AT).unwrap() {
            let [high, low] = number.to_be_bytes();
            let mut stall = LogId::default();
            stall.0[..2].copy_from_slice(&[high, low]);
            drop(moved.listen(stall));
            drop(moved.listen_to_order(stall, OrderId([1; 16])));
        }
        assert!(moved.stalls.lock().unwrap().senders.len() <= SWEEP_AT);
        assert!(moved.orders.lock().unwrap().senders.len() <= SWEEP_AT);
        moved.tell(LogId([0xff; 16]), 1);
        assert!(kept.has_changed().unwrap());
    }

    #[test]
    fn where_thousands_listen_whoever_comes_does_not_look_at_all_of_them() {
        let moved = Moved::default();
        let order = |number: u16| {
            let [high, low] = number.to_be_bytes();
            let mut order = OrderId([1; 16]);
            order.0[..2].copy_from_slice(&[high, low]);
            order
        };
        let all: Vec<_> = (0..u16::try_from(3 * SWEEP_AT).unwrap())
            .map(|number| moved.listen_to_order(LogId([1; 16]), order(number)))
            .collect();
        assert_eq!(moved.orders.lock().unwrap().sweep_at, 4 * SWEEP_AT);
        drop(all);
        for number in 0..u16::try_from(2 * SWEEP_AT).unwrap() {
            drop(moved.listen_to_order(LogId([2; 16]), order(number)));
        }
        assert!(moved.orders.lock().unwrap().senders.len() <= SWEEP_AT);
    }
}
