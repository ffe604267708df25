//! Whoever moves the money in the world of the tests: it answers 500 and repeats it, refuses, and counts what it really does.

use std::collections::BTreeMap;

use soko_domain::ids::ThingId;

use super::{Chance, Faults, LAG_MAX, Request, TOTAL, due};
use crate::payment::{Answer, Back, Call, Object, Stage, Status};

#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) status: Status,
    pub(super) before: Status,
    /// Look-ups that may still show what was before.
    pub(super) lag: u8,
    pub(super) amount_minor: i64,
    pub(super) charged_minor: i64,
    /// As a whole: what was left.
    pub(super) returned_minor: i64,
    /// Each time that a part went back, and how far it is.
    pub(super) parts: Vec<(ThingId, i64, Stage)>,
    /// What a look-up that lags shows of them.
    pub(super) parts_before: Vec<(ThingId, i64, Stage)>,
    /// What somebody gave back there, and not from here, as it is and as it was before.
    pub(super) outside_minor: i64,
    pub(super) outside_before: i64,
}

impl Thing {
    pub(super) fn parts_minor(&self) -> i64 {
        self.parts.iter().filter(|part| part.2 != Stage::Failed).map(|part| part.1).sum()
    }

    /// With what went back past us.
    pub(super) fn back_minor(&self) -> i64 {
        self.parts_minor() + self.outside_minor
    }

    /// Somebody gives a part back there.
    pub(super) fn give_outside(&mut self, amount_minor: i64) {
        (self.before, self.lag) = (self.status, LAG_MAX);
        self.parts_before.clone_from(&self.parts);
        (self.outside_before, self.outside_minor) = (self.outside_minor, self.outside_minor + amount_minor);
    }
}

/// What a provider keeps under a key: an object, or an error that it repeats.
type Kept = Result<usize, ()>;

#[derive(Default)]
pub(super) struct Provider {
    pub(super) things: Vec<Thing>,
    pub(super) keys: BTreeMap<String, Kept>,
    /// Pays in one step and cannot take a request back, as a phone does.
    pub(super) is_phone: bool,
}

/// A 500 or an answer.
type Said = Option<Answer>;

impl Provider {
    pub(super) fn set(&mut self, at: usize, status: Status) {
        let thing = &mut self.things[at];
        (thing.before, thing.status, thing.lag) = (thing.status, status, LAG_MAX);
        thing.parts_before.clone_from(&thing.parts);
        thing.outside_before = thing.outside_minor;
        match status {
            Status::Captured => thing.charged_minor += thing.amount_minor,
            Status::Refunded => thing.returned_minor += thing.amount_minor - thing.back_minor(),
            Status::Pending | Status::Authorised | Status::Dead => {}
        }
    }

    fn show(&self, at: usize, is_old: bool) -> Answer {
        let thing = &self.things[at];
        let (status, parts) =
            if is_old { (thing.before, &thing.parts_before) } else { (thing.status, &thing.parts) };
        let parts = parts.iter().map(|(refund, _, stage)| (*refund, *stage)).collect();
        let outside_minor = if is_old { thing.outside_before } else { thing.outside_minor };
        let back = Back { parts, outside_minor };
        Answer::Seen(Object { id: format!("o{at}"), status, due: due(thing.amount_minor), page: None, back })
    }

    pub(super) fn serve(&mut self, request: &Request, chance: &mut Chance, faults: &Faults) -> Said {
        let at = request.object.as_ref().and_then(|id| id[1..].parse::<usize>().ok());
        match request.call {
            Call::Ask => return self.ask(&request.key, chance, faults),
            Call::LookUp => {
                let newest = self.things.len().checked_sub(1);
                return Some(match at.or(newest) {
                    Some(at) => {
                        let is_old = faults.is_on && self.things[at].lag > 0 && chance.one_in(3);
                        self.things[at].lag = self.things[at].lag.saturating_sub(1);
                        self.show(at, is_old)
                    }
                    None => Answer::Nothing,
                });
            }
            Call::Capture | Call::Void | Call::Refund | Call::RefundPart => {}
        }
        let at = at?;
        let refused = Some(Answer::Refused("not in this state".into()));
        match (request.call, self.things[at].status) {
            (Call::Capture, Status::Authorised) => self.set(at, Status::Captured),
            (Call::Void, Status::Pending | Status::Authorised) if !self.is_phone => {
                self.set(at, Status::Dead)
            }
            (Call::Refund, Status::Captured) if faults.is_stubborn => return refused,
            (Call::Refund, Status::Captured) if faults.is_on && faults.refuses && chance.one_in(4) => {
                return refused;
            }
            (Call::Refund, Status::Captured) => {
                let before = self.things[at].returned_minor;
                self.set(at, Status::Refunded);
                if self.is_phone {
                    // It gives back what it is told, whatever that leaves.
                    self.things[at].returned_minor = before + request.rest_minor;
                }
            }
            (Call::RefundPart, Status::Captured) => return self.part(at, request, chance, faults),
            (Call::Capture, Status::Captured) | (Call::Void, Status::Dead | Status::Pending) => {}
            (Call::Refund, Status::Refunded) => {}
            _ => return refused,
        }
        Some(self.show(at, false))
    }

    /// Gives a part back, once for each key; as a telephone's does, without a look at what is left.
    fn part(&mut self, at: usize, request: &Request, chance: &mut Chance, faults: &Faults) -> Said {
        match self.keys.get(&request.key) {
            Some(Ok(at)) => return Some(self.show(*at, false)),
            Some(Err(())) => return None,
            None => {}
        }
        if faults.is_on && faults.refuses && chance.one_in(6) {
            return Some(Answer::Refused("balance".into()));
        }
        let fails = faults.is_on && chance.one_in(5);
        if fails && chance.one_in(2) {
            self.keys.insert(request.key.clone(), Err(()));
            return None;
        }
        let (refund, amount_minor) = request.part?;
        let thing = &mut self.things[at];
        if !self.is_phone && thing.back_minor() + amount_minor > thing.amount_minor {
            return Some(Answer::Refused("more than is left".into()));
        }
        let stage = if chance.one_in(4) { Stage::Pending } else { Stage::Done };
        thing.parts_before.clone_from(&thing.parts);
        thing.parts.push((refund, amount_minor, stage));
        (thing.before, thing.lag) = (thing.status, LAG_MAX);
        self.keys.insert(request.key.clone(), if fails { Err(()) } else { Ok(at) });
        if fails { None } else { Some(self.show(at, false)) }
    }

    fn ask(&mut self, key: &str, chance: &mut Chance, faults: &Faults) -> Said {
        match self.keys.get(key) {
            Some(Ok(at)) => return Some(self.show(*at, false)),
            Some(Err(())) => return None,
            None => {}
        }
        let fails = faults.is_on && chance.one_in(5);
        if fails && chance.one_in(2) {
            self.keys.insert(key.into(), Err(()));
            return None;
        }
        if faults.is_on && faults.refuses && chance.one_in(12) {
            return Some(Answer::Refused("no such number".into()));
        }
        let amount_minor = if faults.is_on && faults.other_amount { TOTAL / 2 } else { TOTAL };
        let (status, before) = (Status::Pending, Status::Pending);
        self.things.push(Thing {
            status,
            before,
            lag: 0,
            amount_minor,
            charged_minor: 0,
            returned_minor: 0,
            parts: vec![],
            parts_before: vec![],
            outside_minor: 0,
            outside_before: 0,
        });
        let at = self.things.len() - 1;
        self.keys.insert(key.into(), if fails { Err(()) } else { Ok(at) });
        if fails { None } else { Some(self.show(at, false)) }
    }

    pub(super) fn left_minor(&self) -> i64 {
        self.things.iter().map(|thing| thing.charged_minor - thing.returned_minor).sum()
    }

    pub(super) fn parts_minor(&self) -> i64 {
        self.things.iter().map(Thing::parts_minor).sum()
    }

    /// The same with what went back past us.
    pub(super) fn back_minor(&self) -> i64 {
        self.things.iter().map(Thing::back_minor).sum()
    }

    /// How often a part went back.
    pub(super) fn times(&self, refund: ThingId) -> usize {
        let of = |thing: &Thing| {
            thing.parts.iter().filter(|part| part.0 == refund && part.2 != Stage::Failed).count()
        };
        self.things.iter().map(of).sum()
    }
}
