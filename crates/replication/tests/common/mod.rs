//! What the tests share: authors with fixed keys, and a replica in memory that takes and hands out records.
#![allow(dead_code, unreachable_pub, reason = "each test file includes this one and uses its part")]

use std::collections::BTreeMap;
use std::convert::Infallible;

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::wire::Wire as _;
use soko_replication::{
    Accepted, Digest, Head, Heads, Introduction, KnownAuthor, Pen, Record, Refused, Run, Source, accept,
};

pub const LOG: LogId = LogId([7; 16]);

/// The author of this number, and its introduction.
pub fn begin(number: u8) -> (Pen, Record) {
    Pen::new([number; 32], LOG, [number; 16], format!("register {number}").into_bytes()).unwrap()
}

/// A commit: `count` records, the last one signed.
pub fn commit(pen: &mut Pen, count: usize, body: &[u8]) -> Vec<Record> {
    let mut records: Vec<Record> =
        (0..count).map(|at| pen.write(1, [body, format!(" {at}").as_bytes()].concat()).unwrap()).collect();
    pen.sign(records.last_mut().unwrap()).unwrap();
    records
}

/// An introduction and the records of the commits after it.
pub fn chain(number: u8, commits: &[usize]) -> (Pen, Vec<Record>) {
    let (mut pen, first) = begin(number);
    let mut records = vec![first];
    for count in commits {
        records.extend(commit(&mut pen, *count, b"a sale"));
    }
    (pen, records)
}

pub fn run(records: &[Record]) -> Run {
    Run::from_records(records.to_vec()).unwrap()
}

#[derive(Clone, Default)]
pub struct Replica {
    pub chains: BTreeMap<AuthorId, Vec<Record>>,
}

impl Replica {
    pub fn keep(&mut self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.chains.entry(record.author).or_default().push(record);
        }
    }

    pub fn known(&self, author: AuthorId) -> Option<KnownAuthor> {
        let chain = self.chains.get(&author)?;
        let introduction = Introduction::from_bytes(chain.first()?.body.bytes()?).unwrap();
        let last = chain.last()?;
        Some(KnownAuthor {
            public_key: introduction.public_key,
            head: Head { seq: last.seq, hash: last.id() },
        })
    }

    pub fn hash_at(&self, author: AuthorId, seq: u64) -> Option<Hash> {
        self.chains.get(&author)?.get(usize::try_from(seq.checked_sub(1)?).ok()?).map(Record::id)
    }

    /// Decides about a run without keeping it.
    pub fn judge(&self, run: Run) -> Result<Accepted, Refused> {
        let author = run.author;
        accept(self.known(author).as_ref(), LOG, run, |seq| self.hash_at(author, seq))
    }

    pub fn take(&mut self, run: Run) -> Result<Accepted, Refused> {
        let accepted = self.judge(run)?;
        self.keep(accepted.records.clone());
        Ok(accepted)
    }

    pub fn heads_now(&self) -> Heads {
        self.chains.keys().map(|author| (*author, self.known(*author).unwrap().head)).collect()
    }

    /// A stand-in for derived state: each body under its place.
    pub fn state_digest(&self) -> Hash {
        let mut digest = Digest::new();
        for record in self.chains.values().flatten() {
            let key = [record.author.as_bytes(), &record.seq.to_be_bytes()].concat();
            digest.pair(&key, record.body.bytes().unwrap()).unwrap();
        }
        digest.finish()
    }
}

impl Source for Replica {
    type Error = Infallible;

    fn heads(&self) -> Result<Heads, Infallible> {
        Ok(self.heads_now())
    }

    fn range(
        &self,
        author: AuthorId,
        from_seq: u64,
        records_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<Record>, Infallible> {
        let mut bytes = 0;
        let fits = |record: &&Record| {
            let is_first = bytes == 0;
            bytes += record.body.bytes().map_or(32, <[u8]>::len);
            is_first || bytes <= bytes_max
        };
        let chain = self.chains.get(&author).map(Vec::as_slice).unwrap_or_default();
        let later = chain.iter().filter(|record| record.seq >= from_seq);
        Ok(later.take(records_max).take_while(fits).cloned().collect())
    }
}
