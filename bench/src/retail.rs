//! A year of real trade, sold through a register and its server: half a million lines, cancellations as refunds,
//! write-offs as counts. What the register then shows must be the data's own totals, to the cent; after that, how
//! fast the same register is with a catalogue of a hundred thousand products on top of this history.
//!
//! The data is no part of the project: `retail/online_retail.csv.xz` beside `invariants.json`, in the folder that
//! `SOKO_DATA` names, or in `../shared/data`.
//!
//! Real data is like that: stock codes are taken as they are written, a product has the first name that it ever
//! had, an invoice longer than a sale may be becomes several, an adjustment of the books (`A…`) is no trade and is
//! left out. A cancellation of something that the file never sold is of a sale before its first day: such sales
//! are made on that day, and taken off the totals again. A price below a penny counts as nothing; what is lost
//! by that is known and checked.

mod data;
mod figures;
mod ledger;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use soko_app_api::{ProductContent, Query, ReceivedLineInput, SaleLineInput, Verb, View, Window};
use tokio::runtime::Runtime;

use crate::device::{memory, pay};
use crate::figure::{Fault, Measured, Milli, percentile, print};
use crate::world::{Folder, ServerProcess, Till};
use data::{Invoice, Kind, Trade};
use ledger::{Ledger, Rights};

/// The year before the data begins, as one day.
const BEFORE_MS: i64 = 24 * 3_600 * 1_000;
const PRODUCTS: usize = 100_000;
const BASKETS: usize = 500;
const BASKET_LINES: usize = 10;
/// Rows of one question.
const ROWS: u32 = 500;
/// Lines of one delivery.
const DELIVERY_LINES: usize = 500;
const MB: u64 = 1_000_000;

pub(crate) fn retail() -> Measured {
    let Some(trade) = data::read()? else { return Ok(()) };
    let folder = Folder::new()?;
    let process = ServerProcess::start(folder.path(), None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let path = folder.path().join("till");
    let mut till = Till::with(&path, "GBP", trade.products.iter().map(content))?;
    let server = till.server(&process)?;
    runtime.block_on(till.enrol(&server))?;
    let before = sales_before(&trade);
    receive(&mut till, &trade, &before)?;
    let started = Instant::now();
    let Ledger { till, sold, refunded, customers, .. } = replay(till, &trade, &before, &runtime)?;
    let took = started.elapsed();
    let of_before =
        before.iter().flat_map(|invoice| &invoice.lines).map(data::Line::total_minor).sum::<i64>();
    check(&till, (trade.sold_minor + of_before, sold), (trade.cancelled_minor, refunded))?;
    figures::figures(&till, &trade)?;
    figures::customers(&till, &trade, (&before, &customers))?;
    print("retail.replay.seconds", "s", Milli::seconds(took), None);
    print("retail.replay.lines_per_s", "1/s", Milli::per_second(trade.lines, took), None);
    let Till { home, stall, products } = till;
    home.close()?;
    print("retail.database_mb", "MB", megabytes(&path.join("register.sqlite"))?, None);
    print("retail.memory_mb", "MB", memory(&path)?, None);
    measure(Till::fill(&path, stall, products, PRODUCTS)?, folder.path())
}

fn content(product: &data::Product) -> ProductContent {
    ProductContent { sku: product.code.clone(), ..ProductContent::piece(&product.name, product.price_minor) }
}

/// All that the year will sell comes in before it begins: this data knows no deliveries.
fn receive(till: &mut Till, trade: &Trade, before: &[Invoice]) -> Measured {
    let mut units: Vec<i64> = trade.products.iter().map(|product| product.units).collect();
    for line in before.iter().flat_map(|invoice| &invoice.lines) {
        units[line.product] += line.quantity;
    }
    let received: Vec<ReceivedLineInput> = std::iter::zip(&till.products, units)
        .filter(|(_, units)| *units > 0)
        .map(|(product, quantity)| ReceivedLineInput { product: *product, quantity, cost_minor: None })
        .collect();
    for lines in received.chunks(DELIVERY_LINES) {
        till.handle(Verb::ReceiveStock { lines: lines.to_vec(), note: String::new() })?;
    }
    Ok(())
}

/// Sells, counts and refunds in the file's order, a shift for each day; exchanges with the server every evening,
/// and before a refund whose right is the server's.
fn replay(till: Till, trade: &Trade, before: &[Invoice], runtime: &Runtime) -> Measured<Ledger> {
    let first = trade.invoices.first().ok_or_else(|| Fault("the file is empty".into()))?;
    let mut ledger = Ledger::begin(till, first.at_ms - BEFORE_MS);
    before.iter().try_for_each(|invoice| ledger.sell(invoice))?;
    let mut day = None;
    for invoice in &trade.invoices {
        if day.replace(invoice.day()).is_none_or(|before| before != invoice.day()) {
            ledger.next_day(invoice.at_ms, runtime)?;
        }
        match invoice.kind {
            Kind::Sale => ledger.sell(invoice)?,
            Kind::Cancellation => ledger.refund(invoice, runtime)?,
        }
    }
    ledger.next_day(trade.invoices.last().map_or(0, |last| last.at_ms), runtime)?;
    Ok(ledger)
}

/// What was cancelled and never sold: sales of one buyer each.
fn sales_before(trade: &Trade) -> Vec<Invoice> {
    let mut rights = Rights::default();
    let mut missing: BTreeMap<String, Invoice> = BTreeMap::new();
    for invoice in &trade.invoices {
        for line in &invoice.lines {
            match invoice.kind {
                Kind::Sale if line.quantity > 0 => rights.sold(&invoice.buyer, line, ()),
                Kind::Sale => {}
                Kind::Cancellation => {
                    let taken = rights.take(&invoice.buyer, line);
                    let left = -line.quantity - taken.iter().map(|(_, quantity)| quantity).sum::<i64>();
                    if left > 0 {
                        let before = missing.entry(invoice.buyer.clone());
                        let before = before.or_insert_with(|| Invoice::of(&invoice.buyer));
                        before.lines.push(line.of(left));
                    }
                }
            }
        }
    }
    missing.into_values().collect()
}

/// The register's own tables, against what was rung up, against the file's totals.
fn check(till: &Till, sold: (i64, i64), refunded: (i64, i64)) -> Measured {
    let mut sales = Vec::new();
    loop {
        let window = Window { offset: u32::try_from(sales.len())?, rows: ROWS };
        let View::Sales(rows) = till.home.ask(&Query::Sales { stall: till.stall, window })? else {
            return Err(Fault("the sales have no answer".into()));
        };
        let is_last = rows.len() < usize::try_from(ROWS)?;
        sales.extend(rows);
        if is_last {
            break;
        }
    }
    let shown_sold: i64 = sales.iter().map(|row| row.total_minor).sum();
    let shown_refunded: i64 = sales.iter().map(|row| row.refunded_minor).sum();
    let off = (shown_sold - sold.0).abs() + (shown_refunded - refunded.0).abs();
    print("retail.sales", "sales", Milli::whole(u64::try_from(sales.len())?), None);
    print("retail.off_by_minor", "minor units", Milli::whole(off.unsigned_abs()), None);
    if off == 0 && sold.0 == sold.1 && refunded.0 == refunded.1 {
        return Ok(());
    }
    Err(Fault(format!(
        "the file, what was rung up and the register: {sold:?} and {shown_sold} sold, {refunded:?} and \
         {shown_refunded} refunded"
    )))
}

/// Tap → line, and Pay → durable, with everything there is.
fn measure(mut till: Till, folder: &Path) -> Measured {
    let (mut sales, mut writes) = pay(&mut till, folder, BASKETS)?;
    let (value, baseline) = (percentile(&mut sales, 99), percentile(&mut writes, 99));
    print("retail.pay.p99_ms", "ms", Milli::millis(value), Some(Milli::millis(baseline)));
    let mut lines: Vec<Duration> = Vec::new();
    for number in 0..BASKETS {
        let basket: Vec<SaleLineInput> = (0..BASKET_LINES)
            .map(|at| SaleLineInput::of(till.products[(number * 97 + at * 31) % till.products.len()], 1))
            .collect();
        for tapped in 1..=basket.len() {
            let query = till.basket(&basket[..tapped]);
            let started = Instant::now();
            till.home.ask(&query)?;
            lines.push(started.elapsed());
        }
    }
    print("retail.add_line.p99_ms", "ms", Milli::millis(percentile(&mut lines, 99)), None);
    Ok(till.home.close()?)
}

fn megabytes(file: &Path) -> Measured<Milli> {
    Ok(Milli(std::fs::metadata(file)?.len() * 1_000 / MB))
}
