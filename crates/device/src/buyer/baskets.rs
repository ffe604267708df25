//! What lies in baskets: put in and taken out here, with or without an account and a signal, and brought together with what the other
//! devices of whoever is signed in say. The lines that are shown follow from it. Whose a basket is says `by_whom`.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::Told;
use soko_domain::ids::{LogId, ThingId};
use soko_domain::wanted::{Baskets, COUNT_MAX, Full, Line, Part, Put, QUANTITY_MAX, Wanted};
use soko_record_log::{Row, StoreError, Tx, params};

use super::interactions::Noting;
use super::own_orders::{self, Open};
use super::sending::{Heard, Waits};
use super::{Tried, likes, refused};
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::Own;
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

/// So much of it is in the basket.
pub(super) fn set(tx: &mut dyn Tx, by: &Noting<'_>, it: Wanted, quantity: i64) -> Tried {
    if !(0..=QUANTITY_MAX).contains(&quantity) {
        return Ok(Err(refused("quantity", "a quantity is not negative and not absurd")));
    }
    let (before, (stall, product)) = (load(tx, by.whose)?, it);
    let (mut now, there) = (before.clone(), before.quantity(it));
    if quantity == 0 {
        now.take(it, i64::MAX);
    } else {
        let Some(kept) = offer(tx, stall, product)? else {
            return Ok(Err(refused(
                "unknown_product",
                "this is not offered any more, or was never seen here",
            )));
        };
        // With the price that whoever puts it in sees now.
        let seen_minor = kept.row.price_of(quantity);
        if put(tx, by, &mut now, (it, seen_minor), quantity - there)?.is_err() {
            let sentence = "a basket has no room for more: order what is in it first";
            return Ok(Err(refused("too_large", sentence)));
        }
        now.take(it, there.saturating_sub(quantity));
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
            let (edits, asked) = self.read(|tx| to_say(tx, &whose))?;
            let heard = self.heard(&own, server.exchange_baskets(session, &asked).await)?;
            match heard {
                Heard::Now(said) => {
                    let draw = || self.random_id();
                    let (is_new, is_all) =
                        self.write(|tx| take(tx, (&whose, &draw), (edits, &asked), &said))?;
                    if is_new {
                        self.tell(&Told::Buyer);
                        self.fetch_put_elsewhere(&server, &own).await?;
                    }
                    if is_all {
                        return Ok(None);
                    }
                }
                Heard::Waits(waits) => return Ok(Some(waits)),
                Heard::Refused { code, .. } if code == OTHER_ACCOUNT => {
                    self.write(|tx| forget(tx, &whose))?;
                    self.tell(&Told::Buyer);
                }
                // They stay on this device, and are said again when somebody looks: there may be room, or a newer server, by then.
                Heard::Refused { .. } => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Looks up what another device put in and this one has not seen, with the stall that it is ordered from.
    async fn fetch_put_elsewhere(&self, server: &Server, own: &Own) -> Result<(), Undone> {
        let stalls = self.read(|tx| {
            let mut stalls = BTreeSet::new();
            for (stall, product) in load(tx, &likes::whose(own))?.lines().into_keys() {
                if offer(tx, stall, product)?.is_none() || handings(tx, stall)?.is_none() {
                    stalls.insert(stall);
                }
            }
            Ok(stalls)
        })?;
        for stall in stalls.into_iter().take(STALLS_AT_ONCE) {
            // What does not come is looked at with the page of the stall.
            if self.fetch_stall(server, stall).await.is_ok() {
                self.tell(&Told::Buyer);
            }
        }
        Ok(())
    }
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

/// How often something was changed here, and what the server is told of it: nothing before it was heard what the account has.
fn to_say(tx: &mut dyn Tx, whose: &str) -> Result<(i64, BasketsAsked), StoreError> {
    let sql = "select edits, said, account, version from basket_told where whose = $1";
    let Some(row) = tx.query_opt(sql, params![whose])? else {
        return Ok((0, BasketsAsked { account: None, since: 0, baskets: None }));
    };
    let (edits, said) = (row.int(0)?, row.int(1)?);
    let account = row.id_opt(2)?;
    let baskets = if edits == said || account.is_none() { None } else { Some(load(tx, whose)?) };
    Ok((edits, BasketsAsked { account, since: row.int(3)?, baskets }))
}

/// Keeps what came. Says whether anything is other than it was, and whether the server knows all that there is here.
fn take(
    tx: &mut dyn Tx,
    (whose, draw): (&str, &dyn Fn() -> ThingId),
    (edits, asked): (i64, &BasketsAsked),
    heard: &BasketsSaid,
) -> Result<(bool, bool), StoreError> {
    let before = load(tx, whose)?;
    let now = match &heard.baskets {
        Some(theirs) if asked.account.is_none() => {
            // This device hears of the account for the first time, or again after a sign-in: what both have is wanted once, and whatever
            // numbers it used before are not used again.
            let mut now = theirs.clone();
            put_missing(tx, (whose, draw), &mut now, before.lines())?;
            now
        }
        Some(theirs) => together(tx, (whose, draw), (&before, asked.baskets.is_some()), theirs)?,
        None => before.clone(),
    };
    keep(tx, whose, &before, &now)?;
    // A server that knows less than was seen was restored: it is told everything. So is one that knows less than is here.
    let is_restored = heard.up_to < asked.since;
    let is_all_theirs = match &heard.baskets {
        Some(theirs) => now == *theirs,
        None => asked.account.is_some() || now == Baskets::default(),
    };
    let said = if is_restored || !is_all_theirs { -1 } else { edits };
    tx.execute(
        "insert into basket_told (whose, account, version, edits, said) values ($1, $2, $3, $4, $5)
         on conflict (whose) do update set account = excluded.account, version = excluded.version,
           said = excluded.said",
        params![whose, heard.account, heard.up_to, edits, said],
    )?;
    let (edits_now, next) = to_say(tx, whose)?;
    Ok((before.lines() != now.lines(), next.baskets.is_none() && edits_now == edits))
}

/// What is here and what the server says.
fn together(
    tx: &mut dyn Tx,
    (whose, draw): (&str, &dyn Fn() -> ThingId),
    (before, has_unsaid): (&Baskets, bool),
    theirs: &Baskets,
) -> Result<Baskets, StoreError> {
    let own = name(tx)?;
    let mut now = before.merged(theirs);
    // What the server has forgotten of devices that have nothing in is forgotten here, too.
    now.forget_idle(|device| theirs.up_to(device) > 0 || Some(device) == own);
    let is_set_back = own.is_some_and(|own| theirs.up_to(own) > before.up_to(own));
    if own.is_some_and(|own| now.make_room(own).is_err()) || is_set_back {
        // An older copy of this device is at work, or was: its numbers are used. It counts anew, under another name.
        now.forget_idle(|device| theirs.up_to(device) > 0);
        tx.execute("delete from basket_name", &[])?;
    }
    if is_set_back && has_unsaid {
        // What it put in since has such numbers. Rather one too many of it than none.
        put_missing(tx, (whose, draw), &mut now, before.lines())?;
    }
    Ok(now)
}
