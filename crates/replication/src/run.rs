//! A run: contiguous records of one author, ending in a signed one. It leaves out everything that its receiver
//! works out again: log, author, seq and previous hash of each record, and the signatures in between.

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::limits::{RECORD_OVERHEAD_BYTES, RECORDS_PER_PAGE_MAX};
use crate::record::{Body, NO_RECORD, Place, Record, SEQ_MAX, Signature, take_seq};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    pub author: AuthorId,
    pub first_seq: u64,
    /// What the first record names as its predecessor.
    pub prev: Hash,
    /// Kind and body of each record.
    pub records: Vec<(u16, Body)>,
    /// The last record's signature. It vouches for the whole run and all before it.
    pub signature: Signature,
}

/// Why records do not make a run. It says that the store handed out something else than it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotARun {
    #[error("there are no records: ask for at least one")]
    Empty,
    #[error("the records come from several logs or authors: make a run of each")]
    Mixed,
    #[error("record {expected} is missing: read the records in order and without gaps")]
    Gap { expected: u64 },
    #[error("the last record is not signed: end the run at a signed record")]
    Unsigned,
}

impl Run {
    pub fn from_records(records: Vec<Record>) -> Result<Self, NotARun> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Err(NotARun::Empty);
        };
        let (log, author, first_seq, prev) = (first.log, first.author, first.seq, first.prev);
        let signature = last.signature.ok_or(NotARun::Unsigned)?;
        for (expected, record) in (first_seq..).zip(&records) {
            if record.log != log || record.author != author {
                return Err(NotARun::Mixed);
            }
            if record.seq != expected {
                return Err(NotARun::Gap { expected });
            }
        }
        let records = records.into_iter().map(|record| (record.kind, record.body)).collect();
        Ok(Self { author, first_seq, prev, records, signature })
    }

    /// The full records. Only the last is signed; nothing is checked here, see `chain::accept`.
    pub fn into_records(self, log: LogId) -> Vec<Record> {
        let ids = self.ids(log);
        self.into_records_after(log, &ids, 0)
    }

    /// The last place in the run. An empty run, which no decoder lets through, ends before it begins.
    pub fn last_seq(&self) -> u64 {
        self.first_seq.saturating_add(self.records.len() as u64).saturating_sub(1)
    }

    /// The identity of each record, worked out along the chain.
    pub(crate) fn ids(&self, log: LogId) -> Vec<Hash> {
        let mut place = Place { log, author: self.author, seq: self.first_seq, prev: self.prev };
        let step = |(kind, body): &(u16, Body)| {
            place.prev = place.id(*kind, body);
            place.seq = place.seq.saturating_add(1);
            place.prev
        };
        self.records.iter().map(step).collect()
    }

    /// The records behind the first `skip` ones, with the identities already known.
    pub(crate) fn into_records_after(self, log: LogId, ids: &[Hash], skip: usize) -> Vec<Record> {
        let (author, prev) = (self.author, self.prev);
        let prevs = std::iter::once(prev).chain(ids.iter().copied());
        let mut records: Vec<Record> = (self.first_seq..)
            .zip(prevs)
            .zip(self.records)
            .skip(skip)
            .map(|((seq, prev), (kind, body))| Record { log, author, seq, kind, prev, body, signature: None })
            .collect();
        if let Some(last) = records.last_mut() {
            last.signature = Some(self.signature);
        }
        records
    }
}

/// What a record takes up in a run, at most.
pub(crate) fn record_bytes(body: &Body) -> usize {
    RECORD_OVERHEAD_BYTES + body.size()
}

impl Wire for Run {
    fn put(&self, out: &mut Writer) {
        self.author.put(out);
        self.first_seq.put(out);
        // The first record of a chain has no predecessor to name.
        if self.first_seq != 1 {
            self.prev.put(out);
        }
        self.records.put(out);
        self.signature.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let author = Wire::take(input)?;
        let first_seq = take_seq(input)?;
        let prev = if first_seq == 1 { NO_RECORD } else { Wire::take(input)? };
        let records: Vec<(u16, Body)> = Wire::take(input)?;
        if records.is_empty() || records.len() > RECORDS_PER_PAGE_MAX {
            return Err(Malformed::TooLong);
        }
        if records.len() as u64 - 1 > SEQ_MAX - first_seq {
            return Err(Malformed::Number);
        }
        Ok(Self { author, first_seq, prev, records, signature: Wire::take(input)? })
    }
}
