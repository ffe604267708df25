//! What the server says that is new of an order beside its state: money that went back in parts, and answers to returns. Asked before it is
//! kept, so each is news once.

use soko_app_api::{OwnNews, OwnRefundState, OwnReturnState};
use soko_domain::ids::OrderId;
use soko_record_log::{StoreError, Tx};

use super::{own_orders, returns};
use crate::server::OrderNow;

pub(super) fn of(tx: &mut dyn Tx, order: OrderId, now: &OrderNow) -> Result<Vec<OwnNews>, StoreError> {
    let before = own_orders::refunds(tx, order)?;
    let mut news: Vec<OwnNews> = Vec::new();
    for (place, refund) in now.refunds.iter().enumerate() {
        let is_new = before.get(place).is_none_or(|known| known.state != refund.state);
        let amount_minor = refund.amount_minor;
        let part = match refund.state {
            OwnRefundState::Back => OwnNews::PartBack { amount_minor },
            OwnRefundState::Refused => OwnNews::PartOwed { amount_minor },
            OwnRefundState::OnItsWay | OwnRefundState::ToFetch => continue,
        };
        news.extend(is_new.then_some(part));
    }
    let before = returns::of_order(tx, order)?;
    for returned in &now.returns {
        let known = before.iter().find(|known| known.returned == returned.returned);
        let is_new = known.is_some_and(|known| known.state != returned.state);
        let answer = match returned.state {
            OwnReturnState::Taken => OwnNews::ReturnTaken,
            OwnReturnState::Refused => OwnNews::ReturnRefused,
            OwnReturnState::Saved | OwnReturnState::Asked | OwnReturnState::Declined => continue,
        };
        news.extend(is_new.then_some(answer));
    }
    Ok(news)
}
