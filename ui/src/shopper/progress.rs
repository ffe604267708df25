//! Where an order is, in words and steps. Pure, and never further than the state says.

use std::cmp::Ordering;

use soko_app_api::{OwnOrderState, OwnOrderView, OwnPayState, OwnPayment};
use soko_domain::delivery::Handing;
use soko_domain::entry::PayWay;

use crate::parts::SavedTone;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reached {
    Done,
    Now,
    Ahead,
    /// It stopped here.
    Stopped,
}

/// One step on the way of an order: a key of `i18n`, and whether it has come so far.
pub(super) type Step = (&'static str, Reached);

pub(super) fn steps(state: OwnOrderState, handing: Handing) -> Vec<Step> {
    use Reached::{Ahead, Done, Now, Stopped};
    // How far along the way it is; where it stopped there is no way any more.
    let reached = match state {
        OwnOrderState::Saved => 0,
        OwnOrderState::Held => 1,
        OwnOrderState::Accepted => 2,
        OwnOrderState::Packed => 3,
        OwnOrderState::Ready | OwnOrderState::OnTheWay => 4,
        OwnOrderState::HandedOver => 6,
        OwnOrderState::Reconfirm => {
            let ahead = WAY.iter().skip(1).map(|step| (key(of(*step, handing)), Ahead));
            return [(key(OwnOrderState::Saved), Done), (key(state), Stopped)]
                .into_iter()
                .chain(ahead)
                .collect();
        }
        OwnOrderState::Cancelled | OwnOrderState::Refused => {
            return vec![(key(OwnOrderState::Saved), Done), (key(state), Stopped)];
        }
    };
    let step = |(place, step): (usize, &OwnOrderState)| {
        let step = of(*step, handing);
        let sign = match place.cmp(&reached) {
            Ordering::Less => Done,
            Ordering::Equal => Now,
            Ordering::Greater => Ahead,
        };
        (key(step), sign)
    };
    WAY.iter().enumerate().map(step).collect()
}

/// What is brought goes on its way where what is fetched becomes ready.
fn of(step: OwnOrderState, handing: Handing) -> OwnOrderState {
    let leaves = step == OwnOrderState::Ready && handing.is_brought();
    if leaves { OwnOrderState::OnTheWay } else { step }
}

/// Every step of an order that comes to its end.
const WAY: [OwnOrderState; 6] = [
    OwnOrderState::Saved,
    OwnOrderState::Held,
    OwnOrderState::Accepted,
    OwnOrderState::Packed,
    OwnOrderState::Ready,
    OwnOrderState::HandedOver,
];

pub(super) fn key(state: OwnOrderState) -> &'static str {
    match state {
        OwnOrderState::Saved => "own-order.saved",
        OwnOrderState::Reconfirm => "own-order.reconfirm",
        OwnOrderState::Held => "own-order.held",
        OwnOrderState::Accepted => "own-order.accepted",
        OwnOrderState::Packed => "own-order.packed",
        OwnOrderState::Ready => "own-order.ready",
        OwnOrderState::OnTheWay => "own-order.on-the-way",
        OwnOrderState::HandedOver => "own-order.handed-over",
        OwnOrderState::Cancelled => "own-order.cancelled",
        OwnOrderState::Refused => "own-order.refused",
    }
}

/// What the state means for the buyer, and what comes next.
pub(super) fn meaning(state: OwnOrderState) -> &'static str {
    match state {
        OwnOrderState::Saved => "own-order.saved-means",
        OwnOrderState::Reconfirm => "own-order.reconfirm-means",
        OwnOrderState::Held => "own-order.held-means",
        OwnOrderState::Accepted => "own-order.accepted-means",
        OwnOrderState::Packed => "own-order.packed-means",
        OwnOrderState::Ready => "own-order.ready-means",
        OwnOrderState::OnTheWay => "own-order.on-the-way-means",
        OwnOrderState::HandedOver => "own-order.handed-over-means",
        OwnOrderState::Cancelled => "own-order.cancelled-means",
        OwnOrderState::Refused => "own-order.refused-means",
    }
}

pub(super) fn tone(state: OwnOrderState) -> SavedTone {
    match state {
        OwnOrderState::Saved | OwnOrderState::Reconfirm => SavedTone::Waiting,
        OwnOrderState::Held
        | OwnOrderState::Accepted
        | OwnOrderState::Packed
        | OwnOrderState::Ready
        | OwnOrderState::OnTheWay
        | OwnOrderState::HandedOver => SavedTone::Good,
        OwnOrderState::Cancelled => SavedTone::Quiet,
        OwnOrderState::Refused => SavedTone::Bad,
    }
}

/// How far a payment is, and what that means for the buyer. What was paid for an order that is over is owed.
pub(super) fn paying(payment: &OwnPayment, order: OwnOrderState) -> (&'static str, &'static str) {
    match (payment.state, payment.way) {
        (OwnPayState::Asking, _) => ("own-pay.asking", "own-pay.asking-means"),
        (OwnPayState::Waiting, PayWay::Card) => ("own-pay.waiting", "own-pay.waiting-card-means"),
        (OwnPayState::Waiting, PayWay::Phone) => ("own-pay.waiting", "own-pay.waiting-phone-means"),
        (OwnPayState::Waiting, PayWay::Transfer) => ("own-pay.waiting", "own-pay.waiting-transfer-means"),
        (OwnPayState::Confirming, _) => ("own-pay.confirming", "own-pay.confirming-means"),
        (OwnPayState::Paid, _) if order == OwnOrderState::Cancelled => ("own-pay.owed", "own-pay.owed-means"),
        (OwnPayState::Paid, _) => ("own-pay.paid", "own-pay.paid-means"),
        (OwnPayState::Cancelling, _) => ("own-pay.cancelling", "own-pay.cancelling-means"),
        (OwnPayState::Cancelled, PayWay::Transfer) => {
            ("own-pay.cancelled", "own-pay.cancelled-transfer-means")
        }
        (OwnPayState::Cancelled, _) => ("own-pay.cancelled", "own-pay.cancelled-means"),
        (OwnPayState::Returning, PayWay::Transfer) => {
            ("own-pay.returning", "own-pay.returning-transfer-means")
        }
        (OwnPayState::Returning, _) => ("own-pay.returning", "own-pay.returning-means"),
        (OwnPayState::Returned, _) => ("own-pay.returned", "own-pay.returned-means"),
    }
}

pub(super) fn pay_tone(state: OwnPayState) -> SavedTone {
    match state {
        OwnPayState::Asking
        | OwnPayState::Waiting
        | OwnPayState::Confirming
        | OwnPayState::Cancelling
        | OwnPayState::Returning => SavedTone::Waiting,
        OwnPayState::Paid | OwnPayState::Returned => SavedTone::Good,
        OwnPayState::Cancelled => SavedTone::Quiet,
    }
}

/// Whether the buyer can still take it back.
pub(super) fn may_cancel(order: &OwnOrderView) -> bool {
    let is_open = match order.row.state {
        OwnOrderState::Saved
        | OwnOrderState::Reconfirm
        | OwnOrderState::Held
        | OwnOrderState::Accepted
        | OwnOrderState::Packed
        | OwnOrderState::Ready => true,
        OwnOrderState::OnTheWay
        | OwnOrderState::HandedOver
        | OwnOrderState::Cancelled
        | OwnOrderState::Refused => false,
    };
    is_open && !order.cancel_asked
}

#[cfg(test)]
pub(super) mod tests {
    use soko_app_api::{ContactView, OwnOrderRow};
    use soko_domain::ids::{LogId, OrderId};

    use super::*;

    const ALL: [OwnOrderState; 10] = [
        OwnOrderState::Saved,
        OwnOrderState::Reconfirm,
        OwnOrderState::Held,
        OwnOrderState::Accepted,
        OwnOrderState::Packed,
        OwnOrderState::Ready,
        OwnOrderState::OnTheWay,
        OwnOrderState::HandedOver,
        OwnOrderState::Cancelled,
        OwnOrderState::Refused,
    ];

    pub(in crate::shopper) fn order(state: OwnOrderState, cancel_asked: bool) -> OwnOrderView {
        let row = OwnOrderRow {
            order: OrderId([1; 16]),
            stall: LogId([2; 16]),
            stall_name: "Amina".into(),
            state,
            at_ms: 0,
            currency: "KES".into(),
            total_minor: 100,
            lines: 1,
            handing: Handing::Pickup,
        };
        OwnOrderView {
            row,
            lines: Vec::new(),
            note: String::new(),
            delivery_minor: None,
            zone: String::new(),
            taxes: Vec::new(),
            coupon: String::new(),
            card_minor: 0,
            card_back_minor: 0,
            discount_minor: 0,
            return_days: 0,
            returns: Vec::new(),
            swaps: Vec::new(),
            pickup: None,
            contact: ContactView::default(),
            because: String::new(),
            because_said: String::new(),
            reason: String::new(),
            ended: None,
            cancel_asked,
            payment: None,
            refunds: Vec::new(),
        }
    }

    #[test]
    fn no_step_is_done_before_it_is_known() {
        let done = |state| {
            steps(state, Handing::Pickup).iter().filter(|(_, reached)| *reached == Reached::Done).count()
        };
        for (state, wanted) in ALL.into_iter().zip([0, 1, 1, 2, 3, 4, 4, 6, 1, 1]) {
            assert_eq!(done(state), wanted, "{state:?}");
        }
        for state in ALL {
            let after: Vec<Reached> =
                steps(state, Handing::Pickup).into_iter().map(|(_, reached)| reached).collect();
            let first_ahead =
                after.iter().position(|reached| *reached == Reached::Ahead).unwrap_or(after.len());
            assert!(after[first_ahead..].iter().all(|reached| *reached == Reached::Ahead), "{state:?}");
        }
    }

    #[test]
    fn only_the_shop_confirms() {
        for state in [OwnOrderState::Saved, OwnOrderState::Reconfirm] {
            assert!(steps(state, Handing::Pickup).contains(&("own-order.held", Reached::Ahead)));
            assert_eq!(tone(state), SavedTone::Waiting);
        }
        assert!(
            steps(OwnOrderState::Refused, Handing::Pickup).iter().all(|(key, _)| *key != "own-order.held")
        );
    }

    #[test]
    fn what_is_brought_is_not_to_be_fetched() {
        let keys =
            |handing| steps(OwnOrderState::Packed, handing).iter().map(|(key, _)| *key).collect::<Vec<_>>();
        assert!(keys(Handing::Pickup).contains(&"own-order.ready"));
        assert!(!keys(Handing::Pickup).contains(&"own-order.on-the-way"));
        for handing in [Handing::Local, Handing::Shipping] {
            assert!(!keys(handing).contains(&"own-order.ready"));
            assert!(keys(handing).contains(&"own-order.on-the-way"));
        }
    }

    #[test]
    fn what_is_over_or_being_cancelled_is_not_cancelled_again() {
        for (state, wanted) in
            ALL.into_iter().zip([true, true, true, true, true, true, false, false, false, false])
        {
            assert_eq!(may_cancel(&order(state, false)), wanted, "{state:?}");
            assert!(!may_cancel(&order(state, true)));
        }
    }
}
