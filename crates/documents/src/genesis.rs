//! The one change that every document of a kind begins with, the same bytes on every replica. Two devices that
//! open the same document before they have met share this root, so neither hides what the other writes.

use std::sync::OnceLock;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, AutomergeError, ROOT, ScalarValue};

use crate::kind::DocumentKind;
use crate::schema::{KIND_KEY, SCHEMA_KEY};

/// Nobody's author id; the change under it never travels, since every replica makes it.
pub(crate) const GENESIS_ACTOR: [u8; 16] = *b"soko genesis v01";
const SCHEMA_VERSION: i64 = 1;

/// Each is made once: every document that is loaded is compared with it.
pub(crate) fn genesis(kind: DocumentKind) -> Result<&'static Automerge, AutomergeError> {
    static MADE: [OnceLock<Automerge>; DocumentKind::ALL.len()] =
        [const { OnceLock::new() }; DocumentKind::ALL.len()];
    let place = DocumentKind::ALL.iter().position(|known| *known == kind);
    let Some(made) = place.and_then(|place| MADE.get(place)) else { return Err(AutomergeError::Fail) };
    if let Some(document) = made.get() {
        return Ok(document);
    }
    let document = make(kind)?;
    Ok(made.get_or_init(|| document))
}

fn make(kind: DocumentKind) -> Result<Automerge, AutomergeError> {
    let mut document = Automerge::new().with_actor(ActorId::from(GENESIS_ACTOR.as_slice()));
    let mut transaction = document.transaction();
    transaction.put(ROOT, KIND_KEY, ScalarValue::Int(i64::from(kind.number())))?;
    transaction.put(ROOT, SCHEMA_KEY, ScalarValue::Int(SCHEMA_VERSION))?;
    transaction.commit_with(CommitOptions::default().with_time(0));
    Ok(document)
}
