//! Every stall and every product over some days, and not only the ten that brought most: found by name, in portions, what is left
//! after refunds first. A portion goes on behind the row that was shown last.

use std::cmp::Reverse;
use std::fmt;

use serde::Serialize;
use soko_domain::ids::{LogId, ProductId};
use soko_projection::folded;
use soko_record_log::{Param, StoreError, ToParam as _, Tx, params};
use utoipa::ToSchema;

use super::{
    CURRENCIES_MAX, CurrencyFigures, Days, GOODS_SUMS, ProductFigures, StallFigures, product_figures,
    stall_figures,
};

/// What somebody wants of a list.
#[derive(Clone, Debug)]
pub struct Asked {
    pub days: u16,
    /// Nothing is put in order across currencies; without a word it is that of most stalls.
    pub currency: Option<String>,
    /// A part of the name; accents and capitals do not matter.
    pub search: String,
    pub after: After,
    pub limit: usize,
}

/// The row that was shown last. Of a list of stalls there is no product in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct After {
    net_minor: i64,
    stall: LogId,
    product: ProductId,
}

impl After {
    /// Before everything.
    pub const NOTHING: Self =
        Self { net_minor: i64::MAX, stall: LogId([0; 16]), product: ProductId([0; 16]) };

    /// As it was shown.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (net_minor, stall, product) = (parts.next()?, parts.next()?, parts.next()?);
        let after = Self {
            net_minor: net_minor.parse().ok()?,
            stall: LogId::from_hex(stall)?,
            product: ProductId::from_hex(product)?,
        };
        parts.next().is_none().then_some(after)
    }

    fn place(&self) -> (Reverse<i64>, LogId, ProductId) {
        (Reverse(self.net_minor), self.stall, self.product)
    }
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.net_minor, self.stall, self.product)
    }
}

/// What amounts are in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Money {
    pub currency: String,
    /// Digits behind the point of an amount.
    pub decimals: u32,
    /// Of all stalls, those of most stalls first.
    pub currencies: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct SoldStalls {
    #[serde(flatten)]
    pub money: Money,
    /// Those that sold nothing among them.
    pub stalls: Vec<StallFigures>,
    /// Where the next portion begins; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct SoldProducts {
    #[serde(flatten)]
    pub money: Money,
    /// What is on offer, and what moved in these days.
    pub products: Vec<ProductFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

pub fn sold_stalls(tx: &mut dyn Tx, now_ms: i64, asked: &Asked) -> Result<SoldStalls, StoreError> {
    let money = money(tx, asked)?;
    let days = Days::read(tx, now_ms, asked.days)?;
    let rows = days.ask_with(
        tx,
        params![money.currency],
        ", sold as (
           select f.log, sum(f.sales) as sales, sum(f.revenue_minor) as revenue_minor,
             sum(f.refunded_minor) as refunded_minor, sum(f.returned_minor) as returned_minor
           from open p cross join figure_hour f
           where p.currency = $1 and f.log = p.log and f.business_day >= p.from_day and f.business_day <= p.to_day
           group by f.log)
         select o.currency, o.log, o.name, cast(coalesce(t.sales, 0) as bigint),
           cast(coalesce(t.revenue_minor, 0) as bigint), cast(coalesce(t.refunded_minor, 0) as bigint),
           cast(coalesce(t.revenue_minor - t.refunded_minor, 0) as bigint),
           cast(coalesce(t.returned_minor, 0) as bigint)
         from open o left join sold t on t.log = o.log where o.currency = $1",
    )?;
    let search = folded(&asked.search);
    let mut found = Vec::new();
    for row in &rows {
        let at = After { net_minor: row.int(6)?, stall: row.id(1)?, product: ProductId::default() };
        if at.place() > asked.after.place() && folded(row.text(2)?).contains(&search) {
            found.push((at, stall_figures(row)?));
        }
    }
    let (mut found, next) = portion(found, asked.limit);
    add_pieces(tx, &days, &mut found)?;
    let stalls = found.into_iter().map(|(_, stall)| stall).collect();
    Ok(SoldStalls { money, stalls, next })
}

pub fn sold_products(tx: &mut dyn Tx, now_ms: i64, asked: &Asked) -> Result<SoldProducts, StoreError> {
    let money = money(tx, asked)?;
    let After { net_minor, stall, product } = asked.after;
    let (like, limit) = (containing(&folded(&asked.search)), asked.limit + 1);
    let rows = Days::read(tx, now_ms, asked.days)?.ask_with(
        tx,
        params![money.currency, like, net_minor, stall, product, limit],
        &format!(", goods as materialized (
           select f.log, f.product, {GOODS_SUMS}
           from open o cross join parts p cross join figure_product f
           where o.currency = $1 and p.log = o.log
             and f.log = p.log and f.grain = p.grain and f.at = p.at
           group by f.log, f.product),
         shown as (
           select log, product, sum(lines) as lines, sum(units) as units, sum(units_returned) as units_returned,
             sum(revenue_minor) as revenue_minor, sum(refunded_minor) as refunded_minor,
             sum(revenue_minor - refunded_minor) as net_minor
           from (
             select log, product, lines, units, units_returned, revenue_minor, refunded_minor from goods
             union all
             select g.log, g.product, 0, 0, 0, 0, 0 from open o cross join product g
             where o.currency = $1 and g.log = o.log and g.archived = 0 and g.folded like $2 escape '!') as every
           group by log, product)
         select o.currency, o.log, o.name, g.product, g.name, cast(t.lines as bigint), cast(t.units as bigint),
           cast(t.units_returned as bigint), cast(t.revenue_minor as bigint), cast(t.refunded_minor as bigint),
           cast(t.net_minor as bigint)
         from shown t cross join open o cross join product g
         where o.log = t.log and g.log = t.log and g.product = t.product and g.folded like $2 escape '!'
           and (t.net_minor < cast($3 as bigint) or t.net_minor = cast($3 as bigint) and (t.log, t.product) > ($4, $5))
         order by t.net_minor desc, t.log, t.product limit $6"),
    )?;
    let mut found = Vec::new();
    for row in &rows {
        let at = After { net_minor: row.int(10)?, stall: row.id(1)?, product: row.id(3)? };
        found.push((at, product_figures(row, at.product)?));
    }
    let (found, next) = portion(found, asked.limit);
    let products = found.into_iter().map(|(_, product)| product).collect();
    Ok(SoldProducts { money, products, next })
}

/// The first of them, and where the next portion begins: each question had answered those of its own stalls.
fn portion<T>(mut found: Vec<(After, T)>, limit: usize) -> (Vec<(After, T)>, Option<String>) {
    found.sort_by_key(|(at, _)| at.place());
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|(at, _)| at.to_string());
    (found, next)
}

/// What is weighed or poured is not counted in pieces.
fn add_pieces(tx: &mut dyn Tx, days: &Days, stalls: &mut [(After, StallFigures)]) -> Result<(), StoreError> {
    let logs: Vec<LogId> = stalls.iter().map(|(at, _)| at.stall).collect();
    if logs.is_empty() {
        return Ok(());
    }
    let wanted: Vec<Param<'_>> = logs.iter().map(|log| log.to_param()).collect();
    let places: Vec<String> = (1..=logs.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        ", goods as (
           select f.log, f.product, sum(p.sign * (f.units - f.returned_units)) as units,
             sum(p.sign * f.returned_units) as units_returned
           from parts p cross join figure_product f
           where p.log in ({}) and f.log = p.log and f.grain = p.grain and f.at = p.at
           group by f.log, f.product)
         select t.log, cast(sum(t.units) as bigint), cast(sum(t.units_returned) as bigint)
         from goods t join product g on g.log = t.log and g.product = t.product where g.unit = 1 group by t.log",
        places.join(", ")
    );
    for row in days.ask_with(tx, &wanted, &sql)? {
        let log: LogId = row.id(0)?;
        if let Some((_, stall)) = stalls.iter_mut().find(|(at, _)| at.stall == log) {
            (stall.pieces, stall.pieces_returned) = (row.int(1)?, row.int(2)?);
        }
    }
    Ok(())
}

/// A pattern for what contains these letters, whichever they are.
fn containing(letters: &str) -> String {
    let mut like = String::from("%");
    for letter in letters.chars() {
        if matches!(letter, '!' | '%' | '_') {
            like.push('!');
        }
        like.push(letter);
    }
    like + "%"
}

fn money(tx: &mut dyn Tx, asked: &Asked) -> Result<Money, StoreError> {
    let rows = tx.query(
        "select currency, count(*) from stall_profile where currency <> '' group by currency
         order by 2 desc, 1 limit $1",
        params![CURRENCIES_MAX],
    )?;
    let currencies = rows.iter().map(|row| Ok(row.text(0)?.to_owned()));
    let currencies = currencies.collect::<Result<Vec<_>, StoreError>>()?;
    let currency = asked.currency.clone().or_else(|| currencies.first().cloned()).unwrap_or_default();
    let CurrencyFigures { currency, decimals, .. } = CurrencyFigures::of(&currency);
    Ok(Money { currency, decimals, currencies })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_list_goes_on_is_read_as_it_was_shown_and_nothing_else_is() {
        let after = After { net_minor: -7, stall: LogId([0xab; 16]), product: ProductId([1; 16]) };
        assert_eq!(After::parse(&after.to_string()), Some(after));
        let long = format!("{after}.0");
        for wrong in
            ["", "1", "1.ab.cd", "x.00000000000000000000000000000000.00000000000000000000000000000000", &long]
        {
            assert_eq!(After::parse(wrong), None, "{wrong}");
        }
        assert_eq!(containing("100% j_!"), "%100!% j!_!!%");
    }
}
