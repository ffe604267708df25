//! What registers offer in place of lines of orders, and what buyers say to it. The offer is held here, in the order in which registers
//! are heard.

use soko_domain::basket::Policy;
use soko_domain::entry::{Entry, Kind, OrderSwapAsked, OrderSwapWithdrawn, SwapEnd};
use soko_domain::ids::{AuthorId, OrderId, ThingId};
use soko_domain::money::Currency;
use soko_domain::refusal::Refusal;
use soko_domain::verbs::place_order::Offer;
use soko_domain::verbs::{card_order, swap_order};
use soko_projection::{order_money, read, swaps};
use soko_record_log::StoreError;
use soko_replication::Record;

use crate::core::CoreRefusal;
use crate::stall::desk::Desk;
use crate::stall::orders::{OrderView, offer, view};
use crate::stall::{refunds, sharing};

/// A buyer answers an offer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SwapAnswer {
    pub order: OrderId,
    pub swap: ThingId,
    /// Nobody else answers for them.
    pub buyer: ThingId,
    pub is_taken: bool,
}

/// Answers what a register's records offer and take back.
pub(super) fn hear(desk: &mut Desk<'_>, author: AuthorId, records: &[Record]) -> Result<(), CoreRefusal> {
    for record in records {
        let kind = Kind::from_number(record.kind);
        let kind = kind.filter(|kind| matches!(kind, Kind::OrderSwapAsked | Kind::OrderSwapWithdrawn));
        let Some((kind, body)) = kind.zip(record.body.bytes()) else { continue };
        match Entry::from_body(kind, body) {
            Ok((_, Entry::OrderSwapAsked(asked))) => asked_for(desk, author, &asked)?,
            Ok((_, Entry::OrderSwapWithdrawn(word))) => withdrawn(desk, &word)?,
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

fn asked_for(desk: &mut Desk<'_>, author: AuthorId, asked: &OrderSwapAsked) -> Result<(), CoreRefusal> {
    let facts = swaps::facts(desk.tx, desk.log, asked.order)?;
    // Whoever asked first owns the name.
    if facts.swaps.iter().any(|swap| swap.swap == asked.swap && swap.by.is_some_and(|by| by != author)) {
        return Ok(());
    }
    let Some(policy) = policy(desk)? else { return Ok(()) };
    let found = match asked.instead {
        Some(instead) => promised(desk, instead.product)?,
        None => None,
    };
    let entries = swap_order::offer(&facts, asked, (policy, found.as_ref()));
    desk.write(entries)?;
    if let Some(instead) = asked.instead {
        sharing::note_shop_demand(desk, instead.product)?;
        desk.shop = None;
    }
    Ok(())
}

fn policy(desk: &mut Desk<'_>) -> Result<Option<Policy>, StoreError> {
    let profile = read::profile(desk.tx, desk.log)?;
    Ok(profile.and_then(|profile| Currency::parse(&profile.currency)).map(Policy::plain))
}

/// A frozen stall promises nothing new.
fn promised(desk: &mut Desk<'_>, product: soko_domain::ids::ProductId) -> Result<Option<Offer>, StoreError> {
    let server = desk.author();
    let is_frozen = read::stall_frozen(desk.tx, desk.log)? || read::is_outdated(desk.tx, desk.log, server)?;
    let found = offer(desk.tx, desk.log, product)?;
    Ok(found.map(|found| if is_frozen { Offer { pool: 0, ..found } } else { found }))
}

fn withdrawn(desk: &mut Desk<'_>, word: &OrderSwapWithdrawn) -> Result<(), CoreRefusal> {
    for swap in swaps::of_order(desk.tx, desk.log, word.order)? {
        // What was not offered yet ends when it would be.
        if swap.swap == word.swap && swap.offered.is_some() {
            desk.write(swap_order::end(&swap, word.order, SwapEnd::Withdrawn))?;
            desk.shop = None;
        }
    }
    Ok(())
}

/// Before an order ends with its goods: what was offered and not taken is not among them.
pub(super) fn end_open(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    for swap in swaps::of_order(desk.tx, desk.log, order)? {
        desk.write(swap_order::end(&swap, order, SwapEnd::TooLate))?;
    }
    Ok(())
}

pub(super) fn answer(desk: &mut Desk<'_>, said: &SwapAnswer) -> Result<OrderView, CoreRefusal> {
    let facts = swaps::facts(desk.tx, desk.log, said.order)?;
    let is_theirs = facts.placed.as_ref().is_some_and(|placed| placed.buyer == said.buyer);
    if !is_theirs {
        return Err(Refusal::UnknownOrder(said.order).into());
    }
    // Its goods may be gone in the life that is forgotten, and some of its money would go back for them.
    if read::stall_frozen(desk.tx, desk.log)? {
        return Err(Refusal::StallFrozen.into());
    }
    let entries = swap_order::answer(&facts, (said.order, said.swap), said.is_taken)?;
    let money = order_money::of(desk.tx, desk.log, said.order)?;
    let entries: Vec<Entry> = (entries.into_iter())
        .flat_map(|entry| {
            if let Entry::OrderRefundAllowed(allowed) = &entry {
                return card_order::split(&money, allowed.clone());
            }
            vec![entry]
        })
        .collect();
    let back = entries.iter().find_map(|entry| {
        let Entry::OrderRefundAllowed(allowed) = entry else { return None };
        (allowed.amount_minor > 0).then(|| allowed.clone())
    });
    desk.write(entries)?;
    if let Some(back) = back {
        refunds::take_on(desk, &back)?;
    }
    desk.shop = None;
    view(desk.tx, desk.log, said.order)?.ok_or_else(|| Refusal::UnknownOrder(said.order).into())
}
