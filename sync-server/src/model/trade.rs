//! What was bought at a stall, as training sees it: products in baskets, and buyers as numbers without a name.

use soko_domain::entry::{Entry, Kind};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_record_log::{StoreError, Tx, params};

/// Records that are read at a time: nobody else waits long for this reader.
const PORTION: usize = 5_000;
/// Orders of one buyer that count as baskets: nobody alone says what goes with what.
pub(super) const BASKETS_PER_BUYER_MAX: usize = 20;

pub(super) struct Basket {
    pub(super) at_ms: i64,
    /// Whose order it was; nobody's at a counter.
    pub(super) buyer: Option<ThingId>,
    pub(super) products: Vec<ProductId>,
}

/// Stalls that everybody may see.
pub(super) fn stalls(tx: &mut dyn Tx) -> Result<Vec<LogId>, StoreError> {
    let rows = tx.query("select log from stall_profile where name <> '' order by log", &[])?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Records of all stalls together: how much happened.
pub(super) fn records(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    let row = tx.query_one("select cast(coalesce(sum(last_position), 0) as bigint) from log_counter", &[])?;
    row.int(0)
}

/// What a stall offers.
pub(super) fn products(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<ProductId>, StoreError> {
    let sql = "select product from product where log = $1 and archived = 0 order by product";
    tx.query(sql, params![stall])?.iter().map(|row| row.id(0)).collect()
}

/// Sales and orders that arrived behind a position, and how far that went; nothing behind the last.
pub(super) fn baskets(
    tx: &mut dyn Tx,
    stall: LogId,
    after: i64,
) -> Result<Option<(Vec<Basket>, i64)>, StoreError> {
    let rows = tx.query(
        "select position, kind, body from record
         where log = $1 and position > $2 and kind in ($3, $4) order by position limit $5",
        params![stall, after, Kind::SaleMade.number(), Kind::OrderPlaced.number(), PORTION],
    )?;
    let Some(last) = rows.last() else { return Ok(None) };
    let last = last.int(0)?;
    let mut baskets = Vec::with_capacity(rows.len());
    for row in &rows {
        // What only a newer program reads teaches nothing, and neither does what was withheld.
        let (Some(kind), Some(body)) = (Kind::from_number(row.number(1)?), row.blob_opt(2)?) else {
            continue;
        };
        let Ok((stamp, entry)) = Entry::from_body(kind, body) else { continue };
        let (buyer, mut products): (_, Vec<ProductId>) = if let Entry::SaleMade(sale) = entry {
            (None, sale.lines.into_iter().filter_map(|line| line.product).collect())
        } else if let Entry::OrderPlaced(order) = entry {
            (Some(order.buyer), order.lines.into_iter().map(|line| line.product).collect())
        } else {
            continue;
        };
        products.sort_unstable();
        products.dedup();
        if !products.is_empty() {
            baskets.push(Basket { at_ms: stamp.at_ms, buyer, products });
        }
    }
    Ok(Some((baskets, last)))
}
