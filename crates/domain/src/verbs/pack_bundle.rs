//! Pack bundles out of their parts, so that selling one is selling a unit of a product like any other. The parts come
//! off the author's own share; what that does not cover is owed, as with goods in the hand.

use std::collections::BTreeMap;

use crate::entry::{Entry, SplitUnits, StockConverted};
use crate::ids::{ProductId, ThingId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::stock::MOVE_QUANTITY_MAX;
use crate::verbs::{check_lines, check_quantity};
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackBundle {
    pub conversion: ThingId,
    pub bundle: ProductId,
    pub quantity: i64,
    /// So many of each are in one bundle.
    pub parts: Vec<(ProductId, i64)>,
    /// Whether the parts are in somebody's hands, whatever the share says.
    pub is_in_hand: bool,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    /// The register's own share of each part.
    pub shares: BTreeMap<ProductId, i64>,
}

pub fn decide(facts: &Facts, command: &PackBundle) -> Result<Vec<Entry>, Refusal> {
    check_lines(command.parts.len())?;
    check_quantity(command.quantity)?;
    let mut taken = Vec::new();
    for (product, each) in &command.parts {
        ensure(*product != command.bundle, invalid(Wrong::BundleInBundle))?;
        let asked =
            each.checked_mul(command.quantity).filter(|asked| (1..=MOVE_QUANTITY_MAX).contains(asked));
        let asked = asked.ok_or(invalid(Wrong::BundleParts))?;
        let available = facts.shares.get(product).copied().unwrap_or_default().max(0);
        let from_share = asked.min(available);
        ensure(
            from_share == asked || command.is_in_hand,
            Refusal::ShareExceeded { product: *product, available, asked },
        )?;
        taken.push(SplitUnits { product: *product, from_share, beyond_share: asked - from_share });
    }
    let made = vec![SplitUnits { product: command.bundle, from_share: command.quantity, beyond_share: 0 }];
    Ok(vec![StockConverted { conversion: command.conversion, taken, made, note: String::new() }.into()])
}

/// Bundles that came back, as their parts again: what `packed` was made of, in the same proportion. Where it is `undone`, what
/// was owed for it is owed no longer; otherwise all of it is the register's to promise.
pub fn unpack(
    packed: &StockConverted,
    (conversion, quantity): (ThingId, i64),
    undone: bool,
) -> Option<StockConverted> {
    let [made] = packed.made.as_slice() else { return None };
    let quantity = quantity.min(made.from_share);
    if quantity <= 0 {
        return None;
    }
    let part = |part: &SplitUnits| {
        let all = part.from_share.checked_add(part.beyond_share)?;
        let back = (all / made.from_share).checked_mul(quantity)?;
        let beyond_share = if undone { part.beyond_share.min(back) } else { 0 };
        Some(SplitUnits { product: part.product, from_share: back - beyond_share, beyond_share })
    };
    Some(StockConverted {
        conversion,
        taken: vec![SplitUnits { product: made.product, from_share: quantity, beyond_share: 0 }],
        made: packed.taken.iter().map(part).collect::<Option<_>>()?,
        note: String::new(),
    })
}

/// How many bundles the shares are enough for.
pub fn possible(shares: &BTreeMap<ProductId, i64>, parts: &[(ProductId, i64)]) -> i64 {
    let share = |product: &ProductId| shares.get(product).copied().unwrap_or_default().max(0);
    parts.iter().map(|(product, each)| share(product) / (*each).max(1)).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEA: ProductId = ProductId([1; 16]);
    const MUG: ProductId = ProductId([2; 16]);
    const SET: ProductId = ProductId([9; 16]);

    fn units(product: ProductId, from_share: i64, beyond_share: i64) -> SplitUnits {
        SplitUnits { product, from_share, beyond_share }
    }

    fn pack(quantity: i64, parts: &[(ProductId, i64)], is_in_hand: bool) -> PackBundle {
        PackBundle { conversion: ThingId([3; 16]), bundle: SET, quantity, parts: parts.into(), is_in_hand }
    }

    #[test]
    fn parts_come_off_the_share_and_the_rest_is_owed_only_in_hand() {
        let facts = Facts { shares: [(TEA, 5), (MUG, 1)].into() };
        let parts = [(TEA, 2), (MUG, 1)];
        let entries = decide(&facts, &pack(1, &parts, false)).unwrap();
        let [Entry::StockConverted(packed)] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!(packed.made, [units(SET, 1, 0)]);
        assert_eq!(packed.taken.iter().map(|part| part.from_share).collect::<Vec<_>>(), [2, 1]);
        let refused = Refusal::ShareExceeded { product: MUG, available: 1, asked: 2 };
        assert_eq!(decide(&facts, &pack(2, &parts, false)), Err(refused));
        let entries = decide(&facts, &pack(2, &parts, true)).unwrap();
        let [Entry::StockConverted(packed)] = entries.as_slice() else { panic!("{entries:?}") };
        let split: Vec<_> = packed.taken.iter().map(|part| (part.from_share, part.beyond_share)).collect();
        assert_eq!(split, [(4, 0), (1, 1)]);
        assert_eq!(possible(&facts.shares, &parts), 1);
    }

    #[test]
    fn what_was_packed_comes_apart_again() {
        let facts = Facts { shares: [(TEA, 5), (MUG, 2)].into() };
        let entries = decide(&facts, &pack(3, &[(TEA, 2), (MUG, 1)], true)).unwrap();
        let [Entry::StockConverted(packed)] = entries.as_slice() else { panic!("{entries:?}") };
        let parts =
            |quantity, undone| unpack(packed, (ThingId([4; 16]), quantity), undone).map(|apart| apart.made);
        let made = |tea, mug| Some(vec![units(TEA, tea, 0), units(MUG, mug, 0)]);
        assert_eq!((parts(1, false), parts(3, false)), (made(2, 1), made(6, 3)));
        assert_eq!((parts(9, false), parts(0, false)), (made(6, 3), None), "no more than were packed");
        // Undone, it is as before: five teas and two mugs in the share, and nothing owed.
        assert_eq!(parts(3, true), Some(vec![units(TEA, 5, 1), units(MUG, 2, 1)]));
        let apart = unpack(packed, (ThingId([4; 16]), 2), false).unwrap();
        assert_eq!(apart.taken, [units(SET, 2, 0)]);
    }

    #[test]
    fn a_bundle_of_itself_or_of_nothing_is_none() {
        for (parts, quantity) in
            [(vec![(SET, 1)], 1), (vec![], 1), (vec![(TEA, 0)], 1), (vec![(TEA, i64::MAX)], 2)]
        {
            assert!(decide(&Facts::default(), &pack(quantity, &parts, true)).is_err(), "{parts:?}");
        }
        assert_eq!(possible(&BTreeMap::new(), &[]), 0);
    }
}
