//! What of a payment does not go back the way it came, and what went back of it past this server. Both are a person's: the records say
//! so, and no more goes out of a drawer than is the buyer's still.

use sha2::{Digest as _, Sha256};
use soko_checkout::{Deed, Trouble};
use soko_domain::entry::{BackWay, IncidentKind, OrderRefundAllowed, OrderRefundEnded, RefundEnd};
use soko_domain::ids::{OrderId, ThingId};
use soko_domain::verbs::pay_order::PayStanding;
use soko_projection::{order_money, order_refunds};
use soko_record_log::StoreError;

use crate::core::CoreRefusal;
use crate::pay::rows::Kept;
use crate::stall::desk::Desk;
use crate::stall::paying::tell;

/// What begins the names of an order's parts that were given back elsewhere.
type Start = [u8; 8];

/// All that is left of an order's money goes back, or does not, under this name, however many registers ask.
pub(super) fn whole(order: OrderId) -> ThingId {
    ThingId(order.0)
}

/// What the records say before these deeds are done: whether all went back already, so that it is no news whatever a restored server
/// forgot, and how much of the money is the shop's.
pub(super) fn before(desk: &mut Desk<'_>, kept: &Kept, deeds: &[Deed]) -> Result<(bool, i64), StoreError> {
    let due = &kept.payment.due;
    let is_outside = deeds.contains(&Deed::Tell(Trouble::ReturnedOutside));
    if !is_outside && !deeds.contains(&Deed::Tell(Trouble::Stays)) {
        return Ok((false, due.amount_minor));
    }
    let facts = order_money::of(desk.tx, desk.log, due.order)?;
    let left_minor = facts.left_minor();
    let left_minor = if left_minor > 0 { left_minor } else { due.amount_minor };
    Ok((is_outside && facts.standing() == PayStanding::PaidBack, left_minor))
}

/// A part does not go back this way, or did not arrive.
pub(super) fn part_stays(desk: &mut Desk<'_>, kept: &Kept, refund: ThingId) -> Result<(), CoreRefusal> {
    let part = kept.payment.parts.iter().find(|part| part.refund == refund);
    let amount_minor = part.map_or(0, |part| part.amount_minor);
    tell(desk, IncidentKind::PaymentStays, kept.payment.due.order, amount_minor)
}

/// Somebody gave a part back at the provider. It stands in the records like any other part, once, with what all those parts came to.
pub(super) fn outside(desk: &mut Desk<'_>, kept: &mut Kept, total_minor: i64) -> Result<(), CoreRefusal> {
    let order = kept.payment.due.order;
    let start = start(order);
    let parts = order_refunds::parts(desk.tx, desk.log, order)?;
    let known = parts.iter().filter(|part| part.refund.0.starts_with(&start));
    let known_minor = known.fold(0, |sum: i64, part| sum.saturating_add(part.amount_minor));
    let amount_minor = total_minor.saturating_sub(known_minor);
    if amount_minor <= 0 {
        return Ok(());
    }
    let (refund, to, way) = (name(start, total_minor), desk.author(), BackWay::AsPaid);
    let (end, reference) = (RefundEnd::PaidBack, kept.payment.object.clone().unwrap_or_default());
    desk.write([
        OrderRefundAllowed { refund, order, to, way, lines: vec![], amount_minor }.into(),
        OrderRefundEnded { refund, order, end, amount_minor, reference }.into(),
    ])?;
    kept.payment.forgotten_part(refund, amount_minor, true);
    tell(desk, IncidentKind::PaymentReturned, order, amount_minor)
}

fn start(order: OrderId) -> Start {
    let digest: [u8; 32] =
        Sha256::new().chain_update(b"soko back outside 1").chain_update(order.as_bytes()).finalize().into();
    let mut start = Start::default();
    start.copy_from_slice(&digest[..8]);
    start
}

fn name(start: Start, total_minor: i64) -> ThingId {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&start);
    name[8..].copy_from_slice(&total_minor.to_be_bytes());
    ThingId(name)
}
