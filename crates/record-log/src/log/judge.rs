//! Judging a run against what the log holds of its author. Nothing is kept here.

use std::cell::RefCell;

use soko_domain::ids::LogId;
use soko_replication::{Accepted, Refused, Run, accept};

use super::{hash_at, known};
use crate::tx::{StoreError, Tx};

/// Whether a run continues what is held, and what of it is new. An error of the store is no judgement.
pub fn judge(tx: &mut dyn Tx, log: LogId, run: Run) -> Result<Result<Accepted, Refused>, StoreError> {
    let author = run.author;
    let known = known(tx, log, &author)?;
    // The question is asked in the middle of the judgement, which knows no store that could fail.
    let (tx, failed) = (RefCell::new(tx), RefCell::new(None));
    let own_hash_at = |seq| match hash_at(&mut **tx.borrow_mut(), log, &author, seq) {
        Ok(hash) => hash,
        Err(error) => {
            *failed.borrow_mut() = Some(error);
            None
        }
    };
    let judged = accept(known.as_ref(), log, run, own_hash_at);
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(judged),
    }
}
