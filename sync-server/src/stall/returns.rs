//! What buyers bring back of their orders: asked once, answered once, in the stall's turn.

use std::collections::BTreeMap;

use soko_domain::entry::GoodsBack;
use soko_domain::ids::{OrderId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::verbs::return_goods::{self, Answer, AskReturn, Facts};
use soko_projection::{order_refunds, read, returns};

use crate::core::CoreRefusal;
use crate::stall::desk::Desk;
use crate::stall::orders::{OrderView, view};

/// What happens to a return.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReturnTurn {
    Ask(AskReturn),
    Answer { order: OrderId, returned: ThingId, answer: Answer },
}

pub(super) fn turn(desk: &mut Desk<'_>, turn: &ReturnTurn) -> Result<OrderView, CoreRefusal> {
    let order = match turn {
        ReturnTurn::Ask(asked) => {
            ask(desk, asked)?;
            asked.order
        }
        // What came back may be on the shelf already, by the life that is forgotten.
        ReturnTurn::Answer { .. } if read::stall_frozen(desk.tx, desk.log)? => {
            return Err(Refusal::StallFrozen.into());
        }
        ReturnTurn::Answer { order, returned, answer } => {
            let found = returns::one(desk.tx, desk.log, *returned)?.filter(|it| it.asked.order == *order);
            let left = left(desk, *order)?;
            let entries = return_goods::answer(found.map(|found| found.asked).as_ref(), &left, answer)?;
            desk.write(entries)?;
            *order
        }
    };
    view(desk.tx, desk.log, order)?.ok_or_else(|| Refusal::UnknownOrder(order).into())
}

/// The same again under the same identity changes nothing.
fn ask(desk: &mut Desk<'_>, asked: &AskReturn) -> Result<(), CoreRefusal> {
    if let Some(known) = returns::one(desk.tx, desk.log, asked.returned)? {
        return if known.asked.order == asked.order { Ok(()) } else { Err(Refusal::IdReused.into()) };
    }
    let mut facts = Facts { now_ms: desk.now.now_ms, ..Facts::default() };
    if let Some(found) = read::order(desk.tx, desk.log, asked.order)? {
        let placed = read::order_placed(desk.tx, desk.log, &found)?;
        facts.state = Some(found.state);
        facts.ended_ms = found.ended_ms;
        facts.lines = placed.lines.iter().map(|line| (line.product, line.quantity)).collect();
        facts.back = returns::back(&returns::of_order(desk.tx, desk.log, asked.order)?);
        // What a refund put back onto the shelf is not the buyer's to bring.
        for part in order_refunds::parts(desk.tx, desk.log, asked.order)? {
            for line in part.lines.iter().filter(|line| line.goods != GoodsBack::KeptByBuyer) {
                *facts.back.entry(line.line).or_default() += line.quantity;
            }
        }
    }
    facts.days = read::profile(desk.tx, desk.log)?.map_or(0, |profile| profile.return_days);
    let entries = return_goods::ask(&facts, asked)?;
    desk.write(entries)
}

/// What can still come back of each line.
fn left(desk: &mut Desk<'_>, order: OrderId) -> Result<BTreeMap<u32, i64>, CoreRefusal> {
    let facts = order_refunds::facts(desk.tx, desk.log, order)?;
    let back = facts.goods_back();
    let sold = facts.placed.map(|placed| placed.lines).unwrap_or_default();
    let left =
        (0..).zip(&sold).map(|(line, sold)| (line, sold.quantity - back.get(&line).copied().unwrap_or(0)));
    Ok(left.collect())
}
