//! Put money into the drawer, or take some out, that is no sale: change from the bank, a bill paid, the day's take
//! carried home. It needs an open shift, whose cash it changes.

use crate::entry::{DrawerMoved, Entry};
use crate::ids::{ShiftId, ThingId};
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::check_note;
use crate::wrong::Wrong;

/// More than any drawer holds, and far from where sums overflow.
pub const DRAWER_MINOR_MAX: i64 = 1_000_000_000_000_000;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoveDrawer {
    pub movement: ThingId,
    /// Below zero to take out.
    pub amount_minor: i64,
    pub reason: String,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub open_shift: Option<ShiftId>,
    pub doer: Doer,
}

pub fn decide(facts: &Facts, command: &MoveDrawer) -> Result<Vec<Entry>, Refusal> {
    ensure(command.amount_minor != 0, invalid(Wrong::AmountMissing))?;
    ensure(
        command.amount_minor.checked_abs().is_some_and(|amount| amount <= DRAWER_MINOR_MAX),
        Refusal::TooLarge,
    )?;
    ensure(!command.reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(&command.reason)?;
    let shift = facts.open_shift.ok_or(Refusal::NoShift)?;
    // Putting money in harms nobody; taking it out is how drawers are emptied.
    let wishes: &[Wish] = if command.amount_minor < 0 { &[Wish::OpenDrawer] } else { &[] };
    facts.doer.allow(wishes)?;
    Ok(vec![
        DrawerMoved {
            movement: command.movement,
            shift,
            amount_minor: command.amount_minor,
            reason: command.reason.clone(),
        }
        .into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Act, Limits};
    use crate::role::Role;

    #[test]
    fn table() {
        let shift = ShiftId([1; 16]);
        let movement = ThingId([2; 16]);
        let cashier = Doer::Person { role: Role::Cashier, limits: Limits::of(Role::Cashier), backing: None };
        let moved = |amount_minor, reason: &str| {
            Ok(vec![DrawerMoved { movement, shift, amount_minor, reason: reason.into() }.into()])
        };
        let needs = Err(Refusal::ApprovalNeeded { acts: vec![Act::OpenDrawer] });
        for (open_shift, doer, amount_minor, reason, expected) in [
            (Some(shift), Doer::Anybody, 500, "change", moved(500, "change")),
            (Some(shift), Doer::Anybody, -500, "water", moved(-500, "water")),
            (Some(shift), cashier.clone(), 500, "change", moved(500, "change")),
            (Some(shift), cashier, -500, "water", needs),
            (Some(shift), Doer::Nobody, 500, "change", Err(Refusal::Locked)),
            (None, Doer::Anybody, 500, "change", Err(Refusal::NoShift)),
            (Some(shift), Doer::Anybody, 0, "change", Err(invalid(Wrong::AmountMissing))),
            (Some(shift), Doer::Anybody, i64::MIN, "change", Err(Refusal::TooLarge)),
            (Some(shift), Doer::Anybody, 5, " ", Err(invalid(Wrong::ReasonMissing))),
        ] {
            let command = MoveDrawer { movement, amount_minor, reason: reason.into() };
            assert_eq!(decide(&Facts { open_shift, doer }, &command), expected);
        }
    }
}
