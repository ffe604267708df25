//! Chains: heads, and the one place that decides whether somebody's records may be kept.
//!
//! What the records say is not looked at. Facts are facts: a valid record is accepted here whoever sent it.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_domain::wire::{Malformed, Reader, Wire, Writer};

use crate::author::{Introduction, is_signed};
use crate::limits::RECORDS_PER_PAGE_MAX;
use crate::record::{BODY_BYTES_MAX, Body, KIND_INTRODUCTION, NO_RECORD, Record, SEQ_MAX, take_seq};
use crate::run::Run;

const HEADS_DOMAIN: &[u8] = b"soko heads 1";

/// The last record of a chain. Records are taken in sequence only, so it proves all that came before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    pub seq: u64,
    pub hash: Hash,
}

/// The last record of every author in a log.
pub type Heads = BTreeMap<AuthorId, Head>;

/// Equal digests mean equal logs: same authors, same records, same order within each author.
pub fn heads_digest(log: LogId, heads: &Heads) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(HEADS_DOMAIN);
    hasher.update(log.as_bytes());
    for (author, head) in heads {
        hasher.update(author.as_bytes());
        hasher.update(head.seq.to_be_bytes());
        hasher.update(head.hash.as_bytes());
    }
    Hash(hasher.finalize().into())
}

/// What the receiver already holds of an author.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownAuthor {
    pub public_key: [u8; 32],
    pub head: Head,
}

/// What of a run is to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Only the new ones, in order, chained; the last one is signed.
    pub records: Vec<Record>,
    /// How many at the beginning of the run were there already.
    pub duplicates: usize,
    /// Present when the author was not known before.
    pub introduction: Option<Introduction>,
    /// The author's head once the records are kept.
    pub head: Head,
}

impl Accepted {
    /// Each new record with its identity, which need not be hashed again: the next record names it.
    pub fn records_with_ids(&self) -> impl Iterator<Item = (Hash, &Record)> {
        let ids = self.records.iter().skip(1).map(|next| next.prev).chain([self.head.hash]);
        ids.zip(&self.records)
    }
}

/// Why a run is not accepted, the first reason that applies. Nothing of a refused run is kept, except that a
/// fork's branch is evidence.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    #[error("the run is empty: send at least one record")]
    Empty,
    #[error("the run has too many records, or record {seq} is too large or too far: send less at once")]
    TooLarge { seq: u64 },
    #[error(
        "the author is unknown and the run does not introduce it: send the chain from record 1, with its body"
    )]
    NoIntroduction,
    #[error(
        "the introduction does not make the author it claims: this chain is forged, do not send it again"
    )]
    ForgedAuthor,
    #[error("records are missing: send the chain from record {expected}")]
    Gap { expected: u64 },
    #[error("record {seq} cannot stand there: exactly the first record of a chain introduces its author")]
    BrokenChain { seq: u64 },
    #[error("the signature does not fit the chain: send the records as their author wrote them")]
    BadSignature,
    /// Checked behind the signature, because a fork accuses the author and so must be proven.
    #[error(
        "the author wrote record {seq} twice, {ours} and {theirs}: its chain ends here, begin a new author"
    )]
    Fork {
        seq: u64,
        ours: Hash,
        theirs: Hash,
        /// The other branch as far as it was sent. Its facts are kept too.
        branch: Vec<Record>,
    },
}

/// Decides about one run. `own_hash_at` tells the identity of the record held at a place of this author's
/// chain. Each record is hashed once, one signature is checked.
pub fn accept(
    known: Option<&KnownAuthor>,
    log: LogId,
    run: Run,
    own_hash_at: impl Fn(u64) -> Option<Hash>,
) -> Result<Accepted, Refused> {
    check_size(&run)?;
    let introduction = if known.is_none() { Some(introduced(log, &run)?) } else { None };
    let head = known.map_or(Head { seq: 0, hash: NO_RECORD }, |known| known.head);
    if run.first_seq - 1 > head.seq {
        return Err(Refused::Gap { expected: head.seq + 1 });
    }
    check_shape(&run)?;

    let ids = run.ids(log);
    let own = |seq| if seq == head.seq { Some(head.hash) } else { own_hash_at(seq) };
    let common_seq = head.seq.min(run.last_seq());
    let is_forked = own(common_seq).is_some_and(|ours| hash_at(&run, &ids, common_seq) != Some(ours));
    if !is_forked && run.last_seq() <= head.seq {
        return Ok(Accepted { records: Vec::new(), duplicates: ids.len(), introduction: None, head });
    }

    let public_key = known.map(|known| known.public_key).or(introduction.as_ref().map(|new| new.public_key));
    let last_id = ids.last().copied().ok_or(Refused::Empty)?;
    if !public_key.is_some_and(|key| is_signed(&key, &last_id, &run.signature)) {
        return Err(Refused::BadSignature);
    }
    if is_forked {
        return Err(fork(log, run, &ids, common_seq, own));
    }
    let duplicates = usize::try_from(head.seq + 1 - run.first_seq).unwrap_or(usize::MAX);
    let head = Head { seq: run.last_seq(), hash: last_id };
    Ok(Accepted { records: run.into_records_after(log, &ids, duplicates), duplicates, introduction, head })
}

fn check_size(run: &Run) -> Result<(), Refused> {
    if run.records.is_empty() {
        return Err(Refused::Empty);
    }
    if run.first_seq == 0 {
        return Err(Refused::BrokenChain { seq: 0 });
    }
    let seq = run.last_seq();
    if run.records.len() > RECORDS_PER_PAGE_MAX || seq > SEQ_MAX {
        return Err(Refused::TooLarge { seq });
    }
    let large = (run.first_seq..).zip(&run.records).find(|(_, (_, body))| body.size() > BODY_BYTES_MAX);
    large.map_or(Ok(()), |(seq, _)| Err(Refused::TooLarge { seq }))
}

/// An unknown author's chain must begin with who it is.
fn introduced(log: LogId, run: &Run) -> Result<Introduction, Refused> {
    if run.first_seq != 1 {
        return Err(Refused::Gap { expected: 1 });
    }
    let introduction = match run.records.first() {
        Some((KIND_INTRODUCTION, Body::Here(bytes))) => Introduction::from_bytes(bytes).ok(),
        Some(_) | None => None,
    };
    let introduction = introduction.ok_or(Refused::NoIntroduction)?;
    if introduction.author(log) != run.author {
        return Err(Refused::ForgedAuthor);
    }
    Ok(introduction)
}

fn check_shape(run: &Run) -> Result<(), Refused> {
    if run.first_seq == 1 && run.prev != NO_RECORD {
        return Err(Refused::BrokenChain { seq: 1 });
    }
    let wrong = (run.first_seq..)
        .zip(&run.records)
        .find(|(seq, (kind, _))| (*kind == KIND_INTRODUCTION) != (*seq == 1));
    wrong.map_or(Ok(()), |(seq, _)| Err(Refused::BrokenChain { seq }))
}

/// What the run says stands at a place: one of its records, or the one it continues.
fn hash_at(run: &Run, ids: &[Hash], seq: u64) -> Option<Hash> {
    if seq + 1 == run.first_seq {
        return Some(run.prev);
    }
    seq.checked_sub(run.first_seq).and_then(|at| ids.get(usize::try_from(at).ok()?)).copied()
}

/// Names the first place where the branches differ. Equal places come before different ones, because each
/// identity covers all before it, so halving finds the border.
fn fork(log: LogId, run: Run, ids: &[Hash], common_seq: u64, own: impl Fn(u64) -> Option<Hash>) -> Refused {
    let differs = |seq| own(seq).is_some_and(|ours| hash_at(&run, ids, seq) != Some(ours));
    let (mut equal_below, mut seq) = (run.first_seq.saturating_sub(1), common_seq);
    while equal_below < seq {
        let middle = equal_below + (seq - equal_below) / 2;
        if differs(middle) {
            seq = middle;
        } else {
            equal_below = middle + 1;
        }
    }
    let ours = own(seq).unwrap_or(NO_RECORD);
    let theirs = hash_at(&run, ids, seq).unwrap_or(NO_RECORD);
    let skip = usize::try_from(seq.saturating_sub(run.first_seq)).unwrap_or(usize::MAX);
    Refused::Fork { seq, ours, theirs, branch: run.into_records_after(log, ids, skip) }
}

impl Wire for Head {
    fn put(&self, out: &mut Writer) {
        self.seq.put(out);
        self.hash.put(out);
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { seq: take_seq(input)?, hash: Wire::take(input)? })
    }
}
