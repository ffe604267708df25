//! Disks that fail, for simulation: a commit whose flush is answered with an error, and a disk without room.
//! Built only with the `faults` feature; no product has it.

use rusqlite::Connection;

use super::statement::store_error;
use super::{Sqlite, run};
use crate::tx::{StoreError, Tx};

/// What the disk holds after a commit that was answered with an error. Nobody can know before looking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommitFails {
    ButIsKept,
    AndIsLost,
}

/// The failure that waits for the next commit, and what the last one left.
#[derive(Debug, Default)]
pub(super) struct Failing {
    next: Option<CommitFails>,
    left: Option<Vec<u8>>,
}

impl Sqlite {
    /// The next commit fails as if the disk had answered its flush with an error. The store is closed by that, as
    /// any store is.
    pub fn fail_next_commit(&mut self, fails: CommitFails) {
        self.failing.next = Some(fails);
    }

    pub(super) fn fails_next(&self) -> bool {
        self.failing.next.is_some()
    }

    /// Whether the failure still waits; it does no longer.
    pub fn forget_failure(&mut self) -> bool {
        self.failing.next.take().is_some()
    }

    /// What a failed commit left on the disk, to open again.
    pub fn left_on_disk(&mut self) -> Option<Vec<u8>> {
        self.failing.left.take()
    }

    /// From now on the database may not grow, or may again.
    pub fn set_full(&mut self, is_full: bool) -> Result<(), StoreError> {
        let connection = self.connection()?;
        let pages = if is_full { pages(connection)? } else { i64::from(u32::MAX) - 1 };
        connection
            .pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))
            .map(drop)
            .map_err(store_error)
    }

    /// Runs `work` as the transaction that fails, if one waits; otherwise says so.
    pub(super) fn run_failing<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let fails = self.failing.next.take();
        let mut got_to_commit = false;
        let outcome = run(self.connection()?, |tx| {
            let made = work(tx)?;
            got_to_commit = true;
            match fails {
                Some(CommitFails::AndIsLost) => Err(StoreError::Io("a simulated flush".into()).into()),
                Some(CommitFails::ButIsKept) | None => Ok(made),
            }
        });
        if got_to_commit && fails.is_some() {
            self.failing.left = Some(self.serialize()?);
            let error = StoreError::Io("a simulated flush".into());
            self.close_if_unsure(&error);
            return Err(error.into());
        }
        if outcome.is_err() {
            // The work gave up by itself: the disk did not get to fail.
            self.failing.next = fails;
        }
        outcome.map_err(|(answer, failure)| {
            if let Some(failure) = failure {
                self.close_if_unsure(&failure);
            }
            answer
        })
    }
}

fn pages(connection: &Connection) -> Result<i64, StoreError> {
    connection.query_row("pragma page_count", [], |row| row.get(0)).map_err(store_error)
}
