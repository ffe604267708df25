//! Why something was not done, on its way to a person.

use soko_app_api::{Answer, Refused, RetryHint, Said};
use soko_engine::{Failure, NotDone, OpenError};
use soko_record_log::StoreError;

use crate::server::Unanswered;

/// Why a call was not done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Undone {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("{0}")]
    Failed(String),
}

impl Undone {
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self::Failed(sentence.into())
    }

    pub fn refused(code: &str, sentence: impl Into<String>) -> Self {
        let (code, sentence, retry) = (code.into(), sentence.into(), RetryHint::AfterChange);
        Self::Refused(Refused { code, sentence, retry, share: None, acts: Vec::new() })
    }
}

impl Undone {
    /// For a person who did not ask for anything.
    pub(crate) fn said(&self) -> Said {
        match self {
            Self::Refused(refused) => Said::from(refused),
            Self::Failed(sentence) => Said::plainly(sentence),
        }
    }
}

impl From<Undone> for Answer {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Refused(refused) => Self::Refused(refused),
            Undone::Failed(sentence) => Self::Failed { sentence },
        }
    }
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

impl From<Failure> for Undone {
    fn from(failure: Failure) -> Self {
        let sentence = failure.to_string();
        // Whoever reads it can do something about it, so it is said in their language.
        if failure == Failure::DiskFull {
            Self::refused("disk_full", sentence)
        } else {
            Self::Failed(sentence)
        }
    }
}

impl From<OpenError> for Undone {
    fn from(error: OpenError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<NotDone> for Undone {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Refused(refused) => Self::Refused(refused),
            NotDone::Failed(failure) => failure.into(),
        }
    }
}

impl From<Unanswered> for Undone {
    fn from(unanswered: Unanswered) -> Self {
        let retry = match unanswered {
            Unanswered::NoAnswer(_) | Unanswered::Unreached(_) => {
                return Self::Failed(unanswered.to_string());
            }
            Unanswered::Later { .. } => RetryHint::Later,
            Unanswered::NoAccess(_) | Unanswered::Refused { .. } => RetryHint::AfterChange,
        };
        let (code, sentence) = match unanswered {
            Unanswered::Refused { code, sentence } => (code, sentence),
            Unanswered::NoAccess(sentence) => ("no_access".into(), sentence),
            Unanswered::Later { sentence, .. } => ("busy".into(), sentence),
            Unanswered::NoAnswer(sentence) | Unanswered::Unreached(sentence) => {
                ("no_answer".into(), sentence)
            }
        };
        Self::Refused(Refused { code, sentence, retry, share: None, acts: Vec::new() })
    }
}
