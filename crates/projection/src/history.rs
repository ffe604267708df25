//! What happened to a product's units, one row for each record that moved them: a list of changes is then read by
//! product, without looking through every sale.

use std::collections::BTreeMap;

use soko_domain::entry::{Kind, Stamp};
use soko_domain::ids::ProductId;
use soko_domain::stock::Transfer;
use soko_record_log::{StoreError, Tx, params};

use crate::ledger::Place;

/// What one record did to one product.
#[derive(Default)]
struct Change {
    /// By how much it changed what is at the stall.
    here: i64,
    moved: i64,
}

pub(crate) fn remember(
    tx: &mut dyn Tx,
    place: &Place,
    (kind, stamp): (Kind, &Stamp),
    transfers: &[Transfer],
) -> Result<(), StoreError> {
    let mut changes: BTreeMap<ProductId, Change> = BTreeMap::new();
    for transfer in transfers {
        let change = changes.entry(transfer.product).or_default();
        change.moved = change.moved.saturating_add(transfer.quantity);
        change.here = change.here.saturating_add(transfer.here());
    }
    for (product, Change { here, moved }) in changes {
        tx.run(
            "insert into stock_change (log, product, at_ms, author, seq, kind, here, moved)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (log, product, at_ms, author, seq) do nothing",
            params![place.log, product, stamp.at_ms, place.author, place.seq, kind.number(), here, moved],
        )?;
    }
    Ok(())
}
