//! Add somebody who works at the stall, change their name or role, end their work, take their name out, and say what
//! a role may do alone. Nobody makes anybody more than they are themselves.

use crate::entry::{Entry, LimitsPut, PersonErased, PersonPut};
use crate::ids::{PersonId, ThingId};
use crate::people::{Doer, Limits, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::role::Role;
use crate::wrong::Wrong;

/// Longest name, in bytes.
pub const PERSON_NAME_LEN_MAX: usize = 100;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PutPerson {
    pub person: PersonId,
    pub veil: ThingId,
    pub name: String,
    pub role: Role,
    pub is_active: bool,
}

#[derive(Clone, Debug)]
pub struct Facts {
    /// What the register is.
    pub register: Role,
    pub doer: Doer,
    /// Who is at the register, if anybody is.
    pub by: Option<PersonId>,
    /// The revision of what is changed, 0 where it is new.
    pub revision: u64,
    /// What the person was until now.
    pub was: Option<Role>,
    pub is_erased: bool,
}

pub fn decide_put(facts: &Facts, command: &PutPerson) -> Result<Vec<Entry>, Refusal> {
    let name = command.name.trim();
    ensure(!name.is_empty(), invalid(Wrong::NameMissing))?;
    ensure(name.len() <= PERSON_NAME_LEN_MAX, invalid(Wrong::TooLong))?;
    ensure(command.role.is_staff(), invalid(Wrong::RoleOdd))?;
    may_manage(facts)?;
    ensure(!facts.is_erased, invalid(Wrong::PersonErased))?;
    // Numbers of roles fall with what they may.
    let above = [Some(command.role), facts.was].into_iter().flatten().any(|role| role < facts.mine());
    ensure(!above, Refusal::NotAllowed)?;
    let is_self = facts.by == Some(command.person);
    ensure(command.is_active || !is_self, invalid(Wrong::OwnWorkEnded))?;
    let PutPerson { person, veil, role, is_active, .. } = *command;
    let revision = facts.revision.checked_add(1).ok_or(Refusal::TooLarge)?;
    Ok(vec![PersonPut { person, revision, veil, name: name.into(), role, is_active }.into()])
}

pub fn decide_erase(facts: &Facts, person: PersonId) -> Result<Vec<Entry>, Refusal> {
    may_manage(facts)?;
    let was = facts.was.ok_or(invalid(Wrong::PersonUnknown))?;
    ensure(was >= facts.mine(), Refusal::NotAllowed)?;
    ensure(facts.by != Some(person), invalid(Wrong::OwnWorkEnded))?;
    Ok(vec![PersonErased { person }.into()])
}

pub fn decide_limits(facts: &Facts, role: Role, limits: &Limits) -> Result<Vec<Entry>, Refusal> {
    ensure(role == Role::Cashier || role == Role::Manager, invalid(Wrong::RoleOdd))?;
    ensure(limits.discount_ppm <= 1_000_000, invalid(Wrong::DiscountLimitOdd))?;
    ensure(limits.refund_minor >= 0, invalid(Wrong::Negative))?;
    ensure(limits.custom_minor >= 0, invalid(Wrong::Negative))?;
    may_manage(facts)?;
    // Who sets limits stands above whom they bind.
    ensure(role > facts.mine(), Refusal::NotAllowed)?;
    let revision = facts.revision.checked_add(1).ok_or(Refusal::TooLarge)?;
    Ok(vec![LimitsPut { role, revision, limits: limits.clone() }.into()])
}

fn may_manage(facts: &Facts) -> Result<(), Refusal> {
    ensure(facts.register.may_manage_people(), Refusal::NotAllowed)?;
    facts.doer.allow(&[Wish::ManagePeople])
}

impl Facts {
    /// The most that whoever does this is.
    fn mine(&self) -> Role {
        match &self.doer {
            Doer::Anybody | Doer::Nobody => self.register,
            // With an approval, it is done by whoever gave it.
            Doer::Person { backing: Some(backing), .. } => self.register.max(backing.role),
            Doer::Person { role, .. } => self.register.max(*role),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Act;

    const ME: PersonId = PersonId([1; 16]);
    const OTHER: PersonId = PersonId([2; 16]);

    fn facts(register: Role, person: Option<Role>) -> Facts {
        let doer = match person {
            Some(role) => Doer::Person { role, limits: Limits::of(role), backing: None },
            None => Doer::Anybody,
        };
        Facts { register, doer, by: person.map(|_| ME), revision: 4, was: None, is_erased: false }
    }

    #[test]
    fn nobody_makes_anybody_more_than_they_are() {
        use Role::{Buyer, Cashier, Manager, Owner};
        let needs = Err(Refusal::ApprovalNeeded { acts: vec![Act::ManagePeople] });
        for (facts, person, role, is_active, expected) in [
            (facts(Owner, None), OTHER, Owner, true, Ok(5)),
            (facts(Cashier, None), OTHER, Cashier, true, Err(Refusal::NotAllowed)),
            (facts(Owner, Some(Manager)), OTHER, Cashier, true, Ok(5)),
            (facts(Owner, Some(Manager)), OTHER, Owner, true, Err(Refusal::NotAllowed)),
            (facts(Manager, Some(Owner)), OTHER, Owner, true, Err(Refusal::NotAllowed)),
            (facts(Owner, Some(Cashier)), OTHER, Cashier, true, needs),
            (
                Facts { was: Some(Owner), ..facts(Owner, Some(Manager)) },
                OTHER,
                Cashier,
                false,
                Err(Refusal::NotAllowed),
            ),
            (facts(Owner, Some(Owner)), OTHER, Buyer, true, Err(invalid(Wrong::RoleOdd))),
            (facts(Owner, Some(Owner)), ME, Owner, false, Err(invalid(Wrong::OwnWorkEnded))),
            (
                Facts { is_erased: true, ..facts(Owner, None) },
                OTHER,
                Cashier,
                true,
                Err(invalid(Wrong::PersonErased)),
            ),
        ] {
            let command =
                PutPerson { person, veil: ThingId([3; 16]), name: " Amina ".into(), role, is_active };
            let decided = decide_put(&facts, &command).map(|entries| match entries.as_slice() {
                [Entry::PersonPut(put)] => {
                    assert_eq!(put.name, "Amina");
                    put.revision
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(decided, expected, "{facts:?}");
        }
    }

    #[test]
    fn whoever_sets_limits_stands_above_them() {
        use Role::{Cashier, Manager, Owner};
        for (facts, role, expected) in [
            (facts(Owner, None), Manager, Ok(())),
            (facts(Owner, Some(Manager)), Cashier, Ok(())),
            (facts(Owner, Some(Manager)), Manager, Err(Refusal::NotAllowed)),
            (facts(Owner, Some(Owner)), Owner, Err(invalid(Wrong::RoleOdd))),
        ] {
            assert_eq!(decide_limits(&facts, role, &Limits::of(role)).map(|_| ()), expected);
        }
    }

    #[test]
    fn only_somebody_who_is_known_and_not_above_is_erased() {
        let owner = facts(Role::Owner, Some(Role::Owner));
        let manager = facts(Role::Owner, Some(Role::Manager));
        for (facts, person, refused) in [
            (Facts { was: Some(Role::Cashier), ..owner.clone() }, OTHER, None),
            (owner.clone(), OTHER, Some(invalid(Wrong::PersonUnknown))),
            (Facts { was: Some(Role::Owner), ..manager }, OTHER, Some(Refusal::NotAllowed)),
            (Facts { was: Some(Role::Owner), ..owner }, ME, Some(invalid(Wrong::OwnWorkEnded))),
        ] {
            assert_eq!(decide_erase(&facts, person).err(), refused);
        }
    }
}
