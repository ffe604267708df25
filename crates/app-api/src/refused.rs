//! Why a command was not done, in the form that crosses a link and answers every repeat.

use serde::{Deserialize, Serialize};
use soko_domain::ids::ProductId;
use soko_domain::people::Act;
use soko_domain::refusal::{Refusal, Retry};

use crate::text::{as_hex, as_words};

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, Serialize, Deserialize)]
#[error("{sentence}")]
pub struct Refused {
    /// A stable word for programs.
    pub code: String,
    /// What was wrong and what to do, for a person.
    pub sentence: String,
    pub retry: RetryHint,
    /// What the share covers, when that was the reason.
    pub share: Option<ShareShort>,
    /// What a manager must approve, when that was the reason.
    #[serde(with = "as_words", default)]
    pub acts: Vec<Act>,
}

/// Whether a new command to the same end can succeed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryHint {
    Never,
    AfterChange,
    Later,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShareShort {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub available: i64,
    pub asked: i64,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let share = if let Refusal::ShareExceeded { product, available, asked } = &refusal {
            Some(ShareShort { product: *product, available: *available, asked: *asked })
        } else {
            None
        };
        let retry = match refusal.retry() {
            Retry::Never => RetryHint::Never,
            Retry::AfterChange => RetryHint::AfterChange,
            Retry::Later => RetryHint::Later,
        };
        let acts = if let Refusal::ApprovalNeeded { acts } = &refusal { acts.clone() } else { Vec::new() };
        Self { code: refusal.code().into(), sentence: refusal.to_string(), retry, share, acts }
    }
}
