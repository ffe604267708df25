//! Open the drawer without a sale: to change a note, to look. It moves no money, and it is written down with its
//! reason, since this is how money leaves unseen.

use crate::entry::{DrawerOpened, Entry};
use crate::ids::{ShiftId, ThingId};
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::check_note;
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenDrawer {
    pub opening: ThingId,
    pub reason: String,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    /// It may be opened between shifts, too.
    pub open_shift: Option<ShiftId>,
    pub doer: Doer,
}

pub fn decide(facts: &Facts, command: &OpenDrawer) -> Result<Vec<Entry>, Refusal> {
    ensure(!command.reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(&command.reason)?;
    facts.doer.allow(&[Wish::OpenDrawer])?;
    let (opening, reason) = (command.opening, command.reason.clone());
    Ok(vec![DrawerOpened { opening, shift: facts.open_shift, reason }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PersonId;
    use crate::people::{Act, Approval, Backing, Limits};
    use crate::role::Role;

    #[test]
    fn table() {
        let opening = ThingId([2; 16]);
        let cashier = |acts: &[Act]| Doer::Person {
            role: Role::Cashier,
            limits: Limits::of(Role::Cashier),
            backing: Some(Backing {
                approval: Approval { by: PersonId([1; 16]), acts: acts.to_vec(), reason: "yes".into() },
                role: Role::Manager,
                limits: Limits::of(Role::Manager),
            }),
        };
        let opened = |shift| Ok(vec![DrawerOpened { opening, shift, reason: "change".into() }.into()]);
        let shift = Some(ShiftId([1; 16]));
        let needs = Err(Refusal::ApprovalNeeded { acts: vec![Act::OpenDrawer] });
        for (open_shift, doer, reason, expected) in [
            (shift, Doer::Anybody, "change", opened(shift)),
            (None, Doer::Anybody, "change", opened(None)),
            (shift, cashier(&[Act::OpenDrawer]), "change", opened(shift)),
            (shift, cashier(&[Act::Refund]), "change", needs),
            (shift, Doer::Anybody, " ", Err(invalid(Wrong::ReasonMissing))),
        ] {
            let command = OpenDrawer { opening, reason: reason.into() };
            assert_eq!(decide(&Facts { open_shift, doer }, &command), expected);
        }
    }
}
