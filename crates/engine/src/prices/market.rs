//! What others ask, as limits and demand see it: one price of each source, the latest that can be compared.

use std::collections::BTreeMap;

use soko_domain::entry::RivalPrice;
use soko_domain::ids::LogId;
use soko_pricing::guard::{Facts, MARKET_AGE_MS_MAX, Quote, Rival, comparable, market_median};
use soko_projection::read::ProductFound;
use soko_projection::rivals::{self, RivalFound, RivalSeenAt};
use soko_record_log::{StoreError, Tx};

/// The own price as prices are compared.
pub(crate) fn quote(found: &ProductFound) -> Quote {
    let mut currency = [0; 3];
    currency.iter_mut().zip(found.currency.bytes()).for_each(|(to, from)| *to = from);
    Quote { price_minor: found.price_minor, currency, unit: found.unit.number(), per: found.price_per }
}

fn rival(price: &RivalPrice) -> Rival {
    let mut currency = [0; 3];
    currency.iter_mut().zip(price.currency.code().bytes()).for_each(|(to, from)| *to = from);
    Rival {
        quote: Quote { price_minor: price.price_minor, currency, unit: price.unit.number(), per: price.per },
        seen_at_ms: price.seen_at_ms,
    }
}

/// A moment at which nothing but what others ask matters.
fn at(now: Quote, rivals: &[Rival], at_ms: i64) -> Facts<'_> {
    Facts { now, day_price_minor: now.price_minor, cost_minor: None, rivals, is_open: true, at_ms }
}

/// Whether a price counts, and if it does, what it comes to for as much as the own price is for.
pub(crate) fn compared(price: &RivalPrice, now: Quote, at_ms: i64) -> Option<i64> {
    comparable(&rival(price), &at(now, &[], at_ms))
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

/// What the median was at moments of the past, as logarithms; none where too few were known.
pub(crate) fn medians(
    seen: &[RivalSeenAt],
    now: Quote,
    moments_ms: impl Iterator<Item = i64>,
) -> Vec<Option<f64>> {
    moments_ms.map(|at_ms| median_at(seen, now, at_ms).map(|median| (median as f64).ln())).collect()
}

fn median_at(seen: &[RivalSeenAt], now: Quote, at_ms: i64) -> Option<i64> {
    let from_ms = at_ms.saturating_sub(MARKET_AGE_MS_MAX);
    let mut latest: BTreeMap<&str, Rival> = BTreeMap::new();
    for it in seen.iter().filter(|it| (from_ms..=at_ms).contains(&it.price.seen_at_ms)) {
        if compared(&it.price, now, at_ms).is_some() {
            latest.insert(&it.source, rival(&it.price));
        }
    }
    let rivals: Vec<Rival> = latest.into_values().collect();
    market_median(&at(now, &rivals, at_ms))
}

/// What the median is now over what it usually was, as a logarithm; nothing where either is not known.
pub(crate) fn now_over(usual: Option<f64>, (now, rivals): (Quote, &[Rival]), at_ms: i64) -> f64 {
    let median = market_median(&at(now, rivals, at_ms)).map(|median| (median as f64).ln());
    median.zip(usual).map_or(0.0, |(median, usual)| median - usual)
}

/// What they usually are: the mean of those that are known.
pub(crate) fn usual(medians: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = medians.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use soko_domain::money::Currency;
    use soko_domain::quantity::Unit;

    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn seen(source: &str, day: i64, price_minor: i64) -> RivalSeenAt {
        let price = RivalPrice {
            price_minor,
            currency: Currency::parse("KES").unwrap(),
            unit: Unit::Piece,
            per: 1,
            seen_at_ms: day * DAY_MS,
        };
        RivalSeenAt { source: source.into(), price }
    }

    #[test]
    fn each_day_has_the_median_that_was_known_then_over_the_usual_one() {
        let now = Quote { price_minor: 500, currency: *b"KES", unit: 1, per: 1 };
        let history = [
            seen("a", 1, 100),
            seen("b", 1, 110),
            // A second price of one source is no second source.
            seen("b", 2, 120),
            seen("c", 3, 130),
            seen("a", 5, 240),
            seen("b", 5, 240),
            seen("c", 5, 240),
        ];
        let days = [0, 2, 3, 4, 5, 19, 20].into_iter().map(|day| day * DAY_MS);
        let medians = medians(&history, now, days);
        let known: Vec<Option<i64>> =
            medians.iter().map(|it| it.map(|it| soko_pricing::spread::minor(it.exp()))).collect();
        // After two weeks nobody knows any more.
        assert_eq!(known, [None, None, Some(120), Some(120), Some(240), Some(240), None]);
        let usual = usual(&medians).unwrap();
        assert_eq!(soko_pricing::spread::minor(usual.exp()), 170, "the geometric mean");
        let latest: Vec<Rival> = history[4..].iter().map(|it| rival(&it.price)).collect();
        let over = now_over(Some(usual), (now, &latest), 6 * DAY_MS);
        assert!((over - (240.0_f64 / 170.0).ln()).abs() < 0.01, "{over}");
        assert_eq!(now_over(Some(usual), (now, &latest), 30 * DAY_MS), 0.0);
        assert_eq!(now_over(None, (now, &latest), 6 * DAY_MS), 0.0);
        assert_eq!(super::usual(&[None, None]), None);
    }
}
