//! Figures by product and category: what brought most, what lies there, what it earned as far as its cost is known.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use soko_app_api::{GoodsRow, GoodsView, MarginSums, Span, View};
use soko_domain::ids::{ProductId, ThingId};
use soko_domain::money::{Rounding, div_round};
use soko_domain::quantity::Unit;
use soko_projection::figures::Goods;
use soko_projection::read as trade;
use soko_projection::read_figures::{self as facts, ProductBrief};
use soko_record_log::StoreError;

use super::Asking;
use super::figures::{Shown, may_see};

/// Rows of each list.
const ROWS_MAX: usize = 50;
const CATEGORIES_MAX: usize = 1_000;
const PPM: i128 = 1_000_000;

pub(super) fn view(asking: &mut Asking<'_>, span: Option<Span>) -> Result<View, StoreError> {
    if !may_see(asking)? {
        return Ok(View::ForManagers);
    }
    let of = Shown::of(asking, span)?;
    let log = asking.log;
    let products = facts::products(asking.tx, log)?;
    let here = facts::here(asking.tx, log)?;
    let mut sold: BTreeMap<Option<ProductId>, Goods> = BTreeMap::new();
    sold.extend(facts::goods(asking.tx, (log, of.period))?);
    let mut rows: Vec<Weighed<'_>> = Vec::new();
    for brief in &products {
        let goods = sold.remove(&Some(brief.product)).unwrap_or_default();
        let here = here.get(&brief.product).copied().unwrap_or(0);
        rows.push(Weighed { id: Some(brief.product), brief: Some(brief), goods, here });
    }
    // Amounts without a product, and products that nothing is known of any more.
    rows.extend(sold.into_iter().map(|(id, goods)| Weighed { id, brief: None, goods, here: 0 }));
    let days = of.span.days();
    let row = |weighed: &&Weighed<'_>| weighed.row(days);
    let mut by_amount: Vec<&Weighed<'_>> = rows.iter().filter(|row| row.has_moved()).collect();
    by_amount.sort_by_key(|row| (Reverse(row.kept()), row.id));
    let mut by_rest: Vec<&Weighed<'_>> = rows.iter().filter(|row| row.may_be_slow()).collect();
    by_rest.sort_by_key(|row| (row.units().max(0), Reverse(row.worth()), Reverse(row.here), row.id));
    Ok(View::Goods(Box::new(GoodsView {
        currency: of.currency,
        span: of.span,
        margin: margin(&rows),
        top: by_amount.iter().take(ROWS_MAX).map(row).collect(),
        slow: by_rest.iter().take(ROWS_MAX).map(row).collect(),
        categories: categories(asking, &rows, days)?,
    })))
}

/// A product with what it did.
struct Weighed<'p> {
    id: Option<ProductId>,
    brief: Option<&'p ProductBrief>,
    goods: Goods,
    here: i64,
}

impl Weighed<'_> {
    fn has_moved(&self) -> bool {
        self.goods != Goods::default()
    }

    fn may_be_slow(&self) -> bool {
        self.here > 0 && self.brief.is_some_and(|brief| !brief.is_archived)
    }

    fn units(&self) -> i64 {
        self.goods.units.saturating_sub(self.goods.restocked_units)
    }

    fn kept(&self) -> i64 {
        self.goods.revenue_minor.saturating_sub(self.goods.refunded_minor)
    }

    /// Without taxes.
    fn net(&self) -> i64 {
        let taxes = self.goods.tax_minor.saturating_sub(self.goods.refunded_tax_minor);
        self.kept().saturating_sub(taxes)
    }

    /// Units of which nobody said what they cost as they were sold.
    fn units_of_today(&self) -> i64 {
        self.units().saturating_sub(self.goods.costed_units)
    }

    /// What those cost that were sold before costs were kept, or while nobody knew: as the product is said to cost today.
    fn cost_of_today(&self) -> Option<i64> {
        match self.units_of_today() {
            0 => Some(0),
            units => self.cost_of(units),
        }
    }

    /// What so many units cost, at what the product is said to cost today.
    fn cost_of(&self, units: i64) -> Option<i64> {
        let brief = self.brief?;
        let whole = i128::from(units) * i128::from(brief.cost_minor?);
        div_round(whole, i128::from(brief.price_per.max(1)), Rounding::HalfUp)
    }

    /// What was sold had cost, as far as that was kept.
    fn cost(&self) -> Option<i64> {
        let is_unknown =
            self.goods.costed_units == 0 && self.brief.is_none_or(|brief| brief.cost_minor.is_none());
        if is_unknown {
            return None;
        }
        Some(self.goods.cost_minor.saturating_add(self.cost_of_today()?))
    }

    fn worth(&self) -> Option<i64> {
        self.cost_of(self.here.max(0))
    }

    fn row(&self, days: i32) -> GoodsRow {
        let margin_minor =
            self.cost().filter(|_| self.has_moved()).map(|cost| self.net().saturating_sub(cost));
        GoodsRow {
            product: self.id,
            name: self.brief.map(|brief| brief.name.clone()).unwrap_or_default(),
            unit: self.brief.map_or(Unit::Piece, |brief| brief.unit),
            units: self.units(),
            kept_minor: self.kept(),
            margin_minor,
            margin_ppm: margin_minor.and_then(|margin| ppm(margin, self.net())),
            here: self.here,
            worth_minor: self.worth(),
            days_left: days_left(self.here, self.units(), days),
        }
    }
}

fn ppm(part: i64, whole: i64) -> Option<i64> {
    div_round(i128::from(part) * PPM, i128::from(whole), Rounding::HalfUp).filter(|_| whole > 0)
}

/// Whole days, rounded down: whoever reads it buys in time.
fn days_left(here: i64, units: i64, days: i32) -> Option<i64> {
    if units <= 0 {
        return None;
    }
    let left = i128::from(here.max(0)) * i128::from(days) / i128::from(units);
    i64::try_from(left).ok()
}

fn margin(rows: &[Weighed<'_>]) -> MarginSums {
    let mut sums = MarginSums::default();
    for row in rows {
        match row.cost().filter(|_| row.has_moved()) {
            Some(cost) => {
                sums.known_minor = sums.known_minor.saturating_add(row.net());
                sums.cost_minor = sums.cost_minor.saturating_add(cost);
                let of_today = row.cost_of_today().unwrap_or(0);
                sums.cost_today_minor = sums.cost_today_minor.saturating_add(of_today);
            }
            None => sums.unknown_minor = sums.unknown_minor.saturating_add(row.net()),
        }
        match row.worth() {
            Some(worth) => sums.stock_minor = sums.stock_minor.saturating_add(worth),
            None => sums.stock_unknown += i64::from(row.here > 0),
        }
    }
    sums.margin_minor = sums.known_minor.saturating_sub(sums.cost_minor);
    sums.margin_ppm = ppm(sums.margin_minor, sums.known_minor);
    sums
}

fn categories(asking: &mut Asking<'_>, rows: &[Weighed<'_>], days: i32) -> Result<Vec<GoodsRow>, StoreError> {
    let names: BTreeMap<ThingId, String> = trade::categories(asking.tx, asking.log, CATEGORIES_MAX)?
        .into_iter()
        .map(|found| (found.category, found.name))
        .collect();
    let mut sums: BTreeMap<ThingId, Vec<&Weighed<'_>>> = BTreeMap::new();
    for row in rows {
        for category in row.brief.iter().flat_map(|brief| &brief.categories) {
            sums.entry(*category).or_default().push(row);
        }
    }
    let mut found = Vec::new();
    for (category, rows) in sums {
        let Some(name) = names.get(&category) else { continue };
        found.push(together(name, &rows, days));
    }
    found.sort_by_key(|row| Reverse(row.kept_minor));
    Ok(found)
}

/// Units of several products are added up only where all are counted in the same.
fn together(name: &str, rows: &[&Weighed<'_>], days: i32) -> GoodsRow {
    let parts: Vec<GoodsRow> = rows.iter().map(|row| row.row(days)).collect();
    let unit = parts.first().map_or(Unit::Piece, |row| row.unit);
    let is_one_unit = parts.iter().all(|row| row.unit == unit);
    let sum = |of: fn(&GoodsRow) -> i64| parts.iter().map(of).fold(0, i64::saturating_add);
    let known: Vec<i64> = parts.iter().filter_map(|row| row.margin_minor).collect();
    let margin_minor =
        (!known.is_empty()).then(|| known.iter().fold(0_i64, |sum, one| sum.saturating_add(*one)));
    let known_net = rows.iter().filter(|row| row.has_moved() && row.cost().is_some()).map(|row| row.net());
    GoodsRow {
        product: None,
        name: name.into(),
        unit,
        units: if is_one_unit { sum(|row| row.units) } else { 0 },
        kept_minor: sum(|row| row.kept_minor),
        margin_minor,
        margin_ppm: margin_minor.and_then(|margin| ppm(margin, known_net.fold(0, i64::saturating_add))),
        here: if is_one_unit { sum(|row| row.here) } else { 0 },
        worth_minor: None,
        days_left: None,
    }
}
