//! The lines that figures add up, one by one, for whoever asks what no report asks: what was sold, what a void took away
//! again, what went back; and how it was paid and taxed. Added up they are the figures, to the cent; a test keeps it so.

use soko_domain::basket::TenderKind;
use soko_domain::entry::{
    Entry, GivenBack, GoodsBack, RefundLine, RefundMade, SaleLine, SaleMade, SaleVoided, Stamp, Tendered,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, PersonId, ProductId, SaleId, ThingId};
use soko_domain::money::Currency;
use soko_domain::tax::{LineTax, TaxRate};
use soko_record_log::{StoreError, Tx, params};

use super::fold::{Back, bounded, hour, line_of, tax_of, taxes_taken};
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

/// What a line, a payment and a tax are of. No text of it is anybody's: names of goods stand with the products, and of people
/// there are numbers only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
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
    pub customer: Option<ThingId>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub about: About,
    pub product: Option<ProductId>,
    pub quantity: i64,
    /// Those that came back and can be sold again.
    pub restocked: i64,
    /// What the buyer paid for it, taxes in.
    pub total_minor: i64,
    pub tax_minor: i64,
    pub discount_minor: i64,
}

/// One way in which it was paid, or given back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    pub about: About,
    pub kind: TenderKind,
    /// One, or one less for a void; what goes back is no payment.
    pub payments: i64,
    /// What was kept: change is gone from cash.
    pub amount_minor: i64,
}

/// One rate of one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tax {
    pub about: About,
    pub product: Option<ProductId>,
    pub rate: TaxRate,
    /// What the rate is of.
    pub net_minor: i64,
    pub tax_minor: i64,
}

/// What one record adds.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Lines {
    pub lines: Vec<Line>,
    pub payments: Vec<Payment>,
    pub taxes: Vec<Tax>,
}

/// What one record adds. Most kinds of records add nothing.
#[expect(clippy::wildcard_enum_match_arm, reason = "figures are of nothing else")]
pub fn lines(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
    (stamp, entry): (&Stamp, &Entry),
) -> Result<Lines, StoreError> {
    match entry {
        Entry::SaleMade(sale) => Ok(sold(author, stamp, sale)),
        Entry::SaleVoided(void) => voided(tx, log, (author, seq), void),
        Entry::RefundMade(refund) => refunded(tx, log, (author, seq), stamp, refund),
        Entry::OrderHandedOver(handed) => handed_over(tx, log, (author, seq), handed.order),
        _ => Ok(Lines::default()),
    }
}

fn sold(register: AuthorId, stamp: &Stamp, sale: &SaleMade) -> Lines {
    let about = About {
        deed: Deed::Sale,
        is_order: false,
        sale: sale.sale,
        at_ms: stamp.at_ms,
        business_day: stamp.business_day,
        hour: hour(stamp),
        register,
        person: stamp.by,
        currency: Some(sale.currency),
        customer: sale.customer,
    };
    let tax = |line: &SaleLine, of_rate: &LineTax| Tax {
        about: about.clone(),
        product: line.product,
        rate: of_rate.rate.clone(),
        net_minor: bounded(line.total_minor.saturating_sub(tax_of(line))),
        tax_minor: bounded(of_rate.tax_minor),
    };
    Lines {
        lines: sale.lines.iter().map(|line| of_sale(&about, line)).collect(),
        payments: paid(&about, sale),
        taxes: sale.lines.iter().flat_map(|line| line.taxes.iter().map(|of| tax(line, of))).collect(),
    }
}

fn of_sale(about: &About, line: &SaleLine) -> Line {
    Line {
        about: about.clone(),
        product: line.product,
        quantity: bounded(line.quantity),
        restocked: 0,
        total_minor: bounded(line.total_minor),
        tax_minor: bounded(tax_of(line)),
        discount_minor: bounded(line.discount_minor),
    }
}

/// Change comes off the first cash.
fn paid(about: &About, sale: &SaleMade) -> Vec<Payment> {
    let mut change_minor = bounded(sale.change_minor);
    let payment = |taken: &Tendered| {
        let change = if taken.kind == TenderKind::Cash { std::mem::take(&mut change_minor) } else { 0 };
        let amount_minor = bounded(taken.amount_minor) - change;
        Payment { about: about.clone(), kind: taken.kind, payments: 1, amount_minor }
    };
    sale.tenders.iter().map(payment).collect()
}

/// Only the first of several voids of one sale takes it back.
fn voided(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
    void: &SaleVoided,
) -> Result<Lines, StoreError> {
    let first = tx.query_opt(
        "select seq from sale_void where log = $1 and sale = $2 and author = $3 order by seq limit 1",
        params![log, void.sale, author],
    )?;
    if first.map(|row| row.number(0)).transpose()? != Some(seq) {
        return Ok(Lines::default());
    }
    let own = sales(tx, log, void.sale)?.into_iter().find(|made| made.author == author);
    let Some(own) = own else { return Ok(Lines::default()) };
    let mut all = sold(own.author, &own.stamp, &own.sale);
    for line in &mut all.lines {
        line.about.deed = Deed::Void;
        for amount in
            [&mut line.quantity, &mut line.total_minor, &mut line.tax_minor, &mut line.discount_minor]
        {
            *amount = -*amount;
        }
    }
    for payment in &mut all.payments {
        payment.about.deed = Deed::Void;
        (payment.payments, payment.amount_minor) = (-payment.payments, -payment.amount_minor);
    }
    for tax in &mut all.taxes {
        tax.about.deed = Deed::Void;
        (tax.net_minor, tax.tax_minor) = (-tax.net_minor, -tax.tax_minor);
    }
    Ok(all)
}

fn refunded(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
    stamp: &Stamp,
    refund: &RefundMade,
) -> Result<Lines, StoreError> {
    let found = sales(tx, log, refund.sale)?;
    let first = found.first().map(|made| &made.sale);
    let mut all = gone(author, stamp, refund, first);
    if found.is_empty() {
        return Ok(all);
    }
    let backs = backs(tx, log, refund.sale, TAXED_BACKS_MAX)?;
    for made in &found {
        let own = backs.iter().zip(taxes_taken(&made.sale, &backs));
        let own = own.filter(|(back, _)| back.author == author && back.seq == seq);
        tax_back(&mut all, &made.sale, own);
    }
    Ok(all)
}

/// What went back, without its taxes.
fn gone(register: AuthorId, stamp: &Stamp, refund: &RefundMade, sale: Option<&SaleMade>) -> Lines {
    let about = About {
        deed: Deed::Refund,
        is_order: false,
        sale: refund.sale,
        at_ms: stamp.at_ms,
        business_day: stamp.business_day,
        hour: hour(stamp),
        register,
        person: stamp.by,
        currency: sale.map(|sale| sale.currency),
        customer: sale.and_then(|sale| sale.customer),
    };
    let line = |line: &RefundLine| {
        let units = bounded(line.quantity);
        Line {
            about: about.clone(),
            product: line.product,
            quantity: -units,
            restocked: if line.goods == GoodsBack::Sellable { units } else { 0 },
            total_minor: -bounded(line.amount_minor),
            tax_minor: 0,
            discount_minor: 0,
        }
    };
    let payment = |part: &GivenBack| Payment {
        about: about.clone(),
        kind: part.kind,
        payments: 0,
        amount_minor: -bounded(part.amount_minor),
    };
    Lines {
        lines: refund.lines.iter().map(line).collect(),
        payments: refund.given.iter().map(payment).collect(),
        taxes: Vec::new(),
    }
}

/// The taxes in lines that went back, in their order.
fn tax_back<'b>(
    all: &mut Lines,
    sale: &SaleMade,
    backs: impl Iterator<Item = (&'b Back, Vec<(TaxRate, i64)>)>,
) {
    for (line, (back, parts)) in all.lines.iter_mut().zip(backs) {
        let tax: i64 = parts.iter().fold(0, |sum: i64, (_, part)| sum.saturating_add(*part));
        line.tax_minor = line.tax_minor.saturating_sub(bounded(tax));
        let net_minor = -bounded(back.amount_minor.saturating_sub(tax));
        let product = line_of(sale, back).and_then(|line| line.product);
        for (rate, part) in parts {
            let tax_minor = -bounded(part);
            all.taxes.push(Tax { about: line.about.clone(), product, rate, net_minor, tax_minor });
        }
    }
}

/// All of an order, with what went back of it, beside the first of its hand-overs.
fn handed_over(
    tx: &mut dyn Tx,
    log: LogId,
    place: (AuthorId, u64),
    order: OrderId,
) -> Result<Lines, StoreError> {
    let Some(Became { place: first, stamp, sale, gone: backwards, backs, .. }) =
        orders::became(tx, log, order)?
    else {
        return Ok(Lines::default());
    };
    if place != first {
        return Ok(Lines::default());
    }
    let mut all = sold(first.0, &stamp, &sale);
    let mut taxes = backs.iter().zip(taxes_taken(&sale, &backs));
    for back in &backwards {
        let mut part = gone(back.here(first.0), &back.stamp, &back.refund, Some(&sale));
        let count = part.lines.len();
        tax_back(&mut part, &sale, taxes.by_ref().take(count));
        all.lines.append(&mut part.lines);
        all.payments.append(&mut part.payments);
        all.taxes.append(&mut part.taxes);
    }
    let about = all.lines.iter_mut().map(|line| &mut line.about);
    let about = about.chain(all.payments.iter_mut().map(|payment| &mut payment.about));
    about.chain(all.taxes.iter_mut().map(|tax| &mut tax.about)).for_each(|about| about.is_order = true);
    Ok(all)
}
