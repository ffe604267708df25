//! What lies in baskets: put in and taken out here, with or without an account and a signal, and brought together with what the other
//! devices of whoever is signed in say. The lines that are shown follow from it. Whose a basket is says `by_whom`.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{CHECKOUT_DRAFT, RetryHint, Told};
use soko_domain::ids::{LogId, ThingId};
use soko_domain::wanted::{Baskets, COUNT_MAX, Full, Line, Part, Put, QUANTITY_MAX, Wanted};
use soko_record_log::{Row, StoreError, Tx, params};

use super::interactions::Noting;
use super::own_orders::{self, Open};
use super::sending::{Heard, Waits};
use super::{Tried, likes, refused};
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::own;
use crate::market::{handings, offer};
use crate::server::{BasketsAsked, BasketsSaid, Server};

/// While somebody looks at a basket, the server is asked so often what their other devices did.
const LOOK_MS: u64 = 10_000;
/// Looks that follow each other faster are one question.
const AGAIN_MS: u64 = 2_000;
/// Whoever has looked at none for so long is not looking.
const WATCHED_MS: u64 = 600_000;
/// What is said and heard again because something was put in meanwhile, or because the server was restored.
const ROUNDS_MAX: usize = 5;
/// Stalls that are fetched at once because another device put something of them in.
const STALLS_AT_ONCE: usize = 10;
/// What the server calls baskets that are those of somebody who had this mail address before.
const OTHER_ACCOUNT: &str = "other_account";

/// Where something of an account's baskets stands, beside the lines.
pub(super) const TABLES: [&str; 3] = ["basket_heard", "basket_part", "basket_told"];

/// So much of it is in the basket, where somebody saw `shown` of it there: the difference is put in or taken out, beside what others
/// did meanwhile.
pub(super) fn set(
    tx: &mut dyn Tx,
    by: &Noting<'_>,
    it: Wanted,
    (quantity, shown): (i64, Option<i64>),
) -> Tried {
    let is_quantity = |number: &i64| (0..=QUANTITY_MAX).contains(number);
    if !is_quantity(&quantity) || !shown.iter().all(is_quantity) {
        return Ok(Err(refused("quantity", "a quantity is not negative and not absurd")));
    }
    let (before, (stall, product)) = (load(tx, by.whose)?, it);
    let (mut now, there) = (before.clone(), before.quantity(it));
    let more = quantity - shown.unwrap_or(there);
    if quantity == 0 {
        now.take(it, -more);
    } else {
        let Some(kept) = offer(tx, stall, product)? else {
            return Ok(Err(refused(
                "unknown_product",
                "this is not offered any more, or was never seen here",
            )));
        };
        // With the price that whoever puts it in sees now.
        let seen_minor = kept.row.price_of((there + more).max(0));
        if put(tx, by, &mut now, (it, seen_minor), more)?.is_err() {
            let sentence = "a basket has no room for more: order what is in it first";
            return Ok(Err(refused("too_large", sentence)));
        }
        now.take(it, -more);
        // Whoever takes another number of it asks anew.
        tx.execute(
            "update basket_line set is_usual = 0 where whose = $1 and stall = $2 and product = $3",
            params![by.whose, stall, product],
        )?;
    }
    edit(tx, by.whose, &before, &now)?;
    Ok(Ok(()))
}

/// Takes out all that is in the basket of a stall.
pub(super) fn empty(tx: &mut dyn Tx, whose: &str, stall: LogId) -> Result<(), StoreError> {
    let before = load(tx, whose)?;
    let mut now = before.clone();
    now.empty(stall);
    edit(tx, whose, &before, &now)
}

/// What was ordered is in the basket again, beside what is there by now, where what changed can be seen.
pub(super) fn put_back(tx: &mut dyn Tx, by: &Noting<'_>, open: &Open) -> Result<(), StoreError> {
    let before = load(tx, by.whose)?;
    let mut now = before.clone();
    for (product, quantity, seen_minor) in own_orders::wishes(tx, open.order)? {
        let it = (open.stall, product);
        let units = quantity.min(QUANTITY_MAX - now.quantity(it));
        // What there is no room for stands in the order.
        let _ = put(tx, by, &mut now, (it, seen_minor), units)?;
    }
    edit(tx, by.whose, &before, &now)
}

/// What a guest wanted here is theirs who signed in. What was wanted here and before is wanted once; of what was wanted before elsewhere
/// that is seen when it is heard of.
pub(super) fn adopt(tx: &mut dyn Tx, whose: &str, draw: &dyn Fn() -> ThingId) -> Result<(), StoreError> {
    let guests = load(tx, "")?.lines();
    let before = load(tx, whose)?;
    let mut now = before.clone();
    put_missing(tx, (whose, draw), &mut now, guests)?;
    forget(tx, "")?;
    edit(tx, whose, &before, &now)
}

/// Whoever is no more wants nothing.
pub(super) fn forget(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    for table in TABLES {
        tx.execute(&format!("delete from {table} where whose = $1"), params![whose])?;
    }
    tx.execute("delete from basket_line where whose = $1", params![whose])?;
    Ok(())
}

impl Device {
    /// Somebody looks at a basket: what their other devices did meanwhile is asked for, and told if it is news.
    pub(super) fn look_at_baskets(&self) {
        let now_ms = self.clock_ms();
        self.baskets_seen_ms.set(Some(now_ms));
        if self.baskets_asked_ms.get().is_none_or(|asked_ms| now_ms >= asked_ms + AGAIN_MS) {
            self.baskets.ring();
        }
    }

    /// When the server should be asked about baskets again, while somebody looks at one.
    pub(super) fn baskets_wait_ms(&self) -> Result<Option<u64>, Undone> {
        let now_ms = self.clock_ms();
        let is_watched = self.baskets_seen_ms.get().is_some_and(|seen_ms| now_ms < seen_ms + WATCHED_MS);
        if !is_watched || self.own()?.session().is_none() {
            return Ok(None);
        }
        Ok(Some((self.baskets_asked_ms.get().unwrap_or(0) + LOOK_MS).saturating_sub(now_ms)))
    }

    /// Tells the account what lies in baskets here, and hears what its other devices said.
    pub(super) async fn exchange_baskets(&self) -> Result<Option<Waits>, Undone> {
        self.baskets_asked_ms.set(Some(self.clock_ms()));
        let own = self.own()?;
        let Some(session) = own.session() else { return Ok(None) };
        let (server, whose) = (self.server_at(&own.server)?, likes::whose(&own));
        for _ in 0..ROUNDS_MAX {
            // In each life of the program the server is asked first: what it heard already was perhaps said by a newer copy of this device.
            let may_say = self.baskets_heard_of.borrow().as_ref() == Some(&whose);
            let (edits, asked) = self.read(|tx| to_say(tx, &whose, may_say))?;
            if let Some(said) = &asked.baskets {
                self.write(|tx| note_said(tx, &whose, said))?;
            }
            let heard = self.heard(&own, server.exchange_baskets(session, &asked).await)?;
            match heard {
                Heard::Now(said) => {
                    let draw = || self.random_id();
                    let (is_new, is_all) =
                        self.write(|tx| take(tx, (&whose, &draw), (edits, &asked), &said))?;
                    *self.baskets_heard_of.borrow_mut() = Some(whose.clone());
                    if is_new {
                        self.baskets_looked_up.borrow_mut().clear();
                        self.tell(&Told::Buyer);
                    }
                    if is_all {
                        break;
                    }
                }
                Heard::Waits(waits) => return Ok(Some(waits)),
                Heard::Refused { code, .. } if code == OTHER_ACCOUNT => {
                    self.write(|tx| forget(tx, &whose))?;
                    self.tell(&Told::Buyer);
                }
                // They stay on this device, and are said again when somebody looks: there may be room, or a newer server, by then.
                Heard::Refused { .. } => break,
            }
        }
        self.fetch_put_elsewhere(&server, &whose).await
    }

    /// Looks up what another device put in and this one has not seen, with the stall that it is ordered from. Where nobody answers, that
    /// is done again.
    async fn fetch_put_elsewhere(&self, server: &Server, whose: &str) -> Result<Option<Waits>, Undone> {
        let unseen = self.read(|tx| unseen_stalls(tx, whose))?;
        let stalls: Vec<_> = unseen.difference(&self.baskets_looked_up.borrow()).copied().collect();
        for stall in stalls.into_iter().take(STALLS_AT_ONCE) {
            match self.fetch_stall(server, stall).await {
                Err(Undone::Failed(_)) => return Ok(Some(Waits::ForServer)),
                Err(Undone::Refused(refused)) if refused.retry == RetryHint::Later => {
                    return Ok(Some(Waits::ForServer));
                }
                // What is not said of it is looked at with the page of the stall.
                Ok(()) | Err(Undone::Refused(_)) => {
                    self.baskets_looked_up.borrow_mut().insert(stall);
                    self.tell(&Told::Buyer);
                }
            }
        }
        Ok(None)
    }
}

/// Of which something is wanted that this device has not seen on offer, or not how it is handed over.
fn unseen_stalls(tx: &mut dyn Tx, whose: &str) -> Result<BTreeSet<LogId>, StoreError> {
    let mut stalls = BTreeSet::new();
    for (stall, product) in load(tx, whose)?.lines().into_keys() {
        if offer(tx, stall, product)?.is_none() || handings(tx, stall)?.is_none() {
            stalls.insert(stall);
        }
    }
    Ok(stalls)
}

/// Puts in what these lines have and is not in, each at the price and the time that its line has.
fn put_missing(
    tx: &mut dyn Tx,
    (whose, draw): (&str, &dyn Fn() -> ThingId),
    now: &mut Baskets,
    lines: BTreeMap<Wanted, Line>,
) -> Result<(), StoreError> {
    for (it, Line { quantity, seen_minor, added_ms }) in lines {
        let by = Noting { whose, now_ms: added_ms, draw };
        let units = quantity - now.quantity(it);
        let _ = put(tx, &by, now, (it, seen_minor), units)?;
    }
    Ok(())
}

/// Puts so many in, under this device's name; none where there is nothing to put.
fn put(
    tx: &mut dyn Tx,
    by: &Noting<'_>,
    baskets: &mut Baskets,
    ((stall, product), seen_minor): (Wanted, i64),
    units: i64,
) -> Result<Result<(), Full>, StoreError> {
    if units <= 0 {
        return Ok(Ok(()));
    }
    let within = |number: i64| number.clamp(0, COUNT_MAX);
    let put = Put { added_ms: within(by.now_ms), seen_minor: within(seen_minor), stall, product };
    let device = match name(tx)? {
        Some(known) => known,
        None => {
            let drawn = (by.draw)();
            tx.execute("insert into basket_name (only_row, device) values (1, $1)", params![drawn])?;
            drawn
        }
    };
    Ok(baskets.put(device, put, units))
}

fn name(tx: &mut dyn Tx) -> Result<Option<ThingId>, StoreError> {
    tx.query_opt("select device from basket_name", &[])?.map(|row| row.id(0)).transpose()
}

pub(super) fn load(tx: &mut dyn Tx, whose: &str) -> Result<Baskets, StoreError> {
    let sql = "select device, up_to from basket_heard where whose = $1 order by device";
    let device = |row: &Row| Ok((row.id(0)?, row.int(1)?));
    let devices =
        tx.query(sql, params![whose])?.iter().map(device).collect::<Result<Vec<_>, StoreError>>()?;
    let rows = tx.query(
        "select device, first, units, added_ms, seen_minor, stall, product from basket_part
         where whose = $1 order by device, first",
        params![whose],
    )?;
    let part = |row: &Row| {
        let put =
            Put { added_ms: row.int(3)?, seen_minor: row.int(4)?, stall: row.id(5)?, product: row.id(6)? };
        Ok((row.id(0)?, Part { first: row.int(1)?, units: row.int(2)?, put }))
    };
    let parts = rows.iter().map(part).collect::<Result<Vec<_>, StoreError>>()?;
    Baskets::kept(&devices, &parts).map_err(|why| StoreError::Corrupt(why.sentence().into()))
}

/// Keeps what somebody did here, to be said.
fn edit(tx: &mut dyn Tx, whose: &str, before: &Baskets, now: &Baskets) -> Result<(), StoreError> {
    if before == now {
        return Ok(());
    }
    keep(tx, whose, before, now)?;
    tx.execute(
        "insert into basket_told (whose, account, version, edits, said) values ($1, null, 0, 1, 0)
         on conflict (whose) do update set edits = basket_told.edits + 1",
        params![whose],
    )?;
    Ok(())
}

/// Writes what is other than it was, and the lines that follow from it.
fn keep(tx: &mut dyn Tx, whose: &str, before: &Baskets, now: &Baskets) -> Result<(), StoreError> {
    let changes = now.changes_since(before);
    for device in changes.devices_gone {
        tx.execute("delete from basket_heard where whose = $1 and device = $2", params![whose, device])?;
    }
    for (device, up_to) in changes.devices {
        tx.execute(
            "insert into basket_heard (whose, device, up_to) values ($1, $2, $3)
             on conflict (whose, device) do update set up_to = excluded.up_to",
            params![whose, device, up_to],
        )?;
    }
    for (device, first) in changes.parts_gone {
        let sql = "delete from basket_part where whose = $1 and device = $2 and first = $3";
        tx.execute(sql, params![whose, device, first])?;
    }
    for (device, part) in changes.parts {
        let Put { added_ms, seen_minor, stall, product } = part.put;
        tx.execute(
            "insert into basket_part (whose, device, first, units, stall, product, seen_minor, added_ms)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (whose, device, first) do update
             set units = excluded.units, stall = excluded.stall, product = excluded.product,
               seen_minor = excluded.seen_minor, added_ms = excluded.added_ms",
            params![whose, device, part.first, part.units, stall, product, seen_minor, added_ms],
        )?;
    }
    keep_lines(tx, whose, &before.lines(), now)
}

/// What whoever holds the device wrote on the way to an order ends with its basket, however that ended: ordered here or elsewhere,
/// emptied, or taken out line by line.
fn forget_written(
    tx: &mut dyn Tx,
    whose: &str,
    before: &BTreeMap<Wanted, Line>,
    now: &BTreeMap<Wanted, Line>,
) -> Result<(), StoreError> {
    let stalls =
        |lines: &BTreeMap<Wanted, Line>| lines.keys().map(|(stall, _)| *stall).collect::<BTreeSet<_>>();
    let (had, has) = (stalls(before), stalls(now));
    if had.is_subset(&has) || own(tx)?.is_none_or(|own| likes::whose(&own) != whose) {
        return Ok(());
    }
    for stall in had.difference(&has) {
        tx.execute("delete from draft where name = $1", params![format!("{CHECKOUT_DRAFT}{stall}")])?;
    }
    Ok(())
}

/// What came in last stands last.
fn keep_lines(
    tx: &mut dyn Tx,
    whose: &str,
    before: &BTreeMap<Wanted, Line>,
    now: &Baskets,
) -> Result<(), StoreError> {
    let lines = now.lines();
    for (stall, product) in before.keys().filter(|it| !lines.contains_key(it)) {
        let sql = "delete from basket_line where whose = $1 and stall = $2 and product = $3";
        tx.execute(sql, params![whose, *stall, *product])?;
    }
    forget_written(tx, whose, before, &lines)?;
    let mut parts: Vec<_> = now.parts().collect();
    parts.sort_by_key(|(device, part)| (part.put.added_ms, *device, part.first));
    let mut seen = BTreeSet::new();
    for Put { stall, product, .. } in parts.into_iter().map(|(_, part)| part.put) {
        let it = (stall, product);
        let Some(line) = lines.get(&it).filter(|line| before.get(&it) != Some(line)) else { continue };
        if !seen.insert(it) {
            continue;
        }
        tx.execute(
            "insert into basket_line (whose, stall, product, quantity, seen_minor, place)
             values ($1, $2, $3, $4, $5, (select coalesce(max(place), 0) + 1 from basket_line))
             on conflict (whose, stall, product) do update
             set quantity = excluded.quantity, seen_minor = excluded.seen_minor",
            params![whose, stall, product, line.quantity, line.seen_minor],
        )?;
    }
    Ok(())
}

/// What is kept of what was said and heard: how often something was changed here, now and when it was last said; whose they are, how far
/// they were seen, and how far of this device's own count the server may have heard.
#[derive(Default)]
struct Kept {
    edits: i64,
    said: i64,
    account: Option<ThingId>,
    version: i64,
    told_up_to: i64,
}

fn kept(tx: &mut dyn Tx, whose: &str) -> Result<Kept, StoreError> {
    let sql = "select edits, said, account, version, told_up_to from basket_told where whose = $1";
    let row = tx.query_opt(sql, params![whose])?;
    row.map_or(Ok(Kept::default()), |row| {
        Ok(Kept {
            edits: row.int(0)?,
            said: row.int(1)?,
            account: row.id_opt(2)?,
            version: row.int(3)?,
            told_up_to: row.int(4)?,
        })
    })
}

/// How often something was changed here, and what the server is told of it: nothing before it was heard what the account has.
fn to_say(tx: &mut dyn Tx, whose: &str, may_say: bool) -> Result<(i64, BasketsAsked), StoreError> {
    let Kept { edits, said, account, version, .. } = kept(tx, whose)?;
    let is_said = may_say && edits != said && account.is_some();
    let baskets = if is_said { Some(load(tx, whose)?) } else { None };
    Ok((edits, BasketsAsked { account, since: version, baskets }))
}

/// Before it is said: its answer may be lost.
fn note_said(tx: &mut dyn Tx, whose: &str, said: &Baskets) -> Result<(), StoreError> {
    let Some(own) = name(tx)? else { return Ok(()) };
    tx.execute(
        "update basket_told set told_up_to = $2 where whose = $1 and told_up_to < $2",
        params![whose, said.up_to(own)],
    )?;
    Ok(())
}

/// Keeps what came. Says whether anything is other than it was, and whether the server knows all that there is here.
fn take(
    tx: &mut dyn Tx,
    (whose, draw): (&str, &dyn Fn() -> ThingId),
    (edits, asked): (i64, &BasketsAsked),
    heard: &BasketsSaid,
) -> Result<(bool, bool), StoreError> {
    let (before, was) = (load(tx, whose)?, kept(tx, whose)?);
    // A server that knows less than was seen was restored: it is told everything. So is one that knows less than is here.
    let is_restored = heard.up_to < asked.since;
    let (now, is_all_theirs) = match &heard.baskets {
        Some(theirs) => {
            let now = if asked.account.is_none() {
                // This device hears of the account for the first time, or again after a sign-in: what both have is wanted once, and
                // whatever numbers it used before are not used again.
                let mut now = theirs.clone();
                put_missing(tx, (whose, draw), &mut now, before.lines())?;
                now
            } else {
                together(tx, (whose, draw), (&before, was.told_up_to), theirs)?
            };
            let is_all_theirs = now == *theirs;
            (now, is_all_theirs)
        }
        // Whoever only asked said nothing.
        None => {
            let is_said = asked.baskets.is_some() || was.edits == was.said;
            let is_all_theirs = if asked.account.is_some() { is_said } else { before == Baskets::default() };
            (before.clone(), is_all_theirs)
        }
    };
    keep(tx, whose, &before, &now)?;
    let said = if is_restored || !is_all_theirs { -1 } else { edits };
    let (own, of_theirs) = (name(tx)?, heard.baskets.as_ref().filter(|_| asked.account.is_none()));
    let told_up_to = own.zip(of_theirs).map_or(0, |(own, theirs)| theirs.up_to(own));
    tx.execute(
        "insert into basket_told (whose, account, version, edits, said, told_up_to) values ($1, $2, $3, $4, $5, $6)
         on conflict (whose) do update set account = excluded.account, version = excluded.version,
           said = excluded.said, told_up_to = max(basket_told.told_up_to, excluded.told_up_to)",
        params![whose, heard.account, heard.up_to, edits, said, told_up_to],
    )?;
    let (edits_now, next) = to_say(tx, whose, true)?;
    Ok((before.lines() != now.lines(), next.baskets.is_none() && edits_now == edits))
}

/// What is here and what the server says.
fn together(
    tx: &mut dyn Tx,
    (whose, draw): (&str, &dyn Fn() -> ThingId),
    (before, told_up_to): (&Baskets, i64),
    theirs: &Baskets,
) -> Result<Baskets, StoreError> {
    let own = name(tx)?;
    if let Some(own) = own.filter(|own| theirs.up_to(*own) > told_up_to) {
        return counted_anew(tx, (whose, draw), (before, own), theirs);
    }
    let mut now = before.merged(theirs);
    // What the server has forgotten of devices that have nothing in is forgotten here, too.
    now.forget_idle(|device| theirs.up_to(device) > 0 || Some(device) == own);
    if own.is_some_and(|own| now.make_room(own).is_err()) {
        now.forget_idle(|device| theirs.up_to(device) > 0);
        forget_name(tx)?;
    }
    Ok(now)
}

/// The server heard more under this device's name than it said: an older copy of it is at work, or was, and numbers that it gave out are
/// used. What nobody heard of is counted anew, under another name; of this account what the server knows as it is here stays what it is.
fn counted_anew(
    tx: &mut dyn Tx,
    (whose, draw): (&str, &dyn Fn() -> ThingId),
    (before, own): (&Baskets, ThingId),
    theirs: &Baskets,
) -> Result<Baskets, StoreError> {
    let rows = tx.query("select whose, told_up_to from basket_told", &[])?;
    let all = rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?)));
    let all = all.collect::<Result<Vec<_>, StoreError>>()?;
    forget_name(tx)?;
    let mut anew = before.clone();
    for (of, told_up_to) in all {
        let was = if of == whose { before.clone() } else { load(tx, &of)? };
        let mut now = was.clone();
        let lifted = now.lift(own, told_up_to);
        if of == whose {
            now = now.merged(theirs);
            now.forget_idle(|device| theirs.up_to(device) > 0);
        }
        for part in lifted {
            let known = if of == whose { theirs.units_of(own, &part) } else { 0 };
            let Put { added_ms, seen_minor, stall, product } = part.put;
            let by = Noting { whose: &of, now_ms: added_ms, draw };
            let _ = put(tx, &by, &mut now, ((stall, product), seen_minor), part.units - known)?;
        }
        if of == whose {
            anew = now;
        } else {
            edit(tx, &of, &was, &now)?;
        }
    }
    Ok(anew)
}

/// Whatever is put in next is counted under another name, of which nobody has heard.
fn forget_name(tx: &mut dyn Tx) -> Result<(), StoreError> {
    tx.execute("delete from basket_name", &[])?;
    tx.execute("update basket_told set told_up_to = 0", &[])?;
    Ok(())
}
