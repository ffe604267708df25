//! Money for an order that no record here names: the server's disk was lost with it, and no device had heard of it. The seller hears of
//! it at once. It goes back when no device can bring the order any more.

use soko_checkout::{Object, Payment};
use soko_domain::entry::IncidentKind;
use soko_domain::ids::OrderId;
use soko_projection::read;

use crate::core::CoreRefusal;
use crate::pay::rows::{self, Kept};
use crate::stall::desk::Desk;
use crate::stall::paying::{self, ToPay};

/// A server in its first life forgot nothing that it knows of: an old copy of its store may have been put back in silence, which
/// only a device can tell.
const FIRST_LIFE: u64 = 1;

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
    if desk.epoch.counter <= FIRST_LIFE || read::stall_frozen(desk.tx, desk.log)? {
        return Ok(());
    }
    let kept = Kept {
        payment: Payment::without_order(object),
        provider: to_pay.provider.clone(),
        way: to_pay.way,
        phone: to_pay.phone.clone(),
        back: to_pay.back.clone(),
        asked_ms: desk.now.now_ms,
        next_ms: desk.now.now_ms,
        begun_ms: desk.now.now_ms,
    };
    Ok(rows::save(desk.tx, desk.log, &kept)?)
}
