//! What several rows would say, packed into one column.

use soko_domain::ids::ProductId;
use soko_record_log::{Row, StoreError};

use super::odd;

/// What makes a variant that one, by name, as a product's row has it.
pub fn options(lines: &str) -> Vec<(String, String)> {
    let option = |line: &str| line.split_once('=').map(|(name, value)| (name.into(), value.into()));
    lines.lines().filter_map(option).collect()
}

pub(super) fn parts(bytes: &[u8]) -> Result<Vec<(ProductId, i64)>, StoreError> {
    const ID: usize = 16;
    let part = |bytes: &[u8]| {
        let (id, quantity) = bytes.split_at_checked(ID)?;
        Some((ProductId::from_slice(id)?, i64::from_be_bytes(quantity.try_into().ok()?)))
    };
    bytes.chunks(ID + 8).map(|bytes| part(bytes).ok_or_else(|| odd("a part of a product"))).collect()
}

/// Ids one after another.
pub(super) fn ids<T>(row: &Row, column: usize, read: fn(&[u8]) -> Option<T>) -> Result<Vec<T>, StoreError> {
    let Some(bytes) = row.blob_opt(column)? else { return Ok(Vec::new()) };
    let size = std::mem::size_of::<T>().max(1);
    bytes.chunks(size).map(|id| read(id).ok_or_else(|| odd("an id"))).collect()
}
