//! What this register wrote last, and what of it the server holds.

use soko_app_api::{WrittenRow, WrittenView, Wrote};
use soko_domain::entry::{Kind, Stamp};
use soko_record_log::{StoreError, log, params};
use soko_replication::record::{KIND_CHANGE_FIRST, KIND_CHANGE_LAST, KIND_INTRODUCTION};

use super::Asking;

const ROWS_MAX: u32 = 12;

pub(super) fn view(asking: &mut Asking<'_>) -> Result<WrittenView, StoreError> {
    let (stall, me) = (asking.log, asking.stall.row.author);
    let ours = log::head(asking.tx, stall, &me)?.map_or(0, |head| head.seq);
    let heads = asking.stall.session.server_heads();
    let sent = heads.and_then(|heads| heads.get(&me)).map_or(0, |head| head.seq).min(ours);
    let found = asking.tx.query(
        "select seq, kind, body from record where log = $1 and author = $2 order by seq desc limit $3",
        params![stall, me, ROWS_MAX],
    )?;
    let row = |row: &soko_record_log::Row| {
        let seq = row.number(0)?;
        let at_ms = row.blob_opt(2)?.and_then(|body| Stamp::of_body(body).ok()).map(|stamp| stamp.at_ms);
        let what = wrote(row.number(1)?);
        // An edit has a body of another form.
        let at_ms = at_ms.filter(|_| what != Wrote::Goods && what != Wrote::Other);
        Ok(WrittenRow { seq, what, at_ms, is_sent: seq <= sent })
    };
    let rows = found.iter().map(row).collect::<Result<_, StoreError>>()?;
    Ok(WrittenView { sent, rows })
}

fn wrote(number: u16) -> Wrote {
    match Kind::from_number(number) {
        Some(kind) => of_entry(kind),
        None if number == KIND_INTRODUCTION => Wrote::Devices,
        None if (KIND_CHANGE_FIRST..=KIND_CHANGE_LAST).contains(&number) => Wrote::Goods,
        None => Wrote::Other,
    }
}

fn of_entry(kind: Kind) -> Wrote {
    match kind {
        Kind::SaleMade => Wrote::Sale,
        Kind::SaleVoided | Kind::RefundMade | Kind::RefundAllowed => Wrote::Refund,
        Kind::ShiftOpened
        | Kind::ShiftClosed
        | Kind::DrawerMoved
        | Kind::DrawerOpened
        | Kind::DrawerCounted
        | Kind::PaymentVerified
        | Kind::PaymentSettled
        | Kind::PaymentFailed
        | Kind::LinesTakenOff
        | Kind::TabPaid
        | Kind::CostsNoted
        | Kind::LinesRepriced => Wrote::Money,
        #[rustfmt::skip]
        Kind::StockReceived | Kind::StockCounted | Kind::StockAdjusted | Kind::StockConverted | Kind::StockMoved
        | Kind::CountOpened | Kind::CountMarked | Kind::CountDropped
        | Kind::ShareReturned | Kind::ShareGranted | Kind::ShareRecalled => Wrote::Stock,
        Kind::PriceRulePut
        | Kind::PriceMoved
        | Kind::PriceRefused
        | Kind::PricesSet
        | Kind::CouponPut
        | Kind::RivalsSeen
        | Kind::RivalSourcePut
        | Kind::RivalsFetched => Wrote::Prices,
        Kind::PersonPut | Kind::PersonErased | Kind::LimitsPut => Wrote::People,
        Kind::CustomerPut
        | Kind::CustomerErased
        | Kind::PurseFilled
        | Kind::PurseSpent
        | Kind::LoyaltyPut => Wrote::Customers,
        Kind::DeviceRevoked | Kind::DeviceAdmitted | Kind::EpochStarted | Kind::Unfrozen => Wrote::Devices,
        Kind::OrderHandedOver
        | Kind::OrderCancelAsked
        | Kind::OrderStepped
        | Kind::OrderSwapAsked
        | Kind::OrderSwapWithdrawn
        | Kind::OrderTransferCame
        | Kind::OrderSentBack
        | Kind::OrderBackAsked
        | Kind::OrderRefundAsked
        | Kind::OrderCashGiven
        | Kind::OrderPlaced
        | Kind::OrderReleased
        | Kind::OrderFulfilled
        | Kind::OrderToPay
        | Kind::OrderPaid
        | Kind::OrderPaidBack
        | Kind::OrderRefundAllowed
        | Kind::OrderRefundEnded
        | Kind::OrderToTransfer
        | Kind::ReturnAsked
        | Kind::ReturnTaken
        | Kind::ReturnRefused
        | Kind::OrderSwapOffered
        | Kind::OrderSwapTaken
        | Kind::OrderSwapEnded
        | Kind::DealTaken
        | Kind::OrderPurseHeld
        | Kind::OrderPurseMoved => Wrote::Order,
        Kind::IncidentRaised | Kind::IncidentSettled | Kind::RecordParked | Kind::ProgramActed => {
            Wrote::Other
        }
    }
}
