//! What an owner lets programs of their own do, at the server of whoever is signed in: keys that read, and addresses that are
//! told. Scopes, topics and states have the names that its interface has.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, ThingId};

use crate::rivals::RivalChoice;
use crate::text::{as_hex, as_hex_opt};

/// One thing to do about the programs of a stall.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProgramsCall {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    pub verb: ProgramsVerb,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramsVerb {
    Look,
    /// Makes a key; the answer is the only one that shows it.
    MakeKey {
        name: String,
        scopes: Vec<String>,
        ends_ms: Option<i64>,
    },
    EndKey(#[serde(with = "as_hex")] ThingId),
    /// Tells an address; the answer is the only one that shows its secret.
    MakeHook(HookInput),
    /// Another address or other topics. One that was switched off is told again.
    PutHook {
        #[serde(with = "as_hex")]
        hook: ThingId,
        input: HookInput,
    },
    EndHook(#[serde(with = "as_hex")] ThingId),
    /// Makes another secret.
    RenewSecret(#[serde(with = "as_hex")] ThingId),
    /// Sends a message that says nothing, to see it arrive.
    TestHook(#[serde(with = "as_hex")] ThingId),
    /// What became of the last messages to an address.
    Deliveries(#[serde(with = "as_hex")] ThingId),
    /// Tries again what was given up, or one of it.
    Again {
        #[serde(with = "as_hex")]
        hook: ThingId,
        #[serde(with = "as_hex_opt")]
        delivery: Option<ThingId>,
    },
    /// Leaves one at that which was given up.
    Discard {
        #[serde(with = "as_hex")]
        hook: ThingId,
        #[serde(with = "as_hex")]
        delivery: ThingId,
    },
    /// Addresses whose prices the server fetches.
    Feeds,
    MakeFeed {
        source: String,
        address: String,
    },
    EndFeed(#[serde(with = "as_hex")] ThingId),
    /// Now rather than tomorrow.
    LookAtFeed(#[serde(with = "as_hex")] ThingId),
    /// What it said last, as it came.
    FeedTable(#[serde(with = "as_hex")] ThingId),
    /// What the columns of its list are.
    ReadFeed {
        #[serde(with = "as_hex")]
        feed: ThingId,
        choice: RivalChoice,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramsReply {
    Programs(ProgramsView),
    /// Shown this once.
    Secret(String),
    Deliveries(Vec<DeliveryRow>),
    Feeds(Vec<FeedRow>),
    Table(Vec<u8>),
    Done,
}

/// An address whose prices the server fetches.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeedRow {
    #[serde(with = "as_hex")]
    pub feed: ThingId,
    pub source: String,
    pub address: String,
    pub due_ms: i64,
    pub fetched_ms: Option<i64>,
    /// Why the last look brought nothing, in the server's word; empty where it did.
    pub trouble: String,
    /// Rows that could be read, and how many of them are certainly something that is sold here.
    pub rows: i64,
    pub known: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HookInput {
    pub address: String,
    pub topics: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProgramsView {
    /// Where programs ask.
    pub server: String,
    pub keys: Vec<ProgramKeyRow>,
    pub hooks: Vec<HookRow>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProgramKeyRow {
    #[serde(with = "as_hex")]
    pub key: ThingId,
    pub name: String,
    pub scopes: Vec<String>,
    pub made_ms: i64,
    pub ends_ms: Option<i64>,
    /// None before it was used.
    pub used_ms: Option<i64>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HookRow {
    #[serde(with = "as_hex")]
    pub hook: ThingId,
    pub address: String,
    pub topics: Vec<String>,
    /// Until then the secret before the newest counts, too.
    pub before_until_ms: Option<i64>,
    /// Everything failed since then.
    pub failing_since_ms: Option<i64>,
    /// Nothing is sent there any more since then.
    pub off_ms: Option<i64>,
    pub off_reason: String,
}

/// A message that was or is to be sent to an address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeliveryRow {
    #[serde(with = "as_hex")]
    pub delivery: ThingId,
    pub topic: String,
    /// `waiting`, `sent`, `given-up` or `dropped`.
    pub state: String,
    /// Why it did not arrive; empty otherwise.
    pub reason: String,
    pub tries: u32,
    pub made_ms: i64,
    /// When it is tried next, while it waits.
    pub due_ms: Option<i64>,
}

/// What a key can read.
pub const KEY_SCOPES: [&str; 3] = ["orders:read", "products:read", "sales:read"];

/// What an address can be told.
pub const HOOK_TOPICS: [&str; 7] = [
    "order.placed",
    "order.paid",
    "order.step",
    "order.cancelled",
    "order.refunded",
    "stock.low",
    "stock.out",
];

impl ProgramsView {
    /// What somebody types to see that a key works: the first thing that it may read.
    pub fn example(&self, stall: LogId, secret: &str, scopes: &[String]) -> String {
        let reads = |scope: &str| scopes.iter().any(|it| it == scope);
        let what = if reads("orders:read") {
            "orders"
        } else if reads("products:read") {
            "catalogue"
        } else {
            "sales-by-day"
        };
        format!("curl -H \"Authorization: Bearer {secret}\" \"{}/v1/stalls/{stall}/{what}\"", self.server)
    }
}
