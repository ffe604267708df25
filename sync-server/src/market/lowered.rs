//! Prices that went down, and what they are told to have been: the lowest of the thirty days before, so that nobody puts a price
//! up in order to lower it.

use soko_app_api::PricedSince;
use soko_domain::ids::{LogId, ProductId};
use soko_record_log::{Row, StoreError, Tx, params};

use super::rows;

const DAY_MS: i64 = 86_400_000;
/// How far back the lowest price is looked for, and how long a lower one is told as such.
pub(super) const BEFORE_MS: i64 = 30 * DAY_MS;
/// How far back the page of a product tells its prices, one of each day, and how many at most.
const TOLD_MS: i64 = 366 * DAY_MS;
const TOLD_MAX: u32 = 60;
/// These goods of a stall were edited: what costs something else by now is noted. In the transaction of the edit.
pub(super) fn note(
    tx: &mut dyn Tx,
    stall: LogId,
    portion: &[ProductId],
    now_ms: i64,
) -> Result<(), StoreError> {
    let (mut params, which) = rows::places(&stall, portion);
    let rows = tx.query(
        &format!(
            "select p.product, p.price_minor from product p where p.log = $1 and p.product in ({which})
             and p.price_minor <> (select m.price_minor from market_price m
               where m.log = p.log and m.product = p.product order by m.since_ms desc limit 1)
             order by p.product"
        ),
        &params,
    )?;
    params.push(now_ms.into());
    let now = params.len();
    tx.run(
        &format!(
            "insert into market_price (log, product, since_ms, price_minor)
             select p.log, p.product, cast(${now} as bigint), p.price_minor from product p
             where p.log = $1 and p.product in ({which}) and not exists
               (select 1 from market_price m where m.log = p.log and m.product = p.product)"
        ),
        &params,
    )?;
    for row in &rows {
        changed(tx, (stall, row.id(0)?), row.int(1)?, now_ms)?;
    }
    Ok(())
}

fn changed(
    tx: &mut dyn Tx,
    (stall, product): (LogId, ProductId),
    now_minor: i64,
    now_ms: i64,
) -> Result<(), StoreError> {
    // Two edits in one moment: the later price is the one that was asked from then on.
    tx.run(
        "insert into market_price (log, product, since_ms, price_minor) values ($1, $2, $3, $4)
         on conflict (log, product, since_ms) do update set price_minor = excluded.price_minor",
        params![stall, product, now_ms, now_minor],
    )?;
    // What was asked at the beginning of those days was asked since before them.
    let was = tx.query_one(
        "select min(price_minor) from market_price
         where log = $1 and product = $2 and since_ms < $3 and since_ms >= coalesce(
           (select max(since_ms) from market_price where log = $1 and product = $2 and since_ms <= $4), 0)",
        params![stall, product, now_ms, now_ms - BEFORE_MS],
    )?;
    match was.int_opt(0)?.filter(|was| *was > now_minor) {
        Some(was_minor) => tx.run(
            "insert into market_lowered (log, product, was_minor, since_ms) values ($1, $2, $3, $4)
             on conflict (log, product) do update set was_minor = excluded.was_minor, since_ms = excluded.since_ms",
            params![stall, product, was_minor, now_ms],
        )?,
        None => {
            tx.run("delete from market_lowered where log = $1 and product = $2", params![stall, product])?;
        }
    }
    // Older prices are only told: the last one of each day.
    tx.run(
        "delete from market_price where log = $1 and product = $2 and since_ms < $3 and exists (
           select 1 from market_price l where l.log = market_price.log and l.product = market_price.product
           and l.since_ms > market_price.since_ms and l.since_ms <= $3
           and l.since_ms / $4 = market_price.since_ms / $4)",
        params![stall, product, now_ms - BEFORE_MS, DAY_MS],
    )?;
    tx.run(
        "delete from market_price where log = $1 and product = $2 and since_ms < coalesce(
           (select max(since_ms) from market_price where log = $1 and product = $2 and since_ms <= $3), 0)",
        params![stall, product, now_ms - TOLD_MS],
    )
}

/// What it cost since it was added, the first price first; the last one of each day.
pub(super) fn told(
    tx: &mut dyn Tx,
    (stall, product): (LogId, ProductId),
) -> Result<Vec<PricedSince>, StoreError> {
    let rows = tx.query(
        "select since_ms, price_minor from market_price
         where log = $1 and product = $2 and since_ms in (
           select max(since_ms) from market_price where log = $1 and product = $2 group by since_ms / $3)
         order by since_ms desc limit $4",
        params![stall, product, DAY_MS, TOLD_MAX],
    )?;
    let priced = |row: &Row| Ok(PricedSince { since_ms: row.int(0)?, price_minor: row.int(1)? });
    let mut told: Vec<PricedSince> = rows.iter().rev().map(priced).collect::<Result<_, StoreError>>()?;
    // A day that ended as the one before it changed nothing.
    told.dedup_by_key(|it| it.price_minor);
    Ok(told)
}
