//! Where stalls are, when they are open, and which of them the operator features. Where a visitor is comes in with their question,
//! to a kilometre, and goes nowhere.

use soko_app_api::{FEATURED_MAX, NEAR_METRES_MAX, Spot, Spots, StallCard, WINDOW_ROWS_MAX, Window, nearest};
use soko_domain::ids::LogId;
use soko_domain::point::{Point, Span};
use soko_record_log::{Row, StoreError, Tx, params};

use super::rows;
use crate::operator::offset;

/// How far is looked for what is near; further only where too little was found.
const RINGS_METRES: [u32; 3] = [5_000, 25_000, NEAR_METRES_MAX];
/// Stalls of one span that are looked at; of more, those that a straight line over the degrees says are nearest.
const LOOKED_MAX: u32 = 1_000;
/// Near stalls that are shown.
const NEAR_MAX: u32 = 50;
/// Further down nobody looks.
const OFFSET_MAX: u32 = 100_000;

const COLUMNS: &str =
    "select p.log, p.name, p.place, p.description, p.currency, p.lat, p.lon, p.opening, p.zone,
       coalesce(f.until_ms, 0)
     from stall_profile p left join featured_stall f on f.log = p.log and f.until_ms > $1";
/// Those with a name that no operator took out of the market.
const SHOWN: &str = "p.name <> '' and not exists (select 1 from stall_block k where k.stall = p.log)";

/// Nothing where there is no such place.
pub(super) fn read(
    tx: &mut dyn Tx,
    which: &Spots,
    window: Window,
    now_ms: i64,
) -> Result<Option<Vec<Spot>>, StoreError> {
    let (skipped, wanted) = (window.offset.min(OFFSET_MAX), window.rows.min(WINDOW_ROWS_MAX));
    let found = match which {
        Spots::All => {
            let which = "and (p.lat is not null or p.opening <> '' or f.log is not null)
                         order by p.log limit $2 offset $3";
            rows_of(tx, which, params![now_ms, wanted, skipped], now_ms)?
        }
        Spots::Of(stall) => rows_of(tx, "and p.log = $2", params![now_ms, stall], now_ms)?,
        Spots::Featured => {
            let which = "and f.log is not null order by f.chosen_ms desc, p.log limit $2";
            rows_of(tx, which, params![now_ms, wanted.min(FEATURED_MAX)], now_ms)?
        }
        Spots::Near(around) => {
            let Some(here) = around.point() else { return Ok(None) };
            near(tx, here, (wanted.min(NEAR_MAX), now_ms))?
        }
    };
    Ok(Some(found))
}

fn near(tx: &mut dyn Tx, here: Point, (wanted, now_ms): (u32, i64)) -> Result<Vec<Spot>, StoreError> {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for metres in RINGS_METRES {
        let mut looked = Vec::new();
        for span in here.around(metres) {
            looked.extend(within(tx, (here, span), now_ms)?);
        }
        // What is further away than the ring may be in a corner of its span, with something nearer outside.
        found = nearest(looked, here);
        found.retain(|(away, _)| *away <= metres);
        if found.len() >= wanted {
            break;
        }
    }
    Ok(found.into_iter().take(wanted).map(|(_, spot)| spot).collect())
}

fn within(tx: &mut dyn Tx, (here, span): (Point, Span), now_ms: i64) -> Result<Vec<Spot>, StoreError> {
    let which = "and p.lat between $2 and $3 and p.lon between $4 and $5
                 order by abs(p.lat - $6) + abs(p.lon - $7), p.log limit $8";
    let Span { south, north, west, east } = span;
    let (lat, lon) = (here.lat_micro(), here.lon_micro());
    rows_of(tx, which, params![now_ms, south, north, west, east, lat, lon, LOOKED_MAX], now_ms)
}

fn rows_of(
    tx: &mut dyn Tx,
    which: &str,
    params: &[soko_record_log::Param<'_>],
    now_ms: i64,
) -> Result<Vec<Spot>, StoreError> {
    tx.query(&format!("{COLUMNS} where {SHOWN} {which}"), params)?
        .iter()
        .map(|row| spot(row, now_ms))
        .collect()
}

fn spot(row: &Row, now_ms: i64) -> Result<Spot, StoreError> {
    let micro = |degrees: Option<i64>| degrees.and_then(|degrees| i32::try_from(degrees).ok());
    let point = micro(row.int_opt(5)?).zip(micro(row.int_opt(6)?));
    // What its goods say of it is in memory alone.
    let card = StallCard {
        stall: row.id(0)?,
        name: row.text(1)?.into(),
        place: row.text(2)?.into(),
        description: row.text(3)?.into(),
        currency: row.text(4)?.into(),
        offers: 0,
        picture: None,
    };
    Ok(Spot {
        card,
        point: point.and_then(|(lat, lon)| Point::new(lat, lon)).map(|it| it.to_string()).unwrap_or_default(),
        opening: row.text(7)?.into(),
        offset_minutes: offset(row.text(8)?, now_ms).get(),
        featured_until_ms: row.int(9)?,
    })
}

/// Until when a stall is featured, whether that is over or not; 0 without a word.
pub(super) fn featured_until_ms(tx: &mut dyn Tx, stall: LogId) -> Result<i64, StoreError> {
    let row = tx.query_opt("select until_ms from featured_stall where log = $1", params![stall])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// What became of the wish to feature a stall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Featuring {
    Done,
    NoStall,
    TooMany,
}

pub(crate) fn feature(
    tx: &mut dyn Tx,
    stall: LogId,
    (until_ms, now_ms): (i64, i64),
) -> Result<Featuring, StoreError> {
    if rows::stall(tx, stall)?.is_none() {
        return Ok(Featuring::NoStall);
    }
    tx.execute("delete from featured_stall where until_ms <= $1", params![now_ms])?;
    let others = tx.query("select log from featured_stall where log <> $1", params![stall])?;
    if others.len() >= FEATURED_MAX as usize {
        return Ok(Featuring::TooMany);
    }
    tx.execute(
        "insert into featured_stall (log, until_ms, chosen_ms) values ($1, $2, $3)
         on conflict (log) do update set until_ms = excluded.until_ms, chosen_ms = excluded.chosen_ms",
        params![stall, until_ms, now_ms],
    )?;
    Ok(Featuring::Done)
}

/// Whether it was featured until now.
pub(crate) fn unfeature(tx: &mut dyn Tx, stall: LogId) -> Result<bool, StoreError> {
    Ok(tx.execute("delete from featured_stall where log = $1", params![stall])? > 0)
}

/// Those that are featured now, with their names and until when; the one that was chosen last first.
pub(crate) fn featured(tx: &mut dyn Tx, now_ms: i64) -> Result<Vec<(LogId, String, i64)>, StoreError> {
    let rows = tx.query(
        &format!(
            "select f.log, p.name, f.until_ms from featured_stall f join stall_profile p on p.log = f.log
         where {SHOWN} and f.until_ms > $1 order by f.chosen_ms desc, f.log"
        ),
        params![now_ms],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.text(1)?.into(), row.int(2)?))).collect()
}

/// Stalls of the market by name.
pub(crate) fn named(tx: &mut dyn Tx) -> Result<Vec<(LogId, String)>, StoreError> {
    let sql =
        format!("select p.log, p.name from stall_profile p where {SHOWN} order by p.name, p.log limit $1");
    let rows = tx.query(&sql, params![LOOKED_MAX])?;
    rows.iter().map(|row| Ok((row.id(0)?, row.text(1)?.into()))).collect()
}
