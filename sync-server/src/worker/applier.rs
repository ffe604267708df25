//! The projection's way to the worker pool: each document's changes are applied in a child process.

use std::sync::Arc;

use soko_documents::Applied;
use soko_documents::worker::{WorkChange, WorkReply, WorkRequest};
use soko_projection::{Applier, ApplyFailure, Work};

use crate::worker::pool::WorkerPool;

/// Hands work to the pool and waits for it.
#[derive(Clone)]
pub struct PoolApplier(Arc<WorkerPool>);

impl PoolApplier {
    pub fn new(pool: Arc<WorkerPool>) -> Self {
        Self(pool)
    }
}

impl Applier for PoolApplier {
    fn apply(&mut self, work: &Work<'_>) -> Result<Applied, ApplyFailure> {
        let changes = work.changes.iter();
        let request = WorkRequest {
            kind: work.kind,
            saved: work.saved.map(<[u8]>::to_vec),
            changes: changes
                .map(|(author, change)| WorkChange { author: *author, change: change.to_vec() })
                .collect(),
        };
        match self.0.apply(&request) {
            Ok(WorkReply::Applied(applied)) => Ok(applied),
            Ok(WorkReply::Refused(refused)) => Err(ApplyFailure::Refused(refused)),
            // Nothing is wrong with the change: the request is tried again as a whole.
            Err(_) => Err(ApplyFailure::Stale),
        }
    }
}
