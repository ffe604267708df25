//! What the engine says to people, as values that screens have a text for.

use soko_app_api::{Said, Saying};
use soko_documents::Problem;
use soko_projection::ParkCode;

use crate::identity::FrozenWhy;

impl FrozenWhy {
    /// Nothing where nothing went wrong.
    pub fn said(self) -> Option<Said> {
        let saying = match self {
            Self::Restored => Saying::Restored,
            Self::Copied => Saying::Copied,
            Self::NoVault => Saying::KeysGone,
            Self::Behind => Saying::Behind,
            Self::Forked => Saying::Forked,
            Self::Leaving => return None,
        };
        Some(saying.plain(self.sentence()))
    }
}

/// Why a record counts for nothing. A server says it in words of its own; of those, ours are known again.
pub(crate) fn set_aside(code: ParkCode, note: &str) -> Said {
    let code = if code == ParkCode::ServerSaid {
        ParkCode::ALL.iter().copied().find(|known| known.sentence() == note)
    } else {
        Some(code)
    };
    let saying = match code {
        Some(ParkCode::Undecodable) => Saying::Unreadable,
        Some(ParkCode::Impossible) => Saying::Impossible,
        Some(ParkCode::NotTheServer) => Saying::NotTheServer,
        Some(ParkCode::RoleForbids) => Saying::RoleForbids,
        Some(ParkCode::ChangeRefused) => Saying::ChangeRefused,
        Some(ParkCode::Newer | ParkCode::NewerOfDevice) => Saying::Newer,
        Some(ParkCode::ServerSaid) | None => return Said::plainly(note),
    };
    saying.plain(note)
}

pub(crate) fn problem(problem: &Problem) -> Said {
    let saying = match problem {
        Problem::Missing { .. } => Saying::FieldMissing,
        Problem::WrongType { .. } => Saying::FieldOfWrongType,
        Problem::TooLong { .. } => Saying::FieldTooLong,
        Problem::OutOfRange { .. } => Saying::FieldOutOfRange,
        Problem::Conflict { .. } => Saying::FieldInConflict,
        Problem::TooMany { .. } => Saying::TooManyEntries,
        Problem::Unknown { .. } => Saying::FieldUnknown,
    };
    saying.said(problem.field(), problem)
}
