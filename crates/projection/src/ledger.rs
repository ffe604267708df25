//! What each entry says, as rows. One arm per entry; every statement gives the same result in any order.

use soko_domain::entry::{Entry, RivalWay, RivalsFetched, RivalsSeen, Stamp, Standing};
use soko_domain::ids::{AuthorId, LogId};
use soko_record_log::StoreError;

use crate::audit;
use crate::book::Book;
use crate::counts;
use crate::coupons;
use crate::customers;
use crate::deals;
use crate::drawer;
use crate::figures;
use crate::incidents;
use crate::order_money;
use crate::order_refunds;
use crate::order_steps;
use crate::payments;
use crate::people;
use crate::prices;
use crate::project::Touched;
use crate::purses;
use crate::returns;
use crate::rivals::{self, Said};
use crate::swaps;
use crate::tabs;
use crate::trade;
use crate::transfers;

/// Where an entry stands.
pub(crate) struct Place {
    pub(crate) log: LogId,
    pub(crate) author: AuthorId,
    pub(crate) seq: u64,
}

pub(crate) fn apply_entry(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &Entry,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    audit::note(book, place, stamp, entry, touched)?;
    if let Entry::CostsNoted(note) = entry {
        figures::costs_noted(book, place, note);
    }
    match entry {
        Entry::ShiftOpened(opened) => drawer::shift_opened(book, place, stamp, opened, touched),
        Entry::ShiftClosed(closed) => drawer::shift_closed(book, place, stamp, closed, touched),
        Entry::DrawerMoved(moved) => drawer::moved(book, place, moved, touched),
        Entry::DrawerOpened(opened) => drawer::opened(book, place, opened, touched),
        Entry::DrawerCounted(counted) => drawer::counted(book, place, counted, touched),
        Entry::PersonPut(put) => people::person_put(book, place, put, touched),
        Entry::PersonErased(erased) => people::person_erased(book, place, erased.person, touched),
        Entry::LimitsPut(put) => people::limits_put(book, place, put, touched),
        Entry::CustomerPut(put) => customers::put(book, place, put, touched),
        Entry::CustomerErased(erased) => customers::erased(book, place, erased.customer, touched),
        Entry::PurseFilled(filled) => purses::filled(book, place, stamp, filled, touched),
        Entry::PurseSpent(spent) => purses::spent(book, place, stamp, spent, touched),
        Entry::LoyaltyPut(put) => purses::loyalty(book, place, put, touched),
        Entry::PriceRulePut(put) => prices::rule_put(book, place, put, touched),
        Entry::PriceMoved(moved) => prices::moved(book, place, stamp, moved, touched),
        Entry::PriceRefused(refused) => prices::refused(book, place, refused, touched),
        #[rustfmt::skip]
        Entry::RivalsSeen(_) | Entry::RivalsFetched(_) | Entry::RivalSourcePut(_) => apply_rivals(book, place, entry, touched),
        Entry::CouponPut(put) => coupons::put(book, place, put, touched),
        Entry::DealTaken(taken) => deals::taken(book, place, taken, touched),
        Entry::SaleMade(sale) => trade::sale_made(book, place, stamp, sale, touched),
        Entry::TabPaid(word) => tabs::said(book, place, word),
        Entry::SaleVoided(void) => trade::sale_voided(book, place, stamp, void, touched),
        Entry::RefundMade(refund) => trade::refund_made(book, place, stamp, refund, touched),
        Entry::RefundAllowed(allowed) => trade::refund_allowed(book, place, allowed, touched),
        Entry::ShareReturned(share) => trade::share_returned(book, place, share),
        Entry::ShareGranted(share) => trade::share_granted(book, place, share),
        Entry::ShareRecalled(recall) => trade::share_recalled(book, place, recall),
        #[rustfmt::skip]
        Entry::OrderPlaced(_) | Entry::OrderHandedOver(_) | Entry::OrderCancelAsked(_) | Entry::OrderStepped(_)
        | Entry::OrderReleased(_) | Entry::OrderFulfilled(_) | Entry::OrderToPay(_) | Entry::OrderPaid(_)
        | Entry::OrderBackAsked(_) | Entry::OrderRefundAsked(_) | Entry::OrderRefundAllowed(_)
        | Entry::OrderToTransfer(_) | Entry::OrderTransferCame(_) | Entry::OrderSentBack(_)
        | Entry::OrderRefundEnded(_) | Entry::OrderCashGiven(_) | Entry::ReturnAsked(_) | Entry::ReturnTaken(_)
        | Entry::ReturnRefused(_) | Entry::OrderSwapAsked(_) | Entry::OrderSwapWithdrawn(_)
        | Entry::OrderSwapOffered(_) | Entry::OrderSwapTaken(_) | Entry::OrderSwapEnded(_) | Entry::OrderPaidBack(_)
        | Entry::OrderPurseHeld(_) | Entry::OrderPurseMoved(_) => apply_order(book, place, stamp, entry, touched),
        Entry::DeviceAdmitted(device) => people::admitted(book, place, device, touched),
        Entry::DeviceRevoked(device) => people::revoked(book, place, device.author, touched),
        Entry::EpochStarted(epoch) => people::epoch_started(book, place, epoch),
        Entry::Unfrozen(unfrozen) => people::unfrozen(book, place, unfrozen.epoch),
        Entry::IncidentRaised(incident) => incidents::raised(book, place, stamp, incident, touched),
        Entry::IncidentSettled(word) => incidents::settled(book, place, stamp, word, touched),
        Entry::PaymentVerified(_) | Entry::PaymentSettled(_) | Entry::PaymentFailed(_) => {
            apply_payment(book, place, entry, touched)
        }
        Entry::CountOpened(opened) => counts::opened(book, place, opened, touched),
        Entry::CountMarked(marked) => counts::marked(book, place, marked),
        Entry::StockCounted(count) => counts::ended(book, place, count.count),
        Entry::CountDropped(dropped) => counts::ended(book, place, dropped.count),
        // Their whole effect is on stock, was taken where records are taken, or is that somebody can look into it.
        #[rustfmt::skip]
        Entry::StockReceived(_) | Entry::StockAdjusted(_) | Entry::StockConverted(_) | Entry::StockMoved(_)
        | Entry::ProgramActed(_) | Entry::RecordParked(_) | Entry::LinesTakenOff(_) | Entry::PricesSet(_)
        | Entry::LinesRepriced(_) | Entry::CostsNoted(_) => Ok(()),
    }
}

/// What is said of orders from the shop; and what that changes in the figures, which an order is in once it is handed over.
fn apply_order(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &Entry,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let counted = figures::order_counted(book, entry)?;
    touched.sales |= counted.is_some();
    let before = counted.map(|order| figures::of_order(book, order)).transpose()?;
    say_of_order(book, place, stamp, entry, touched)?;
    let after = counted.map(|order| figures::of_order(book, order)).transpose()?;
    for (sums, sign) in [(before, -1), (after, 1)] {
        book.figures.plus(sums.unwrap_or_default(), sign);
    }
    Ok(())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only entries about orders come here")]
fn say_of_order(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    entry: &Entry,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    match entry {
        Entry::OrderPlaced(order) => trade::order_placed(book, place, stamp, order, touched),
        Entry::OrderHandedOver(handed) => trade::order_handed_over(book, place, handed, touched),
        Entry::OrderCancelAsked(asked) => order_steps::cancel_asked(book, place, stamp, asked, touched),
        Entry::OrderStepped(stepped) => order_steps::stepped(book, place, stamp, stepped, touched),
        Entry::OrderReleased(released) => trade::order_released(book, place, released, touched),
        Entry::OrderFulfilled(order) => trade::order_fulfilled(book, place, stamp, order.order, touched),
        Entry::OrderToPay(to_pay) => order_money::to_pay(book, place, stamp, to_pay, touched),
        Entry::OrderPaid(paid) => order_money::paid(book, place, stamp, paid, touched),
        Entry::OrderBackAsked(asked) => order_money::back_asked(book, place, stamp, asked, touched),
        Entry::OrderRefundAsked(asked) => order_refunds::asked(book, (place, stamp), asked, touched),
        Entry::OrderRefundAllowed(allowed) => order_refunds::allowed(book, (place, stamp), allowed, touched),
        Entry::OrderRefundEnded(ended) => order_refunds::ended(book, (place, stamp), ended, touched),
        Entry::OrderCashGiven(given) => order_refunds::given(book, (place, stamp), given, touched),
        Entry::OrderToTransfer(begun) => transfers::begun(book, (place, stamp), begun, touched),
        Entry::OrderTransferCame(came) => order_money::transfer_came(book, place, stamp, came, touched),
        Entry::OrderSentBack(sent) => order_refunds::sent(book, (place, stamp), sent, touched),
        Entry::OrderPaidBack(back) => order_money::paid_back(book, place, stamp, back, touched),
        Entry::OrderPurseHeld(held) => order_money::card_held(book, (place, stamp), held, touched),
        Entry::OrderPurseMoved(moved) => order_money::card_moved(book, (place, stamp), moved, touched),
        Entry::OrderSwapAsked(asked) => swaps::asked(book, place, asked, touched),
        Entry::OrderSwapWithdrawn(word) => swaps::withdrawn(book, place, word, touched),
        Entry::OrderSwapOffered(offered) => swaps::offered(book, place, offered, touched),
        Entry::OrderSwapTaken(taken) => swaps::taken(book, place, taken, touched),
        Entry::OrderSwapEnded(ended) => swaps::ended(book, place, ended, touched),
        Entry::ReturnAsked(asked) => returns::asked(book, place, stamp, asked, touched),
        Entry::ReturnTaken(taken) => returns::taken(book, place, stamp, taken, touched),
        Entry::ReturnRefused(refused) => returns::refused(book, place, stamp, refused, touched),
        _ => Ok(()),
    }
}

/// What is said of others' prices.
#[expect(clippy::wildcard_enum_match_arm, reason = "only words about others' prices come here")]
fn apply_rivals(
    book: &mut Book<'_>,
    place: &Place,
    entry: &Entry,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    match entry {
        Entry::RivalsSeen(RivalsSeen { source, way, revision, lines }) => {
            rivals::seen(book, place, &Said { source, way: *way, revision: *revision, lines }, touched)
        }
        Entry::RivalsFetched(RivalsFetched { source, revision, lines }) => {
            let said = Said { source, way: RivalWay::Feed, revision: *revision, lines };
            rivals::seen(book, place, &said, touched)
        }
        Entry::RivalSourcePut(put) => rivals::source_put(book, place, put, touched),
        _ => Ok(()),
    }
}

/// What is said of a payment that a buyer claimed.
#[expect(clippy::wildcard_enum_match_arm, reason = "only words about payments come here")]
fn apply_payment(
    book: &mut Book<'_>,
    place: &Place,
    entry: &Entry,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    match entry {
        Entry::PaymentVerified(word) => {
            payments::said(book, place, (word.sale, word.tender), (Standing::Verified, &word.code), touched)
        }
        Entry::PaymentSettled(word) => {
            payments::said(book, place, (word.sale, word.tender), (Standing::Settled, ""), touched)
        }
        Entry::PaymentFailed(word) => {
            payments::said(book, place, (word.sale, word.tender), (Standing::Failed, ""), touched)
        }
        _ => Ok(()),
    }
}
