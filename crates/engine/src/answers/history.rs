//! What happened to a product's units, with who and when.

use std::collections::BTreeMap;

use soko_app_api::{StockChange, StockChangeRow, View, Window};
use soko_domain::entry::Entry;
use soko_domain::ids::{AuthorId, ProductId};
use soko_projection::read as facts;
use soko_record_log::StoreError;

use super::{Asking, DEVICES_MAX, bounded};

pub(super) fn of_product(
    asking: &mut Asking<'_>,
    product: ProductId,
    window: Window,
) -> Result<View, StoreError> {
    let log = asking.log;
    let devices = facts::devices(asking.tx, log, DEVICES_MAX)?;
    let mut names: BTreeMap<AuthorId, String> =
        devices.into_iter().map(|device| (device.author, device.name)).collect();
    // A device that no server admitted yet knows its own name.
    names.entry(asking.stall.row.author).or_insert_with(|| asking.stall.row.name.clone());
    let mut rows = Vec::new();
    for change in facts::stock_changes(asking.tx, log, product, bounded(window))? {
        let Some((stamp, entry)) = facts::entry_at(asking.tx, log, change.author, change.seq)? else {
            continue;
        };
        let (what, note) = told(&entry, product);
        rows.push(StockChangeRow {
            at_ms: stamp.at_ms,
            offset_minutes: stamp.offset_minutes,
            who: names.get(&change.author).cloned().unwrap_or_default(),
            what,
            here: change.here,
            moved: change.moved,
            note,
        });
    }
    Ok(View::StockHistory(rows))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else moves units is the server's doing")]
fn told(entry: &Entry, product: ProductId) -> (StockChange, String) {
    let bare = |what| (what, String::new());
    match entry {
        Entry::SaleMade(sale) => bare(StockChange::Sold { receipt_number: sale.receipt_number }),
        Entry::SaleVoided(void) => (StockChange::Voided, void.reason.clone()),
        Entry::RefundMade(refund) => (StockChange::Refunded, refund.reason.clone()),
        Entry::StockReceived(received) => {
            let line = received.lines.iter().find(|line| line.product == product);
            (
                StockChange::Received { cost_minor: line.and_then(|line| line.cost_minor) },
                received.note.clone(),
            )
        }
        Entry::StockCounted(count) => {
            (StockChange::Counted { counted: count.counted, expected: count.expected }, count.reason.clone())
        }
        Entry::StockAdjusted(adjusted) => (StockChange::Adjusted(adjusted.reason), adjusted.note.clone()),
        Entry::StockConverted(converted) => (StockChange::Converted, converted.note.clone()),
        Entry::ShareReturned(_) => bare(StockChange::GivenBack),
        Entry::ShareGranted(_) => bare(StockChange::Granted),
        Entry::OrderPlaced(_) => bare(StockChange::Ordered),
        Entry::OrderReleased(_) => bare(StockChange::Released),
        Entry::OrderFulfilled(_) => bare(StockChange::HandedOver),
        Entry::StockMoved(moved) => (StockChange::Moved, moved.reason.clone()),
        _ => bare(StockChange::Moved),
    }
}
