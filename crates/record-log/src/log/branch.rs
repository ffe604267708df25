//! Going over from one of an author's histories to the other. Which of them counts is not decided here.

use std::collections::BTreeSet;

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_replication::Record;

use super::read::{READ_BYTES_MAX, hash_at, range};
use super::{AppendError, append_with_ids};
use crate::params;
use crate::tx::{StoreError, Tx};

const PORTION_RECORDS: usize = 1_000;

/// Puts this branch of an author's chain in the place of the one that is held, and answers what stood there: the
/// caller keeps it. The branch must begin behind a record that both have; the caller vouches for it. What was derived
/// from the log must be derived again.
pub fn change_branch<'r>(
    tx: &mut dyn Tx,
    log: LogId,
    branch: impl IntoIterator<Item = (Hash, &'r Record)>,
) -> Result<Vec<Record>, AppendError> {
    let branch: Vec<_> = branch.into_iter().collect();
    let Some((_, first)) = branch.first() else { return Ok(Vec::new()) };
    let (author, seq) = (first.author, first.seq);
    let before = seq.saturating_sub(1);
    if hash_at(tx, log, &author, before)? != Some(first.prev) {
        return Err(AppendError::NotChained { author, seq });
    }
    let removed = all_from(tx, log, &author, seq)?;
    let freed = positions_from(tx, log, &author, seq)?;
    tx.execute("delete from record where log = $1 and author = $2 and seq >= $3", params![log, author, seq])?;
    tx.execute(
        "update author_head set seq = $3, hash = $4 where log = $1 and author = $2",
        params![log, author, before, first.prev],
    )?;
    close_gaps(tx, log, freed)?;
    append_with_ids(tx, branch)?;
    Ok(removed)
}

fn all_from(tx: &mut dyn Tx, log: LogId, author: &AuthorId, seq: u64) -> Result<Vec<Record>, StoreError> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let next = all.last().map_or(seq, |last| last.seq + 1);
        let portion = range(tx, log, author, next, PORTION_RECORDS, READ_BYTES_MAX)?;
        if portion.is_empty() {
            return Ok(all);
        }
        all.extend(portion);
    }
}

fn positions_from(
    tx: &mut dyn Tx,
    log: LogId,
    author: &AuthorId,
    seq: u64,
) -> Result<BTreeSet<u64>, StoreError> {
    let rows = tx.query(
        "select position from record where log = $1 and author = $2 and seq >= $3",
        params![log, author, seq],
    )?;
    rows.iter().map(|row| row.number(0)).collect()
}

/// Whatever arrived behind a free place moves up, and stays in its order: every author's records arrive one after the
/// other, and whoever derives from the log relies on that.
fn close_gaps(tx: &mut dyn Tx, log: LogId, freed: BTreeSet<u64>) -> Result<(), StoreError> {
    let count = super::count(tx, log)?;
    let ends = freed.iter().skip(1).copied().chain([count + 1]);
    // Below zero first: no two records may have one place, not even in between.
    for (gaps, (free, end)) in (1_u64..).zip(freed.iter().zip(ends)) {
        tx.execute(
            "update record set position = $4 - position where log = $1 and position > $2 and position < $3",
            params![log, free, end, gaps],
        )?;
    }
    tx.execute("update record set position = -position where log = $1 and position < 0", params![log])?;
    let kept = count.saturating_sub(u64::try_from(freed.len()).unwrap_or(u64::MAX));
    tx.execute("update log_counter set last_position = $2 where log = $1", params![log, kept])?;
    Ok(())
}
