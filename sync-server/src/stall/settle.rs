//! After records arrived: makes every account true again by entries of the server. What a revoked device holds
//! is set apart; what was spent without a share is owed, and covered from the shop's share; what cannot be
//! covered is told; orders that were handed over or cancelled at a register are ended, unless the stall is frozen.

use soko_checkout::Ending;
use soko_domain::entry::{
    Entry, IncidentKind, IncidentRaised, Kind, Move, MoveCause, OrderFulfilled, ReleaseReason, StockMoved,
};
use soko_domain::ids::{AuthorId, OrderId, ProductId};
use soko_domain::sabotage::Sabotage;
use soko_domain::stock::Account;
use soko_domain::verbs::release_order::OrderState;
use soko_domain::verbs::{fulfil_order, release_order};
use soko_projection::read;
use soko_record_log::{Row, StoreError, params};
use soko_replication::Record;

use crate::core::CoreRefusal;
use crate::stall::desk::Desk;
use crate::stall::orders::held_units;
use crate::stall::{cards, frozen, paying, swaps, transfers};

/// Accounts that one step sets right; the rest follow with the next request.
const STEP_MAX: usize = 500;
/// Orders that an incident names.
const ORDERS_AT_RISK_MAX: usize = 50;
/// How long the weakened clock waits before it takes a silent device's share.
const LEASE_MS: i64 = 10 * 60 * 1000;

pub(super) fn settle(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    if desk.core.weak(Sabotage::ClockLease) {
        end_leases(desk)?;
    }
    quarantine(desk)?;
    if read::stall_frozen(desk.tx, desk.log)? {
        frozen::call_off_asked(desk)?;
    } else {
        end_orders(desk)?;
        mend_negative(desk)?;
    }
    cover(desk)?;
    tell_shortages(desk)
}

/// Sets apart what revoked devices hold, and covers their late facts from it.
pub(super) fn quarantine(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    if desk.core.weak(Sabotage::RevokedKeeps) {
        return Ok(());
    }
    let rows = desk.tx.query(
        "select b.product, b.whose, b.quantity from balance b
         join stall_device d on d.log = b.log and d.author = b.whose
         where b.log = $1 and b.account = $2 and d.revoked = 1 and b.quantity <> 0
         order by b.product, b.whose limit $3",
        params![desk.log, Account::Share(AuthorId::default()).parts().0, STEP_MAX],
    )?;
    for row in &rows {
        let (product, author, quantity): (ProductId, AuthorId, i64) = (row.id(0)?, row.id(1)?, row.int(2)?);
        let (share, apart) = (Account::Share(author), Account::Quarantine(author));
        if quantity > 0 {
            moved(desk, MoveCause::Quarantine, Move { product, from: share, to: apart, quantity }, "")?;
            continue;
        }
        let there = read::balance(desk.tx, desk.log, product, apart)?;
        let quantity = there.clamp(0, -quantity);
        moved(desk, MoveCause::TailArrived, Move { product, from: apart, to: share, quantity }, "")?;
    }
    Ok(())
}

/// The owner's recorded decision about all that a device held, with its reason.
pub(super) fn reclaim(desk: &mut Desk<'_>, author: AuthorId, reason: &str) -> Result<(), CoreRefusal> {
    let (kind, whose) = Account::Quarantine(author).parts();
    let rows = desk.tx.query(
        "select product from balance
         where log = $1 and account = $2 and whose = $3 and quantity > 0 order by product limit $4",
        params![desk.log, kind, whose, STEP_MAX],
    )?;
    for row in &rows {
        take_back(desk, (row.id(0)?, author), reason)?;
    }
    Ok(())
}

/// The same about one product.
pub(super) fn take_back(
    desk: &mut Desk<'_>,
    (product, author): (ProductId, AuthorId),
    reason: &str,
) -> Result<(), CoreRefusal> {
    let from = Account::Quarantine(author);
    let quantity = read::balance(desk.tx, desk.log, product, from)?;
    moved(desk, MoveCause::ForcedReclaim, Move { product, from, to: Account::Pool, quantity }, reason)
}

/// What a count found missing is first what is set apart: nobody promises it, and whoever has it did not bring it. Of what is
/// owed for other reasons nobody knows where it is, so only the shop's share covers that.
pub(super) fn hear_counts(desk: &mut Desk<'_>, records: &[Record]) -> Result<(), CoreRefusal> {
    for record in records.iter().filter(|record| record.kind == Kind::StockCounted.number()) {
        let Some(body) = record.body.bytes() else { continue };
        let Ok((_, Entry::StockCounted(count))) = Entry::from_body(Kind::StockCounted, body) else {
            continue;
        };
        let missing = count.expected.saturating_sub(count.counted).saturating_sub(count.from_share);
        if missing > 0 {
            // The device may have been revoked by the same page.
            quarantine(desk)?;
            find_missing(desk, count.product, missing)?;
        }
    }
    Ok(())
}

fn find_missing(desk: &mut Desk<'_>, product: ProductId, missing: i64) -> Result<(), CoreRefusal> {
    let (account, _) = Account::Quarantine(AuthorId::default()).parts();
    let rows = desk.tx.query(
        "select whose, quantity from balance
         where log = $1 and product = $2 and account = $3 and quantity > 0 order by whose limit $4",
        params![desk.log, product, account, STEP_MAX],
    )?;
    let mut left = missing;
    for row in &rows {
        let (from, quantity) = (Account::Quarantine(row.id(0)?), row.int(1)?.min(left));
        moved(desk, MoveCause::Counted, Move { product, from, to: Account::Deficit, quantity }, "")?;
        left -= quantity;
    }
    Ok(())
}

/// An account below zero was spent beyond what the server ever knew of: the units are owed.
/// Not while the stall is frozen: what looks overspent may have been spent from a grant that this server forgot
/// and that is still on its way, and would then be given twice. Nor what a device spent that wrote what cannot be read here:
/// it may have taken units in. As much of the shop's share is left alone meanwhile.
fn mend_negative(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    let rows = desk.tx.query(
        "select product, account, whose, quantity from balance
         where log = $1 and quantity < 0 and account in (2, 3, 4) order by product, account, whose limit $2",
        params![desk.log, STEP_MAX],
    )?;
    for row in &rows {
        let (product, short) = (row.id(0)?, -row.int(3)?);
        let Some(to) = account(row, 1)? else { continue };
        if is_unread(desk, to)? {
            continue;
        }
        let step = Move { product, from: Account::Deficit, to, quantity: short };
        moved(desk, MoveCause::Overdrawn, step, "")?;
        if let Account::Share(author) = to {
            let incident = desk.id();
            desk.write([IncidentRaised {
                incident,
                kind: IncidentKind::Overdrawn,
                author: Some(author),
                product: Some(product),
                quantity: short,
                orders: vec![],
            }
            .into()])?;
        }
    }
    Ok(())
}

/// A share of a device whose entries only a newer program can read. One that was revoked writes nothing more that counts.
fn is_unread(desk: &mut Desk<'_>, account: Account) -> Result<bool, CoreRefusal> {
    let Account::Share(author) = account else { return Ok(false) };
    let is_revoked = read::device(desk.tx, desk.log, author)?.is_some_and(|device| device.revoked);
    Ok(!is_revoked && read::is_outdated(desk.tx, desk.log, author)?)
}

/// Pays what is owed from the shop's share before anybody is promised anything.
fn cover(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    let rows = desk.tx.query(
        "select d.product, d.quantity, p.quantity from balance d
         join balance p on p.log = d.log and p.product = d.product and p.account = 2 and p.quantity > 0
         where d.log = $1 and d.account = 8 and d.quantity < 0 order by d.product limit $2",
        params![desk.log, STEP_MAX],
    )?;
    for row in &rows {
        let (product, owed, pool): (ProductId, i64, i64) = (row.id(0)?, -row.int(1)?, row.int(2)?);
        let step = Move { product, from: Account::Pool, to: Account::Deficit, quantity: owed.min(pool) };
        moved(desk, MoveCause::Cover, step, "")?;
    }
    Ok(())
}

/// Tells once of each unit that cannot be covered, with the orders that may not be kept, youngest first.
fn tell_shortages(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    let rows = desk.tx.query(
        "select b.product, b.quantity, coalesce(t.quantity, 0) from balance b
         left join shortage_told t on t.log = b.log and t.product = b.product
         where b.log = $1 and b.account = 8 and -b.quantity <> coalesce(t.quantity, 0)
         order by b.product limit $2",
        params![desk.log, STEP_MAX],
    )?;
    for row in &rows {
        let (product, owed, told): (ProductId, i64, i64) = (row.id(0)?, -row.int(1)?, row.int(2)?);
        desk.tx.execute(
            "insert into shortage_told (log, product, quantity) values ($1, $2, $3)
             on conflict (log, product) do update set quantity = excluded.quantity",
            params![desk.log, product, owed],
        )?;
        if owed > told {
            let orders = orders_at_risk(desk, product)?;
            let incident = desk.id();
            desk.write([IncidentRaised {
                incident,
                kind: IncidentKind::Shortage,
                author: None,
                product: Some(product),
                quantity: owed,
                orders,
            }
            .into()])?;
        }
    }
    Ok(())
}

fn orders_at_risk(desk: &mut Desk<'_>, product: ProductId) -> Result<Vec<OrderId>, StoreError> {
    let rows = desk.tx.query(
        "select b.whose from balance b join orders o on o.log = b.log and o.order_id = b.whose
         where b.log = $1 and b.product = $2 and b.account = 4 and b.quantity > 0
         order by o.at_ms desc, b.whose limit $3",
        params![desk.log, product, ORDERS_AT_RISK_MAX],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Answers what registers said of orders.
fn end_orders(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    let rows = desk.tx.query(
        "select order_id, handed_over, released from orders
         where log = $1 and placed = 1 and fulfilled = 0
           and (handed_over = 1 or (cancel_asked = 1 and released = 0))
         order by order_id limit $2",
        params![desk.log, STEP_MAX],
    )?;
    for row in &rows {
        let (order, handed_over, released): (OrderId, bool, bool) = (row.id(0)?, row.bool(1)?, row.bool(2)?);
        let units = held_units(desk.tx, desk.log, order)?;
        match (handed_over, released) {
            (true, true) => handed_over_anyway(desk, order)?,
            (true, false) => {
                swaps::end_open(desk, order)?;
                cards::pay(desk, order)?;
                let units = held_units(desk.tx, desk.log, order)?;
                let facts = fulfil_order::Facts { state: Some(OrderState::HandedOver), units };
                desk.write(fulfil_order::decide(&facts, order)?)?;
            }
            (false, _)
                if !paying::is_stalls_word(desk, order)?
                    && paying::ends_first(desk, order, Ending::Stall)? => {}
            (false, _) => {
                let facts = release_order::Facts { state: Some(OrderState::Held), step: None, units };
                let reason = ReleaseReason::StallCancelled;
                let command = release_order::ReleaseOrder { order, reason };
                desk.write(release_order::decide(&facts, &command)?)?;
                cards::back(desk, order)?;
                transfers::owe(desk, order)?;
            }
        }
    }
    Ok(())
}

/// Cancelled at the server while a register handed it over: the goods are gone, so the units are.
fn handed_over_anyway(desk: &mut Desk<'_>, order: OrderId) -> Result<(), CoreRefusal> {
    let Some(found) = read::order(desk.tx, desk.log, order)? else { return Ok(()) };
    let placed = read::order_placed(desk.tx, desk.log, &found)?;
    for line in &placed.lines {
        let pool = read::balance(desk.tx, desk.log, line.product, Account::Pool)?;
        let from_pool = pool.clamp(0, line.quantity);
        for (from, quantity) in [(Account::Pool, from_pool), (Account::Deficit, line.quantity - from_pool)] {
            let step = Move { product: line.product, from, to: Account::Sold, quantity };
            moved(desk, MoveCause::HandedOverAnyway, step, "")?;
        }
    }
    desk.write([OrderFulfilled { order, units: vec![] }.into()])?;
    cards::pay_after_release(desk, (order, placed.total_minor))?;
    paying::after_release(desk, order)
}

fn moved(desk: &mut Desk<'_>, cause: MoveCause, step: Move, reason: &str) -> Result<(), CoreRefusal> {
    if step.quantity <= 0 {
        return Ok(());
    }
    desk.write([StockMoved { cause, moves: vec![step], reason: reason.into() }.into()])
}

fn account(row: &Row, column: usize) -> Result<Option<Account>, StoreError> {
    Ok(Account::from_parts(row.number(column)?, row.id(column + 1)?))
}

/// Under the weakened rule that a clock takes shares back.
fn end_leases(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    let rows = desk.tx.query(
        "select b.product, b.whose, b.quantity from balance b
         join reported r on r.log = b.log and r.author = b.whose
         where b.log = $1 and b.account = 3 and b.quantity > 0 and r.last_ms < $2
         order by b.product, b.whose limit $3",
        params![desk.log, desk.now.now_ms - LEASE_MS, STEP_MAX],
    )?;
    for row in &rows {
        let (product, author, quantity): (ProductId, AuthorId, i64) = (row.id(0)?, row.id(1)?, row.int(2)?);
        let (share, apart) = (Account::Share(author), Account::Quarantine(author));
        moved(desk, MoveCause::Quarantine, Move { product, from: share, to: apart, quantity }, "lease")?;
        let step = Move { product, from: apart, to: Account::Pool, quantity };
        moved(desk, MoveCause::ForcedReclaim, step, "lease")?;
    }
    Ok(())
}
