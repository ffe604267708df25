//! A promise that was found broken, which ends the run.

use soko_engine::{Failure, OpenError};
use soko_record_log::StoreError;
use soko_replication::page::PageRefused;
use soko_sync_server::core::CoreRefusal;

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct Broken {
    pub rule: &'static str,
    pub what: String,
}

pub fn broken<T>(rule: &'static str, what: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { rule, what: what.into() })
}

const FAILED: &str = "nothing fails by itself";

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self { rule: FAILED, what: format!("a device: {failure}") }
    }
}

impl From<OpenError> for Broken {
    fn from(error: OpenError) -> Self {
        Self { rule: FAILED, what: format!("a device could not be opened: {error}") }
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self { rule: FAILED, what: format!("a store: {error}") }
    }
}

impl From<PageRefused> for Broken {
    fn from(error: PageRefused) -> Self {
        Self { rule: FAILED, what: format!("a page: {error}") }
    }
}

impl From<CoreRefusal> for Broken {
    fn from(refusal: CoreRefusal) -> Self {
        Self { rule: FAILED, what: format!("the server: {refusal}") }
    }
}
