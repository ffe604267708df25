//! A price for a while and for so many: what a stall's people say of it, and whether an order may have it. It stands in the product's
//! document as one value, so that two edits never mix two of them, and it is for orders alone: registers cannot count together
//! what they sell apart.

use std::fmt;

use crate::ids::ThingId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::stock::MOVE_QUANTITY_MAX;
use crate::wrong::Wrong;

/// Longest text of a deal, in bytes.
pub const DEAL_BYTES_MAX: usize = 200;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deal {
    /// Its units are counted under this. A deal that is changed keeps it, and a new one has another.
    pub id: ThingId,
    pub price_minor: i64,
    /// What that is the price of, as the product's own price is: a product whose price is for something else by now has no deal.
    /// Nothing where it was said before this was.
    pub price_per: Option<i64>,
    /// By the clock of the server that places the orders.
    pub from_ms: i64,
    /// It is over at this moment.
    pub until_ms: i64,
    /// Units for all buyers together.
    pub quantity: i64,
    /// Units for one buyer; none may have all of them.
    pub each: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DealStage {
    Before,
    On,
    Over,
}

/// Units that orders have at a deal's price; those of cancelled orders are not among them.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct DealUse {
    pub all: i64,
    pub by_buyer: i64,
}

/// Why an order does not have the deal's price. Nothing is charged instead before the buyer has seen it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DealProblem {
    #[error("sold out at this price: {left} left; take so many, or order at the usual price")]
    SoldOut { left: i64 },
    #[error(
        "at most {each} for each buyer at this price, of which you can have {left} more; take so many, or order at the usual price"
    )]
    Each { each: i64, left: i64 },
}

impl DealProblem {
    /// A stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::SoldOut { .. } => "deal_sold_out",
            Self::Each { .. } => "deal_each",
        }
    }
}

impl Deal {
    /// Reads what `Display` writes; nothing where it is anything else, and then there is no deal.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let id = ThingId::from_hex(parts.next()?)?;
        let mut number = || parts.next()?.parse::<i64>().ok();
        let (price_minor, from_ms, until_ms) = (number()?, number()?, number()?);
        let (quantity, each) = (number()?, Some(number()?).filter(|each| *each != 0));
        let price_per = number();
        let deal = Self { id, price_minor, price_per, from_ms, until_ms, quantity, each };
        // One way of writing it, and nothing that nobody could have said.
        (deal.to_string() == text && deal.check().is_ok()).then_some(deal)
    }

    /// Whether it can be one at all.
    pub fn check(&self) -> Result<(), Refusal> {
        ensure(self.price_minor >= 0, invalid(Wrong::Negative))?;
        let per = self.price_per.is_none_or(|per| per > 0);
        ensure(per, invalid(Wrong::QuantityOdd))?;
        ensure(self.from_ms < self.until_ms, invalid(Wrong::UntilEarly))?;
        let units = 1..=MOVE_QUANTITY_MAX;
        ensure(units.contains(&self.quantity), invalid(Wrong::QuantityOdd))?;
        let fits = self.each.is_none_or(|each| (1..=self.quantity).contains(&each));
        ensure(fits, invalid(Wrong::DealEachOdd))
    }

    /// Whether its price is one of the product, whose own price is for so much.
    pub fn is_for(&self, price_per: i64) -> bool {
        self.price_per.is_none_or(|per| per == price_per)
    }

    pub fn stage(&self, now_ms: i64) -> DealStage {
        match now_ms {
            before if before < self.from_ms => DealStage::Before,
            on if on < self.until_ms => DealStage::On,
            _ => DealStage::Over,
        }
    }

    /// Whether it is on, and takes something off the product's own price.
    pub fn is_on(&self, now_ms: i64, usual_minor: i64) -> bool {
        self.stage(now_ms) == DealStage::On && self.price_minor < usual_minor
    }

    pub fn left(&self, taken: i64) -> i64 {
        self.quantity.saturating_sub(taken).max(0)
    }

    /// Whether somebody can have so many at its price.
    pub fn allows(&self, asked: i64, taken: DealUse) -> Result<(), DealProblem> {
        let left = self.left(taken.all);
        if left == 0 {
            return Err(DealProblem::SoldOut { left });
        }
        let own = self.each.map(|each| (each, each.saturating_sub(taken.by_buyer).max(0)));
        match own {
            Some((each, own)) if asked > own => Err(DealProblem::Each { each, left: own.min(left) }),
            Some(_) | None if asked > left => Err(DealProblem::SoldOut { left }),
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Display for Deal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, price_minor, price_per, from_ms, until_ms, quantity, each } = self;
        write!(out, "{id} {price_minor} {from_ms} {until_ms} {quantity} {}", each.unwrap_or(0))?;
        price_per.map_or(Ok(()), |per| write!(out, " {per}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deal() -> Deal {
        Deal {
            id: ThingId([7; 16]),
            price_minor: 90,
            price_per: Some(1_000),
            from_ms: 1_000,
            until_ms: 2_000,
            quantity: 5,
            each: Some(2),
        }
    }

    /// Documents hold it, so it must be read for ever.
    const FROZEN: &str = "07070707070707070707070707070707 90 1000 2000 5 2 1000";
    /// As it was said by the first programs that had deals.
    const FIRST: &str = "07070707070707070707070707070707 90 1000 2000 5 2";

    #[test]
    fn it_is_written_in_one_way_and_anything_else_is_none() {
        assert_eq!((deal().to_string().as_str(), Deal::read(FROZEN)), (FROZEN, Some(deal())));
        let first = Deal { price_per: None, ..deal() };
        assert_eq!((first.to_string().as_str(), Deal::read(FIRST)), (FIRST, Some(first)));
        assert!(first.is_for(1) && deal().is_for(1_000) && !deal().is_for(1));
        let open = Deal { each: None, ..deal() };
        assert_eq!(Deal::read(&open.to_string()), Some(open));
        let longest = Deal {
            price_minor: i64::MAX,
            price_per: Some(i64::MAX),
            from_ms: i64::MIN,
            until_ms: i64::MAX,
            ..deal()
        };
        let longest = longest.to_string();
        assert!(longest.len() <= DEAL_BYTES_MAX);
        for wrong in [
            "",
            "07070707070707070707070707070707",
            "07070707070707070707070707070707 90 1000 2000 5",
            "07070707070707070707070707070707 90 1000 2000 5 2 9 9",
            "07070707070707070707070707070707 90 1000 2000 5 2 0",
            "07070707070707070707070707070707 90 1000 2000 5 2 ",
            "07070707070707070707070707070707 090 1000 2000 5 2",
            "07070707070707070707070707070707 +90 1000 2000 5 2",
            "07070707070707070707070707070707  90 1000 2000 5 2",
            "07070707070707070707070707070707 -1 1000 2000 5 2",
            "07070707070707070707070707070707 90 2000 2000 5 2",
            "07070707070707070707070707070707 90 1000 2000 0 0",
            "07070707070707070707070707070707 90 1000 2000 5 6",
            "07070707070707070707070707070707 90 1000 2000 5 -2",
        ] {
            assert_eq!(Deal::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn it_begins_and_ends_to_the_moment_and_only_where_it_is_cheaper() {
        for (now_ms, stage) in [
            (999, DealStage::Before),
            (1_000, DealStage::On),
            (1_999, DealStage::On),
            (2_000, DealStage::Over),
        ] {
            assert_eq!(deal().stage(now_ms), stage, "{now_ms}");
            assert_eq!(deal().is_on(now_ms, 91), stage == DealStage::On);
            assert!(!deal().is_on(now_ms, 90));
        }
    }

    #[test]
    fn it_is_given_to_the_last_unit_and_to_each_no_more_than_is_theirs() {
        let taken = |all, by_buyer| DealUse { all, by_buyer };
        let each = |left| Err(DealProblem::Each { each: 2, left });
        let sold_out = |left| Err(DealProblem::SoldOut { left });
        for (asked, taken, expected) in [
            (1, taken(0, 0), Ok(())),
            (2, taken(3, 0), Ok(())),
            (1, taken(4, 1), Ok(())),
            (1, taken(5, 0), sold_out(0)),
            (9, taken(5, 0), sold_out(0)),
            // More than the stall had said at first.
            (1, taken(9, 0), sold_out(0)),
            (2, taken(4, 0), sold_out(1)),
            (3, taken(0, 0), each(2)),
            (2, taken(1, 1), each(1)),
            (1, taken(2, 2), each(0)),
            (3, taken(4, 0), each(1)),
        ] {
            assert_eq!(deal().allows(asked, taken), expected, "{asked} after {taken:?}");
        }
        let open = Deal { each: None, ..deal() };
        assert_eq!(open.allows(5, taken(0, 0)), Ok(()));
        assert_eq!(open.allows(i64::MAX, taken(0, 0)), sold_out(5));
    }
}
