//! What the operator of a market sees: sums over all stalls, from the same rows as each stall's own figures. No customer
//! and no person stands in them.

use serde::Serialize;
use soko_domain::ids::{LogId, ProductId};
use soko_projection::read_figures::{self as facts, Period};
use soko_record_log::{Row, StoreError, Tx, params};
use utoipa::ToSchema;

/// Stalls and products in a list.
const TOP_ROWS: u32 = 10;
/// Currencies that are shown, those with most sales first.
const CURRENCIES_MAX: u32 = 8;
pub const DAYS_MAX: u16 = 366;
const MS_PER_DAY: i64 = 86_400_000;
/// After midnight.
const DAY_ENDS_MS: i64 = 4 * 3_600_000;

/// All stalls over some business days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct MarketFigures {
    pub at_ms: i64,
    /// Business days, both included, since 1970.
    pub from: i32,
    pub to: i32,
    /// Nothing is added up across currencies.
    pub currencies: Vec<CurrencyFigures>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct CurrencyFigures {
    pub currency: String,
    /// Digits behind the point of an amount.
    pub decimals: u32,
    /// Stalls that sold.
    pub stalls: i64,
    pub sales: i64,
    /// Pieces sold, less those that came back; what is weighed or poured is not counted in pieces.
    pub pieces: i64,
    pub revenue_minor: i64,
    pub refunded_minor: i64,
    /// Orders of the web shop placed in that time, and what they come to.
    pub orders: i64,
    pub orders_minor: i64,
    pub top_stalls: Vec<StallFigures>,
    pub top_products: Vec<ProductFigures>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct StallFigures {
    pub stall: String,
    pub name: String,
    pub sales: i64,
    pub pieces: i64,
    pub revenue_minor: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct ProductFigures {
    pub stall: String,
    pub stall_name: String,
    pub product: String,
    pub name: String,
    /// Sales in which it stood, once for each line.
    pub lines: i64,
    pub units: i64,
    pub revenue_minor: i64,
}

/// One business day of a stall, or of one of its products.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct DayFigures {
    pub business_day: i32,
    pub sales: i64,
    pub revenue_minor: i64,
}

/// The last so many business days, as UTC sees them, and until the hour at which stalls end theirs if they chose no other:
/// what is sold after midnight counts for the evening before. Where it is already tomorrow, tomorrow is among them.
pub fn period(now_ms: i64, days: u16) -> Period {
    let today = i32::try_from((now_ms - DAY_ENDS_MS).div_euclid(MS_PER_DAY)).unwrap_or(0);
    let days = i32::from(days.clamp(1, DAYS_MAX));
    Period { from: today - days + 1, to: today + 1 }
}

pub fn market(tx: &mut dyn Tx, now_ms: i64, days: u16) -> Result<MarketFigures, StoreError> {
    let period = period(now_ms, days);
    let rows = tx.query(
        "select p.currency, count(distinct p.log), cast(sum(f.sales) as bigint),
           cast(sum(f.revenue_minor) as bigint), cast(sum(f.refunded_minor) as bigint)
         from stall_profile p join figure_hour f
           on f.log = p.log and f.business_day >= $1 and f.business_day <= $2
         group by p.currency order by 3 desc, p.currency limit $3",
        params![period.from, period.to, CURRENCIES_MAX],
    )?;
    let mut currencies = Vec::new();
    for row in &rows {
        let currency = row.text(0)?.to_owned();
        let (orders, orders_minor) = orders(tx, period, &currency)?;
        let known = soko_domain::money::Currency::parse(&currency);
        currencies.push(CurrencyFigures {
            decimals: known.map_or(0, |known| u32::from(known.exponent())),
            stalls: row.int(1)?,
            sales: row.int(2)?,
            revenue_minor: row.int(3)?,
            refunded_minor: row.int(4)?,
            pieces: pieces(tx, period, &currency)?,
            orders,
            orders_minor,
            top_stalls: top_stalls(tx, period, &currency)?,
            top_products: top_products(tx, period, &currency)?,
            currency,
        });
    }
    Ok(MarketFigures { at_ms: now_ms, from: period.from, to: period.to, currencies })
}

fn pieces(tx: &mut dyn Tx, period: Period, currency: &str) -> Result<i64, StoreError> {
    let row = tx.query_one(
        "select cast(coalesce(sum(f.units - f.restocked_units), 0) as bigint)
         from stall_profile p join figure_product f
           on f.log = p.log and f.grain = 1 and f.at >= $1 and f.at <= $2
         join product g on g.log = f.log and g.product = f.product
         where p.currency = $3 and g.unit = 1",
        params![period.from, period.to, currency],
    )?;
    row.int(0)
}

fn orders(tx: &mut dyn Tx, period: Period, currency: &str) -> Result<(i64, i64), StoreError> {
    let (from, to) = (i64::from(period.from) * MS_PER_DAY, (i64::from(period.to) + 1) * MS_PER_DAY);
    let row = tx.query_one(
        "select count(*), cast(coalesce(sum(o.total_minor), 0) as bigint)
         from stall_profile p join orders o on o.log = p.log and o.at_ms >= $1 and o.at_ms < $2
         where o.placed = 1 and o.currency = $3",
        params![from, to, currency],
    )?;
    Ok((row.int(0)?, row.int(1)?))
}

fn top_stalls(tx: &mut dyn Tx, period: Period, currency: &str) -> Result<Vec<StallFigures>, StoreError> {
    let rows = tx.query(
        "select p.log, p.name, cast(sum(f.sales) as bigint), cast(sum(f.revenue_minor) as bigint), coalesce((
           select cast(sum(u.units - u.restocked_units) as bigint) from figure_product u
           join product g on g.log = u.log and g.product = u.product and g.unit = 1
           where u.log = p.log and u.grain = 1 and u.at >= $1 and u.at <= $2), 0)
         from stall_profile p join figure_hour f
           on f.log = p.log and f.business_day >= $1 and f.business_day <= $2
         where p.currency = $3 group by p.log, p.name order by 4 desc, p.log limit $4",
        params![period.from, period.to, currency, TOP_ROWS],
    )?;
    let stall = |row: &Row| {
        Ok(StallFigures {
            stall: LogId(row.id(0)?).to_string(),
            name: row.text(1)?.into(),
            sales: row.int(2)?,
            revenue_minor: row.int(3)?,
            pieces: row.int(4)?,
        })
    };
    rows.iter().map(stall).collect()
}

fn top_products(tx: &mut dyn Tx, period: Period, currency: &str) -> Result<Vec<ProductFigures>, StoreError> {
    let rows = tx.query(
        "select f.log, p.name, f.product, g.name, cast(sum(f.lines) as bigint),
           cast(sum(f.units - f.restocked_units) as bigint), cast(sum(f.revenue_minor) as bigint)
         from stall_profile p join figure_product f
           on f.log = p.log and f.grain = 1 and f.at >= $1 and f.at <= $2
         join product g on g.log = f.log and g.product = f.product
         where p.currency = $3 group by f.log, p.name, f.product, g.name order by 7 desc, f.product limit $4",
        params![period.from, period.to, currency, TOP_ROWS],
    )?;
    let product = |row: &Row| {
        Ok(ProductFigures {
            stall: LogId(row.id(0)?).to_string(),
            stall_name: row.text(1)?.into(),
            product: ProductId(row.id(2)?).to_string(),
            name: row.text(3)?.into(),
            lines: row.int(4)?,
            units: row.int(5)?,
            revenue_minor: row.int(6)?,
        })
    };
    rows.iter().map(product).collect()
}

/// A stall day by day, or one of its products; days without anything are left out.
pub fn days(
    tx: &mut dyn Tx,
    stall: LogId,
    product: Option<ProductId>,
    period: Period,
) -> Result<Vec<DayFigures>, StoreError> {
    let Some(product) = product else {
        let days = facts::days(tx, (stall, period))?;
        let day = |(business_day, hour): (i32, soko_projection::figures::Hour)| DayFigures {
            business_day,
            sales: hour.sales,
            revenue_minor: hour.revenue_minor,
        };
        return Ok(days.into_iter().map(day).collect());
    };
    let days = facts::goods_days(tx, (stall, period), product)?;
    let day = |(business_day, goods): (i32, soko_projection::figures::Goods)| DayFigures {
        business_day,
        sales: goods.lines,
        revenue_minor: goods.revenue_minor,
    };
    Ok(days.into_iter().map(day).collect())
}
