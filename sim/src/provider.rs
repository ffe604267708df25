//! Whoever moves the buyers' money, with a truth of its own that no server's failure touches: it counts what it really
//! charges. It answers 500 and repeats that, refuses, shows what was, and asks for another amount, as the dice fall.

use std::collections::BTreeMap;

use soko_checkout::{Answer, Back, Call, Due, Object, Stage, Status};
use soko_domain::entry::PayWay;
use soko_domain::ids::{OrderId, ThingId};
use soko_sync_server::pay::Asked;

use crate::choice::Choices;
use crate::counters::{Counter, Counters};

/// Look-ups that may still show what was before: fewer than follow a webhook.
const LAG_MAX: u8 = 2;

/// The provider's faults at one call: none where the strength is nothing.
pub(crate) struct Mood<'a> {
    pub(crate) strength: u8,
    pub(crate) choices: &'a mut Choices,
    pub(crate) counters: &'a mut Counters,
}

impl Mood<'_> {
    /// Whether a fault comes that is `rarer` times as rare as the knob says.
    pub(crate) fn has(&mut self, rarer: u8) -> bool {
        let strength = self.strength / rarer.max(1);
        strength > 0 && self.choices.chance(strength)
    }

    fn meets(&mut self, counter: Counter, rarer: u8) -> bool {
        let has = self.has(rarer);
        self.counters.add_many(counter, u64::from(has));
        has
    }
}

/// One payment as the provider has it.
pub(crate) struct Thing {
    pub(crate) due: Due,
    pub(crate) status: Status,
    before: Status,
    lag: u8,
    /// Pays in one step and cannot be called back, as a telephone does.
    pub(crate) is_phone: bool,
    /// It is about another amount than was asked for.
    pub(crate) is_odd: bool,
    pub(crate) charges: u32,
    /// All that went back of it.
    returned_minor: i64,
    parts: Vec<Part>,
}

/// A part that went back, as it is now and as it was before.
struct Part {
    refund: ThingId,
    stage: Stage,
    before: Option<Stage>,
}

impl Thing {
    fn set(&mut self, status: Status) {
        (self.before, self.status, self.lag) = (self.status, status, LAG_MAX);
        self.charges += u32::from(status == Status::Captured);
    }

    /// Money of the buyer's is or may come to be the stall's.
    pub(crate) fn is_live(&self) -> bool {
        match self.status {
            Status::Pending | Status::Authorised => true,
            Status::Captured => self.returned_minor < self.due.amount_minor,
            Status::Dead | Status::Refunded => false,
        }
    }
}

#[derive(Default)]
pub(crate) struct Provider {
    pub(crate) things: Vec<Thing>,
    /// What a key stands for: a payment, or a 500 that is repeated.
    keys: BTreeMap<String, Option<usize>>,
}

impl Provider {
    /// What comes of a request that arrived. Nothing is a 500, whatever was done.
    pub(crate) fn serve(&mut self, asked: &Asked, mut mood: Mood<'_>) -> Option<Answer> {
        if asked.call == Call::Ask {
            return self.ask(asked, &mut mood);
        }
        let Some(at) = self.find(asked) else {
            return Some(if asked.call == Call::LookUp { Answer::Nothing } else { refused() });
        };
        let thing = self.things.get_mut(at)?;
        match (asked.call, thing.status) {
            (Call::LookUp, _) => {
                let is_old = thing.lag > 0 && mood.meets(Counter::OldAnswers, 1);
                thing.lag = thing.lag.saturating_sub(1);
                return Some(shown(at, thing, is_old));
            }
            (Call::Capture, Status::Authorised) => {
                mood.counters.add(Counter::Captures);
                thing.set(Status::Captured);
            }
            (Call::Void, Status::Pending | Status::Authorised) if !thing.is_phone => {
                mood.counters.add(Counter::PaymentsVoided);
                thing.set(Status::Dead);
            }
            (Call::Refund, Status::Captured) if mood.meets(Counter::WholesDenied, 4) => {
                return Some(refused());
            }
            (Call::Refund, Status::Captured) => {
                mood.counters.add(Counter::MoneyReturned);
                // A telephone's gives back what it is told, whatever that leaves.
                let rest_minor = thing.due.amount_minor - thing.returned_minor;
                thing.returned_minor += if thing.is_phone { asked.payment.rest_minor() } else { rest_minor };
                thing.set(Status::Refunded);
            }
            (Call::RefundPart, Status::Captured) => return self.part(at, asked, &mut mood),
            (Call::Capture, Status::Captured)
            | (Call::Void, Status::Dead | Status::Pending)
            | (Call::Refund, Status::Refunded) => {}
            (Call::Ask | Call::Capture | Call::Void | Call::Refund | Call::RefundPart, _) => {
                return Some(refused());
            }
        }
        let answer = shown(at, thing, false);
        if mood.meets(Counter::ProviderErrors, 2) { None } else { Some(answer) }
    }

    fn find(&self, asked: &Asked) -> Option<usize> {
        let named = asked.payment.object.as_ref().and_then(|id| id.strip_prefix('o')?.parse().ok());
        named.or_else(|| self.things.iter().rposition(|thing| thing.due.order == asked.payment.due.order))
    }

    /// What is asked under a key that is known has the answer that it had.
    fn again(&self, known: Option<usize>, mood: &mut Mood<'_>) -> Option<Answer> {
        if known.is_none() {
            mood.counters.add(Counter::ErrorsRepeated);
        }
        known.and_then(|at| self.things.get(at).map(|thing| shown(at, thing, false)))
    }

    /// Gives a part back, once for each key; as a telephone's does, without a look at what is left.
    fn part(&mut self, at: usize, asked: &Asked, mood: &mut Mood<'_>) -> Option<Answer> {
        if let Some(known) = self.keys.get(&asked.key) {
            return self.again(*known, mood);
        }
        if mood.meets(Counter::PartsDenied, 4) {
            return Some(refused());
        }
        let fails = mood.meets(Counter::ProviderErrors, 2);
        if fails && mood.choices.chance(128) {
            self.keys.insert(asked.key.clone(), None);
            return None;
        }
        let (part, thing) = (asked.part?, self.things.get_mut(at)?);
        let left_minor = thing.due.amount_minor - thing.returned_minor;
        if !thing.is_phone && part.amount_minor > left_minor {
            return Some(refused());
        }
        mood.counters.add(Counter::PartsReturned);
        let stage = if mood.has(1) { Stage::Pending } else { Stage::Done };
        thing.returned_minor += part.amount_minor;
        thing.parts.push(Part { refund: part.refund, stage, before: None });
        (thing.before, thing.lag) = (thing.status, LAG_MAX);
        self.keys.insert(asked.key.clone(), if fails { None } else { Some(at) });
        if fails { None } else { self.things.get(at).map(|thing| shown(at, thing, false)) }
    }

    /// What was on its way arrives.
    pub(crate) fn finish_parts(&mut self) {
        for part in self.things.iter_mut().flat_map(|thing| &mut thing.parts) {
            (part.before, part.stage) = (Some(part.stage), Stage::Done);
        }
    }

    /// What was charged for an order, and what went back of it.
    pub(crate) fn moved(&self, order: OrderId) -> (i64, i64) {
        self.of(order).fold((0, 0), |(charged, returned), thing| {
            let charged_minor = i64::from(thing.charges) * thing.due.amount_minor;
            (charged + charged_minor, returned + thing.returned_minor)
        })
    }

    pub(crate) fn gave_part_twice(&self, order: OrderId) -> bool {
        let parts: Vec<ThingId> =
            self.of(order).flat_map(|thing| thing.parts.iter().map(|part| part.refund)).collect();
        parts.iter().collect::<std::collections::BTreeSet<_>>().len() < parts.len()
    }

    fn ask(&mut self, asked: &Asked, mood: &mut Mood<'_>) -> Option<Answer> {
        if let Some(known) = self.keys.get(&asked.key) {
            return self.again(*known, mood);
        }
        if mood.meets(Counter::PaymentsRefused, 8) {
            return Some(refused());
        }
        let fails = mood.meets(Counter::ProviderErrors, 2);
        if fails && mood.choices.chance(128) {
            self.keys.insert(asked.key.clone(), None);
            return None;
        }
        let mut due = asked.payment.due.clone();
        let is_odd = mood.meets(Counter::OtherAmounts, 16);
        if is_odd {
            due.amount_minor += 1;
        }
        let (at, is_phone) = (self.things.len(), !asked.phone.is_empty());
        let (status, before) = (Status::Pending, Status::Pending);
        self.things.push(Thing {
            due,
            status,
            before,
            lag: 0,
            is_phone,
            is_odd,
            charges: 0,
            returned_minor: 0,
            parts: Vec::new(),
        });
        self.keys.insert(asked.key.clone(), if fails { None } else { Some(at) });
        if fails { None } else { self.things.get(at).map(|thing| shown(at, thing, false)) }
    }

    /// The buyer says yes or no. Only the first word counts.
    pub(crate) fn decide(&mut self, at: usize, is_yes: bool) {
        let Some(thing) = self.things.get_mut(at).filter(|thing| thing.status == Status::Pending) else {
            return;
        };
        thing.set(match (is_yes, thing.is_phone) {
            (false, _) => Status::Dead,
            (true, true) => Status::Captured,
            (true, false) => Status::Authorised,
        });
    }

    /// A day later the errors that it repeats are forgotten.
    pub(crate) fn forget_errors(&mut self) {
        self.keys.retain(|_, kept| kept.is_some());
    }

    /// What it shows of an order by itself, where any money of it is or may come to be the stall's.
    pub(crate) fn shown_of(&self, order: OrderId) -> Option<(Object, PayWay)> {
        let at = self.things.iter().rposition(|thing| thing.due.order == order && thing.is_live())?;
        let thing = self.things.get(at)?;
        let way = if thing.is_phone { PayWay::Phone } else { PayWay::Card };
        Some((object(at, thing, false), way))
    }

    pub(crate) fn charges(&self, order: OrderId) -> u32 {
        self.of(order).map(|thing| thing.charges).sum()
    }

    pub(crate) fn of(&self, order: OrderId) -> impl Iterator<Item = &Thing> {
        self.things.iter().filter(move |thing| thing.due.order == order)
    }
}

fn refused() -> Answer {
    Answer::Refused("not in this state".into())
}

fn shown(at: usize, thing: &Thing, is_old: bool) -> Answer {
    Answer::Seen(object(at, thing, is_old))
}

fn object(at: usize, thing: &Thing, is_old: bool) -> Object {
    let status = if is_old { thing.before } else { thing.status };
    let stage_of = |part: &Part| if is_old { part.before } else { Some(part.stage) };
    let parts = thing.parts.iter().filter_map(|part| Some((part.refund, stage_of(part)?))).collect();
    let back = Back { parts, outside_minor: 0 };
    Object { id: format!("o{at}"), status, due: thing.due.clone(), page: None, back }
}
