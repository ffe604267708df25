//! Goods come back and others go out for them, in one transaction: a refund and a sale. In the books what came back is
//! cash that was given out and taken in again, so drawer and reports need to know nothing of it. What was paid with a gift card,
//! credit or points is no money: it goes out as a voucher and comes in as one, and there is no change.

use soko_app_api::{Reply, ReturnInput, TenderInput, Verb};
use soko_domain::basket::TenderKind;
use soko_domain::ids::ThingId;
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
        return sale::decide(writing, goods, Some(handed))?.write(writing, Vec::new());
    }
    let mut payload = payload(id, returned);
    let facts = sale::refund_facts(writing.tx, writing.stall, &payload)?;
    let number = facts.sale.as_ref().map_or(0, |(_, made)| made.receipt_number);
    let amount_minor = worth_of(&facts, &payload)?;
    if amount_minor > facts.left.money_minor {
        payload.tender = TenderKind::Voucher;
    }
    let (kind, reference) = (payload.tender, format!("#{number}"));
    let handed = TenderInput { kind, reference, ..TenderInput::cash(amount_minor) };
    let facts = refund::Facts { doer: writing.doer.clone(), ..facts };
    let refunded = refund::decide(&facts, &payload);
    let sold = sale::decide(writing, goods, Some(handed));
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
fn handed_before(writing: &mut Writing<'_>, goods: &Verb) -> Result<Option<TenderInput>, NotDone> {
    let Verb::MakeSale { sale, .. } = goods else { return Ok(None) };
    let Some((_, made)) = writing.sale(*sale)? else { return Ok(None) };
    let first = made.tenders.first();
    Ok(first.map(|first| TenderInput {
        kind: first.kind,
        reference: first.reference.clone(),
        ..TenderInput::cash(first.amount_minor)
    }))
}

/// What comes back is worth, as far as this register may take it back.
pub(crate) fn worth(tx: &mut dyn Tx, stall: &Stall, returned: &ReturnInput) -> Result<i64, NotDone> {
    let payload = payload(ThingId::default(), returned);
    let facts = sale::refund_facts(tx, stall, &payload)?;
    Ok(worth_of(&facts, &payload)?)
}

fn worth_of(facts: &refund::Facts, payload: &refund::Refund) -> Result<i64, Refusal> {
    Ok(refund::returned(facts, payload)?.lines.iter().map(|line| line.amount_minor).sum())
}

fn payload(refund: ThingId, returned: &ReturnInput) -> refund::Refund {
    refund::Refund {
        refund,
        sale: returned.sale,
        lines: returned.lines.iter().map(sale::refunded_line).collect(),
        tender: TenderKind::Cash,
        reason: returned.reason.clone(),
    }
}
