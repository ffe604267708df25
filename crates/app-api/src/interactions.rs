//! What a shopper met in the shop, as a screen says it; whether it may be sent; and the way of a stall's shoppers, as its server
//! adds it up.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::interaction::{Met, Place};

use crate::text::{as_hex, as_word};

/// Interactions that one call says at most.
pub const NOTICED_MAX: usize = 200;

/// Something that only a screen knows of: what was in sight, opened, suggested or followed. What is done, the device notes itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Noticed {
    #[serde(with = "as_word")]
    pub met: Met,
    #[serde(with = "as_word")]
    pub place: Place,
    #[serde(with = "as_hex")]
    pub stall: LogId,
    #[serde(with = "as_hex")]
    pub product: ProductId,
    /// The experiment that a suggestion is part of.
    pub arm: Option<Arm>,
}

/// One way of an experiment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Arm {
    pub experiment: String,
    pub arm: String,
}

/// What whoever uses this device said about sending it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConsentView {
    /// None: nobody was asked yet.
    pub agrees: Option<bool>,
    /// There is something to ask about by now.
    pub is_due: bool,
    /// Kept on this device.
    pub gathered: u32,
    /// What the server has is still to be deleted there.
    pub is_forgetting: bool,
}

/// The way from a glance to an order, over some days until now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FunnelView {
    /// When the server said so, by this device's clock; nothing if it never did.
    pub told_ms: Option<i64>,
    /// Whether it said so just now.
    pub is_now: bool,
    pub all: FunnelSteps,
    /// What most people saw first.
    pub products: Vec<FunnelRow>,
}

/// How many people came so far; none where they are too few to be told.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct FunnelSteps {
    pub seen: Option<u32>,
    pub opened: Option<u32>,
    pub put: Option<u32>,
    pub ordered: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FunnelRow {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    /// Empty where nobody here knows it.
    pub name: String,
    pub steps: FunnelSteps,
}
