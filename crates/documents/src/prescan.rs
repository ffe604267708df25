//! The guard in front of Automerge: a parser of its binary change format that runs in time and memory
//! proportional to the bytes, whatever they claim, and accepts only what this crate's own edits produce.
//!
//! It answers who wrote the change, on what it builds and what it does. It does not know the document, so whether
//! the change fits is decided when it is applied.

mod columns;
mod numbers;

use sha2::{Digest, Sha256};
use soko_domain::ids::{AuthorId, Hash};
use soko_domain::wire::Reader;

use crate::kind::DocumentKind;
use crate::limits::{COUNTER_MAX, Limits, OTHER_ACTORS_MAX};
use crate::problem::Scalar;
use crate::refused::{Part, Refused};
use crate::schema::{self, KIND_KEY, SCHEMA_KEY};
use columns::{Columns, Operations};
use numbers::{signed, unsigned};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHECKSUM_LEN: usize = 4;
const TYPE_CHANGE: u8 = 1;
const TYPE_COMPRESSED: u8 = 2;

/// A change that is safe to hand to Automerge. Only [`prescan`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scanned {
    pub(crate) actor: AuthorId,
    pub(crate) seq: u64,
    pub(crate) deps: Vec<Hash>,
    pub(crate) hash: Hash,
    pub(crate) start_op: u64,
    pub(crate) moment_ms: i64,
    /// The other authors whose values it replaces.
    pub(crate) other_actors: Vec<AuthorId>,
    pub(crate) ops: Vec<ScannedOp>,
    /// The chunk without compression, so that Automerge never inflates anything.
    pub(crate) plain: Vec<u8>,
}

/// One register written, or deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScannedOp {
    pub key: String,
    pub value: Option<Scalar>,
}

impl Scanned {
    pub fn actor(&self) -> AuthorId {
        self.actor
    }

    /// The how-manieth change of this author in this document, from 1.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    pub fn deps(&self) -> &[Hash] {
        &self.deps
    }

    pub fn hash(&self) -> Hash {
        self.hash
    }

    pub fn moment_ms(&self) -> i64 {
        self.moment_ms
    }

    pub fn ops(&self) -> &[ScannedOp] {
        &self.ops
    }

    pub(crate) fn last_op(&self) -> u64 {
        self.start_op + (self.ops.len() as u64) - 1
    }

    /// Refuses values that no document of this kind may hold.
    pub(crate) fn check_schema(&self, kind: DocumentKind) -> Result<(), Refused> {
        for op in &self.ops {
            if op.key == KIND_KEY || op.key == SCHEMA_KEY {
                return Err(Refused::NotAllowed(Part::Key));
            }
            if let Some(value) = &op.value {
                schema::check(kind, &op.key, value).map_err(Refused::Schema)?;
            }
        }
        Ok(())
    }
}

/// Parses one change and checks it against the author who sent it.
pub fn prescan(change: &[u8], expected_actor: &AuthorId, limits: &Limits) -> Result<Scanned, Refused> {
    if change.len() > limits.change_bytes_max {
        return Err(Refused::TooLong);
    }
    let chunk = Chunk::parse(change)?;
    let data = match chunk.kind {
        TYPE_CHANGE => chunk.data.to_vec(),
        TYPE_COMPRESSED => inflate(chunk.data, limits)?,
        _ => return Err(Refused::NotAChange),
    };
    let hash = hash(&data);
    if hash.0[..CHECKSUM_LEN] != chunk.checksum {
        return Err(Refused::Checksum);
    }
    let header = Header::parse(&data, expected_actor, limits)?;
    let operations = Operations {
        start_op: header.start_op,
        other_actors: header.other_actors.len(),
        rows_max: limits.run_length_sum_max,
    };
    let ops = operations.read(&header.columns)?;
    Ok(Scanned {
        actor: *expected_actor,
        seq: header.seq,
        deps: header.deps,
        hash,
        start_op: header.start_op,
        moment_ms: header.moment_ms,
        other_actors: header.other_actors,
        ops,
        plain: plain_chunk(&hash, &data),
    })
}

/// The outermost frame: magic, checksum, type, length, data, and nothing after.
struct Chunk<'a> {
    checksum: [u8; CHECKSUM_LEN],
    kind: u8,
    data: &'a [u8],
}

impl<'a> Chunk<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, Refused> {
        let cut = |_| Refused::Malformed(Part::Chunk);
        let mut input = Reader::new(bytes);
        if input.raw(MAGIC.len()).map_err(cut)? != MAGIC {
            return Err(Refused::NotAChange);
        }
        let checksum = input.raw(CHECKSUM_LEN).map_err(cut)?;
        let kind = input.byte().map_err(cut)?;
        let data = input.bytes(bytes.len()).map_err(cut)?;
        input.end().map_err(|_| Refused::NotAllowed(Part::Trailing))?;
        let mut chunk = Self { checksum: [0; CHECKSUM_LEN], kind, data };
        chunk.checksum.copy_from_slice(checksum);
        Ok(chunk)
    }
}

/// What stands before the operations.
struct Header<'a> {
    deps: Vec<Hash>,
    seq: u64,
    start_op: u64,
    moment_ms: i64,
    other_actors: Vec<AuthorId>,
    columns: Columns<'a>,
}

impl<'a> Header<'a> {
    fn parse(data: &'a [u8], expected_actor: &AuthorId, limits: &Limits) -> Result<Self, Refused> {
        let mut input = Reader::new(data);
        let deps = dependencies(&mut input, limits)?;
        if actor(&mut input, Part::Actor)? != expected_actor.as_bytes() {
            return Err(Refused::ForeignActor);
        }
        let seq = counter(&mut input, Part::Sequence)?;
        let start_op = counter(&mut input, Part::StartOperation)?;
        let moment_ms = signed(&mut input, Part::Moment)?;
        if unsigned(&mut input, Part::Message)? != 0 {
            return Err(Refused::NotAllowed(Part::Message));
        }
        let other_actors = other_actors(&mut input, expected_actor)?;
        let columns = Columns::parse(&mut input)?;
        input.end().map_err(|_| Refused::NotAllowed(Part::Trailing))?;
        Ok(Self { deps, seq, start_op, moment_ms, other_actors, columns })
    }
}

/// Every change builds on something, at least on the genesis change.
fn dependencies(input: &mut Reader<'_>, limits: &Limits) -> Result<Vec<Hash>, Refused> {
    let malformed = Refused::Malformed(Part::Dependencies);
    let count = unsigned(input, Part::Dependencies)?;
    if count > limits.deps_max as u64 {
        return Err(Refused::TooManyDependencies);
    }
    if count == 0 {
        return Err(malformed);
    }
    let mut deps: Vec<Hash> = Vec::new();
    for _ in 0..count {
        let bytes = input.raw(Hash::SIZE).map_err(|_| malformed.clone())?;
        let dep = Hash::from_slice(bytes).ok_or_else(|| malformed.clone())?;
        if deps.contains(&dep) {
            return Err(malformed);
        }
        deps.push(dep);
    }
    Ok(deps)
}

/// An actor is an author's id, so it has one length.
fn actor<'a>(input: &mut Reader<'a>, part: Part) -> Result<&'a [u8], Refused> {
    match input.bytes(AuthorId::SIZE) {
        Ok(actor) if actor.len() == AuthorId::SIZE => Ok(actor),
        Ok(_) | Err(_) => Err(Refused::Malformed(part)),
    }
}

/// Automerge numbers actors by their order, so an unsorted or repeated list would be rebuilt differently.
fn other_actors(input: &mut Reader<'_>, own: &AuthorId) -> Result<Vec<AuthorId>, Refused> {
    let malformed = Refused::Malformed(Part::OtherActors);
    let count = unsigned(input, Part::OtherActors)?;
    if count > OTHER_ACTORS_MAX as u64 {
        return Err(Refused::NotAllowed(Part::OtherActors));
    }
    let mut others: Vec<AuthorId> = Vec::new();
    for _ in 0..count {
        let bytes = actor(input, Part::OtherActors)?;
        let other = AuthorId::from_slice(bytes).ok_or_else(|| malformed.clone())?;
        if other == *own || others.last().is_some_and(|last| *last >= other) {
            return Err(malformed);
        }
        others.push(other);
    }
    Ok(others)
}

fn counter(input: &mut Reader<'_>, part: Part) -> Result<u64, Refused> {
    let number = unsigned(input, part)?;
    if (1..=COUNTER_MAX).contains(&number) { Ok(number) } else { Err(Refused::Malformed(part)) }
}

fn inflate(data: &[u8], limits: &Limits) -> Result<Vec<u8>, Refused> {
    use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};
    decompress_to_vec_with_limit(data, limits.inflated_bytes_max).map_err(|error| {
        if error.status == TINFLStatus::HasMoreOutput { Refused::Inflated } else { Refused::Deflate }
    })
}

/// A change's identity covers its uncompressed form.
fn hash(data: &[u8]) -> Hash {
    let digest = Sha256::new().chain_update(prefix(data)).chain_update(data).finalize();
    Hash(digest.into())
}

fn plain_chunk(hash: &Hash, data: &[u8]) -> Vec<u8> {
    [&MAGIC, &hash.0[..CHECKSUM_LEN], &prefix(data), data].concat()
}

/// The type and length of an uncompressed change.
fn prefix(data: &[u8]) -> Vec<u8> {
    let mut out = soko_domain::wire::Writer::new();
    out.byte(TYPE_CHANGE);
    out.varint(data.len() as u64);
    out.finish()
}
