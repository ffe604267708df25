//! Why a change or a document is not taken. Every refusal is final for these bytes unless it says otherwise.

use soko_domain::ids::Hash;
use soko_domain::wire::{Malformed, Reader, Wire, Writer};
use soko_domain::wire_choice;

use crate::problem::Problem;

wire_choice! {
    /// Where in a change something was wrong.
    pub enum Part {
        Chunk = 1,
        Dependencies = 2,
        Actor = 3,
        Sequence = 4,
        StartOperation = 5,
        Moment = 6,
        Message = 7,
        OtherActors = 8,
        Columns = 9,
        Object = 10,
        Key = 11,
        Insert = 12,
        Action = 13,
        Value = 14,
        Predecessors = 15,
        Mark = 16,
        Trailing = 17,
    }
}

/// Why bytes were refused. Order of the numbers on the wire is fixed for ever.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    #[error("the change is longer than allowed: split the edit")]
    TooLong,
    #[error(
        "this is not a single Automerge change: send changes one by one, never whole documents or bundles"
    )]
    NotAChange,
    #[error("the checksum does not match: the bytes were damaged, send them again")]
    Checksum,
    #[error("the change cannot be read at {0:?}: send what the author really wrote")]
    Malformed(Part),
    #[error("the change has something that no document of this shop uses, at {0:?}")]
    NotAllowed(Part),
    #[error("the compressed change is damaged")]
    Deflate,
    #[error("the change inflates to more than allowed")]
    Inflated,
    #[error("the change names too many predecessors")]
    TooManyDependencies,
    #[error("a column of the change has too many rows: split the edit")]
    RunLengths,
    #[error("the change was written under another author's name")]
    ForeignActor,
    /// Can succeed later: hold the change until these are there, with a limit on how many wait.
    #[error("changes that this one builds on are not here yet: send them first")]
    MissingDependencies(Vec<Hash>),
    #[error("the author's changes must come in order: expected number {expected}, got {found}")]
    OutOfOrder { expected: u64, found: u64 },
    #[error("the change numbers its operations wrongly: send what the author really wrote")]
    Counters,
    #[error("the change breaks the schema: {0}")]
    Schema(Problem),
    #[error("the document has reached its limit: move what is current to a new document")]
    TooLarge,
    #[error("the saved document cannot be read, or is of another kind: rebuild it from its changes")]
    Unreadable,
    #[error("Automerge refused the change")]
    Automerge,
    #[error("Automerge panicked on this change")]
    Panicked,
    #[error("the document would not load again with this change")]
    NotDurable,
    #[error("the request to the worker cannot be read")]
    Request,
}

impl Refused {
    /// Whether the same bytes may be taken later without anybody changing them.
    pub fn may_succeed_later(&self) -> bool {
        matches!(self, Self::MissingDependencies(_))
    }

    fn number(&self) -> u8 {
        match self {
            Self::TooLong => 1,
            Self::NotAChange => 2,
            Self::Checksum => 3,
            Self::Malformed(_) => 4,
            Self::NotAllowed(_) => 5,
            Self::Deflate => 6,
            Self::Inflated => 7,
            Self::TooManyDependencies => 8,
            Self::RunLengths => 9,
            Self::ForeignActor => 10,
            Self::MissingDependencies(_) => 11,
            Self::OutOfOrder { .. } => 12,
            Self::Counters => 13,
            Self::Schema(_) => 14,
            Self::TooLarge => 15,
            Self::Unreadable => 16,
            Self::Automerge => 17,
            Self::Panicked => 18,
            Self::NotDurable => 19,
            Self::Request => 20,
        }
    }
}

impl Wire for Refused {
    fn put(&self, out: &mut Writer) {
        out.byte(self.number());
        match self {
            Self::Malformed(part) | Self::NotAllowed(part) => part.put(out),
            Self::MissingDependencies(hashes) => hashes.put(out),
            Self::OutOfOrder { expected, found } => {
                expected.put(out);
                found.put(out);
            }
            Self::Schema(problem) => problem.put(out),
            Self::TooLong
            | Self::NotAChange
            | Self::Checksum
            | Self::Deflate
            | Self::Inflated
            | Self::TooManyDependencies
            | Self::RunLengths
            | Self::ForeignActor
            | Self::Counters
            | Self::TooLarge
            | Self::Unreadable
            | Self::Automerge
            | Self::Panicked
            | Self::NotDurable
            | Self::Request => {}
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match input.byte()? {
            1 => Self::TooLong,
            2 => Self::NotAChange,
            3 => Self::Checksum,
            4 => Self::Malformed(Part::take(input)?),
            5 => Self::NotAllowed(Part::take(input)?),
            6 => Self::Deflate,
            7 => Self::Inflated,
            8 => Self::TooManyDependencies,
            9 => Self::RunLengths,
            10 => Self::ForeignActor,
            11 => Self::MissingDependencies(Vec::take(input)?),
            12 => Self::OutOfOrder { expected: u64::take(input)?, found: u64::take(input)? },
            13 => Self::Counters,
            14 => Self::Schema(Problem::take(input)?),
            15 => Self::TooLarge,
            16 => Self::Unreadable,
            17 => Self::Automerge,
            18 => Self::Panicked,
            19 => Self::NotDurable,
            20 => Self::Request,
            _ => return Err(Malformed::Choice),
        })
    }
}
