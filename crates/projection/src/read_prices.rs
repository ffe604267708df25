//! What prices are learnt from and bound by, for one stall.

use std::collections::BTreeMap;

use soko_domain::entry::{Entry, Kind, PriceAim, PriceMode, PriceMoved, PriceSet, Stamp};
use soko_domain::ids::{AuthorId, LogId, ProductId, ThingId};
use soko_domain::verbs::move_price::{MARKET_PPM_MAX, MARKET_PPM_MIN, Rule};
use soko_record_log::{Row, StoreError, Tx, log, params};

use crate::audit::Facet;

/// Most moves that are read of a product.
const MOVES_MAX: u32 = 200;
/// And most words on prices set by hand that are looked through for one of it.
const SETS_MAX: u32 = 200;
/// Those of some days that are looked at, the latest.
const SETS_READ_MAX: u32 = 2_000;

/// A rule and its revision, by product; under sixteen zeros the one of all others.
pub fn rules(tx: &mut dyn Tx, log: LogId) -> Result<BTreeMap<ProductId, (u64, Rule)>, StoreError> {
    let rows = tx.query(
        "select product, revision, mode, aim, floor_minor, ceiling_minor, over_cost_ppm, step_ppm, gone_by_minutes,
           market_ppm
         from price_rule where log = $1",
        params![log],
    )?;
    let rule = |row: &Row| {
        let unknown = |what: &str| StoreError::Corrupt(format!("a price's {what} is unknown"));
        let rule = Rule {
            mode: PriceMode::from_number(row.number(2)?).ok_or_else(|| unknown("mode"))?,
            aim: PriceAim::from_number(row.number(3)?).ok_or_else(|| unknown("aim"))?,
            floor_minor: row.int_opt(4)?,
            ceiling_minor: row.int_opt(5)?,
            over_cost_ppm: row.number(6)?,
            step_ppm: row.number(7)?,
            gone_by_minutes: row.int_opt(8)?.and_then(|minutes| u32::try_from(minutes).ok()),
            // Whoever wrote it: beyond its bounds it is as good as none.
            market_ppm: row.number::<u32>(9)?.clamp(MARKET_PPM_MIN, MARKET_PPM_MAX),
        };
        Ok((ProductId(row.id(0)?), (row.number(1)?, rule)))
    };
    rows.iter().map(rule).collect()
}

/// Whether any price may move by itself.
pub fn has_auto(tx: &mut dyn Tx, log: LogId) -> Result<bool, StoreError> {
    let auto = PriceMode::Auto.number();
    let row =
        tx.query_opt("select 1 from price_rule where log = $1 and mode = $2 limit 1", params![log, auto])?;
    Ok(row.is_some())
}

/// A price that somebody did not want, and what the product cost then, where it costs something else by now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefusalFound {
    pub product: ProductId,
    pub price_minor: i64,
    pub was_minor: Option<i64>,
}

/// What was refused and may not be said yet.
pub fn refusals(tx: &mut dyn Tx, log: LogId, today: i32) -> Result<Vec<RefusalFound>, StoreError> {
    let rows = tx.query(
        "select product, price_minor, author, seq from price_refusal where log = $1 and until_day > $2",
        params![log, today],
    )?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let product = ProductId(row.id(0)?);
        let record = log::record_at(tx, log, &row.id(2)?, row.number(3)?)?;
        let stamp = record.as_ref().and_then(|record| Stamp::of_body(record.body.bytes()?).ok());
        let was_minor = match stamp {
            Some(stamp) => price_at(tx, log, product, stamp.at_ms)?,
            None => None,
        };
        found.push(RefusalFound { product, price_minor: row.int(1)?, was_minor });
    }
    Ok(found)
}

/// What a product cost at a moment, out of what its price became another from after it; nothing where it did not, as far as is written.
fn price_at(tx: &mut dyn Tx, log: LogId, product: ProductId, at_ms: i64) -> Result<Option<i64>, StoreError> {
    let moved = tx.query_opt(
        "select at_ms, from_minor from price_move where log = $1 and product = $2 and at_ms > $3
         order by at_ms, author, seq limit 1",
        params![log, product, at_ms],
    )?;
    let moved = moved.map(|row| Ok::<_, StoreError>((row.int(0)?, row.int(1)?))).transpose()?;
    let rows = tx.query(
        "select author, seq, at_ms from audit_row where log = $1 and kind = $2 and facet = $3 and at_ms > $4
         order by at_ms, author, seq limit $5",
        params![log, Kind::PricesSet.number(), Facet::Whole.number(), at_ms, SETS_MAX],
    )?;
    for row in &rows {
        let set_ms = row.int(2)?;
        if moved.is_some_and(|(moved_ms, _)| moved_ms <= set_ms) {
            break;
        }
        let record = log::record_at(tx, log, &row.id(0)?, row.number(1)?)?;
        let read =
            record.as_ref().and_then(|record| Entry::from_body(Kind::PricesSet, record.body.bytes()?).ok());
        let Some((_, Entry::PricesSet(set))) = read else { continue };
        if let Some(line) = set.lines.iter().find(|line| line.product == product) {
            return Ok(Some(line.from_minor));
        }
    }
    Ok(moved.map(|(_, from_minor)| from_minor))
}

/// When somebody last set a price by hand or from a list, by product, on the business days from one to another.
pub fn set_within(
    tx: &mut dyn Tx,
    log: LogId,
    days: (i32, i32),
) -> Result<BTreeMap<ProductId, i64>, StoreError> {
    let mut latest = BTreeMap::new();
    for (at_ms, set) in sets_within(tx, log, days)? {
        latest.entry(set.product).or_insert(at_ms);
    }
    Ok(latest)
}

/// What somebody set by hand or from a list on the business days from one to another, and when, the latest first.
pub fn sets_within(
    tx: &mut dyn Tx,
    log: LogId,
    (first, last): (i32, i32),
) -> Result<Vec<(i64, PriceSet)>, StoreError> {
    let rows = tx.query(
        "select author, seq, at_ms from audit_row where log = $1 and kind = $2 and facet = $3
           and business_day >= $4 and business_day <= $5
         order by at_ms desc, author, seq limit $6",
        params![log, Kind::PricesSet.number(), Facet::Whole.number(), first, last, SETS_READ_MAX],
    )?;
    let mut sets = Vec::new();
    for row in &rows {
        let at_ms = row.int(2)?;
        let record = log::record_at(tx, log, &row.id(0)?, row.number(1)?)?;
        let read =
            record.as_ref().and_then(|record| Entry::from_body(Kind::PricesSet, record.body.bytes()?).ok());
        let Some((_, Entry::PricesSet(set))) = read else { continue };
        sets.extend(set.lines.into_iter().map(|line| (at_ms, line)));
    }
    Ok(sets)
}

/// A move as it stands in its record.
#[derive(Clone, Debug)]
pub struct MoveFound {
    pub author: AuthorId,
    pub stamp: Stamp,
    pub said: PriceMoved,
}

/// How a product's price moved, the latest first.
pub fn moves(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<Vec<MoveFound>, StoreError> {
    let rows = tx.query(
        "select author, seq from price_move where log = $1 and product = $2
         order by at_ms desc, author, seq desc limit $3",
        params![log, product, MOVES_MAX],
    )?;
    let mut moves = Vec::new();
    for row in &rows {
        moves.extend(move_at(tx, log, row)?);
    }
    Ok(moves)
}

/// How a product's price moved since a business day, the latest first.
pub fn moves_from(
    tx: &mut dyn Tx,
    log: LogId,
    product: ProductId,
    day: i32,
) -> Result<Vec<MoveFound>, StoreError> {
    let rows = tx.query(
        "select author, seq from price_move where log = $1 and product = $2 and business_day >= $3
         order by at_ms desc, author, seq desc limit $4",
        params![log, product, day, MOVES_MAX],
    )?;
    let mut moves = Vec::new();
    for row in &rows {
        moves.extend(move_at(tx, log, row)?);
    }
    Ok(moves)
}

/// The latest move of each product since a business day, where this author did not make it.
pub fn latest_of_others(
    tx: &mut dyn Tx,
    log: LogId,
    (me, day): (AuthorId, i32),
) -> Result<Vec<MoveFound>, StoreError> {
    let rows = tx.query(
        "select author, seq, product from price_move where log = $1 and business_day >= $2
         order by at_ms, author desc, seq",
        params![log, day],
    )?;
    let mut latest: BTreeMap<ProductId, (AuthorId, &Row)> = BTreeMap::new();
    for row in &rows {
        latest.insert(ProductId(row.id(2)?), (row.id(0)?, row));
    }
    let mut moves = Vec::new();
    for (_, row) in latest.into_values().filter(|(author, _)| *author != me) {
        moves.extend(move_at(tx, log, row)?);
    }
    Ok(moves)
}

/// Whether a price moved since a business day.
pub fn has_moved(tx: &mut dyn Tx, log: LogId, day: i32) -> Result<bool, StoreError> {
    let sql = "select 1 from price_move where log = $1 and business_day >= $2 limit 1";
    Ok(tx.query_opt(sql, params![log, day])?.is_some())
}

/// Whether somebody took a move of a product's price back on a business day.
pub fn has_undone(tx: &mut dyn Tx, log: LogId, (product, day): (ProductId, i32)) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "select 1 from price_move where log = $1 and product = $2 and business_day = $3 and undoes is not null limit 1",
        params![log, product, day],
    )?;
    Ok(row.is_some())
}

/// A move by its id.
pub fn moved(tx: &mut dyn Tx, log: LogId, id: ThingId) -> Result<Option<MoveFound>, StoreError> {
    let row = tx.query_opt(
        "select author, seq from price_move where log = $1 and moved = $2 order by author, seq limit 1",
        params![log, id],
    )?;
    row.map_or(Ok(None), |row| move_at(tx, log, &row))
}

fn move_at(tx: &mut dyn Tx, log: LogId, row: &Row) -> Result<Option<MoveFound>, StoreError> {
    let author: AuthorId = row.id(0)?;
    let record = log::record_at(tx, log, &author, row.number(1)?)?;
    let body = record.as_ref().and_then(|record| record.body.bytes());
    let read = body.map(|body| Entry::from_body(Kind::PriceMoved, body));
    Ok(match read {
        Some(Ok((stamp, Entry::PriceMoved(said)))) => Some(MoveFound { author, stamp, said }),
        Some(_) | None => None,
    })
}

/// Moves of all products since a day, the oldest first: product, moment, business day, from, to.
pub fn moves_since(
    tx: &mut dyn Tx,
    log: LogId,
    day: i32,
) -> Result<Vec<(ProductId, i64, i32, i64, i64)>, StoreError> {
    let rows = tx.query(
        "select product, at_ms, business_day, from_minor, to_minor from price_move
         where log = $1 and business_day >= $2 order by at_ms, author, seq",
        params![log, day],
    )?;
    rows.iter()
        .map(|row| Ok((ProductId(row.id(0)?), row.int(1)?, row.number(2)?, row.int(3)?, row.int(4)?)))
        .collect()
}

/// Whether a product's price moved away from this one since then.
pub fn had_price(
    tx: &mut dyn Tx,
    log: LogId,
    (product, price_minor): (ProductId, i64),
    since_ms: i64,
) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "select 1 from price_move where log = $1 and product = $2 and at_ms >= $3 and from_minor = $4 limit 1",
        params![log, product, since_ms, price_minor],
    )?;
    Ok(row.is_some())
}

/// What a product sold on a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SoldOn {
    pub product: ProductId,
    pub day: i32,
    pub units: i64,
    pub revenue_minor: i64,
    pub tax_minor: i64,
    pub discount_minor: i64,
}

/// What every product sold, day by day; in no order that means anything.
pub fn sold(tx: &mut dyn Tx, log: LogId, (from, to): (i32, i32)) -> Result<Vec<SoldOn>, StoreError> {
    let rows = tx.query(
        "select product, at, units, revenue_minor, tax_minor, discount_minor from figure_product
         where log = $1 and grain = 1 and at >= $2 and at <= $3",
        params![log, from, to],
    )?;
    let sold = |row: &Row| {
        Ok(SoldOn {
            product: ProductId(row.id(0)?),
            day: row.number(1)?,
            units: row.int(2)?,
            revenue_minor: row.int(3)?,
            tax_minor: row.int(4)?,
            discount_minor: row.int(5)?,
        })
    };
    rows.iter().map(sold).collect()
}

/// Lines sold in each hour of the day, over a period.
pub fn lines_by_hour(
    tx: &mut dyn Tx,
    log: LogId,
    (from, to): (i32, i32),
) -> Result<Vec<(u8, i64)>, StoreError> {
    let rows = tx.query(
        "select hour % 24, cast(coalesce(sum(lines), 0) as bigint) from figure_hour
         where log = $1 and business_day >= $2 and business_day <= $3 group by 1 order by 1",
        params![log, from, to],
    )?;
    rows.iter().map(|row| Ok((row.number(0)?, row.int(1)?))).collect()
}

/// When drawers were open: the business day, and from when until when in UTC; none is still open. With the minutes east of it.
pub fn open_times(
    tx: &mut dyn Tx,
    log: LogId,
    from_day: i32,
) -> Result<Vec<(i32, i64, Option<i64>, i32)>, StoreError> {
    let rows = tx.query(
        "select business_day, opened_at_ms, closed, closed_at_ms, opened_offset from shift
         where log = $1 and business_day >= $2",
        params![log, from_day],
    )?;
    let time = |row: &Row| {
        let closed = row.bool(2)?.then(|| row.int(3)).transpose()?;
        Ok((row.number(0)?, row.int(1)?, closed, row.number(4)?))
    };
    rows.iter().map(time).collect()
}

/// What changed how much is here, since a moment, the latest first.
pub fn stock_since(
    tx: &mut dyn Tx,
    log: LogId,
    product: ProductId,
    from_ms: i64,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = tx.query(
        "select at_ms, here from stock_change where log = $1 and product = $2 and at_ms >= $3 and here <> 0
         order by at_ms desc, author desc, seq desc",
        params![log, product, from_ms],
    )?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}
