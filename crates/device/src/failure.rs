//! Why something was not done, on its way to a person.

use soko_app_api::{Answer, Hindrance, Refused, RetryHint, Said};
use soko_engine::vault::VaultError;
use soko_engine::{Failure, NotDone, OpenError};
use soko_record_log::StoreError;

use crate::server::{EXPIRED, Unanswered};

/// Why a call was not done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Undone {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("{}", .0.sentence)]
    Failed(Said),
}

impl Undone {
    /// What should not happen, and has no text of its own.
    pub fn failed(sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self::Failed(Hindrance::Other.said(&sentence, &sentence))
    }

    pub fn refused(code: &str, sentence: impl Into<String>) -> Self {
        let (code, sentence, retry) = (code.into(), sentence.into(), RetryHint::AfterChange);
        Self::Refused(Refused { code, sentence, retry, share: None, acts: Vec::new() })
    }
}

impl Undone {
    /// For a person who did not ask for anything.
    pub fn said(&self) -> Said {
        match self {
            Self::Refused(refused) => Said::from(refused),
            Self::Failed(said) => said.clone(),
        }
    }
}

impl From<Undone> for Answer {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Refused(refused) => Self::Refused(refused),
            Undone::Failed(said) => Self::Failed(said),
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
        let (saying, about) = match failure {
            Failure::DiskFull => return Self::refused("disk_full", sentence),
            Failure::UnknownStall(_) => (Hindrance::UnknownStall, String::new()),
            Failure::KnownStall(_) => (Hindrance::KnownStall, String::new()),
            Failure::Closed(cause) => (Hindrance::StoreClosed, cause),
            Failure::Store(error) => of_store(error),
            Failure::Vault(VaultError::Io(cause)) => (Hindrance::VaultUnreadable, cause),
            Failure::Vault(VaultError::Damaged(cause)) => (Hindrance::VaultDamaged, cause),
            Failure::Page(refused) => (Hindrance::OtherVersion, refused.to_string()),
            Failure::Unwritable(refused) => (Hindrance::Other, refused.to_string()),
            Failure::Inconsistent(cause) => (Hindrance::TablesApart, cause),
        };
        Self::Failed(saying.said(about, sentence))
    }
}

fn of_store(error: StoreError) -> (Hindrance, String) {
    match error {
        StoreError::Full(cause) => (Hindrance::StoreFailed, cause),
        StoreError::ReadOnly(cause) => (Hindrance::StoreReadOnly, cause),
        StoreError::Corrupt(cause) => (Hindrance::StoreDamaged, cause),
        StoreError::Busy(cause) => (Hindrance::InUse, cause),
        StoreError::Io(cause) | StoreError::Closed(cause) => (Hindrance::StoreClosed, cause),
        StoreError::Newer(cause) => (Hindrance::StoreNewer, cause),
        StoreError::Constraint(cause) | StoreError::Serialization(cause) | StoreError::Other(cause) => {
            (Hindrance::StoreFailed, cause)
        }
    }
}

impl From<OpenError> for Undone {
    fn from(error: OpenError) -> Self {
        let sentence = error.to_string();
        match error {
            OpenError::Damaged(what) => Self::Failed(Hindrance::StoreDamaged.said(what.join("; "), sentence)),
            OpenError::Failed(failure) => failure.into(),
        }
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
            Unanswered::NoAnswer(ref cause) | Unanswered::Unreached(ref cause) => {
                return Self::Failed(Hindrance::NoAnswer.said(cause, &unanswered));
            }
            Unanswered::Later { .. } => RetryHint::Later,
            Unanswered::NoAccess(_) | Unanswered::Expired(_) | Unanswered::Refused { .. } => {
                RetryHint::AfterChange
            }
        };
        let (code, sentence) = match unanswered {
            Unanswered::Refused { code, sentence } => (code, sentence),
            Unanswered::NoAccess(sentence) => ("no_access".into(), sentence),
            Unanswered::Expired(sentence) => (EXPIRED.into(), sentence),
            Unanswered::Later { sentence, .. } => ("busy".into(), sentence),
            Unanswered::NoAnswer(sentence) | Unanswered::Unreached(sentence) => {
                ("no_answer".into(), sentence)
            }
        };
        Self::Refused(Refused { code, sentence, retry, share: None, acts: Vec::new() })
    }
}
