//! One hash over everything that follows from a log's records. Devices that hold the same records have the
//! same digest, whatever the order in which they got them.

use soko_domain::ids::{Hash, LogId};
use soko_domain::wire::{Wire, Writer};
use soko_record_log::{Param, StoreError, ToParam as _, Tx, Value, params};
use soko_replication::Digest;

/// Rows that one query reads.
const ROWS_PER_STEP: usize = 5_000;

/// One table's rows, sorted by key as bytes, on any engine.
struct Part {
    keys: &'static [&'static str],
    values: &'static str,
    table: &'static str,
}

const PARTS: &[Part] = &[
    Part { keys: &["product", "account", "whose"], values: "quantity", table: "balance" },
    Part {
        keys: &["sale", "author", "seq"],
        values: "shift, receipt_number, total_minor, business_day, at_ms",
        table: "sale",
    },
    Part { keys: &["sale", "author", "seq"], values: "1", table: "sale_void" },
    Part {
        keys: &["author", "seq", "place"],
        values: "refund, sale, line, quantity, amount_minor, allowance",
        table: "refund_line",
    },
    Part {
        keys: &["allowance"],
        values: "to_author, sale, line, quantity, amount_minor",
        table: "refund_allowance",
    },
    Part {
        keys: &["shift", "author"],
        values: "float_minor, sales, sales_minor, voids, refunds_minor, cash_minor, closed, counted_minor",
        table: "shift",
    },
    Part {
        keys: &["order_id"],
        values: "author, seq, placed, handed_over, cancel_asked, released, fulfilled",
        table: "orders",
    },
    Part { keys: &["author"], values: "role, name, replaces, admitted, revoked", table: "stall_device" },
    Part { keys: &["recall"], values: "author, product, quantity, answered", table: "recall" },
    Part { keys: &["author", "seq"], values: "kind, product, quantity", table: "incident" },
    Part { keys: &["epoch"], values: "counter, frozen, unfrozen", table: "epoch" },
    Part {
        keys: &["author", "seq"],
        values: "share, ask, product, quantity, to_author",
        table: "share_moved",
    },
    Part { keys: &["document"], values: "kind, heads", table: "document" },
    Part { keys: &["document", "author", "seq"], values: "1", table: "pending_change" },
];

/// The digest of all derived state of a log.
pub fn state_digest(tx: &mut dyn Tx, log: LogId) -> Result<Hash, StoreError> {
    let mut digest = Digest::new();
    for (number, part) in PARTS.iter().enumerate() {
        feed(tx, log, &mut digest, number, part)?;
    }
    Ok(digest.finish())
}

fn feed(
    tx: &mut dyn Tx,
    log: LogId,
    digest: &mut Digest,
    number: usize,
    part: &Part,
) -> Result<(), StoreError> {
    let Part { keys, values, table } = part;
    // A balance of zero says the same as no balance.
    let filter = if *table == "balance" { "and quantity <> 0" } else { "" };
    let places: Vec<String> = (3..3 + keys.len()).map(|place| format!("${place}")).collect();
    let (columns, places) = (keys.join(", "), places.join(", "));
    let select = format!("select {columns}, {values} from {table} where log = $1 {filter}");
    let first = format!("{select} order by {columns} limit $2");
    let next = format!("{select} and ({columns}) > ({places}) order by {columns} limit $2");
    let mut rows = tx.query(&first, params![log, ROWS_PER_STEP])?;
    loop {
        for row in &rows {
            let mut key = Writer::new();
            key.byte(u8::try_from(number).unwrap_or(u8::MAX));
            let mut value = Writer::new();
            for column in 0..row.len() {
                put(row.value(column)?, if column < keys.len() { &mut key } else { &mut value });
            }
            let sorted = digest.pair(&key.finish(), &value.finish());
            sorted.map_err(|error| StoreError::Other(format!("{table}: {error}")))?;
        }
        let Some(last) = rows.last().filter(|_| rows.len() == ROWS_PER_STEP) else { return Ok(()) };
        let mut behind = vec![log.to_param(), ROWS_PER_STEP.to_param()];
        for column in 0..keys.len() {
            behind.push(param(last.value(column)?));
        }
        rows = tx.query(&next, &behind)?;
    }
}

fn param(value: &Value) -> Param<'_> {
    match value {
        Value::Null => Param::Null,
        Value::Int(number) => Param::Int(*number),
        Value::Text(text) => Param::Text(text),
        Value::Blob(bytes) => Param::Blob(bytes),
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
