//! Histories of an author that are kept beside the log, because another one stands in it. Device and server have the same
//! table for them, each among its own migrations.

use std::collections::BTreeMap;

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::wire::Wire as _;
use soko_replication::Record;

use crate::params;
use crate::tx::{StoreError, Tx};

/// Keeps a record; says whether it is new.
pub fn keep(tx: &mut dyn Tx, record: &Record) -> Result<bool, StoreError> {
    let kept = tx.execute(
        "insert into other_branch (log, author, hash, record) values ($1, $2, $3, $4)
         on conflict (log, author, hash) do nothing",
        params![record.log, record.author, record.id(), record.to_bytes()],
    )?;
    Ok(kept > 0)
}

/// Whether a record was handed in, and with it all that is before it.
pub fn holds(tx: &mut dyn Tx, log: LogId, author: AuthorId, id: Hash) -> Result<bool, StoreError> {
    let sql = "select 1 from other_branch where log = $1 and author = $2 and hash = $3";
    Ok(tx.query_opt(sql, params![log, author, id])?.is_some())
}

/// Whether anything is kept of an author.
pub fn holds_any(tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<bool, StoreError> {
    let sql = "select 1 from other_branch where log = $1 and author = $2 limit 1";
    Ok(tx.query_opt(sql, params![log, author])?.is_some())
}

/// Authors of whom something is kept.
pub fn authors(tx: &mut dyn Tx, log: LogId) -> Result<Vec<AuthorId>, StoreError> {
    let sql = "select distinct author from other_branch where log = $1 order by author";
    tx.query(sql, params![log])?.iter().map(|row| row.id(0)).collect()
}

/// What is kept of an author: each branch in its order, one after the other.
pub fn of(tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<Vec<Record>, StoreError> {
    let sql = "select hash, record from other_branch where log = $1 and author = $2";
    let mut by_prev: BTreeMap<(u64, Hash), Vec<(Hash, Record)>> = BTreeMap::new();
    for row in &tx.query(sql, params![log, author])? {
        let record = Record::from_bytes(row.blob(1)?)
            .map_err(|_| StoreError::Corrupt("a kept record cannot be read".into()))?;
        by_prev.entry((record.seq, record.prev)).or_default().push((row.id(0)?, record));
    }
    let mut ordered = Vec::new();
    while let Some((_, siblings)) = by_prev.pop_first() {
        for (mut id, record) in siblings {
            let mut next_seq = record.seq + 1;
            ordered.push(record);
            // One child goes on with this branch; others begin their own, later.
            while let Some(children) = by_prev.get_mut(&(next_seq, id)) {
                let Some((child, record)) = children.pop() else { break };
                ordered.push(record);
                (id, next_seq) = (child, next_seq + 1);
            }
        }
    }
    Ok(ordered)
}
