//! Money of orders that goes back: whole or in parts, the way it came or out of a drawer, asked for by registers that do not hear of
//! each other.

use std::collections::BTreeSet;

use soko_app_api::{RefundLineInput, Verb};
use soko_domain::entry::{BackWay, GoodsBack, OrderRefundAllowed};
use soko_domain::ids::{OrderId, ThingId};

use crate::broken::{Broken, broken};
use crate::counters::Counter;
use crate::plan::Knob;
use crate::world::World;

pub(crate) const BACK: &str = "no more of an order's money goes back than was paid";
const MOVES_MAX: u64 = 2;
const PART_MINOR_MAX: i64 = 200;
/// Orders that somebody may come back with: the latest ones.
const ORDERS_MAX: usize = 12;

/// Parts that the server let go out of a drawer.
#[derive(Default)]
pub(crate) struct Refunds {
    allowed: Vec<(OrderId, ThingId)>,
    /// Orders in the sequence in which they were handed over.
    handed_over: Vec<OrderId>,
}

impl Refunds {
    pub(crate) fn note_allowed(&mut self, allowed: &OrderRefundAllowed) {
        if allowed.way == BackWay::Cash {
            self.allowed.push((allowed.order, allowed.refund));
        }
    }

    pub(crate) fn note_handed_over(&mut self, order: OrderId) {
        self.handed_over.push(order);
    }
}

impl World<'_> {
    pub(crate) fn refund_step(&mut self) -> Result<(), Broken> {
        let strength = self.strength(Knob::OrderRefunds);
        if strength == 0 || !self.choices.chance(strength / 2) {
            return Ok(());
        }
        for _ in 0..=self.choices.below(MOVES_MAX) {
            let Some(at) = self.some_device() else { return Ok(()) };
            match self.choices.below(8) {
                0 => self.ask_all_back(at)?,
                1..=4 => self.ask_part_back(at)?,
                _ => self.give_cash(at)?,
            }
        }
        self.check_backs()
    }

    /// Mostly one whose goods are with their buyer; now and then one that is held still.
    fn some_order_to_refund(&mut self) -> Option<OrderId> {
        let handed_over = &self.refunds.handed_over;
        let latest = handed_over.get(handed_over.len().saturating_sub(ORDERS_MAX)..)?;
        if !latest.is_empty() && self.choices.chance(220) {
            return self.choices.pick(latest).copied();
        }
        let all: Vec<OrderId> = self.open_orders.keys().copied().collect();
        self.choices.pick(&all).copied()
    }

    fn ask_all_back(&mut self, at: usize) -> Result<(), Broken> {
        let Some(order) = self.some_order_to_refund() else { return Ok(()) };
        if let Some(Ok(_)) = self.command(at, Verb::PayBackOrder { order, reason: "sour".into() })? {
            self.counters.add(Counter::OrdersAskedBack);
        }
        Ok(())
    }

    fn ask_part_back(&mut self, at: usize) -> Result<(), Broken> {
        let Some(order) = self.some_order_to_refund() else { return Ok(()) };
        let way = if self.choices.chance(140) { BackWay::Cash } else { BackWay::AsPaid };
        let has_line = self.choices.chance(128);
        let amount_minor = if has_line { 0 } else { self.choices.between(1, PART_MINOR_MAX) };
        self.ask_part(at, (order, way), (has_line, amount_minor)).map(drop)
    }

    /// One unit of the first line, or an amount. Whether the register asked.
    pub(crate) fn ask_part(
        &mut self,
        at: usize,
        (order, way): (OrderId, BackWay),
        (has_line, amount_minor): (bool, i64),
    ) -> Result<bool, Broken> {
        let line = RefundLineInput { line: 0, quantity: 1, goods: GoodsBack::KeptByBuyer };
        let verb = Verb::RefundOrder {
            order,
            returned: None,
            lines: has_line.then_some(line).into_iter().collect(),
            amount_minor,
            way,
            reason: "bruised".into(),
        };
        let is_asked = matches!(self.command(at, verb)?, Some(Ok(_)));
        if is_asked {
            self.counters.add(Counter::OrderPartsAsked);
        }
        Ok(is_asked)
    }

    fn give_cash(&mut self, at: usize) -> Result<(), Broken> {
        let Some((order, refund)) = self.choices.pick(&self.refunds.allowed).copied() else { return Ok(()) };
        self.give_part(at, (order, refund))
    }

    fn give_part(&mut self, at: usize, (order, refund): (OrderId, ThingId)) -> Result<(), Broken> {
        if let Some(Ok(_)) = self.command(at, Verb::GiveOrderCash { order, refund })? {
            self.counters.add(Counter::OrderCashGiven);
        }
        Ok(())
    }

    /// Whoever may gives all the cash that was allowed.
    pub(crate) fn give_all_cash(&mut self) -> Result<(), Broken> {
        for part in self.refunds.allowed.clone() {
            for at in 0..self.devices.len() {
                if self.devices.get(at).is_some_and(|device| !device.is_dead) {
                    self.give_part(at, part)?;
                }
            }
        }
        self.check_backs()
    }

    /// By what the provider moved and what left drawers, whatever any record says.
    pub(crate) fn check_backs(&self) -> Result<(), Broken> {
        let provider = &self.pay.provider;
        let mut orders: BTreeSet<OrderId> = self.model.owed.cash_orders();
        orders.extend(provider.things.iter().map(|thing| thing.due.order));
        for order in orders {
            let (charged_minor, returned_minor) = provider.moved(order);
            if returned_minor > charged_minor {
                return broken(BACK, format!("order {order}: {returned_minor} of {charged_minor}"));
            }
            if provider.gave_part_twice(order) {
                return broken(BACK, format!("order {order}: a part went back twice"));
            }
            let cash_minor = self.model.owed.cash_given_of(order);
            let paid_minor = charged_minor + self.model.owed.taken_for(order);
            if cash_minor + returned_minor > paid_minor && !self.model.excepted {
                let what = format!("{cash_minor} in cash and {returned_minor} of {paid_minor}");
                return broken(BACK, format!("order {order}: {what}"));
            }
        }
        Ok(())
    }
}
