//! What others ask, as screens show it: every price with its source, its age and whether it counts.

use soko_app_api::{MarketRow, RivalRow, RivalSourceRow, RivalStanding, RivalsRow};
use soko_domain::verbs::move_price::Rule;
use soko_pricing::guard::{Facts, MARKET_AGE_MS_MAX, MARKET_SOURCES_MIN, market_band, market_median};
use soko_projection::read::ProductFound;
use soko_projection::rivals::{self, RivalFound};
use soko_record_log::StoreError;

use super::Asking;
use crate::prices::{self, Market};

const DAY_MS: i64 = 86_400_000;

pub(super) fn sources(asking: &mut Asking<'_>) -> Result<Vec<RivalSourceRow>, StoreError> {
    let found = rivals::sources(asking.tx, asking.log)?.into_iter().filter(|it| it.prices > 0);
    let row = |it: rivals::SourceFound| RivalSourceRow {
        source: it.source,
        is_on: it.is_on,
        prices: it.prices,
        seen_at_ms: it.seen_at_ms,
    };
    Ok(found.map(row).collect())
}

pub(super) fn of_product(
    asking: &mut Asking<'_>,
    product: &ProductFound,
    rule: &Rule,
) -> Result<RivalsRow, StoreError> {
    let at_ms = asking.now.at_ms;
    let market = Market::read(asking.tx, asking.log, product, at_ms)?;
    let (rivals, now) = (market.rivals(), prices::quote(product));
    let facts = Facts {
        now,
        day_price_minor: now.price_minor,
        cost_minor: None,
        rivals: &rivals,
        is_open: true,
        at_ms,
    };
    let band = |median_minor| {
        let (low_minor, high_minor) = market_band(&prices::guard_rules(rule), median_minor);
        MarketRow { median_minor, low_minor, high_minor }
    };
    let row = |(place, found): (usize, &RivalFound)| {
        let own_minor = prices::compared(&found.price, now, at_ms);
        RivalRow {
            source: found.source.clone(),
            key: found.key.clone(),
            name: found.name.clone(),
            way: found.way,
            price_minor: found.price.price_minor,
            currency: found.price.currency.to_string(),
            unit: found.price.unit,
            per: found.price.per,
            own_minor,
            seen_at_ms: found.price.seen_at_ms,
            standing: match own_minor {
                _ if !found.is_on => RivalStanding::Off,
                Some(_) if market.counted.contains(&place) => RivalStanding::Counts,
                Some(_) => RivalStanding::Replaced,
                None if at_ms.saturating_sub(found.price.seen_at_ms) > MARKET_AGE_MS_MAX => {
                    RivalStanding::Old
                }
                None => RivalStanding::NotComparable,
            },
        }
    };
    let known = rivals::sources(asking.tx, asking.log)?.into_iter().filter(|it| it.prices > 0);
    Ok(RivalsRow {
        rows: market.found.iter().enumerate().map(row).collect(),
        sources: u32::try_from(market.counted.len()).unwrap_or(u32::MAX),
        sources_min: u32::try_from(MARKET_SOURCES_MIN).unwrap_or(u32::MAX),
        market: market_median(&facts).map(band),
        days_max: u32::try_from(MARKET_AGE_MS_MAX / DAY_MS).unwrap_or(u32::MAX),
        known: known.map(|it| it.source).collect(),
    })
}
