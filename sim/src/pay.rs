//! Orders that are paid before they are fetched: the server's own decisions about each payment, driven as its shell drives
//! them, by workers that die, with requests and answers that are lost or late; and the buyers, who pay or do not.

use std::collections::BTreeSet;

use soko_checkout::{Answer, Call, Status};
use soko_domain::entry::PayWay;
use soko_domain::ids::{OrderId, ThingId};
use soko_domain::verbs::place_order::AskedLine;
use soko_domain::verbs::release_order::OrderState;
use soko_projection::{order_money, read};
use soko_record_log::StoreError;
use soko_sync_server::pay::Asked;
use soko_sync_server::stall::{Open, PayTurn, PlaceOrder, ToPay};

use crate::broken::{Broken, broken};
use crate::counters::Counter;
use crate::plan::Knob;
use crate::provider::{Mood, Provider};
use crate::server::STALL;
use crate::world::{World, refused};

pub(crate) const CHARGED_ONCE: &str = "an order is charged at most once";
pub(crate) const POSTED: &str = "what is written as paid was charged";
pub(crate) const FREED: &str = "no hold is given back while the provider may still charge";
pub(crate) const BOOKED: &str = "the records have the money that the provider took";

pub(crate) const KEPT: &str = "money of an order that nobody remembers is not kept";
pub(crate) const AS_ASKED: &str = "what was not asked for is not captured";

pub(crate) const PROVIDER: &str = "sim";
/// Things that happen to payments in one step, at most.
const MOVES_MAX: u64 = 3;
/// Payments that one look of the driver finds.
const DUE_MAX: usize = 64;
/// Calls of one payment in one look, in the calm.
const CALLS_MAX: usize = 16;
const JOBS_MAX: usize = 6;
/// The provider answers every class of calls, or is asked and fails.
pub(crate) const OPEN: Open = Open { charges: true, returns: true };

/// Payments, as the world has them beside the server.
#[derive(Default)]
pub(crate) struct Pay {
    pub(crate) provider: Provider,
    /// Calls that a worker of the server makes. They die with it.
    jobs: Vec<Asked>,
    /// Requests that nobody waits for any more, and that may still arrive.
    on_the_way: Vec<Asked>,
    /// Words of the provider, each of which may come again.
    words: Vec<(String, OrderId)>,
    /// Orders that the records say are paid.
    pub(crate) posted: BTreeSet<OrderId>,
    pub(crate) released: BTreeSet<OrderId>,
    known: BTreeSet<OrderId>,
}

impl Pay {
    /// The server's process ended, and every worker with it.
    pub(crate) fn server_died(&mut self, counters: &mut crate::counters::Counters) {
        counters.add_many(Counter::CallsDied, u64::try_from(self.jobs.len()).unwrap_or_default());
        self.jobs.clear();
    }

    /// Whether the provider has something else for an order than was asked for, which a person has to put right.
    pub(crate) fn is_put_aside(&self, order: OrderId) -> bool {
        self.provider.of(order).any(|thing| thing.is_odd)
    }

    /// Orders that the provider has anything of.
    fn named(&self) -> BTreeSet<OrderId> {
        self.provider.things.iter().map(|thing| thing.due.order).collect()
    }

    /// Nothing is due for it when it is fetched.
    pub(crate) fn note_known(&mut self, order: OrderId) {
        self.known.insert(order);
    }

    /// Whether an order is one of those that are paid before.
    pub(crate) fn is_known(&self, order: OrderId) -> bool {
        self.known.contains(&order)
    }
}

pub(crate) fn to_pay(way: PayWay) -> ToPay {
    let phone = if way == PayWay::Phone { "+254700000001".into() } else { String::new() };
    ToPay { way, provider: PROVIDER.into(), account: "stall".into(), phone, back: String::new() }
}

impl World<'_> {
    /// What happens to payments in a step of a run that has any.
    pub(crate) fn pay_step(&mut self) -> Result<(), Broken> {
        if self.plan.knobs.get(Knob::Paid) == 0 {
            return Ok(());
        }
        let moves = if self.dice_of(Knob::Paid) { 1 + self.choices.below(MOVES_MAX) } else { 0 };
        for _ in 0..moves {
            match self.choices.below(14) {
                0 | 1 => self.order_to_pay()?,
                2..=5 => self.begin_a_call()?,
                6..=8 => self.make_a_call()?,
                9 | 10 => self.buyer_decides(),
                11 => self.webhook()?,
                12 => self.late_request(),
                _ => self.remember_payments()?,
            }
        }
        if moves > 0 { self.check_money() } else { Ok(()) }
    }

    fn dice_of(&mut self, knob: Knob) -> bool {
        let strength = self.strength(knob);
        self.choices.chance(strength)
    }

    fn order_to_pay(&mut self) -> Result<(), Broken> {
        let way = if self.choices.chance(170) { PayWay::Card } else { PayWay::Phone };
        let (product, quantity) = (self.some_product(), self.choices.between(1, 2));
        let lines = vec![AskedLine { product, quantity, seen_price_minor: None }];
        let (buyer, order) = (ThingId(self.fresh().0), OrderId(self.fresh().0));
        let order = PlaceOrder {
            actor: ThingId([3; 16]),
            key: self.fresh().to_string(),
            pay: Some(to_pay(way)),
            ..PlaceOrder::fetched(buyer, order, lines)
        };
        if self.ask_for(order.clone())? {
            self.pay.known.insert(order.order);
            self.counters.add(Counter::OrdersToPay);
        }
        Ok(())
    }

    /// One transaction of the server's about a payment. Whatever the disk does, the next look goes on from what is kept.
    pub(crate) fn pay_turn(&mut self, order: OrderId, turn: PayTurn) -> Result<Option<Asked>, Broken> {
        let fails = self.disk_fault();
        self.server.fail_next_commit(fails);
        let asked = self.server.pay_turn(order, &turn, self.now_ms);
        self.server.forget_failure();
        self.count_server_faults();
        let asked = match asked {
            Ok(asked) => asked,
            Err(error) => refused(error).map(|()| None)?,
        };
        self.trace.note("pay", &[asked.as_ref().map_or(0, |asked| u64::from(asked.call.number()))], || {
            format!("{order}: {turn:?} -> {:?}", asked.as_ref().map(|asked| asked.call))
        });
        self.look_at_server()?;
        Ok(asked)
    }

    fn begin_a_call(&mut self) -> Result<(), Broken> {
        if self.pay.jobs.len() == JOBS_MAX {
            return Ok(());
        }
        let due = self.server.due_payments(self.now_ms, DUE_MAX)?;
        let Some(due) = self.choices.pick(&due).cloned() else { return Ok(()) };
        let begin = PayTurn::Begin(OPEN);
        if let Some(asked) = self.pay_turn(due.order, begin)? {
            self.pay.jobs.push(asked);
        }
        self.maybe_die()
    }

    /// The server may be killed between any two steps of a payment.
    fn maybe_die(&mut self) -> Result<(), Broken> {
        if self.choices.chance(self.strength(Knob::ServerCrash) / 16) {
            self.counters.add(Counter::ServerCrashes);
            self.crash_of_server()?;
        }
        Ok(())
    }

    /// The server starts again; whoever it was about to ask is looked up.
    pub(crate) fn crash_of_server(&mut self) -> Result<(), Broken> {
        self.server.crash()?;
        self.pay.server_died(&mut self.counters);
        Ok(self.server.take_payments_back()?)
    }

    /// A worker's request goes out, and its answer comes back, or one of them does not.
    fn make_a_call(&mut self) -> Result<(), Broken> {
        let Some(at) = self.choices.index(self.pay.jobs.len()) else { return Ok(()) };
        let asked = self.pay.jobs.swap_remove(at);
        let answer = self.called(&asked);
        self.maybe_die()?;
        self.answer(&asked, answer)
    }

    fn called(&mut self, asked: &Asked) -> Answer {
        let mut mood = self.mood();
        if mood.has(2) {
            mood.counters.add(Counter::PayTimeoutsBefore);
            self.pay.on_the_way.push(asked.clone());
            return Answer::Unknown;
        }
        // A capture is the call that ends a payment: with few of them, the rules about it would hardly be tried.
        let is_lost = mood.has(if asked.call == Call::Capture { 1 } else { 2 });
        let answer = self.served(asked);
        if is_lost {
            self.counters.add(Counter::PayTimeoutsAfter);
            return Answer::Unknown;
        }
        answer.unwrap_or(Answer::Unknown)
    }

    fn mood(&mut self) -> Mood<'_> {
        let strength = if self.is_calm { 0 } else { self.plan.knobs.get(Knob::PayFaults) };
        Mood { strength, choices: &mut self.choices, counters: &mut self.counters }
    }

    pub(crate) fn served(&mut self, asked: &Asked) -> Option<Answer> {
        let strength = if self.is_calm { 0 } else { self.plan.knobs.get(Knob::PayFaults) };
        let mood = Mood { strength, choices: &mut self.choices, counters: &mut self.counters };
        let answer = self.pay.provider.serve(asked, mood);
        let code = u64::from(asked.call.number()) * 2 + u64::from(answer.is_some());
        self.trace.note("provider", &[code], || format!("{} -> {answer:?}", asked.key));
        answer
    }

    fn answer(&mut self, asked: &Asked, answer: Answer) -> Result<(), Broken> {
        let part = asked.part.map(|part| part.refund);
        let goes_on = self.goes_on();
        let turn = PayTurn::Answered { call: asked.call, part, answer, goes_on };
        if let Some(next) = self.pay_turn(asked.payment.due.order, turn)? {
            self.pay.jobs.push(next);
        }
        Ok(())
    }

    /// Whether whoever has an answer begins what comes next with it.
    fn goes_on(&mut self) -> Option<Open> {
        self.choices.chance(128).then_some(OPEN)
    }

    /// What nobody waits for arrives all the same.
    fn late_request(&mut self) {
        let Some(at) = self.choices.index(self.pay.on_the_way.len()) else { return };
        let asked = self.pay.on_the_way.swap_remove(at);
        self.counters.add(Counter::LateRequests);
        self.served(&asked);
    }

    fn buyer_decides(&mut self) {
        let things = self.pay.provider.things.iter().enumerate();
        let pending = things.filter(|(_, thing)| thing.status == Status::Pending);
        let pending: Vec<usize> = pending.map(|(at, _)| at).collect();
        let Some(at) = self.choices.pick(&pending).copied() else { return };
        let is_yes = self.choices.chance(200);
        self.pay.provider.decide(at, is_yes);
        self.trace.note("buyer", &[u64::from(is_yes)], || format!("o{at}: {is_yes}"));
    }

    /// The provider says something, late, again, or about a payment to which nothing happened.
    fn webhook(&mut self) -> Result<(), Broken> {
        let is_again = self.strength(Knob::PayFaults) > 0 && self.choices.chance(90);
        let said = self.choices.pick(&self.pay.words).cloned().filter(|_| is_again);
        let (word, order) = match said {
            Some(said) => {
                self.counters.add(Counter::WordsRepeated);
                said
            }
            None => {
                let Some(thing) = self.choices.pick(&self.pay.provider.things) else { return Ok(()) };
                let order = thing.due.order;
                if thing.status == Status::Pending {
                    self.counters.add(Counter::WordsAboutNothing);
                }
                let said = (self.fresh().to_string(), order);
                self.pay.words.push(said.clone());
                said
            }
        };
        self.counters.add(Counter::Words);
        if self.server.is_lost(order)? {
            return self.find_without_order(order);
        }
        let heard = self.server.hear_of_payment((PROVIDER, &word), order, self.now_ms);
        heard.or_else(refused)?;
        self.look_at_server()
    }

    /// The order was lost with the server's disk. What the provider shows of it is looked at as the server does that.
    fn find_without_order(&mut self, order: OrderId) -> Result<(), Broken> {
        let Some((object, way)) = self.pay.provider.shown_of(order) else { return Ok(()) };
        self.counters.add(Counter::PaymentsFound);
        self.pay_turn(order, PayTurn::Found(Box::new((to_pay(way), object)))).map(drop)
    }

    /// After a restore: payments that only the devices' records know are looked up.
    fn remember_payments(&mut self) -> Result<(), Broken> {
        for (order, way) in self.server.forgotten_payments(DUE_MAX)? {
            self.counters.add(Counter::PaymentsRemembered);
            self.pay_turn(order, PayTurn::Forgotten(Box::new(to_pay(way))))?;
        }
        for order in self.server.forgotten_parts(DUE_MAX)? {
            self.counters.add(Counter::PartsRemembered);
            self.pay_turn(order, PayTurn::ForgottenParts)?;
        }
        Ok(())
    }

    /// In the calm every answer comes, and every buyer makes up their mind.
    pub(crate) fn pay_calmly(&mut self) -> Result<(), Broken> {
        if self.plan.knobs.get(Knob::Paid) == 0 {
            return Ok(());
        }
        self.pay.provider.forget_errors();
        self.pay.provider.finish_parts();
        while !self.pay.on_the_way.is_empty() {
            self.late_request();
        }
        while let Some(asked) = self.pay.jobs.pop() {
            let answer = self.called(&asked);
            self.answer(&asked, answer)?;
        }
        self.remember_payments()?;
        // What was not heard of before is said again.
        for order in self.pay.named() {
            if self.server.is_lost(order)? {
                self.find_without_order(order)?;
            }
        }
        for _ in 0..CALLS_MAX {
            for at in 0..self.pay.provider.things.len() {
                let is_yes = self.choices.chance(200);
                self.pay.provider.decide(at, is_yes);
            }
            let due = self.server.due_payments(self.now_ms, DUE_MAX)?;
            for due in &due {
                let begin = PayTurn::Begin(OPEN);
                let mut next = self.pay_turn(due.order, begin)?;
                while let Some(asked) = next {
                    let answer = self.called(&asked);
                    let part = asked.part.map(|part| part.refund);
                    next = self.pay_turn(
                        due.order,
                        PayTurn::Answered { call: asked.call, part, answer, goes_on: None },
                    )?;
                }
            }
            if due.is_empty() {
                break;
            }
        }
        self.check_money()
    }

    /// What must be true whatever happens: by the provider's own count.
    pub(crate) fn check_money(&mut self) -> Result<(), Broken> {
        let mut freed = Vec::new();
        for thing in &self.pay.provider.things {
            let order = thing.due.order;
            let charges = self.pay.provider.charges(order);
            if charges > 1 {
                return broken(CHARGED_ONCE, format!("order {order} was charged {charges} times"));
            }
            if thing.is_odd && !thing.is_phone && thing.charges > 0 {
                return broken(AS_ASKED, format!("order {order}: {:?} was captured", thing.due));
            }
            if self.pay.released.contains(&order) && thing.is_live() && !self.model.excepted {
                freed.push((order, thing.status));
            }
        }
        for (order, status) in freed {
            // What was lost with the server's disk, and no device had heard of, holds its goods again.
            let found = self.server.read(|tx| read::order(tx, STALL, order))?;
            if found.is_some_and(|found| found.state == OrderState::Released) {
                return broken(FREED, format!("order {order} was released and is {status:?}"));
            }
        }
        for order in &self.pay.posted {
            if self.pay.provider.charges(*order) == 0 {
                return broken(POSTED, format!("order {order} is paid and was never charged"));
            }
        }
        Ok(())
    }

    /// Payments that somebody still has to look after.
    pub(crate) fn open_payments(&mut self) -> Result<Vec<OrderId>, StoreError> {
        let mut open = self.server.open_payments()?;
        open.retain(|order| !self.pay.is_put_aside(*order));
        Ok(open)
    }

    /// Once everybody met: what the provider took is what the records say, and no order is both cancelled and charged.
    pub(crate) fn check_booked(&mut self) -> Result<(), Broken> {
        if self.model.excepted {
            return Ok(());
        }
        for order in self.pay.named() {
            let (facts, found) = self.server.read(|tx| {
                Ok::<_, StoreError>((order_money::of(tx, STALL, order)?, read::order(tx, STALL, order)?))
            })?;
            let (Some(found), Some(_)) = (found, facts.to_pay) else {
                // The server's disk was lost, and no device had heard of the order.
                if self.pay.provider.shown_of(order).is_some() && !self.server.is_told_of_lost(order)? {
                    return broken(KEPT, format!("nobody was told of order {order}, which is paid"));
                }
                self.counters.add(Counter::PaymentsNobodyRemembers);
                continue;
            };
            if self.pay.is_put_aside(order) {
                continue;
            }
            let (charged_minor, returned_minor) = self.pay.provider.moved(order);
            let left_minor = charged_minor - returned_minor;
            // What went out of a drawer the provider knows nothing of.
            if left_minor != facts.left_minor() + facts.cash_back_minor {
                let what =
                    format!("order {order}: {left_minor} of {charged_minor}, in the records {facts:?}");
                return broken(BOOKED, what);
            }
            let charged = left_minor > 0;
            if charged && found.state == OrderState::Released {
                return broken(BOOKED, format!("order {order} is cancelled and charged"));
            }
            let counter = if charged { Counter::PaymentsBooked } else { Counter::PaymentsEnded };
            self.counters.add(counter);
        }
        Ok(())
    }
}
