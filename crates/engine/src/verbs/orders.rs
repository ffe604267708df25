//! What a register does with orders from the shop: steps, handing over, cancelling, money back.

use soko_app_api::{Command, RefundLineInput, Reply, TenderInput, Verb};
use soko_domain::entry::{
    Entry, Instead, OrderBackLine, OrderHandedOver, OrderRefundAsked, OrderStep, OrderSwapAsked, Tendered,
};
use soko_domain::ids::{OrderId, SaleId, ThingId};
use soko_domain::verbs::swap_order::{self, Swap};
use soko_domain::verbs::{hand_over_order, pay_order, refund_order, step_order, transfer_order};
use soko_projection::{figures, order_money, order_refunds, order_steps, read, swaps};

use super::sale;
use crate::failure::{Failure, NotDone};
use crate::write::Writing;

pub(super) fn pay_back(writing: &mut Writing<'_>, order: OrderId, reason: &str) -> Result<Reply, NotDone> {
    let facts = pay_order::BackFacts {
        money: order_money::of(writing.tx, writing.log, order)?,
        state: writing.order_state(order)?,
        doer: writing.doer.clone(),
    };
    writing.write(pay_order::ask_back(&facts, order, reason)?)?;
    Ok(Reply::Done)
}

/// Asks for a part to go back, which the server answers with its next page; or gives what it allowed.
pub(super) fn refund_order(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    if let Verb::GiveOrderCash { order, refund } = &command.verb {
        return give_order_cash(writing, (*refund, *order));
    }
    let Verb::RefundOrder { order, returned, lines, amount_minor, way, reason } = &command.verb else {
        return Err(Failure::Inconsistent("a verb went the wrong way".into()).into());
    };
    let line = |line: &RefundLineInput| OrderBackLine {
        line: line.line,
        quantity: line.quantity,
        goods: line.goods,
    };
    let asked = OrderRefundAsked {
        refund: returned.unwrap_or(command.id),
        order: *order,
        lines: lines.iter().map(line).collect(),
        amount_minor: *amount_minor,
        way: *way,
        reason: reason.clone(),
    };
    let facts = order_refunds::facts(writing.tx, writing.log, *order)?;
    let entries = refund_order::ask(&facts, &writing.doer, &asked)?;
    writing.write(entries)?;
    writing.after.wants_to_send = true;
    Ok(Reply::Done)
}

fn give_order_cash(writing: &mut Writing<'_>, part: (ThingId, OrderId)) -> Result<Reply, NotDone> {
    let facts = order_refunds::facts(writing.tx, writing.log, part.1)?;
    let shift = writing.open_shift()?.map(|open| open.shift);
    writing.write(refund_order::give(&facts, (writing.me, shift), part)?)?;
    Ok(Reply::Done)
}

/// The goods go to their buyer, and what was not paid before is paid.
pub(super) fn hand_over(
    writing: &mut Writing<'_>,
    order: OrderId,
    paid: &[TenderInput],
) -> Result<Reply, NotDone> {
    let tenders: Vec<Tendered> = paid.iter().map(sale::tendered).collect();
    let found = writing.order_found(order)?;
    let placed =
        found.as_ref().map(|found| read::order_placed(writing.tx, writing.log, found)).transpose()?;
    let money = order_money::of(writing.tx, writing.log, order)?;
    let facts = hand_over_order::Facts {
        state: found.map(|found| found.state),
        placed,
        is_swapping: swaps::of_order(writing.tx, writing.log, order)?.iter().any(Swap::is_open),
        money: money.standing(),
        card: money.card,
        awaits_transfer: money.awaits_transfer(),
        open_shift: writing.open_shift()?.map(|open| open.shift),
        cash_rounding: sale::terms(writing.tx, writing.log)?.cash_rounding(),
        // No sale has the name of an order.
        codes_used: sale::codes_used(writing, SaleId(order.0), paid)?,
    };
    let entries = hand_over_order::decide_hand_over(&facts, order, &tenders)?;
    let goods = facts.placed.iter().flat_map(|placed| &placed.lines).map(|line| line.product);
    let costs = match entries.as_slice() {
        [] => None,
        _ => figures::costs_today(writing.tx, writing.log, SaleId(order.0), goods)?,
    };
    let reply = match entries.as_slice() {
        [Entry::OrderHandedOver(OrderHandedOver { taken: Some(taken), .. })] => Reply::HandedOver {
            cash_rounding_minor: taken.cash_rounding_minor,
            change_minor: taken.change_minor,
        },
        _ => Reply::Done,
    };
    writing.write(costs.map(Entry::from).into_iter().chain(entries).collect())?;
    Ok(reply)
}

/// What somebody saw on the stall's account, or sent from it. No drawer is needed: it is no money of one.
#[expect(clippy::wildcard_enum_match_arm, reason = "only the two verbs of a transfer come here")]
pub(super) fn transfer(writing: &mut Writing<'_>, verb: &Verb) -> Result<Reply, NotDone> {
    let entries = match verb {
        Verb::TransferCame { order, amount_minor, reference } => {
            let money = order_money::of(writing.tx, writing.log, *order)?;
            let facts = transfer_order::Facts { state: writing.order_state(*order)?, money };
            transfer_order::came(&facts, *order, (*amount_minor, reference))?
        }
        Verb::SendBackTransfer { order, refund, reference } => {
            let facts = order_refunds::facts(writing.tx, writing.log, *order)?;
            transfer_order::sent_back(&facts, (*refund, *order), reference)?
        }
        _ => return Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    };
    writing.write(entries)?;
    writing.after.wants_to_send = true;
    Ok(Reply::Done)
}

pub(super) fn cancel(writing: &mut Writing<'_>, order: OrderId, reason: &str) -> Result<Reply, NotDone> {
    let state = writing.order_state(order)?;
    writing.write(hand_over_order::decide_cancel(state, order, reason)?)?;
    Ok(Reply::Done)
}

/// Offers something else for a line, or takes such an offer back. The server answers with its next page.
#[expect(clippy::wildcard_enum_match_arm, reason = "only the two verbs of an offer come here")]
pub(super) fn swap(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    let asked = match &command.verb {
        Verb::SwapLine { order, line, instead } => {
            let instead = instead.as_ref().map(|it| Instead { product: it.product, quantity: it.quantity });
            if let Some(instead) = instead {
                writing.require_product(instead.product)?;
            }
            OrderSwapAsked { swap: command.id, order: *order, line: *line, instead }
        }
        Verb::WithdrawSwap { order, swap } => {
            let facts = swaps::facts(writing.tx, writing.log, *order)?;
            writing.write(swap_order::withdraw(&facts, (*order, *swap))?)?;
            writing.after.wants_to_send = true;
            return Ok(Reply::Done);
        }
        _ => return Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    };
    let facts = swaps::facts(writing.tx, writing.log, asked.order)?;
    writing.write(swap_order::ask(&facts, &asked)?)?;
    writing.after.wants_to_send = true;
    Ok(Reply::Done)
}

pub(super) fn step_order(
    writing: &mut Writing<'_>,
    order: OrderId,
    step: OrderStep,
) -> Result<Reply, NotDone> {
    let facts = writing.order_found(order)?.as_ref().map(order_steps::facts).unwrap_or_default();
    writing.write(step_order::decide(&facts, order, step)?)?;
    Ok(Reply::Done)
}
