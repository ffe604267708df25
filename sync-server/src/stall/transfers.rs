//! Orders that are paid to the stall's own account. Nobody can be asked whether the money moved: registers say what somebody saw there,
//! and the clock ends what nobody paid.

use soko_domain::entry::{
    Entry, IncidentKind, IncidentRaised, Kind, OrderTransferCame, PayWay, ReleaseReason,
};
use soko_domain::ids::{AuthorId, LogId, OrderId};
use soko_domain::transfer::BankAccount;
use soko_domain::verbs::pay_order::{self, PayStanding};
use soko_domain::verbs::release_order::{self, OrderState};
use soko_domain::verbs::transfer_order;
use soko_domain::verbs::verify_payment::code_key;
use soko_projection::{order_money, order_refunds, read, transfers};
use soko_record_log::{StoreError, Tx};
use soko_replication::Record;

use crate::core::{CoreRefusal, Fault};
use crate::stall::cards;
use crate::stall::desk::Desk;
use crate::stall::orders::held_units;
use crate::stall::paying::PaymentView;

/// Where a buyer sends the money for an order, how much, and until when its goods are held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransferView {
    pub to: BankAccount,
    pub amount_minor: i64,
    pub until_ms: i64,
}

/// With the order, in its transaction.
pub(super) fn begin(
    desk: &mut Desk<'_>,
    (order, amount_minor): (OrderId, i64),
) -> Result<PaymentView, CoreRefusal> {
    let terms = read::profile(desk.tx, desk.log)?.and_then(|profile| profile.transfers);
    let terms = terms.ok_or_else(|| CoreRefusal::Refused {
        fault: Fault::Conflict,
        code: "way_not_taken",
        detail: "the stall takes no transfers: pay when you fetch it, or choose another way".into(),
    })?;
    let begun = transfer_order::begin(order, amount_minor, &terms, desk.now.now_ms);
    let transfer = TransferView { to: begun.to.clone(), amount_minor, until_ms: begun.until_ms };
    desk.write([begun.into()])?;
    Ok(view_of("waiting", transfer))
}

/// What registers saw come. A second word for the same order is told, unless it names the very same transfer.
pub(super) fn hear(desk: &mut Desk<'_>, author: AuthorId, records: &[Record]) -> Result<(), CoreRefusal> {
    for record in records.iter().filter(|record| record.kind == Kind::OrderTransferCame.number()) {
        let Some(body) = record.body.bytes() else { continue };
        let Ok((_, Entry::OrderTransferCame(came))) = Entry::from_body(Kind::OrderTransferCame, body) else {
            continue;
        };
        if is_second(desk, &came)? {
            raise(desk, IncidentKind::TransferTwice, Some(author), (came.order, came.amount_minor))?;
        }
        cards::pay(desk, came.order)?;
        owe(desk, came.order)?;
    }
    Ok(())
}

fn is_second(desk: &mut Desk<'_>, came: &OrderTransferCame) -> Result<bool, CoreRefusal> {
    let seen = transfers::seen(desk.tx, desk.log, came.order)?;
    let own = code_key(&came.reference);
    let is_same = !own.is_empty() && seen.iter().all(|reference| code_key(reference) == own);
    Ok(seen.len() > 1 && !is_same)
}

/// The money of an order that ended without its goods goes back by hand: written once, and a person hears of it. Not while the stall waits
/// for its devices after a restore: one of them may know that it was written.
pub(super) fn owe(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let is_transfer = order_money::of(desk.tx, desk.log, order)?.is_transfer();
    if !is_transfer || read::stall_frozen(desk.tx, desk.log)? {
        return Ok(());
    }
    let facts = order_refunds::facts(desk.tx, desk.log, order)?;
    let (refund, to) = (desk.id(), desk.author());
    let Some(owed) = transfer_order::owed(&facts, order, (refund, to)) else { return Ok(()) };
    let amount_minor = owed.amount_minor;
    desk.write([owed.into()])?;
    raise(desk, IncidentKind::TransferToSendBack, None, (order, amount_minor))
}

/// The quantity is money here.
fn raise(
    desk: &mut Desk<'_>,
    kind: IncidentKind,
    author: Option<AuthorId>,
    (order, quantity): (OrderId, i64),
) -> Result<(), CoreRefusal> {
    let (incident, orders) = (desk.id(), vec![order]);
    desk.write([IncidentRaised { incident, kind, author, product: None, quantity, orders }.into()])
}

/// The time is over, and nobody saw the money. A stall that waits for its devices after a restore waits with this, too: one of them may
/// know that it came.
pub(super) fn lapse(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let Some(found) = transfers::of_order(desk.tx, desk.log, order)? else { return Ok(()) };
    let state = read::order(desk.tx, desk.log, order)?.map(|found| found.state);
    let money = order_money::of(desk.tx, desk.log, order)?;
    let is_over =
        found.until_ms < desk.now.now_ms && state == Some(OrderState::Held) && money.awaits_transfer();
    if !is_over || read::stall_frozen(desk.tx, desk.log)? {
        return Ok(());
    }
    let units = held_units(desk.tx, desk.log, order)?;
    let facts = release_order::Facts { state, step: None, units };
    let command = release_order::ReleaseOrder { order, reason: ReleaseReason::Lapsed };
    desk.write(release_order::decide(&facts, &command)?)
}

/// Nothing where it is not paid in this way.
pub(super) fn view(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<PaymentView>, StoreError> {
    let Some(found) = transfers::of_order(tx, log, order)? else { return Ok(None) };
    let money = order_money::of(tx, log, order)?;
    let is_released = read::order(tx, log, order)?.is_some_and(|found| found.state == OrderState::Released);
    let state = state(&money, is_released);
    let transfer = TransferView { to: found.to, amount_minor: found.amount_minor, until_ms: found.until_ms };
    Ok(Some(view_of(state, transfer)))
}

fn view_of(state: &'static str, transfer: TransferView) -> PaymentView {
    PaymentView { way: PayWay::Transfer, state, page: String::new(), transfer: Some(Box::new(transfer)) }
}

fn state(money: &pay_order::Facts, is_released: bool) -> &'static str {
    match money.standing() {
        PayStanding::AtHandOver | PayStanding::Waiting if is_released => "cancelled",
        PayStanding::AtHandOver | PayStanding::Waiting => "waiting",
        PayStanding::PaidBack => "returned",
        PayStanding::PayingBack => "returning",
        PayStanding::Paid | PayStanding::PartlyBack if is_released => "returning",
        PayStanding::Paid | PayStanding::PartlyBack => "paid",
    }
}
