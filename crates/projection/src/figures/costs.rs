//! What goods cost when they were sold. It is said right before the sale, in the same transaction, so nothing is kept of it but
//! the entry: whoever wants it reads the record before the sale's own.
//!
//! What no entry says is not guessed here. Reports reckon the rest with what goods cost today, and say so.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::entry::{CostsNoted, Entry, Kind, RefundLine, SaleMade, Stamp, UnitCost};
use soko_domain::ids::{AuthorId, LogId, ProductId, SaleId};
use soko_domain::money::{Rounding, div_round};
use soko_record_log::{StoreError, Tx, log, params};

use super::fold::{Back, bounded};
use crate::book::Book;
use crate::ledger::Place;
use crate::read;

/// Of each product what so many units cost.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Costs(BTreeMap<ProductId, (i64, i64)>);

impl Costs {
    fn of_note(note: &CostsNoted, sale: SaleId) -> Self {
        let says = |cost: &&UnitCost| note.sale == sale && cost.cost_minor >= 0 && cost.per > 0;
        Self(note.costs.iter().filter(says).map(|of| (of.product, (of.cost_minor, of.per))).collect())
    }

    /// Each line is rounded by itself, so that what a void or a refund of all of it brings back is what it had cost.
    pub(super) fn of(&self, product: Option<ProductId>, quantity: i64) -> Option<i64> {
        let (cost_minor, per) = self.0.get(&product?)?;
        let whole = i128::from(quantity) * i128::from(*cost_minor);
        div_round(whole, i128::from(*per), Rounding::HalfUp).map(bounded)
    }
}

/// Kept until the next record of its author is taken.
pub(crate) fn noted(book: &mut Book<'_>, place: &Place, note: &CostsNoted) {
    book.costs = Some(((place.author, place.seq), note.clone()));
}

/// What the goods of a sale cost that is being taken.
pub(super) fn of_taken(book: &mut Book<'_>, place: &Place, sale: SaleId) -> Result<Costs, StoreError> {
    let before = (place.author, place.seq.saturating_sub(1));
    if book.last != Some(before) {
        return said(book.tx, place.log, (place.author, place.seq), sale);
    }
    let note = book.costs.as_ref().filter(|(at, _)| *at == before);
    Ok(note.map(|(_, note)| Costs::of_note(note, sale)).unwrap_or_default())
}

/// What was said of them right before what stands there.
pub(super) fn said(
    tx: &mut dyn Tx,
    log: LogId,
    (author, seq): (AuthorId, u64),
    sale: SaleId,
) -> Result<Costs, StoreError> {
    let Some(record) = log::record_at(tx, log, &author, seq.saturating_sub(1))? else {
        return Ok(Costs::default());
    };
    let kind = Kind::from_number(record.kind).filter(|kind| *kind == Kind::CostsNoted);
    let read = kind.zip(record.body.bytes()).map(|(kind, body)| Entry::from_body(kind, body));
    let Some(Ok((_, Entry::CostsNoted(note)))) = read else { return Ok(Costs::default()) };
    Ok(Costs::of_note(&note, sale))
}

/// What came back of a sale that is heard of only now: the lines of each refund, and its day.
pub(super) fn lines_back(
    tx: &mut dyn Tx,
    log: LogId,
    backs: &[Back],
) -> Result<Vec<(i32, Vec<RefundLine>)>, StoreError> {
    let places: BTreeSet<(AuthorId, u64)> = backs.iter().map(|back| (back.author, back.seq)).collect();
    let mut all = Vec::new();
    for (author, seq) in places {
        if let Some((stamp, Entry::RefundMade(refund))) = read::entry_at(tx, log, author, seq)? {
            all.push((stamp.business_day, refund.lines));
        }
    }
    Ok(all)
}

/// A sale as its record has it, and what was said right before it.
pub(super) struct Made {
    pub(super) author: AuthorId,
    pub(super) stamp: Stamp,
    pub(super) sale: SaleMade,
    pub(super) costs: Costs,
}

/// What the goods of a sale cost today, to be said right before it; nothing where no cost of them is known.
pub fn costs_today(
    tx: &mut dyn Tx,
    log: LogId,
    sale: SaleId,
    products: impl IntoIterator<Item = ProductId>,
) -> Result<Option<CostsNoted>, StoreError> {
    let mut costs = Vec::new();
    for product in products.into_iter().collect::<BTreeSet<_>>() {
        let row = tx.query_opt(
            "select cost_minor, price_per from product where log = $1 and product = $2 and cost_minor >= 0",
            params![log, product],
        )?;
        if let Some(row) = row {
            costs.push(UnitCost { product, cost_minor: row.int(0)?, per: row.int(1)?.max(1) });
        }
    }
    Ok((!costs.is_empty()).then_some(CostsNoted { sale, costs }))
}
