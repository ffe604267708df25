//! A product's usual price, and the one with which its day began, out of how its price moved.

use std::collections::BTreeMap;

use soko_domain::entry::{PriceCause, PriceMoved, PriceReason, PriceWhy};
use soko_domain::ids::{LogId, ProductId};
use soko_projection::read::ProductFound;
use soko_projection::read_prices as facts;
use soko_record_log::{StoreError, Tx};

use super::limits::NEW_DAY;
use super::{Moment, Rules};

/// A move of today: its moment, from, to.
pub(super) type Today = (i64, i64, i64);

/// How products moved today, the oldest move first.
pub(super) fn today(
    tx: &mut dyn Tx,
    log: LogId,
    today: i32,
) -> Result<BTreeMap<ProductId, Vec<Today>>, StoreError> {
    let mut moves: BTreeMap<ProductId, Vec<Today>> = BTreeMap::new();
    for (product, at_ms, _, from, to) in facts::moves_since(tx, log, today)? {
        moves.entry(product).or_default().push((at_ms, from, to));
    }
    Ok(moves)
}

/// The price with which the day began. Two registers may have moved it apart, and the edit that won need not be the last: a price
/// that any move of today made is a step from the first one's. Any other one was set by hand, and the day begins anew with it.
pub(super) fn day_price(
    tx: &mut dyn Tx,
    rules: &Rules,
    found: &ProductFound,
    moment: &Moment,
) -> Result<i64, StoreError> {
    let today = rules.today(found.product);
    let Some((_, first, _)) = today.first().filter(|_| today.iter().any(|it| it.2 == found.price_minor))
    else {
        return Ok(found.price_minor);
    };
    let moves = facts::moves_from(tx, moment.log, found.product, moment.today)?;
    let began = moves.iter().rfind(|it| is_new_day(&it.said));
    Ok(began.map_or(*first, |it| it.said.to_minor))
}

/// The last price that was no markdown by itself: set by hand, taken, or moved where nothing had to be gone. A move that was taken
/// back is as if it had not been: what it was taken back to may be a markdown, too. Only who took back a day's usual price said another one.
pub(super) fn price(tx: &mut dyn Tx, log: LogId, found: &ProductFound) -> Result<i64, StoreError> {
    let moves = facts::moves(tx, log, found.product)?;
    let mut usual = found.price_minor;
    let mut rest = moves.as_slice();
    while let Some(day) = rest.first().map(|latest| latest.stamp.business_day) {
        // Of two registers' moves, the one whose edit won.
        let made = rest.iter().position(|it| it.stamp.business_day == day && it.said.to_minor == usual);
        let Some((made, before)) = made.and_then(|at| rest.get(at..)?.split_first()) else { break };
        let (gone, before) = match made.said.undoes {
            None if is_markdown(&made.said) => (made, before),
            None => break,
            Some(undone) => {
                let undone = before.iter().position(|it| it.said.moved == undone);
                let Some((undone, before)) = undone.and_then(|at| before.get(at..)?.split_first()) else {
                    break;
                };
                if is_new_day(&undone.said) {
                    break;
                }
                (undone, before)
            }
        };
        usual = gone.said.from_minor;
        rest = before;
    }
    Ok(usual)
}

fn is_markdown(said: &PriceMoved) -> bool {
    let is_left = |reason: &PriceReason| reason.why == PriceWhy::Left && *reason != NEW_DAY;
    said.cause == PriceCause::Auto && said.reasons.iter().any(is_left)
}

fn is_new_day(said: &PriceMoved) -> bool {
    said.cause == PriceCause::Auto && said.reasons.contains(&NEW_DAY)
}
