//! A small world around engines: a clock, a seeded randomness, devices that crash, and a relay in the place of
//! the server, which keeps records, admits devices and writes what it is told.

use std::cell::RefCell;

use soko_app_api::{
    BeyondShare, Command, DiscountInput, ProductContent, Query, Reply, SaleLineInput, StallContent,
    StatusView, StockView, TenderInput, Verb, View,
};
use soko_domain::ask::Answer;
use soko_domain::entry::{DeviceAdmitted, Entry, Stamp};
use soko_domain::ids::{AuthorId, EpochId, Hash, LogId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::role::Role;
use soko_domain::wire::Wire as _;
use soko_engine::vault::MemoryVault;
use soko_engine::{Engine, Entropy, Join, Joined, NotDone, Now, Options, Taken};
use soko_record_log::log::{self, LogSource};
use soko_record_log::{Migration, Sqlite, StoreError};
use soko_replication::{Answer as PageAnswer, Budget, Epoch, Offer, Page, Pen, Verdict, accept, fill};

pub(crate) const STALL: LogId = LogId([9; 16]);
pub(crate) const OWNER_CURRENCY: &str = "EUR";
/// 2026-11-21, about noon.
pub(crate) const NOON_MS: i64 = 1_795_262_400_000;

pub(crate) fn now() -> Now {
    Now::utc(NOON_MS)
}

/// Repeats itself for the same seed.
pub(crate) struct Seeded(pub(crate) u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[1];
        }
    }
}

pub(crate) fn thing(number: u16) -> ThingId {
    let mut id = ThingId([7; 16]);
    id.0[..2].copy_from_slice(&number.to_be_bytes());
    id
}

pub(crate) fn product(number: u16) -> ProductId {
    ProductId(thing(number).0)
}

pub(crate) fn sale_id(number: u16) -> SaleId {
    SaleId(thing(number).0)
}

pub(crate) fn command(number: u16, verb: Verb) -> Command {
    Command { id: thing(number), stall: STALL, verb }
}

pub(crate) fn open_shift(number: u16) -> Command {
    command(number, Verb::OpenShift { shift: ShiftId(thing(number).0), float_minor: 1_000 })
}

pub(crate) fn receive(number: u16, of: ProductId, quantity: i64) -> Command {
    let line = soko_app_api::ReceivedLineInput { product: of, quantity, cost_minor: None };
    command(number, Verb::ReceiveStock { lines: vec![line], note: String::new() })
}

pub(crate) fn sell(number: u16, of: ProductId, quantity: i64, beyond: BeyondShare) -> Command {
    command(
        number,
        Verb::MakeSale {
            sale: sale_id(number),
            lines: vec![SaleLineInput::of(of, quantity)],
            discount: DiscountInput::None,
            tenders: vec![TenderInput::cash(100_000)],
            beyond,
            about: soko_app_api::SaleAbout::default(),
        },
    )
}

pub(crate) fn create_product(number: u16, name: &str) -> Command {
    command(
        number,
        Verb::CreateProduct { product: product(number), content: ProductContent::piece(name, 250) },
    )
}

pub(crate) fn create_stall(number: u16) -> Command {
    let content = StallContent {
        name: "Duka".into(),
        currency: OWNER_CURRENCY.into(),
        zone: "Africa/Nairobi".into(),
        cut_off_minutes: 0,
    };
    command(number, Verb::CreateStall(content))
}

/// One device and what lies around it.
pub(crate) struct Device {
    pub(crate) engine: Engine,
    pub(crate) vault: MemoryVault,
    pub(crate) joined: Joined,
    pub(crate) clock_ms: u64,
    pub(crate) seed: u64,
}

impl Device {
    pub(crate) fn new(number: u8, relay: Option<&Relay>) -> Self {
        Self::with_role(number, Role::Owner, relay)
    }

    pub(crate) fn with_role(number: u8, role: Role, relay: Option<&Relay>) -> Self {
        let vault = MemoryVault::on_machine(Hash([number; 32]));
        let seed = u64::from(number);
        let mut engine = open(Sqlite::open_in_memory().unwrap(), &vault, seed).unwrap();
        let server_keys = relay.map(|relay| relay.pen.public_key()).into_iter().collect();
        let joined =
            engine.join(Join { stall: STALL, name: format!("till {number}"), role, server_keys }).unwrap();
        Self { engine, vault, joined, clock_ms: 0, seed }
    }

    /// With a stall, an open shift, and products numbered from 101 on under these names.
    pub(crate) fn ready(number: u8, names: &[&str], relay: Option<&Relay>) -> Self {
        let mut device = Self::new(number, relay);
        device.done(create_stall(1));
        for (at, name) in (101..).zip(names) {
            device.done(create_product(at, name));
        }
        device.done(open_shift(2));
        device
    }

    pub(crate) fn me(&self) -> AuthorId {
        self.joined.author
    }

    pub(crate) fn handle(&mut self, command: Command) -> Result<Reply, NotDone> {
        self.engine.handle(command, now())
    }

    pub(crate) fn done(&mut self, command: Command) -> Reply {
        self.handle(command).unwrap()
    }

    pub(crate) fn refused(&mut self, command: Command) -> String {
        match self.handle(command) {
            Err(NotDone::Refused(refused)) => refused.code,
            other => panic!("not refused: {other:?}"),
        }
    }

    pub(crate) fn status(&mut self) -> StatusView {
        match self.engine.answer(&Query::Status(STALL), now()).unwrap() {
            View::Status(status) => status,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn stock(&mut self, of: ProductId) -> StockView {
        match self.engine.answer(&Query::Stock { stall: STALL, product: of }, now()).unwrap() {
            View::Stock(stock) => stock,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn search(&mut self, text: &str) -> Vec<String> {
        match self.engine.answer(&Query::Search { stall: STALL, text: text.into(), rows: 5 }, now()).unwrap()
        {
            View::Products(rows) => rows.into_iter().map(|row| row.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    /// What a kill leaves on the disk.
    pub(crate) fn disk(&mut self) -> Vec<u8> {
        self.engine.database().serialize().unwrap()
    }

    /// Killed and started again on what was on the disk.
    pub(crate) fn restart(self) -> Self {
        let mut device = self;
        let disk = device.disk();
        device.restart_on(&disk)
    }

    /// Started again on other files, such as a backup.
    pub(crate) fn restart_on(self, disk: &[u8]) -> Self {
        let Self { vault, joined, clock_ms, seed, .. } = self;
        let seed = seed + 1_000;
        let engine = open(Sqlite::deserialize(disk).unwrap(), &vault, seed).unwrap();
        Self { engine, vault, joined, clock_ms, seed }
    }

    /// Somebody copied the files to another machine.
    pub(crate) fn copy(&mut self, machine: u8) -> Self {
        let disk = self.disk();
        let vault = self.vault.copied_to(Hash([machine; 32]));
        let seed = self.seed + 5_000;
        let engine = open(Sqlite::deserialize(&disk).unwrap(), &vault, seed).unwrap();
        Self { engine, vault, joined: self.joined.clone(), clock_ms: self.clock_ms, seed }
    }

    /// Exchanges pages until neither side has anything to say.
    pub(crate) fn replicate(&mut self, relay: &mut Relay) -> Vec<Taken> {
        self.replicate_at(relay, now())
    }

    pub(crate) fn replicate_at(&mut self, relay: &mut Relay, at: Now) -> Vec<Taken> {
        let mut all = Vec::new();
        self.clock_ms += 60_000;
        self.engine.wake(STALL, self.clock_ms);
        for _ in 0..50 {
            let Some(bytes) = self.engine.poll_page(STALL, self.clock_ms).unwrap() else { break };
            let reply = relay.answer(&bytes);
            all.push(self.engine.take_page(STALL, &reply, self.clock_ms, at).unwrap());
        }
        all
    }
}

pub(crate) fn open(db: Sqlite, vault: &MemoryVault, seed: u64) -> Result<Engine, soko_engine::OpenError> {
    Engine::open(Options::new(db, Box::new(vault.clone()), Box::new(Seeded(seed))))
}

/// Holds every record, like a server that decides nothing by itself.
pub(crate) struct Relay {
    pub(crate) db: Sqlite,
    pub(crate) pen: Pen,
    pub(crate) epoch: Epoch,
    pub(crate) answers: Vec<(ThingId, Answer)>,
    pub(crate) asks: Vec<(ThingId, soko_domain::ask::Ask)>,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Relay {
    pub(crate) fn new() -> Self {
        let mut db = Sqlite::open_in_memory().unwrap();
        db.migrate(&[Migration { number: 1, name: "log", sql: log::SCHEMA }]).unwrap();
        let (pen, introduction) = Pen::new([42; 32], STALL, [1; 16], Vec::new()).unwrap();
        db.transaction::<_, log::AppendError>(|tx| log::append(tx, &[introduction]).map(drop)).unwrap();
        let epoch = Epoch { id: EpochId([5; 16]), counter: 1 };
        Self { db, pen, epoch, answers: Vec::new(), asks: Vec::new(), verdicts: Vec::new() }
    }

    /// Writes as the server.
    pub(crate) fn write(&mut self, entry: impl Into<Entry>) {
        let entry = entry.into();
        let stamp = Stamp::at(NOON_MS, 0, 20_778);
        self.write_body(entry.kind().number(), entry.to_body(&stamp));
    }

    /// Writes as the server, whatever that means.
    pub(crate) fn write_body(&mut self, kind: u16, body: Vec<u8>) {
        let mut record = self.pen.write(kind, body).unwrap();
        self.pen.sign(&mut record).unwrap();
        self.db.transaction::<_, log::AppendError>(|tx| log::append(tx, &[record]).map(drop)).unwrap();
    }

    pub(crate) fn admit(&mut self, device: &Device) {
        self.admit_author(&device.joined, Role::Owner);
    }

    pub(crate) fn admit_author(&mut self, joined: &Joined, role: Role) {
        self.write(DeviceAdmitted {
            author: joined.author,
            role,
            name: "till".into(),
            replaces: joined.replaces,
        });
    }

    pub(crate) fn withhold(&mut self, author: AuthorId, seq: u64) {
        self.db.transaction::<_, StoreError>(|tx| log::withhold(tx, STALL, &author, seq)).unwrap();
    }

    pub(crate) fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let page = Page::decode(bytes).unwrap();
        let Self { db, epoch, answers, asks, verdicts, .. } = self;
        let mut reply = Page::new(STALL, AuthorId::default(), Offer::OURS, *epoch);
        reply.in_reply_to = Some(page.number);
        for ask in &page.asks {
            asks.push((ask.id, soko_domain::ask::Ask::from_bytes(&ask.body).unwrap()));
            let known = answers.iter().find(|(id, _)| *id == ask.id);
            reply.answers.extend(known.map(|(id, answer)| PageAnswer { ask: *id, body: answer.to_bytes() }));
        }
        reply.verdicts = verdicts.clone();
        db.transaction::<_, log::AppendError>(|tx| {
            for run in page.runs {
                let author = run.author;
                let known = log::known(tx, STALL, &author)?;
                let held = {
                    let tx = RefCell::new(&mut *tx);
                    accept(known.as_ref(), STALL, run, |seq| {
                        log::hash_at(&mut **tx.borrow_mut(), STALL, &author, seq).unwrap()
                    })
                };
                if let Ok(accepted) = held {
                    log::append_with_ids(tx, accepted.records_with_ids())?;
                }
            }
            reply.heads = log::heads(tx, STALL)?;
            let filled = fill(&LogSource::new(tx, STALL), &page.heads, Budget::PAGE)?;
            reply.runs = filled.runs;
            reply.more = filled.more;
            Ok(())
        })
        .unwrap();
        reply.encode().unwrap()
    }
}
