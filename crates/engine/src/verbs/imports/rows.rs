//! The tables behind imports.

use soko_app_api::{ImportChoice, ImportRow, decode};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_record_log::{StoreError, Tx, params};

/// Older ones cannot be undone any more.
const KEPT_MAX: i64 = 3;

/// One import as it stands.
pub(crate) struct Job {
    pub(crate) import: ThingId,
    pub(crate) file_name: String,
    pub(crate) file: Vec<u8>,
    /// None before it was begun, or where another version of the program began it.
    pub(crate) choice: Option<ImportChoice>,
    pub(crate) taken: u32,
    pub(crate) undone: u32,
}

pub(super) fn add(
    tx: &mut dyn Tx,
    log: LogId,
    (import, file_name, file): (ThingId, &str, &[u8]),
    at_ms: i64,
) -> Result<(), StoreError> {
    let added = tx.query_one(
        "insert into own_import (import, log, file_name, file, choice, taken, undone, at_ms)
         values ($1, $2, $3, $4, $5, 0, 0, $6) returning place",
        params![import, log, file_name, file, Vec::<u8>::new(), at_ms],
    )?;
    let last = added.int(0)? - KEPT_MAX;
    for table in ["own_import_row", "own_import_category"] {
        let gone =
            format!("delete from {table} where import in (select import from own_import where place <= $1)");
        tx.execute(&gone, params![last])?;
    }
    tx.execute("delete from own_import where place <= $1", params![last])?;
    Ok(())
}

pub(crate) fn job(tx: &mut dyn Tx, log: LogId, import: ThingId) -> Result<Option<Job>, StoreError> {
    let row = tx.query_opt(
        "select file_name, file, choice, taken, undone from own_import where import = $1 and log = $2",
        params![import, log],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Job {
        import,
        file_name: row.text(0)?.into(),
        file: row.blob(1)?.into(),
        choice: decode(row.blob(2)?).ok(),
        taken: row.number(3)?,
        undone: row.number(4)?,
    }))
}

/// Latest first; only those that were begun.
pub(crate) fn jobs(tx: &mut dyn Tx, log: LogId) -> Result<Vec<ImportRow>, StoreError> {
    let rows = tx.query(
        "select import, file_name, at_ms, taken, undone from own_import
         where log = $1 and taken > 0 order by place desc limit $2",
        params![log, KEPT_MAX],
    )?;
    let row = |row: &soko_record_log::Row| {
        Ok(ImportRow {
            import: row.id(0)?,
            file_name: row.text(1)?.into(),
            at_ms: row.int(2)?,
            taken: row.number(3)?,
            undone: row.number(4)?,
        })
    };
    rows.iter().map(row).collect()
}

pub(super) fn begin(tx: &mut dyn Tx, import: ThingId, choice: &[u8]) -> Result<(), StoreError> {
    tx.execute("update own_import set choice = $2 where import = $1", params![import, choice])?;
    Ok(())
}

pub(super) fn reached(tx: &mut dyn Tx, import: ThingId, taken: u32) -> Result<(), StoreError> {
    tx.execute("update own_import set taken = $2 where import = $1", params![import, taken])?;
    Ok(())
}

pub(super) fn went_back(tx: &mut dyn Tx, import: ThingId, undone: u32) -> Result<(), StoreError> {
    tx.execute("update own_import set undone = $2 where import = $1", params![import, undone])?;
    Ok(())
}

pub(super) fn did(
    tx: &mut dyn Tx,
    (import, place): (ThingId, u32),
    product: ProductId,
    before: Option<&[u8]>,
    received: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into own_import_row (import, place, product, before, received) values ($1, $2, $3, $4, $5)",
        params![import, place, product, before, received],
    )?;
    Ok(())
}

/// What was done to one product.
pub(super) struct Did {
    pub(super) product: ProductId,
    /// None where it was made.
    pub(super) before: Option<Vec<u8>>,
    pub(super) received: i64,
}

/// What the rows from one place up to another did, the last first: a product that two rows touched goes back the way it came.
pub(super) fn undone(
    tx: &mut dyn Tx,
    import: ThingId,
    (from, to): (u32, u32),
) -> Result<Vec<Did>, StoreError> {
    let rows = tx.query(
        "select product, before, received from own_import_row
         where import = $1 and place >= $2 and place < $3 order by place desc",
        params![import, from, to],
    )?;
    let did = |row: &soko_record_log::Row| {
        let before = row.blob_opt(1)?.map(Vec::from);
        Ok(Did { product: ProductId(row.id(0)?), before, received: row.int(2)? })
    };
    rows.iter().map(did).collect()
}

pub(super) fn made_category(tx: &mut dyn Tx, import: ThingId, category: ThingId) -> Result<(), StoreError> {
    tx.execute(
        "insert into own_import_category (import, category) values ($1, $2) on conflict do nothing",
        params![import, category],
    )?;
    Ok(())
}

/// The categories that the import made and in which nothing is on offer now.
pub(super) fn empty_categories(
    tx: &mut dyn Tx,
    log: LogId,
    import: ThingId,
) -> Result<Vec<ThingId>, StoreError> {
    let rows = tx.query(
        "select i.category from own_import_category i where i.import = $1 and not exists (
           select 1 from product_category c join product p on p.log = c.log and p.product = c.product
           where c.log = $2 and c.category = i.category and p.archived = 0) order by i.category",
        params![import, log],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}
