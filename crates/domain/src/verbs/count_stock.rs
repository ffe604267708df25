//! Count what is there. A surplus becomes the counter's share; a shortage comes off the counter's share
//! first, and what that cannot cover is owed: the server covers it from the shop's share or names the orders
//! that are at risk. It is the only way a promise can break, and it is never silent.

use crate::entry::{Entry, StockCounted};
use crate::ids::{AuthorId, ProductId, ThingId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::stock::MOVE_QUANTITY_MAX;
use crate::verbs::check_note;

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
    /// The records behind `expected`.
    pub seen: Vec<(AuthorId, u64)>,
}

pub fn decide(facts: &Facts, command: &CountStock) -> Result<Vec<Entry>, Refusal> {
    check_note(&command.reason)?;
    ensure((0..=MOVE_QUANTITY_MAX).contains(&command.counted), invalid("counted", "must be 0 or more"))?;
    let shortage = facts.expected.saturating_sub(command.counted).max(0);
    Ok(vec![
        StockCounted {
            count: command.count,
            product: command.product,
            counted: command.counted,
            expected: facts.expected,
            from_share: shortage.min(facts.own_share.max(0)),
            seen: facts.seen.clone(),
            reason: command.reason.clone(),
        }
        .into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_comes_off_the_own_share_first() {
        for (expected, own_share, counted, from_share) in
            [(10, 4, 10, 0), (10, 4, 12, 0), (10, 4, 7, 3), (10, 4, 2, 4), (10, 0, 2, 0), (-1, 0, 0, 0)]
        {
            let facts = Facts { expected, own_share, seen: vec![] };
            let command = CountStock {
                count: ThingId([1; 16]),
                product: ProductId([2; 16]),
                counted,
                reason: String::new(),
            };
            let entries = decide(&facts, &command).unwrap();
            let [Entry::StockCounted(count)] = entries.as_slice() else { panic!("{entries:?}") };
            assert_eq!((count.from_share, count.expected), (from_share, expected), "counted {counted}");
        }
    }

    #[test]
    fn a_count_below_zero_is_refused() {
        let command = CountStock {
            count: ThingId([1; 16]),
            product: ProductId([2; 16]),
            counted: -1,
            reason: String::new(),
        };
        assert_eq!(decide(&Facts::default(), &command), Err(invalid("counted", "must be 0 or more")));
    }
}
