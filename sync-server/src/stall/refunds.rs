//! What registers want to go back of orders' money, answered in the order in which it arrives here: all of it, or parts. Whether a
//! part may is decided by the domain; what becomes of it at a provider, by `soko_checkout`.

use soko_checkout::{Ending, Payment, Stage};
use soko_domain::entry::{
    BackWay, Entry, Kind, OrderBackAsked, OrderRefundAllowed, OrderRefundAsked, RefundEnd,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::verbs::pay_order::PayStanding;
use soko_domain::verbs::refund_order::{self, PartStanding};
use soko_projection::{order_refunds, read};
use soko_record_log::{StoreError, Tx, log, params};
use soko_replication::Record;

use crate::core::CoreRefusal;
use crate::pay::rows::{self, Found};
use crate::stall::desk::Desk;
use crate::stall::{backs, cards, paying, weaken};

/// A part of an order's money, for its buyer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefundView {
    pub amount_minor: i64,
    /// `as-paid` or `cash`.
    pub way: &'static str,
    /// `on-its-way`, `to-fetch`, `back` or `refused`, which is said of what did not arrive, too.
    pub state: &'static str,
    pub reason: String,
    pub at_ms: i64,
}

/// Answers what a register's records ask for. Not while the stall waits for its devices after a restore: more than is left may have been
/// allowed in the life that is forgotten.
pub(super) fn answer(desk: &mut Desk<'_>, author: AuthorId, records: &[Record]) -> Result<(), CoreRefusal> {
    let asks = |record: &Record| {
        [Kind::OrderBackAsked.number(), Kind::OrderRefundAsked.number()].contains(&record.kind)
    };
    if !records.iter().any(asks) || read::stall_frozen(desk.tx, desk.log)? {
        return Ok(());
    }
    for record in records {
        let kind = Kind::from_number(record.kind);
        let kind = kind.filter(|kind| matches!(kind, Kind::OrderBackAsked | Kind::OrderRefundAsked));
        let Some((kind, body)) = kind.zip(record.body.bytes()) else { continue };
        match Entry::from_body(kind, body) {
            Ok((_, Entry::OrderBackAsked(asked))) => whole(desk, author, &asked)?,
            Ok((_, Entry::OrderRefundAsked(asked))) => part(desk, author, &asked)?,
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// What was asked for while the stall was frozen, and that nobody allowed, refused or gave back.
pub(super) fn answer_what_waits(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    let rows = desk.tx.query(
        "select a.author, a.seq from order_refund a where a.log = $1 and a.what = 1 and not exists (
           select 1 from order_refund e where e.log = a.log and e.order_id = a.order_id and e.refund = a.refund
             and e.what in (2, 3))
         union select m.author, m.seq from order_money m where m.log = $1 and m.kind = 4 and not exists (
           select 1 from order_money b where b.log = m.log and b.order_id = m.order_id and b.kind = 3)
         order by 1, 2",
        params![desk.log],
    )?;
    for row in &rows {
        let author: AuthorId = row.id(0)?;
        if let Some(record) = log::record_at(desk.tx, desk.log, &author, row.number(1)?)? {
            answer(desk, author, &[record])?;
        }
    }
    Ok(())
}

/// All that is left. Where some of it went out of a drawer, whoever took the money gives back a part and not the whole; so does a stall
/// that was paid by transfer, since nobody else sends that back.
fn whole(desk: &mut Desk<'_>, author: AuthorId, asked: &OrderBackAsked) -> Result<(), CoreRefusal> {
    let order = asked.order;
    cards::pay_for_what_is_gone(desk, order)?;
    let facts = order_refunds::facts(desk.tx, desk.log, order)?;
    if facts.money.cash_back_minor == 0 && !facts.money.is_transfer() {
        paying::ends_first(desk, order, Ending::Stall)?;
        let is_paid_before = facts.money.standing() != PayStanding::AtHandOver;
        return if is_paid_before { cards::back(desk, order) } else { Ok(()) };
    }
    let refund = backs::whole(order);
    let money = soko_domain::verbs::pay_order::Facts { is_back_asked: false, ..facts.money };
    let facts = refund_order::Facts { money, ..facts };
    let rest = OrderRefundAsked {
        refund,
        order,
        lines: vec![],
        amount_minor: facts.left_minor(),
        way: BackWay::AsPaid,
        reason: asked.reason.clone(),
    };
    allow(desk, author, (&facts, &rest))
}

fn part(desk: &mut Desk<'_>, author: AuthorId, asked: &OrderRefundAsked) -> Result<(), CoreRefusal> {
    cards::pay_for_what_is_gone(desk, asked.order)?;
    let facts = order_refunds::facts(desk.tx, desk.log, asked.order)?;
    allow(desk, author, (&facts, asked))
}

fn allow(
    desk: &mut Desk<'_>,
    author: AuthorId,
    (facts, asked): (&refund_order::Facts, &OrderRefundAsked),
) -> Result<(), CoreRefusal> {
    // A buyer who cancels asks for all of it, and no record says so before it is back.
    let mut facts = facts.clone();
    facts.money.is_back_asked |= paying::is_ending(desk.tx, desk.log, asked.order)?;
    weaken::refund(desk, &mut facts);
    let entries = refund_order::allow(&facts, author, asked);
    let allowed = entries.iter().find_map(|entry| {
        let Entry::OrderRefundAllowed(allowed) = entry else { return None };
        // What a gift card took alone is over.
        (allowed.way == BackWay::AsPaid && allowed.amount_minor > 0).then(|| allowed.clone())
    });
    desk.write(entries)?;
    match allowed {
        Some(allowed) => take_on(desk, &allowed),
        None => Ok(()),
    }
}

/// Hands a part to whoever drives the payment.
pub(super) fn take_on(desk: &mut Desk<'_>, allowed: &OrderRefundAllowed) -> Result<(), CoreRefusal> {
    let mut kept = match rows::find(desk.tx, desk.log, allowed.order)? {
        Found::Kept(kept) => *kept,
        // A restored server looks for the payment first, and finds this part with it.
        Found::None => return Ok(()),
        // The stall is told. Whoever can read the row finds this part among what nobody remembers.
        Found::Unread => return paying::unread(desk, allowed.order),
    };
    // Whoever calls at this moment keeps the answer first.
    let is_in_doubt =
        kept.payment.doubt.is_some() || kept.payment.parts.iter().any(|part| part.stage == Stage::Asked);
    let is_calling = is_in_doubt && kept.next_ms > desk.now.now_ms;
    let deeds = kept.payment.refund(allowed.refund, allowed.amount_minor);
    kept.next_ms = if is_calling { kept.next_ms } else { desk.now.now_ms };
    paying::do_all(desk, &mut kept, &deeds)?;
    Ok(rows::save(desk.tx, desk.log, &kept)?)
}

/// Writes what became of a part, unless it is written.
pub(super) fn end(
    desk: &mut Desk<'_>,
    part: (ThingId, OrderId),
    (end, reference): (RefundEnd, &str),
) -> Result<(), CoreRefusal> {
    let facts = order_refunds::facts(desk.tx, desk.log, part.1)?;
    desk.write(refund_order::ended(&facts, part, end, reference))
}

/// Parts that the records allow and nobody remembers. Whether those that did not end were asked for has to be looked up.
pub(super) fn remember(desk: &mut Desk<'_>, payment: &mut Payment) -> Result<(), StoreError> {
    for part in order_refunds::parts(desk.tx, desk.log, payment.due.order)? {
        if part.way == BackWay::AsPaid && part.counts() && part.amount_minor > 0 {
            payment.forgotten_part(part.refund, part.amount_minor, part.standing == PartStanding::Back);
        }
    }
    Ok(())
}

pub(super) fn views(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<RefundView>, StoreError> {
    let parts = order_refunds::parts(tx, log, order)?;
    // The records say for ever that these went back; their bank did not take them.
    let undone: Vec<ThingId> = match rows::find(tx, log, order)? {
        Found::Kept(kept) => {
            let undone = kept.payment.parts.iter().filter(|part| part.stage == Stage::Undone);
            undone.map(|part| part.refund).collect()
        }
        Found::None | Found::Unread => Vec::new(),
    };
    // What only was asked for is nobody's yet.
    let told =
        parts.into_iter().filter(|part| part.standing != PartStanding::Asked && part.shown_minor() > 0);
    Ok(told
        .map(|part| RefundView {
            amount_minor: part.shown_minor(),
            way: match part.way {
                BackWay::AsPaid => "as-paid",
                BackWay::Cash => "cash",
            },
            state: match (part.standing, part.way) {
                (PartStanding::Back, _) if undone.contains(&part.refund) => "refused",
                (PartStanding::Back, _) => "back",
                (PartStanding::Refused, _) => "refused",
                (PartStanding::Asked | PartStanding::Allowed, BackWay::AsPaid) => "on-its-way",
                (PartStanding::Asked | PartStanding::Allowed, BackWay::Cash) => "to-fetch",
            },
            reason: part.reason,
            at_ms: part.at_ms,
        })
        .collect())
}
