//! One document in memory. Changes go in through [`crate::prescan`], edits come out as exactly one change each.
//!
//! Every operation works on a copy and replaces the document only when all of it succeeded, so a refusal or a
//! caught panic leaves the document as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, AutomergeError, Change, ChangeHash, ROOT, ReadDoc, ScalarValue};
use soko_domain::ids::{AuthorId, Hash};

use crate::edit::{self, Edit, EditRefused, Writes};
use crate::fields::{Fields, Typed};
use crate::genesis::{GENESIS_ACTOR, genesis};
use crate::kind::DocumentKind;
use crate::limits::{
    CONCURRENT_VALUES_MAX, DOCUMENT_BYTES_MAX, DOCUMENT_CHANGES_MAX, DOCUMENT_FIELDS_MAX, DOCUMENT_OPS_MAX,
    Limits,
};
use crate::prescan::{Scanned, prescan};
use crate::problem::{Problem, Scalar};
use crate::refused::{Part, Refused};
use crate::values::Value;

/// A document of one kind.
#[derive(Clone, Debug)]
pub struct Document {
    kind: DocumentKind,
    automerge: Automerge,
}

/// What an edit made: the change to record and send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edited {
    pub change: Vec<u8>,
    pub hash: Hash,
}

impl Document {
    /// An empty document. All empty documents of a kind are equal, whoever makes them.
    pub fn new(kind: DocumentKind) -> Result<Self, Refused> {
        let automerge = genesis(kind).map_err(|_| Refused::Automerge)?;
        Ok(Self { kind, automerge: automerge.clone() })
    }

    /// Reads what [`Document::save`] wrote. The bytes must come from one's own storage or server: a document from
    /// a stranger is built from its changes, never loaded.
    pub fn load(kind: DocumentKind, saved: &[u8]) -> Result<Self, Refused> {
        Ok(Self::load_shown(kind, saved)?.0)
    }

    /// The same, with what it shows.
    fn load_shown(kind: DocumentKind, saved: &[u8]) -> Result<(Self, Fields), Refused> {
        if saved.len() > DOCUMENT_BYTES_MAX {
            return Err(Refused::TooLarge);
        }
        // An empty input is an empty Automerge document without a genesis, which is none of ours.
        let loaded = guarded(|| Automerge::load(saved)).map_err(|_| Refused::Unreadable)?;
        let document = Self { kind, automerge: loaded };
        let root = genesis(kind).map_err(|_| Refused::Automerge)?;
        let shares_root = root.get_heads().iter().all(|head| document.has(&Hash(head.0)));
        let fields = document.fields();
        if shares_root && fields.kind() == Some(kind) {
            Ok((document, fields))
        } else {
            Err(Refused::Unreadable)
        }
    }

    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    pub fn save(&self) -> Vec<u8> {
        self.automerge.save()
    }

    /// The newest changes, sorted. Documents with equal heads are equal.
    pub fn heads(&self) -> Vec<Hash> {
        self.automerge.get_heads().iter().map(|head| Hash(head.0)).collect()
    }

    /// Whether a change is part of this document.
    pub fn has(&self, change: &Hash) -> bool {
        self.automerge.get_change_meta_by_hash(&ChangeHash(change.0)).is_some()
    }

    /// The bytes of a change of this document, as [`Document::edit`] returned them.
    pub fn change(&self, hash: &Hash) -> Option<Vec<u8>> {
        self.automerge.get_change_by_hash(&ChangeHash(hash.0)).map(|change| change.raw_bytes().to_vec())
    }

    /// How many changes of an author are in this document; its next one has the number after.
    pub fn last_seq(&self, author: &AuthorId) -> u64 {
        self.tails().get(author.as_bytes()).map_or(0, |tail| tail.seq)
    }

    pub fn fields(&self) -> Fields {
        let registers = self.automerge.map_range(ROOT, ..).map(|register| {
            // Looking up each register again would cost much more, and few are in conflict.
            let values = if register.conflict {
                self.values(&register.key)
            } else {
                vec![scalar(&register.value.into_value())]
            };
            (register.key.into_owned(), values)
        });
        Fields(registers.collect())
    }

    pub fn read<T: Typed>(&self) -> (T, Vec<Problem>) {
        self.fields().read()
    }

    pub fn value(&self) -> (Value, Vec<Problem>) {
        self.fields().value(self.kind)
    }

    /// Makes the edits as one change under an author's name, or nothing if they change nothing.
    ///
    /// The author must be the one life of this installation: an actor that is used twice locks itself out.
    pub fn edit(
        &mut self,
        author: &AuthorId,
        moment_ms: i64,
        edits: &[Edit],
    ) -> Result<Option<Edited>, EditRefused> {
        let writes = edit::plan(self.kind, &self.fields(), edits)?;
        if writes.is_empty() {
            return Ok(None);
        }
        self.check_budget(1, writes.len() as u64)?;
        let mut copy = self.clone();
        let change = guarded(|| copy.write(author, moment_ms, &writes))?.ok_or(Refused::Automerge)?;
        // What would be refused elsewhere must not leave here.
        let scanned = prescan(&change, author, &Limits::STANDARD)?;
        scanned.check_schema(self.kind)?;
        check_shown(&copy.fields())?;
        *self = copy;
        Ok(Some(Edited { change, hash: scanned.hash }))
    }

    /// Applies one change; one that is already here is accepted again without effect.
    pub fn apply(&mut self, change: &Scanned) -> Result<(), Refused> {
        self.apply_all(std::slice::from_ref(change))
    }

    /// Applies all of the changes or none, in whatever order they build on each other.
    pub fn apply_all(&mut self, changes: &[Scanned]) -> Result<(), Refused> {
        *self = self.clone().with_all(changes)?.0;
        Ok(())
    }

    /// This document with all of the changes, and what it shows then. If that fails, there is none.
    pub(crate) fn with_all(mut self, changes: &[Scanned]) -> Result<(Self, Fields), Refused> {
        let ordered = self.in_order(changes)?;
        if ordered.is_empty() {
            let fields = self.fields();
            return Ok((self, fields));
        }
        self.check_numbers(&ordered)?;
        let ops = ordered.iter().map(|change| change.ops.len() as u64).sum();
        self.check_budget(ordered.len() as u64, ops)?;
        let expected = self.automerge.stats().num_changes + ordered.len() as u64;
        guarded(|| self.take(&ordered))?;
        // Automerge queues what it cannot place; the checks above leave nothing to queue.
        if self.automerge.stats().num_changes != expected {
            return Err(Refused::Automerge);
        }
        let fields = self.fields();
        check_shown(&fields)?;
        Ok((self, fields))
    }

    /// Saves, loads what was saved and compares: some changes make a document that never loads again.
    pub fn save_checked(&self) -> Result<Vec<u8>, Refused> {
        self.save_showing(&self.fields())
    }

    /// The same for a document that is known to show these fields.
    pub(crate) fn save_showing(&self, fields: &Fields) -> Result<Vec<u8>, Refused> {
        let saved = guarded(|| Ok::<_, AutomergeError>(self.automerge.save()))?;
        if saved.len() > DOCUMENT_BYTES_MAX {
            return Err(Refused::TooLarge);
        }
        let (loaded, shown) = Self::load_shown(self.kind, &saved).map_err(|_| Refused::NotDurable)?;
        let same = loaded.heads() == self.heads() && shown == *fields;
        if same { Ok(saved) } else { Err(Refused::NotDurable) }
    }

    fn write(
        &mut self,
        author: &AuthorId,
        moment_ms: i64,
        writes: &Writes,
    ) -> Result<Option<Vec<u8>>, AutomergeError> {
        self.automerge.set_actor(ActorId::from(author.as_bytes()));
        let mut transaction = self.automerge.transaction();
        for (key, value) in writes {
            match value {
                Some(value) => put(&mut transaction, key, value)?,
                None => transaction.delete(ROOT, key.as_str())?,
            }
        }
        let (hash, _) = transaction.commit_with(CommitOptions::default().with_time(moment_ms));
        let change = hash.and_then(|hash| self.automerge.get_change_by_hash(&hash));
        Ok(change.map(|change| change.raw_bytes().to_vec()))
    }

    fn take(&mut self, changes: &[&Scanned]) -> Result<(), AutomergeError> {
        let parsed: Result<Vec<Change>, _> =
            changes.iter().map(|change| Change::try_from(change.plain.as_slice())).collect();
        self.automerge.apply_changes(parsed?)
    }

    /// The concurrent values of a register, in Automerge's order, which is the same everywhere; equal ones once.
    fn values(&self, key: &str) -> Vec<Scalar> {
        let all = self.automerge.get_all(ROOT, key).unwrap_or_default();
        let mut values: Vec<Scalar> = Vec::with_capacity(all.len());
        for (value, _) in all {
            let value = scalar(&value);
            values.retain(|earlier| *earlier != value);
            values.push(value);
        }
        values
    }

    /// The changes that are not here yet, each after all that it builds on.
    fn in_order<'a>(&self, changes: &'a [Scanned]) -> Result<Vec<&'a Scanned>, Refused> {
        let mut waiting: BTreeMap<Hash, &Scanned> = changes
            .iter()
            .filter(|change| !self.has(&change.hash))
            .map(|change| (change.hash, change))
            .collect();
        for change in waiting.values() {
            change.check_schema(self.kind)?;
        }
        let mut placed = BTreeSet::new();
        let mut ordered = Vec::with_capacity(waiting.len());
        loop {
            let ready: Vec<Hash> = waiting
                .iter()
                .filter(|(_, change)| change.deps.iter().all(|dep| placed.contains(dep) || self.has(dep)))
                .map(|(hash, _)| *hash)
                .collect();
            if ready.is_empty() {
                break;
            }
            ordered.extend(ready.iter().filter_map(|hash| waiting.remove(hash)));
            placed.extend(ready);
        }
        if waiting.is_empty() {
            return Ok(ordered);
        }
        let missing: BTreeSet<Hash> = waiting
            .values()
            .flat_map(|change| &change.deps)
            .filter(|dep| !waiting.contains_key(dep) && !placed.contains(dep) && !self.has(dep))
            .copied()
            .collect();
        Err(Refused::MissingDependencies(missing.into_iter().collect()))
    }

    /// Numbers that follow from what a change builds on. A forged one could use up all later numbers of a
    /// document or give two operations one identity.
    fn check_numbers(&self, changes: &[&Scanned]) -> Result<(), Refused> {
        let mut tails = self.tails();
        let mut last_ops = BTreeMap::new();
        for change in changes {
            // Automerge panics on a predecessor by somebody it has never seen.
            if !change.other_actors.iter().all(|other| tails.contains_key(other.as_bytes())) {
                return Err(Refused::Malformed(Part::OtherActors));
            }
            let tail = tails.entry(change.actor.0.to_vec()).or_default();
            if change.seq != tail.seq + 1 {
                return Err(Refused::OutOfOrder { expected: tail.seq + 1, found: change.seq });
            }
            let dep_ops =
                change.deps.iter().map(|dep| last_ops.get(dep).copied().or_else(|| self.last_op(dep)));
            let newest = dep_ops.flatten().max().unwrap_or_default();
            if change.start_op != newest + 1 || change.start_op <= tail.last_op {
                return Err(Refused::Counters);
            }
            *tail = Tail { seq: change.seq, last_op: change.last_op() };
            last_ops.insert(change.hash, change.last_op());
        }
        Ok(())
    }

    fn last_op(&self, change: &Hash) -> Option<u64> {
        self.automerge.get_change_meta_by_hash(&ChangeHash(change.0)).map(|change| change.max_op)
    }

    /// Where each author stands.
    fn tails(&self) -> BTreeMap<Vec<u8>, Tail> {
        let mut tails: BTreeMap<Vec<u8>, Tail> = BTreeMap::new();
        for change in self.automerge.get_changes_meta(&[]) {
            let tail = tails.entry(change.actor.to_bytes().to_vec()).or_default();
            tail.seq = tail.seq.max(change.seq);
            tail.last_op = tail.last_op.max(change.max_op);
        }
        // Nobody may continue the genesis actor: its next number never exists.
        tails.insert(GENESIS_ACTOR.to_vec(), Tail { seq: u64::MAX - 1, last_op: u64::MAX });
        tails
    }

    fn check_budget(&self, changes: u64, ops: u64) -> Result<(), Refused> {
        let stats = self.automerge.stats();
        let fits =
            stats.num_changes + changes <= DOCUMENT_CHANGES_MAX && stats.num_ops + ops <= DOCUMENT_OPS_MAX;
        if fits { Ok(()) } else { Err(Refused::TooLarge) }
    }
}

fn check_shown(fields: &Fields) -> Result<(), Refused> {
    let crowded = fields.0.values().any(|values| values.len() > CONCURRENT_VALUES_MAX);
    if crowded || fields.0.len() > DOCUMENT_FIELDS_MAX { Err(Refused::TooLarge) } else { Ok(()) }
}

/// The newest change of one author.
#[derive(Clone, Copy, Default)]
struct Tail {
    seq: u64,
    last_op: u64,
}

/// Runs a call into Automerge. What it was working on when it panicked must be dropped by the caller.
fn guarded<T, E>(call: impl FnOnce() -> Result<T, E>) -> Result<T, Refused> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(Refused::Automerge),
        Err(_) => Err(Refused::Panicked),
    }
}

fn put(transaction: &mut Transaction<'_>, key: &str, value: &Scalar) -> Result<(), AutomergeError> {
    let value = match value {
        Scalar::Flag(flag) => ScalarValue::Boolean(*flag),
        Scalar::Number(number) => ScalarValue::Int(*number),
        Scalar::Text(text) => ScalarValue::Str(text.as_str().into()),
        Scalar::Bytes(bytes) => ScalarValue::Bytes(bytes.clone()),
        // The schema lets no such value into an edit.
        Scalar::Foreign => return Err(AutomergeError::Fail),
    };
    transaction.put(ROOT, key, value)
}

fn scalar(value: &automerge::Value<'_>) -> Scalar {
    let automerge::Value::Scalar(value) = value else {
        return Scalar::Foreign;
    };
    match value.as_ref() {
        ScalarValue::Boolean(flag) => Scalar::Flag(*flag),
        ScalarValue::Int(number) => Scalar::Number(*number),
        ScalarValue::Str(text) => Scalar::Text(text.to_string()),
        ScalarValue::Bytes(bytes) => Scalar::Bytes(bytes.clone()),
        ScalarValue::Uint(_)
        | ScalarValue::F64(_)
        | ScalarValue::Counter(_)
        | ScalarValue::Timestamp(_)
        | ScalarValue::Unknown { .. }
        | ScalarValue::Null => Scalar::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_a_budget_of_changes_and_operations() {
        let document = Document::new(DocumentKind::Category).unwrap();
        // The genesis change is one change with two operations.
        let table = [
            (DOCUMENT_CHANGES_MAX - 1, 1, Ok(())),
            (DOCUMENT_CHANGES_MAX, 1, Err(Refused::TooLarge)),
            (1, DOCUMENT_OPS_MAX - 2, Ok(())),
            (1, DOCUMENT_OPS_MAX - 1, Err(Refused::TooLarge)),
        ];
        for (changes, ops, expected) in table {
            assert_eq!(document.check_budget(changes, ops), expected, "{changes} {ops}");
        }
    }
}
