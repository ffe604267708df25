//! The file of a year's trade, as invoices.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use soko_domain::calendar::{BusinessDay, Civil};

use crate::figure::{Fault, Measured, complain};

/// The folder with data for measuring.
const FOLDER_VARIABLE: &str = "SOKO_DATA";
const FOLDER: &str = "../shared/data";
const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// Prices are read in thousandths, of which the money has hundredths.
const MILLI_PER_MINOR: i64 = 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Sale,
    Cancellation,
}

/// One line as it stands in the file; a cancellation's quantity is below zero.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Which of the products.
    pub(super) product: usize,
    pub(super) quantity: i64,
    price_milli: i64,
}

impl Line {
    pub(super) fn price_minor(&self) -> i64 {
        self.price_milli / MILLI_PER_MINOR
    }

    /// The same, of so many units.
    pub(super) fn of(&self, quantity: i64) -> Self {
        Self { quantity, ..self.clone() }
    }

    pub(super) fn total_minor(&self) -> i64 {
        self.quantity * self.price_minor()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Invoice {
    number: String,
    pub(super) kind: Kind,
    pub(super) buyer: String,
    pub(super) at_ms: i64,
    pub(super) lines: Vec<Line>,
}

impl Invoice {
    /// Nothing sold yet to this buyer, before anything else happened.
    pub(super) fn of(buyer: &str) -> Self {
        Self { number: String::new(), kind: Kind::Sale, buyer: buyer.to_owned(), at_ms: 0, lines: Vec::new() }
    }

    pub(super) fn day(&self) -> i64 {
        self.at_ms.div_euclid(DAY_MS)
    }
}

pub(super) struct Product {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) price_minor: i64,
    /// Units that the file sells or writes off.
    pub(super) units: i64,
}

pub(super) struct Trade {
    pub(super) products: Vec<Product>,
    pub(super) invoices: Vec<Invoice>,
    pub(super) lines: u64,
    pub(super) sold_minor: i64,
    pub(super) cancelled_minor: i64,
}

/// Reads it, and compares it with the totals that stand beside it. None, and a word, where it is not.
pub(super) fn read() -> Measured<Option<Trade>> {
    let folder = std::env::var_os(FOLDER_VARIABLE).map_or_else(|| PathBuf::from(FOLDER), PathBuf::from);
    let folder = folder.join("retail");
    let file = folder.join("online_retail.csv.xz");
    if !file.is_file() {
        complain(&format!("retail is not measured: there is no {}; set {FOLDER_VARIABLE}", file.display()));
        return Ok(None);
    }
    let output = Command::new("xz").arg("-dc").arg(&file).stderr(Stdio::inherit()).output()?;
    let mut reading = Reading::default();
    for row in csv::Reader::from_reader(output.stdout.as_slice()).records() {
        reading.take(&row?)?;
    }
    let invariants: Value = serde_json::from_slice(&std::fs::read(folder.join("invariants.json"))?)?;
    reading.finish(&invariants).map(Some)
}

#[derive(Default)]
struct Reading {
    numbers: BTreeMap<String, usize>,
    products: Vec<Product>,
    invoices: Vec<Invoice>,
    lines: u64,
    sold_milli: i64,
    cancelled_milli: i64,
    /// What prices below a penny come to.
    below_milli: i64,
}

impl Reading {
    fn take(&mut self, row: &csv::StringRecord) -> Measured {
        let [number, code, name, quantity, at, price, buyer] = [0, 1, 2, 3, 4, 5, 6].map(|at| &row[at]);
        // An adjustment of the books is no trade.
        if number.starts_with('A') {
            return Ok(());
        }
        let kind = if number.starts_with('C') { Kind::Cancellation } else { Kind::Sale };
        let (quantity, price_milli): (i64, i64) = (quantity.parse()?, milli(price)?);
        let total = quantity * price_milli;
        match kind {
            Kind::Sale => self.sold_milli += total,
            Kind::Cancellation => self.cancelled_milli -= total,
        }
        self.below_milli += quantity * (price_milli % MILLI_PER_MINOR);
        let product = self.product(code, name, price_milli / MILLI_PER_MINOR);
        self.products[product].units += if kind == Kind::Sale { quantity.abs() } else { 0 };
        if self.invoices.last().is_none_or(|last| last.number != number) {
            let at_ms = moment(at)?;
            let (number, buyer) = (number.to_owned(), buyer.to_owned());
            self.invoices.push(Invoice { number, kind, buyer, at_ms, lines: Vec::new() });
        }
        if let Some(invoice) = self.invoices.last_mut() {
            invoice.lines.push(Line { product, quantity, price_milli });
        }
        self.lines += 1;
        Ok(())
    }

    fn product(&mut self, code: &str, name: &str, price_minor: i64) -> usize {
        let next = self.products.len();
        let at = *self.numbers.entry(code.to_owned()).or_insert(next);
        if at == next {
            let code = code.to_owned();
            self.products.push(Product { name: code.clone(), code, price_minor, units: 0 });
        }
        let product = &mut self.products[at];
        if product.name == product.code && !name.trim().is_empty() {
            product.name = name.trim().to_owned();
        }
        at
    }

    fn finish(self, invariants: &Value) -> Measured<Trade> {
        let sales = milli(invariants["sales"].as_str().unwrap_or_default())?;
        let cancellations = milli(invariants["cancellations"].as_str().unwrap_or_default())?;
        if (self.sold_milli, -self.cancelled_milli) != (sales, cancellations) {
            return Err(Fault(format!(
                "the file sells {} and cancels {}: it is not the one that is described",
                self.sold_milli, self.cancelled_milli
            )));
        }
        let sold = |kind| {
            let invoices = self.invoices.iter().filter(move |invoice| invoice.kind == kind);
            invoices.flat_map(|invoice| &invoice.lines).map(Line::total_minor).sum::<i64>()
        };
        let (sold_minor, cancelled_minor) = (sold(Kind::Sale), -sold(Kind::Cancellation));
        let whole = (self.sold_milli - self.cancelled_milli - self.below_milli) / MILLI_PER_MINOR;
        if whole != sold_minor - cancelled_minor {
            return Err(Fault("prices below a penny do not explain what is lost".into()));
        }
        let Self { products, invoices, lines, .. } = self;
        Ok(Trade { products, invoices, lines, sold_minor, cancelled_minor })
    }
}

/// A decimal number with at most three places, in thousandths.
fn milli(text: &str) -> Measured<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    if places.len() > 3 {
        return Err(Fault(format!("{text} has more places than prices have")));
    }
    let padded = format!("{places:0<3}");
    Ok(sign * (whole.parse::<i64>()? * 1_000 + padded.parse::<i64>()?))
}

/// `2010-12-01 08:26:00` in milliseconds since 1970.
fn moment(text: &str) -> Measured<i64> {
    let mut numbers = text.split(['-', ' ', ':']).map(str::parse::<i64>);
    let mut next = || numbers.next().unwrap_or(Ok(0));
    let (civil, time) = (Civil { year: next()?, month: next()?, day: next()? }, (next()?, next()?, next()?));
    let day = BusinessDay::from_civil(civil).ok_or_else(|| Fault(format!("{text} is no date")))?;
    Ok(i64::from(day.days()) * DAY_MS + (time.0 * 3_600 + time.1 * 60 + time.2) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_moments_are_read_exactly() {
        for (text, expected) in
            [("2.55", 2_550), ("0.001", 1), ("-896812.49", -896_812_490), ("4161", 4_161_000)]
        {
            assert_eq!(milli(text).unwrap(), expected, "{text}");
        }
        assert!(milli("0.0001").is_err());
        assert_eq!(moment("1970-01-02 00:01:01").unwrap(), DAY_MS + 61_000);
        assert_eq!(moment("2010-12-01 08:26:00").unwrap(), 1_291_191_960_000);
    }
}
