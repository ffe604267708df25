//! One hash over everything that follows from a log's records. Devices that hold the same records have the
//! same digest, whatever the order in which they got them.

use soko_domain::ids::{Hash, LogId};
use soko_domain::wire::{Wire, Writer};
use soko_record_log::{StoreError, Tx, Value, params};
use soko_replication::Digest;

/// Rows that one query reads.
const ROWS_PER_STEP: usize = 5_000;

/// Each query: key columns, value columns, the table. Sorted by key as bytes, on any engine.
const PARTS: &[(&str, &str, &str)] = &[
    ("product, account, whose", "quantity", "balance"),
    ("sale, author, seq", "shift, receipt_number, total_minor, business_day, at_ms", "sale"),
    ("sale, author, seq", "1", "sale_void"),
    ("author, seq, place", "refund, sale, line, quantity, amount_minor, allowance", "refund_line"),
    ("allowance", "to_author, sale, line, quantity, amount_minor", "refund_allowance"),
    (
        "shift, author",
        "float_minor, sales, sales_minor, voids, refunds_minor, cash_minor, closed, counted_minor",
        "shift",
    ),
    ("order_id", "author, seq, placed, handed_over, cancel_asked, released, fulfilled", "orders"),
    ("author", "role, name, replaces, admitted, revoked", "stall_device"),
    ("recall", "author, product, quantity, answered", "recall"),
    ("author, seq", "kind, product, quantity", "incident"),
    ("epoch", "counter, frozen, unfrozen", "epoch"),
    ("author, seq", "share, ask, product, quantity, to_author", "share_moved"),
    ("document", "kind, heads", "document"),
    ("document, author, seq", "1", "pending_change"),
];

/// The digest of all derived state of a log.
pub fn state_digest(tx: &mut dyn Tx, log: LogId) -> Result<Hash, StoreError> {
    let mut digest = Digest::new();
    for (number, (keys, values, table)) in PARTS.iter().enumerate() {
        feed(tx, log, &mut digest, number, keys, values, table)?;
    }
    Ok(digest.finish())
}

fn feed(
    tx: &mut dyn Tx,
    log: LogId,
    digest: &mut Digest,
    number: usize,
    keys: &str,
    values: &str,
    table: &str,
) -> Result<(), StoreError> {
    let key_count = keys.split(',').count();
    // A balance of zero says the same as no balance.
    let filter = if table == "balance" { "and quantity <> 0" } else { "" };
    let sql = format!(
        "select {keys}, {values} from {table} where log = $1 {filter} order by {keys} limit $2 offset $3"
    );
    let mut offset = 0;
    loop {
        let rows = tx.query(&sql, params![log, ROWS_PER_STEP, offset])?;
        for row in &rows {
            let mut key = Writer::new();
            key.byte(u8::try_from(number).unwrap_or(u8::MAX));
            let mut value = Writer::new();
            for column in 0..row.len() {
                put(row.value(column)?, if column < key_count { &mut key } else { &mut value });
            }
            let sorted = digest.pair(&key.finish(), &value.finish());
            sorted.map_err(|error| StoreError::Other(format!("{table}: {error}")))?;
        }
        if rows.len() < ROWS_PER_STEP {
            return Ok(());
        }
        offset += ROWS_PER_STEP;
    }
}

/// Keys hold fixed-size bytes and numbers that are not negative; big-endian keeps their order.
fn put(value: &Value, out: &mut Writer) {
    match value {
        Value::Null => out.byte(0),
        Value::Int(number) => out.raw(&number.to_be_bytes()),
        Value::Text(text) => text.put(out),
        Value::Blob(bytes) => out.raw(bytes),
    }
}
