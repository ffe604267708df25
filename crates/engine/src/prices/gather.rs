//! Days of sales, out of the tables: what sold at which price, and how much of the day it could be bought.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_pricing::guard::MARKET_AGE_MS_MAX;
use soko_pricing::history::{Day, HOURS, History, Hours, WEEKDAYS, weekday};
use soko_pricing::suggest::EVERY_DAY;
use soko_projection::read::{self, ProductFound};
use soko_projection::read_prices::{self as facts, SoldOn};
use soko_projection::rivals::{self, RivalSeenAt};
use soko_record_log::{StoreError, Tx};

use super::{DAYS, market};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: f64 = 3_600_000.0;
/// On which weekdays a stall opens is told by so many days.
const LATELY_DAYS: i32 = 8 * 7;
/// Something taken off from so many parts of a hundred on is a promotion.
const PROMOTED: i64 = 5;

/// All that is learnt from.
pub(super) struct Gathered {
    pub(super) products: Vec<Seen>,
    pub(super) hours: Hours,
    /// Whether anything ever sold in each hour of the day; all of them where nothing sold at all.
    pub(super) sells: [bool; HOURS],
    /// On which part of its days of each weekday the stall opened lately.
    pub(super) opens: [f64; WEEKDAYS],
    /// Today's prices of all that sells, for how they end.
    pub(super) prices: Vec<i64>,
}

/// One product's days.
pub(super) struct Seen {
    pub(super) product: ProductId,
    pub(super) group: u32,
    pub(super) days: Vec<Day>,
    /// The logarithm of what others usually asked.
    pub(super) others: Option<f64>,
}

impl Seen {
    pub(super) fn history(&self) -> History<'_> {
        History { group: self.group, days: &self.days }
    }
}

/// When the stall was open on a business day: from when until when, in UTC, with the minutes east of it.
pub(super) type Open = BTreeMap<i32, Vec<(i64, i64, i32)>>;

pub(super) fn gather(
    tx: &mut dyn Tx,
    log: LogId,
    today: i32,
    (most, is_wished): (usize, &dyn Fn(ProductId) -> bool),
) -> Result<Gathered, StoreError> {
    let from = today.saturating_sub(DAYS);
    let last = today.saturating_sub(1);
    let open = open_times(tx, log, (from, last))?;
    let lines = facts::lines_by_hour(tx, log, (from, last))?;
    let hours = hours(&lines, &open);
    let sells =
        |hour| lines.is_empty() || lines.iter().any(|(of, sold)| usize::from(*of) == hour && *sold > 0);
    let sells = std::array::from_fn(sells);
    let mut sold: BTreeMap<ProductId, BTreeMap<i32, SoldOn>> = BTreeMap::new();
    for row in facts::sold(tx, log, (from, last))? {
        // Amounts without a product have no price.
        if row.product != ProductId::default() {
            sold.entry(row.product).or_default().insert(row.day, row);
        }
    }
    let changes = changes(tx, log, (from, last))?;
    let first_ms = i64::from(from).saturating_mul(DAY_MS).saturating_sub(MARKET_AGE_MS_MAX);
    let rivals = rivals::seen_since(tx, log, first_ms)?;
    let brought = sold
        .iter()
        .map(|(product, days)| (days.values().map(|day| day.revenue_minor).sum::<i64>(), *product))
        .collect();
    let mut groups: BTreeMap<ThingId, u32> = BTreeMap::new();
    let (mut products, mut prices) = (Vec::new(), Vec::new());
    for product in looked_at(brought, most, is_wished) {
        let Some(found) = read::product(tx, log, product)?.filter(|found| !found.archived) else { continue };
        prices.push(found.price_minor);
        let next = u32::try_from(groups.len() + 1).unwrap_or(u32::MAX);
        let group = found.categories.first().map_or(0, |category| *groups.entry(*category).or_insert(next));
        let changes = changes.get(&product).map_or(&[][..], Vec::as_slice);
        let around = Around { open: &open, hours: &hours, last, changes };
        let stock = Stock::read(tx, log, product, &open)?;
        let nothing = BTreeMap::new();
        let mut days = days(&found, sold.get(&product).unwrap_or(&nothing), &stock, &around);
        let others = rivals.get(&product).and_then(|seen| note_others(&mut days, &found, seen, &open));
        products.push(Seen { product, group, days, others });
    }
    Ok(Gathered { products, hours, sells, opens: opens(&open, last), prices })
}

/// Those that brought most, and behind them whatever the owner wishes to be looked at.
fn looked_at(
    mut brought: Vec<(i64, ProductId)>,
    most: usize,
    is_wished: &dyn Fn(ProductId) -> bool,
) -> Vec<ProductId> {
    brought.sort_unstable_by(|a, b| b.cmp(a));
    let places = brought.into_iter().enumerate();
    places.filter(|(at, (_, product))| *at < most || is_wished(*product)).map(|(_, it)| it.1).collect()
}

struct Around<'a> {
    open: &'a Open,
    hours: &'a Hours,
    last: i32,
    changes: &'a [Change],
}

/// What a product's price became: the moment, the price, and for how much of it where that is written.
type Change = (i64, i64, Option<i64>);

/// What prices became, by themselves, by a tap, by hand or from a list, the oldest first.
fn changes(
    tx: &mut dyn Tx,
    log: LogId,
    (from, last): (i32, i32),
) -> Result<BTreeMap<ProductId, Vec<Change>>, StoreError> {
    let mut changes: BTreeMap<ProductId, Vec<Change>> = BTreeMap::new();
    for (product, at_ms, _, _, to) in facts::moves_since(tx, log, from)? {
        changes.entry(product).or_default().push((at_ms, to, None));
    }
    for (at_ms, set) in facts::sets_within(tx, log, (from, last))? {
        changes.entry(set.product).or_default().push((at_ms, set.to_minor, Some(set.to_per)));
    }
    for changes in changes.values_mut() {
        changes.sort_by_key(|(at_ms, ..)| *at_ms);
    }
    Ok(changes)
}

/// A product's days, from the first on which it sold. A day without a sale has the price that stood, whoever made it that.
fn days(found: &ProductFound, sold: &BTreeMap<i32, SoldOn>, stock: &Stock, around: &Around<'_>) -> Vec<Day> {
    let Some(first) = sold.keys().next() else { return Vec::new() };
    let mut changes = around.changes.iter().map(|change| (change.0, for_as_much(found, change))).peekable();
    let mut price = None;
    let mut days = Vec::new();
    for (day, times) in around.open.range(*first..=around.last) {
        let begins = times.first().map_or(i64::MIN, |(from, ..)| *from);
        let ends = times.last().map_or(i64::MIN, |(_, to, _)| *to);
        while let Some((_, to)) = changes.next_if(|(at_ms, _)| *at_ms <= begins) {
            price = Some(to);
        }
        let of_day: Vec<(i64, i64)> =
            std::iter::from_fn(|| changes.next_if(|(at_ms, _)| *at_ms < ends)).collect();
        let row = sold.get(day).filter(|row| row.units > 0);
        let asked = row.and_then(|row| asked(found, row));
        let stood = price.filter(|_| !days.is_empty()).map(|price| stood(price, &of_day, times));
        if let Some(price_minor) = asked.or(stood) {
            let exposure: f64 =
                times.iter().map(|(from, to, offset)| stock.there(around.hours, (*from, *to), *offset)).sum();
            let units = row.map_or(0, |row| row.units) as f64 / found.price_per.max(1) as f64;
            days.push(Day {
                day: *day,
                price_minor,
                sold: short(units),
                // What sold was there, whatever the records say of stock.
                exposure: short(if units > 0.0 { exposure.max(0.05) } else { exposure }),
                rival: 0.0,
                is_promoted: row.is_some_and(is_promoted),
            });
        }
        // It holds from then on, also where nothing is sold at it.
        price = of_day.last().map(|(_, to)| *to).or(asked).or(price);
    }
    days
}

fn is_promoted(row: &SoldOn) -> bool {
    row.discount_minor.saturating_mul(100)
        >= row.revenue_minor.saturating_add(row.discount_minor).saturating_mul(PROMOTED)
        && row.discount_minor > 0
}

/// What a price became, for as much of the product as its price is for now.
fn for_as_much(found: &ProductFound, (_, to_minor, per): &Change) -> i64 {
    let Some(per) = per.filter(|per| *per > 0 && *per != found.price_per) else { return *to_minor };
    let (per, now) = (i128::from(per), i128::from(found.price_per));
    i64::try_from((i128::from(*to_minor) * now + per / 2) / per).unwrap_or(*to_minor)
}

/// The price that stood while a drawer was open, on average over that time: the first one, and from each moment on another.
fn stood(price: i64, changes: &[(i64, i64)], times: &[(i64, i64, i32)]) -> i64 {
    let begins = std::iter::once((i64::MIN, price)).chain(changes.iter().copied());
    let ends = changes.iter().map(|(at_ms, _)| *at_ms).chain([i64::MAX]);
    let (mut money, mut open_ms) = (0_i128, 0_i128);
    for ((begins, price), ends) in begins.zip(ends) {
        for (from, to, _) in times {
            let part = i128::from((*to).min(ends).saturating_sub((*from).max(begins)).max(0));
            money += part * i128::from(price);
            open_ms += part;
        }
    }
    if open_ms == 0 { price } else { i64::try_from((money + open_ms / 2) / open_ms).unwrap_or(price) }
}

/// What others asked at the end of each day over what they usually asked, which is the answer.
fn note_others(days: &mut [Day], found: &ProductFound, seen: &[RivalSeenAt], open: &Open) -> Option<f64> {
    let ends = |day: &Day| open.get(&day.day).and_then(|times| times.last()).map_or(0, |(_, to, _)| *to);
    let medians = market::medians(seen, super::quote(found), days.iter().map(ends));
    let usual = market::usual(&medians)?;
    for (day, median) in days.iter_mut().zip(medians) {
        day.rival = median.map_or(0.0, |median| short(median - usual));
    }
    Some(usual)
}

#[expect(clippy::cast_possible_truncation, reason = "a history keeps floats of four bytes")]
fn short(number: f64) -> f32 {
    number as f32
}

/// The price that was asked, on average, before anything came off it.
fn asked(found: &ProductFound, row: &SoldOn) -> Option<i64> {
    let tax = if found.tax_inclusive { 0 } else { row.tax_minor };
    let money = i128::from(row.revenue_minor) + i128::from(row.discount_minor) - i128::from(tax);
    let units = i128::from(row.units);
    let price = (money * i128::from(found.price_per) + units / 2) / units;
    i64::try_from(price).ok().filter(|price| *price > 0)
}

/// Drawers that were open, put together where they overlap.
pub(super) fn open_times(tx: &mut dyn Tx, log: LogId, (from, last): (i32, i32)) -> Result<Open, StoreError> {
    let mut open = Open::new();
    for (day, opened, closed, offset) in facts::open_times(tx, log, from)? {
        // A drawer that nobody closed was open for a day at most.
        let closed = closed.unwrap_or(i64::MAX).min(opened.saturating_add(DAY_MS));
        if day <= last && closed > opened {
            open.entry(day).or_default().push((opened, closed, offset));
        }
    }
    for times in open.values_mut() {
        times.sort_unstable();
        let mut together: Vec<(i64, i64, i32)> = Vec::new();
        for (from, to, offset) in times.drain(..) {
            match together.last_mut() {
                Some(before) if from <= before.1 => before.1 = before.1.max(to),
                _ => together.push((from, to, offset)),
            }
        }
        *times = together;
    }
    Ok(open)
}

/// How often it opened on each weekday, of the weeks in which it opened at all: a holiday says nothing of the week to come. A weekday of
/// which nobody knows is taken for an open one.
fn opens(open: &Open, last: i32) -> [f64; WEEKDAYS] {
    let from = last.saturating_sub(LATELY_DAYS).saturating_add(1);
    let days: BTreeSet<i32> = open.range(from..=last).map(|(day, _)| *day).collect();
    let Some(first) = days.first() else { return EVERY_DAY };
    let monday = |day: i32| i64::from(day) - i64::try_from(weekday(day)).unwrap_or(0);
    let weeks: BTreeSet<i64> = days.iter().map(|day| monday(*day)).collect();
    let mut seen = [(0.0, 0.0); WEEKDAYS];
    for day in (*first..=last).filter(|day| weeks.contains(&monday(*day))) {
        if let Some((opened, passed)) = seen.get_mut(weekday(day)) {
            *opened += if days.contains(&day) { 1.0 } else { 0.0 };
            *passed += 1.0;
        }
    }
    seen.map(|(opened, passed)| if passed > 0.0 { opened / passed } else { 1.0 })
}

fn hours(lines: &[(u8, i64)], open: &Open) -> Hours {
    let (mut sold, mut there) = ([0.0; HOURS], [0.0; HOURS]);
    for (hour, lines) in lines {
        if let Some(sold) = sold.get_mut(usize::from(*hour)) {
            *sold = *lines as f64;
        }
    }
    for (from, to, offset) in open.values().flatten() {
        let (start, end) = (clock(*from, *offset), clock(*from, *offset) + (to - from) as f64 / HOUR_MS);
        for (hour, there) in there.iter_mut().enumerate() {
            for day in [0.0, 24.0] {
                let hour = hour as f64 + day;
                *there += (end.min(hour + 1.0) - start.max(hour)).max(0.0);
            }
        }
    }
    Hours::learn(&sold, &there)
}

/// Hours after midnight at the stall.
pub(super) fn clock(at_ms: i64, offset_minutes: i32) -> f64 {
    (at_ms + i64::from(offset_minutes) * 60_000).rem_euclid(DAY_MS) as f64 / HOUR_MS
}

/// The hour of the day at the stall.
pub(super) fn hour(at_ms: i64, offset_minutes: i32) -> usize {
    let minutes = at_ms.div_euclid(60_000) + i64::from(offset_minutes);
    usize::try_from(minutes.div_euclid(60).rem_euclid(24)).unwrap_or(0)
}

/// When there was something to sell.
struct Stock {
    /// None: nobody counts this product, so it is always there. Otherwise from each moment on how much there was, in order.
    since: Option<Vec<(i64, i64)>>,
}

impl Stock {
    fn read(tx: &mut dyn Tx, log: LogId, product: ProductId, open: &Open) -> Result<Self, StoreError> {
        let first = open.values().flatten().map(|(from, ..)| *from).min().unwrap_or(0);
        let accounts = read::accounts(tx, log, product)?;
        if accounts.is_empty() {
            return Ok(Self { since: None });
        }
        let mut left = read::expected(&accounts);
        let mut since = Vec::new();
        for (at_ms, here) in facts::stock_since(tx, log, product, first)? {
            since.push((at_ms, left));
            left = left.saturating_sub(here);
        }
        since.push((i64::MIN, left));
        since.reverse();
        // Sold without ever being taken in: the numbers are nobody's.
        let is_counted = since.iter().any(|(_, left)| *left > 0);
        Ok(Self { since: is_counted.then_some(since) })
    }

    /// The part of a usual day between two moments in which there was something.
    fn there(&self, hours: &Hours, (from, to): (i64, i64), offset: i32) -> f64 {
        let part = |from: i64, to: i64| {
            let start = clock(from, offset);
            hours.between(start, start + (to - from) as f64 / HOUR_MS)
        };
        let Some(since) = &self.since else { return part(from, to) };
        let ends = since.iter().skip(1).map(|(at, _)| *at).chain([i64::MAX]);
        let mut sum = 0.0;
        for ((begins, left), ends) in since.iter().zip(ends) {
            let (begins, ends) = ((*begins).max(from), ends.min(to));
            if *left > 0 && ends > begins {
                sum += part(begins, ends);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_owner_wishes_is_looked_at_however_little_it_brings() {
        let product = |number| ProductId([number; 16]);
        let brought = (1..6).map(|number| (i64::from(number) * 100, product(number))).collect();
        let found = looked_at(brought, 2, &|it| it == product(1));
        assert_eq!(found, [product(5), product(4), product(1)]);
    }
}
