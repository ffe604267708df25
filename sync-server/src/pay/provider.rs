//! What somebody who moves money can be asked. One trait, a handful of calls, and no provider's words outside its file.

use std::future::Future;
use std::pin::Pin;

use axum::http::HeaderMap;
use soko_checkout::{Answer, Call, Part, Payment};
use soko_domain::entry::PayWay;
use soko_domain::ids::{LogId, OrderId};
use soko_domain::money::Currency;

pub type Promised<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that must not be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Named so that nobody writes it into a log without noticing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// One call, begun and kept before it is made.
#[derive(Clone, Debug)]
pub struct Asked {
    pub stall: LogId,
    pub call: Call,
    /// The same for every repetition.
    pub key: String,
    pub payment: Payment,
    /// What of it goes back, where that is asked for.
    pub part: Option<Part>,
    pub phone: String,
    /// Where the buyer's browser comes back to.
    pub back: String,
    /// When it was first asked for, and when this call was begun.
    pub asked_ms: i64,
    pub now_ms: i64,
}

/// What a webhook is about. Nothing of what it says is believed: the payment is looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// The provider's name for this word; told again, it is the same.
    pub word: String,
    pub about: Option<(LogId, OrderId)>,
    /// The provider's name for the payment, where it says that: where to look for one that nobody here remembers.
    pub object: Option<String>,
    pub is_dispute: bool,
}

/// Why a webhook is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotHeard {
    #[error("this provider sends no words here")]
    Never,
    #[error("it is not signed by the provider, or too long ago")]
    Forged,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// What it names could not be looked up: the provider may say it again.
    #[error("it cannot be taken now")]
    Later,
}

pub trait Provider: Send + Sync {
    /// As it stands in addresses and in rows; never changes.
    fn name(&self) -> &'static str;

    fn way(&self) -> PayWay;

    /// No money moves.
    fn is_test(&self) -> bool {
        false
    }

    fn takes(&self, currency: Currency) -> bool;

    /// What every object of this stall's payments must name.
    fn account(&self, stall: LogId) -> String;

    fn ask<'a>(&'a self, asked: &'a Asked) -> Promised<'a, Answer>;

    /// Whether it answers at all; moves nothing.
    fn is_there(&self, now_ms: i64) -> Promised<'_, bool>;

    /// Checks who says it, then reads what it is about.
    fn heard<'a>(
        &'a self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        now_ms: i64,
    ) -> Promised<'a, Result<Heard, NotHeard>>;
}
