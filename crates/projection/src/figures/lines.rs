//! The lines that figures add up, one by one, for whoever asks what no report asks: what was sold, what a void took away
//! again, what went back. Added up they are the figures, to the cent; a test keeps it so.

use soko_domain::entry::{Entry, GoodsBack, RefundLine, RefundMade, SaleLine, SaleMade, SaleVoided, Stamp};
use soko_domain::ids::{AuthorId, LogId, OrderId, PersonId, ProductId, SaleId};
use soko_domain::money::Currency;
use soko_record_log::{StoreError, Tx, params};

use super::fold::{bounded, hour, tax_of, taxes_taken};
use super::orders::{self, Became};
use super::{TAXED_BACKS_MAX, backs, sales};

/// What a line is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Deed {
    Sale,
    /// The line of a sale that was voided, once more, on the sale's own day and with the other sign.
    Void,
    /// What went back, on the day on which it went, with the other sign.
    Refund,
}

impl Deed {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

/// One line. No text of it is anybody's: names of goods stand with the products, and of people there are numbers only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub deed: Deed,
    /// An order from the shop that was handed over, and not a sale at the counter.
    pub is_order: bool,
    /// The sale, or the order, that it belongs to.
    pub sale: SaleId,
    pub at_ms: i64,
    pub business_day: i32,
    /// On the stall's wall.
    pub hour: u8,
    pub register: AuthorId,
    pub person: Option<PersonId>,
    /// None where what went back belongs to no sale that is here.
    pub currency: Option<Currency>,
    pub product: Option<ProductId>,
    pub quantity: i64,
    /// Those that came back and can be sold again.
    pub restocked: i64,
    /// What the buyer paid for it, taxes in.
    pub total_minor: i64,
    pub tax_minor: i64,
    pub discount_minor: i64,
}

/// The lines that one record adds. Most kinds of records have none.
#[expect(clippy::wildcard_enum_match_arm, reason = "figures are of nothing else")]
pub fn lines(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
    (stamp, entry): (&Stamp, &Entry),
) -> Result<Vec<Line>, StoreError> {
    match entry {
        Entry::SaleMade(sale) => Ok(sold(author, stamp, sale)),
        Entry::SaleVoided(void) => voided(tx, log, (author, seq), void),
        Entry::RefundMade(refund) => refunded(tx, log, (author, seq), stamp, refund),
        Entry::OrderHandedOver(handed) => handed_over(tx, log, (author, seq), handed.order),
        _ => Ok(Vec::new()),
    }
}

fn sold(register: AuthorId, stamp: &Stamp, sale: &SaleMade) -> Vec<Line> {
    let base = base((register, stamp), sale.sale, Some(sale.currency));
    sale.lines.iter().map(|line| of_sale(&base, line)).collect()
}

fn of_sale(base: &Line, line: &SaleLine) -> Line {
    Line {
        product: line.product,
        quantity: bounded(line.quantity),
        total_minor: bounded(line.total_minor),
        tax_minor: bounded(tax_of(line)),
        discount_minor: bounded(line.discount_minor),
        ..base.clone()
    }
}

/// Only the first of several voids of one sale takes it back.
fn voided(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
    void: &SaleVoided,
) -> Result<Vec<Line>, StoreError> {
    let first = tx.query_opt(
        "select seq from sale_void where log = $1 and sale = $2 and author = $3 order by seq limit 1",
        params![log, void.sale, author],
    )?;
    if first.map(|row| row.number(0)).transpose()? != Some(seq) {
        return Ok(Vec::new());
    }
    let own = sales(tx, log, void.sale)?.into_iter().find(|(register, ..)| *register == author);
    let Some((register, made, sale)) = own else { return Ok(Vec::new()) };
    let mut lines = sold(register, &made, &sale);
    for line in &mut lines {
        line.deed = Deed::Void;
        for amount in
            [&mut line.quantity, &mut line.total_minor, &mut line.tax_minor, &mut line.discount_minor]
        {
            *amount = -*amount;
        }
    }
    Ok(lines)
}

fn refunded(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
    stamp: &Stamp,
    refund: &RefundMade,
) -> Result<Vec<Line>, StoreError> {
    let found = sales(tx, log, refund.sale)?;
    let mut taxes = vec![0_i64; refund.lines.len()];
    if !found.is_empty() {
        let backs = backs(tx, log, refund.sale, TAXED_BACKS_MAX)?;
        for (_, _, sale) in &found {
            let own = backs.iter().zip(taxes_taken(sale, &backs));
            let own = own.filter(|(back, _)| back.author == author && back.seq == seq);
            for (sum, (_, tax)) in taxes.iter_mut().zip(own) {
                *sum = sum.saturating_add(bounded(tax));
            }
        }
    }
    let currency = found.first().map(|(_, _, sale)| sale.currency);
    let base = base((author, stamp), refund.sale, currency);
    Ok(refund.lines.iter().zip(taxes).map(|(line, tax)| of_refund(&base, line, tax)).collect())
}

fn of_refund(base: &Line, line: &RefundLine, tax_minor: i64) -> Line {
    let units = bounded(line.quantity);
    Line {
        deed: Deed::Refund,
        product: line.product,
        quantity: -units,
        restocked: if line.goods == GoodsBack::Sellable { units } else { 0 },
        total_minor: -bounded(line.amount_minor),
        tax_minor: -tax_minor,
        ..base.clone()
    }
}

/// All of an order, with what went back of it, beside the first of its hand-overs.
fn handed_over(
    tx: &mut dyn Tx,
    log: LogId,
    place: (AuthorId, u64),
    order: OrderId,
) -> Result<Vec<Line>, StoreError> {
    let Some(Became { place: first, stamp, sale, gone, backs }) = orders::became(tx, log, order)? else {
        return Ok(Vec::new());
    };
    if place != first {
        return Ok(Vec::new());
    }
    let mut lines = sold(first.0, &stamp, &sale);
    let mut taxes = taxes_taken(&sale, &backs).into_iter();
    for gone in &gone {
        let base = base((gone.here(first.0), &gone.stamp), sale.sale, Some(sale.currency));
        let back = gone.refund.lines.iter();
        lines.extend(back.map(|line| of_refund(&base, line, taxes.next().map_or(0, bounded))));
    }
    lines.iter_mut().for_each(|line| line.is_order = true);
    Ok(lines)
}

fn base((register, stamp): (AuthorId, &Stamp), sale: SaleId, currency: Option<Currency>) -> Line {
    Line {
        deed: Deed::Sale,
        is_order: false,
        sale,
        at_ms: stamp.at_ms,
        business_day: stamp.business_day,
        hour: hour(stamp),
        register,
        person: stamp.by,
        currency,
        product: None,
        quantity: 0,
        restocked: 0,
        total_minor: 0,
        tax_minor: 0,
        discount_minor: 0,
    }
}
