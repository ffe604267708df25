//! Where stalls are and when they are open, as far as that passed by: enough to say without a signal what is near.

use soko_app_api::{Dated, MarketQuery, Spot, Spots, WINDOW_ROWS_MAX, nearest};
use soko_domain::ids::LogId;
use soko_record_log::{StoreError, Tx, params};

use super::cache::{STALLS_MAX, put_stall};
use crate::kept::{pack, unpack};

type Seen = Vec<(i64, Spot)>;

pub(super) fn put(tx: &mut dyn Tx, query: &MarketQuery, seen: &Dated<Vec<Spot>>) -> Result<(), StoreError> {
    // Whoever is not in the answer says nothing of it any more.
    if let MarketQuery::Spots { which, window } = query {
        let is_whole = window.offset == 0 && seen.value.len() < window.rows.min(WINDOW_ROWS_MAX) as usize;
        match which {
            Spots::All if is_whole => {
                tx.execute("update market_stall set spot = null", &[])?;
            }
            Spots::Of(stall) => {
                tx.execute("update market_stall set spot = null where stall = $1", params![stall])?;
            }
            Spots::All | Spots::Near(_) | Spots::Featured => {}
        }
    }
    for spot in &seen.value {
        put_stall(tx, seen.as_of_ms, &spot.card, None)?;
        let sql = "update market_stall set spot = $2 where stall = $1";
        tx.execute(sql, params![spot.card.stall, pack(spot)?])?;
    }
    Ok(())
}

pub(super) fn found(tx: &mut dyn Tx, which: &Spots, now_ms: i64) -> Result<Seen, StoreError> {
    let all = match which {
        Spots::Of(stall) => of(tx, *stall)?.into_iter().collect(),
        Spots::All | Spots::Near(_) | Spots::Featured => all(tx)?,
    };
    Ok(match which {
        Spots::All | Spots::Of(_) => all,
        Spots::Featured => all.into_iter().filter(|(_, spot)| spot.is_featured(now_ms)).collect(),
        Spots::Near(around) => {
            let Some(here) = around.point() else { return Ok(Seen::new()) };
            let seen_at = |stall: LogId| all.iter().find(|(_, spot)| spot.card.stall == stall).map(|it| it.0);
            let near = nearest(all.iter().map(|(_, spot)| spot.clone()), here);
            near.into_iter().filter_map(|(_, spot)| Some((seen_at(spot.card.stall)?, spot))).collect()
        }
    })
}

fn all(tx: &mut dyn Tx) -> Result<Seen, StoreError> {
    let sql = "select as_of_ms, spot from market_stall where spot is not null order by stall limit $1";
    let mut all = Seen::new();
    for row in &tx.query(sql, params![STALLS_MAX])? {
        if let Some(spot) = unpack(row.blob(1)?) {
            all.push((row.int(0)?, spot));
        }
    }
    Ok(all)
}

/// Of one stall.
pub(crate) fn of(tx: &mut dyn Tx, stall: LogId) -> Result<Option<(i64, Spot)>, StoreError> {
    let sql = "select as_of_ms, spot from market_stall where stall = $1 and spot is not null";
    let Some(row) = tx.query_opt(sql, params![stall])? else { return Ok(None) };
    let as_of_ms = row.int(0)?;
    Ok(unpack(row.blob(1)?).map(|spot| (as_of_ms, spot)))
}
