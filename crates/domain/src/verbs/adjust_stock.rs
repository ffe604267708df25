//! Say that units are gone or found, without counting the rest. What is gone comes off the author's own share first;
//! what that cannot cover is owed, as with a count: it can break a promise, and it is never silent.

use std::collections::BTreeMap;

use crate::entry::{AdjustReason, Entry, SplitUnits, StockAdjusted, Units};
use crate::ids::{ProductId, ThingId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::{check_lines, check_note, check_quantity};
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdjustStock {
    pub adjustment: ThingId,
    pub reason: AdjustReason,
    pub lines: Vec<Units>,
    pub note: String,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    /// The register's own share of each product of the lines.
    pub shares: BTreeMap<ProductId, i64>,
}

pub fn decide(facts: &Facts, command: &AdjustStock) -> Result<Vec<Entry>, Refusal> {
    check_lines(command.lines.len())?;
    check_note(&command.note)?;
    // Only undoing an import writes this one.
    ensure(command.reason != AdjustReason::Undone, invalid(Wrong::NoSuchReason))?;
    let mut shares = facts.shares.clone();
    let mut lines = Vec::new();
    for line in &command.lines {
        check_quantity(line.quantity)?;
        let share = shares.entry(line.product).or_default();
        let from_share = match command.reason {
            AdjustReason::Found => line.quantity,
            AdjustReason::Waste
            | AdjustReason::Broken
            | AdjustReason::Stolen
            | AdjustReason::OwnUse
            | AdjustReason::Gift
            | AdjustReason::OtherLoss
            | AdjustReason::Undone => line.quantity.min((*share).max(0)),
        };
        *share -= from_share;
        let beyond_share = line.quantity - from_share;
        lines.push(SplitUnits { product: line.product, from_share, beyond_share });
    }
    let AdjustStock { adjustment, reason, note, .. } = command.clone();
    Ok(vec![StockAdjusted { adjustment, reason, lines, note }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANGO: ProductId = ProductId([2; 16]);

    #[test]
    fn what_is_gone_comes_off_the_own_share_first() {
        let units = |quantity| Units { product: MANGO, quantity };
        for (reason, share, lines, expected) in [
            (AdjustReason::Waste, 5, vec![units(3)], vec![(3, 0)]),
            (AdjustReason::Waste, 5, vec![units(3), units(4)], vec![(3, 0), (2, 2)]),
            (AdjustReason::Broken, -1, vec![units(1)], vec![(0, 1)]),
            (AdjustReason::Found, 0, vec![units(7)], vec![(7, 0)]),
        ] {
            let facts = Facts { shares: [(MANGO, share)].into() };
            let command = AdjustStock { adjustment: ThingId([1; 16]), reason, lines, note: String::new() };
            let entries = decide(&facts, &command).unwrap();
            let [Entry::StockAdjusted(adjusted)] = entries.as_slice() else { panic!("{entries:?}") };
            let split: Vec<_> =
                adjusted.lines.iter().map(|line| (line.from_share, line.beyond_share)).collect();
            assert_eq!(split, expected, "{reason:?} of {share}");
        }
    }

    #[test]
    fn nothing_and_less_than_nothing_is_refused() {
        for (reason, quantity, refused) in [
            (AdjustReason::Waste, 0, invalid(Wrong::QuantityOdd)),
            (AdjustReason::Found, -2, invalid(Wrong::QuantityOdd)),
            (AdjustReason::Undone, 1, invalid(Wrong::NoSuchReason)),
        ] {
            let lines = vec![Units { product: MANGO, quantity }];
            let command = AdjustStock { adjustment: ThingId([1; 16]), reason, lines, note: String::new() };
            assert_eq!(decide(&Facts::default(), &command), Err(refused));
        }
    }
}
