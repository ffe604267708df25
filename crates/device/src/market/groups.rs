//! Categories of the whole market over what is held here, so that looking around by them needs no signal.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{Browse, Dated, MarketCategory, OfferRow, Place, order};
use soko_domain::ids::{LogId, ProductId};
use soko_record_log::{Row, StoreError, Tx, params};

use super::offers::line;
use crate::kept::{pack, unpack};

/// An offer, when it was seen, and its name as it is sorted by.
type Found = BTreeMap<(LogId, ProductId), (i64, String, OfferRow)>;

/// All of them, instead of what was known.
pub(super) fn put(tx: &mut dyn Tx, seen: &Dated<Vec<MarketCategory>>) -> Result<(), StoreError> {
    tx.execute("delete from market_group", &[])?;
    for (place, category) in seen.value.iter().enumerate() {
        tx.execute(
            "insert into market_group (slug, place, as_of_ms, category) values ($1, $2, $3, $4)
             on conflict (slug) do nothing",
            params![category.slug, place, seen.as_of_ms, pack(category)?],
        )?;
    }
    Ok(())
}

pub(super) fn all(tx: &mut dyn Tx) -> Result<Vec<(i64, MarketCategory)>, StoreError> {
    let rows = tx.query("select as_of_ms, category from market_group order by place", &[])?;
    let mut all = Vec::new();
    for row in &rows {
        if let Some(category) = unpack(row.blob(1)?) {
            all.push((row.int(0)?, category));
        }
    }
    Ok(all)
}

/// What is asked for, in its order; nothing of a category that is not known here.
pub(super) fn browse(tx: &mut dyn Tx, browse: &Browse) -> Result<Option<Vec<(i64, OfferRow)>>, StoreError> {
    let mut found = Found::new();
    if browse.category.is_empty() {
        take(&tx.query("select stall, product, as_of_ms, folded, line from market_offer", &[])?, &mut found)?;
    } else {
        let sql = "select category from market_group where slug = $1";
        let Some(row) = tx.query_opt(sql, params![browse.category])? else { return Ok(None) };
        let Some(group) = unpack::<MarketCategory>(row.blob(0)?) else { return Ok(None) };
        for at in &group.at {
            let rows = tx.query(
                "select o.stall, o.product, o.as_of_ms, o.folded, o.line from market_category c
                 join market_offer o on o.stall = c.stall and o.product = c.product
                 where c.stall = $1 and c.category = $2",
                params![at.stall, at.category],
            )?;
            take(&rows, &mut found)?;
        }
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.retain(|(_, _, row)| {
        let shown = row.together();
        browse.admits(row.stall, (shown.price_minor, shown.most_minor), &row.currency)
            && browse.sort.admits(shown.was_minor)
            && (!browse.in_stock || shown.available > 0)
    });
    // A variant is left out where its product stands in the same list.
    let products = found.iter().filter(|(_, _, row)| row.variant_of.is_none());
    let products: BTreeSet<_> = products.map(|(_, _, row)| (row.stall, row.product)).collect();
    found.retain(|(_, _, row)| row.variant_of.is_none_or(|of| !products.contains(&(row.stall, of))));
    found.sort_by(|(_, one, first), (_, other, second)| {
        order(browse.sort, &Place::of(first, one), &Place::of(second, other))
    });
    Ok(Some(found.into_iter().map(|(as_of_ms, _, row)| (as_of_ms, row)).collect()))
}

fn take(rows: &[Row], found: &mut Found) -> Result<(), StoreError> {
    for row in rows {
        if let Some(line) = line(row.blob(4)?) {
            found
                .insert((LogId(row.id(0)?), ProductId(row.id(1)?)), (row.int(2)?, row.text(3)?.into(), line));
        }
    }
    Ok(())
}
