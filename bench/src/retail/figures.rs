//! What the register's reports say of the year, beside the same figures added up from the file; and how long a report takes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use soko_app_api::{CustomerSums, FiguresView, GoodsView, Query, Span, View};
use soko_domain::calendar::BusinessDay;
use soko_domain::ids::{ProductId, ThingId};
use soko_projection::read_figures::{self as facts, Period};
use soko_record_log::StoreError;

use crate::figure::{Fault, Measured, Milli, percentile, print};
use crate::retail::data::{Invoice, Kind, Trade};
use crate::retail::ledger::SALE_LINES;
use crate::world::Till;

const TOP: usize = 10;
const REPORTS: usize = 21;

/// Revenue by month and the products that brought most are the file's, to the cent.
pub(super) fn figures(till: &Till, trade: &Trade) -> Measured {
    let (first, last) = match trade.invoices.as_slice() {
        [first, .., last] => (first.day(), last.day()),
        _ => return Err(Fault("the file is empty".into())),
    };
    let span = Span { from: i32::try_from(first)?, to: i32::try_from(last)? };
    let (months, products) = added_up(trade)?;
    let (mut of_year, mut of_goods): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    let mut seen = None;
    for _ in 0..REPORTS {
        let started = Instant::now();
        let year = ask_year(till, span)?;
        of_year.push(started.elapsed());
        let started = Instant::now();
        let goods = ask_goods(till, span)?;
        of_goods.push(started.elapsed());
        seen = Some((year, goods));
    }
    let (year, goods) = seen.ok_or_else(|| Fault("nothing was asked".into()))?;
    let shown: Vec<(i64, i64)> =
        year.steps.iter().map(|step| (step.sums.revenue_minor, step.sums.refunded_minor)).collect();
    let wanted: Vec<(i64, i64)> = months.values().copied().collect();
    if shown != wanted {
        return Err(Fault(format!("months: the file has {wanted:?}, the register shows {shown:?}")));
    }
    let mut best: Vec<(ProductId, i64)> =
        products.into_iter().map(|(at, kept)| (till.products[at], kept)).collect();
    best.sort_by_key(|(product, kept)| (Reverse(*kept), *product));
    let top: Vec<(Option<ProductId>, i64)> =
        goods.top.iter().take(TOP).map(|row| (row.product, row.kept_minor)).collect();
    let wanted: Vec<(Option<ProductId>, i64)> =
        best.iter().take(TOP).map(|(product, kept)| (Some(*product), *kept)).collect();
    if top != wanted {
        return Err(Fault(format!("products: the file has {wanted:?}, the register shows {top:?}")));
    }
    print("figures.months_equal", "months", Milli::whole(u64::try_from(shown.len())?), None);
    print("figures.year.p50_ms", "ms", Milli::millis(percentile(&mut of_year, 50)), None);
    print("figures.goods_year.p50_ms", "ms", Milli::millis(percentile(&mut of_goods, 50)), None);
    Ok(())
}

/// What the customers bought who bought most, and how many are new, came back or stayed away, is the file's, to the cent.
pub(super) fn customers(
    till: &Till,
    trade: &Trade,
    (before, names): (&[Invoice], &BTreeMap<String, ThingId>),
) -> Measured {
    let day = |invoice: Option<&Invoice>| invoice.map_or(Ok(0), |invoice| i32::try_from(invoice.day()));
    let (first, last) = (day(trade.invoices.first())?, day(trade.invoices.last())?);
    // The last quarter, too: in a whole year nobody stays away for longer than it.
    for span in [Span { from: first, to: last }, Span { from: last - 90, to: last }] {
        let wanted = customers_of(trade, before, span)?;
        let period = Period { from: span.from, to: span.to };
        let stall = till.stall;
        let mut engine = till.home.engine()?;
        let found = engine.database().read::<_, StoreError>(|tx| facts::customers(tx, (stall, period)))?;
        drop(engine);
        let mut top: Vec<(ThingId, i64)> =
            found.iter().map(|found| (found.customer, found.revenue_minor)).collect();
        top.sort_by_key(|(customer, minor)| (Reverse(*minor), *customer));
        top.truncate(TOP);
        let named = wanted.bought.iter().map(|(name, minor)| (names.get(name).copied(), *minor));
        let mut best: Vec<(Option<ThingId>, i64)> = named.collect();
        best.sort_by_key(|(customer, minor)| (Reverse(*minor), *customer));
        best.truncate(TOP);
        let top: Vec<(Option<ThingId>, i64)> = top.into_iter().map(|(it, minor)| (Some(it), minor)).collect();
        if top != best {
            return Err(Fault(format!("customers: the file has {best:?}, the register shows {top:?}")));
        }
        let shown = ask_year(till, span)?.customers;
        if shown != wanted.sums {
            return Err(Fault(format!("customers: the file has {:?}, the register {shown:?}", wanted.sums)));
        }
    }
    print("figures.customers_equal", "customers", Milli::whole(u64::try_from(names.len())?), None);
    Ok(())
}

struct Wanted {
    /// In the span, by the number in the file.
    bought: BTreeMap<String, i64>,
    sums: CustomerSums,
}

/// From the file alone. What was sold before its first day was sold on the day before it.
fn customers_of(trade: &Trade, before: &[Invoice], span: Span) -> Measured<Wanted> {
    let mut days: BTreeMap<&str, (i32, i32)> = BTreeMap::new();
    let (mut bought, mut sums) = (BTreeMap::new(), CustomerSums::default());
    let eve = i32::try_from(trade.invoices.first().map_or(0, Invoice::day))? - 1;
    for invoice in before.iter().chain(&trade.invoices).filter(|invoice| invoice.kind == Kind::Sale) {
        let sold: Vec<_> = invoice.lines.iter().filter(|line| line.quantity > 0).collect();
        let day = if invoice.at_ms == 0 { eve } else { i32::try_from(invoice.day())? };
        if sold.is_empty() || day > span.to {
            continue;
        }
        if invoice.buyer.is_empty() {
            let is_within = day >= span.from;
            sums.unnamed += i64::try_from(sold.len().div_ceil(SALE_LINES))? * i64::from(is_within);
            continue;
        }
        let (first, last) = days.entry(&invoice.buyer).or_insert((day, day));
        (*first, *last) = (day.min(*first), day.max(*last));
        if day >= span.from {
            let minor: i64 = sold.iter().map(|line| line.total_minor()).sum();
            *bought.entry(invoice.buyer.clone()).or_insert(0) += minor;
        }
    }
    for (buyer, (first, last)) in days {
        match bought.get(buyer) {
            Some(minor) if first >= span.from => {
                (sums.new, sums.new_minor) = (sums.new + 1, sums.new_minor + minor);
            }
            Some(minor) => {
                (sums.returning, sums.returning_minor) = (sums.returning + 1, sums.returning_minor + minor);
            }
            None => sums.lapsed += i64::from(last + CustomerSums::LAPSED_DAYS <= span.to),
        }
    }
    Ok(Wanted { bought, sums })
}

/// Sold and given back by month; kept by product. From the file alone.
type AddedUp = (BTreeMap<(i64, i64), (i64, i64)>, BTreeMap<usize, i64>);

fn added_up(trade: &Trade) -> Measured<AddedUp> {
    let (mut months, mut products) = (BTreeMap::new(), BTreeMap::new());
    for invoice in &trade.invoices {
        let day = i32::try_from(invoice.day())?;
        let date = BusinessDay::from_days(day).ok_or_else(|| Fault(format!("{day} is no day")))?.civil();
        let month: &mut (i64, i64) = months.entry((date.year, date.month)).or_default();
        for line in &invoice.lines {
            match invoice.kind {
                Kind::Sale if line.quantity > 0 => month.0 += line.total_minor(),
                // A write-off.
                Kind::Sale => continue,
                Kind::Cancellation => month.1 -= line.total_minor(),
            }
            *products.entry(line.product).or_insert(0) += line.total_minor();
        }
    }
    Ok((months, products))
}

fn ask_year(till: &Till, span: Span) -> Measured<Box<FiguresView>> {
    let query = Query::Figures { stall: till.stall, span: Some(span), against: None };
    let View::Figures(view) = till.home.ask(&query)? else {
        return Err(Fault("the figures have no answer".into()));
    };
    Ok(view)
}

fn ask_goods(till: &Till, span: Span) -> Measured<Box<GoodsView>> {
    let View::Goods(view) = till.home.ask(&Query::Goods { stall: till.stall, span: Some(span) })? else {
        return Err(Fault("the goods have no answer".into()));
    };
    Ok(view)
}
