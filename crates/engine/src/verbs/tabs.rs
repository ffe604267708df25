//! What a sale is done with of the open order that it pays, and what is put into one and taken out. Whoever sells says what they
//! saw of it; what others put into it meanwhile stays to be paid.

use std::collections::BTreeMap;

use soko_app_api::{SaleAbout, TabTaken};
use soko_documents::limits::{LINES_MAX, OUTS_MAX};
use soko_documents::{Edit, Field, OpenOrder, OrderLine, off_edits};
use soko_domain::basket::Discount;
use soko_domain::entry::{TabPaid, TabSpan};
use soko_domain::ids::{SaleId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::tab::Bill;
use soko_domain::wrong::Wrong;
use soko_projection::tabs;

use crate::failure::NotDone;
use crate::write::Writing;

#[derive(Default)]
pub(super) struct OfTab {
    /// Another sale paid what this one is to pay. C1: the ledger says so, whatever a document says.
    pub(super) closed_by: Option<SaleId>,
    /// What stands before the sale.
    pub(super) word: Option<TabPaid>,
}

pub(super) fn of_sale(writing: &mut Writing<'_>, sale: SaleId, about: &SaleAbout) -> Result<OfTab, NotDone> {
    let Some(tab) = about.tab else { return Ok(OfTab::default()) };
    let standing = tabs::standing(writing.tx, writing.log, (tab, Some(sale)))?;
    let closed_by = standing.paid.as_ref().map(|paid| paid.by);
    let Some(taken) = &about.tab_lines else { return Ok(OfTab { closed_by, word: None }) };
    // What is paid or taken out stays a line of the order, and is none of the sale.
    if taken.iter().filter(|line| line.quantity > 0).count() > LINES_MAX {
        return Err(Refusal::Invalid(Wrong::LinesOdd).into());
    }
    let asked: BTreeMap<ThingId, i64> = taken.iter().map(|line| (line.line, line.quantity)).collect();
    let Some(spans) = spans(&standing.bill, &asked) else { return Ok(OfTab { closed_by, word: None }) };
    Ok(OfTab { closed_by: None, word: Some(TabPaid { sale, tab, spans }) })
}

/// Which units a sale is done with; nothing where another sale paid some of what it is to pay.
fn spans(bill: &Bill, asked: &BTreeMap<ThingId, i64>) -> Option<Vec<TabSpan>> {
    let mut spans = Vec::new();
    for (line, units) in asked {
        spans.extend(bill.pay(*line, *units)?);
    }
    (!bill.has_sale || !spans.is_empty()).then_some(spans)
}

/// An open order as its document has it, to be edited.
pub(super) struct Held<'a> {
    pub(super) order: &'a OpenOrder,
    pub(super) bill: Bill,
    /// What the set of its sales is called.
    pub(super) sales: Option<ThingId>,
    /// What these edits take out of it, counted as the document does.
    pub(super) outs: usize,
}

impl Held<'_> {
    /// What comes off the whole of it. An amount is off what was not paid by then.
    pub(super) fn off(&self, off: Discount) -> Vec<Edit> {
        let after = self.sales.filter(|_| matches!(off, Discount::Amount(_)));
        let after = after.map(|sales| Edit::SetThing { field: Field::OffAfter, thing: sales });
        let after = after.unwrap_or(Edit::Clear { field: Field::OffAfter });
        off_edits(off).into_iter().chain([after]).collect()
    }

    /// What a line is to be. So much of it was put in when it was put in, and nobody writes another number over that. An amount
    /// is off those of its units that were not paid by then; whoever writes a note to it says no amount.
    pub(super) fn put(&mut self, line: ThingId, content: OrderLine) -> Result<Edit, Refusal> {
        let there = self.order.lines.get(&line);
        let put = there.map(|known| known.quantity).or_else(|| self.bill.put.get(&line).copied());
        let quantity = put.unwrap_or(content.quantity);
        self.bill.put.insert(line, quantity);
        if put.is_none() && !self.has_room() {
            return Err(Refusal::Invalid(Wrong::TabOutsFull));
        }
        let same = there.filter(|known| known.off == content.off && known.note != content.note);
        let off_paid = match content.off {
            Discount::Amount(_) => same.map_or_else(|| self.bill.paid(line), |known| known.off_paid),
            Discount::None | Discount::Percent(_) => 0,
        };
        Ok(Edit::PutLine { line, content: OrderLine { quantity, off_paid, ..content } })
    }

    /// Takes so much of a line out, as far as it is there and not paid. A word that is known is not said again, and one that the
    /// document would not read is not said at all.
    pub(super) fn take_out(&mut self, word: ThingId, taken: &TabTaken) -> Result<Option<Edit>, Refusal> {
        let line = taken.line;
        let spans = self.bill.take_out(line, taken.quantity);
        if spans.is_empty() || self.order.outs.contains_key(&(line, word)) {
            return Ok(None);
        }
        self.outs += 1;
        self.bill.out.add(&spans);
        if !self.has_room() {
            return Err(Refusal::Invalid(Wrong::TabOutsFull));
        }
        Ok(Some(Edit::TakeOut { line, word, spans }))
    }

    /// Whether all that is left can be taken out, too: an order that nobody wants any more can be closed.
    fn has_room(&self) -> bool {
        let (outs, lines) = (self.order.outs.len() + self.outs, &self.bill.put);
        let left = || lines.keys().filter(|line| self.bill.due(**line) > 0).count();
        outs + lines.len() <= OUTS_MAX || outs + left() <= OUTS_MAX
    }
}
