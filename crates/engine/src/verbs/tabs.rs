//! What a sale is done with of the open order that it pays. Whoever sells says what they saw of it; what others put into it
//! meanwhile stays to be paid.

use std::collections::BTreeMap;

use soko_app_api::SaleAbout;
use soko_documents::limits::LINES_MAX;
use soko_domain::entry::{TabPaid, TabSpan};
use soko_domain::ids::{SaleId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::tab::Done;
use soko_domain::wrong::Wrong;
use soko_projection::tabs::{self, Paid};

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
    let paid = tabs::paid(writing.tx, writing.log, (tab, Some(sale)))?;
    let closed_by = paid.as_ref().map(|paid| paid.by);
    let Some(taken) = &about.tab_lines else { return Ok(OfTab { closed_by, word: None }) };
    if taken.len() > LINES_MAX {
        return Err(Refusal::Invalid(Wrong::LinesOdd).into());
    }
    let asked: BTreeMap<ThingId, i64> = taken.iter().map(|line| (line.line, line.quantity)).collect();
    let held = tabs::held(writing.tx, writing.log, tab)?;
    let Some(spans) = spans(paid.as_ref(), &held, &asked) else { return Ok(OfTab { closed_by, word: None }) };
    Ok(OfTab { closed_by: None, word: Some(TabPaid { sale, tab, spans }) })
}

/// Which units a sale is done with; nothing where another sale paid some of what it is to pay.
fn spans(
    paid: Option<&Paid>,
    held: &BTreeMap<ThingId, i64>,
    asked: &BTreeMap<ThingId, i64>,
) -> Option<Vec<TabSpan>> {
    let mut spans = Vec::new();
    for (line, units) in asked {
        let is_here = held.get(line).copied().unwrap_or(0);
        spans.extend(match paid {
            Some(paid) => paid.take(*line, is_here, *units)?,
            // Goods in the hand: others may have taken them out of the order meanwhile.
            None => Done::default().take(*line, is_here.max(*units), *units)?,
        });
    }
    (paid.is_none() || !spans.is_empty()).then_some(spans)
}
