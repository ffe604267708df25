//! The one computation of totals. Screen, receipt, report, export and server all show what `price` says
//! (promise P11), and `settle` says what is paid, given back and still due. No stock, no catalogue: prices,
//! discounts and rates come in with the lines, as they are copied into the sale.

mod settle;

use crate::ids::ProductId;
use crate::money::{CashRounding, Currency, Ppm, Rounding, allocate, div_round, part_of};
use crate::quantity::Quantity;
use crate::tax::{LineTax, TaxRate, TaxRounding, TaxTotal, Taxable, Taxed, tax_all, tax_totals};
use crate::wire::{Malformed, Reader, Wire, Writer};

pub use settle::{SettleError, Settled, TENDERS_MAX, Tender, TenderKind, settle, settle_exchange};

/// Most lines of one basket.
pub const LINES_MAX: usize = 1_000;
/// Most taxes of one line.
pub const LINE_TAXES_MAX: usize = 8;

/// What comes off a price.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Discount {
    #[default]
    None,
    /// So many minor units, at most the whole price.
    Amount(i64),
    /// So much of the price, at most all of it.
    Percent(Ppm),
}

crate::wire_struct! {
    /// How a stall computes. Copied into every sale.
    #[derive(Copy)]
    pub struct Policy {
        pub currency: Currency,
        /// For prices per weight and for percentages off.
        pub line_rounding: Rounding,
        /// Where taxes are rounded.
        pub tax_place: TaxRounding,
        /// How taxes are rounded.
        pub tax_rounding: Rounding,
        pub cash_rounding: CashRounding,
    }
}

impl Policy {
    /// Halves up, taxes per line, every minor unit payable in coins.
    pub fn plain(currency: Currency) -> Self {
        Self {
            currency,
            line_rounding: Rounding::HalfUp,
            tax_place: TaxRounding::PerLine,
            tax_rounding: Rounding::HalfUp,
            cash_rounding: CashRounding::NONE,
        }
    }
}

crate::wire_struct! {
    /// What is sold, at which price.
    pub struct BasketLine {
        pub product: ProductId,
        pub quantity: Quantity,
        pub unit_price_minor: i64,
        /// The price is for so many of the smallest unit: 1 for pieces, 1000 for a price per kilogram.
        pub price_per: i64,
        pub discount: Discount,
        pub taxes: Vec<TaxRate>,
    }
}

crate::wire_struct! {
    /// Everything that totals depend on.
    pub struct Basket {
        pub lines: Vec<BasketLine>,
        /// Comes off what the lines' own discounts leave, shared out in proportion.
        pub discount: Discount,
        pub policy: Policy,
    }
}

crate::wire_struct! {
    /// One line's amounts. `net + tax = total`, and without exclusive taxes
    /// `total = gross - discount - basket_discount`.
    pub struct PricedLine {
        pub product: ProductId,
        pub quantity: Quantity,
        /// Quantity times price, as the price is written: with inclusive taxes, without exclusive ones.
        pub gross_minor: i64,
        pub discount_minor: i64,
        /// This line's part of the basket's discount.
        pub basket_discount_minor: i64,
        pub net_minor: i64,
        /// In the order of the basket line's rates.
        pub taxes: Vec<LineTax>,
        pub tax_minor: i64,
        pub total_minor: i64,
    }
}

crate::wire_struct! {
    /// A basket's amounts. Each is the sum of its lines' amounts, and the taxes add up to `tax`.
    pub struct Priced {
        pub currency: Currency,
        pub lines: Vec<PricedLine>,
        pub taxes: Vec<TaxTotal>,
        pub gross_minor: i64,
        /// The lines' own discounts and the basket's together.
        pub discount_minor: i64,
        pub net_minor: i64,
        pub tax_minor: i64,
        pub total_minor: i64,
    }
}

/// A part of a priced line, `net + tax = total`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefundPart {
    pub net_minor: i64,
    pub taxes: Vec<LineTax>,
    pub tax_minor: i64,
    pub total_minor: i64,
}

/// Why a basket has no total, the first reason found. Lines are counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PriceError {
    #[error("a basket has at most {LINES_MAX} lines: split it into two sales")]
    TooManyLines,
    #[error("line {line}: the quantity is not above zero: correct it or remove the line")]
    QuantityNotPositive { line: usize },
    #[error("line {line}: the price is below zero: use a discount or a refund instead")]
    PriceNegative { line: usize },
    #[error("line {line}: the price is for no quantity at all: say per how many units it is")]
    PricePerNotPositive { line: usize },
    #[error("line {line}: at most {LINE_TAXES_MAX} taxes are possible: combine some")]
    TooManyTaxes { line: usize },
    #[error("line {line}: the discount is below zero or above the price: correct it")]
    LineDiscount { line: usize },
    #[error("the discount is below zero or above the total: correct it")]
    BasketDiscount,
    #[error("the amounts are too large to be stored: split the sale")]
    Overflow,
}

/// Computes every amount of a basket. The same basket gives the same amounts everywhere and for ever.
pub fn price(basket: &Basket) -> Result<Priced, PriceError> {
    let policy = basket.policy;
    let amounts = discounted(basket)?;
    let lines = basket.lines.iter();
    let taxable: Vec<Taxable<'_>> = lines
        .zip(&amounts)
        .map(|(line, amounts)| Taxable { amount_minor: amounts.left(), rates: &line.taxes })
        .collect();
    let taxed = tax_all(&taxable, policy.tax_place, policy.tax_rounding).ok_or(PriceError::Overflow)?;
    let taxes = tax_totals(&taxed).ok_or(PriceError::Overflow)?;
    let columns = basket.lines.iter().zip(amounts).zip(taxed);
    let lines = columns.map(|((line, amounts), taxed)| priced_line(line, amounts, taxed)).collect();
    add_up(policy.currency, lines, taxes).ok_or(PriceError::Overflow)
}

impl PricedLine {
    /// What `now` units of this line are worth when `before` units of it were refunded already. However a
    /// line is cut up, the parts add up to it exactly. `None` when the line has not so many units.
    pub fn part(&self, before: Quantity, now: Quantity) -> Option<RefundPart> {
        let part = |minor: i64| part_of(minor, self.quantity.0, before.0, now.0);
        let total_minor = part(self.total_minor)?;
        let mut taxes = self.taxes.clone();
        let mut net_minor = total_minor;
        for tax in &mut taxes {
            tax.tax_minor = part(tax.tax_minor)?;
            net_minor = net_minor.checked_sub(tax.tax_minor)?;
        }
        Some(RefundPart { net_minor, taxes, tax_minor: total_minor.checked_sub(net_minor)?, total_minor })
    }
}

/// What comes before taxes.
struct Amounts {
    gross: i64,
    discount: i64,
    basket_discount: i64,
}

impl Amounts {
    /// Discounts never exceed the price they come off, so this is between zero and the price.
    fn left(&self) -> i64 {
        self.gross - self.discount - self.basket_discount
    }
}

fn discounted(basket: &Basket) -> Result<Vec<Amounts>, PriceError> {
    if basket.lines.len() > LINES_MAX {
        return Err(PriceError::TooManyLines);
    }
    let rounding = basket.policy.line_rounding;
    let priced = basket.lines.iter().enumerate().map(|(place, line)| line_amounts(line, place, rounding));
    let mut amounts = priced.collect::<Result<Vec<Amounts>, PriceError>>()?;
    let weights: Vec<i64> = amounts.iter().map(Amounts::left).collect();
    let left = checked_sum(weights.iter().copied()).ok_or(PriceError::Overflow)?;
    let discount = basket.discount.off(left, rounding).ok_or(PriceError::BasketDiscount)?;
    let parts = allocate(discount, &weights).ok_or(PriceError::Overflow)?;
    for (line, part) in amounts.iter_mut().zip(parts) {
        line.basket_discount = part;
    }
    Ok(amounts)
}

fn line_amounts(line: &BasketLine, place: usize, rounding: Rounding) -> Result<Amounts, PriceError> {
    if !line.quantity.is_positive() {
        return Err(PriceError::QuantityNotPositive { line: place });
    }
    if line.unit_price_minor < 0 {
        return Err(PriceError::PriceNegative { line: place });
    }
    if line.price_per <= 0 {
        return Err(PriceError::PricePerNotPositive { line: place });
    }
    if line.taxes.len() > LINE_TAXES_MAX {
        return Err(PriceError::TooManyTaxes { line: place });
    }
    let product = i128::from(line.quantity.0) * i128::from(line.unit_price_minor);
    let gross = div_round(product, i128::from(line.price_per), rounding).ok_or(PriceError::Overflow)?;
    let discount = line.discount.off(gross, rounding).ok_or(PriceError::LineDiscount { line: place })?;
    Ok(Amounts { gross, discount, basket_discount: 0 })
}

impl Discount {
    /// What comes off an amount. `None` when it would be less than nothing or more than the amount.
    pub(crate) fn off(self, minor: i64, rounding: Rounding) -> Option<i64> {
        let off = match self {
            Self::None => 0,
            Self::Amount(off) => off,
            Self::Percent(ppm) => ppm.of(minor, rounding)?,
        };
        (0..=minor).contains(&off).then_some(off)
    }
}

fn priced_line(line: &BasketLine, amounts: Amounts, taxed: Taxed) -> PricedLine {
    PricedLine {
        product: line.product,
        quantity: line.quantity,
        gross_minor: amounts.gross,
        discount_minor: amounts.discount,
        basket_discount_minor: amounts.basket_discount,
        net_minor: taxed.net_minor,
        taxes: taxed.taxes,
        tax_minor: taxed.tax_minor,
        total_minor: taxed.total_minor,
    }
}

fn add_up(currency: Currency, lines: Vec<PricedLine>, taxes: Vec<TaxTotal>) -> Option<Priced> {
    let sum = |amount: fn(&PricedLine) -> i64| checked_sum(lines.iter().map(amount));
    Some(Priced {
        currency,
        gross_minor: sum(|line| line.gross_minor)?,
        discount_minor: sum(|line| line.discount_minor + line.basket_discount_minor)?,
        net_minor: sum(|line| line.net_minor)?,
        tax_minor: sum(|line| line.tax_minor)?,
        total_minor: sum(|line| line.total_minor)?,
        lines,
        taxes,
    })
}

fn checked_sum(mut amounts: impl Iterator<Item = i64>) -> Option<i64> {
    amounts.try_fold(0i64, i64::checked_add)
}

/// One byte for the kind, then its number.
impl Wire for Discount {
    fn put(&self, out: &mut Writer) {
        match self {
            Self::None => out.byte(0),
            Self::Amount(minor) => {
                out.byte(1);
                minor.put(out);
            }
            Self::Percent(ppm) => {
                out.byte(2);
                ppm.put(out);
            }
        }
    }

    fn take(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match input.byte()? {
            0 => Ok(Self::None),
            1 => i64::take(input).map(Self::Amount),
            2 => Ppm::take(input).map(Self::Percent),
            _ => Err(Malformed::Choice),
        }
    }
}
