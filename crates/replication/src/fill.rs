//! What to send: the records that the other side lacks, as much as fits, fair between authors, whoever wrote
//! them. A server that was restored gets back from any device what it forgot of all of them.

use soko_domain::ids::AuthorId;

use crate::chain::Heads;
use crate::limits::{RECORDS_PER_PAGE_MAX, RUN_OVERHEAD_BYTES, RUNS_BYTES_MAX, RUNS_PER_PAGE_MAX};
use crate::record::Record;
use crate::run::{Run, record_bytes};

/// Where records are read from.
pub trait Source {
    type Error;

    /// The last record of every author, which is always a signed one.
    fn heads(&self) -> Result<Heads, Self::Error>;

    /// The records of an author from this place on, in order, without gaps. No more than `records_max`, and no
    /// more than `bytes_max` of bodies, but at least one if there is one. Fewer is allowed, none is not.
    fn range(
        &self,
        author: AuthorId,
        from_seq: u64,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Record>, Self::Error>;

    /// Of the author's other histories that are kept beside the log: what is left of one of them, after so many
    /// records, in order and without gaps. None if there is no more.
    fn beside(&self, _author: AuthorId, _after: usize) -> Result<Vec<Record>, Self::Error> {
        Ok(Vec::new())
    }
}

/// How much may go into one page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    pub runs: usize,
    pub records: usize,
    pub bytes: usize,
}

impl Budget {
    /// As much as always fits into a page.
    pub const PAGE: Self =
        Self { runs: RUNS_PER_PAGE_MAX, records: RECORDS_PER_PAGE_MAX, bytes: RUNS_BYTES_MAX };
    pub const NONE: Self = Self { runs: 0, records: 0, bytes: 0 };

    fn is_spent(self) -> bool {
        self.runs == 0 || self.records == 0 || self.bytes == 0
    }

    /// This budget's part if it is shared by so many.
    fn share(self, authors: usize) -> Self {
        let authors = authors.max(1);
        Self { runs: 1, records: (self.records / authors).max(1), bytes: self.bytes / authors }
    }
}

/// What goes into the page.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Filled {
    pub runs: Vec<Run>,
    /// Some of what the other side lacks did not fit.
    pub more: bool,
    /// Authors of whom nothing can be sent: the next commit is longer than any page, so its writer must sign
    /// more often, or the source handed out something else than it was asked for.
    pub unsendable: Vec<AuthorId>,
}

impl Filled {
    fn add(&mut self, lack: Lack) {
        self.more |= !lack.is_done() && !lack.is_unsendable && !lack.is_repeat;
        let is_empty = lack.records.is_empty();
        match Run::from_records(lack.records) {
            Ok(run) => self.runs.push(run),
            Err(_) if is_empty && !lack.is_unsendable => {}
            Err(_) => self.unsendable.push(lack.author),
        }
    }
}

/// Picks what the other side lacks, given its heads. Every run ends in a signed record. Introductions go first,
/// because other authors' records may refer to them; then the shortest arrears, so that a long one does not
/// keep the others waiting. A commit longer than the budget goes alone, so a small budget never blocks.
pub fn fill<S: Source>(source: &S, their_heads: &Heads, budget: Budget) -> Result<Filled, S::Error> {
    let mut lacks = lacks(&source.heads()?, their_heads);
    if !budget.is_spent() {
        share_out(source, &mut lacks, budget)?;
        let mut lacking = lacks.iter().filter(|lack| !lack.is_repeat).peekable();
        if lacking.peek().is_some() && lacking.all(|lack| lack.records.is_empty()) {
            take_one_commit(source, &mut lacks)?;
        }
    }
    let mut filled = Filled::default();
    for lack in lacks {
        filled.add(lack);
    }
    Ok(filled)
}

fn share_out<S: Source>(source: &S, lacks: &mut [Lack], budget: Budget) -> Result<(), S::Error> {
    let mut left = budget;
    for lack in lacks.iter_mut().filter(|lack| lack.next_seq == 1) {
        let first = Budget { records: 1, ..left };
        lack.take(source, first, &mut left)?;
    }
    lacks.sort_by_key(|lack| (lack.remaining(), lack.author));
    let count = lacks.len();
    for (done, lack) in lacks.iter_mut().enumerate() {
        let share = left.share(count - done);
        if !lack.take(source, share, &mut left)? {
            // A commit longer than the fair share is sent whole if there is room.
            let all = left;
            lack.take(source, all, &mut left)?;
        }
    }
    Ok(())
}

/// Nothing fitted: the first commit that fits into a page goes alone. One that does not is reported.
fn take_one_commit<S: Source>(source: &S, lacks: &mut [Lack]) -> Result<(), S::Error> {
    for lack in lacks.iter_mut().filter(|lack| lack.is_repeat) {
        lack.records.clear();
    }
    for lack in lacks.iter_mut().filter(|lack| !lack.is_repeat) {
        let Budget { records, bytes, .. } = Budget::PAGE;
        let next = source.range(lack.author, lack.next_seq, records, bytes)?;
        let commit = next.iter().position(|record| record.signature.is_some()).map_or(0, |last| last + 1);
        let mut left = Budget { records: commit, ..Budget::PAGE };
        let share = left;
        if lack.take(source, share, &mut left)? {
            return Ok(());
        }
        lack.is_unsendable = true;
    }
    Ok(())
}

/// What the other side lacks of one author.
struct Lack {
    author: AuthorId,
    next_seq: u64,
    last_seq: u64,
    /// Only shows that the same place holds something else here.
    is_repeat: bool,
    is_unsendable: bool,
    /// Taken so far; empty or ending in a signed record.
    records: Vec<Record>,
}

fn lacks(ours: &Heads, theirs: &Heads) -> Vec<Lack> {
    let mut lacks = Vec::new();
    for (author, head) in ours {
        let their_head = theirs.get(author);
        // The same place with another hash is a fork: the signed record proves it to them.
        let is_repeat = their_head.is_some_and(|their| their.seq == head.seq && their.hash != head.hash);
        let next_seq = if is_repeat { head.seq } else { their_head.map_or(1, |their| their.seq + 1) };
        if next_seq <= head.seq {
            let (author, last_seq) = (*author, head.seq);
            let records = Vec::new();
            lacks.push(Lack { author, next_seq, last_seq, is_repeat, is_unsendable: false, records });
        }
    }
    lacks
}

impl Lack {
    fn remaining(&self) -> u64 {
        (self.last_seq + 1).saturating_sub(self.next_seq)
    }

    fn is_done(&self) -> bool {
        self.remaining() == 0
    }

    /// Takes what fits into `share` up to a signed record. False if nothing does.
    fn take<S: Source>(&mut self, source: &S, share: Budget, left: &mut Budget) -> Result<bool, S::Error> {
        let is_first = self.records.is_empty();
        let overhead = if is_first { RUN_OVERHEAD_BYTES } else { 0 };
        let records_max = share.records.min(left.records);
        let bytes_max = share.bytes.min(left.bytes).saturating_sub(overhead);
        if self.is_done() || records_max == 0 || bytes_max == 0 || is_first && left.runs == 0 {
            return Ok(false);
        }
        let mut records = source.range(self.author, self.next_seq, records_max, bytes_max)?;
        let (count, bytes) = fitting(&records, records_max, bytes_max);
        if count == 0 {
            return Ok(false);
        }
        records.truncate(count);
        left.runs -= usize::from(is_first);
        left.records -= count;
        left.bytes -= overhead + bytes;
        self.next_seq += count as u64;
        self.records.append(&mut records);
        Ok(true)
    }
}

/// What goes into a page of its own, up to a signed record.
pub(crate) fn alone(mut records: Vec<Record>) -> Vec<Record> {
    let Budget { records: records_max, bytes, .. } = Budget::PAGE;
    let (count, _) = fitting(&records, records_max, bytes - RUN_OVERHEAD_BYTES);
    records.truncate(count);
    records
}

/// How many records fit, counted up to the last signed one, and what they take up.
fn fitting(records: &[Record], records_max: usize, bytes_max: usize) -> (usize, usize) {
    let mut fitting = (0, 0);
    let mut bytes = 0;
    for (at, record) in records.iter().enumerate().take(records_max) {
        bytes += record_bytes(&record.body);
        if bytes > bytes_max {
            break;
        }
        if record.signature.is_some() {
            fitting = (at + 1, bytes);
        }
    }
    fitting
}
