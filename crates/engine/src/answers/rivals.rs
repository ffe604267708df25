//! What others ask, as screens show it: every price with its source, its age and whether it counts.

use std::collections::BTreeMap;

use soko_app_api::{
    ImportColumn, MarketRow, RIVAL_ROWS_SHOWN_MAX, RivalChoice, RivalFit, RivalGroup, RivalProblemRow,
    RivalRow, RivalSourceRow, RivalStanding, RivalsRow, RivalsView, TheirRowView, View,
};
use soko_domain::ids::ProductId;
use soko_domain::rival::{RivalProblem, TheirRow};
use soko_domain::verbs::move_price::Rule;
use soko_domain::verbs::note_rivals::source_of;
use soko_pricing::guard::{Facts, MARKET_AGE_MS_MAX, MARKET_SOURCES_MIN, market_band, market_median};
use soko_projection::read::{self, ProductFound};
use soko_projection::rivals::{self, Certain, RivalFound};
use soko_record_log::StoreError;

use super::Asking;
use crate::failure::NotDone;
use crate::options::Now;
use crate::prices::{self, Market};
use crate::rivals::{Fit, Here, fit};

const DAY_MS: i64 = 86_400_000;
/// Cells that are shown of each column.
const CELLS_SHOWN: usize = 3;

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

/// What taking a table would do.
pub(super) fn table(
    asking: &mut Asking<'_>,
    source: &str,
    bytes: &[u8],
    choice: Option<&RivalChoice>,
) -> Result<View, NotDone> {
    let Now { at_ms, offset_minutes, .. } = asking.now;
    let here = Here { log: asking.log, at_ms, offset_minutes };
    let source = source_of(source).unwrap_or_default();
    let fitted = fit(asking.tx, here, (&source, bytes), choice)?;
    let mut groups: BTreeMap<RivalFit, RivalGroup> = BTreeMap::new();
    for (row, fit) in &fitted.rows {
        let (fit, product, percent) = match fit {
            Fit::Certain(Certain::Barcode(product)) => (RivalFit::Barcode, Some(*product), 0),
            Fit::Certain(Certain::Said(product)) => (RivalFit::Said, Some(*product), 0),
            Fit::Certain(Certain::NotHere) => (RivalFit::NotHere, None, 0),
            Fit::Certain(Certain::Unknown) => (RivalFit::Unknown, None, 0),
            Fit::Like(product, percent) => (RivalFit::Like, Some(*product), *percent),
        };
        let group = groups.entry(fit).or_insert_with(|| RivalGroup { fit, count: 0, rows: Vec::new() });
        group.count = group.count.saturating_add(1);
        if group.rows.len() < RIVAL_ROWS_SHOWN_MAX {
            group.rows.push(their_row(asking, row, (product, percent))?);
        }
    }
    let problem = |it: RivalProblem| RivalProblemRow { line: it.line, trouble: it.trouble, value: it.value };
    let column = |(at, header): (usize, &String)| ImportColumn {
        header: header.clone(),
        samples: fitted.table.samples(at, CELLS_SHOWN),
    };
    Ok(View::Rivals(Box::new(RivalsView {
        columns: fitted.table.headers.iter().enumerate().map(column).collect(),
        is_enough: fitted.reading.is_enough(),
        choice: RivalChoice { fields: fitted.reading.fields, decimal: fitted.reading.decimal },
        problems_count: u32::try_from(fitted.problems.len()).unwrap_or(u32::MAX),
        problems: fitted.problems.into_iter().take(RIVAL_ROWS_SHOWN_MAX).map(problem).collect(),
        groups: groups.into_values().collect(),
    })))
}

fn their_row(
    asking: &mut Asking<'_>,
    row: &TheirRow,
    (product, percent): (Option<ProductId>, u8),
) -> Result<TheirRowView, StoreError> {
    let found = match product {
        Some(product) => read::product(asking.tx, asking.log, product)?,
        None => None,
    };
    Ok(TheirRowView {
        line: row.line,
        key: row.key.clone(),
        name: row.name.clone(),
        price_minor: row.price_minor,
        currency: row.currency.to_string(),
        product,
        product_name: found.map(|found| found.name).unwrap_or_default(),
        percent,
    })
}
