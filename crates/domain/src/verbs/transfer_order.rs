//! Pay an order by bank transfer: begun by the server with the order, seen to come by a register, and sent back by hand where the
//! order ended without its goods. Nobody is asked whether the money moved, so everything here is what people say.

use crate::entry::{BackWay, Entry, OrderRefundAllowed, OrderSentBack, OrderToTransfer, OrderTransferCame};
use crate::ids::{AuthorId, OrderId, ThingId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::transfer::{TransferTerms, reference, reference_in};
use crate::verbs::refund_order::{self, PartStanding};
use crate::verbs::release_order::OrderState;
use crate::verbs::{check_note, pay_order};
use crate::wrong::Wrong;

#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub state: Option<OrderState>,
    pub money: pay_order::Facts,
}

/// With the order, in its transaction.
pub fn begin(order: OrderId, amount_minor: i64, terms: &TransferTerms, at_ms: i64) -> OrderToTransfer {
    OrderToTransfer { order, amount_minor, to: terms.to.clone(), until_ms: terms.until_ms(at_ms) }
}

/// Somebody looked at the account. Only what is due counts: whoever got another amount settles that with the buyer first.
pub fn came(facts: &Facts, order: OrderId, (amount_minor, seen): (i64, &str)) -> Result<Vec<Entry>, Refusal> {
    check_note(seen)?;
    let state = facts.state.ok_or(Refusal::UnknownOrder(order))?;
    let due = facts.money.to_pay.filter(|_| facts.money.is_transfer());
    let (_, due_minor) = due.ok_or(invalid(Wrong::OrderNotByTransfer))?;
    ensure(facts.money.paid_minor == 0, Refusal::TransferSeen)?;
    ensure(state != OrderState::Released, Refusal::TransferLate)?;
    ensure(amount_minor == due_minor, Refusal::TransferDiffers { due_minor })?;
    let is_of_other = reference_in(seen).is_some_and(|found| found != reference(order));
    ensure(!is_of_other, Refusal::TransferOfOther)?;
    Ok(vec![OrderTransferCame { order, amount_minor, reference: seen.trim().into() }.into()])
}

/// What the stall owes a buyer whose transfer came for an order that ended without its goods. Nothing where it is written.
pub fn owed(
    facts: &refund_order::Facts,
    order: OrderId,
    (refund, to): (ThingId, AuthorId),
) -> Option<OrderRefundAllowed> {
    // What a gift card paid goes back to it without anybody's hand.
    let amount_minor = facts.left_minor().saturating_sub(facts.money.card_left_minor());
    let is_owed = facts.state == Some(OrderState::Released) && facts.money.is_transfer() && amount_minor > 0;
    is_owed.then(|| OrderRefundAllowed {
        refund,
        order,
        to,
        way: BackWay::AsPaid,
        lines: vec![],
        amount_minor,
    })
}

/// It was sent back. Nothing where somebody said so before.
pub fn sent_back(
    facts: &refund_order::Facts,
    (refund, order): (ThingId, OrderId),
    seen: &str,
) -> Result<Vec<Entry>, Refusal> {
    check_note(seen)?;
    let part = facts.parts.iter().find(|part| part.refund == refund && part.way == BackWay::AsPaid);
    let part = part.filter(|_| facts.money.is_transfer()).ok_or(Refusal::UnknownOrder(order))?;
    match part.standing {
        PartStanding::Back => Ok(Vec::new()),
        PartStanding::Allowed => {
            let amount_minor = part.amount_minor;
            Ok(vec![OrderSentBack { refund, order, amount_minor, reference: seen.trim().into() }.into()])
        }
        PartStanding::Asked => Err(invalid(Wrong::RefundUnanswered)),
        PartStanding::Refused => Err(invalid(Wrong::RefundNotAllowed)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::entry::PayWay;
    use crate::verbs::refund_order::Part;

    const ORDER: OrderId = OrderId([1; 16]);
    const REFUND: ThingId = ThingId([2; 16]);
    const SERVER: AuthorId = AuthorId([3; 16]);

    fn money(way: PayWay, paid_minor: i64) -> pay_order::Facts {
        pay_order::Facts { to_pay: Some((way, 500)), paid_minor, ..Default::default() }
    }

    #[test]
    fn a_transfer_is_seen_once_in_full_and_for_its_own_order() {
        let (waits, paid) = (money(PayWay::Transfer, 0), money(PayWay::Transfer, 500));
        let (own, other) = (reference(ORDER), reference(OrderId([9; 16])));
        let held = Some(OrderState::Held);
        let no_transfer = Err(invalid(Wrong::OrderNotByTransfer));
        let differs = Err(Refusal::TransferDiffers { due_minor: 500 });
        for (state, money, amount, seen, expected) in [
            (held, waits, 500, "", Ok("")),
            (held, waits, 500, " FT/7 22 ", Ok("FT/7 22")),
            (held, waits, 500, own.as_str(), Ok(own.as_str())),
            // Whoever handed it over on the buyer's word still sees the money come.
            (Some(OrderState::Fulfilled), waits, 500, "", Ok("")),
            (None, waits, 500, "", Err(Refusal::UnknownOrder(ORDER))),
            (held, pay_order::Facts::default(), 500, "", no_transfer.clone()),
            (held, money(PayWay::Card, 0), 500, "", no_transfer),
            (held, paid, 500, "", Err(Refusal::TransferSeen)),
            (Some(OrderState::Released), waits, 500, "", Err(Refusal::TransferLate)),
            (held, waits, 499, "", differs.clone()),
            (held, waits, 501, "", differs),
            (held, waits, 500, other.as_str(), Err(Refusal::TransferOfOther)),
        ] {
            let decided = came(&Facts { state, money }, ORDER, (amount, seen));
            let wanted = expected.map(|reference| {
                vec![
                    OrderTransferCame { order: ORDER, amount_minor: 500, reference: reference.into() }.into(),
                ]
            });
            assert_eq!(decided, wanted, "{state:?} {money:?} {amount} {seen}");
        }
        assert!(
            waits.awaits_transfer() && !paid.awaits_transfer() && !money(PayWay::Card, 0).awaits_transfer()
        );
    }

    fn facts(state: OrderState, money: pay_order::Facts, parts: Vec<Part>) -> refund_order::Facts {
        refund_order::Facts { money, state: Some(state), placed: None, parts, returned: BTreeMap::new() }
    }

    fn part(standing: PartStanding, amount_minor: i64) -> Part {
        let (way, lines, reason) = (BackWay::AsPaid, vec![], String::new());
        Part {
            refund: REFUND,
            way,
            standing,
            end: None,
            amount_minor,
            card_minor: 0,
            lines,
            to: Some(SERVER),
            reason,
            at_ms: 0,
        }
    }

    #[test]
    fn what_came_for_nothing_is_owed_once() {
        let paid = money(PayWay::Transfer, 500);
        for (state, money, parts, expected) in [
            (OrderState::Released, paid, vec![], Some(500)),
            (OrderState::Released, paid, vec![part(PartStanding::Back, 200)], Some(300)),
            (OrderState::Released, paid, vec![part(PartStanding::Allowed, 500)], None),
            (OrderState::Released, money(PayWay::Transfer, 0), vec![], None),
            // A provider gives that back, and is asked to.
            (OrderState::Released, money(PayWay::Card, 500), vec![], None),
            (OrderState::Held, paid, vec![], None),
            (OrderState::Fulfilled, paid, vec![], None),
        ] {
            let facts = facts(state, money, parts);
            let owed = owed(&facts, ORDER, (REFUND, SERVER));
            assert_eq!(
                owed.map(|owed| (owed.amount_minor, owed.way)),
                expected.map(|minor| (minor, BackWay::AsPaid)),
                "{facts:?}"
            );
        }
    }

    #[test]
    fn what_is_owed_is_sent_once() {
        let paid = money(PayWay::Transfer, 500);
        for (money, parts, expected) in [
            (paid, vec![part(PartStanding::Allowed, 200)], Ok(1)),
            (paid, vec![part(PartStanding::Back, 200)], Ok(0)),
            (paid, vec![part(PartStanding::Asked, 0)], Err(())),
            (paid, vec![part(PartStanding::Refused, 0)], Err(())),
            (paid, vec![Part { way: BackWay::Cash, ..part(PartStanding::Allowed, 200) }], Err(())),
            (paid, vec![], Err(())),
            (money(PayWay::Card, 500), vec![part(PartStanding::Allowed, 200)], Err(())),
        ] {
            let facts = facts(OrderState::Released, money, parts);
            let sent = sent_back(&facts, (REFUND, ORDER), "TB 1");
            assert_eq!(sent.map(|entries| entries.len()).map_err(drop), expected, "{facts:?}");
        }
    }

    #[test]
    fn the_buyer_is_told_the_account_of_that_day() {
        let terms = TransferTerms::new("Amina", "12345", "", 2).unwrap();
        let begun = begin(ORDER, 500, &terms, 1_000);
        assert_eq!((begun.to, begun.amount_minor, begun.until_ms), (terms.to, 500, 172_801_000));
    }
}
