//! Devices and a server over a network that loses, repeats, delays, overtakes and damages pages, and a server
//! that is put back to a backup: once the faults end, all hold the same. From one seed each, in virtual time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod common;

use std::collections::BTreeMap;

use common::{LOG, Replica, begin, commit};
use soko_domain::ids::{AuthorId, EpochId};
use soko_replication::{
    Budget, Epoch, EpochStep, Offer, Page, Pen, Session, Start, Timing, fill, heads_digest,
};

const SEEDS: u64 = 24;
const DEVICES: usize = 3;
/// Until here the network misbehaves and devices write.
const FAULTS_UNTIL_MS: u64 = 300_000;
/// Until here all must agree: a few of the longest waits later.
const AGREED_BY_MS: u64 = FAULTS_UNTIL_MS + 240_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum To {
    Server { from: usize },
    Device(usize),
}

struct Device {
    replica: Replica,
    pen: Pen,
    session: Session,
    writes_at_ms: u64,
}

/// What happened, so that a run without faults does not count as a proof.
#[derive(Default, Debug)]
struct Seen {
    lost: u32,
    repeated: u32,
    damaged: u32,
    dropped_replies: u32,
    restores: u32,
    newer_epochs: u32,
    pages: u32,
}

struct World {
    now_ms: u64,
    random: u64,
    devices: Vec<Device>,
    server: Replica,
    backup: Replica,
    epoch: Epoch,
    server_pages: u64,
    /// Ordered by arrival; the counter keeps equal instants apart.
    network: BTreeMap<(u64, u64), (To, Vec<u8>)>,
    sent: u64,
    seen: Seen,
}

impl World {
    fn new(seed: u64) -> Self {
        let devices = (0..DEVICES).map(|at| {
            let (pen, first) = begin(u8::try_from(at).unwrap() + 1);
            let mut replica = Replica::default();
            replica.keep([first]);
            let session = Session::new(Start {
                log: LOG,
                sender: pen.author(),
                offer: Offer::OURS,
                epoch: Epoch::UNKNOWN,
                first_number: seed,
                seed: seed * 31 + at as u64,
                timing: Timing::default(),
            });
            Device { replica, pen, session, writes_at_ms: 0 }
        });
        Self {
            now_ms: 0,
            random: seed,
            devices: devices.collect(),
            server: Replica::default(),
            backup: Replica::default(),
            epoch: Epoch { id: EpochId([1; 16]), counter: 1 },
            server_pages: 0,
            network: BTreeMap::new(),
            sent: 0,
            seen: Seen::default(),
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.now_ms < FAULTS_UNTIL_MS && self.random(100) < percent
    }

    fn send(&mut self, to: To, page: &Page) {
        let mut bytes = page.encode().unwrap();
        self.seen.pages += 1;
        if self.chance(20) {
            self.seen.lost += 1;
            return;
        }
        if self.chance(5) {
            self.seen.damaged += 1;
            let len = self.random(bytes.len() as u64);
            bytes.truncate(usize::try_from(len).unwrap());
        }
        let copies = if self.chance(15) { 2 } else { 1 };
        self.seen.repeated += copies - 1;
        for _ in 0..copies {
            // Sometimes longer than anybody waits, so that it is overtaken by its own repetition.
            let longest_ms = if self.chance(10) { 60_000 } else { 200 };
            let at_ms = self.now_ms + 1 + self.random(longest_ms);
            self.sent += 1;
            self.network.insert((at_ms, self.sent), (to, bytes.clone()));
        }
    }

    fn serve(&mut self, from: usize, bytes: &[u8]) {
        let Ok(page) = Page::decode(bytes) else { return };
        for run in page.runs.clone() {
            // A gap is refused: the reply's heads tell the device where to go on.
            let _ = self.server.take(run);
        }
        // A small budget, so that one exchange is never enough.
        let budget = Budget { records: 20, ..Budget::PAGE };
        let filled = fill(&self.server, &page.heads, budget).unwrap();
        let mut reply = Page::new(LOG, AuthorId([9; 16]), Offer::OURS, self.epoch);
        reply.number = self.server_pages;
        reply.in_reply_to = Some(page.number);
        reply.heads = self.server.heads_now();
        reply.runs = filled.runs;
        reply.more = filled.more;
        self.server_pages += 1;
        self.send(To::Device(from), &reply);
    }

    fn take_reply(&mut self, at: usize, bytes: &[u8]) {
        let Ok(page) = Page::decode(bytes) else { return };
        let device = &mut self.devices[at];
        match device.session.handle_page(page, self.now_ms) {
            Ok(progress) => {
                self.seen.newer_epochs += u32::from(matches!(progress.epoch, EpochStep::Newer { .. }));
                assert!(!progress.server_went_back, "only a new epoch may hold less");
                for run in progress.runs {
                    device.replica.take(run).expect("what the server keeps is good");
                }
            }
            Err(_) => self.seen.dropped_replies += 1,
        }
    }

    fn write(&mut self, at: usize) {
        if self.now_ms >= FAULTS_UNTIL_MS || self.now_ms < self.devices[at].writes_at_ms {
            return;
        }
        let count = usize::try_from(self.random(4)).unwrap() + 1;
        let next_ms = self.now_ms + 1 + self.random(9_000);
        let now_ms = self.now_ms;
        let device = &mut self.devices[at];
        device.replica.keep(commit(&mut device.pen, count, format!("sale at {now_ms}").as_bytes()));
        device.session.wake(now_ms);
        device.writes_at_ms = next_ms;
    }

    fn disturb_server(&mut self) {
        if self.chance(2) {
            self.backup = self.server.clone();
        }
        if self.seen.restores < 3 && self.now_ms > 60_000 && self.chance(1) {
            self.server = self.backup.clone();
            self.seen.restores += 1;
            let counter = self.epoch.counter + 1;
            self.epoch = Epoch { id: EpochId([u8::try_from(counter).unwrap(); 16]), counter };
        }
    }

    fn poll(&mut self, at: usize) {
        let device = &mut self.devices[at];
        if let Some(page) = device.session.poll_page(self.now_ms, &device.replica, &[]).unwrap() {
            self.send(To::Server { from: at }, &page);
        }
    }

    fn step(&mut self) {
        for at in 0..DEVICES {
            self.write(at);
            self.poll(at);
        }
        let arrival = self.network.first_key_value().map(|((at_ms, _), _)| *at_ms);
        let deadline = self.devices.iter().map(|device| device.session.next_deadline()).min().unwrap();
        let writing = self.devices.iter().map(|device| device.writes_at_ms).min().unwrap();
        let writing = if self.now_ms < FAULTS_UNTIL_MS { writing } else { u64::MAX };
        let next_ms = arrival.unwrap_or(u64::MAX).min(deadline).min(writing);
        self.now_ms = self.now_ms.max(next_ms);
        if arrival.is_some_and(|at_ms| at_ms <= self.now_ms) {
            let (_, (to, bytes)) = self.network.pop_first().unwrap();
            match to {
                To::Server { from } => self.serve(from, &bytes),
                To::Device(at) => self.take_reply(at, &bytes),
            }
            self.disturb_server();
        }
    }

    fn all_agree(&self) -> bool {
        let server = heads_digest(LOG, &self.server.heads_now());
        self.devices.iter().all(|device| {
            heads_digest(LOG, &device.replica.heads_now()) == server && device.session.epoch() == self.epoch
        })
    }
}

#[test]
fn all_meet_after_the_faults() {
    let mut total = Seen::default();
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        while world.now_ms < FAULTS_UNTIL_MS || !world.all_agree() {
            assert!(world.now_ms < AGREED_BY_MS, "seed {seed}: not agreed; {:?}", world.seen);
            world.step();
        }
        for device in &world.devices {
            assert_eq!(device.replica.state_digest(), world.server.state_digest(), "seed {seed}");
            let own = device.replica.known(device.pen.author()).unwrap().head;
            assert_eq!(own, device.pen.head(), "seed {seed}: a device never loses its own records");
        }
        assert!(world.seen.pages < 4_000, "seed {seed}: a storm of {} pages", world.seen.pages);
        total.lost += world.seen.lost;
        total.repeated += world.seen.repeated;
        total.damaged += world.seen.damaged;
        total.dropped_replies += world.seen.dropped_replies;
        total.restores += world.seen.restores;
        total.newer_epochs += world.seen.newer_epochs;
    }
    let counts = [
        total.lost,
        total.repeated,
        total.damaged,
        total.dropped_replies,
        total.restores,
        total.newer_epochs,
    ];
    assert!(counts.iter().all(|count| *count > 20), "the faults did not happen: {total:?}");
}
