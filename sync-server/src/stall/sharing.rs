//! Who gets how much of what there is. Every holder's expected demand is how often it sold before; a holder below
//! its low water mark is granted up to its target from the shop, and the shop asks for shares back when it is
//! below its own. Only holders give shares away: the server asks. What a person moved by hand counts for more: it
//! stays beside the register's part of the rest until it is sold or given back, and what somebody gave back stays
//! away until the register sells again.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::ask::{Answer, Ask};
use soko_domain::entry::{RefundAllowed, ShareRecalled};
use soko_domain::ids::{AuthorId, EpochId, ProductId, SaleId, ShareId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::role::Role;
use soko_domain::stock::Account;
use soko_domain::verbs::allow_refund::{self, AllowRefund};
use soko_domain::verbs::grant_share::{self, GrantShare};
use soko_domain::verbs::refund::Left;
use soko_domain::verbs::take_back;
use soko_domain::wire::Wire as _;
use soko_projection::{payments, read, read_customers};
use soko_record_log::{StoreError, params};
use soko_replication::{Answer as PageAnswer, Ask as PageAsk};

use crate::core::CoreRefusal;
use crate::stall::desk::Desk;
use crate::stall::{epoch, settle, value};

/// Products that one request shares out.
const PRODUCTS_MAX: usize = 100;
/// Requests of one device for shares that are open at the same time.
const RECALLS_OPEN_MAX: i64 = 1;
/// The shop's own demand is kept under this holder.
const SHOP: AuthorId = AuthorId([0; 16]);

/// A holder was asked for a product once more. How many units that were says little: rice is sold by the gram.
pub(super) fn note_demand(
    desk: &mut Desk<'_>,
    product: ProductId,
    holder: AuthorId,
) -> Result<(), StoreError> {
    desk.tx.run(
        "insert into demand (log, product, holder, times) values ($1, $2, $3, 1)
         on conflict (log, product, holder) do update
           set times = demand.times + 1, by_hand = case when demand.by_hand < 0 then 0 else demand.by_hand end",
        params![desk.log, product, holder],
    )?;
    Ok(())
}

/// A register was given units because somebody asked for them there.
fn note_taken(
    desk: &mut Desk<'_>,
    (product, holder): (ProductId, AuthorId),
    units: i64,
) -> Result<(), StoreError> {
    desk.tx.run(
        "insert into demand (log, product, holder, times, by_hand) values ($1, $2, $3, 0, $4)
         on conflict (log, product, holder) do update
           set by_hand = case when demand.by_hand < 0 then $4 else demand.by_hand + $4 end",
        params![desk.log, product, holder, units],
    )
}

/// Somebody gave units back there, without being asked.
pub(super) fn note_given_back(
    desk: &mut Desk<'_>,
    (product, holder): (ProductId, AuthorId),
    units: i64,
) -> Result<(), StoreError> {
    desk.tx.run(
        "insert into demand (log, product, holder, times, by_hand) values ($1, $2, $3, 0, $4)
         on conflict (log, product, holder) do update set by_hand = demand.by_hand + $4",
        params![desk.log, product, holder, -units],
    )
}

pub(super) fn note_shop_demand(desk: &mut Desk<'_>, product: ProductId) -> Result<(), StoreError> {
    note_demand(desk, product, SHOP)
}

/// Answers each request once; asked again, it gets the first answer. Who cannot read all that it holds is granted
/// nothing: it could not say what it may promise, or give back.
pub(super) fn answer(
    desk: &mut Desk<'_>,
    (from, takes_shares): (AuthorId, bool),
    asks: &[PageAsk],
) -> Result<Vec<PageAnswer>, CoreRefusal> {
    let mut answers = Vec::new();
    for ask in asks {
        let known = desk.tx.query_opt(
            "select body from ask_answer where log = $1 and ask = $2",
            params![desk.log, ask.id],
        )?;
        let body = match known {
            Some(row) => row.blob(0)?.to_vec(),
            None => {
                // The device asks again with its next page.
                if waits_for_value(desk, (from, takes_shares), ask)? || waits_for_return(desk, from, ask)? {
                    continue;
                }
                let answer = decide(desk, (from, takes_shares), ask)?.to_bytes();
                desk.tx.execute(
                    "insert into ask_answer (log, ask, author, body) values ($1, $2, $3, $4)",
                    params![desk.log, ask.id, from, answer],
                )?;
                answer
            }
        };
        answers.push(PageAnswer { ask: ask.id, body });
    }
    Ok(answers)
}

/// A card that is wanted here may lie at another register, which is asked for it first.
fn waits_for_value(
    desk: &mut Desk<'_>,
    (from, takes_shares): (AuthorId, bool),
    ask: &PageAsk,
) -> Result<bool, CoreRefusal> {
    let Ok(Ask::Share { product, quantity }) = Ask::from_bytes(&ask.body) else { return Ok(false) };
    if !takes_shares || !read_customers::is_purse(desk.tx, desk.log, product)? {
        return Ok(false);
    }
    value::recall(desk, from, (product, quantity))
}

/// What is to go on to another register has to be given back first: its record may come with a later page.
fn waits_for_return(desk: &mut Desk<'_>, from: AuthorId, ask: &PageAsk) -> Result<bool, CoreRefusal> {
    let Ok(Ask::Pass { .. }) = Ask::from_bytes(&ask.body) else { return Ok(false) };
    let given_back = desk.tx.query_opt(
        "select seq from share_moved where log = $1 and author = $2 and share = $3",
        params![desk.log, from, ask.id],
    )?;
    Ok(given_back.is_none())
}

fn decide(
    desk: &mut Desk<'_>,
    (from, takes_shares): (AuthorId, bool),
    ask: &PageAsk,
) -> Result<Answer, CoreRefusal> {
    let refused = |code: &str, sentence: String| Answer::Refused { code: code.into(), sentence };
    let Ok(wanted) = Ask::from_bytes(&ask.body) else {
        return Ok(refused(
            "malformed",
            "the request cannot be read; update the device or the server".into(),
        ));
    };
    let done = match wanted {
        Ask::Share { .. } | Ask::Refund { .. } if !takes_shares => Err(Refusal::Outdated),
        Ask::Share { product, quantity } => take_by_hand(desk, from, (product, quantity), ask.id)?,
        Ask::Pass { to, .. } if read::is_outdated(desk.tx, desk.log, to)? => Err(Refusal::Outdated),
        Ask::Pass { product, quantity, to } => take_by_hand(desk, to, (product, quantity), ask.id)?,
        Ask::Refund { sale, line, quantity } => allow(desk, from, (sale, line, quantity), ask.id)?,
        Ask::TakeBack { product, of, reason } => found_again(desk, from, (product, of), &reason)?,
        Ask::ConfirmDevices => Err(Refusal::OtherEpoch),
        Ask::ConfirmDevicesOf { epoch } => confirm(desk, from, epoch)?,
    };
    Ok(match done {
        Ok(()) => Answer::Done,
        Err(refusal) => refused(refusal.code(), refusal.to_string()),
    })
}

/// Somebody said that these units are to be with this register.
fn take_by_hand(
    desk: &mut Desk<'_>,
    to: AuthorId,
    (product, quantity): (ProductId, i64),
    ask: ThingId,
) -> Result<Result<(), Refusal>, CoreRefusal> {
    match grant(desk, to, product, quantity, Some(ask))? {
        Ok(granted) => {
            note_taken(desk, (product, to), granted)?;
            Ok(Ok(()))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Grants what there is, up to what is wanted, and says how much that was.
fn grant(
    desk: &mut Desk<'_>,
    to: AuthorId,
    product: ProductId,
    quantity: i64,
    ask: Option<ThingId>,
) -> Result<Result<i64, Refusal>, CoreRefusal> {
    let server = desk.author();
    if read::is_outdated(desk.tx, desk.log, server)? {
        return Ok(Err(Refusal::Outdated));
    }
    let device = read::device(desk.tx, desk.log, to)?;
    let facts = grant_share::Facts {
        frozen: read::stall_frozen(desk.tx, desk.log)?,
        holder_known: device.as_ref().is_some_and(|device| device.admitted),
        holder_revoked: device.as_ref().is_some_and(|device| device.revoked),
        pool: read::pool_to_promise(desk.tx, desk.log, product)?,
    };
    let share = ShareId(desk.id().0);
    let command = GrantShare { share, to, product, quantity, ask, partial: true };
    match grant_share::decide(&facts, &command) {
        Ok(entries) => {
            desk.write(entries)?;
            Ok(Ok(quantity.min(facts.pool)))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn allow(
    desk: &mut Desk<'_>,
    to: AuthorId,
    (sale, line, quantity): (SaleId, u32, i64),
    allowance: ThingId,
) -> Result<Result<(), Refusal>, CoreRefusal> {
    let found = read::sale(desk.tx, desk.log, sale)?;
    let maker = found.as_ref().map(|found| found.author);
    let revoked = |device: Option<read::DeviceFound>| device.is_some_and(|device| device.revoked);
    let maker_revoked = match maker {
        Some(maker) => revoked(read::device(desk.tx, desk.log, maker)?),
        None => false,
    };
    let maker_is_unread = match maker {
        Some(maker) => read::is_outdated(desk.tx, desk.log, maker)?,
        None => false,
    };
    let sale_shift_closed = match &found {
        Some(found) => !read::shift_is_open(desk.tx, desk.log, (found.author, found.made.shift))?,
        None => false,
    };
    let left = match &found {
        Some(found) => payments::left(desk.tx, desk.log, &found.made)?,
        None => Left::default(),
    };
    let promised = read::allowances(desk.tx, desk.log, sale)?;
    let facts = allow_refund::Facts {
        frozen: read::stall_frozen(desk.tx, desk.log)?,
        left,
        holder_revoked: revoked(read::device(desk.tx, desk.log, to)?),
        voided: read::voided(desk.tx, desk.log, sale)?,
        sale_shift_closed,
        maker_revoked,
        maker_is_unread,
        taken: taken(desk, sale, &promised)?,
        promised,
        sale: found.map(|found| (found.author, found.made)),
    };
    let command = AllowRefund { allowance, to, sale, line, quantity };
    match allow_refund::decide(&facts, &command) {
        Ok(entries) => desk.write(entries).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// What was refunded, by whoever's right, and what was allowed and not used yet.
fn taken(
    desk: &mut Desk<'_>,
    sale: SaleId,
    promised: &[RefundAllowed],
) -> Result<Vec<(u32, i64, i64)>, StoreError> {
    let mut taken = read::refunded(desk.tx, desk.log, sale)?;
    taken.extend(promised.iter().map(|word| (word.line, word.quantity, word.amount_minor)));
    Ok(taken)
}

/// Whether the register that asks was let in with such a role, and is still let in.
fn asker_may(desk: &mut Desk<'_>, from: AuthorId, may: fn(Role) -> bool) -> Result<bool, StoreError> {
    let device = read::device(desk.tx, desk.log, from)?.filter(|device| !device.revoked);
    Ok(device.and_then(|device| device.role).is_some_and(may))
}

/// The owner found what is set apart, or bears the risk.
fn found_again(
    desk: &mut Desk<'_>,
    from: AuthorId,
    (product, of): (ProductId, AuthorId),
    reason: &str,
) -> Result<Result<(), Refusal>, CoreRefusal> {
    if !asker_may(desk, from, Role::may_take_back)? {
        return Ok(Err(Refusal::NotAllowed));
    }
    let is_revoked = read::device(desk.tx, desk.log, of)?.is_some_and(|device| device.revoked);
    if let Err(refusal) = take_back::check(is_revoked, reason) {
        return Ok(Err(refusal));
    }
    settle::take_back(desk, (product, of), reason)?;
    Ok(Ok(()))
}

fn confirm(desk: &mut Desk<'_>, from: AuthorId, epoch: EpochId) -> Result<Result<(), Refusal>, CoreRefusal> {
    if !asker_may(desk, from, Role::may_manage_devices)? {
        return Ok(Err(Refusal::NotAllowed));
    }
    if epoch != desk.epoch.id {
        return Ok(Err(Refusal::OtherEpoch));
    }
    epoch::confirm(desk)?;
    Ok(Ok(()))
}

/// Brings holders towards their targets, for products that this request was about.
pub(super) fn share_out(
    desk: &mut Desk<'_>,
    (caller, takes_shares): (AuthorId, bool),
    products: &BTreeSet<ProductId>,
) -> Result<(), CoreRefusal> {
    if !takes_shares || read::stall_frozen(desk.tx, desk.log)? {
        return Ok(());
    }
    for product in products.iter().take(PRODUCTS_MAX) {
        // Value lies where it came in until somebody asks for it.
        if read_customers::is_purse(desk.tx, desk.log, *product)? {
            continue;
        }
        let Some(plan) = Plan::of(desk, *product)? else { continue };
        plan.follow(desk, caller)?;
    }
    Ok(())
}

/// Shares units out by how often each holder was asked for them. Half goes evenly, so that nobody is starved by
/// one good day of somebody else; all parts together are never more than there is.
fn targets(total: i64, asked: &BTreeMap<AuthorId, i64>) -> BTreeMap<AuthorId, i64> {
    let holders = i128::try_from(asked.len().max(1)).unwrap_or(i128::MAX);
    let times: i128 = asked.values().map(|times| i128::from(*times)).sum();
    // Everybody counts as asked once more than the average.
    let even = times / holders + 1;
    let all = times + even * holders;
    let part = |times: i64| i128::from(total) * (i128::from(times) + even) / all;
    asked.iter().map(|(holder, times)| (*holder, i64::try_from(part(*times)).unwrap_or(0))).collect()
}

/// Who holds how much of a product, and how much each should.
struct Plan {
    product: ProductId,
    pool: i64,
    shares: BTreeMap<AuthorId, i64>,
    targets: BTreeMap<AuthorId, i64>,
}

impl Plan {
    fn of(desk: &mut Desk<'_>, product: ProductId) -> Result<Option<Self>, CoreRefusal> {
        let rows = desk.tx.query(
            "select d.author, coalesce(b.quantity, 0) from stall_device d
             left join balance b on b.log = d.log and b.product = $2 and b.account = 3 and b.whose = d.author
             where d.log = $1 and d.admitted = 1 and d.revoked = 0 order by d.author",
            params![desk.log, product],
        )?;
        let mut shares = BTreeMap::new();
        for row in &rows {
            shares.insert(row.id(0)?, row.int(1)?.max(0));
        }
        let pool = read::balance(desk.tx, desk.log, product, Account::Pool)?.max(0);
        let total = pool + shares.values().sum::<i64>();
        if shares.is_empty() || total == 0 {
            return Ok(None);
        }
        let mut asked: BTreeMap<AuthorId, i64> = shares.keys().map(|author| (*author, 0)).collect();
        asked.insert(SHOP, 0);
        let rows = desk.tx.query(
            "select holder, times, by_hand from demand where log = $1 and product = $2",
            params![desk.log, product],
        )?;
        let mut by_hand = BTreeMap::new();
        for row in &rows {
            let (holder, noted) = (row.id::<AuthorId>(0)?, row.int(2)?);
            if let Some(times) = asked.get_mut(&holder) {
                *times += row.int(1)?;
            }
            // The rest of it was sold or given back.
            let left = noted.min(shares.get(&holder).copied().unwrap_or(0));
            if left != noted {
                desk.tx.run(
                    "update demand set by_hand = $4 where log = $1 and product = $2 and holder = $3",
                    params![desk.log, product, holder, left],
                )?;
            }
            by_hand.insert(holder, left);
        }
        let taken: i64 = by_hand.values().map(|units| (*units).max(0)).sum();
        let mut targets = targets(total - taken, &asked);
        for (holder, target) in &mut targets {
            *target = (*target + by_hand.get(holder).copied().unwrap_or(0)).max(0);
        }
        Ok(Some(Self { product, pool, shares, targets }))
    }

    fn target(&self, holder: AuthorId) -> i64 {
        self.targets.get(&holder).copied().unwrap_or(0)
    }

    /// Low water is half the target, for registers and for the shop alike.
    fn follow(&self, desk: &mut Desk<'_>, caller: AuthorId) -> Result<(), CoreRefusal> {
        let shop_target = self.target(SHOP);
        let spare = self.pool - shop_target;
        let share = self.shares.get(&caller).copied();
        if let Some(share) = share {
            let wanted = self.target(caller) - share;
            if share < self.target(caller) / 2 && spare.min(wanted) > 0 {
                // Refused only if something changed meanwhile; then the next exchange tries again.
                let _ = grant(desk, caller, self.product, spare.min(wanted), None)?;
                return Ok(());
            }
        }
        if self.pool < shop_target / 2 || (self.pool == 0 && shop_target > 0) {
            self.recall(desk, shop_target - self.pool)?;
        }
        Ok(())
    }

    /// Asks whoever is furthest above its target.
    fn recall(&self, desk: &mut Desk<'_>, wanted: i64) -> Result<(), CoreRefusal> {
        let above = self.shares.iter().map(|(author, share)| (share - self.target(*author), *author));
        let Some((surplus, from)) = above.max() else { return Ok(()) };
        let quantity = wanted.min(surplus);
        let row = desk.tx.query_one(
            "select count(*) from recall where log = $1 and author = $2 and product = $3 and answered = 0",
            params![desk.log, from, self.product],
        )?;
        if quantity <= 0 || row.int(0)? >= RECALLS_OPEN_MAX {
            return Ok(());
        }
        let recall = desk.id();
        desk.write([ShareRecalled { recall, from, product: self.product, quantity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_follow_demand_and_starve_nobody() {
        for (total, asked, expected) in [
            (10, vec![0, 0], vec![5, 5]),
            (9, vec![0, 0], vec![4, 4]),
            (100, vec![100, 0], vec![74, 25]),
            (100, vec![3, 1, 0, 0], vec![41, 25, 16, 16]),
            (1, vec![5, 5], vec![0, 0]),
            (i64::MAX, vec![1, 1], vec![i64::MAX / 2, i64::MAX / 2]),
        ] {
            let holder = |at: usize| AuthorId([u8::try_from(at).unwrap(); 16]);
            let asked: BTreeMap<_, _> =
                asked.into_iter().enumerate().map(|(at, n)| (holder(at), n)).collect();
            let targets: Vec<i64> = targets(total, &asked).into_values().collect();
            assert_eq!(targets, expected);
            assert!(targets.iter().map(|part| i128::from(*part)).sum::<i128>() <= i128::from(total));
        }
    }
}
