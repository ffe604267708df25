//! Why something was not done that no rule forbids: the disk, the store, the vault. Nothing was kept, and the
//! same command may be sent again once the cause is gone.

use soko_app_api::Refused;
use soko_domain::ids::LogId;
use soko_domain::refusal::Refusal;
use soko_projection::ProjectError;
use soko_record_log::StoreError;
use soko_record_log::log::AppendError;
use soko_replication::Unwritable;
use soko_replication::page::PageRefused;

use crate::vault::VaultError;

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    #[error(
        "the disk is full: nothing new can be recorded until some space is free; reading and sending go on"
    )]
    DiskFull,
    #[error("this register does not work for stall {0}: join it first")]
    UnknownStall(LogId),
    #[error("this register works for stall {0} already")]
    KnownStall(LogId),
    #[error("the store failed and was closed: nothing was kept; open the register again ({0})")]
    Closed(String),
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    #[error(transparent)]
    Page(#[from] PageRefused),
    /// The tables contradict each other or the log.
    #[error("the register's tables contradict each other: run a check, and rebuild them ({0})")]
    Inconsistent(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::DiskFull,
            StoreError::Io(text) | StoreError::Closed(text) => Self::Closed(text),
            other @ (StoreError::ReadOnly(_)
            | StoreError::Corrupt(_)
            | StoreError::Busy(_)
            | StoreError::Constraint(_)
            | StoreError::Serialization(_)
            | StoreError::Newer(_)
            | StoreError::Other(_)) => Self::Store(other),
        }
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::Store(error) => error.into(),
            ProjectError::Stale => Self::Inconsistent(error.to_string()),
        }
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Store(error) => error.into(),
            other @ (AppendError::NotNext { .. }
            | AppendError::NotChained { .. }
            | AppendError::NotIntroduced { .. }
            | AppendError::MixedLogs) => Self::Inconsistent(other.to_string()),
        }
    }
}

/// Why a command has no reply.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotDone {
    /// For good: the same command is answered so again.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// For now: nothing of it was kept.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<Refusal> for NotDone {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Why a register could not be opened. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenError {
    /// Set the database aside and salvage it.
    #[error("the database is damaged; set it aside and salvage what verifies ({})", .0.join("; "))]
    Damaged(Vec<String>),
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(text) => Self::Damaged(vec![text]),
            other @ (StoreError::Full(_)
            | StoreError::ReadOnly(_)
            | StoreError::Busy(_)
            | StoreError::Io(_)
            | StoreError::Constraint(_)
            | StoreError::Serialization(_)
            | StoreError::Closed(_)
            | StoreError::Newer(_)
            | StoreError::Other(_)) => Self::Failed(other.into()),
        }
    }
}

impl From<VaultError> for OpenError {
    fn from(error: VaultError) -> Self {
        Self::Failed(error.into())
    }
}
