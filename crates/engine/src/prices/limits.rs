//! Between which limits a price may move by itself, out of a stall's rows. What the limits are in numbers is `soko_pricing::guard`'s.

use std::collections::BTreeMap;

use soko_domain::entry::{PriceMode, PriceMoved, PriceReason, PriceWhy, RivalPrice};
use soko_domain::ids::{LogId, ProductId};
use soko_domain::opening::{Doors, Opening};
use soko_domain::verbs::move_price::Rule;
use soko_pricing::guard::{self, Facts, Quote, Rival, comparable};
use soko_projection::read::ProductFound;
use soko_projection::rivals::{self, RivalFound};
use soko_record_log::{StoreError, Tx};

/// Why a price is its usual one again: nothing is left of yesterday, and no time to go. Older programs read it as that.
pub(crate) const NEW_DAY: PriceReason = PriceReason { why: PriceWhy::Left, first: 0, second: 0 };
/// Nobody sells for longer without closing: a drawer that was opened longer ago was left open.
pub(crate) const OPEN_MS_MAX: i64 = 24 * 3_600 * 1_000;

/// The product's rule, or that of all others. Nobody can set all products to move by themselves at once: that is one product's
/// owner's word.
pub(crate) fn rule_of(rules: &BTreeMap<ProductId, (u64, Rule)>, product: ProductId) -> Rule {
    let said = |of: ProductId| rules.get(&of).map(|(_, rule)| *rule);
    if let Some(own) = said(product).filter(|_| product != ProductId::default()) {
        return own;
    }
    let rule = said(ProductId::default()).unwrap_or_default();
    let mode = if rule.mode == PriceMode::Auto { PriceMode::Suggest } else { rule.mode };
    Rule { mode, ..rule }
}

/// The day of an experiment, and of how many, for which a price moved.
pub(crate) fn tried_on(said: &PriceMoved) -> Option<(i64, i64)> {
    let day = |it: &PriceReason| it.why == PriceWhy::Curious && it.second > 0;
    said.reasons.iter().find(|it| day(it)).map(|it| (it.first, it.second))
}

pub(crate) fn guard_rules(rule: &Rule) -> guard::Rules {
    guard::Rules {
        floor_minor: rule.floor_minor,
        ceiling_minor: rule.ceiling_minor,
        over_cost_ppm: rule.over_cost_ppm,
        step_ppm: rule.step_ppm,
        market_ppm: rule.market_ppm,
        is_frozen: rule.mode == PriceMode::Frozen,
    }
}

/// Whether a register sells, so that prices may move by themselves there: its drawer is open, and the stall does not say that it is
/// closed at this hour.
pub(crate) fn sells(opened_at_ms: Option<i64>, opening: &str, (at_ms, offset_minutes): (i64, i32)) -> bool {
    let has_drawer = opened_at_ms.is_some_and(|opened| at_ms.saturating_sub(opened) < OPEN_MS_MAX);
    let doors = Opening::read(opening).and_then(|week| week.at_moment(at_ms, offset_minutes));
    has_drawer && !matches!(doors, Some(Doors::Closed { .. }))
}

/// What it costs the seller, in the terms of the price, rounded up.
pub(crate) fn cost_of(product: &ProductFound) -> Option<i64> {
    let cost = product.cost_minor?;
    let tax = if product.tax_inclusive { i128::from(product.tax_ppm) } else { 0 };
    // Up: what is over it is over all of it.
    i64::try_from((i128::from(cost) * (1_000_000 + tax) + 999_999).div_euclid(1_000_000)).ok()
}

/// The own price as prices are compared.
pub(crate) fn quote(found: &ProductFound) -> Quote {
    let mut currency = [0; 3];
    currency.iter_mut().zip(found.currency.bytes()).for_each(|(to, from)| *to = from);
    Quote { price_minor: found.price_minor, currency, unit: found.unit.number(), per: found.price_per }
}

pub(crate) fn rival(price: &RivalPrice) -> Rival {
    let mut currency = [0; 3];
    currency.iter_mut().zip(price.currency.code().bytes()).for_each(|(to, from)| *to = from);
    Rival {
        quote: Quote { price_minor: price.price_minor, currency, unit: price.unit.number(), per: price.per },
        seen_at_ms: price.seen_at_ms,
    }
}

/// A moment at which nothing but what others ask matters.
pub(crate) fn market_at(now: Quote, rivals: &[Rival], at_ms: i64) -> Facts<'_> {
    Facts { now, day_price_minor: now.price_minor, cost_minor: None, rivals, is_open: true, at_ms }
}

/// Whether a price counts, and if it does, what it comes to for as much as the own price is for.
pub(crate) fn compared(price: &RivalPrice, now: Quote, at_ms: i64) -> Option<i64> {
    comparable(&rival(price), &market_at(now, &[], at_ms))
}

/// What others ask for a product, and the places of those that count: of each source that is on, the latest comparable one.
pub(crate) struct Market {
    pub(crate) found: Vec<RivalFound>,
    pub(crate) counted: Vec<usize>,
}

impl Market {
    pub(crate) fn read(
        tx: &mut dyn Tx,
        log: LogId,
        product: &ProductFound,
        at_ms: i64,
    ) -> Result<Self, StoreError> {
        let found = rivals::of_product(tx, log, product.product)?;
        let now = quote(product);
        let mut counted: Vec<usize> = Vec::new();
        for (place, rival) in found.iter().enumerate().filter(|(_, rival)| rival.is_on) {
            let of_source = counted.last().and_then(|last| found.get(*last)).map(|last| &last.source);
            if of_source != Some(&rival.source) && compared(&rival.price, now, at_ms).is_some() {
                counted.push(place);
            }
        }
        Ok(Self { found, counted })
    }

    pub(crate) fn rivals(&self) -> Vec<Rival> {
        self.counted.iter().filter_map(|place| self.found.get(*place)).map(|it| rival(&it.price)).collect()
    }
}

#[cfg(test)]
mod tests {
    use soko_domain::verbs::move_price::{self, MARKET_PPM_USUAL};

    use super::*;

    /// Neither crate may import the other, and what an owner did not say is said by both.
    #[test]
    fn what_nobody_said_is_the_same_where_it_is_decided_and_where_it_is_computed() {
        assert_eq!(guard_rules(&Rule::default()), guard::Rules::default());
        assert_eq!(move_price::PRICE_MINOR_MAX, guard::PRICE_MINOR_MAX);
        assert_eq!(MARKET_PPM_USUAL, guard::Rules::default().market_ppm);
    }
}
