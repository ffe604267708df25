//! What reports read: sums over a period of business days, for one stall. A report costs what its rows cost, not what
//! its sales do.

use std::collections::BTreeMap;

use soko_domain::basket::TenderKind;
use soko_domain::calendar::BusinessDay;
use soko_domain::entry::FillCause;
use soko_domain::ids::{AuthorId, LogId, PersonId, ProductId, ThingId};
use soko_domain::money::Ppm;
use soko_domain::purse::PurseKind;
use soko_domain::quantity::Unit;
use soko_domain::stock::Account;
use soko_domain::tax::{TaxMode, TaxRate};
use soko_record_log::{Param, Row, StoreError, ToParam as _, Tx, params};

use crate::figures::{Goods, Hour, Paid, Restated, Taxed, month};

/// Business days, both of them included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    pub from: i32,
    pub to: i32,
}

/// `cast(coalesce(sum(a), 0) as bigint), …`
fn sums(columns: &[&str]) -> String {
    let sums: Vec<String> =
        columns.iter().map(|column| format!("cast(coalesce(sum({column}), 0) as bigint)")).collect();
    sums.join(", ")
}

fn values(row: &Row, first: usize, count: usize) -> Result<Vec<i64>, StoreError> {
    (first..first + count).map(|column| row.int(column)).collect()
}

fn hour_of(row: &Row, first: usize) -> Result<Hour, StoreError> {
    let values = values(row, first, Hour::COLUMNS.len())?;
    Hour::from_values(&values).ok_or_else(|| StoreError::Corrupt("a row of figures is too short".into()))
}

/// Sums over a period, grouped by what `by` selects, in its order. One row over all if it selects nothing.
fn hours_by(
    tx: &mut dyn Tx,
    (log, period): (LogId, Period),
    by: &str,
    until: Option<Until>,
) -> Result<Vec<Row>, StoreError> {
    let last = until.map_or(u8::MAX, |until| until.last);
    let sums = sums(Hour::COLUMNS);
    let (select, group) = if by.is_empty() {
        (sums, String::new())
    } else {
        let count = by.split(", ").count();
        let places: Vec<String> = (1..=count).map(|place| place.to_string()).collect();
        let places = places.join(", ");
        (format!("{by}, {sums}"), format!("group by {places} order by {places}"))
    };
    tx.query(
        &format!(
            "select {select} from figure_hour
             where log = $1 and business_day >= $2 and business_day <= $3 and hour <= $4 {group}"
        ),
        params![log, period.from, period.to, last],
    )
}

/// How far into a business day: the last hour of it, counted from the midnight with which its date begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Until {
    pub last: u8,
}

/// All of a period, or each of its days only so far.
pub fn total(tx: &mut dyn Tx, of: (LogId, Period), until: Option<Until>) -> Result<Hour, StoreError> {
    hours_by(tx, of, "", until)?.first().map_or(Ok(Hour::default()), |row| hour_of(row, 0))
}

/// Day by day, those on which nothing happened left out.
pub fn days(tx: &mut dyn Tx, of: (LogId, Period)) -> Result<Vec<(i32, Hour)>, StoreError> {
    let rows = hours_by(tx, of, "business_day", None)?;
    rows.iter().map(|row| Ok((row.number(0)?, hour_of(row, 1)?))).collect()
}

/// By weekday of the business day, Monday as 0, and hour, counted from the midnight with which the date of that day begins.
pub fn week(tx: &mut dyn Tx, of: (LogId, Period)) -> Result<Vec<(u8, u8, Hour)>, StoreError> {
    // 1970-01-01 was a Thursday.
    let rows = hours_by(tx, of, "(business_day % 7 + 10) % 7, hour", None)?;
    rows.iter().map(|row| Ok((row.number(0)?, row.number(1)?, hour_of(row, 2)?))).collect()
}

pub fn registers(tx: &mut dyn Tx, of: (LogId, Period)) -> Result<Vec<(AuthorId, Hour)>, StoreError> {
    let rows = hours_by(tx, of, "register", None)?;
    said(rows.iter().map(|row| Ok((row.id(0)?, hour_of(row, 1)?))))
}

/// Without rows of nothing but zeros: what was added there was taken away again.
fn said<K, V: Default + PartialEq>(
    rows: impl Iterator<Item = Result<(K, V), StoreError>>,
) -> Result<Vec<(K, V)>, StoreError> {
    rows.filter(|row| row.as_ref().map_or(true, |(_, sums)| *sums != V::default())).collect()
}

/// Nobody stands for sales where nobody had said who they were.
pub fn people(tx: &mut dyn Tx, of: (LogId, Period)) -> Result<Vec<(Option<PersonId>, Hour)>, StoreError> {
    let rows = hours_by(tx, of, "person", None)?;
    let person = |row: &Row| {
        let person = PersonId(row.id(0)?);
        Ok(((person != PersonId::default()).then_some(person), hour_of(row, 1)?))
    };
    said(rows.iter().map(person))
}

pub fn paid(tx: &mut dyn Tx, (log, period): (LogId, Period)) -> Result<Vec<(TenderKind, Paid)>, StoreError> {
    let rows = tx.query(
        &format!(
            "select kind, {} from figure_tender where log = $1 and business_day >= $2 and business_day <= $3
             group by kind order by kind",
            sums(Paid::COLUMNS)
        ),
        params![log, period.from, period.to],
    )?;
    let paid = |row: &Row| {
        let kind = TenderKind::from_number(row.number(0)?);
        let kind = kind.ok_or_else(|| StoreError::Corrupt("a way to pay is unknown".into()))?;
        Ok((kind, Paid::from_values(&values(row, 1, Paid::COLUMNS.len())?).unwrap_or_default()))
    };
    said(rows.iter().map(paid))
}

/// How many gift cards were sold, and for how much.
pub fn cards_sold(tx: &mut dyn Tx, (log, period): (LogId, Period)) -> Result<(i64, i64), StoreError> {
    let row = tx.query_one(
        "select count(*), cast(coalesce(sum(units), 0) as bigint) from purse_entry
         where log = $1 and kind = $2 and filled = 1 and cause = $3 and business_day >= $4 and business_day <= $5",
        params![
            log,
            PurseKind::GiftCard.number(),
            FillCause::Bought.number(),
            period.from,
            period.to
        ],
    )?;
    Ok((row.int(0)?, row.int(1)?))
}

pub fn taxed(tx: &mut dyn Tx, (log, period): (LogId, Period)) -> Result<Vec<(TaxRate, Taxed)>, StoreError> {
    let rows = tx.query(
        &format!(
            "select ppm, mode, label, {} from figure_tax
             where log = $1 and business_day >= $2 and business_day <= $3
             group by ppm, mode, label order by ppm desc, mode, label",
            sums(Taxed::COLUMNS)
        ),
        params![log, period.from, period.to],
    )?;
    let taxed = |row: &Row| {
        let mode = TaxMode::from_number(row.number(1)?);
        let mode = mode.ok_or_else(|| StoreError::Corrupt("a kind of tax is unknown".into()))?;
        let rate = TaxRate { ppm: Ppm(row.number(0)?), mode, label: row.text(2)?.into() };
        Ok((rate, Taxed::from_values(&values(row, 3, Taxed::COLUMNS.len())?).unwrap_or_default()))
    };
    said(rows.iter().map(taxed))
}

/// By product, in no order that means anything. Amounts without a product stand under none. Whole months are read as
/// months, see [`parts`].
pub fn goods(
    tx: &mut dyn Tx,
    (log, period): (LogId, Period),
) -> Result<Vec<(Option<ProductId>, Goods)>, StoreError> {
    let last = tx.query_opt(
        "select at from figure_product where log = $1 and grain = 1 order by at desc limit 1",
        params![log],
    )?;
    let until = last.map_or(Ok(i32::MIN), |row| row.number(0))?;
    let mut wanted = vec![log.to_param()];
    let mut ranges = Vec::new();
    // Nothing lies behind that day.
    for part in
        parts(period, until).into_iter().filter(|part| part.grain != 1 || part.from <= i64::from(until))
    {
        let first = wanted.len() + 1;
        wanted.extend([Param::Int(part.grain), Param::Int(part.from), Param::Int(part.to)]);
        let sign = if part.sign < 0 { "-" } else { "" };
        let columns: Vec<String> =
            Goods::COLUMNS.iter().map(|column| format!("{sign}{column} as {column}")).collect();
        ranges.push(format!(
            "select product, {} from figure_product
             where log = $1 and grain = ${first} and at >= ${} and at <= ${}",
            columns.join(", "),
            first + 1,
            first + 2
        ));
    }
    if ranges.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.query(
        &format!(
            "select product, {} from ({}) as parts group by product order by product",
            sums(Goods::COLUMNS),
            ranges.join(" union all ")
        ),
        &wanted,
    )?;
    let goods = |row: &Row| {
        let product = ProductId(row.id(0)?);
        let goods = Goods::from_values(&values(row, 1, Goods::COLUMNS.len())?).unwrap_or_default();
        Ok(((product != ProductId::default()).then_some(product), goods))
    };
    let mut goods = rows.iter().map(goods).collect::<Result<Vec<_>, StoreError>>()?;
    // Those that only moved on days that were taken off again.
    goods.retain(|(_, sums)| *sums != Goods::default());
    Ok(goods)
}

/// One product, day by day.
pub fn goods_days(
    tx: &mut dyn Tx,
    (log, period): (LogId, Period),
    product: ProductId,
) -> Result<Vec<(i32, Goods)>, StoreError> {
    let rows = tx.query(
        &format!(
            "select at, {} from figure_product
             where log = $1 and grain = 1 and at >= $2 and at <= $3 and product = $4 order by at",
            Goods::COLUMNS.join(", ")
        ),
        params![log, period.from, period.to, product],
    )?;
    let day = |row: &Row| {
        Ok((row.number(0)?, Goods::from_values(&values(row, 1, Goods::COLUMNS.len())?).unwrap_or_default()))
    };
    rows.iter().map(day).collect()
}

/// Rows of products that a period adds up, first and last included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// -1: they are taken off again.
    pub sign: i64,
    pub grain: i64,
    pub from: i64,
    pub to: i64,
}

impl Part {
    fn days(sign: i64, from: i32, to: i32) -> Self {
        Self { sign, grain: 1, from: i64::from(from), to: i64::from(to) }
    }
}

/// A period by whole months; where it begins or ends inside of one, the days of it that belong, or the month without
/// those that do not: whichever are fewer. Behind `until` there are hardly any rows, so that days there count as none: of a time up to
/// today the last month is read as a month.
pub fn parts(period: Period, until: i32) -> Vec<Part> {
    let begins = |month: i32| month_begins(month).unwrap_or(i32::MAX);
    let read = |from: i32, to: i32| to.min(until).saturating_sub(from).saturating_add(1).max(0);
    let Period { from, to } = period;
    let (mut first, mut last) = (month(from), month(to));
    let (before, behind) = (begins(first), begins(last + 1));
    let (outside_before, outside_behind) = (read(before, from - 1), read(to + 1, behind - 1));
    let mut parts = Vec::new();
    if first == last && read(from, to) <= outside_before.saturating_add(outside_behind) {
        return vec![Part::days(1, from, to)];
    }
    if first != last && read(from, begins(first + 1) - 1) < outside_before {
        parts.push(Part::days(1, from, begins(first + 1) - 1));
        first += 1;
    } else if before < from {
        parts.push(Part::days(-1, before, from - 1));
    }
    if first <= last && month(from) != last && read(begins(last), to) < outside_behind {
        parts.push(Part::days(1, begins(last), to));
        last -= 1;
    } else if to < behind - 1 {
        parts.push(Part::days(-1, to + 1, behind - 1));
    }
    if first > last {
        return vec![Part::days(1, from, to)];
    }
    parts.push(Part { sign: 1, grain: 2, from: i64::from(first), to: i64::from(last) });
    parts
}

/// The business day with which a month begins, counted as [`month`] does.
fn month_begins(month: i32) -> Option<i32> {
    let (year, month) = (i64::from(month.div_euclid(12)), i64::from(month.rem_euclid(12)) + 1);
    BusinessDay::from_civil(soko_domain::calendar::Civil { year, month, day: 1 }).map(BusinessDay::days)
}

/// By hour, counted from the midnight with which the date of a business day begins.
pub fn hours(tx: &mut dyn Tx, of: (LogId, Period)) -> Result<Vec<(u8, Hour)>, StoreError> {
    let rows = hours_by(tx, of, "hour", None)?;
    rows.iter().map(|row| Ok((row.number(0)?, hour_of(row, 1)?))).collect()
}

/// What a later day changed of a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RestatedDay {
    pub business_day: i32,
    /// When this place was told.
    pub told_day: i32,
    pub sums: Restated,
}

/// The days of a period that changed once they were over, those told of last first.
pub fn restated(
    tx: &mut dyn Tx,
    (log, period): (LogId, Period),
    rows: u32,
) -> Result<Vec<RestatedDay>, StoreError> {
    let rows = tx.query(
        &format!(
            "select business_day, told_day, {} from figure_restated
             where log = $1 and business_day >= $2 and business_day <= $3
             order by told_day desc, business_day desc limit $4",
            Restated::COLUMNS.join(", ")
        ),
        params![log, period.from, period.to, rows],
    )?;
    let day = |row: &Row| {
        let sums = Restated::from_values(&values(row, 2, Restated::COLUMNS.len())?).unwrap_or_default();
        Ok(RestatedDay { business_day: row.number(0)?, told_day: row.number(1)?, sums })
    };
    rows.iter().map(day).collect()
}

/// What a report says of a product beside its figures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProductBrief {
    pub product: ProductId,
    pub name: String,
    pub unit: Unit,
    pub price_per: i64,
    pub cost_minor: Option<i64>,
    pub is_archived: bool,
    pub categories: Vec<ThingId>,
}

/// Every product, in no order that means anything.
pub fn products(tx: &mut dyn Tx, log: LogId) -> Result<Vec<ProductBrief>, StoreError> {
    let rows = tx.query(
        "select product, name, unit, price_per, cost_minor, archived, categories from product
         where log = $1 order by product",
        params![log],
    )?;
    let brief = |row: &Row| {
        let unit = Unit::from_number(row.number(2)?);
        let categories = row.blob_opt(6)?.unwrap_or_default();
        Ok(ProductBrief {
            product: ProductId(row.id(0)?),
            name: row.text(1)?.into(),
            unit: unit.ok_or_else(|| StoreError::Corrupt("a unit is unknown".into()))?,
            price_per: row.int(3)?,
            cost_minor: row.int_opt(4)?,
            is_archived: row.bool(5)?,
            categories: categories.chunks_exact(16).filter_map(ThingId::from_slice).collect(),
        })
    };
    rows.iter().map(brief).collect()
}

/// How many units of each product are at the stall.
pub fn here(tx: &mut dyn Tx, log: LogId) -> Result<BTreeMap<ProductId, i64>, StoreError> {
    let rows = tx.query(
        "select product, account, cast(coalesce(sum(quantity), 0) as bigint) from balance
         where log = $1 group by product, account order by product, account",
        params![log],
    )?;
    let mut here: BTreeMap<ProductId, i64> = BTreeMap::new();
    for row in &rows {
        let account = Account::from_parts(row.number(1)?, [0; 16]);
        if account.is_some_and(Account::is_here) {
            let sum = here.entry(ProductId(row.id(0)?)).or_default();
            *sum = sum.saturating_add(row.int(2)?);
        }
    }
    Ok(here)
}

/// What one customer bought, as the period sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CustomerFigures {
    pub customer: ThingId,
    /// The days of the first and of the last purchase before the period ended.
    pub first_day: i32,
    pub last_day: i32,
    /// Within the period.
    pub sales: i64,
    pub revenue_minor: i64,
}

/// Everybody who had bought by the end of the period: customers by name, and whoever had an order handed over. Sales that were
/// voided count for nobody. It costs what customers and their days in the period cost, and not what sales do.
pub fn customers(
    tx: &mut dyn Tx,
    (log, period): (LogId, Period),
) -> Result<Vec<CustomerFigures>, StoreError> {
    let days = "from figure_customer d
         where d.log = c.log and d.grain = 1 and d.customer = c.customer and d.at <= $3";
    let rows = tx.query(
        &format!(
            "select * from (select c.customer,
               (select d.at {days} and d.sales > 0 order by d.at limit 1) as first_day,
               (select d.at {days} and d.sales > 0 order by d.at desc limit 1) as last_day,
               (select cast(coalesce(sum(d.sales), 0) as bigint) {days} and d.at >= $2) as sales,
               (select cast(coalesce(sum(d.revenue_minor), 0) as bigint) {days} and d.at >= $2) as revenue_minor
             from figure_customer c where c.log = $1 and c.grain = 3) as bought
             where first_day is not null order by customer"
        ),
        params![log, period.from, period.to],
    )?;
    let found = |row: &Row| {
        Ok(CustomerFigures {
            customer: row.id(0)?,
            first_day: row.number(1)?,
            last_day: row.number(2)?,
            sales: row.int(3)?,
            revenue_minor: row.int(4)?,
        })
    };
    rows.iter().map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        text.parse::<BusinessDay>().unwrap().days()
    }

    fn part(sign: i64, grain: i64, from: i32, to: i32) -> Part {
        Part { sign, grain, from: i64::from(from), to: i64::from(to) }
    }

    #[test]
    fn a_period_is_months_and_as_few_days_as_can_be() {
        let november = month(day("2026-11-01"));
        for (from, to, expected) in [
            ("2026-11-08", "2026-11-11", vec![part(1, 1, day("2026-11-08"), day("2026-11-11"))]),
            (
                "2026-11-02",
                "2026-11-29",
                vec![
                    part(-1, 1, day("2026-11-01"), day("2026-11-01")),
                    part(-1, 1, day("2026-11-30"), day("2026-11-30")),
                    part(1, 2, november, november),
                ],
            ),
            ("2026-11-01", "2026-11-30", vec![part(1, 2, november, november)]),
            ("2026-11-01", "2026-12-31", vec![part(1, 2, november, november + 1)]),
            (
                "2026-10-31",
                "2026-12-30",
                vec![
                    part(1, 1, day("2026-10-31"), day("2026-10-31")),
                    part(-1, 1, day("2026-12-31"), day("2026-12-31")),
                    part(1, 2, november, november + 1),
                ],
            ),
            ("2026-11-30", "2026-12-01", vec![part(1, 1, day("2026-11-30"), day("2026-12-01"))]),
        ] {
            assert_eq!(parts(Period { from: day(from), to: day(to) }, i32::MAX), expected, "{from} {to}");
        }
        // Nothing was sold behind the ninth.
        let (from, to) = (day("2025-12-01"), day("2026-11-09"));
        let whole = part(1, 2, november - 11, november);
        let rest = part(-1, 1, to + 1, day("2026-11-30"));
        assert_eq!(parts(Period { from, to }, to), [rest, whole]);
    }

    #[test]
    fn every_day_of_a_period_counts_once_and_no_other() {
        let first = day("2027-12-20");
        let all = (0..80).flat_map(|from| (from..80).map(move |to| (first + from, first + to)));
        for (from, to, until) in
            all.flat_map(|(from, to)| [i32::MIN, from, to, i32::MAX].map(|it| (from, to, it)))
        {
            let mut counted = BTreeMap::new();
            for part in parts(Period { from, to }, until) {
                let days = (first - 60..first + 160).filter(|day| {
                    let at = if part.grain == 1 { *day } else { month(*day) };
                    (part.from..=part.to).contains(&i64::from(at))
                });
                days.for_each(|day| *counted.entry(day).or_insert(0) += part.sign);
            }
            counted.retain(|_, times| *times != 0);
            let expected: BTreeMap<i32, i64> = (from..=to).map(|day| (day, 1)).collect();
            assert_eq!(counted, expected, "{from} {to} {until}");
        }
    }
}
