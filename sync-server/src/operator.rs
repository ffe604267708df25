//! What the operator of a market sees: sums over all stalls, from the same rows as each stall's own figures. No customer
//! and no person stands in them.

mod days;

use serde::Serialize;
use soko_domain::ids::{LogId, ProductId};
use soko_projection::read_figures as facts;
use soko_record_log::{Row, StoreError, Tx};

pub use days::DAYS_MAX;
use days::Days;
pub(crate) use days::{offset, stamp, today};
use utoipa::ToSchema;

/// Stalls and products in a list.
const TOP_ROWS: u32 = 10;
/// Currencies that are shown, those with most sales first.
const CURRENCIES_MAX: u32 = 8;

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

pub fn market(tx: &mut dyn Tx, now_ms: i64, days: u16) -> Result<MarketFigures, StoreError> {
    let days = Days::read(tx, now_ms, days)?;
    let select = format!(
        "select p.currency, count(distinct p.log), cast(sum(f.sales) as bigint),
           cast(sum(f.revenue_minor) as bigint), cast(sum(f.refunded_minor) as bigint)
         from open p join figure_hour f
           on f.log = p.log and f.business_day >= p.from_day and f.business_day <= p.to_day
         group by p.currency order by 3 desc, p.currency limit {CURRENCIES_MAX}"
    );
    let mut currencies = Vec::new();
    for row in &days.ask(tx, "", &select)? {
        let currency = row.text(0)?.to_owned();
        let (orders, orders_minor) = orders(tx, &days, &currency)?;
        let known = soko_domain::money::Currency::parse(&currency);
        currencies.push(CurrencyFigures {
            decimals: known.map_or(0, |known| u32::from(known.exponent())),
            stalls: row.int(1)?,
            sales: row.int(2)?,
            revenue_minor: row.int(3)?,
            refunded_minor: row.int(4)?,
            pieces: pieces(tx, &days, &currency)?,
            orders,
            orders_minor,
            top_stalls: top_stalls(tx, &days, &currency)?,
            top_products: top_products(tx, &days, &currency)?,
            currency,
        });
    }
    let span = days.span();
    Ok(MarketFigures { at_ms: now_ms, from: span.from, to: span.to, currencies })
}

fn pieces(tx: &mut dyn Tx, days: &Days, currency: &str) -> Result<i64, StoreError> {
    let rows = days.ask(
        tx,
        currency,
        "select cast(coalesce(sum(f.units - f.restocked_units), 0) as bigint)
         from open p join figure_product f
           on f.log = p.log and f.grain = 1 and f.at >= p.from_day and f.at <= p.to_day
         join product g on g.log = f.log and g.product = f.product
         where g.unit = 1",
    )?;
    rows.first().map_or(Ok(0), |row| row.int(0))
}

fn orders(tx: &mut dyn Tx, days: &Days, currency: &str) -> Result<(i64, i64), StoreError> {
    let rows = days.ask(
        tx,
        currency,
        "select count(*), cast(coalesce(sum(o.total_minor), 0) as bigint)
         from open p join orders o on o.log = p.log and o.at_ms >= p.begins_ms
         where o.placed = 1 and o.currency = p.currency",
    )?;
    rows.first().map_or(Ok((0, 0)), |row| Ok((row.int(0)?, row.int(1)?)))
}

fn top_stalls(tx: &mut dyn Tx, days: &Days, currency: &str) -> Result<Vec<StallFigures>, StoreError> {
    let select = format!(
        "select p.log, p.name, cast(sum(f.sales) as bigint), cast(sum(f.revenue_minor) as bigint), coalesce((
           select cast(sum(u.units - u.restocked_units) as bigint) from figure_product u
           join product g on g.log = u.log and g.product = u.product and g.unit = 1
           where u.log = p.log and u.grain = 1 and u.at >= p.from_day and u.at <= p.to_day), 0)
         from open p join figure_hour f
           on f.log = p.log and f.business_day >= p.from_day and f.business_day <= p.to_day
         group by p.log, p.name, p.from_day, p.to_day order by 4 desc, p.log limit {TOP_ROWS}"
    );
    let rows = days.ask(tx, currency, &select)?;
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

fn top_products(tx: &mut dyn Tx, days: &Days, currency: &str) -> Result<Vec<ProductFigures>, StoreError> {
    let select = format!(
        "select f.log, p.name, f.product, g.name, cast(sum(f.lines) as bigint),
           cast(sum(f.units - f.restocked_units) as bigint), cast(sum(f.revenue_minor) as bigint)
         from open p join figure_product f
           on f.log = p.log and f.grain = 1 and f.at >= p.from_day and f.at <= p.to_day
         join product g on g.log = f.log and g.product = f.product
         group by f.log, p.name, f.product, g.name order by 7 desc, f.product limit {TOP_ROWS}"
    );
    let rows = days.ask(tx, currency, &select)?;
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
    (stall, product): (LogId, Option<ProductId>),
    now_ms: i64,
    days: u16,
) -> Result<Vec<DayFigures>, StoreError> {
    let period = days::of_stall(tx, stall, now_ms, days)?;
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
