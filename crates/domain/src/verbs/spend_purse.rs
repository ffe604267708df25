//! Pay from a purse, and undo what a sale did to purses. Value is spent from the share that this register holds and
//! from nothing else: so no two registers spend the same coin, however long they cannot hear each other.

use crate::entry::{Entry, FillCause, PurseFilled, PurseKind, PurseSpent, SpendCause};
use crate::ids::{ProductId, SaleId, ShiftId, ThingId};
use crate::money::part_of;
use crate::purse::Loyalty;
use crate::refusal::{Refusal, ensure, invalid};
use crate::wrong::Wrong;

/// What somebody pays with, and how much of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpendPurse {
    pub purse: ProductId,
    pub kind: PurseKind,
    pub customer: Option<ThingId>,
    pub money_minor: i64,
    pub sale: SaleId,
    pub shift: ShiftId,
}

/// Where the units of a purse are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Facts {
    /// Somebody put something in, once.
    pub is_known: bool,
    /// This register's own share.
    pub here: i64,
    /// What other registers and the shop hold.
    pub elsewhere: i64,
    pub loyalty: Loyalty,
}

pub fn decide(facts: &Facts, command: &SpendPurse) -> Result<PurseSpent, Refusal> {
    let SpendPurse { purse, kind, customer, money_minor, sale, shift } = *command;
    ensure(money_minor > 0, invalid(Wrong::AmountOdd))?;
    let units = match kind {
        PurseKind::GiftCard | PurseKind::Credit => money_minor,
        PurseKind::Points => facts.loyalty.points_for(money_minor).ok_or(invalid(Wrong::PointsNone))?,
    };
    ensure(facts.is_known, Refusal::UnknownPurse)?;
    let (here, elsewhere) = (facts.here.max(0), facts.elsewhere.max(0));
    ensure(units <= here, Refusal::PurseShort { here, elsewhere, asked: units })?;
    Ok(PurseSpent {
        purse,
        kind,
        customer,
        units,
        money_minor,
        cause: SpendCause::Paid,
        shift: Some(shift),
        sale: Some(sale),
        missing: 0,
    })
}

/// What a sale did to one purse, so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Touched {
    pub purse: ProductId,
    pub kind: PurseKind,
    pub customer: Option<ThingId>,
    /// Units that paid for it.
    pub paid: i64,
    /// Units that it earned.
    pub earned: i64,
    /// Of these, what was taken back, or should have been.
    pub reversed: i64,
    /// What this register holds of the purse.
    pub here: i64,
}

/// Undoes all that a voided sale did to purses: what paid comes back, what it earned goes.
pub fn undo(touched: &[Touched], (sale, shift): (SaleId, ShiftId)) -> Vec<Entry> {
    let mut entries = Vec::new();
    for purse in touched {
        if purse.paid > 0 {
            entries.push(
                PurseFilled {
                    purse: purse.purse,
                    kind: purse.kind,
                    customer: purse.customer,
                    units: purse.paid,
                    cause: FillCause::Undone,
                    shift: Some(shift),
                    sale: Some(sale),
                    tender: None,
                    reference: String::new(),
                    reason: String::new(),
                }
                .into(),
            );
        }
        let here = purse.here.saturating_add(purse.paid);
        entries.extend(taken_back(&Touched { here, ..*purse }, purse.earned - purse.reversed, (sale, shift)));
    }
    entries
}

/// Takes back the points that the refunded part of a sale earned. However a sale is refunded, the parts add up to the
/// whole.
pub fn reverse(
    touched: &[Touched],
    (refunded_minor, total_minor): (i64, i64),
    (sale, shift): (SaleId, ShiftId),
) -> Vec<Entry> {
    let due = |purse: &Touched| {
        let of_refunded = part_of(purse.earned, total_minor, 0, refunded_minor).unwrap_or(0);
        of_refunded.min(purse.earned) - purse.reversed
    };
    touched.iter().filter_map(|purse| taken_back(purse, due(purse), (sale, shift))).collect()
}

/// Nobody's purse falls below zero: what is not here is said to be missing.
fn taken_back(purse: &Touched, due: i64, (sale, shift): (SaleId, ShiftId)) -> Option<Entry> {
    if due <= 0 {
        return None;
    }
    let units = due.min(purse.here.max(0));
    let (kind, customer, purse) = (purse.kind, purse.customer, purse.purse);
    Some(
        PurseSpent {
            purse,
            kind,
            customer,
            units,
            money_minor: 0,
            cause: SpendCause::TakenBack,
            shift: Some(shift),
            sale: Some(sale),
            missing: due - units,
        }
        .into(),
    )
}

/// Takes back what was missing at first, as far as it is here by now.
pub fn take_rest(purse: &Touched, due: i64, at: (SaleId, Option<ShiftId>)) -> Option<PurseSpent> {
    let units = due.min(purse.here);
    (units > 0).then(|| PurseSpent {
        purse: purse.purse,
        kind: purse.kind,
        customer: purse.customer,
        units,
        money_minor: 0,
        cause: SpendCause::TakenBack,
        shift: at.1,
        sale: Some(at.0),
        // Both entries together are what was due.
        missing: -units,
    })
}

/// The points for a sale: for what was paid by anything but points.
pub fn earn(
    loyalty: &Loyalty,
    (purse, customer): (ProductId, ThingId),
    paid_minor: i64,
    (sale, shift): (SaleId, ShiftId),
) -> Option<Entry> {
    let units = loyalty.earned(paid_minor);
    (units > 0).then(|| {
        PurseFilled {
            purse,
            kind: PurseKind::Points,
            customer: Some(customer),
            units,
            cause: FillCause::Earned,
            shift: Some(shift),
            sale: Some(sale),
            tender: None,
            reference: String::new(),
            reason: String::new(),
        }
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURSE: ProductId = ProductId([1; 16]);
    const AMINA: Option<ThingId> = Some(ThingId([2; 16]));
    const AT: (SaleId, ShiftId) = (SaleId([3; 16]), ShiftId([4; 16]));

    fn spend(kind: PurseKind, money_minor: i64) -> SpendPurse {
        SpendPurse { purse: PURSE, kind, customer: AMINA, money_minor, sale: AT.0, shift: AT.1 }
    }

    #[test]
    fn only_what_is_held_here_is_spent() {
        use PurseKind::{Credit, GiftCard, Points};
        let loyalty = Loyalty { earn_minor: 100, worth_minor: 5 };
        let facts = |here, elsewhere| Facts { is_known: true, here, elsewhere, loyalty };
        let short = |here, elsewhere, asked| Err(Refusal::PurseShort { here, elsewhere, asked });
        for (facts, kind, money, expected) in [
            (facts(500, 0), GiftCard, 500, Ok(500)),
            (facts(500, 300), GiftCard, 501, short(500, 300, 501)),
            (facts(0, 900), Credit, 1, short(0, 900, 1)),
            (facts(-5, -5), Credit, 1, short(0, 0, 1)),
            (facts(3, 0), Points, 11, Ok(3)),
            (facts(2, 9), Points, 11, short(2, 9, 3)),
            (Facts::default(), GiftCard, 5, Err(Refusal::UnknownPurse)),
            (facts(9, 0), GiftCard, 0, Err(invalid(Wrong::AmountOdd))),
            (
                Facts { loyalty: Loyalty::default(), ..facts(9, 0) },
                Points,
                5,
                Err(invalid(Wrong::PointsNone)),
            ),
        ] {
            let spent = decide(&facts, &spend(kind, money)).map(|spent| spent.units);
            assert_eq!(spent, expected, "{facts:?} {kind:?} {money}");
        }
    }

    fn moved(entries: &[Entry]) -> Vec<(bool, i64, i64)> {
        let one = |entry: &Entry| {
            if let Entry::PurseFilled(filled) = entry {
                return (true, filled.units, 0);
            }
            let Entry::PurseSpent(spent) = entry else { panic!("{entry:?}") };
            (false, spent.units, spent.missing)
        };
        entries.iter().map(one).collect()
    }

    #[test]
    fn a_void_gives_back_what_paid_and_takes_what_was_earned() {
        let touched = |paid, earned, reversed, here| Touched {
            purse: PURSE,
            kind: PurseKind::Points,
            customer: AMINA,
            paid,
            earned,
            reversed,
            here,
        };
        for (touched, expected) in [
            (touched(20, 0, 0, 0), vec![(true, 20, 0)]),
            (touched(0, 7, 0, 9), vec![(false, 7, 0)]),
            (touched(0, 7, 0, 3), vec![(false, 3, 4)]),
            (touched(0, 7, 0, -1), vec![(false, 0, 7)]),
            (touched(5, 7, 1, 0), vec![(true, 5, 0), (false, 5, 1)]),
            (touched(0, 7, 7, 9), vec![]),
        ] {
            assert_eq!(moved(&undo(&[touched], AT)), expected, "{touched:?}");
        }
    }

    #[test]
    fn a_refund_takes_its_part_of_the_points_and_all_parts_are_the_whole() {
        let mut reversed = 0;
        for (refunded_minor, due) in [(333, 3), (666, 4), (667, 0), (1_000, 3)] {
            let touched = Touched {
                purse: PURSE,
                kind: PurseKind::Points,
                customer: AMINA,
                paid: 0,
                earned: 10,
                reversed,
                here: 100,
            };
            let taken = moved(&reverse(&[touched], (refunded_minor, 1_000), AT));
            assert_eq!(taken.iter().map(|(_, units, _)| units).sum::<i64>(), due, "{refunded_minor}");
            reversed += due;
        }
        assert_eq!(reversed, 10);
    }

    #[test]
    fn points_are_earned_by_a_rule_that_is_off_until_somebody_says_so() {
        let earned = |loyalty, paid| {
            earn(&loyalty, (PURSE, ThingId([2; 16])), paid, AT).map(|entry| moved(&[entry])[0].1)
        };
        let on = Loyalty { earn_minor: 100, worth_minor: 5 };
        assert_eq!([(on, 1_999), (on, 99)].map(|(loyalty, paid)| earned(loyalty, paid)), [Some(19), None]);
        assert_eq!(earned(Loyalty::default(), 1_999), None);
    }
}
