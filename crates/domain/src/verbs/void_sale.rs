//! Void a sale before the goods leave: same register, same shift, nothing refunded. Its number stays used.

use crate::entry::{Entry, SaleMade, SaleVoided, SplitUnits};
use crate::ids::{AuthorId, SaleId, ShiftId};
use crate::people::{Doer, Wish};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::check_note;
use crate::verbs::make_sale::cash_kept;
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VoidSale {
    pub sale: SaleId,
    pub reason: String,
}

#[derive(Clone, Debug)]
pub struct Facts {
    pub me: AuthorId,
    pub open_shift: Option<ShiftId>,
    /// The sale and who made it, if it is known here.
    pub sale: Option<(AuthorId, SaleMade)>,
    pub voided: bool,
    pub refunded: bool,
    pub doer: Doer,
}

pub fn decide(facts: &Facts, command: &VoidSale) -> Result<Vec<Entry>, Refusal> {
    ensure(!command.reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(&command.reason)?;
    let (maker, sale) = facts.sale.as_ref().ok_or(Refusal::UnknownSale(command.sale))?;
    let shift = facts.open_shift.ok_or(Refusal::NoShift)?;
    ensure(!facts.voided, Refusal::SaleVoided)?;
    ensure(!facts.refunded, Refusal::SaleRefunded)?;
    ensure(*maker == facts.me && sale.shift == shift, Refusal::VoidElsewhere)?;
    facts.doer.allow(&[Wish::VoidSale])?;
    Ok(vec![
        SaleVoided {
            sale: command.sale,
            shift,
            reason: command.reason.clone(),
            units: units_of(sale),
            cash_back_minor: cash_kept(sale),
        }
        .into(),
    ])
}

fn units_of(sale: &SaleMade) -> Vec<SplitUnits> {
    let split = |line: &crate::entry::SaleLine| {
        line.product.map(|product| SplitUnits {
            product,
            from_share: line.from_share(),
            beyond_share: line.beyond_share,
        })
    };
    sale.lines.iter().filter_map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Act, Limits};
    use crate::role::Role;
    use crate::verbs::refund::tests::{ME, sale_of};

    #[test]
    fn table() {
        let shift = ShiftId([2; 16]);
        let good = Facts {
            me: ME,
            open_shift: Some(shift),
            sale: Some((ME, sale_of(3, 300))),
            voided: false,
            refunded: false,
            doer: Doer::Anybody,
        };
        let cashier = Doer::Person { role: Role::Cashier, limits: Limits::of(Role::Cashier), backing: None };
        let other_maker = Some((AuthorId([9; 16]), sale_of(3, 300)));
        for (facts, reason, refused) in [
            (good.clone(), "typo", None),
            (good.clone(), " ", Some(invalid(Wrong::ReasonMissing))),
            (Facts { sale: None, ..good.clone() }, "typo", Some(Refusal::UnknownSale(SaleId([1; 16])))),
            (Facts { open_shift: None, ..good.clone() }, "typo", Some(Refusal::NoShift)),
            (Facts { voided: true, ..good.clone() }, "typo", Some(Refusal::SaleVoided)),
            (Facts { refunded: true, ..good.clone() }, "typo", Some(Refusal::SaleRefunded)),
            (Facts { sale: other_maker, ..good.clone() }, "typo", Some(Refusal::VoidElsewhere)),
            (
                Facts { open_shift: Some(ShiftId([7; 16])), ..good.clone() },
                "typo",
                Some(Refusal::VoidElsewhere),
            ),
            (
                Facts { doer: cashier, ..good },
                "typo",
                Some(Refusal::ApprovalNeeded { acts: vec![Act::VoidSale] }),
            ),
        ] {
            let command = VoidSale { sale: SaleId([1; 16]), reason: reason.into() };
            assert_eq!(decide(&facts, &command).err(), refused);
        }
    }

    #[test]
    fn units_go_back_as_they_came() {
        let facts = Facts {
            me: ME,
            open_shift: Some(ShiftId([2; 16])),
            sale: Some((ME, sale_of(3, 300))),
            voided: false,
            refunded: false,
            doer: Doer::Anybody,
        };
        let entries = decide(&facts, &VoidSale { sale: SaleId([1; 16]), reason: "typo".into() }).unwrap();
        let [Entry::SaleVoided(void)] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((void.units[0].from_share, void.units[0].beyond_share), (2, 1));
    }
}
