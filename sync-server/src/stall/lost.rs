//! Money for an order that no record here names: the server's disk was lost with it, and no device had heard of it. The seller hears of
//! it, once. It does not go back by itself: a device that was away may still bring the order, paid and perhaps handed over, and only
//! people know whether one is missing.

use soko_checkout::Object;
use soko_domain::entry::IncidentKind;
use soko_domain::ids::OrderId;
use soko_projection::read;

use crate::core::CoreRefusal;
use crate::pay::rows;
use crate::stall::desk::Desk;
use crate::stall::paying::{self, ToPay};

pub(super) fn found(
    desk: &mut Desk<'_>,
    order: OrderId,
    (to_pay, object): &(ToPay, Object),
) -> Result<(), CoreRefusal> {
    let is_here =
        rows::is_known(desk.tx, desk.log, order)? || read::order(desk.tx, desk.log, order)?.is_some();
    // Brought back meanwhile: whoever remembers payments looks it up.
    if is_here {
        return Ok(());
    }
    // However often the provider says so, and whatever its words are called.
    let told = format!("found {} {order}", desk.log);
    if rows::is_new_word(desk.tx, (&to_pay.provider, &told), desk.now.now_ms)? {
        paying::tell(desk, IncidentKind::PaymentOdd, order, object.due.amount_minor)?;
    }
    Ok(())
}
