//! What people like, brought together from all their devices. Nobody else sees it.

use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_domain::likes::{LIKES_MAX, TURNS_MAX};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::platform::refusal::Refusal;

/// A product, and how often somebody changed their mind about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Like {
    pub stall: LogId,
    pub product: ProductId,
    pub turns: u32,
}

/// What a device has not seen, and how far it has then seen everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchanged {
    pub up_to: i64,
    pub likes: Vec<Like>,
}

/// Takes what a device says, and answers what it has not seen. What this market does not know is left out.
pub fn exchange(tx: &mut dyn Tx, account: ThingId, since: i64, said: &[Like]) -> Result<Exchanged, Refusal> {
    let next = up_to(tx, account)? + 1;
    for like in said {
        let is_known = "select 1 from product where log = $1 and product = $2";
        if tx.query_opt(is_known, params![like.stall, like.product])?.is_none() {
            continue;
        }
        tx.run(
            "insert into liked (account, stall, product, turns, version) values ($1, $2, $3, $4, $5)
             on conflict (account, stall, product) do update
             set turns = excluded.turns, version = excluded.version where liked.turns < excluded.turns",
            params![account, like.stall, like.product, like.turns.min(TURNS_MAX), next],
        )?;
    }
    let count: u32 =
        tx.query_one("select count(*) from liked where account = $1", params![account])?.number(0)?;
    if count > LIKES_MAX {
        return Err(Refusal::TooMany(LIKES_MAX));
    }
    let rows = tx.query(
        "select stall, product, turns from liked where account = $1 and version > $2
         order by version, stall, product",
        params![account, since],
    )?;
    let likes = rows.iter().map(like).collect::<Result<_, _>>()?;
    Ok(Exchanged { up_to: up_to(tx, account)?, likes })
}

/// All that somebody said of likes, for whoever asks what is kept of them.
pub fn all(tx: &mut dyn Tx, account: ThingId) -> Result<Vec<Like>, StoreError> {
    let sql = "select stall, product, turns from liked where account = $1 order by stall, product";
    tx.query(sql, params![account])?.iter().map(like).collect()
}

pub fn erase(tx: &mut dyn Tx, account: ThingId) -> Result<(), StoreError> {
    tx.run("delete from liked where account = $1", params![account])
}

fn up_to(tx: &mut dyn Tx, account: ThingId) -> Result<i64, StoreError> {
    let sql = "select coalesce(max(version), 0) from liked where account = $1";
    tx.query_one(sql, params![account])?.int(0)
}

fn like(row: &Row) -> Result<Like, StoreError> {
    Ok(Like { stall: row.id(0)?, product: row.id(1)?, turns: row.number(2)? })
}
