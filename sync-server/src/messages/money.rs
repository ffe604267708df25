//! What records of money and of goods that come back mean to people, and what is written with such a message beside its order.

use soko_domain::entry::{BackWay, Entry, IncidentKind, IncidentRaised, OrderPurseMoved, PurseMove};
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::verbs::refund_order::{Part, PartStanding};
use soko_projection::{order_money, order_refunds, read};
use soko_record_log::{StoreError, Tx};

use super::causes::{Told, buyer_of};
use super::topic::Topic;

/// What a message about a return says beside it: the stall does not take it.
pub(super) const REFUSED: i64 = 2;
/// The stall has it again.
const TAKEN: i64 = 1;

/// A part of what was paid, as a message keeps it: below zero if it left the drawer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Back {
    pub(super) amount_minor: i64,
    pub(super) is_cash: bool,
}

impl Back {
    fn detail(self) -> i64 {
        if self.is_cash { -self.amount_minor } else { self.amount_minor }
    }

    pub(super) fn from_detail(detail: i64) -> Self {
        Self { amount_minor: detail.saturating_abs(), is_cash: detail < 0 }
    }
}

/// Nothing where a record is about something else, or moved nothing that anybody has to hear of.
pub(super) fn told_of(
    tx: &mut dyn Tx,
    log: LogId,
    (author, entry): (AuthorId, &Entry),
) -> Result<Vec<Told>, StoreError> {
    Ok(if let Entry::OrderPaid(paid) = entry {
        came(tx, log, (paid.order, paid.amount_minor))?
    } else if let Entry::OrderTransferCame(transfer) = entry {
        came(tx, log, (transfer.order, transfer.amount_minor))?
    } else if let Entry::IncidentRaised(raised) = entry {
        trouble(tx, log, raised)?
    } else if let Entry::ReturnTaken(taken) = entry {
        vec![answered(tx, log, (taken.order, taken.returned), TAKEN)?]
    } else if let Entry::ReturnRefused(refused) = entry {
        vec![answered(tx, log, (refused.order, refused.returned), REFUSED)?]
    } else if let Entry::OrderPaidBack(back) = entry {
        vec![went_back(tx, log, (back.order, None))?]
    } else if let Entry::OrderRefundEnded(ended) = entry {
        part(tx, log, (ended.order, ended.refund), |part| part.end.is_some())?.into_iter().collect()
    } else if let Entry::OrderPurseMoved(moved) = entry {
        on_card(tx, log, moved)?.into_iter().collect()
    } else if let Entry::OrderSentBack(sent) = entry {
        part(tx, log, (sent.order, sent.refund), |part| part.way == BackWay::AsPaid)?.into_iter().collect()
    } else if let Entry::OrderCashGiven(given) = entry {
        // What somebody else says of it is no more than a word.
        let is_meant = |part: &Part| part.way == BackWay::Cash && part.to == Some(author);
        part(tx, log, (given.order, given.refund), is_meant)?.into_iter().collect()
    } else {
        vec![]
    })
}

/// Both hear of it: whoever waits for the money, and whoever sent it.
fn came(tx: &mut dyn Tx, log: LogId, (order, amount_minor): (OrderId, i64)) -> Result<Vec<Told>, StoreError> {
    let buyer = buyer_of(tx, log, order)?;
    let told = |topic, buyer| Told { topic, buyer, subject: Some(ThingId(order.0)), detail: amount_minor };
    Ok(vec![told(Topic::PaymentCame, None), told(Topic::OrderPaid, buyer)])
}

/// What is wrong with the money of an order that is known here. Whoever waits for money that does not come hears of it, too.
fn trouble(tx: &mut dyn Tx, log: LogId, raised: &IncidentRaised) -> Result<Vec<Told>, StoreError> {
    let is_about = match raised.kind {
        IncidentKind::PaymentOdd
        | IncidentKind::PaymentReturned
        | IncidentKind::PaymentDisputed
        | IncidentKind::HandedOverUnpaid
        | IncidentKind::TransferToSendBack
        | IncidentKind::TransferTwice
        | IncidentKind::PaymentStays => true,
        IncidentKind::Shortage
        | IncidentKind::Overdrawn
        | IncidentKind::Fork
        | IncidentKind::PaymentTwice
        | IncidentKind::PaidTwice => false,
    };
    let Some(order) = raised.orders.first().filter(|_| is_about) else { return Ok(vec![]) };
    if read::order(tx, log, *order)?.is_none() {
        return Ok(vec![]);
    }
    let (subject, detail) = (Some(ThingId(order.0)), raised.kind.number().into());
    let mut told = vec![Told { topic: Topic::PaymentTrouble, buyer: None, subject, detail }];
    if raised.kind == IncidentKind::PaymentStays {
        let buyer = buyer_of(tx, log, *order)?;
        told.push(Told { topic: Topic::OrderOwed, buyer, subject, detail: raised.quantity });
    }
    Ok(told)
}

fn answered(
    tx: &mut dyn Tx,
    log: LogId,
    (order, returned): (OrderId, ThingId),
    detail: i64,
) -> Result<Told, StoreError> {
    let buyer = buyer_of(tx, log, order)?;
    Ok(Told { topic: Topic::ReturnAnswered, buyer, subject: Some(returned), detail })
}

/// A part of an order's money, if the buyer has it or it is on its way to them. All that was paid, in one part, is no part.
fn part(
    tx: &mut dyn Tx,
    log: LogId,
    (order, refund): (OrderId, ThingId),
    is_meant: impl Fn(&Part) -> bool,
) -> Result<Option<Told>, StoreError> {
    let parts = order_refunds::parts(tx, log, order)?;
    let found = parts.into_iter().find(|part| part.refund == refund);
    let Some(part) = found.filter(|part| part.standing == PartStanding::Back && is_meant(part)) else {
        return Ok(None);
    };
    let is_cash = part.way == BackWay::Cash && part.amount_minor > 0;
    let is_whole = is_whole(tx, log, (order, &part))?;
    let back = Back { amount_minor: part.shown_minor(), is_cash };
    went_back(tx, log, (order, Some(back).filter(|_| is_cash || !is_whole))).map(Some)
}

/// What a gift card has again of a part that goes back in another way, too. What it took alone is told with the end of that part, and
/// so is all that was paid, unless some of it comes out of a drawer. Without a part, all of it was asked back, and nobody else paid any.
fn on_card(tx: &mut dyn Tx, log: LogId, moved: &OrderPurseMoved) -> Result<Option<Told>, StoreError> {
    let order = moved.order;
    if moved.cause != PurseMove::Back {
        return Ok(None);
    }
    let Some(refund) = moved.refund else {
        let money = order_money::of(tx, log, order)?;
        let is_all = money.is_back_asked && money.to_pay.is_none();
        return if is_all { went_back(tx, log, (order, None)).map(Some) } else { Ok(None) };
    };
    let parts = order_refunds::parts(tx, log, order)?;
    let found = parts.into_iter().find(|part| part.refund == refund);
    let Some(part) = found.filter(|part| part.amount_minor > 0 && part.card_minor > 0) else {
        return Ok(None);
    };
    if part.way == BackWay::AsPaid && is_whole(tx, log, (order, &part))? {
        return Ok(None);
    }
    let back = Back { amount_minor: part.card_minor, is_cash: false };
    went_back(tx, log, (order, Some(back))).map(Some)
}

fn is_whole(tx: &mut dyn Tx, log: LogId, (order, part): (OrderId, &Part)) -> Result<bool, StoreError> {
    let paid_minor = order_money::of(tx, log, order)?.all_paid_minor();
    Ok(paid_minor == part.amount_minor.saturating_add(part.card_minor))
}

fn went_back(
    tx: &mut dyn Tx,
    log: LogId,
    (order, part): (OrderId, Option<Back>),
) -> Result<Told, StoreError> {
    let buyer = buyer_of(tx, log, order)?;
    let (topic, detail) = match part {
        Some(back) => (Topic::OrderPartBack, back.detail()),
        None => (Topic::OrderPaidBack, 0),
    };
    Ok(Told { topic, buyer, subject: Some(ThingId(order.0)), detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_kept_with_how_it_goes_back() {
        for (amount_minor, is_cash, detail) in [(450, false, 450), (450, true, -450), (0, false, 0)] {
            let back = Back { amount_minor, is_cash };
            assert_eq!((back.detail(), Back::from_detail(detail)), (detail, back));
        }
    }
}
