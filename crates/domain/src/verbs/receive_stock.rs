//! Receive a delivery. The units become the receiver's own share.

use crate::entry::{Entry, ReceivedLine, StockReceived};
use crate::ids::ThingId;
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::{check_lines, check_note, check_quantity};
use crate::wrong::Wrong;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiveStock {
    pub delivery: ThingId,
    pub lines: Vec<ReceivedLine>,
    pub note: String,
}

pub fn decide(command: &ReceiveStock) -> Result<Vec<Entry>, Refusal> {
    check_lines(command.lines.len())?;
    check_note(&command.note)?;
    for line in &command.lines {
        check_quantity(line.quantity)?;
        ensure(line.cost_minor.unwrap_or(0) >= 0, invalid(Wrong::Negative))?;
    }
    let ReceiveStock { delivery, lines, note } = command.clone();
    Ok(vec![StockReceived { delivery, lines, note }.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ProductId;

    #[test]
    fn table() {
        let line = |quantity, cost_minor| ReceivedLine { product: ProductId([7; 16]), quantity, cost_minor };
        let quantity = invalid(Wrong::QuantityOdd);
        for (lines, refused) in [
            (vec![line(5, None)], None),
            (vec![line(5, Some(100)), line(1, None)], None),
            (vec![], Some(invalid(Wrong::LinesOdd))),
            (vec![line(0, None)], Some(quantity.clone())),
            (vec![line(-3, None)], Some(quantity.clone())),
            (vec![line(i64::MAX, None)], Some(quantity)),
            (vec![line(1, Some(-1))], Some(invalid(Wrong::Negative))),
        ] {
            let command = ReceiveStock { delivery: ThingId([1; 16]), lines, note: String::new() };
            assert_eq!(decide(&command).err(), refused);
        }
    }
}
