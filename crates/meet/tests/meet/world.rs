//! Registers of a stall, and a server that only ever said whom it let in.

use std::cell::RefCell;

use soko_app_api::{Command, ProductContent, Query, StallContent, Verb, View};
use soko_domain::entry::{DeviceAdmitted, DeviceRevoked, Entry, Stamp};
use soko_domain::ids::{AuthorId, Hash, LogId, ProductId, ThingId};
use soko_domain::role::Role;
use soko_engine::vault::MemoryVault;
use soko_engine::{Engine, Entropy, Join, MeetingProof, MeetingSide, Now, Options};
use soko_meet::{Failed, Register};
use soko_record_log::Sqlite;
use soko_replication::{Epoch, Offer, Page, Pen, Record, Run};

pub(crate) const STALL: LogId = LogId([9; 16]);
/// 2026-11-21, about noon.
pub(crate) const NOON_MS: i64 = 1_795_262_400_000;

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

fn thing(number: u16) -> ThingId {
    let mut id = ThingId([7; 16]);
    id.0[..2].copy_from_slice(&number.to_be_bytes());
    id
}

pub(crate) struct Server {
    pen: Pen,
    records: Vec<Record>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let (pen, introduction) = Pen::new([42; 32], STALL, [1; 16], Vec::new()).unwrap();
        Self { pen, records: vec![introduction] }
    }

    fn write(&mut self, entry: impl Into<Entry>) {
        let entry = entry.into();
        let body = entry.to_body(&Stamp::at(NOON_MS, 0, 20_778));
        let mut record = self.pen.write(entry.kind().number(), body).unwrap();
        self.pen.sign(&mut record).unwrap();
        self.records.push(record);
    }

    pub(crate) fn admit(&mut self, till: &Till) {
        self.let_in(till.me, "till");
    }

    pub(crate) fn let_in(&mut self, author: AuthorId, name: &str) {
        let role = Role::Owner;
        self.write(DeviceAdmitted { author, role, name: name.into(), replaces: None });
    }

    pub(crate) fn revoke(&mut self, till: &Till) {
        self.write(DeviceRevoked { author: till.me, reason: "lost".into() });
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.pen.public_key()
    }

    /// What a register hears of the server.
    pub(crate) fn tell(&self, till: &Till) {
        till.take(STALL, &self.page()).unwrap();
    }

    pub(crate) fn page(&self) -> Vec<u8> {
        let mut page = Page::new(STALL, self.pen.author(), Offer::OURS, Epoch::default());
        page.runs = vec![Run::from_records(self.records.clone()).unwrap()];
        page.encode().unwrap()
    }
}

pub(crate) struct Till {
    engine: RefCell<Engine>,
    pub(crate) me: AuthorId,
}

impl Till {
    pub(crate) fn new(number: u8, server: &Server) -> Self {
        let vault = MemoryVault::on_machine(Hash([number; 32]));
        let db = Sqlite::open_in_memory().unwrap();
        let entropy = Box::new(Seeded(number.into()));
        let mut engine = Engine::open(Options::new(db, Box::new(vault), entropy)).unwrap();
        let server_keys = vec![server.public_key()];
        let name = format!("till {number}");
        let joined = engine.join(Join { stall: STALL, name, role: Role::Owner, server_keys }).unwrap();
        Self { engine: RefCell::new(engine), me: joined.author }
    }

    fn done(&self, number: u16, verb: Verb) {
        let command = Command { id: thing(number), stall: STALL, verb };
        self.engine.borrow_mut().handle(command, Now::utc(NOON_MS)).unwrap();
    }

    pub(crate) fn create_stall(&self) {
        let content = StallContent {
            name: "Duka".into(),
            currency: "EUR".into(),
            zone: "Africa/Nairobi".into(),
            cut_off_minutes: 0,
        };
        self.done(1, Verb::CreateStall(content));
    }

    pub(crate) fn create_product(&self, number: u16, name: &str) {
        let product = ProductId(thing(number).0);
        self.done(number, Verb::CreateProduct { product, content: ProductContent::piece(name, 250) });
    }

    pub(crate) fn digest(&self) -> Hash {
        self.engine.borrow_mut().state_digest(STALL).unwrap()
    }

    pub(crate) fn finds(&self, text: &str) -> bool {
        let search = Query::Search { stall: STALL, text: text.into(), rows: 5 };
        match self.engine.borrow_mut().answer(&search, Now::utc(NOON_MS)).unwrap() {
            View::Products(rows) => !rows.is_empty(),
            other => panic!("{other:?}"),
        }
    }
}

/// Two registers that the server let in, each with goods that the other does not know.
pub(crate) fn pair() -> (Server, Till, Till) {
    let mut server = Server::new();
    let (first, second) = (Till::new(1, &server), Till::new(2, &server));
    server.admit(&first);
    server.admit(&second);
    server.tell(&first);
    server.tell(&second);
    first.create_stall();
    first.create_product(101, "Mango");
    (server, first, second)
}

impl Register for Till {
    fn prove(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
    ) -> Result<Option<MeetingProof>, Failed> {
        let known = self.engine.borrow().stalls().contains(&stall);
        if !known {
            return Ok(None);
        }
        self.engine.borrow_mut().prove_to_meet(stall, side, transcript).map_err(failed)
    }

    fn believe(
        &self,
        stall: LogId,
        side: MeetingSide,
        transcript: &[u8; 32],
        proof: &MeetingProof,
    ) -> Result<Option<AuthorId>, Failed> {
        let known = self.engine.borrow().stalls().contains(&stall);
        if !known {
            return Ok(None);
        }
        self.engine.borrow_mut().may_meet(stall, side, transcript, proof).map_err(failed)
    }

    fn page(&self, stall: LogId, theirs: Option<&[u8]>) -> Result<Vec<u8>, Failed> {
        self.engine.borrow_mut().page_to_meet(stall, theirs).map_err(failed)
    }

    fn take(&self, stall: LogId, page: &[u8]) -> Result<usize, Failed> {
        let met = self.engine.borrow_mut().take_met(stall, page, Now::utc(NOON_MS)).map_err(failed)?;
        Ok(met.records)
    }
}

fn failed(failure: soko_engine::Failure) -> Failed {
    Failed(failure.to_string())
}
