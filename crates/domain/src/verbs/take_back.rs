//! Take back what is set apart of a revoked device. Whoever has the device may have sold the goods: it is the owner's
//! decision, with a reason that stays in the records.

use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::check_note;
use crate::wrong::Wrong;

/// The same at the register that asks and at the server that does it.
pub fn check(is_revoked: bool, reason: &str) -> Result<(), Refusal> {
    ensure(!reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(reason)?;
    ensure(is_revoked, Refusal::DeviceNotRevoked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (is_revoked, reason, expected) in [
            (true, "they lay under the table", Ok(())),
            (true, " ", Err(invalid(Wrong::ReasonMissing))),
            (false, "they lay under the table", Err(Refusal::DeviceNotRevoked)),
        ] {
            assert_eq!(check(is_revoked, reason), expected);
        }
    }
}
