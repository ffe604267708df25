//! Goods come back and others go out for them, in one transaction: a refund and a sale. In the books what came back is
//! cash that was given out and taken in again, so drawer and reports need to know nothing of it. What was paid with a gift card,
//! credit or points is no money: it goes out as a voucher and comes in as one, and there is no change. What never came pays nothing.

use soko_app_api::{Reply, ReturnInput, TenderInput, Verb};
use soko_domain::basket::TenderKind;
use soko_domain::entry::Tendered;
use soko_domain::ids::ThingId;
use soko_domain::money::CashRounding;
use soko_domain::refusal::Refusal;
use soko_domain::verbs::refund;
use soko_record_log::Tx;

use super::sale;
use crate::failure::NotDone;
use crate::stall::Stall;
use crate::write::Writing;

/// Nothing is written before both are decided. What needs a manager's word is asked for together.
pub(super) fn exchange(
    writing: &mut Writing<'_>,
    id: ThingId,
    (returned, goods): (&ReturnInput, &Verb),
) -> Result<Reply, NotDone> {
    if let Some(handed) = handed_before(writing, goods)? {
        return sale::decide(writing, goods, handed)?.write(writing, Vec::new());
    }
    let (payload, facts) = (payload(id, returned), facts(writing.tx, writing.stall, (id, returned))?);
    let handed = handed(&facts, &payload)?;
    let facts = refund::Facts { doer: writing.doer.clone(), ..facts };
    let refunded = refund::decide(&facts, &payload);
    let sold = sale::decide(writing, goods, handed);
    match (refunded, sold) {
        (Ok(refunded), Ok(sold)) => {
            let value = sale::refunded_value(writing, (sale::the_refund(&refunded)?, &facts), None)?;
            sold.write(writing, refunded.into_iter().chain(value).collect())
        }
        (Err(Refusal::ApprovalNeeded { mut acts }), Err(NotDone::Refused(more))) if !more.acts.is_empty() => {
            acts.extend(more.acts);
            acts.sort_unstable();
            acts.dedup();
            Err(Refusal::ApprovalNeeded { acts }.into())
        }
        (Err(refused), _) => Err(refused.into()),
        (Ok(_), Err(refused)) => Err(refused),
    }
}

/// Where the sale was made already, what came back then: it comes back once.
fn handed_before(writing: &mut Writing<'_>, goods: &Verb) -> Result<Option<Vec<TenderInput>>, NotDone> {
    let Verb::MakeSale { sale, .. } = goods else { return Ok(None) };
    let Some((_, made)) = writing.sale(*sale)? else { return Ok(None) };
    let handed = made.tenders.iter().filter(|paid| paid.is_exchange());
    Ok(Some(handed.map(|paid| taken(paid.kind, paid.amount_minor, paid.reference.clone())).collect()))
}

/// What the goods that come back pay, as far as this register may take them back.
pub(crate) fn pays(
    tx: &mut dyn Tx,
    stall: &Stall,
    returned: &ReturnInput,
) -> Result<Vec<TenderInput>, NotDone> {
    let id = ThingId::default();
    let facts = facts(tx, stall, (id, returned))?;
    Ok(handed(&facts, &payload(id, returned))?)
}

fn handed(facts: &refund::Facts, payload: &refund::Refund) -> Result<Vec<TenderInput>, Refusal> {
    let number = facts.sale.as_ref().map_or(0, |(_, made)| made.receipt_number);
    let back = refund::goes_back(facts, payload, &refund::returned(facts, payload)?)?;
    Ok(back.leaves().map(|part| taken(part.kind, part.amount_minor, Tendered::exchange_of(number))).collect())
}

fn taken(kind: TenderKind, amount_minor: i64, reference: String) -> TenderInput {
    TenderInput { kind, reference, ..TenderInput::cash(amount_minor) }
}

/// No coin moves, so none is rounded.
fn facts(
    tx: &mut dyn Tx,
    stall: &Stall,
    (id, returned): (ThingId, &ReturnInput),
) -> Result<refund::Facts, NotDone> {
    let facts = sale::refund_facts(tx, stall, &payload(id, returned))?;
    let left = refund::Left { coins_owed_minor: 0, ..facts.left };
    Ok(refund::Facts { coins: CashRounding::NONE, left, ..facts })
}

fn payload(refund: ThingId, returned: &ReturnInput) -> refund::Refund {
    refund::Refund {
        refund,
        sale: returned.sale,
        lines: returned.lines.iter().map(sale::refunded_line).collect(),
        tender: TenderKind::Cash,
        rest_into_purse: true,
        reason: returned.reason.clone(),
    }
}
