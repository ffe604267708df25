//! Take lines off a cart after paying began: the customer was told a total, so what leaves it then may be money that stays in a
//! hand. It is written down with its reason; nothing is sold or moved by it.

use crate::entry::{Entry, LinesTakenOff, TakenOff};
use crate::ids::{SaleId, ShiftId, ThingId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::{check_lines, check_note};
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TakeOff {
    pub taking: ThingId,
    /// The sale that the cart was to become.
    pub sale: SaleId,
    pub lines: Vec<TakenOff>,
    pub reason: String,
}

pub fn decide(open_shift: Option<ShiftId>, command: &TakeOff) -> Result<Vec<Entry>, Refusal> {
    ensure(!command.reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
    check_note(&command.reason)?;
    check_lines(command.lines.len())?;
    for line in &command.lines {
        check_note(&line.name)?;
        ensure(line.quantity > 0, invalid(Wrong::QuantityOdd))?;
    }
    let amount_minor = command.lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.amount_minor));
    Ok(vec![
        LinesTakenOff {
            taking: command.taking,
            sale: command.sale,
            shift: open_shift,
            lines: command.lines.clone(),
            amount_minor: amount_minor.ok_or(Refusal::TooLarge)?,
            reason: command.reason.trim().into(),
        }
        .into(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(quantity: i64, amount_minor: i64) -> TakenOff {
        TakenOff { product: None, name: "Bag".into(), quantity, amount_minor }
    }

    #[test]
    fn table() {
        let no_reason = Err(invalid(Wrong::ReasonMissing));
        for (lines, reason, expected) in [
            (vec![line(1, 250), line(2, 100)], " she has no money ", Ok(350)),
            (vec![line(1, 250)], " ", no_reason),
            (vec![line(0, 250)], "typo", Err(invalid(Wrong::QuantityOdd))),
            (vec![line(1, i64::MAX), line(1, 1)], "typo", Err(Refusal::TooLarge)),
        ] {
            let (taking, sale) = (ThingId([1; 16]), SaleId([2; 16]));
            let command = TakeOff { taking, sale, lines, reason: reason.into() };
            let decided = decide(Some(ShiftId([3; 16])), &command).map(|entries| match entries.as_slice() {
                [Entry::LinesTakenOff(off)] => {
                    assert_eq!(off.reason, reason.trim());
                    off.amount_minor
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(decided, expected, "{command:?}");
        }
        let command =
            TakeOff { taking: ThingId([1; 16]), sale: SaleId([2; 16]), lines: vec![], reason: "typo".into() };
        assert!(decide(None, &command).is_err(), "nothing is no taking");
    }
}
