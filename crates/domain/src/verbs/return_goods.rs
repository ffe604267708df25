//! Bring back what an order handed over: its buyer asks, the stall takes it or says why not. Decided by the server alone, so that
//! nothing comes back twice and goes on no shelf twice. What becomes of the money is `pay_order`'s.

use std::collections::BTreeMap;

use crate::entry::{
    BackLine, Entry, GoodsBack, ReturnAsked, ReturnRefused, ReturnTaken, ReturnWhy, TakenLine,
};
use crate::ids::{OrderId, ProductId, ThingId};
use crate::refusal::{Refusal, ensure, invalid};
use crate::verbs::release_order::OrderState;
use crate::verbs::{check_lines, check_note, check_quantity};
use crate::wrong::Wrong;

/// Longest time in which a stall takes something back.
pub const DAYS_MAX: u32 = 365;
const DAY_MS: i64 = 86_400_000;

/// Why nothing comes back, the first reason found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReturnProblem {
    #[error("the stall takes nothing back by itself; speak with it")]
    NotOffered,
    #[error("only what was handed over can come back")]
    NotHandedOver,
    #[error("the time to bring it back is over: it was {days} days")]
    TooLate { days: u32 },
    #[error("only {left} of this can still come back")]
    TooMany { left: i64 },
    #[error("no such return is known here")]
    Unknown,
    #[error("the stall answered this before; look again")]
    Answered,
}

impl ReturnProblem {
    /// A stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotOffered => "return_not_offered",
            Self::NotHandedOver => "return_not_handed_over",
            Self::TooLate { .. } => "return_too_late",
            Self::TooMany { .. } => "return_too_many",
            Self::Unknown => "return_unknown",
            Self::Answered => "return_answered",
        }
    }
}

crate::wire_choice! {
    /// Where a return stands.
    pub enum ReturnState { Asked = 1, Taken = 2, Refused = 3 }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskReturn {
    pub returned: ThingId,
    pub order: OrderId,
    pub why: ReturnWhy,
    /// Position of a line, and how much of it.
    pub lines: Vec<(u32, i64)>,
}

#[derive(Clone, Default, Debug)]
pub struct Facts {
    pub state: Option<OrderState>,
    /// The order's lines, in their order.
    pub lines: Vec<(ProductId, i64)>,
    /// What is asked for already, or came back, by line; what was refused is not.
    pub back: BTreeMap<u32, i64>,
    /// When it was handed over.
    pub ended_ms: i64,
    pub now_ms: i64,
    /// So many days the stall takes it back; 0 does not.
    pub days: u32,
}

/// Whose order it is was looked at before.
pub fn ask(facts: &Facts, command: &AskReturn) -> Result<Vec<Entry>, Refusal> {
    let state = facts.state.ok_or(Refusal::UnknownOrder(command.order))?;
    ensure(facts.days > 0, ReturnProblem::NotOffered.into())?;
    ensure(state == OrderState::Fulfilled, ReturnProblem::NotHandedOver.into())?;
    let until_ms = facts.ended_ms.saturating_add(i64::from(facts.days) * DAY_MS);
    ensure(facts.now_ms <= until_ms, ReturnProblem::TooLate { days: facts.days }.into())?;
    check_lines(command.lines.len())?;
    let mut wanted: BTreeMap<u32, i64> = BTreeMap::new();
    for (line, quantity) in &command.lines {
        check_quantity(*quantity)?;
        let sum = wanted.entry(*line).or_default();
        *sum = sum.checked_add(*quantity).ok_or(Refusal::TooLarge)?;
    }
    let mut lines = Vec::with_capacity(wanted.len());
    for (line, quantity) in wanted {
        let place = usize::try_from(line).map_err(|_| Refusal::TooLarge)?;
        let known = facts.lines.get(place).ok_or(invalid(Wrong::OrderLineUnknown))?;
        let left = known.1 - facts.back.get(&line).copied().unwrap_or(0);
        ensure(quantity <= left, ReturnProblem::TooMany { left: left.max(0) }.into())?;
        lines.push(BackLine { line, product: known.0, quantity });
    }
    let AskReturn { returned, order, why, .. } = command;
    Ok(vec![ReturnAsked { returned: *returned, order: *order, why: *why, lines }.into()])
}

/// A return as the records have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    pub returned: ThingId,
    pub order: OrderId,
    pub state: ReturnState,
    pub lines: Vec<BackLine>,
}

/// What the stall says to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// All of it, and where each product goes.
    Take(Vec<(u32, GoodsBack)>),
    Refuse(String),
}

/// Nothing where it was answered in this way before. `left` is what can still come back of each line: a refund may have taken
/// goods since it was asked.
pub fn answer(
    asked: Option<&Asked>,
    left: &BTreeMap<u32, i64>,
    answer: &Answer,
) -> Result<Vec<Entry>, Refusal> {
    let asked = asked.ok_or(Refusal::Return(ReturnProblem::Unknown))?;
    match (asked.state, answer) {
        (ReturnState::Taken, Answer::Take(_)) | (ReturnState::Refused, Answer::Refuse(_)) => {
            return Ok(vec![]);
        }
        (ReturnState::Asked, _) => {}
        (ReturnState::Taken | ReturnState::Refused, _) => return Err(ReturnProblem::Answered.into()),
    }
    let (returned, order) = (asked.returned, asked.order);
    match answer {
        Answer::Refuse(reason) => {
            ensure(!reason.trim().is_empty(), invalid(Wrong::ReasonMissing))?;
            check_note(reason)?;
            Ok(vec![ReturnRefused { returned, order, reason: reason.clone() }.into()])
        }
        Answer::Take(goods) => {
            let missing = invalid(Wrong::GoodsUnsaid);
            let line = |back: &BackLine| {
                let (_, goods) = goods.iter().find(|(line, _)| *line == back.line)?;
                let BackLine { line, product, quantity } = *back;
                Some(TakenLine { line, product, quantity, goods: *goods })
            };
            let lines: Option<Vec<TakenLine>> = asked.lines.iter().map(line).collect();
            let lines = lines.ok_or(missing)?;
            for line in lines.iter().filter(|line| line.goods != GoodsBack::KeptByBuyer) {
                let left = left.get(&line.line).copied().unwrap_or(0);
                ensure(line.quantity <= left, ReturnProblem::TooMany { left: left.max(0) }.into())?;
            }
            Ok(vec![ReturnTaken { returned, order, lines }.into()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: OrderId = OrderId([1; 16]);
    const MANGO: ProductId = ProductId([2; 16]);
    const BACK: ThingId = ThingId([3; 16]);

    fn facts() -> Facts {
        Facts {
            state: Some(OrderState::Fulfilled),
            lines: vec![(MANGO, 5), (ProductId([4; 16]), 1)],
            back: [(0, 2)].into(),
            ended_ms: 1_000,
            now_ms: 1_000 + 14 * DAY_MS,
            days: 14,
        }
    }

    #[test]
    fn what_was_handed_over_comes_back_once_and_in_time() {
        let problem = |problem| Err(Refusal::Return(problem));
        let held = Facts { state: Some(OrderState::Held), ..facts() };
        let handed = Facts { state: Some(OrderState::HandedOver), ..facts() };
        let late = Facts { now_ms: 1_001 + 14 * DAY_MS, ..facts() };
        let never = Facts { days: 0, ..facts() };
        let unknown = Facts { state: None, ..facts() };
        for (facts, lines, expected) in [
            (facts(), vec![(0, 3), (1, 1)], Ok(vec![(0, 3), (1, 1)])),
            (facts(), vec![(0, 1), (0, 2)], Ok(vec![(0, 3)])),
            (facts(), vec![(0, 4)], problem(ReturnProblem::TooMany { left: 3 })),
            (facts(), vec![(0, 2), (0, 2)], problem(ReturnProblem::TooMany { left: 3 })),
            (facts(), vec![(2, 1)], Err(invalid(Wrong::OrderLineUnknown))),
            (facts(), vec![(0, -1)], Err(invalid(Wrong::QuantityOdd))),
            (facts(), vec![], Err(invalid(Wrong::LinesOdd))),
            (held, vec![(0, 1)], problem(ReturnProblem::NotHandedOver)),
            // The hold is the server's: before it turned it into a sale nothing can come back of it.
            (handed, vec![(0, 1)], problem(ReturnProblem::NotHandedOver)),
            (late, vec![(0, 1)], problem(ReturnProblem::TooLate { days: 14 })),
            (never, vec![(0, 1)], problem(ReturnProblem::NotOffered)),
            (unknown, vec![(0, 1)], Err(Refusal::UnknownOrder(ORDER))),
        ] {
            let command = AskReturn { returned: BACK, order: ORDER, why: ReturnWhy::Damaged, lines };
            let asked = ask(&facts, &command).map(|entries| match entries.as_slice() {
                [Entry::ReturnAsked(asked)] => {
                    asked.lines.iter().map(|line| (line.line, line.quantity)).collect::<Vec<_>>()
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(asked, expected);
        }
    }

    #[test]
    fn it_is_answered_once_and_every_line_goes_somewhere() {
        let asked = |state| Asked {
            returned: BACK,
            order: ORDER,
            state,
            lines: vec![BackLine { line: 0, product: MANGO, quantity: 3 }],
        };
        let take = || Answer::Take(vec![(0, GoodsBack::Sellable)]);
        let refuse = || Answer::Refuse("it was eaten".into());
        for (state, answered, expected) in [
            (ReturnState::Asked, take(), Ok(1)),
            (ReturnState::Asked, refuse(), Ok(1)),
            (ReturnState::Taken, take(), Ok(0)),
            (ReturnState::Refused, refuse(), Ok(0)),
            (ReturnState::Taken, refuse(), Err(ReturnProblem::Answered.into())),
            (ReturnState::Refused, take(), Err(ReturnProblem::Answered.into())),
            (ReturnState::Asked, Answer::Take(vec![]), Err(invalid(Wrong::GoodsUnsaid))),
            (ReturnState::Asked, Answer::Refuse(" ".into()), Err(invalid(Wrong::ReasonMissing))),
        ] {
            let found = answer(Some(&asked(state)), &[(0, 3)].into(), &answered);
            assert_eq!(found.map(|entries| entries.len()), expected);
        }
        assert_eq!(answer(None, &[(0, 3)].into(), &take()), Err(ReturnProblem::Unknown.into()));
        // A refund put two of five on the shelf meanwhile, and one before: only what the buyer keeps still fits.
        let few = [(0, 2)].into();
        let open = asked(ReturnState::Asked);
        assert_eq!(answer(Some(&open), &few, &take()), Err(ReturnProblem::TooMany { left: 2 }.into()));
        let kept = Answer::Take(vec![(0, GoodsBack::KeptByBuyer)]);
        assert_eq!(answer(Some(&open), &few, &kept).map(|entries| entries.len()), Ok(1));
    }
}
