//! Add a customer, change what is known of them, take it out of the records again; and say how points are earned.

use crate::entry::{CustomerErased, CustomerPut, Entry, LoyaltyPut};
use crate::ids::ThingId;
use crate::people::{Doer, Wish};
use crate::purse::{Loyalty, PURSE_UNITS_MAX};
use crate::refusal::{Refusal, ensure, invalid};
use crate::role::Role;
use crate::verbs::check_note;
use crate::wrong::Wrong;

/// Longest name, phone number or address, in bytes.
pub const CUSTOMER_TEXT_LEN_MAX: usize = 200;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PutCustomer {
    pub customer: ThingId,
    pub veil: ThingId,
    pub name: String,
    pub phone: String,
    pub email: String,
    pub note: String,
    pub may_contact: bool,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    /// The revision of what is changed, 0 where it is new.
    pub revision: u64,
    pub is_erased: bool,
}

pub fn decide_put(facts: &Facts, command: &PutCustomer) -> Result<Vec<Entry>, Refusal> {
    let [name, phone, email] = [&command.name, &command.phone, &command.email].map(|text| text.trim());
    ensure(!name.is_empty(), invalid(Wrong::NameMissing))?;
    for text in [name, phone, email] {
        ensure(text.len() <= CUSTOMER_TEXT_LEN_MAX, invalid(Wrong::TooLong))?;
    }
    ensure(email.is_empty() || email.contains('@'), invalid(Wrong::EmailOdd))?;
    check_note(&command.note)?;
    ensure(!facts.is_erased, invalid(Wrong::CustomerErased))?;
    let PutCustomer { customer, veil, may_contact, .. } = *command;
    Ok(vec![
        CustomerPut {
            customer,
            revision: facts.revision.checked_add(1).ok_or(Refusal::TooLarge)?,
            veil,
            name: name.into(),
            phone: phone.into(),
            email: email.into(),
            note: command.note.trim().into(),
            may_contact,
        }
        .into(),
    ])
}

pub fn decide_erase(facts: &Facts, customer: ThingId) -> Result<Vec<Entry>, Refusal> {
    ensure(facts.revision > 0 && !facts.is_erased, Refusal::UnknownCustomer(customer))?;
    Ok(vec![CustomerErased { customer }.into()])
}

/// Who may say what the stall gives away: whoever says what others may do.
pub fn decide_loyalty(
    (register, doer): (Role, &Doer),
    revision: u64,
    loyalty: Loyalty,
) -> Result<Vec<Entry>, Refusal> {
    let Loyalty { earn_minor, worth_minor } = loyalty;
    ensure((0..=PURSE_UNITS_MAX).contains(&earn_minor), invalid(Wrong::AmountOdd))?;
    ensure((0..=PURSE_UNITS_MAX).contains(&worth_minor), invalid(Wrong::AmountOdd))?;
    ensure(earn_minor == 0 || worth_minor > 0, invalid(Wrong::PointsWorthMissing))?;
    // A point that pays as much as it took to earn it would pay for everything twice.
    ensure(earn_minor == 0 || worth_minor < earn_minor, invalid(Wrong::PointsWorthMuch))?;
    ensure(register.may_manage_people(), Refusal::NotAllowed)?;
    doer.allow(&[Wish::ManagePeople])?;
    let revision = revision.checked_add(1).ok_or(Refusal::TooLarge)?;
    Ok(vec![LoyaltyPut { revision, earn_minor, worth_minor }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(name: &str, email: &str) -> PutCustomer {
        PutCustomer {
            customer: ThingId([1; 16]),
            veil: ThingId([2; 16]),
            name: name.into(),
            phone: " 0712 345 678 ".into(),
            email: email.into(),
            note: String::new(),
            may_contact: false,
        }
    }

    #[test]
    fn a_customer_has_a_name_and_is_erased_once() {
        let new = Facts::default();
        let known = Facts { revision: 4, is_erased: false };
        let erased = Facts { revision: 4, is_erased: true };
        for (facts, name, email, expected) in [
            (&new, " Amina ", "", Ok(1)),
            (&known, "Amina", "amina@example.org", Ok(5)),
            (&new, "  ", "", Err(invalid(Wrong::NameMissing))),
            (&new, "Amina", "example.org", Err(invalid(Wrong::EmailOdd))),
            (&new, &"é".repeat(101), "", Err(invalid(Wrong::TooLong))),
            (&erased, "Amina", "", Err(invalid(Wrong::CustomerErased))),
        ] {
            let decided = decide_put(facts, &put(name, email)).map(|entries| match entries.as_slice() {
                [Entry::CustomerPut(put)] => {
                    assert_eq!((put.name.as_str(), put.phone.as_str()), ("Amina", "0712 345 678"));
                    put.revision
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(decided, expected, "{name} {email}");
        }
        let unknown = Err(Refusal::UnknownCustomer(ThingId([1; 16])));
        for (facts, expected) in [(new, unknown.clone()), (known, Ok(())), (erased, unknown)] {
            assert_eq!(decide_erase(&facts, ThingId([1; 16])).map(|_| ()), expected);
        }
    }

    #[test]
    fn points_are_worth_less_than_it_takes_to_earn_them() {
        let owner = (Role::Owner, &Doer::Anybody);
        let cashier = (Role::Cashier, &Doer::Anybody);
        let dear = Err(invalid(Wrong::PointsWorthMuch));
        for (who, earn_minor, worth_minor, expected) in [
            (owner, 100, 5, Ok(())),
            (owner, 0, 0, Ok(())),
            (owner, 100, 100, dear),
            (owner, 100, 0, Err(invalid(Wrong::PointsWorthMissing))),
            (owner, -1, 0, Err(invalid(Wrong::AmountOdd))),
            (cashier, 100, 5, Err(Refusal::NotAllowed)),
        ] {
            let loyalty = Loyalty { earn_minor, worth_minor };
            assert_eq!(decide_loyalty(who, 0, loyalty).map(|_| ()), expected, "{loyalty:?}");
        }
    }
}
