//! What the disk and SQLite give when nothing is decided: the rows that a server wrote for its orders, written
//! again as they are, in commits as large as there were clients.
//!
//! The updates that came with them are left out, so this is a little more than the server could ever reach.

use std::path::Path;
use std::time::Instant;

use soko_record_log::{OpenMode, Sqlite, StoreError, Tx, params};

use crate::figure::{Fault, Measured, Milli};

const BATCH: i64 = 64;
const SERVER_DATABASE: &str = "server/soko.db";

/// Orders a second.
pub(crate) fn group_commit(folder: &Path) -> Measured<Milli> {
    let mut db = Sqlite::open(&folder.join("raw.sqlite"), OpenMode::Create)?;
    let kept = folder.join(SERVER_DATABASE).display().to_string();
    db.connection()?.execute("attach database ?1 as kept", [&kept])?;
    db.connection()?.execute_batch("pragma foreign_keys = off; pragma temp_store = memory")?;
    let tables = copy_schema(&mut db)?;
    let orders = count(&mut db, "kept.orders")?;
    let mut copied = Vec::new();
    for table in tables {
        let rows = count(&mut db, &format!("kept.{table}"))?;
        // Fewer rows than orders: nothing that an order writes.
        if rows >= orders {
            db.connection()?
                .execute_batch(&format!("create temp table raw_{table} as select * from kept.{table}"))?;
            copied.push((table, rows));
        }
    }
    let started = Instant::now();
    let mut done = 0;
    while done < orders {
        let next = (done + BATCH).min(orders);
        db.transaction::<_, StoreError>(|tx| {
            copied.iter().try_for_each(|(table, rows)| {
                let part = (rows * done / orders, rows * next / orders);
                copy(tx, table, part)
            })
        })?;
        done = next;
    }
    Ok(Milli::per_second(u64::try_from(orders)?, started.elapsed()))
}

fn copy(tx: &mut dyn Tx, table: &str, (after, until): (i64, i64)) -> Result<(), StoreError> {
    let statement =
        format!("insert into main.{table} select * from temp.raw_{table} where rowid > $1 and rowid <= $2");
    tx.execute(&statement, params![after, until]).map(drop)
}

/// The same tables and indexes, empty; their names.
fn copy_schema(db: &mut Sqlite) -> Measured<Vec<String>> {
    let rows = db.read::<_, StoreError>(|tx| {
        tx.query(
            "select type, name, sql from kept.sqlite_master
             where sql is not null and name not like 'sqlite_%' order by type = 'index'",
            &[],
        )
    })?;
    let mut tables = Vec::new();
    for row in rows {
        db.connection()?.execute_batch(row.text(2)?)?;
        if row.text(0)? == "table" {
            tables.push(row.text(1)?.to_owned());
        }
    }
    if tables.is_empty() { Err(Fault("the server's database has no tables".into())) } else { Ok(tables) }
}

fn count(db: &mut Sqlite, table: &str) -> Measured<i64> {
    let row = db.read::<_, StoreError>(|tx| tx.query_one(&format!("select count(*) from {table}"), &[]))?;
    Ok(row.int(0)?)
}
