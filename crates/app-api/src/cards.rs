//! Gift cards that pay for orders from the shop.

use serde::{Deserialize, Serialize};

/// What a gift card pays of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CardPart {
    pub pays_minor: i64,
    /// What of that is on the card again.
    pub back_minor: i64,
}
