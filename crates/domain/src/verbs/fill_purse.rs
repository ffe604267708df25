//! Put value into a purse that somebody paid for, or that the stall gives: sell or top up a gift card, take money for
//! later, make a present. The drawer has the money; the stall owes it, so it is no sale.

use crate::basket::TenderKind;
use crate::entry::{Entry, FillCause, PurseFilled, PurseKind};
use crate::ids::{ProductId, SaleId, ShiftId, ThingId};
use crate::people::{Doer, Wish};
use crate::purse::PURSE_UNITS_MAX;
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::verify_payment::code_key;
use crate::verbs::{NOTE_LEN_MAX, check_note};
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FillPurse {
    pub purse: ProductId,
    pub kind: PurseKind,
    pub customer: Option<ThingId>,
    pub units: i64,
    /// How it is paid for; nothing for a present.
    pub tender: Option<TenderKind>,
    pub reference: String,
    /// Somebody of the stall saw that the money of a payment by phone came.
    pub is_seen: bool,
    pub reason: String,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub open_shift: Option<ShiftId>,
    /// Whether the customer whose purse it is, is known and not erased.
    pub customer_known: bool,
    /// What the code of a payment by phone paid already.
    pub code_used_by: Option<SaleId>,
    pub doer: Doer,
}

pub fn decide(facts: &Facts, command: &FillPurse) -> Result<Vec<Entry>, Refusal> {
    check_units(command.units)?;
    check_note(&command.reason)?;
    ensure(command.reference.len() <= NOTE_LEN_MAX, invalid(Wrong::TooLong))?;
    check_owner(command.kind, command.customer, facts.customer_known)?;
    let shift = facts.open_shift.ok_or(Refusal::NoShift)?;
    let cause = match command.tender {
        None => {
            ensure(!command.reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
            facts.doer.allow(&[Wish::Refund { minor: command.units }])?;
            FillCause::Given
        }
        Some(TenderKind::Voucher) => return Err(invalid(Wrong::PurseForPurse)),
        Some(kind) => {
            // A purse is spent at once: nobody fills it for what a buyer only says (C73).
            ensure(
                kind != TenderKind::MobileMoney
                    || command.is_seen && !code_key(&command.reference).is_empty(),
                invalid(Wrong::PaymentUnseen),
            )?;
            facts.code_used_by.map_or(Ok(()), |paid| Err(Refusal::CodeUsed(paid)))?;
            let is_money = command.kind != PurseKind::Points;
            ensure(is_money, invalid(Wrong::PointsNotSold))?;
            FillCause::Bought
        }
    };
    Ok(vec![filled(command, cause, Some(shift), None)])
}

/// The money of a refund that stays with the stall as credit or on a card.
pub fn of_refund(command: &FillPurse, (shift, sale): (ShiftId, SaleId)) -> Result<Entry, Refusal> {
    check_units(command.units)?;
    ensure(command.kind != PurseKind::Points, invalid(Wrong::PointsNotBack))?;
    check_owner(command.kind, command.customer, true)?;
    Ok(filled(command, FillCause::Refund, Some(shift), Some(sale)))
}

fn filled(command: &FillPurse, cause: FillCause, shift: Option<ShiftId>, sale: Option<SaleId>) -> Entry {
    PurseFilled {
        purse: command.purse,
        kind: command.kind,
        customer: command.customer,
        units: command.units,
        cause,
        shift,
        sale,
        tender: command.tender,
        reference: command.reference.clone(),
        reason: command.reason.trim().into(),
    }
    .into()
}

fn check_units(units: i64) -> Result<(), Refusal> {
    ensure((1..=PURSE_UNITS_MAX).contains(&units), invalid(Wrong::AmountOdd))
}

/// A card is whoever's holds it; credit and points are a customer's.
fn check_owner(kind: PurseKind, customer: Option<ThingId>, is_known: bool) -> Result<(), Refusal> {
    match (kind, customer) {
        (PurseKind::GiftCard, _) => Ok(()),
        (PurseKind::Credit | PurseKind::Points, None) => Err(invalid(Wrong::CustomerMissing)),
        (PurseKind::Credit | PurseKind::Points, Some(customer)) => {
            ensure(is_known, Refusal::UnknownCustomer(customer))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Act, Limits};
    use crate::role::Role;

    #[test]
    fn who_may_put_what_into_a_purse() {
        use PurseKind::{Credit, GiftCard, Points};
        let shift = ShiftId([1; 16]);
        let amina = Some(ThingId([2; 16]));
        let cash = Some(TenderKind::Cash);
        let good =
            Facts { open_shift: Some(shift), customer_known: true, code_used_by: None, doer: Doer::Anybody };
        let cashier = Doer::Person { role: Role::Cashier, limits: Limits::of(Role::Cashier), backing: None };
        let alone = Facts { doer: cashier, ..good.clone() };
        let closed = Facts { open_shift: None, ..good.clone() };
        let stranger = Facts { customer_known: false, ..good.clone() };
        let needs = Err(Refusal::ApprovalNeeded { acts: vec![Act::Refund] });
        let absurd = Err(invalid(Wrong::AmountOdd));
        for (facts, kind, customer, units, tender, reason, expected) in [
            (&good, GiftCard, None, 5_000, cash, "", Ok(FillCause::Bought)),
            (&alone, GiftCard, None, 5_000, cash, "", Ok(FillCause::Bought)),
            (&good, Credit, amina, 5_000, cash, "", Ok(FillCause::Bought)),
            (&good, Credit, amina, 5_000, None, "late", Ok(FillCause::Given)),
            (&good, Points, amina, 10, None, "birthday", Ok(FillCause::Given)),
            (&alone, Credit, amina, 5_000, None, "late", needs),
            (&good, Credit, amina, 5_000, None, " ", Err(invalid(Wrong::ReasonMissing))),
            (&good, Points, amina, 10, cash, "", Err(invalid(Wrong::PointsNotSold))),
            (&good, Credit, None, 10, cash, "", Err(invalid(Wrong::CustomerMissing))),
            (&stranger, Credit, amina, 10, cash, "", Err(Refusal::UnknownCustomer(ThingId([2; 16])))),
            (&closed, GiftCard, None, 10, cash, "", Err(Refusal::NoShift)),
            (&good, GiftCard, None, 0, cash, "", absurd.clone()),
            (&good, GiftCard, None, i64::MAX, cash, "", absurd),
            (
                &good,
                GiftCard,
                None,
                10,
                Some(TenderKind::MobileMoney),
                "",
                Err(invalid(Wrong::PaymentUnseen)),
            ),
            (&good, GiftCard, None, 10, Some(TenderKind::Voucher), "", Err(invalid(Wrong::PurseForPurse))),
        ] {
            let purse = ProductId([3; 16]);
            let reason = reason.to_owned();
            let (reference, is_seen) = (String::new(), true);
            let command = FillPurse { purse, kind, customer, units, tender, reference, is_seen, reason };
            let decided = decide(facts, &command).map(|entries| match entries.as_slice() {
                [Entry::PurseFilled(filled)] => {
                    assert_eq!((filled.units, filled.shift, filled.sale), (units, Some(shift), None));
                    filled.cause
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(decided, expected, "{command:?}");
        }
    }

    /// Seen, and with a code that paid nothing yet.
    #[test]
    fn a_payment_by_phone_was_seen() {
        let open_shift = Some(ShiftId([1; 16]));
        let good = Facts { open_shift, customer_known: true, code_used_by: None, doer: Doer::Anybody };
        let by_phone = FillPurse {
            purse: ProductId([3; 16]),
            kind: PurseKind::GiftCard,
            customer: None,
            units: 10,
            tender: Some(TenderKind::MobileMoney),
            reference: "QX12".into(),
            is_seen: true,
            reason: String::new(),
        };
        assert!(decide(&good, &by_phone).is_ok());
        let used = Facts { code_used_by: Some(SaleId([9; 16])), ..good.clone() };
        assert_eq!(decide(&used, &by_phone), Err(Refusal::CodeUsed(SaleId([9; 16]))));
        let claimed = FillPurse { is_seen: false, ..by_phone };
        assert!(decide(&good, &claimed).is_err());
    }
}
