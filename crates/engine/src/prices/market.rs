//! What others asked and ask, as demand sees it: the median over what it usually was.

use std::collections::BTreeMap;

use soko_pricing::guard::{MARKET_AGE_MS_MAX, Quote, Rival, market_median};
use soko_projection::rivals::RivalSeenAt;

use super::limits::{compared, market_at, rival};

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
    market_median(&market_at(now, &rivals, at_ms))
}

/// What the median is now over what it usually was, as a logarithm; nothing where either is not known.
pub(crate) fn now_over(usual: Option<f64>, (now, rivals): (Quote, &[Rival]), at_ms: i64) -> f64 {
    let median = market_median(&market_at(now, rivals, at_ms)).map(|median| (median as f64).ln());
    median.zip(usual).map_or(0.0, |(median, usual)| median - usual)
}

/// What they usually are: the mean of those that are known.
pub(crate) fn usual(medians: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = medians.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use soko_domain::entry::RivalPrice;
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
