//! Another price for a while and for so many: as a stall's people say it, and what they and buyers see of it.

use serde::{Deserialize, Serialize};
use soko_domain::deal::{Deal, DealStage};
use soko_domain::ids::ThingId;

use crate::text::as_hex;

const MINUTE_MS: i64 = 60_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DealInput {
    /// Made for it. What is changed of a deal keeps it, so that what was sold still counts.
    #[serde(with = "as_hex")]
    pub deal: ThingId,
    pub price_minor: i64,
    /// What the price is for, as the product's own price was when it was said.
    pub price_per: Option<i64>,
    pub from_ms: i64,
    pub until_ms: i64,
    /// Units for all buyers together, and for one of them.
    pub quantity: i64,
    pub each: Option<i64>,
}

/// A deal and what became of it, for its seller.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DealView {
    pub said: DealInput,
    /// Units in orders that were not cancelled.
    pub sold: i64,
}

/// A deal for buyers, until it is over. While it is on and there is some left, its price is the offer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OfferDeal {
    pub price_minor: i64,
    /// What it costs without the deal.
    pub usual_minor: i64,
    pub from_ms: i64,
    pub until_ms: i64,
    pub is_on: bool,
    pub left: i64,
    /// Units for one buyer; 0 where one may have all of them.
    pub each: i64,
    /// Minutes east of UTC at the stall when it begins, or ends if it is on: its hours are told as the stall's clock shows them.
    pub offset_minutes: i32,
}

impl From<DealInput> for Deal {
    fn from(input: DealInput) -> Self {
        let DealInput { deal, price_minor, price_per, from_ms, until_ms, quantity, each } = input;
        Self { id: deal, price_minor, price_per, from_ms, until_ms, quantity, each }
    }
}

impl From<Deal> for DealInput {
    fn from(deal: Deal) -> Self {
        let Deal { id, price_minor, price_per, from_ms, until_ms, quantity, each } = deal;
        Self { deal: id, price_minor, price_per, from_ms, until_ms, quantity, each }
    }
}

impl OfferDeal {
    /// What buyers are told: nothing of what is over, or is no cheaper than usual.
    #[must_use]
    pub fn of(
        deal: &Deal,
        (usual_minor, sold): (i64, i64),
        now_ms: i64,
        offset_minutes: impl Fn(i64) -> i32,
    ) -> Option<Self> {
        let stage = deal.stage(now_ms);
        (stage != DealStage::Over && deal.price_minor < usual_minor).then(|| Self {
            price_minor: deal.price_minor,
            usual_minor,
            from_ms: deal.from_ms,
            until_ms: deal.until_ms,
            is_on: stage == DealStage::On,
            left: deal.left(sold),
            each: deal.each.unwrap_or(0),
            offset_minutes: offset_minutes(if stage == DealStage::On { deal.until_ms } else { deal.from_ms }),
        })
    }

    /// When it begins, or ends if it is on, as the stall's clock shows it: a moment that is to be told as one of UTC.
    #[must_use]
    pub fn next_local_ms(&self) -> i64 {
        let next_ms = if self.is_on { self.until_ms } else { self.from_ms };
        next_ms.saturating_add(i64::from(self.offset_minutes).saturating_mul(MINUTE_MS))
    }

    /// The price of an order of so many, as the server will work it out for somebody who had none before.
    #[must_use]
    pub fn price_of(&self, quantity: i64) -> i64 {
        let most = if self.each > 0 { self.left.min(self.each) } else { self.left };
        if self.is_on && quantity <= most { self.price_minor } else { self.usual_minor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buyers_are_told_of_it_until_it_is_over_and_of_its_price_while_they_can_have_it() {
        let deal = Deal {
            id: ThingId([7; 16]),
            price_minor: 90,
            price_per: None,
            from_ms: 10,
            until_ms: 20,
            quantity: 5,
            each: Some(2),
        };
        for (now_ms, usual_minor, sold, quantity, price) in [
            (9, 100, 0, 1, Some(100)),
            (10, 100, 0, 2, Some(90)),
            (19, 100, 3, 2, Some(90)),
            (19, 100, 4, 2, Some(100)),
            (10, 100, 0, 3, Some(100)),
            (10, 100, 5, 1, Some(100)),
            (10, 100, 7, 1, Some(100)),
            (20, 100, 0, 1, None),
            (10, 90, 0, 1, None),
        ] {
            let told = OfferDeal::of(&deal, (usual_minor, sold), now_ms, |_| 180);
            assert_eq!(told.map(|told| told.price_of(quantity)), price, "at {now_ms}, {sold} sold");
        }
        let open = Deal { each: None, ..deal };
        let told = OfferDeal::of(&open, (100, 1), 15, |at_ms| if at_ms == 20 { 60 } else { 0 }).unwrap();
        assert_eq!((told.price_of(4), told.price_of(5), told.each, told.offset_minutes), (90, 100, 0, 60));
    }
}
