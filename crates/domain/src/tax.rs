//! Taxes on amounts: inclusive and exclusive, several at once, rounded per line or per document. No table of
//! countries and no advice: a stall says which rates its products carry.
//!
//! All rates of an amount apply to the same net amount; none is charged on another. With the inclusive rates
//! adding up to I and an amount A, the tax at rate r is A × r / (1 + I), inclusive and exclusive alike. Each
//! is rounded on its own, so that two equal rates give two equal taxes; the net amount is what remains.

use std::collections::BTreeMap;

use crate::money::{Ppm, Rounding, allocate, div_round};

/// Longest name of a class of tax: it stands beside an amount on paper of 58 mm.
pub const LABEL_CHARS_MAX: usize = 24;
/// As many classes of tax as one stall needs at most.
pub const CLASSES_MAX: usize = 12;

crate::wire_choice! {
    /// Whether a price already contains the tax.
    pub enum TaxMode {
        Inclusive = 1,
        Exclusive = 2,
    }
}

impl TaxMode {
    pub fn of(is_inclusive: bool) -> Self {
        if is_inclusive { Self::Inclusive } else { Self::Exclusive }
    }
}

crate::wire_choice! {
    /// Where a tax is rounded to whole minor units. Either way the lines add up to the document.
    pub enum TaxRounding {
        /// Each line's tax is rounded; the document's tax is their sum.
        PerLine = 1,
        /// The tax on the sum of all lines of a rate is rounded; each line gets its part of that.
        PerDocument = 2,
    }
}

crate::wire_struct! {
    /// One tax as a product carries it. Two taxes with equal numbers and different labels are two taxes: each has
    /// a line of its own on the receipt.
    #[derive(PartialOrd, Ord, Hash)]
    pub struct TaxRate {
        pub ppm: Ppm,
        pub mode: TaxMode,
        /// The tax class as a receipt names it; empty where the stall has none.
        pub label: String,
    }
}

impl TaxRate {
    pub fn inclusive(ppm: Ppm) -> Self {
        Self { ppm, mode: TaxMode::Inclusive, label: String::new() }
    }

    pub fn exclusive(ppm: Ppm) -> Self {
        Self { ppm, mode: TaxMode::Exclusive, label: String::new() }
    }

    pub fn labelled(self, label: &str) -> Self {
        Self { label: label.into(), ..self }
    }

    pub fn is_inclusive(&self) -> bool {
        self.mode == TaxMode::Inclusive
    }

    /// What applies to a product whose tax is that: a class stands on the receipt with nothing, too.
    pub fn all(ppm: u32, is_inclusive: bool, label: &str) -> Vec<Self> {
        let mode = TaxMode::of(is_inclusive);
        let is_taxed = ppm != 0 || !label.is_empty();
        is_taxed.then(|| Self { ppm: Ppm(ppm), mode, label: label.into() }).into_iter().collect()
    }

    /// A class of a stall, as [`TaxRate::kept`] writes it.
    pub fn parse_class(text: &str) -> Option<Self> {
        let at = text.find(['=', '+'])?;
        let (ppm, said) = text.split_at_checked(at)?;
        let (mode, label) = said.split_at_checked(1)?;
        let mode = TaxMode::of(mode == "=");
        let class = Self { ppm: Ppm(ppm.parse().ok()?), mode, label: label.into() };
        (class.is_class() && class.kept() == text).then_some(class)
    }

    /// Whether it has a name that a receipt has room for, and takes no more than there is.
    pub fn is_class(&self) -> bool {
        let is_named = !self.label.trim().is_empty() && self.label.trim() == self.label;
        let fits = self.label.chars().count() <= LABEL_CHARS_MAX && !self.label.chars().any(char::is_control);
        is_named && fits && self.ppm <= Ppm::ONE
    }

    /// A class in one line: parts per million, `=` in the price or `+` on top, and its name.
    pub fn kept(&self) -> String {
        let sign = if self.is_inclusive() { '=' } else { '+' };
        format!("{}{sign}{}", self.ppm.0, self.label)
    }
}

crate::wire_struct! {
    /// One tax of one line.
    pub struct LineTax {
        pub rate: TaxRate,
        pub tax_minor: i64,
    }
}

crate::wire_struct! {
    /// What a receipt says about one rate: the net amounts it applies to and their tax.
    pub struct TaxTotal {
        pub rate: TaxRate,
        pub net_minor: i64,
        pub tax_minor: i64,
    }
}

/// An amount as priced, with the rates it carries.
#[derive(Clone, Copy, Debug)]
pub struct Taxable<'a> {
    pub amount_minor: i64,
    pub rates: &'a [TaxRate],
}

/// An amount taken apart: `net + tax = total`, and `tax` is the sum of `taxes`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taxed {
    pub net_minor: i64,
    pub taxes: Vec<LineTax>,
    pub tax_minor: i64,
    pub total_minor: i64,
}

/// The taxes of each amount, in the order given. `None` when something does not fit, or when an amount is
/// negative and the rounding per document.
pub fn tax_all(amounts: &[Taxable<'_>], place: TaxRounding, rounding: Rounding) -> Option<Vec<Taxed>> {
    match place {
        TaxRounding::PerLine => amounts.iter().map(|amount| tax_one(*amount, rounding)).collect(),
        TaxRounding::PerDocument => tax_document(amounts, rounding),
    }
}

/// The taxes of one amount on its own.
pub fn tax_one(amount: Taxable<'_>, rounding: Rounding) -> Option<Taxed> {
    let sum = i128::from(amount.amount_minor);
    let inclusive = inclusive_ppm(amount.rates);
    let tax = |rate: &TaxRate| tax_at(rate.ppm, sum, inclusive, rounding);
    take_apart(amount, &amount.rates.iter().map(tax).collect::<Option<Vec<i64>>>()?)
}

/// Net amount and tax by rate, in the order of the rates.
pub fn tax_totals<'a>(taxed: impl IntoIterator<Item = &'a Taxed>) -> Option<Vec<TaxTotal>> {
    let mut totals: BTreeMap<TaxRate, (i64, i64)> = BTreeMap::new();
    for amount in taxed {
        for tax in &amount.taxes {
            let (net, sum) = totals.entry(tax.rate.clone()).or_default();
            *net = net.checked_add(amount.net_minor)?;
            *sum = sum.checked_add(tax.tax_minor)?;
        }
    }
    let total = |(rate, (net_minor, tax_minor))| TaxTotal { rate, net_minor, tax_minor };
    Some(totals.into_iter().map(total).collect())
}

/// Net amount and tax by rate of what is written already: the taxes of each line, and what it came to with them. Saturates,
/// since a record from outside may say anything.
pub fn add_up<'a>(lines: impl IntoIterator<Item = (&'a [LineTax], i64)>) -> Vec<TaxTotal> {
    let mut totals: BTreeMap<&TaxRate, (i64, i64)> = BTreeMap::new();
    for (taxes, total_minor) in lines {
        let tax = taxes.iter().fold(0, |sum: i64, tax| sum.saturating_add(tax.tax_minor));
        for of_rate in taxes {
            let (net, sum) = totals.entry(&of_rate.rate).or_default();
            *net = net.saturating_add(total_minor.saturating_sub(tax));
            *sum = sum.saturating_add(of_rate.tax_minor);
        }
    }
    let total =
        |(rate, (net_minor, tax_minor)): (&TaxRate, _)| TaxTotal { rate: rate.clone(), net_minor, tax_minor };
    totals.into_iter().map(total).collect()
}

/// Taxes that share a divisor are summed before they are rounded. The number tells equal rates on one line
/// apart, so that each is rounded like the other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    rate: TaxRate,
    inclusive_ppm: u64,
    repetition: usize,
}

fn tax_document(amounts: &[Taxable<'_>], rounding: Rounding) -> Option<Vec<Taxed>> {
    let mut groups: BTreeMap<Group, Vec<(usize, usize)>> = BTreeMap::new();
    for (line, amount) in amounts.iter().enumerate() {
        let inclusive_ppm = inclusive_ppm(amount.rates);
        for (place, rate) in amount.rates.iter().enumerate() {
            let repetition = amount.rates[..place].iter().filter(|earlier| *earlier == rate).count();
            let group = Group { rate: rate.clone(), inclusive_ppm, repetition };
            groups.entry(group).or_default().push((line, place));
        }
    }
    let mut taxes: Vec<Vec<i64>> = amounts.iter().map(|amount| vec![0; amount.rates.len()]).collect();
    for (group, members) in groups {
        let weights: Vec<i64> = members.iter().map(|(line, _)| amounts[*line].amount_minor).collect();
        let sum = weights.iter().copied().map(i128::from).sum();
        let tax = tax_at(group.rate.ppm, sum, group.inclusive_ppm, rounding)?;
        for ((line, place), part) in members.into_iter().zip(allocate(tax, &weights)?) {
            taxes[line][place] = part;
        }
    }
    amounts.iter().zip(&taxes).map(|(amount, taxes)| take_apart(*amount, taxes)).collect()
}

fn tax_at(ppm: Ppm, sum: i128, inclusive_ppm: u64, rounding: Rounding) -> Option<i64> {
    let numerator = sum.checked_mul(i128::from(ppm.0))?;
    div_round(numerator, i128::from(Ppm::ONE.0) + i128::from(inclusive_ppm), rounding)
}

fn inclusive_ppm(rates: &[TaxRate]) -> u64 {
    rates.iter().filter(|rate| rate.mode == TaxMode::Inclusive).map(|rate| u64::from(rate.ppm.0)).sum()
}

fn take_apart(amount: Taxable<'_>, taxes: &[i64]) -> Option<Taxed> {
    let mut net_minor = amount.amount_minor;
    let mut tax_minor = 0i64;
    for (rate, tax) in amount.rates.iter().zip(taxes) {
        tax_minor = tax_minor.checked_add(*tax)?;
        if rate.mode == TaxMode::Inclusive {
            net_minor = net_minor.checked_sub(*tax)?;
        }
    }
    let line_tax = |(rate, tax): (&TaxRate, &i64)| LineTax { rate: rate.clone(), tax_minor: *tax };
    Some(Taxed {
        net_minor,
        taxes: amount.rates.iter().zip(taxes).map(line_tax).collect(),
        tax_minor,
        total_minor: net_minor.checked_add(tax_minor)?,
    })
}
