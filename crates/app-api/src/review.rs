//! What buyers say of what they bought: as everybody sees it, and as whoever wrote it has it on their device.

use serde::{Deserialize, Serialize};
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};

use crate::text::as_hex;

/// All reviews of a product, in two numbers.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rating {
    pub reviews: u32,
    /// All stars added up.
    pub stars: u32,
}

impl Rating {
    /// The mean in tenths of a star, rounded half up; nothing without reviews.
    #[must_use]
    pub fn tenths(self) -> Option<u32> {
        let (stars, reviews) = (u64::from(self.stars), u64::from(self.reviews));
        let tenths = (stars * 20 + reviews).checked_div(2 * reviews)?;
        u32::try_from(tenths).ok()
    }
}

/// A review as everybody sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReviewRow {
    #[serde(with = "as_hex")]
    pub review: ThingId,
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub product_name: String,
    pub stars: u8,
    /// May be empty.
    pub words: String,
    pub written_ms: i64,
    /// The stall's; may be empty.
    pub answer: String,
}

/// A product on an order of this device's buyer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bought {
    #[serde(with = "as_hex")]
    pub order: OrderId,
    #[serde(with = "as_hex")]
    pub product: ProductId,
}

/// What was written on this device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnReview {
    #[serde(with = "as_hex")]
    pub product: ProductId,
    pub stars: u8,
    pub words: String,
    pub state: OwnReviewState,
    /// Why it was refused, as a refusal's code; empty otherwise.
    pub because: String,
    /// The same in the server's own words, for whoever has none for the code.
    pub because_said: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnReviewState {
    /// On this device only; it is sent when there is a connection.
    Saved,
    Sent,
    Refused,
}

/// An answer to a review, by the stall.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReviewAnswer {
    #[serde(with = "as_hex")]
    pub stall: LogId,
    #[serde(with = "as_hex")]
    pub review: ThingId,
    /// Nothing takes the answer back.
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_rounded_to_a_tenth() {
        for (reviews, stars, tenths) in [
            (0, 0, None),
            (1, 5, Some(50)),
            (3, 14, Some(47)),
            (4, 17, Some(43)),
            (7, 30, Some(43)),
            (8, 37, Some(46)),
        ] {
            assert_eq!(Rating { reviews, stars }.tenths(), tenths, "{stars}/{reviews}");
        }
    }
}
