//! Which records somebody may want to look into: all that moves money or rights and is not a plain sale. The row names
//! the record; what it says is read from there.

use soko_domain::entry::{Entry, FillCause, SaleMade, Stamp};
use soko_record_log::{StoreError, params};

use crate::book::Book;
use crate::ledger::Place;
use crate::project::Touched;

pub(crate) fn note(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &Entry,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    if !is_notable(stamp, entry) {
        return Ok(());
    }
    touched.audit = true;
    let approved_by = stamp.approval.as_ref().map(|approval| approval.by);
    book.tx.run(
        "insert into audit (log, author, seq, at_ms, business_day, kind, person, approved_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (log, author, seq) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            stamp.at_ms,
            stamp.business_day,
            entry.kind().number(),
            stamp.by,
            approved_by
        ],
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever comes later is looked into where it was allowed"
)]
fn is_notable(stamp: &Stamp, entry: &Entry) -> bool {
    match entry {
        Entry::SaleMade(sale) => stamp.approval.is_some() || is_unusual(sale),
        Entry::ShiftOpened(_)
        | Entry::ShiftClosed(_)
        | Entry::SaleVoided(_)
        | Entry::LinesTakenOff(_)
        | Entry::RefundMade(_)
        | Entry::DrawerMoved(_)
        | Entry::DrawerOpened(_)
        | Entry::DrawerCounted(_)
        | Entry::StockCounted(_)
        | Entry::DeviceRevoked(_)
        | Entry::PersonPut(_)
        | Entry::PersonErased(_)
        | Entry::LimitsPut(_)
        | Entry::LoyaltyPut(_)
        | Entry::PriceRulePut(_)
        | Entry::CouponPut(_)
        | Entry::PriceMoved(_)
        | Entry::CustomerErased(_)
        | Entry::IncidentSettled(_)
        | Entry::OrderBackAsked(_)
        | Entry::OrderRefundAsked(_)
        | Entry::OrderCashGiven(_)
        | Entry::OrderTransferCame(_)
        | Entry::OrderSentBack(_)
        | Entry::ProgramActed(_) => true,
        Entry::PurseFilled(filled) => filled.cause == FillCause::Given || stamp.approval.is_some(),
        _ => stamp.approval.is_some(),
    }
}

/// Something was taken off, or more was sold than the register held.
fn is_unusual(sale: &SaleMade) -> bool {
    sale.lines.iter().any(|line| line.discount_minor != 0 || line.beyond_share != 0)
}
