//! What the operator of a market sees: sums over all stalls, from the same rows as each stall's own figures. No customer
//! and no person stands in them.

mod days;
mod lists;
mod shared;
mod shelves;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;
use soko_domain::ids::{LogId, ProductId};
use soko_projection::read_figures as facts;
use soko_record_log::{Row, StoreError, Tx};

pub use days::DAYS_MAX;
use days::Days;
pub(crate) use days::{Clock, offset, today};
pub use lists::{After, Asked, SoldProducts, SoldStalls, sold_products, sold_stalls};
pub(crate) use shared::{Reading, Shared};
pub use shelves::{Buyers, Shelves, buyers, shelves};
use utoipa::ToSchema;

/// Stalls and products in a list.
const TOP_ROWS: usize = 10;
/// Currencies that are shown, those with most sales first.
const CURRENCIES_MAX: usize = 8;

/// All stalls over some business days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct MarketFigures {
    pub at_ms: i64,
    /// Business days since 1970, both included: each stall's own, so that east and west may differ by one.
    pub from: i32,
    pub to: i32,
    /// Nothing is added up across currencies.
    pub currencies: Vec<CurrencyFigures>,
}

#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, ToSchema)]
pub struct CurrencyFigures {
    pub currency: String,
    /// Digits behind the point of an amount.
    pub decimals: u32,
    /// Stalls that sold.
    pub stalls: i64,
    pub sales: i64,
    /// Pieces sold, less those that were given back; what is weighed or poured is not counted in pieces.
    pub pieces: i64,
    pub pieces_returned: i64,
    pub revenue_minor: i64,
    /// Given back in that time.
    pub refunded_minor: i64,
    /// Revenue less what was given back in that time.
    pub net_minor: i64,
    /// What came back until now of what was sold in that time.
    pub returned_minor: i64,
    /// Orders of the web shop placed in that time, and what they come to.
    pub orders: i64,
    pub orders_minor: i64,
    pub top_stalls: Vec<StallFigures>,
    pub top_products: Vec<ProductFigures>,
}

impl CurrencyFigures {
    /// Nothing yet.
    fn of(code: &str) -> Self {
        let known = soko_domain::money::Currency::parse(code);
        Self {
            currency: code.to_owned(),
            decimals: known.map_or(0, |known| u32::from(known.exponent())),
            ..Self::default()
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct StallFigures {
    pub stall: String,
    pub name: String,
    pub sales: i64,
    pub pieces: i64,
    pub pieces_returned: i64,
    pub revenue_minor: i64,
    pub refunded_minor: i64,
    pub net_minor: i64,
    pub returned_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct ProductFigures {
    pub stall: String,
    pub stall_name: String,
    pub product: String,
    pub name: String,
    /// Sales in which it stood, once for each line.
    pub lines: i64,
    /// Sold, less what was given back.
    pub units: i64,
    pub units_returned: i64,
    pub revenue_minor: i64,
    pub refunded_minor: i64,
    pub net_minor: i64,
}

/// One business day of a stall, or of one of its products.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct DayFigures {
    pub business_day: i32,
    pub sales: i64,
    pub revenue_minor: i64,
    pub net_minor: i64,
    /// By how much a stall's revenue of the day changed once it was over; and the last day on which it did.
    pub restated_minor: i64,
    pub restated_day: Option<i32>,
}

/// The figures, and until when they are of the days that are meant.
pub fn market(tx: &mut dyn Tx, now_ms: i64, days: u16) -> Result<(MarketFigures, i64), StoreError> {
    let days = Days::read(tx, now_ms, days)?;
    let mut currencies = by_currency(&stalls(tx, &days)?)?;
    add_goods(&mut currencies, &goods(tx, &days)?)?;
    add_orders(&mut currencies, &orders(tx, &days)?)?;
    let mut currencies: Vec<CurrencyFigures> = currencies.into_values().collect();
    currencies.sort_by(|a, b| b.sales.cmp(&a.sales).then_with(|| a.currency.cmp(&b.currency)));
    currencies.truncate(CURRENCIES_MAX);
    let span = days.span();
    Ok((MarketFigures { at_ms: now_ms, from: span.from, to: span.to, currencies }, days.ends_ms()))
}

/// Stalls that sold, those that kept most first.
fn stalls(tx: &mut dyn Tx, days: &Days) -> Result<Vec<Row>, StoreError> {
    let rows = days.ask(
        tx,
        "select p.currency, p.log, p.name, cast(sum(f.sales) as bigint), cast(sum(f.revenue_minor) as bigint),
           cast(sum(f.refunded_minor) as bigint), cast(sum(f.revenue_minor - f.refunded_minor) as bigint),
           cast(sum(f.returned_minor) as bigint)
         from open p cross join figure_hour f
         where f.log = p.log and f.business_day >= p.from_day and f.business_day <= p.to_day
         group by p.currency, p.log, p.name",
    )?;
    let place = |row: &Row| Ok::<_, StoreError>((Reverse(row.int(6)?), LogId(row.id(1)?)));
    let mut placed: Vec<((Reverse<i64>, LogId), Row)> =
        rows.into_iter().map(|row| Ok((place(&row)?, row))).collect::<Result<_, StoreError>>()?;
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, row)| row).collect())
}

/// Where a row belongs whose first column is a currency.
fn of_currency<'a>(
    currencies: &'a mut BTreeMap<String, CurrencyFigures>,
    row: &Row,
) -> Result<&'a mut CurrencyFigures, StoreError> {
    Ok(currencies.entry(row.text(0)?.to_owned()).or_insert_with_key(|code| CurrencyFigures::of(code)))
}

fn by_currency(stalls: &[Row]) -> Result<BTreeMap<String, CurrencyFigures>, StoreError> {
    let mut currencies = BTreeMap::new();
    for row in stalls {
        let of = of_currency(&mut currencies, row)?;
        let stall = stall_figures(row)?;
        of.stalls += 1;
        of.sales += stall.sales;
        of.revenue_minor += stall.revenue_minor;
        of.refunded_minor += stall.refunded_minor;
        of.net_minor += stall.net_minor;
        of.returned_minor += stall.returned_minor;
        if of.top_stalls.len() < TOP_ROWS {
            of.top_stalls.push(stall);
        }
    }
    Ok(currencies)
}

/// A row of a currency, a stall, its name and its sums, without its pieces.
fn stall_figures(row: &Row) -> Result<StallFigures, StoreError> {
    Ok(StallFigures {
        stall: LogId(row.id(1)?).to_string(),
        name: row.text(2)?.into(),
        sales: row.int(3)?,
        pieces: 0,
        pieces_returned: 0,
        revenue_minor: row.int(4)?,
        refunded_minor: row.int(5)?,
        net_minor: row.int(6)?,
        returned_minor: row.int(7)?,
    })
}

/// A row of a currency, a stall, its name, a product, its name and its sums.
fn product_figures(row: &Row, product: ProductId) -> Result<ProductFigures, StoreError> {
    let (revenue_minor, refunded_minor) = (row.int(8)?, row.int(9)?);
    Ok(ProductFigures {
        stall: LogId(row.id(1)?).to_string(),
        stall_name: row.text(2)?.into(),
        product: product.to_string(),
        name: row.text(4)?.into(),
        lines: row.int(5)?,
        units: row.int(6)?,
        units_returned: row.int(7)?,
        revenue_minor,
        refunded_minor,
        net_minor: revenue_minor.saturating_sub(refunded_minor),
    })
}

/// What is added up of a product's days: sign and part of the days are those of `parts`.
const GOODS_SUMS: &str = "cast(sum(p.sign * f.lines) as bigint) as lines,
             cast(sum(p.sign * (f.units - f.returned_units)) as bigint) as units,
             cast(sum(p.sign * f.returned_units) as bigint) as units_returned,
             cast(sum(p.sign * f.revenue_minor) as bigint) as revenue_minor,
             cast(sum(p.sign * f.refunded_minor) as bigint) as refunded_minor";

/// The products of each currency that kept most, in that order, and each stall's pieces; what is added up for them is
/// added up once. Whole months are read as months.
fn goods(tx: &mut dyn Tx, days: &Days) -> Result<Vec<Row>, StoreError> {
    let select = format!(
        ", goods as materialized (
           select f.log, f.product, {GOODS_SUMS}
           from parts p cross join figure_product f
           where f.log = p.log and f.grain = p.grain and f.at = p.at
           group by f.log, f.product),
         named as (
           select o.currency, o.name as stall_name, t.*, g.name, g.unit
           from goods t cross join product g cross join open o
           where g.log = t.log and g.product = t.product and o.log = t.log
             and (t.lines <> 0 or t.units <> 0 or t.revenue_minor <> 0 or t.refunded_minor <> 0)),
         ranked as (
           select n.*, row_number() over
             (partition by n.currency order by n.revenue_minor - n.refunded_minor desc, n.product) as place
           from named n)
         select currency, log, stall_name, product, name, cast(lines as bigint), cast(units as bigint),
           cast(units_returned as bigint), cast(revenue_minor as bigint), cast(refunded_minor as bigint), place
         from ranked where place <= {TOP_ROWS}
         union all
         select currency, log, '', null, '', 0, cast(sum(units) as bigint), cast(sum(units_returned) as bigint), 0, 0, 0
         from named where unit = 1 group by currency, log
         order by 1, 11"
    );
    days.ask(tx, &select)
}

fn add_goods(currencies: &mut BTreeMap<String, CurrencyFigures>, rows: &[Row]) -> Result<(), StoreError> {
    for row in rows {
        // A product that moved in a time without a sale, such as one that only came back.
        let of = of_currency(currencies, row)?;
        let Some(product) = row.id_opt::<ProductId>(3)? else {
            let stall = LogId(row.id(1)?).to_string();
            let (units, units_returned) = (row.int(6)?, row.int(7)?);
            of.pieces += units;
            of.pieces_returned += units_returned;
            if let Some(top) = of.top_stalls.iter_mut().find(|top| top.stall == stall) {
                (top.pieces, top.pieces_returned) = (units, units_returned);
            }
            continue;
        };
        of.top_products.push(product_figures(row, product)?);
    }
    // Each question names the best of its own stalls.
    for of in currencies.values_mut() {
        of.top_products.sort_by(|a, b| (b.net_minor, &a.product).cmp(&(a.net_minor, &b.product)));
        of.top_products.truncate(TOP_ROWS);
    }
    Ok(())
}

fn orders(tx: &mut dyn Tx, days: &Days) -> Result<Vec<Row>, StoreError> {
    days.ask(
        tx,
        "select p.currency, count(*), cast(sum(o.total_minor) as bigint)
         from open p join orders o on o.log = p.log and o.at_ms >= p.begins_ms
         where o.placed = 1 and o.currency = p.currency group by p.currency",
    )
}

fn add_orders(currencies: &mut BTreeMap<String, CurrencyFigures>, rows: &[Row]) -> Result<(), StoreError> {
    for row in rows {
        // Ordered before the first sale of the day.
        let of = of_currency(currencies, row)?;
        of.orders = of.orders.saturating_add(row.int(1)?);
        of.orders_minor = of.orders_minor.saturating_add(row.int(2)?);
    }
    Ok(())
}

/// A stall day by day, or one of its products; days without anything are left out.
pub fn days(
    tx: &mut dyn Tx,
    (stall, product): (LogId, Option<ProductId>),
    now_ms: i64,
    days: u16,
) -> Result<Vec<DayFigures>, StoreError> {
    let period = days::of_stall(tx, stall, now_ms, days)?;
    let Some(product) = product else {
        let days = facts::days(tx, (stall, period))?;
        let restated = facts::restated(tx, (stall, period), u32::MAX)?;
        let day = |(business_day, hour): (i32, soko_projection::figures::Hour)| {
            let changes = || restated.iter().filter(|of| of.business_day == business_day);
            DayFigures {
                business_day,
                sales: hour.sales,
                revenue_minor: hour.revenue_minor,
                net_minor: hour.revenue_minor.saturating_sub(hour.refunded_minor),
                restated_minor: changes().fold(0, |sum, of| sum.saturating_add(of.sums.revenue_minor)),
                restated_day: changes().map(|of| of.told_day).max(),
            }
        };
        return Ok(days.into_iter().map(day).collect());
    };
    let days = facts::goods_days(tx, (stall, period), product)?;
    let day = |(business_day, goods): (i32, soko_projection::figures::Goods)| DayFigures {
        business_day,
        sales: goods.lines,
        revenue_minor: goods.revenue_minor,
        net_minor: goods.revenue_minor.saturating_sub(goods.refunded_minor),
        restated_minor: 0,
        restated_day: None,
    };
    Ok(days.into_iter().map(day).collect())
}
