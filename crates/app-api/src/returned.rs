//! What comes back of an order, as its buyer and the stall see it.

use serde::{Deserialize, Serialize};
use soko_domain::entry::{BackWay, GoodsBack, RefundEnd, ReturnWhy};
use soko_domain::ids::{LogId, OrderId, ThingId};
use soko_domain::verbs::refund_order::PartStanding;
use soko_domain::verbs::return_goods::ReturnState;

use crate::text::{as_hex, as_word, as_word_opt};

/// A part of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BackLine {
    /// Position of the line on the order.
    pub line: u32,
    pub quantity: i64,
}

/// What the buyer of this device brings back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnReturn {
    #[serde(with = "as_hex")]
    pub returned: ThingId,
    #[serde(with = "as_word")]
    pub why: ReturnWhy,
    pub lines: Vec<BackLine>,
    pub state: OwnReturnState,
    /// Why not: the stall's words, or a refusal's code; empty otherwise.
    pub because: String,
}

/// Where it is, and never further than is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnReturnState {
    /// On this device only.
    Saved,
    /// The stall was asked.
    Asked,
    Taken,
    /// The stall does not take it, in its own words.
    Refused,
    /// It could not be asked for.
    Declined,
}

/// What a stall sees of a return.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReturnRow {
    #[serde(with = "as_hex")]
    pub returned: ThingId,
    #[serde(with = "as_word")]
    pub why: ReturnWhy,
    pub lines: Vec<BackLine>,
    #[serde(with = "as_word")]
    pub state: ReturnState,
    /// Why it was not taken; empty otherwise.
    pub reason: String,
    pub asked_ms: i64,
    /// What the buyer paid for these lines.
    pub amount_minor: i64,
}

/// What a stall says to a return, at its server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReturnAnswer {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    #[serde(with = "as_hex")]
    pub order: OrderId,
    #[serde(with = "as_hex")]
    pub returned: ThingId,
    /// Where each line goes; none where it is not taken back.
    pub goods: Option<Vec<GoodsLine>>,
    /// Why it is not taken back.
    pub reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GoodsLine {
    pub line: u32,
    #[serde(with = "as_word")]
    pub goods: GoodsBack,
}

/// A part of an order's money that goes back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderRefundView {
    #[serde(with = "as_hex")]
    pub refund: ThingId,
    #[serde(with = "as_word")]
    pub way: BackWay,
    #[serde(with = "as_word")]
    pub standing: PartStanding,
    /// Why not, where it does not.
    #[serde(with = "as_word_opt")]
    pub end: Option<RefundEnd>,
    /// Nothing before the server answered.
    pub amount_minor: i64,
    pub reason: String,
    pub at_ms: i64,
    /// Cash that this register may give.
    pub may_give: bool,
    /// It goes back by a transfer that somebody of the stall makes.
    pub may_send: bool,
}
