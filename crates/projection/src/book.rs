//! The derived tables of one log while records are taken. Every write of a row that the digest covers goes through
//! here, so that the digest's sum moves with the rows.

use soko_domain::entry::CostsNoted;
use soko_domain::ids::{AuthorId, LogId};
use soko_record_log::{Param, StoreError, Tx};

use crate::digest::{Part, whole};
use crate::figures::{self, Figures};
use crate::sum::Sum;

pub(crate) struct Book<'a> {
    pub(crate) tx: &'a mut dyn Tx,
    pub(crate) log: LogId,
    /// What the digest's sum gains by the writes so far.
    pub(crate) gain: Sum,
    /// What the entries so far add to the figures; posted at the end, so that a page of records touches each row once.
    pub(crate) figures: Figures,
    /// The record that was taken last, and what was said of costs last: a sale looks right before itself.
    pub(crate) last: Option<(AuthorId, u64)>,
    pub(crate) costs: Option<((AuthorId, u64), CostsNoted)>,
}

impl<'a> Book<'a> {
    pub(crate) fn open(tx: &'a mut dyn Tx, log: LogId) -> Self {
        Self { tx, log, gain: Sum::default(), figures: Figures::default(), last: None, costs: None }
    }

    /// Adds a row that is named by its record, and so cannot be there yet. `row` is what the digest covers of it.
    pub(crate) fn add(
        &mut self,
        part: &Part,
        row: &[Param<'_>],
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<(), StoreError> {
        self.gain.add(part.hash(row));
        self.tx.run(sql, params)
    }

    /// Inserts a row that never changes, unless it is there. Says whether it is new.
    pub(crate) fn insert(
        &mut self,
        part: &Part,
        row: &[Param<'_>],
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<bool, StoreError> {
        let is_new = self.tx.execute(sql, params)? == 1;
        if is_new {
            self.gain.add(part.hash(row));
        }
        Ok(is_new)
    }

    /// Changes the row of one key, by any statements.
    pub(crate) fn change(
        &mut self,
        part: &Part,
        key: &[Param<'_>],
        work: impl FnOnce(&mut dyn Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if let Some(before) = part.row(self.tx, self.log, key)? {
            self.gain.subtract(before);
        }
        work(self.tx)?;
        if let Some(after) = part.row(self.tx, self.log, key)? {
            self.gain.add(after);
        }
        Ok(())
    }

    /// Posts the figures and keeps the sum; `kept` is what it was, where that is known, and what it is now.
    pub(crate) fn close(mut self, kept: &mut Option<Sum>) -> Result<(), StoreError> {
        figures::post(&mut self)?;
        let Self { tx, log, gain, .. } = self;
        let before = match *kept {
            Some(sum) => Some(sum),
            None => Sum::load(tx, log)?,
        };
        let now = match before {
            Some(mut sum) => {
                sum.add(gain);
                sum
            }
            // The first records, or the first since the tables were emptied or the sum exists.
            None => whole(tx, log)?,
        };
        *kept = Some(now);
        if before == Some(now) { Ok(()) } else { now.store(tx, log) }
    }
}
