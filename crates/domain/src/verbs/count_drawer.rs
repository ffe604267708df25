//! Count the drawer before the register says what it expects: by coins and notes, or as one sum. A second count
//! does not undo the first one.

use crate::entry::{Coins, DrawerCounted, Entry};
use crate::ids::{ShiftId, ThingId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::move_drawer::DRAWER_MINOR_MAX;
use crate::wrong::Wrong;

/// More kinds of coins and notes than any currency has.
pub const COINS_LEN_MAX: usize = 60;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountDrawer {
    pub count: ThingId,
    pub shift: ShiftId,
    pub coins: Vec<Coins>,
    /// What was counted beside the coins above.
    pub other_minor: i64,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub open_shift: Option<ShiftId>,
}

pub fn decide(facts: &Facts, command: &CountDrawer) -> Result<Vec<Entry>, Refusal> {
    let counted_minor = sum(&command.coins, command.other_minor)?;
    let open = facts.open_shift.ok_or(Refusal::NoShift)?;
    ensure(open == command.shift, Refusal::OtherShift(command.shift))?;
    let CountDrawer { count, shift, coins, .. } = command.clone();
    let coins = coins.into_iter().filter(|coins| coins.pieces > 0).collect();
    Ok(vec![DrawerCounted { count, shift, coins, counted_minor }.into()])
}

/// What coins and notes come to.
pub fn sum(coins: &[Coins], other_minor: i64) -> Result<i64, Refusal> {
    ensure(coins.len() <= COINS_LEN_MAX, invalid(Wrong::CoinsOdd))?;
    ensure(other_minor >= 0, invalid(Wrong::Negative))?;
    let mut sum = other_minor;
    for Coins { value_minor, pieces } in coins {
        ensure(*value_minor >= 1 && *pieces >= 0, invalid(Wrong::Negative))?;
        let worth = value_minor.checked_mul(*pieces).ok_or(Refusal::TooLarge)?;
        sum = sum.checked_add(worth).ok_or(Refusal::TooLarge)?;
    }
    ensure(sum <= DRAWER_MINOR_MAX, Refusal::TooLarge)?;
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let (shift, other) = (ShiftId([1; 16]), ShiftId([2; 16]));
        let coins = |pieces| Coins { value_minor: 200, pieces };
        for (open_shift, counted, other_minor, expected) in [
            (Some(shift), vec![coins(3)], 50, Ok((650, 1))),
            (Some(shift), vec![coins(3), coins(0)], 0, Ok((600, 1))),
            (Some(shift), vec![], 0, Ok((0, 0))),
            (Some(shift), vec![coins(-1)], 0, Err(invalid(Wrong::Negative))),
            (Some(shift), vec![coins(i64::MAX)], 0, Err(Refusal::TooLarge)),
            (Some(shift), vec![coins(1); 61], 0, Err(invalid(Wrong::CoinsOdd))),
            (Some(shift), vec![], -1, Err(invalid(Wrong::Negative))),
            (Some(other), vec![], 0, Err(Refusal::OtherShift(shift))),
            (None, vec![], 0, Err(Refusal::NoShift)),
        ] {
            let command = CountDrawer { count: ThingId([3; 16]), shift, coins: counted, other_minor };
            let decided = decide(&Facts { open_shift }, &command).map(|entries| match entries.as_slice() {
                [Entry::DrawerCounted(counted)] => (counted.counted_minor, counted.coins.len()),
                other => panic!("{other:?}"),
            });
            assert_eq!(decided, expected);
        }
    }
}
