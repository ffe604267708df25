//! Open a shift at a drawer.

use crate::entry::{Entry, ShiftOpened};
use crate::ids::ShiftId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenShift {
    pub shift: ShiftId,
    pub float_minor: i64,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub open_shift: Option<ShiftId>,
}

pub fn decide(facts: &Facts, command: &OpenShift) -> Result<Vec<Entry>, Refusal> {
    ensure(command.float_minor >= 0, invalid(Wrong::Negative))?;
    if let Some(open) = facts.open_shift {
        return Err(Refusal::ShiftOpen(open));
    }
    Ok(vec![ShiftOpened { shift: command.shift, float_minor: command.float_minor }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let shift = ShiftId([1; 16]);
        let other = ShiftId([2; 16]);
        let opened = Ok(vec![ShiftOpened { shift, float_minor: 500 }.into()]);
        for (open_shift, float_minor, expected) in [
            (None, 500, opened),
            (Some(other), 500, Err(Refusal::ShiftOpen(other))),
            (None, -1, Err(invalid(Wrong::Negative))),
        ] {
            assert_eq!(decide(&Facts { open_shift }, &OpenShift { shift, float_minor }), expected);
        }
    }
}
