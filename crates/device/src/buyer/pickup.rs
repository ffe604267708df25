//! What a buyer shows at the stall to get an order, as a code: made on the device, so that it is there without a signal.

use soko_app_api::{OwnOrderView, Pickup, PickupCode};
use soko_print::Barcode;

/// What its buyer fetches, with its code; a link in it goes through this server.
pub(super) fn shown(order: OwnOrderView, server: &str) -> OwnOrderView {
    let is_fetched = order.row.state.is_under_way() && !order.row.handing.is_brought();
    let pickup = Pickup { stall: order.row.stall, order: order.row.order };
    let pickup = if is_fetched { code(pickup.link(server)) } else { None };
    OwnOrderView { pickup, ..order }
}

/// None where the address of the server is too long for one: the order is found by the letters beside it, too.
fn code(link: String) -> Option<PickupCode> {
    let Ok(Barcode::Square { side, modules }) = Barcode::qr(&link) else { return None };
    Some(PickupCode { link, side: u32::try_from(side).ok()?, modules })
}
