//! How much of something is asked for, in steps that a person thinks in, and in which words it is said how much is
//! left. Pure: what can be promised is the shop's to decide.

use soko_app_api::{BasketOf, WantedLine};
use soko_domain::quantity::Unit;

/// So few pieces left are said by number.
const FEW_PIECES: i64 = 5;

/// One tap of plus or minus.
pub(super) fn step(unit: Unit, per: i64) -> i64 {
    match unit {
        Unit::Piece => 1,
        Unit::Gram | Unit::Millilitre if per >= 1000 => 100,
        Unit::Gram | Unit::Millilitre if per >= 100 => 50,
        Unit::Gram | Unit::Millilitre => per.clamp(1, 10),
    }
}

/// What a person most likely wants, before saying anything.
pub(super) fn first(unit: Unit, per: i64, available: i64) -> i64 {
    let usual = match unit {
        Unit::Piece => 1,
        Unit::Gram | Unit::Millilitre if per >= 1000 => per / 2,
        Unit::Gram | Unit::Millilitre => per,
    };
    within(usual, available)
}

/// At least one, and no more than is left; when nothing is left there is no such bound.
pub(super) fn within(quantity: i64, available: i64) -> i64 {
    let most = if available > 0 { available } else { i64::MAX };
    quantity.clamp(1, most)
}

/// Amounts of weighed goods that are one tap away.
pub(super) fn quick(unit: Unit, per: i64, available: i64) -> Vec<i64> {
    let all = match unit {
        Unit::Piece => return Vec::new(),
        Unit::Gram | Unit::Millilitre if per >= 1000 => [per / 4, per / 2, per, per * 2],
        Unit::Gram | Unit::Millilitre => [per, per * 2, per * 3, per * 5],
    };
    all.into_iter().filter(|amount| *amount > 0 && *amount <= available).collect()
}

/// How much is left, as far as a shopper cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Left {
    SoldOut,
    /// Said with the amount.
    Few,
    Enough,
}

pub(super) fn left(unit: Unit, per: i64, available: i64) -> Left {
    let few = match unit {
        Unit::Piece => FEW_PIECES,
        Unit::Gram | Unit::Millilitre => per,
    };
    match available {
        ..=0 => Left::SoldOut,
        some if some <= few => Left::Few,
        _ => Left::Enough,
    }
}

/// What a person must know about a line before ordering it, the weightiest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Remark {
    /// Not offered any more: it must go before the rest can be ordered.
    Gone,
    SoldOut,
    /// More than the shop could promise when it was last seen.
    TooMany,
    Dearer,
    Cheaper,
}

pub(super) fn remarks(line: &WantedLine) -> Vec<Remark> {
    if line.is_gone {
        return vec![Remark::Gone];
    }
    let stock = match line.available {
        ..=0 => Some(Remark::SoldOut),
        some if some < line.quantity => Some(Remark::TooMany),
        _ => None,
    };
    let price = line.price_was_minor.and_then(|was| match was.cmp(&line.price_minor) {
        std::cmp::Ordering::Less => Some(Remark::Dearer),
        std::cmp::Ordering::Greater => Some(Remark::Cheaper),
        std::cmp::Ordering::Equal => None,
    });
    stock.into_iter().chain(price).collect()
}

/// Whether a basket can become an order. Too little left is no hindrance: what was seen may be old, and the shop
/// answers.
pub(super) fn may_order(basket: &BasketOf) -> bool {
    !basket.lines.is_empty() && basket.lines.iter().all(|line| !line.is_gone)
}

/// Lines of all baskets, as the navigation counts them.
pub(super) fn lines(baskets: &[BasketOf]) -> usize {
    baskets.iter().map(|basket| basket.lines.len()).sum()
}

#[cfg(test)]
mod tests {
    use soko_domain::ids::{LogId, ProductId};

    use super::*;

    fn line(quantity: i64, available: i64, was: Option<i64>, is_gone: bool) -> WantedLine {
        WantedLine {
            product: ProductId([1; 16]),
            name: "Millet".into(),
            unit: Unit::Piece,
            quantity,
            price_minor: 120,
            price_per: 1,
            total_minor: 120 * quantity,
            price_was_minor: was,
            available,
            is_gone,
            picture: None,
        }
    }

    #[test]
    fn steps_fit_what_the_price_is_for() {
        for (unit, per, wanted) in [
            (Unit::Piece, 1, (1, 1, vec![])),
            (Unit::Gram, 1000, (100, 500, vec![250, 500, 1000, 2000])),
            (Unit::Gram, 100, (50, 100, vec![100, 200, 300, 500])),
            (Unit::Millilitre, 10, (10, 10, vec![10, 20, 30, 50])),
            (Unit::Gram, 1, (1, 1, vec![1, 2, 3, 5])),
        ] {
            assert_eq!(
                (step(unit, per), first(unit, per, 9000), quick(unit, per, 9000)),
                wanted,
                "{unit:?} {per}"
            );
        }
    }

    #[test]
    fn nobody_asks_for_more_than_is_left_or_for_nothing() {
        assert_eq!((within(9, 4), within(0, 4), within(9, 0)), (4, 1, 9));
        assert_eq!(first(Unit::Gram, 1000, 300), 300);
        assert_eq!(quick(Unit::Gram, 1000, 600), [250, 500]);
    }

    #[test]
    fn few_are_said_by_number() {
        for (unit, per, available, wanted) in [
            (Unit::Piece, 1, 0, Left::SoldOut),
            (Unit::Piece, 1, -2, Left::SoldOut),
            (Unit::Piece, 1, 5, Left::Few),
            (Unit::Piece, 1, 6, Left::Enough),
            (Unit::Gram, 1000, 900, Left::Few),
            (Unit::Gram, 1000, 5000, Left::Enough),
        ] {
            assert_eq!(left(unit, per, available), wanted, "{available}");
        }
    }

    #[test]
    fn a_changed_price_and_a_short_shelf_are_both_told() {
        for (line, wanted) in [
            (line(2, 9, None, false), vec![]),
            (line(2, 9, Some(120), false), vec![]),
            (line(2, 9, Some(100), false), vec![Remark::Dearer]),
            (line(2, 1, Some(150), false), vec![Remark::TooMany, Remark::Cheaper]),
            (line(2, 0, None, false), vec![Remark::SoldOut]),
            (line(2, 0, Some(100), true), vec![Remark::Gone]),
        ] {
            assert_eq!(remarks(&line), wanted);
        }
    }

    #[test]
    fn what_is_gone_holds_up_the_order() {
        let basket = |lines: Vec<WantedLine>| BasketOf {
            stall: LogId([1; 16]),
            stall_name: "Amina".into(),
            currency: "KES".into(),
            lines,
            total_minor: 0,
        };
        assert!(may_order(&basket(vec![line(2, 1, None, false)])));
        assert!(!may_order(&basket(vec![line(2, 9, None, false), line(1, 0, None, true)])));
        assert!(!may_order(&basket(Vec::new())));
        assert_eq!(lines(&[basket(vec![line(2, 9, None, false)]), basket(Vec::new())]), 1);
    }
}
