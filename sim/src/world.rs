//! A run: devices, server, network and people, moved on one step at a time by the plan's words.

use std::collections::{BTreeMap, BTreeSet};

use soko_domain::entry::{Kind, MoveCause};
use soko_domain::ids::{AuthorId, OrderId, ProductId, ThingId};
use soko_domain::role::Role;
use soko_record_log::log::Positioned;
use soko_replication::Record;
use soko_sync_server::core::CoreRefusal;

use crate::broken::{Broken, broken};
use crate::checks::Whole;
use crate::choice::Choices;
use crate::counters::{Counter, Counters};
use crate::device::{Device, Made};
use crate::model::{Model, News};
use crate::network::{Around, Message, Network, To};
use crate::pay::Pay;
use crate::plan::{Knob, Plan};
use crate::refunds::Refunds;
use crate::server::{STALL, Server};
use crate::trace::Trace;
use crate::web::Web;

/// So many steps have one after which the digest of all tables is made anew.
const HEAVY_EVERY: usize = 20;
/// Devices and copies of devices in one run.
pub(crate) const ALL_DEVICES_MAX: usize = 6;
const QUICK_STEP_MS: u64 = 1_500;
const SLOW_STEP_MS: u64 = 40_000;
const LONG_WAIT_MS: u64 = 1_200_000;
/// Pages that one step may move before the run is called stuck.
const MOVES_MAX: usize = 2_000;

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub steps: u64,
    pub counters: Counters,
    pub hash: [u8; 32],
    pub broken: Option<Broken>,
    /// The step at which it broke; the plan's length if that was after the faults had stopped.
    pub broken_at: usize,
    pub story: Vec<String>,
}

/// Runs a plan to its end or to the first broken promise.
pub fn run(plan: &Plan, with_story: bool) -> Ran {
    let mut world = match World::new(plan, with_story) {
        Ok(world) => world,
        Err(broken) => {
            return Ran {
                steps: 0,
                counters: Counters::default(),
                hash: [0; 32],
                broken: Some(broken),
                broken_at: 0,
                story: Vec::new(),
            };
        }
    };
    let (broken, broken_at) = world.play();
    if let Some(broken) = &broken {
        world.trace.note("broken", &[], || broken.to_string());
    }
    if world.model.excepted {
        world.counters.add(Counter::PromiseExceptions);
    }
    Ran {
        steps: world.steps,
        counters: world.counters,
        hash: world.trace.hash(),
        broken,
        broken_at,
        story: world.trace.into_story(),
    }
}

pub(crate) struct World<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) now_ms: u64,
    pub(crate) choices: Choices,
    pub(crate) devices: Vec<Device>,
    pub(crate) products: Vec<ProductId>,
    pub(crate) server: Server,
    pub(crate) network: Network,
    pub(crate) web: Web,
    pub(crate) pay: Pay,
    pub(crate) refunds: Refunds,
    pub(crate) model: Model,
    pub(crate) counters: Counters,
    pub(crate) trace: Trace,
    pub(crate) steps: u64,
    /// Orders that the server ended or holds, as far as registers may know.
    pub(crate) open_orders: BTreeMap<OrderId, AuthorId>,
    /// The count that somebody opened last at a device, and gave no number for.
    pub(crate) opened: BTreeMap<(usize, ProductId), ThingId>,
    /// Some device was replaced, copied, revoked or lost: the server may wait for one that never comes.
    pub(crate) debts: bool,
    pub(crate) is_calm: bool,
    /// Records that nobody should have been able to write.
    pub(crate) bad: BTreeSet<(AuthorId, u64)>,
    names: u64,
}

impl<'p> World<'p> {
    pub(crate) fn new(plan: &'p Plan, with_story: bool) -> Result<Self, Broken> {
        let mut choices = Choices::of(plan.seed, 4);
        let server = Server::new(plan.seed, plan.weaken)?;
        let mut devices = Vec::new();
        for number in 0..plan.devices {
            let roles = [Role::Owner, Role::Manager, Role::Cashier];
            let role = if number == 0 { Role::Owner } else { *choices.pick(&roles).unwrap_or(&Role::Owner) };
            let claims = if plan.is_pretender(number) { Role::Owner } else { role };
            let role = if plan.is_pretender(number) { Role::Cashier } else { role };
            let (seed, server_key, weaken) = (plan.seed, server.public_key(), plan.weaken);
            let made = Made { number, seed, role, claims, server_key, weaken };
            devices.push(Device::new(made)?);
        }
        let mut world = Self {
            plan,
            now_ms: 0,
            choices,
            devices,
            products: Vec::new(),
            server,
            network: Network::default(),
            web: Web::default(),
            pay: Pay::default(),
            refunds: Refunds::default(),
            model: Model::default(),
            counters: Counters::default(),
            trace: Trace::new(with_story),
            steps: 0,
            open_orders: BTreeMap::new(),
            opened: BTreeMap::new(),
            debts: false,
            is_calm: false,
            bad: BTreeSet::new(),
            names: 0,
        };
        world.open_shop()?;
        Ok(world)
    }

    /// The steps with faults, then the calm in which everybody must meet.
    fn play(&mut self) -> (Option<Broken>, usize) {
        for (at, word) in self.plan.steps.iter().enumerate() {
            self.choices = Choices::new(*word);
            let outcome = self.step(at);
            if let Err(broken) = outcome {
                return (Some(broken), at);
            }
        }
        self.choices = Choices::of(self.plan.seed, 5);
        let ended = self.sell_out().and_then(|()| self.settle_down()).and_then(|()| self.sell_out());
        (ended.err(), self.plan.steps.len())
    }

    fn step(&mut self, at: usize) -> Result<(), Broken> {
        let wait_ms = match self.choices.below(16) {
            0 => self.choices.below(LONG_WAIT_MS),
            1..4 => self.choices.below(SLOW_STEP_MS),
            _ => self.choices.below(QUICK_STEP_MS),
        };
        self.pass(wait_ms)?;
        self.act()?;
        self.misfortune()?;
        self.steps += 1;
        self.look_everywhere()?;
        self.model.check_promises()?;
        self.check_replicas(if at % HEAVY_EVERY == HEAVY_EVERY - 1 { Whole::Made } else { Whole::Kept })
    }

    /// Time passes: messages arrive, and devices send what is due.
    pub(crate) fn pass(&mut self, wait_ms: u64) -> Result<(), Broken> {
        let until_ms = self.now_ms + wait_ms;
        for _ in 0..MOVES_MAX {
            let arrived = self.network.arrived(until_ms, &mut self.counters);
            let Some((due_ms, message)) = arrived else {
                self.now_ms = until_ms;
                self.trace.at(until_ms);
                // What devices have to say now may arrive before the time is up; the next step sees it.
                return self.poll_all();
            };
            self.now_ms = self.now_ms.max(due_ms);
            self.trace.at(self.now_ms);
            let device = match message.to {
                To::Server { from, .. } => from,
                To::Device { device } => device,
            };
            self.deliver(message)?;
            self.poll(device)?;
        }
        broken("exchanges come to rest", "pages went to and fro without end")
    }

    fn poll_all(&mut self) -> Result<(), Broken> {
        (0..self.devices.len()).try_for_each(|at| self.poll(at))
    }

    /// Sends the device's next page, if it is time.
    pub(crate) fn poll(&mut self, at: usize) -> Result<(), Broken> {
        let now_ms = self.now_ms;
        let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else { return Ok(()) };
        let author = device.author();
        let Some(bytes) = device.poll(now_ms)? else { return Ok(()) };
        self.trace.bytes(&bytes);
        let to = To::Server { from: at, author };
        self.send(to, bytes);
        Ok(())
    }

    fn send(&mut self, to: To, bytes: Vec<u8>) {
        let message = Message { to, bytes, sent_ms: self.now_ms, life: self.server.life, is_forged: false };
        let mut around =
            Around { knobs: self.plan.knobs, choices: &mut self.choices, counters: &mut self.counters };
        self.network.send(message, &mut around);
    }

    pub(crate) fn send_old(&mut self) {
        let now_ms = self.now_ms;
        let mut around =
            Around { knobs: self.plan.knobs, choices: &mut self.choices, counters: &mut self.counters };
        self.network.send_old(now_ms, &mut around);
    }

    fn deliver(&mut self, message: Message) -> Result<(), Broken> {
        match message.to {
            To::Server { from, author } => self.deliver_to_server(from, author, &message),
            To::Device { device } => self.deliver_to_device(device, &message),
        }
    }

    fn deliver_to_server(&mut self, from: usize, author: AuthorId, message: &Message) -> Result<(), Broken> {
        let now_ms = self.now_ms;
        if self.choices.chance(self.strength(Knob::ServerCrash) / 32) {
            self.counters.add(Counter::ServerCrashes);
            self.crash_of_server()?;
            if self.choices.chance(128) {
                self.trace.note("server-crash", &[], || "before the page was taken".into());
                return Ok(());
            }
            self.server.replicate(author, &message.bytes, now_ms).map(drop).or_else(refused)?;
            self.trace.note("server-crash", &[], || "after the page was taken, before the answer".into());
            return self.look_at_server();
        }
        let fails = self.disk_fault();
        self.server.fail_next_commit(fails);
        let replicated = self.server.replicate(author, &message.bytes, now_ms);
        self.server.forget_failure();
        self.count_server_faults();
        match replicated {
            Ok(Some(out)) => {
                self.counters.add(Counter::Exchanges);
                self.trace.bytes(&out.page);
                if message.is_forged {
                    self.counters.add(Counter::ForgeriesRefused);
                }
                self.look_at_server()?;
                self.send(To::Device { device: from }, out.page);
                Ok(())
            }
            Ok(None) => {
                let is_current = self.devices.get(from).is_some_and(|device| device.author() == author);
                if let Some(device) = self.devices.get_mut(from).filter(|_| is_current) {
                    device.wants_enrolment = true;
                    device.failed(now_ms);
                }
                Ok(())
            }
            Err(error) => {
                refused(error)?;
                // A commit that was answered with an error may have been kept.
                self.look_at_server()
            }
        }
    }

    /// Counts what the last requests met of the server's disk; says whether they met anything.
    pub(crate) fn count_server_faults(&mut self) -> bool {
        let met = std::mem::take(&mut self.server.met);
        self.counters.add_many(Counter::ServerDisksFull, met.full);
        self.counters.add_many(Counter::ServerDiskFailures, met.failed);
        met.full + met.failed > 0
    }

    fn deliver_to_device(&mut self, at: usize, message: &Message) -> Result<(), Broken> {
        let (now_ms, life) = (self.now_ms, self.server.life);
        let fails = self.disk_fault();
        let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else { return Ok(()) };
        device.fail_next_commit(fails);
        let taken = device.take(&message.bytes, now_ms)?;
        let fails = fails.filter(|_| !device.forget_failure());
        let Some(taken) = taken else {
            self.counters.add(if fails.is_some() { Counter::DiskFailures } else { Counter::DisksFull });
            self.look_at(at)?;
            return self.check_acknowledged(at);
        };
        if message.life < life {
            self.counters.add(Counter::OldEpochReplies);
        }
        self.trace.note("taken", &[u64::try_from(taken.records).unwrap_or_default()], || {
            format!("device {at}: {taken:?}")
        });
        let changed = u64::try_from(taken.changed_branch).unwrap_or(u64::MAX);
        self.counters.add_many(Counter::BranchesChanged, changed);
        if taken.frozen.is_some() {
            self.counters.add(Counter::RegistersFrozen);
        }
        if !taken.refused.is_empty() && message.is_forged {
            self.counters.add(Counter::ForgeriesRefused);
        }
        if taken.state_differs {
            let theirs = self.server.read(|tx| soko_projection::table_digests(tx, STALL))?;
            let ours = device.read(|tx| soko_projection::table_digests(tx, STALL))?;
            let apart: Vec<&str> = ours
                .iter()
                .zip(&theirs)
                .filter(|(ours, theirs)| ours != theirs)
                .map(|(ours, _)| ours.0)
                .collect();
            let about = format!("device {at} and the server differ in {}", apart.join(", "));
            return broken(crate::checks::SAME_STATE, about);
        }
        self.look_at(at)
    }

    /// Tells the model what devices and server have on their disks now.
    pub(crate) fn look_everywhere(&mut self) -> Result<(), Broken> {
        (0..self.devices.len()).try_for_each(|at| self.look_at(at))?;
        self.look_at_server()
    }

    pub(crate) fn look_at(&mut self, at: usize) -> Result<(), Broken> {
        let Some(device) = self.devices.get_mut(at).filter(|device| !device.is_dead) else { return Ok(()) };
        let role = device.role;
        for record in device.look()? {
            if is_forbidden(&record, role) {
                self.bad.insert((record.author, record.seq));
            }
            let news = self.model.written(record.id(), &record)?;
            self.trace.note("wrote", &[record.seq], || format!("device {at}: {} {news:?}", record.seq));
            if news == News::Is(Kind::ShareReturned) {
                self.counters.add(Counter::Returns);
            }
            if news == News::Is(Kind::CountMarked) {
                self.counters.add(Counter::CountMarks);
            }
        }
        Ok(())
    }

    pub(crate) fn look_at_server(&mut self) -> Result<(), Broken> {
        loop {
            let rows = self.server.look()?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                self.note_server_record(row)?;
            }
        }
    }

    fn note_server_record(&mut self, row: &Positioned) -> Result<(), Broken> {
        let author = row.record.author;
        // Whatever no device of this run is or was, only the server itself can have begun.
        let is_server = self.is_server_author(row);
        let news = self.model.held_by_server(row.id, &row.record, is_server)?;
        if is_server && news != News::Known {
            self.trace.note("server-wrote", &[row.record.seq], || format!("{news:?} by {author:?}"));
        }
        let News::Is(kind) = news else { return Ok(()) };
        if let Some(counter) = counter_of(kind) {
            self.counters.add(counter);
        }
        self.count_inside(row, kind)
    }

    fn is_server_author(&mut self, row: &Positioned) -> bool {
        self.model.note_server_author(&row.record, self.server.public_key())
    }

    fn count_inside(&mut self, row: &Positioned, kind: Kind) -> Result<(), Broken> {
        use soko_domain::entry::{Entry, IncidentKind, PurseMove, RefundEnd};
        let Some(Ok((_, entry))) = row.record.body.bytes().map(|body| Entry::from_body(kind, body)) else {
            return Ok(());
        };
        #[expect(clippy::wildcard_enum_match_arm, reason = "only these are counted by what they say")]
        match entry {
            Entry::StockMoved(moved) if moved.cause == MoveCause::Quarantine => {
                self.counters.add(Counter::Quarantines);
            }
            Entry::StockMoved(moved) if moved.cause == MoveCause::Cover => self.counters.add(Counter::Covers),
            Entry::StockMoved(moved) if moved.cause == MoveCause::ForcedReclaim => {
                self.counters.add(Counter::Reclaims);
            }
            Entry::IncidentRaised(raised) if raised.kind == IncidentKind::Fork => {
                self.counters.add(Counter::ForkIncidents);
            }
            Entry::EpochStarted(started) if started.frozen => {
                self.counters.add(Counter::Freezes);
                if self.model.noticed_set_back() {
                    self.counters.add(Counter::SetBacksNoticed);
                }
            }
            Entry::OrderPaid(paid) => {
                self.pay.posted.insert(paid.order);
            }
            Entry::OrderReleased(order) => {
                self.pay.released.insert(order.order);
                let had_deal = self.model.owed.is_at_deal(order.order);
                self.counters.add_many(Counter::DealsCancelled, u64::from(had_deal));
            }
            Entry::OrderFulfilled(order) => self.refunds.note_handed_over(order.order),
            Entry::OrderRefundAllowed(allowed) => {
                self.counters.add(Counter::OrderPartsAllowed);
                self.refunds.note_allowed(&allowed);
            }
            Entry::OrderRefundEnded(ended) if ended.end != RefundEnd::PaidBack => {
                self.counters.add(Counter::OrderPartsRefused);
            }
            Entry::OrderPurseHeld(held) if held.rest_minor == 0 => self.pay.note_known(held.order),
            Entry::OrderPurseMoved(moved) if moved.cause == PurseMove::Back => {
                self.counters.add(Counter::CardsBack);
            }
            Entry::OrderPlaced(order) => {
                self.open_orders.insert(order.order, row.record.author);
            }
            Entry::RecordParked(parked) => self.check_parked(&parked)?,
            _ => {}
        }
        Ok(())
    }

    /// How strong a fault is now: nothing breaks in the calm.
    pub(crate) fn strength(&self, knob: Knob) -> u8 {
        if self.is_calm { 0 } else { self.plan.knobs.get(knob) }
    }

    /// A name nobody used before in this run.
    pub(crate) fn fresh(&mut self) -> ThingId {
        self.names += 1;
        let mut choices = Choices::of(self.plan.seed, 0xfee1_0000 + self.names);
        // Also different after steps were left out, since it takes from the step's own word.
        let mut id: [u8; 16] = choices.bytes();
        id.iter_mut().zip(self.choices.bytes::<16>()).for_each(|(a, b)| *a ^= b);
        ThingId(id)
    }

    /// A device that is not lost, by the step's choice.
    pub(crate) fn some_device(&mut self) -> Option<usize> {
        let alive: Vec<usize> = (0..self.devices.len())
            .filter(|at| self.devices.get(*at).is_some_and(|device| !device.is_dead))
            .collect();
        self.choices.pick(&alive).copied()
    }

    pub(crate) fn some_product(&mut self) -> ProductId {
        self.choices.pick(&self.products).copied().unwrap_or_default()
    }
}

/// Whether somebody of this role may not write such a record. Edits of a run are of the catalogue.
fn is_forbidden(record: &Record, role: Role) -> bool {
    match Kind::from_number(record.kind) {
        Some(kind) => !role.may_write(kind),
        None => !record.is_introduction() && !role.may_edit_catalogue(),
    }
}

fn counter_of(kind: Kind) -> Option<Counter> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are counted where people do them")]
    match kind {
        Kind::ShareGranted => Some(Counter::Grants),
        Kind::ShareRecalled => Some(Counter::Recalls),
        Kind::OrderReleased => Some(Counter::OrdersReleased),
        Kind::OrderFulfilled => Some(Counter::OrdersFulfilled),
        Kind::RefundAllowed => Some(Counter::RefundAllowances),
        Kind::DealTaken => Some(Counter::DealsTaken),
        Kind::IncidentRaised => Some(Counter::Incidents),
        Kind::Unfrozen => Some(Counter::Unfreezes),
        Kind::RecordParked => Some(Counter::Parked),
        _ => None,
    }
}

/// A page may be refused: it was damaged, or is of another time. A store that fails is another matter.
pub(crate) fn refused(error: CoreRefusal) -> Result<(), Broken> {
    match error {
        CoreRefusal::Refused { .. } => Ok(()),
        error @ CoreRefusal::Store(_) => Err(error.into()),
    }
}
