//! Revoke a device: it may promise nothing more, and its share is set apart. What it did stays a fact.

use crate::entry::{DeviceRevoked, Entry};
use crate::ids::AuthorId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::role::Role;
use crate::verbs::check_note;
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RevokeDevice {
    pub author: AuthorId,
    pub reason: String,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub role: Role,
    pub known: bool,
    pub revoked: bool,
}

pub fn decide(facts: &Facts, command: &RevokeDevice) -> Result<Vec<Entry>, Refusal> {
    ensure(facts.role.may_manage_devices(), Refusal::NotAllowed)?;
    ensure(!command.reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(&command.reason)?;
    ensure(facts.known, Refusal::UnknownDevice(command.author))?;
    // A second revocation changes nothing: the first one stands.
    if facts.revoked {
        return Ok(vec![]);
    }
    Ok(vec![DeviceRevoked { author: command.author, reason: command.reason.clone() }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let author = AuthorId([3; 16]);
        let facts = Facts { role: Role::Owner, known: true, revoked: false };
        for (facts, reason, expected) in [
            (facts.clone(), "lost", Ok(1)),
            (Facts { revoked: true, ..facts.clone() }, "lost", Ok(0)),
            (Facts { role: Role::Cashier, ..facts.clone() }, "lost", Err(Refusal::NotAllowed)),
            (Facts { known: false, ..facts.clone() }, "lost", Err(Refusal::UnknownDevice(author))),
            (facts, "", Err(invalid(Wrong::ReasonMissing))),
        ] {
            let command = RevokeDevice { author, reason: reason.into() };
            assert_eq!(decide(&facts, &command).map(|entries| entries.len()), expected);
        }
    }
}
