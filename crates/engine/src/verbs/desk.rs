//! The drawer beside sales, and who works at the stall.

use soko_app_api::{CoinsInput, Command, LimitsView, Reply, TakenOffInput, Verb};
use soko_domain::entry::TakenOff;
use soko_domain::ids::{PersonId, SaleId, ShiftId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::role::Role;
use soko_domain::verbs::manage_people::{self, PutPerson};
use soko_domain::verbs::{count_drawer, move_drawer, open_drawer, take_off};
use soko_domain::wrong::Wrong;
use soko_projection::read_desk as facts;
use soko_record_log::StoreError;

use crate::failure::{Failure, NotDone};
use crate::people;
use crate::write::Writing;

/// Does a command with an approval, which is good for this one.
pub(super) fn approved(
    writing: &mut Writing<'_>,
    (id, stall): (ThingId, soko_domain::ids::LogId),
    (approval, verb): (ThingId, &Verb),
) -> Result<Reply, NotDone> {
    if matches!(verb, Verb::Approved { .. }) {
        return Err(Refusal::Invalid(Wrong::ApprovalTwice).into());
    }
    let now_ms = writing.stamp.at_ms;
    let given = writing.stall.here.take_approval(approval, now_ms);
    let given = given.ok_or(Refusal::Invalid(Wrong::ApprovalEnded))?;
    let doer = std::mem::take(&mut writing.doer);
    writing.doer = people::backed(writing.tx, writing.log, doer, &given)?;
    writing.stamp.approval = Some(given);
    super::perform(writing, &Command { id, stall, verb: verb.clone() })
}

fn move_money(
    writing: &mut Writing<'_>,
    movement: ThingId,
    (amount_minor, reason): (i64, &str),
) -> Result<Reply, NotDone> {
    let open_shift = writing.open_shift()?.map(|open| open.shift);
    let facts = move_drawer::Facts { open_shift, doer: writing.doer.clone() };
    let payload = move_drawer::MoveDrawer { movement, amount_minor, reason: reason.trim().into() };
    writing.write(move_drawer::decide(&facts, &payload)?)?;
    Ok(Reply::Done)
}

fn open(writing: &mut Writing<'_>, opening: ThingId, reason: &str) -> Result<Reply, NotDone> {
    let open_shift = writing.open_shift()?.map(|open| open.shift);
    let facts = open_drawer::Facts { open_shift, doer: writing.doer.clone() };
    let payload = open_drawer::OpenDrawer { opening, reason: reason.trim().into() };
    writing.write(open_drawer::decide(&facts, &payload)?)?;
    Ok(Reply::Done)
}

pub(super) fn take_off(
    writing: &mut Writing<'_>,
    (taking, sale): (ThingId, SaleId),
    lines: &[TakenOffInput],
    reason: &str,
) -> Result<Reply, NotDone> {
    let open_shift = writing.open_shift()?.map(|open| open.shift);
    let line = |line: &TakenOffInput| TakenOff {
        product: line.product,
        name: line.name.clone(),
        quantity: line.quantity,
        amount_minor: line.amount_minor,
    };
    let lines = lines.iter().map(line).collect();
    let payload = take_off::TakeOff { taking, sale, lines, reason: reason.into() };
    writing.write(take_off::decide(open_shift, &payload)?)?;
    Ok(Reply::Done)
}

fn count(
    writing: &mut Writing<'_>,
    (count, shift): (ThingId, ShiftId),
    (coins, other_minor): (&[CoinsInput], i64),
) -> Result<Reply, NotDone> {
    let open_shift = writing.open_shift()?.map(|open| open.shift);
    let coins = coins.iter().copied().map(Into::into).collect();
    let payload = count_drawer::CountDrawer { count, shift, coins, other_minor };
    writing.write(count_drawer::decide(&count_drawer::Facts { open_shift }, &payload)?)?;
    Ok(Reply::Done)
}

/// Money in and out of the drawer, and what is in it.
pub(super) fn drawer(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the verbs about the drawer come here")]
    match &command.verb {
        Verb::MoveDrawer { amount_minor, reason } => move_money(writing, command.id, (*amount_minor, reason)),
        Verb::OpenDrawer { reason } => open(writing, command.id, reason),
        Verb::CountDrawer { shift, coins, other_minor } => {
            count(writing, (command.id, *shift), (coins, *other_minor))
        }
        _ => Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    }
}

/// Who works at the stall, and what a role may do alone.
pub(super) fn manage(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the verbs about people come here")]
    match &command.verb {
        Verb::PutPerson { person, name, role, is_active } => {
            let (person, name, role, is_active) = (*person, name.clone(), *role, *is_active);
            put_person(writing, PutPerson { person, veil: command.id, name, role, is_active })
        }
        Verb::ErasePerson { person } => erase_person(writing, *person),
        Verb::PutLimits { role, limits } => put_limits(writing, *role, *limits),
        _ => Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    }
}

/// The veil is the command's id: it is chance, and stands in no other record.
fn put_person(writing: &mut Writing<'_>, put: PutPerson) -> Result<Reply, NotDone> {
    let facts = people_facts(writing, put.person)?;
    writing.write(manage_people::decide_put(&facts, &put)?)?;
    Ok(Reply::Done)
}

fn erase_person(writing: &mut Writing<'_>, person: PersonId) -> Result<Reply, NotDone> {
    let facts = people_facts(writing, person)?;
    writing.write(manage_people::decide_erase(&facts, person)?)?;
    crate::people::forget_pin(writing.tx, writing.log, person)?;
    Ok(Reply::Done)
}

fn put_limits(writing: &mut Writing<'_>, role: Role, limits: LimitsView) -> Result<Reply, NotDone> {
    let (revision, _) = facts::limits(writing.tx, writing.log, role)?;
    let facts = manage_people::Facts { revision, ..people_facts(writing, PersonId::default())? };
    writing.write(manage_people::decide_limits(&facts, role, &limits.into())?)?;
    Ok(Reply::Done)
}

fn people_facts(writing: &mut Writing<'_>, person: PersonId) -> Result<manage_people::Facts, StoreError> {
    let found = facts::person(writing.tx, writing.log, person)?;
    Ok(manage_people::Facts {
        register: writing.register_role,
        doer: writing.doer.clone(),
        by: writing.stamp.by,
        revision: found.as_ref().map_or(0, |found| found.revision),
        was: found.as_ref().map(|found| found.role),
        is_erased: found.is_some_and(|found| found.is_erased),
    })
}
