//! Close a shift with a counted drawer. A difference is never refused: it is stated with its reason.

use crate::entry::{Entry, ShiftClosed};
use crate::ids::ShiftId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::check_note;
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CloseShift {
    pub shift: ShiftId,
    pub counted_minor: i64,
    pub reason: String,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub open_shift: Option<ShiftId>,
    /// Float + cash sales − change − cash refunds of this shift, kept as a running total.
    pub expected_minor: i64,
}

pub fn decide(facts: &Facts, command: &CloseShift) -> Result<Vec<Entry>, Refusal> {
    ensure(command.counted_minor >= 0, invalid(Wrong::Negative))?;
    check_note(&command.reason)?;
    let open = facts.open_shift.ok_or(Refusal::NoShift)?;
    ensure(open == command.shift, Refusal::OtherShift(command.shift))?;
    let differs = command.counted_minor != facts.expected_minor;
    ensure(!differs || !command.reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    Ok(vec![
        ShiftClosed {
            shift: open,
            expected_minor: facts.expected_minor,
            counted_minor: command.counted_minor,
            reason: command.reason.clone(),
        }
        .into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let shift = ShiftId([1; 16]);
        let closed = |counted_minor, reason: &str| {
            Ok(vec![ShiftClosed { shift, expected_minor: 900, counted_minor, reason: reason.into() }.into()])
        };
        for (open_shift, counted_minor, reason, expected) in [
            (Some(shift), 900, "", closed(900, "")),
            (Some(shift), 780, "wrong change", closed(780, "wrong change")),
            (Some(shift), 780, " ", Err(invalid(Wrong::ReasonMissing))),
            (None, 900, "", Err(Refusal::NoShift)),
            (Some(ShiftId([9; 16])), 900, "", Err(Refusal::OtherShift(shift))),
            (None, -1, "", Err(invalid(Wrong::Negative))),
        ] {
            let command = CloseShift { shift, counted_minor, reason: reason.into() };
            assert_eq!(decide(&Facts { open_shift, expected_minor: 900 }, &command), expected);
        }
    }
}
