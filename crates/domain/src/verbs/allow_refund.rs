//! Allow a register to refund a line of a sale whose shift has closed. Decided by the server, which then
//! holds the right and never grants it twice.

use crate::entry::{Entry, RefundAllowed, SaleMade};
use crate::ids::{AuthorId, SaleId, ThingId};
use crate::refusal::{Refusal, ensure};
use crate::verbs::refund::{Left, already, refundable_amount, sold_line};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AllowRefund {
    pub allowance: ThingId,
    pub to: AuthorId,
    pub sale: SaleId,
    pub line: u32,
    pub quantity: i64,
}

#[derive(Clone, Debug)]
pub struct Facts {
    /// The server was restored and may have forgotten what it allowed.
    pub frozen: bool,
    pub holder_revoked: bool,
    pub sale: Option<(AuthorId, SaleMade)>,
    pub voided: bool,
    pub sale_shift_closed: bool,
    /// Whether the maker's whole history is here: an author revoked or replaced holds no right any more.
    pub maker_revoked: bool,
    /// Whether the maker wrote something that only a newer program can read: it may have refunded by its own right.
    pub maker_is_unread: bool,
    /// Refunded so far, and allowed and not used yet: line, quantity, amount.
    pub taken: Vec<(u32, i64, i64)>,
    /// What can go back of what was paid, by all that is known here.
    pub left: Left,
    /// Allowances that nobody used yet.
    pub promised: Vec<RefundAllowed>,
}

pub fn decide(facts: &Facts, command: &AllowRefund) -> Result<Vec<Entry>, Refusal> {
    ensure(!facts.frozen, Refusal::StallFrozen)?;
    ensure(!facts.holder_revoked, Refusal::DeviceRevoked)?;
    let (maker, sale) = facts.sale.as_ref().ok_or(Refusal::UnknownSale(command.sale))?;
    ensure(!facts.voided, Refusal::SaleVoided)?;
    let with_server = (facts.sale_shift_closed && !facts.maker_is_unread) || facts.maker_revoked;
    ensure(with_server, Refusal::RefundHeldElsewhere { register: *maker })?;
    let (line, sold) = sold_line(sale, command.line)?;
    let (quantity, amount) = already(&facts.taken, line);
    let amount_minor = refundable_amount(sold, quantity, amount, command.quantity)?;
    let left = facts.left.clone().besides(&facts.promised);
    let all_minor = left.all_minor.min(amount_minor);
    let never_came = left.never_came.iter().fold(0_i64, |sum, (_, minor)| sum.saturating_add(*minor));
    // Whoever gets less than it takes could not use it, and nobody else would have it.
    ensure(never_came >= amount_minor - all_minor, Refusal::RefundUnpaid { left_minor: all_minor })?;
    Ok(vec![
        RefundAllowed {
            allowance: command.allowance,
            to: command.to,
            sale: command.sale,
            line,
            quantity: command.quantity,
            amount_minor,
            money_minor: left.money_minor.min(amount_minor),
            all_minor,
        }
        .into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verbs::refund::tests::{ME, sale_of};

    #[test]
    fn table() {
        let good = Facts {
            frozen: false,
            holder_revoked: false,
            sale: Some((ME, sale_of(3, 100))),
            voided: false,
            sale_shift_closed: true,
            maker_revoked: false,
            maker_is_unread: false,
            taken: vec![],
            left: Left { money_minor: 60, all_minor: 100, ..Left::default() },
            promised: vec![],
        };
        for (facts, quantity, expected) in [
            (good.clone(), 3, Ok(100)),
            (Facts { taken: vec![(0, 1, 33)], ..good.clone() }, 2, Ok(67)),
            (Facts { taken: vec![(0, 1, 33)], ..good.clone() }, 3, Err(Refusal::RefundExceeds { left: 2 })),
            (Facts { frozen: true, ..good.clone() }, 1, Err(Refusal::StallFrozen)),
            (Facts { voided: true, ..good.clone() }, 1, Err(Refusal::SaleVoided)),
            (Facts { holder_revoked: true, ..good.clone() }, 1, Err(Refusal::DeviceRevoked)),
            (
                Facts { sale_shift_closed: false, ..good.clone() },
                1,
                Err(Refusal::RefundHeldElsewhere { register: ME }),
            ),
            (Facts { sale_shift_closed: false, maker_revoked: true, ..good.clone() }, 1, Ok(33)),
            (
                Facts { maker_is_unread: true, ..good.clone() },
                1,
                Err(Refusal::RefundHeldElsewhere { register: ME }),
            ),
            (Facts { maker_is_unread: true, maker_revoked: true, ..good.clone() }, 1, Ok(33)),
            (Facts { sale: None, ..good }, 1, Err(Refusal::UnknownSale(SaleId([1; 16])))),
        ] {
            let command =
                AllowRefund { allowance: ThingId([8; 16]), to: ME, sale: SaleId([1; 16]), line: 0, quantity };
            let decided = decide(&facts, &command).map(|entries| match entries.as_slice() {
                [Entry::RefundAllowed(allowed)] => allowed.amount_minor,
                other => panic!("{other:?}"),
            });
            assert_eq!(decided, expected);
        }
    }
}
