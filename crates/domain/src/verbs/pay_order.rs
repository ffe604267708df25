//! What the stall's records say of an order's money: paid once, in full, and back once. Whether the money moved is the
//! provider's word, which somebody fetched; here is only what may be written of it.

use crate::entry::{Entry, OrderPaid, OrderPaidBack, PayWay};
use crate::ids::OrderId;
use crate::refusal::{Refusal, invalid};

/// What the records say already.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Facts {
    /// How it was to be paid before it is fetched, and how much; none where it is paid at hand-over.
    pub to_pay: Option<(PayWay, i64)>,
    pub paid_minor: i64,
    pub back_minor: i64,
}

crate::wire_choice! {
    /// Where the money of an order is.
    pub enum PayStanding {
        /// Whoever hands the goods over takes the money.
        AtHandOver = 1,
        Waiting = 2,
        Paid = 3,
        PaidBack = 4,
    }
}

impl Facts {
    pub fn standing(&self) -> PayStanding {
        match self.to_pay {
            None => PayStanding::AtHandOver,
            Some(_) if self.paid_minor == 0 => PayStanding::Waiting,
            Some(_) if self.back_minor >= self.paid_minor => PayStanding::PaidBack,
            Some(_) => PayStanding::Paid,
        }
    }
}

/// Nothing where it is written already.
pub fn paid(
    facts: &Facts,
    order: OrderId,
    (amount_minor, reference): (i64, &str),
) -> Result<Vec<Entry>, Refusal> {
    let (way, due_minor) = facts.to_pay.ok_or(Refusal::UnknownOrder(order))?;
    if amount_minor != due_minor {
        return Err(invalid("amount", "must be what the order comes to"));
    }
    if facts.paid_minor != 0 {
        return Ok(Vec::new());
    }
    Ok(vec![OrderPaid { order, way, amount_minor, reference: reference.into() }.into()])
}

/// No more than was paid. Nothing where it is written already.
pub fn paid_back(
    facts: &Facts,
    order: OrderId,
    (amount_minor, reference): (i64, &str),
) -> Result<Vec<Entry>, Refusal> {
    let (way, _) = facts.to_pay.ok_or(Refusal::UnknownOrder(order))?;
    if facts.paid_minor != 0 && facts.back_minor == facts.paid_minor {
        return Ok(Vec::new());
    }
    if amount_minor <= 0 || amount_minor > facts.paid_minor - facts.back_minor {
        return Err(invalid("amount", "must not be more than was paid"));
    }
    Ok(vec![OrderPaidBack { order, way, amount_minor, reference: reference.into() }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_paid_once_and_back_once() {
        let order = OrderId([1; 16]);
        let facts =
            |paid_minor, back_minor| Facts { to_pay: Some((PayWay::Card, 500)), paid_minor, back_minor };
        let count = |entries: Result<Vec<Entry>, Refusal>| entries.map(|entries| entries.len());
        let unknown = Refusal::UnknownOrder(order);
        let unequal = invalid("amount", "must be what the order comes to");
        let too_much = invalid("amount", "must not be more than was paid");
        for (facts, amount, wanted, wanted_back, standing) in [
            (Facts::default(), 500, Err(unknown.clone()), Err(unknown), PayStanding::AtHandOver),
            (facts(0, 0), 500, Ok(1), Err(too_much.clone()), PayStanding::Waiting),
            (facts(0, 0), 499, Err(unequal.clone()), Err(too_much.clone()), PayStanding::Waiting),
            (facts(500, 0), 500, Ok(0), Ok(1), PayStanding::Paid),
            (facts(500, 0), 501, Err(unequal), Err(too_much), PayStanding::Paid),
            (facts(500, 500), 500, Ok(0), Ok(0), PayStanding::PaidBack),
        ] {
            assert_eq!(count(paid(&facts, order, (amount, "r"))), wanted, "{facts:?}");
            assert_eq!(count(paid_back(&facts, order, (amount, "r"))), wanted_back, "{facts:?}");
            assert_eq!(facts.standing(), standing);
        }
    }
}
