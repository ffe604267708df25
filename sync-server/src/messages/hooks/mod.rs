//! Webhooks: addresses of a stall's own programs that are told what happens, by the same outbox as people.
//!
//! They are strangers' addresses: requests go out by `egress` alone. One that hangs or fails keeps nobody else waiting: it is
//! left alone for longer and longer, then one message tries it, and after days of failures it is switched off and the
//! stall's owners are told.

mod notice;
mod rows;
mod topic;

use soko_domain::entry::{Entry, PurseMove, RefundEnd};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_record_log::{StoreError, Tx};

pub use notice::Hooks;
pub(crate) use notice::shown;
pub(in crate::messages) use notice::{Notice, write};
pub(crate) use rows::{Hook, end, find, host_of, make, of, of_stall, put, renew, wake};
pub(in crate::messages) use rows::{claim, has_any};
pub use topic::HookTopic;
pub(crate) use topic::HookTopics;

use super::causes;
use super::channel::{Channel, Offers};
use super::outbox::{self, About};
use super::topic::Topic;

/// What a record means to programs: the topic, the order, and what the topic says beside it.
pub(super) fn meant(entry: &Entry) -> Option<(HookTopic, OrderId, i64)> {
    if let Entry::OrderPlaced(placed) = entry {
        Some((HookTopic::OrderPlaced, placed.order, 0))
    } else if let Entry::OrderPaid(paid) = entry {
        Some((HookTopic::OrderPaid, paid.order, paid.amount_minor))
    } else if let Entry::OrderTransferCame(came) = entry {
        Some((HookTopic::OrderPaid, came.order, came.amount_minor))
    } else if let Entry::OrderStepped(stepped) = entry {
        Some((HookTopic::OrderStep, stepped.order, stepped.step.number().into()))
    } else if let Entry::OrderFulfilled(fulfilled) = entry {
        Some((HookTopic::OrderStep, fulfilled.order, notice::HANDED_OVER))
    } else if let Entry::OrderReleased(released) = entry {
        Some((HookTopic::OrderCancelled, released.order, 0))
    } else if let Entry::OrderPaidBack(back) = entry {
        Some((HookTopic::OrderRefunded, back.order, back.amount_minor))
    } else if let Entry::OrderRefundEnded(ended) = entry {
        // What a gift card took alone is told with the card.
        let is_back = ended.end == RefundEnd::PaidBack && ended.amount_minor > 0;
        is_back.then_some((HookTopic::OrderRefunded, ended.order, ended.amount_minor))
    } else if let Entry::OrderCashGiven(given) = entry {
        Some((HookTopic::OrderRefunded, given.order, given.amount_minor))
    } else if let Entry::OrderPurseMoved(moved) = entry {
        (moved.cause == PurseMove::Back).then_some((HookTopic::OrderRefunded, moved.order, moved.units))
    } else if let Entry::OrderSentBack(sent) = entry {
        Some((HookTopic::OrderRefunded, sent.order, sent.amount_minor))
    } else {
        None
    }
}

/// Makes a message for each address that is told of such a thing, once whatever it is asked for again. Says how many.
pub(super) fn address(
    tx: &mut dyn Tx,
    (stall, topic): (LogId, HookTopic),
    (subject, detail): (Option<ThingId>, i64),
    (because, now_ms): (&[&[u8]], i64),
) -> Result<usize, StoreError> {
    let hooks = rows::wanting(tx, stall, topic)?;
    for hook in &hooks {
        let about = About { topic: Topic::Program(topic), account: *hook, log: Some(stall), subject, detail };
        outbox::address_by(tx, &about, because, (Channel::Hook, now_ms))?;
    }
    Ok(hooks.len())
}

/// Makes a message that says nothing, to see it arrive.
pub(crate) fn test(tx: &mut dyn Tx, hook: &Hook, (because, now_ms): (&[u8], i64)) -> Result<(), StoreError> {
    let topic = Topic::Program(HookTopic::Test);
    let about = About { topic, account: hook.hook, log: Some(hook.stall), subject: None, detail: 0 };
    outbox::address_by(tx, &about, &[because], (Channel::Hook, now_ms)).map(drop)
}

/// What became of what was tried at one address at once.
pub(super) enum Fared {
    Well,
    Badly,
    /// It says itself that it is there no more.
    Gone,
}

/// Notes how an address fares. One that is gone, or where nothing arrived for days, is switched off, and the stall's owners are
/// told.
pub(super) fn fared(
    tx: &mut dyn Tx,
    hook: ThingId,
    (fared, because): (&Fared, &str),
    (offers, now_ms): (Offers, i64),
) -> Result<(), StoreError> {
    let is_over = match fared {
        Fared::Well => {
            rows::went(tx, hook)?;
            false
        }
        Fared::Badly => rows::failed(tx, hook, now_ms)?,
        Fared::Gone => true,
    };
    if !is_over || !rows::switch_off(tx, (hook, because), now_ms)? {
        return Ok(());
    }
    let Some(found) = find(tx, hook)? else { return Ok(()) };
    for account in causes::owners(tx, found.stall)? {
        let subject = Some(hook);
        let about = About { topic: Topic::HookOff, account, log: Some(found.stall), subject, detail: 0 };
        outbox::address(tx, &about, &[hook.as_bytes(), &now_ms.to_be_bytes()], (offers, now_ms))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use soko_domain::entry::{
        OrderCashGiven, OrderPaid, OrderPaidBack, OrderRefundEnded, PayWay, ShiftClosed,
    };
    use soko_domain::ids::ShiftId;

    use super::*;

    #[test]
    fn money_that_came_and_went_is_told_with_its_amount_and_what_did_not_go_is_not() {
        let (order, refund, shift) = (OrderId([4; 16]), ThingId([7; 16]), ShiftId([3; 16]));
        let (way, reference) = (PayWay::Card, String::new);
        let ended = |end| {
            let amount_minor = 300;
            Entry::from(OrderRefundEnded { refund, order, end, amount_minor, reference: reference() })
        };
        let back = Some(HookTopic::OrderRefunded);
        let cases = [
            (
                OrderPaid { order, way, amount_minor: 900, reference: reference() }.into(),
                Some(HookTopic::OrderPaid),
                900,
            ),
            (OrderPaidBack { order, way, amount_minor: 900, reference: reference() }.into(), back, 900),
            (OrderCashGiven { refund, order, shift, amount_minor: 200 }.into(), back, 200),
            (ended(RefundEnd::PaidBack), back, 300),
            (ended(RefundEnd::TooMuch), None, 0),
            (ended(RefundEnd::Whole), None, 0),
            (
                ShiftClosed { shift, expected_minor: 1, counted_minor: 1, reason: String::new() }.into(),
                None,
                0,
            ),
        ];
        for (entry, topic, amount_minor) in cases {
            assert_eq!(meant(&entry), topic.map(|topic| (topic, order, amount_minor)), "{entry:?}");
        }
    }
}
