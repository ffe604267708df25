//! Count what is there. A surplus becomes the counter's share; what is missing is first what was set apart of revoked
//! devices, then comes off the counter's share, and what that cannot cover is owed: the server covers it from what is set apart,
//! then from the shop's share, or names the orders that are at risk. It is the only way a promise can break, and it is never silent.
//!
//! What was sold meanwhile at another register must be taken once and not twice. So a count can be opened first: every
//! register that hears of it marks where its chain stands, and what should be there is what had happened by then.

use crate::entry::{CountDropped, CountMarked, CountOpened, Entry, StockCounted};
use crate::ids::{AuthorId, ProductId, ThingId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::stock::MOVE_QUANTITY_MAX;
use crate::verbs::check_note;
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountStock {
    pub count: ThingId,
    pub product: ProductId,
    pub counted: i64,
    pub reason: String,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    /// All units that should be at the stall: shares, pool, holds and quarantine, less what is owed.
    pub expected: i64,
    pub own_share: i64,
    /// Other counts of the product that this register opened and gave no number for: this one takes their place.
    pub left_open: Vec<ThingId>,
    /// What revoked devices held. It is set apart until somebody counts, and a count has looked for it.
    pub set_apart: i64,
    /// The records behind `expected`.
    pub seen: Vec<(AuthorId, u64)>,
}

/// Begins a count. Whoever counts again opens another one.
pub fn decide_open(count: ThingId, product: ProductId) -> Vec<Entry> {
    vec![CountOpened { count, product }.into()]
}

/// The mark of a register that heard of a count.
pub fn decide_mark(count: ThingId) -> Vec<Entry> {
    vec![CountMarked { count }.into()]
}

/// No number comes for it.
pub fn decide_drop(count: ThingId) -> Vec<Entry> {
    vec![CountDropped { count }.into()]
}

/// What happened to the product behind the marks, or before them and is not in the tables yet.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Around {
    /// By how much records behind a mark changed what should be there.
    pub behind_here: i64,
    /// Units of orders handed over behind a mark, and in the tables as gone.
    pub behind_handed_over: i64,
    /// Units of orders handed over before a mark, and in the tables as here.
    pub before_handed_over: i64,
}

/// What should have been there at the marks, from what the tables say now.
pub fn expected_at_marks(now: i64, around: Around) -> i64 {
    now.saturating_sub(around.behind_here)
        .saturating_add(around.behind_handed_over)
        .saturating_sub(around.before_handed_over)
}

pub fn decide(facts: &Facts, command: &CountStock) -> Result<Vec<Entry>, Refusal> {
    check_note(&command.reason)?;
    ensure((0..=MOVE_QUANTITY_MAX).contains(&command.counted), invalid(Wrong::QuantityOdd))?;
    let shortage = facts.expected.saturating_sub(command.counted).max(0);
    let mut entries: Vec<Entry> = facts.left_open.iter().flat_map(|count| decide_drop(*count)).collect();
    entries.push(
        StockCounted {
            count: command.count,
            product: command.product,
            counted: command.counted,
            expected: facts.expected,
            from_share: (shortage - facts.set_apart.max(0)).clamp(0, facts.own_share.max(0)),
            seen: facts.seen.clone(),
            reason: command.reason.clone(),
        }
        .into(),
    );
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_what_was_set_apart_and_then_comes_off_the_own_share() {
        for (expected, own_share, set_apart, counted, from_share) in [
            (10, 4, 0, 10, 0),
            (10, 4, 0, 12, 0),
            (10, 4, 0, 7, 3),
            (10, 4, 0, 2, 4),
            (10, 0, 0, 2, 0),
            (-1, 0, 0, 0, 0),
            (10, 4, 3, 8, 0),
            (10, 4, 3, 7, 0),
            (10, 4, 3, 5, 2),
            (10, 4, 3, 0, 4),
            // Overdrawn by a late fact: it covers nothing.
            (10, 4, -3, 7, 3),
        ] {
            let facts = Facts { expected, own_share, set_apart, ..Facts::default() };
            let command = CountStock {
                count: ThingId([1; 16]),
                product: ProductId([2; 16]),
                counted,
                reason: String::new(),
            };
            let entries = decide(&facts, &command).unwrap();
            let [Entry::StockCounted(count)] = entries.as_slice() else { panic!("{entries:?}") };
            assert_eq!(
                (count.from_share, count.expected),
                (from_share, expected),
                "counted {counted} of {facts:?}"
            );
        }
    }

    #[test]
    fn what_happened_behind_a_mark_is_no_shortage_and_no_surplus() {
        for (now, behind_here, behind_handed_over, before_handed_over, expected) in [
            (10, 0, 0, 0, 10),
            // Sold two behind the mark: they lay there.
            (8, -2, 0, 0, 10),
            // Took three in behind it: they did not.
            (13, 3, 0, 0, 10),
            // An order left behind the mark, and one before it that the server has not ended.
            (10, 0, 4, 1, 13),
        ] {
            let around = Around { behind_here, behind_handed_over, before_handed_over };
            assert_eq!(expected_at_marks(now, around), expected, "{around:?}");
        }
    }

    #[test]
    fn a_number_ends_what_was_left_open_of_its_product() {
        let left = ThingId([3; 16]);
        let facts = Facts { left_open: vec![left], ..Facts::default() };
        let command = CountStock {
            count: ThingId([1; 16]),
            product: ProductId([2; 16]),
            counted: 1,
            reason: String::new(),
        };
        let entries = decide(&facts, &command).unwrap();
        let [Entry::CountDropped(dropped), Entry::StockCounted(count)] = entries.as_slice() else {
            panic!("{entries:?}")
        };
        assert_eq!((dropped.count, count.count), (left, command.count));
    }

    #[test]
    fn a_count_below_zero_is_refused() {
        let command = CountStock {
            count: ThingId([1; 16]),
            product: ProductId([2; 16]),
            counted: -1,
            reason: String::new(),
        };
        assert_eq!(decide(&Facts::default(), &command), Err(invalid(Wrong::QuantityOdd)));
    }
}
