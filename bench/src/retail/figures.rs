//! What the register's reports say of the year, beside the same figures added up from the file; and how long a report takes.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use soko_app_api::{FiguresView, GoodsView, Query, Span, View};
use soko_domain::calendar::BusinessDay;
use soko_domain::ids::ProductId;

use crate::figure::{Fault, Measured, Milli, percentile, print};
use crate::retail::data::{Kind, Trade};
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
