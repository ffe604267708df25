//! What whoever uses this device likes: kept here, with or without an account, and brought together with what their
//! other devices say once somebody is signed in. It goes to their own account and nowhere else.

use soko_app_api::{Liked, Likes, MarketQuery, Told, Window};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::likes::{LIKES_MAX, is_liked, merged, turned};
use soko_record_log::{Row, StoreError, Tx, params};

use super::sending::{Heard, Waits};
use super::{Tried, bounded, refused};
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::Own;
use crate::market::offer;
use crate::server::{LikesSaid, Server, Turned};
use crate::suggest::put_unwanted;

/// Likes that are sent at once, as the server takes them.
const AT_ONCE: u32 = 200;
/// Offers that are looked up at once, of those that only another device has seen.
const FETCHED_MAX: usize = 50;

/// Where and as whom somebody holds the device; nothing of its guest.
pub(crate) fn whose(own: &Own) -> String {
    own.account().map_or_else(String::new, |email| format!("{}\n{}", own.server, email.to_lowercase()))
}

pub(super) fn put(tx: &mut dyn Tx, whose: &str, it: Liked, is_liked: bool) -> Tried {
    let known = turns(tx, whose, it)?;
    if is_liked && known == 0 {
        let sql = "select count(*) from own_like where whose = $1";
        if tx.query_one(sql, params![whose])?.number::<u32>(0)? >= LIKES_MAX {
            return Ok(Err(refused("too_many_likes", "so many likes are kept and no more")));
        }
    }
    if is_liked {
        // What somebody likes may be suggested, whatever they said before.
        put_unwanted(tx, whose, it.product, false)?;
    }
    let now = turned(known, is_liked);
    if now != known {
        keep(tx, whose, it, (now, false))?;
    }
    Ok(Ok(()))
}

/// What is liked, without what it is.
pub(super) fn keys(tx: &mut dyn Tx, whose: &str) -> Result<Vec<Liked>, StoreError> {
    let sql =
        "select stall, product from own_like where whose = $1 and turns % 2 = 1 order by stall, product";
    tx.query(sql, params![whose])?.iter().map(liked).collect()
}

/// What is liked as it was last seen on offer, the latest first.
pub(super) fn rows(tx: &mut dyn Tx, whose: &str, window: Window) -> Result<Likes, StoreError> {
    let (offset, rows) = bounded(window);
    let (mut offers, mut gone) = (Vec::new(), 0);
    let sql = "select stall, product from own_like where whose = $1 and turns % 2 = 1 order by place desc";
    for row in &tx.query(sql, params![whose])? {
        let it = liked(row)?;
        match offer(tx, it.stall, it.product)? {
            Some(kept) => offers.push(kept.row),
            None => gone += 1,
        }
    }
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let offers = offers.into_iter().skip(size(offset)).take(size(rows)).collect();
    Ok(Likes { offers, gone })
}

/// The products, the latest last.
pub(crate) fn products(tx: &mut dyn Tx, whose: &str) -> Result<Vec<ProductId>, StoreError> {
    let sql = "select product from own_like where whose = $1 and turns % 2 = 1 order by place";
    tx.query(sql, params![whose])?.iter().map(|row| row.id(0)).collect()
}

/// An account that is no more has none.
pub(crate) fn forget(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    tx.execute("delete from own_like where whose = $1", params![whose])?;
    tx.execute("delete from unwanted where whose = $1", params![whose])?;
    tx.execute("delete from own_like_seen where whose = $1", params![whose])?;
    Ok(())
}

impl Device {
    /// Tells the account what is liked here, and hears what its other devices said.
    pub(super) async fn exchange_likes(&self) -> Result<Option<Waits>, Undone> {
        let own = self.own()?;
        let Some(session) = own.session() else { return Ok(None) };
        let (server, whose) = (self.server_at(&own.server)?, whose(&own));
        self.write(|tx| adopt(tx, &whose))?;
        loop {
            let (since, said) = self.read(|tx| Ok((seen(tx, &whose)?, unsent(tx, &whose)?)))?;
            let heard = match self.heard(&own, server.exchange_likes(session, since, &said).await)? {
                Heard::Now(heard) => heard,
                Heard::Waits(waits) => return Ok(Some(waits)),
                Heard::Refused { .. } => {
                    // They stay on this device: asking again would be answered the same.
                    self.write(|tx| note_sent(tx, &whose, &said))?;
                    return Ok(None);
                }
            };
            if heard.up_to < since {
                // The server was restored and has forgotten: it is told everything again.
                self.write(|tx| begin_again(tx, &whose))?;
                continue;
            }
            let is_new = self.write(|tx| take(tx, &whose, &said, &heard))?;
            if is_new {
                self.fetch_liked(&server, &heard).await?;
                self.tell(&Told::Buyer);
            }
            if said.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
                return Ok(None);
            }
        }
    }

    /// Looks up what another device liked and this one has not seen.
    async fn fetch_liked(&self, server: &Server, heard: &LikesSaid) -> Result<(), Undone> {
        let liked = heard.turned.iter().filter(|it| is_liked(it.turns));
        let unknown = |it: &&Turned| {
            self.read(|tx| offer(tx, it.it.stall, it.it.product)).is_ok_and(|found| found.is_none())
        };
        for found in liked.filter(unknown).take(FETCHED_MAX) {
            let query = MarketQuery::Offer { stall: found.it.stall, product: found.it.product };
            // What does not come is looked at with the page of the market that it is in.
            let Ok(view) = server.market(&query).await else { return Ok(()) };
            self.keep_seen(&query, &view)?;
        }
        Ok(())
    }
}

/// What was liked and sent away before anybody was signed in is theirs who then did.
fn adopt(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    for it in keys(tx, "")? {
        let known = turns(tx, whose, it)?;
        let now = turned(known, true);
        if now != known {
            keep(tx, whose, it, (now, false))?;
        }
    }
    tx.execute("delete from own_like where whose = ''", &[])?;
    tx.execute("update or replace unwanted set whose = $1 where whose = ''", params![whose])?;
    Ok(())
}

/// Keeps what came; says whether anything is other than it was.
fn take(tx: &mut dyn Tx, whose: &str, said: &[Turned], heard: &LikesSaid) -> Result<bool, StoreError> {
    note_sent(tx, whose, said)?;
    let mut is_new = false;
    for Turned { it, turns: theirs } in &heard.turned {
        let ours = turns(tx, whose, *it)?;
        let now = merged(ours, *theirs);
        if now != ours {
            keep(tx, whose, *it, (now, true))?;
            is_new = true;
        }
    }
    tx.execute(
        "insert into own_like_seen (whose, version) values ($1, $2)
         on conflict (whose) do update set version = excluded.version",
        params![whose, heard.up_to],
    )?;
    Ok(is_new)
}

/// Unless somebody changed their mind meanwhile.
fn note_sent(tx: &mut dyn Tx, whose: &str, said: &[Turned]) -> Result<(), StoreError> {
    for Turned { it, turns } in said {
        tx.execute(
            "update own_like set is_sent = 1 where whose = $1 and stall = $2 and product = $3 and turns = $4",
            params![whose, it.stall, it.product, *turns],
        )?;
    }
    Ok(())
}

fn begin_again(tx: &mut dyn Tx, whose: &str) -> Result<(), StoreError> {
    tx.execute("update own_like set is_sent = 0 where whose = $1", params![whose])?;
    tx.execute("delete from own_like_seen where whose = $1", params![whose])?;
    Ok(())
}

fn keep(tx: &mut dyn Tx, whose: &str, it: Liked, (turns, is_sent): (u32, bool)) -> Result<(), StoreError> {
    tx.execute(
        "insert into own_like (whose, stall, product, turns, place, is_sent)
         values ($1, $2, $3, $4, (select coalesce(max(place), 0) + 1 from own_like), $5)
         on conflict (whose, stall, product) do update
         set turns = excluded.turns, place = excluded.place, is_sent = excluded.is_sent",
        params![whose, it.stall, it.product, turns, i64::from(is_sent)],
    )?;
    Ok(())
}

fn turns(tx: &mut dyn Tx, whose: &str, it: Liked) -> Result<u32, StoreError> {
    let sql = "select turns from own_like where whose = $1 and stall = $2 and product = $3";
    tx.query_opt(sql, params![whose, it.stall, it.product])?.map_or(Ok(0), |row| row.number(0))
}

fn unsent(tx: &mut dyn Tx, whose: &str) -> Result<Vec<Turned>, StoreError> {
    let sql = "select stall, product, turns from own_like where whose = $1 and is_sent = 0
               order by place limit $2";
    let rows = tx.query(sql, params![whose, AT_ONCE])?;
    rows.iter().map(|row| Ok(Turned { it: liked(row)?, turns: row.number(2)? })).collect()
}

fn seen(tx: &mut dyn Tx, whose: &str) -> Result<i64, StoreError> {
    let row = tx.query_opt("select version from own_like_seen where whose = $1", params![whose])?;
    row.map_or(Ok(0), |row| row.int(0))
}

fn liked(row: &Row) -> Result<Liked, StoreError> {
    Ok(Liked { stall: LogId(row.id(0)?), product: ProductId(row.id(1)?) })
}
