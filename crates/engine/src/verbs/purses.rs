//! Gift cards, store credit and points: filling, paying, and what a sale, a void and a refund do to them.

use std::collections::BTreeMap;

use soko_app_api::{Command, PurseInput, QueryKey, Reply, TenderInput, Verb};
use soko_domain::ask::{Answer, Ask};
use soko_domain::basket::TenderKind;
use soko_domain::entry::{Entry, FillCause, PurseKind, RefundMade, SaleMade, SpendCause, Tendered};
use soko_domain::ids::{ProductId, SaleId, ShiftId, ThingId};
use soko_domain::purse::{self, Loyalty};
use soko_domain::refusal::Refusal;
use soko_domain::stock::MOVE_QUANTITY_MAX;
use soko_domain::verbs::fill_purse::{self, FillPurse};
use soko_domain::verbs::spend_purse::{self, SpendPurse, Touched};
use soko_domain::wire::Wire as _;
use soko_domain::wrong::Wrong;
use soko_projection::{read as stalls, read_customers as facts};
use soko_record_log::StoreError;

use super::sale::{codes_used, tendered};
use crate::failure::{Failure, NotDone};
use crate::own;
use crate::purse::{Purse, named};
use crate::weaken::Sabotage;
use crate::write::Writing;

/// Refunds whose points came that one exchange with the server settles.
const POINTS_ASKED_MAX: u32 = 20;

pub(super) fn fill(writing: &mut Writing<'_>, verb: &Verb) -> Result<Reply, NotDone> {
    let Verb::FillPurse { purse, units, tender, reason } = verb else {
        return Err(Failure::Inconsistent("a verb went the wrong way".into()).into());
    };
    let purse = named(writing.tx, writing.log, purse)?;
    if tender.as_ref().is_some_and(|tender| tender.amount_minor != *units) {
        return Err(Refusal::Invalid(Wrong::PursePaidOther).into());
    }
    // The same code fills no purse twice either, so none is left out.
    let used = codes_used(writing, SaleId::default(), tender.as_slice())?;
    let facts = fill_purse::Facts {
        open_shift: writing.open_shift()?.map(|open| open.shift),
        customer_known: is_known(writing, purse.customer)?,
        code_used_by: used.into_values().next(),
        doer: writing.doer.clone(),
    };
    let command = FillPurse {
        purse: purse.id,
        kind: purse.kind,
        customer: purse.customer,
        units: *units,
        tender: tender.as_ref().map(|tender| tender.kind),
        reference: tender.as_ref().map(|tender| tender.reference.clone()).unwrap_or_default(),
        is_seen: tender.as_ref().is_some_and(|tender| tender.seen),
        reason: reason.clone(),
    };
    writing.write(fill_purse::decide(&facts, &command)?)?;
    Ok(Reply::Filled { purse: purse.id, label: purse::label(purse.id) })
}

fn is_known(writing: &mut Writing<'_>, customer: Option<ThingId>) -> Result<bool, StoreError> {
    let Some(customer) = customer else { return Ok(false) };
    let found = facts::customer(writing.tx, writing.log, customer)?;
    Ok(found.is_some_and(|found| !found.is_erased))
}

pub(super) fn ask(
    writing: &mut Writing<'_>,
    command: &Command,
    (purse, units): (&PurseInput, i64),
) -> Result<Reply, NotDone> {
    super::check_asked(units)?;
    let purse = named(writing.tx, writing.log, purse)?;
    super::ask(writing, command, &Ask::Share { product: purse.id, quantity: units })
}

/// What purses pay of a sale.
pub(super) struct Paying {
    loyalty: Loyalty,
    parts: Vec<(Purse, i64)>,
}

/// The payments of a sale as they are recorded: of a purse, what may be read of it.
pub(super) fn payments(
    writing: &mut Writing<'_>,
    tenders: &[TenderInput],
) -> Result<(Vec<Tendered>, Paying), NotDone> {
    let (_, loyalty) = facts::loyalty(writing.tx, writing.log)?;
    let mut paying = Paying { loyalty, parts: Vec::new() };
    let mut recorded = Vec::new();
    for tender in tenders {
        let mut taken = tendered(tender);
        if let Some(purse) = &tender.purse {
            if tender.kind != TenderKind::Voucher {
                return Err(Refusal::Invalid(Wrong::PurseNotTender).into());
            }
            if matches!(purse, PurseInput::Listed(_)) {
                return Err(Refusal::Invalid(Wrong::PurseCodeMissing).into());
            }
            let purse = named(writing.tx, writing.log, purse)?;
            let units = match purse.kind {
                PurseKind::Points => loyalty.points_for(tender.amount_minor).unwrap_or(0),
                PurseKind::GiftCard | PurseKind::Credit => tender.amount_minor,
            };
            taken.reference = purse::reference(purse.kind, purse.id, units);
            paying.parts.push((purse, tender.amount_minor));
        }
        recorded.push(taken);
    }
    Ok((recorded, paying))
}

/// What goes out of purses for a sale that was decided, to stand before it; and the points that it earns, after it.
pub(super) fn settle(
    writing: &mut Writing<'_>,
    sale: &SaleMade,
    paying: &Paying,
) -> Result<(Vec<Entry>, Vec<Entry>), NotDone> {
    let (mut spent, mut by_points) = (Vec::new(), 0_i64);
    // Two payments from one purse find what the first one left.
    let mut left: BTreeMap<ProductId, i64> = BTreeMap::new();
    for (purse, money_minor) in &paying.parts {
        let found = facts::purse(writing.tx, (writing.log, writing.me), purse.id)?;
        let here = match left.get(&purse.id) {
            Some(here) => *here,
            None if writing.weakened.is(Sabotage::ShareCheckSkipped) => MOVE_QUANTITY_MAX,
            None => writing.own_share(purse.id)?,
        };
        let facts = spend_purse::Facts {
            is_known: found.is_some(),
            here,
            elsewhere: found.map_or(0, |found| found.elsewhere),
            loyalty: paying.loyalty,
        };
        let command = SpendPurse {
            purse: purse.id,
            kind: purse.kind,
            customer: purse.customer,
            money_minor: *money_minor,
            sale: sale.sale,
            shift: sale.shift,
        };
        let out = spend_purse::decide(&facts, &command)?;
        left.insert(purse.id, here - out.units);
        if purse.kind == PurseKind::Points {
            by_points = by_points.saturating_add(*money_minor);
        }
        spent.push(out.into());
    }
    let mut earned = Vec::new();
    if let Some(customer) = sale.customer.filter(|_| paying.loyalty.is_on())
        && is_known(writing, Some(customer))?
    {
        let points = named(writing.tx, writing.log, &PurseInput::Points(customer))?;
        let paid_minor = sale.total_minor.saturating_sub(by_points);
        let at = (sale.sale, sale.shift);
        earned.extend(spend_purse::earn(&paying.loyalty, (points.id, customer), paid_minor, at));
    }
    Ok((spent, earned))
}

/// What a void undoes.
pub(super) fn undo(
    writing: &mut Writing<'_>,
    (sale, shift): (SaleId, ShiftId),
) -> Result<Vec<Entry>, StoreError> {
    let entries = spend_purse::undo(&touched(writing, sale)?, (sale, shift));
    ask_for_rest(writing, ThingId(sale.0), &entries)?;
    Ok(entries)
}

/// What a refund takes back of what the sale earned, and where its money stays if that is a purse.
pub(super) fn refunded(
    writing: &mut Writing<'_>,
    (refund, total_minor): (&RefundMade, i64),
    into: Option<&PurseInput>,
) -> Result<Vec<Entry>, NotDone> {
    let before = writing.refunded(refund.sale)?;
    let before: i64 = before.iter().map(|(_, _, amount_minor)| amount_minor).sum();
    let refunded_minor = before.saturating_add(refund.amount_minor).min(total_minor);
    let at = (refund.sale, refund.shift);
    let touched = touched(writing, refund.sale)?;
    let mut entries = spend_purse::reverse(&touched, (refunded_minor, total_minor), at);
    ask_for_rest(writing, refund.refund, &entries)?;
    let Some(into) = into.filter(|_| refund.voucher_given() > 0) else { return Ok(entries) };
    let purse = named(writing.tx, writing.log, into)?;
    if purse.kind == PurseKind::Credit && !is_known(writing, purse.customer)? {
        return Err(Refusal::UnknownCustomer(purse.customer.unwrap_or_default()).into());
    }
    let command = FillPurse {
        purse: purse.id,
        kind: purse.kind,
        customer: purse.customer,
        units: refund.voucher_given(),
        tender: None,
        reference: String::new(),
        is_seen: true,
        reason: refund.reason.clone(),
    };
    entries.push(fill_purse::of_refund(&command, (refund.shift, refund.sale))?);
    Ok(entries)
}

/// Points that have to go and lie at another register are asked for. Those that were spent are gone: nobody owes points.
fn ask_for_rest(writing: &mut Writing<'_>, ask: ThingId, entries: &[Entry]) -> Result<(), StoreError> {
    for entry in entries {
        let Entry::PurseSpent(spent) = entry else { continue };
        let Some(sale) = spent.sale.filter(|_| spent.missing > 0) else { continue };
        let found = facts::purse(writing.tx, (writing.log, writing.me), spent.purse)?;
        let units = spent.missing.min(found.map_or(0, |found| found.elsewhere));
        if units > 0 && !writing.stall.is_alone() {
            ask_for_points(writing, &own::PointsAsked { ask, purse: spent.purse, sale, units })?;
        }
    }
    Ok(())
}

/// Takes back what was asked for, as it comes; while something of it lies elsewhere, the rest is asked for again.
pub(crate) fn take_rest(writing: &mut Writing<'_>) -> Result<(), Failure> {
    let (log, me) = (writing.log, writing.me);
    let answered = own::points_answered(writing.tx, log, POINTS_ASKED_MAX)?;
    // Mostly there are none, and nothing else is asked.
    if answered.is_empty() || writing.stall.pen.is_none() || stalls::stall_frozen(writing.tx, log)? {
        return Ok(());
    }
    for (asked, answer) in answered {
        let Some(units) = rest_of(writing, &asked, &answer)? else { continue };
        own::drop_points_asked(writing.tx, log, asked.ask)?;
        let found = facts::purse(writing.tx, (log, me), asked.purse)?;
        let units = units.min(found.map_or(0, |found| found.elsewhere));
        if units > 0 {
            ask_for_points(writing, &own::PointsAsked { ask: next(asked.ask), units, ..asked })?;
        }
    }
    Ok(())
}

/// What is still to be asked for after this answer; nothing while what it promised is on its way.
fn rest_of(
    writing: &mut Writing<'_>,
    asked: &own::PointsAsked,
    answer: &Answer,
) -> Result<Option<i64>, Failure> {
    match (stalls::granted_for(writing.tx, writing.log, asked.ask)?, answer) {
        (Some(to), _) if to == writing.me => take(writing, asked),
        // This register was somebody else then.
        (Some(_), _) => Ok(Some(asked.units)),
        (None, Answer::Done) => Ok(None),
        (None, Answer::Refused { code, .. }) => {
            let passes = [Refusal::StallFrozen.code(), Refusal::Outdated.code()].contains(&code.as_str());
            Ok(Some(if passes { asked.units } else { 0 }))
        }
    }
}

/// Nothing while this register may not use its share.
fn take(writing: &mut Writing<'_>, asked: &own::PointsAsked) -> Result<Option<i64>, Failure> {
    let here = writing.own_share(asked.purse)?;
    let Some(found) = facts::purse(writing.tx, (writing.log, writing.me), asked.purse)? else {
        return Ok(None);
    };
    let purse = Touched {
        purse: asked.purse,
        kind: found.kind,
        customer: found.customer,
        paid: 0,
        earned: 0,
        reversed: 0,
        here,
    };
    let shift = writing.open_shift()?.map(|open| open.shift);
    let Some(taken) = spend_purse::take_rest(&purse, asked.units, (asked.sale, shift)) else {
        return Ok(None);
    };
    let rest = asked.units - taken.units;
    writing.write(vec![taken.into()])?;
    Ok(Some(rest))
}

fn ask_for_points(writing: &mut Writing<'_>, asked: &own::PointsAsked) -> Result<(), StoreError> {
    let ask = Ask::Share { product: asked.purse, quantity: asked.units };
    own::add_ask(writing.tx, writing.log, asked.ask, &ask.to_bytes())?;
    own::add_points_asked(writing.tx, writing.log, asked)?;
    writing.after.wants_to_send = true;
    writing.changed([QueryKey::Status]);
    Ok(())
}

/// Another request for the same refund.
fn next(ThingId(mut ask): ThingId) -> ThingId {
    ask[0] = ask[0].wrapping_add(1);
    ThingId(ask)
}

/// What a sale did to each purse.
fn touched(writing: &mut Writing<'_>, sale: SaleId) -> Result<Vec<Touched>, StoreError> {
    let mut purses: BTreeMap<ProductId, Touched> = BTreeMap::new();
    for entry in facts::purse_entries_of_sale(writing.tx, writing.log, sale)? {
        let none =
            |purse, kind| Touched { purse, kind, customer: None, paid: 0, earned: 0, reversed: 0, here: 0 };
        let purse = purses.entry(entry.purse).or_insert_with(|| none(entry.purse, entry.kind));
        if entry.is_filled {
            match FillCause::from_number(entry.cause) {
                Some(FillCause::Earned) => purse.earned += entry.units,
                Some(FillCause::Undone) => purse.paid -= entry.units,
                Some(FillCause::Bought | FillCause::Refund | FillCause::Given) | None => {}
            }
        } else {
            match SpendCause::from_number(entry.cause) {
                Some(SpendCause::Paid) => purse.paid += entry.units,
                // What was missing is not asked for again.
                Some(SpendCause::TakenBack) => purse.reversed += entry.units.saturating_add(entry.missing),
                None => {}
            }
        }
    }
    for purse in purses.values_mut() {
        let found = facts::purse(writing.tx, (writing.log, writing.me), purse.purse)?;
        purse.customer = found.and_then(|found| found.customer);
        purse.here = writing.own_share(purse.purse)?;
    }
    Ok(purses.into_values().collect())
}
