//! How many messages one person gets within an hour in one way: what is more waits until there is room again, and nothing is lost.
//! What speaks of money or security leaves before all else, and a part of the hour is kept for it. Pure, but for what it reads.

use std::collections::BTreeMap;

use soko_domain::ids::ThingId;
use soko_record_log::{StoreError, Tx};

use super::channel::Channel;
use super::outbox::{self, Message};
use super::topic::Audience;

const HOUR_MS: i64 = 3_600_000;
/// One in so many is kept for what speaks of money or security.
const KEPT_ONE_IN: usize = 5;
/// Why a message waits that would have been one too many.
pub(super) const WAITS_FOR_ROOM: &str = "as many as one person gets within an hour left already";
/// The longest that a message waits for others that are leaving right now.
const AGAIN_MS: i64 = 60_000;

/// Where somebody is told: each browser rings by itself.
type Place = (ThingId, i64, Option<ThingId>);

/// Who got how much within the last hour, as far as it was asked for, with what leaves now.
pub(super) struct Hour {
    most: usize,
    now_ms: i64,
    left: BTreeMap<Place, Vec<i64>>,
}

impl Hour {
    pub(super) fn new(most: usize, now_ms: i64) -> Self {
        Self { most, now_ms, left: BTreeMap::new() }
    }

    /// Until when a message has to wait; if it need not, it counts as one that leaves.
    pub(super) fn full_until(
        &mut self,
        tx: &mut dyn Tx,
        message: &Message,
    ) -> Result<Option<i64>, StoreError> {
        if !is_counted(message) {
            return Ok(None);
        }
        let target = if message.channel == Channel::Push { message.target } else { None };
        let place = (message.account, message.channel.number(), target);
        let left = match self.left.remove(&place) {
            Some(left) => left,
            None => outbox::left_since(tx, message, (self.now_ms - HOUR_MS, self.now_ms))?,
        };
        let left = self.left.entry(place).or_insert(left);
        let until_ms = room_ms(left, room(self.most, message.topic.is_first()), self.now_ms);
        if until_ms.is_none() {
            left.push(self.now_ms);
        }
        Ok(until_ms)
    }
}

/// Receipts, codes and links that somebody waits for have limits of their own, and programs are no people.
fn is_counted(message: &Message) -> bool {
    match message.topic.audience() {
        Audience::Stall | Audience::Buyer => true,
        Audience::Account => !message.topic.is_asked_for(),
        Audience::Customer | Audience::Program => false,
    }
}

/// How many of the hour's messages may have left before one of this kind.
fn room(most: usize, is_first: bool) -> usize {
    if is_first { most } else { (most - most / KEPT_ONE_IN).max(1) }
}

/// When there is room again, if there is none now: as soon as the oldest of those that fill it is an hour old.
fn room_ms(left_ms: &[i64], room: usize, now_ms: i64) -> Option<i64> {
    if left_ms.len() < room {
        return None;
    }
    let mut left_ms = left_ms.to_vec();
    left_ms.sort_unstable();
    let oldest_ms = left_ms.get(left_ms.len() - room).copied().unwrap_or(now_ms);
    Some((oldest_ms + HOUR_MS).max(now_ms + AGAIN_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_kept_for_what_comes_first_and_nobody_gets_nothing() {
        let rooms = [1, 4, 5, 30].map(|most| (room(most, false), room(most, true)));
        assert_eq!(rooms, [(1, 1), (4, 4), (4, 5), (24, 30)]);
    }

    #[test]
    fn there_is_room_when_the_oldest_that_fills_it_is_an_hour_old() {
        let (now, minute) = (10 * HOUR_MS, 60_000);
        assert_eq!(room_ms(&[], 2, now), None);
        assert_eq!(room_ms(&[now - 5 * minute], 2, now), None);
        let left = [now - 5 * minute, now - 50 * minute];
        assert_eq!(room_ms(&left, 2, now), Some(now + 10 * minute));
        // More left than there is room for: the newer of them have to be an hour old.
        let left = [now - 50 * minute, now - 5 * minute, now - 40 * minute];
        assert_eq!(room_ms(&left, 2, now), Some(now + 20 * minute));
        assert_eq!(room_ms(&[now - HOUR_MS + 1, now], 2, now), Some(now + minute), "not again and again");
    }
}
