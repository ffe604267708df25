//! A hostile world around one payment, from a seed: workers that die between any two steps, requests and replies that
//! are lost or late, a provider that answers 500 and repeats it, forgets keys, shows old states, another amount, and
//! changes its mind; webhooks twice, late or forged; and a buyer who cancels whenever it suits.

use std::collections::BTreeMap;

use soko_domain::ids::OrderId;
use soko_domain::money::Currency;

use crate::machine::{WEAK, Weak};
use crate::payment::{Answer, Call, Deed, Due, Ending, Next, Object, Payment, State, Status, Trouble};

const TOTAL: i64 = 1_250;
const STEPS: u32 = 60;
/// Rounds without faults within which everything has to come to an end.
const ROUNDS: u32 = 400;
/// Less than the look-ups that follow a webhook.
const LAG_MAX: u8 = 2;
const SEEDS: u64 = 10_000;

struct Chance(u64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn one_in(&mut self, end: u64) -> bool {
        self.below(end) == 0
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap())).unwrap()
    }
}

fn due(amount_minor: i64) -> Due {
    let currency = Currency::parse("EUR").unwrap();
    Due { order: OrderId([7; 16]), account: "stall".into(), amount_minor, currency }
}

#[derive(Clone, Debug)]
struct Thing {
    status: Status,
    before: Status,
    /// Look-ups that may still show what was before.
    lag: u8,
    amount_minor: i64,
    charged_minor: i64,
    returned_minor: i64,
}

/// What a provider keeps under a key: an object, or an error that it repeats.
type Kept = Result<usize, ()>;

#[derive(Default)]
struct Provider {
    things: Vec<Thing>,
    keys: BTreeMap<String, Kept>,
    /// Pays in one step and cannot take a request back, as a phone does.
    is_phone: bool,
}

/// A 500 or an answer.
type Said = Option<Answer>;

impl Provider {
    fn set(&mut self, at: usize, status: Status) {
        let thing = &mut self.things[at];
        (thing.before, thing.status, thing.lag) = (thing.status, status, LAG_MAX);
        match status {
            Status::Captured => thing.charged_minor += thing.amount_minor,
            Status::Refunded => thing.returned_minor += thing.amount_minor,
            Status::Pending | Status::Authorised | Status::Dead => {}
        }
    }

    fn show(&self, at: usize, is_old: bool) -> Answer {
        let thing = &self.things[at];
        let status = if is_old { thing.before } else { thing.status };
        Answer::Seen(Object { id: format!("o{at}"), status, due: due(thing.amount_minor), page: None })
    }

    fn serve(&mut self, request: &Request, chance: &mut Chance, faults: &Faults) -> Said {
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
            Call::Capture | Call::Void | Call::Refund => {}
        }
        let at = at?;
        let refused = Some(Answer::Refused("not in this state".into()));
        match (request.call, self.things[at].status) {
            (Call::Capture, Status::Authorised) => self.set(at, Status::Captured),
            (Call::Void, Status::Pending | Status::Authorised) if !self.is_phone => {
                self.set(at, Status::Dead)
            }
            (Call::Refund, Status::Captured) => self.set(at, Status::Refunded),
            (Call::Capture, Status::Captured) | (Call::Void, Status::Dead | Status::Pending) => {}
            (Call::Refund, Status::Refunded) => {}
            _ => return refused,
        }
        Some(self.show(at, false))
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
        self.things.push(Thing { status, before, lag: 0, amount_minor, charged_minor: 0, returned_minor: 0 });
        let at = self.things.len() - 1;
        self.keys.insert(key.into(), if fails { Err(()) } else { Ok(at) });
        if fails { None } else { Some(self.show(at, false)) }
    }

    fn left_minor(&self) -> i64 {
        self.things.iter().map(|thing| thing.charged_minor - thing.returned_minor).sum()
    }
}

#[derive(Clone)]
struct Request {
    call: Call,
    key: String,
    object: Option<String>,
}

struct Job {
    request: Request,
    is_sent: bool,
    answer: Option<Answer>,
}

struct Faults {
    is_on: bool,
    other_amount: bool,
    refuses: bool,
    changes_mind: bool,
}

/// What must have happened somewhere in a campaign, or it proves nothing.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    posted: u32,
    cancelled: u32,
    returned: u32,
    paid_back: u32,
    crashes: u32,
    late: u32,
    repeated_500: u32,
    forged: u32,
    mismatches: u32,
    forgotten_keys: u32,
    outside: u32,
    stuck: u32,
}

struct World {
    chance: Chance,
    faults: Faults,
    kept: Payment,
    jobs: Vec<Job>,
    on_the_way: Vec<Request>,
    provider: Provider,
    webhooks: u32,
    is_freed: bool,
    paid: u32,
    paid_back: u32,
    told: Vec<Trouble>,
    seen: Seen,
}

type Step = Result<(), String>;

impl World {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let faults = Faults {
            is_on: true,
            other_amount: chance.one_in(12),
            refuses: chance.one_in(3),
            changes_mind: chance.one_in(3),
        };
        let provider = Provider { is_phone: chance.one_in(3), ..Provider::default() };
        Self {
            chance,
            faults,
            kept: Payment::new(due(TOTAL)),
            jobs: Vec::new(),
            on_the_way: Vec::new(),
            provider,
            webhooks: 0,
            is_freed: false,
            paid: 0,
            paid_back: 0,
            told: Vec::new(),
            seen: Seen::default(),
        }
    }

    fn step(&mut self) -> Step {
        match self.chance.below(15) {
            0..=2 => self.begin(),
            3..=5 => return self.send(),
            6 | 7 => return self.deliver(),
            8 => {
                self.seen.crashes += u32::from(!self.jobs.is_empty());
                self.jobs.clear();
            }
            9 => return self.cancel(),
            10 | 11 => self.buyer_pays(),
            12 => self.provider_moves(),
            13 => return self.webhook(),
            _ => {
                if let Some(request) = self.on_the_way.pop() {
                    self.provider.serve(&request, &mut self.chance, &self.faults);
                } else if self.jobs.is_empty() {
                    // No call lives as long as a key.
                    self.seen.forgotten_keys += u32::from(!self.provider.keys.is_empty());
                    self.provider.keys.clear();
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self) {
        if self.jobs.len() >= 3 {
            return;
        }
        if let Some(call) = self.kept.begin() {
            self.take_on(call);
        }
    }

    fn take_on(&mut self, call: Call) {
        let request = Request { call, key: self.kept.key(call), object: self.kept.object.clone() };
        self.jobs.push(Job { request, is_sent: false, answer: None });
    }

    fn send(&mut self) -> Step {
        let unsent: Vec<usize> = (0..self.jobs.len()).filter(|at| !self.jobs[*at].is_sent).collect();
        if unsent.is_empty() {
            return Ok(());
        }
        let at = unsent[self.chance.index(unsent.len())];
        let request = self.jobs[at].request.clone();
        self.jobs[at].is_sent = true;
        let fate = if self.faults.is_on { self.chance.below(6) } else { 5 };
        let answer = match fate {
            0 => Answer::Unknown,
            1 => {
                self.provider.serve(&request, &mut self.chance, &self.faults);
                Answer::Unknown
            }
            2 => {
                self.on_the_way.push(request);
                Answer::Unknown
            }
            _ => {
                let repeated = self.provider.keys.get(&request.key) == Some(&Err(()));
                self.seen.repeated_500 += u32::from(repeated && request.call == Call::Ask);
                self.provider.serve(&request, &mut self.chance, &self.faults).unwrap_or(Answer::Unknown)
            }
        };
        self.jobs[at].answer = Some(answer);
        self.check()
    }

    fn deliver(&mut self) -> Step {
        let ready: Vec<usize> = (0..self.jobs.len()).filter(|at| self.jobs[*at].answer.is_some()).collect();
        if ready.is_empty() {
            return Ok(());
        }
        let at = self.chance.index(ready.len());
        let job = self.jobs.remove(ready[at]);
        let Next { deeds, call } = self.kept.answered(job.request.call, &job.answer.unwrap());
        if let Some(call) = call {
            self.take_on(call);
        }
        self.do_all(deeds)
    }

    fn cancel(&mut self) -> Step {
        let is_wanted = self.chance.one_in(if self.kept.state == State::Posted { 2 } else { 5 });
        if !is_wanted {
            return Ok(());
        }
        let deeds = self.kept.cancel(Ending::Buyer);
        self.do_all(deeds)
    }

    fn buyer_pays(&mut self) {
        let pending =
            (0..self.provider.things.len()).find(|at| self.provider.things[*at].status == Status::Pending);
        let Some(at) = pending else { return };
        let status = if self.provider.is_phone { Status::Captured } else { Status::Authorised };
        self.provider.set(at, status);
        self.webhooks += 1;
    }

    fn provider_moves(&mut self) {
        let Some(at) = self.provider.things.len().checked_sub(1) else { return };
        match self.provider.things[at].status {
            Status::Pending | Status::Authorised if self.chance.one_in(3) => {
                self.provider.set(at, Status::Dead)
            }
            Status::Dead if self.faults.changes_mind && self.chance.one_in(2) => {
                let status = if self.provider.is_phone { Status::Captured } else { Status::Authorised };
                self.provider.set(at, status);
                self.seen.late += 1;
                self.webhooks += 1;
            }
            Status::Captured if self.chance.one_in(8) => {
                self.provider.set(at, Status::Refunded);
                self.seen.outside += 1;
                self.webhooks += 1;
            }
            Status::Pending | Status::Authorised | Status::Captured | Status::Dead | Status::Refunded => {}
        }
    }

    fn webhook(&mut self) -> Step {
        if self.webhooks == 0 {
            // Forged, or a repetition: it says nothing that is believed.
            self.seen.forged += 1;
        } else if self.chance.one_in(2) {
            self.webhooks -= 1;
        }
        let deeds = self.kept.named();
        self.do_all(deeds)
    }

    fn do_all(&mut self, deeds: Vec<Deed>) -> Step {
        for deed in deeds {
            match deed {
                Deed::Post => {
                    let charged = self.provider.left_minor();
                    let went_back = self.provider.things.iter().any(|thing| thing.returned_minor > 0);
                    if charged != TOTAL && !went_back {
                        return Err(format!("posted while the provider has {charged}"));
                    }
                    self.kept.posted();
                    self.paid = 1;
                }
                Deed::Free(_) => {
                    self.free()?;
                }
                Deed::PaidBack => self.paid_back += 1,
                Deed::Tell(trouble) => self.told.push(trouble),
            }
        }
        self.check()
    }

    /// Nobody may be able to pay for units that somebody else can have now, as far as the provider ever said.
    fn free(&mut self) -> Step {
        let still = |thing: &Thing| !matches!(thing.status, Status::Dead | Status::Refunded);
        let changed = self.seen.late > 0 || self.faults.changes_mind;
        if !changed && !self.is_freed && self.provider.things.iter().any(still) {
            return Err("the hold is free and the buyer can still pay".into());
        }
        let asked = self.on_the_way.iter().any(|request| request.call == Call::Ask);
        if self.provider.things.is_empty() && asked {
            return Err("the hold is free and a request is on its way".into());
        }
        self.is_freed = true;
        Ok(())
    }

    fn check(&self) -> Step {
        let live = |thing: &&Thing| matches!(thing.status, Status::Authorised | Status::Captured);
        let live = self.provider.things.iter().filter(live).count();
        if live > 1 {
            return Err(format!("{live} live charges"));
        }
        let left = self.provider.left_minor();
        if !self.faults.other_amount && left != 0 && left != TOTAL {
            return Err(format!("{left} was charged"));
        }
        if self.faults.other_amount && self.paid > 0 {
            return Err("another amount counts as paid".into());
        }
        if self.paid_back > self.paid {
            return Err("paid back what was not paid".into());
        }
        Ok(())
    }

    /// The faults end: everything has to come to rest, in a state that is true.
    fn settle(&mut self) -> Step {
        self.faults.is_on = false;
        for request in std::mem::take(&mut self.on_the_way) {
            self.provider.serve(&request, &mut self.chance, &self.faults);
        }
        self.jobs.clear();
        for round in 0..ROUNDS {
            if round == 100 {
                self.provider.keys.clear();
            }
            if round == 200 {
                let pending = |thing: &&mut Thing| thing.status == Status::Pending;
                self.provider.things.iter_mut().filter(pending).for_each(|thing| thing.status = Status::Dead);
            }
            if self.webhooks > 0 {
                self.webhooks -= 1;
                let deeds = self.kept.named();
                self.do_all(deeds)?;
            }
            let before = self.kept.state;
            self.begin();
            self.send()?;
            self.deliver()?;
            if self.kept.state < before {
                return Err("the state went back".into());
            }
        }
        self.end()
    }

    fn end(&mut self) -> Step {
        let (state, left) = (self.kept.state, self.provider.left_minor());
        for trouble in &self.told {
            self.seen.mismatches += u32::from(*trouble == Trouble::Mismatch);
            self.seen.stuck += u32::from(*trouble == Trouble::Stuck);
        }
        if self.told.contains(&Trouble::Mismatch) {
            let is_believed = matches!(state, State::Captured | State::Posted);
            return if is_believed { Err("a mismatch was believed".into()) } else { Ok(()) };
        }
        if !self.kept.is_settled() {
            return Err(format!("it did not come to rest: {:?}", self.kept));
        }
        self.seen.posted += u32::from(state == State::Posted);
        self.seen.cancelled += u32::from(state == State::Cancelled);
        self.seen.returned += u32::from(state == State::Returned);
        self.seen.paid_back += self.paid_back;
        if (state == State::Posted) != (left == TOTAL) {
            return Err(format!("{state:?} and the provider has {left}"));
        }
        if (state == State::Posted) != (self.paid == 1 && self.paid_back == 0) {
            return Err(format!("{state:?} and the records say {} and {}", self.paid, self.paid_back));
        }
        let outside = self.told.contains(&Trouble::ReturnedOutside);
        if self.is_freed != matches!(state, State::Cancelled | State::Returned) && !outside {
            return Err(format!("{state:?} and the hold is free: {}", self.is_freed));
        }
        Ok(())
    }
}

fn run(seed: u64) -> Result<Seen, String> {
    let mut world = World::new(seed);
    for _ in 0..STEPS {
        let before = world.kept.state;
        world.step().map_err(|why| format!("seed {seed}: {why}"))?;
        if world.kept.state < before {
            return Err(format!("seed {seed}: the state went back"));
        }
    }
    world.settle().map_err(|why| format!("seed {seed}: {why}"))?;
    Ok(world.seen)
}

#[test]
fn one_charge_or_none_whatever_is_lost() {
    let mut all = Seen::default();
    for seed in 1..=SEEDS {
        let seen = run(seed).unwrap();
        for (sum, more) in [
            (&mut all.posted, seen.posted),
            (&mut all.cancelled, seen.cancelled),
            (&mut all.returned, seen.returned),
            (&mut all.paid_back, seen.paid_back),
            (&mut all.crashes, seen.crashes),
            (&mut all.late, seen.late),
            (&mut all.repeated_500, seen.repeated_500),
            (&mut all.forged, seen.forged),
            (&mut all.mismatches, seen.mismatches),
            (&mut all.forgotten_keys, seen.forgotten_keys),
            (&mut all.outside, seen.outside),
            (&mut all.stuck, seen.stuck),
        ] {
            *sum += more;
        }
    }
    let least = [
        all.posted,
        all.cancelled,
        all.returned,
        all.paid_back,
        all.crashes,
        all.late,
        all.repeated_500,
        all.forged,
        all.mismatches,
        all.forgotten_keys,
        all.outside,
        all.stuck,
    ];
    assert!(least.iter().all(|count| *count > 100), "the campaign proves too little: {all:?}");
}

#[test]
fn each_weakened_rule_is_noticed() {
    let rules = [
        Weak::AskAgain,
        Weak::SilenceIsNo,
        Weak::SilenceIsYes,
        Weak::Unequal,
        Weak::LateKept,
        Weak::FreeAtOnce,
        Weak::Backwards,
        Weak::VoidCaptured,
        Weak::WebhookPays,
    ];
    for rule in rules {
        WEAK.set(Some(rule));
        let noticed = (1..=SEEDS).find_map(|seed| run(seed).err());
        WEAK.set(None);
        assert!(noticed.is_some(), "{rule:?} is not noticed");
    }
}
