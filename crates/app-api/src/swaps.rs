//! What a stall offers in place of lines of an order.

use serde::{Deserialize, Serialize};
use soko_domain::entry::SwapEnd;
use soko_domain::ids::{ProductId, ThingId};
use soko_domain::verbs::swap_order::SwapStanding;

use crate::text::{as_hex, as_hex_opt, as_word, as_word_opt};
use crate::views::OrderLineView;

/// What is offered in place of a line of an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SwapView {
    #[serde(with = "as_hex")]
    pub swap: ThingId,
    pub line: u32,
    #[serde(with = "as_word")]
    pub standing: SwapStanding,
    /// Why it came to nothing.
    #[serde(with = "as_word_opt")]
    pub end: Option<SwapEnd>,
    /// What it is; nothing where the line is only to go, or as long as the server has not offered it.
    pub into: Option<OrderLineView>,
    pub delta_minor: i64,
    /// This register took it back, and the server has not heard of it.
    pub is_withdrawn: bool,
}

/// What a stall offers in place of a line of the buyer's own order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnSwap {
    #[serde(with = "as_hex")]
    pub swap: ThingId,
    /// Position of the line that is to go.
    pub line: u32,
    /// None where the line is only to go.
    #[serde(with = "as_hex_opt")]
    pub product: Option<ProductId>,
    pub name: String,
    pub quantity: i64,
    pub total_minor: i64,
    /// By how much the order's total changes if it is taken.
    pub delta_minor: i64,
    pub state: OwnSwapState,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnSwapState {
    /// The buyer is asked.
    Offered,
    /// The answer is kept here, and goes with the next connection.
    Yes,
    No,
    Taken,
    /// Declined, or not to be had any more.
    Over,
}
