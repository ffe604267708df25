//! One simulated device: the real engine on a database in memory, its keys, its clock, its backups, and what the
//! person in front of it remembers.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use soko_app_api::{Command, Query, Refused, Reply, StatusView, View};
use soko_domain::ids::{AuthorId, Hash, SaleId, ShiftId};
use soko_domain::role::Role;
use soko_domain::sabotage::Sabotage;
use soko_domain::wire::Wire as _;
use soko_engine::vault::MemoryVault;
use soko_engine::{Engine, Failure, Join, Joined, MeetingSide, Met, NotDone, Now, OpenError, Options};
use soko_record_log::log;
use soko_record_log::sqlite::CommitFails;
use soko_record_log::{Sqlite, StoreError, Tx, params};
use soko_replication::{Heads, Record};

use crate::broken::{Broken, broken};
use crate::choice::{Choices, SeededEntropy};
use crate::server::{NOON_MS, STALL};

const BACKUPS_MAX: usize = 4;
const REMEMBERED_MAX: usize = 8;
const READ_RECORDS: usize = 500;
const READ_BYTES: usize = 1 << 20;
/// Conversations here are nobody else's to overhear.
const TRANSCRIPT: [u8; 32] = [1; 32];

pub(crate) type Outcome = Result<Reply, Refused>;

pub(crate) struct Device {
    pub(crate) number: usize,
    engine: Engine,
    pub(crate) vault: MemoryVault,
    pub(crate) joined: Joined,
    pub(crate) role: Role,
    seed: u64,
    opened: u64,
    weaken: Option<Sabotage>,
    /// How far the wall clock is off.
    pub(crate) clock_ms: i64,
    /// Waits for the server to let it in.
    pub(crate) wants_enrolment: bool,
    pub(crate) is_dead: bool,
    pub(crate) disk_is_full: bool,
    pub(crate) shift: Option<ShiftId>,
    pub(crate) sales: Vec<SaleId>,
    pub(crate) remembered: Vec<(Command, Outcome)>,
    backups: Vec<Vec<u8>>,
    machine_images: Vec<(Vec<u8>, MemoryVault)>,
    /// How far each author's chain was looked at.
    looked: BTreeMap<AuthorId, u64>,
    /// The last place of each author that was acknowledged to a person on this disk.
    pub(crate) acknowledged: BTreeMap<AuthorId, u64>,
}

/// What a device is made from.
pub(crate) struct Made {
    pub(crate) number: usize,
    pub(crate) seed: u64,
    pub(crate) role: Role,
    /// What its own program says that it is, before it hears of the server.
    pub(crate) claims: Role,
    pub(crate) server_key: [u8; 32],
    pub(crate) weaken: Option<Sabotage>,
}

impl Device {
    pub(crate) fn new(made: Made) -> Result<Self, Broken> {
        let Made { number, seed, role, claims, server_key, weaken } = made;
        let vault = MemoryVault::on_machine(machine(number));
        let mut engine =
            open(&Opening { image: template()?, vault: &vault, seed, number, opened: 0, weaken })?;
        let name = format!("till {number}");
        let joined = engine.join(Join { stall: STALL, name, role: claims, server_keys: vec![server_key] })?;
        Ok(Self {
            number,
            engine,
            vault,
            joined,
            role,
            seed,
            opened: 0,
            weaken,
            clock_ms: 0,
            wants_enrolment: true,
            is_dead: false,
            disk_is_full: false,
            shift: None,
            sales: Vec::new(),
            remembered: Vec::new(),
            backups: Vec::new(),
            machine_images: Vec::new(),
            looked: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
        })
    }

    pub(crate) fn author(&self) -> AuthorId {
        self.joined.author
    }

    fn now(&self, now_ms: u64) -> Now {
        Now::utc(NOON_MS.saturating_add_unsigned(now_ms).saturating_add(self.clock_ms))
    }

    /// Nothing when the disk failed; the register was started again then, if it had to be.
    pub(crate) fn handle(&mut self, command: Command, now_ms: u64) -> Result<Option<Outcome>, Broken> {
        let now = self.now(now_ms);
        match self.engine.handle(command, now) {
            Ok(reply) => Ok(Some(Ok(reply))),
            Err(NotDone::Refused(refused)) => Ok(Some(Err(refused))),
            Err(NotDone::Failed(failure)) => self.survive(failure).map(|()| None),
        }
    }

    fn survive(&mut self, failure: Failure) -> Result<(), Broken> {
        match (failure, self.disk_is_full) {
            (Failure::DiskFull, true) => Ok(()),
            (failure @ Failure::Closed(_), _) => match self.engine.database().left_on_disk() {
                Some(image) => self.start(&image),
                None => Err(failure.into()),
            },
            (failure, _) => Err(failure.into()),
        }
    }

    /// The next commit, if any comes, is answered with an error.
    pub(crate) fn fail_next_commit(&mut self, fails: Option<CommitFails>) {
        if let Some(fails) = fails {
            self.engine.database().fail_next_commit(fails);
        }
    }

    /// Whether it still waits: nothing came to a commit. It does no longer.
    pub(crate) fn forget_failure(&mut self) -> bool {
        self.engine.database().forget_failure()
    }

    pub(crate) fn set_disk_full(&mut self, is_full: bool) -> Result<(), Broken> {
        self.disk_is_full = is_full;
        Ok(self.engine.database().set_full(is_full)?)
    }

    pub(crate) fn remember(&mut self, command: Command, outcome: Outcome) {
        if self.remembered.len() == REMEMBERED_MAX {
            self.remembered.drain(..1);
        }
        self.remembered.push((command, outcome));
    }

    pub(crate) fn answer(&mut self, query: &Query) -> Result<View, Broken> {
        // Nothing that is asked here depends on the day.
        match self.engine.answer(query, self.now(0)) {
            Ok(view) => Ok(view),
            Err(NotDone::Failed(failure)) => Err(failure.into()),
            Err(NotDone::Refused(refused)) => broken("a question is answered", refused.sentence),
        }
    }

    pub(crate) fn status(&mut self) -> Result<StatusView, Broken> {
        let view = self.answer(&Query::Status(STALL))?;
        let View::Status(status) = view else {
            return broken("a question is answered", format!("{view:?}"));
        };
        Ok(status)
    }

    pub(crate) fn poll(&mut self, now_ms: u64) -> Result<Option<Vec<u8>>, Broken> {
        if self.engine.next_deadline(STALL).is_none_or(|due_ms| due_ms > now_ms) {
            return Ok(None);
        }
        Ok(self.engine.poll_page(STALL, now_ms)?)
    }

    pub(crate) fn wake(&mut self, now_ms: u64) {
        self.engine.wake(STALL, now_ms);
    }

    pub(crate) fn failed(&mut self, now_ms: u64) {
        self.engine.failed(STALL, now_ms);
    }

    /// Nothing when the disk failed.
    pub(crate) fn take(&mut self, page: &[u8], now_ms: u64) -> Result<Option<soko_engine::Taken>, Broken> {
        let now = self.now(now_ms);
        match self.engine.take_page(STALL, page, now_ms, now) {
            Ok(taken) => Ok(Some(taken)),
            Err(failure) => self.survive(failure).map(|()| None),
        }
    }

    /// Whether each of two registers takes the other for one of its stall.
    pub(crate) fn meets(&mut self, other: &mut Self) -> Result<bool, Broken> {
        let called = other.believes(self, MeetingSide::Calls)?;
        Ok(called && self.believes(other, MeetingSide::Answers)?)
    }

    fn believes(&mut self, other: &mut Self, side: MeetingSide) -> Result<bool, Broken> {
        let Some(proof) = other.engine.prove_to_meet(STALL, side, &TRANSCRIPT)? else { return Ok(false) };
        Ok(self.engine.may_meet(STALL, side, &TRANSCRIPT, &proof)?.is_some())
    }

    pub(crate) fn page_to_meet(&mut self, theirs: Option<&[u8]>) -> Result<Vec<u8>, Broken> {
        Ok(self.engine.page_to_meet(STALL, theirs)?)
    }

    /// Nothing when the disk failed.
    pub(crate) fn take_met(&mut self, page: &[u8], now_ms: u64) -> Result<Option<Met>, Broken> {
        let now = self.now(now_ms);
        match self.engine.take_met(STALL, page, now) {
            Ok(met) => Ok(Some(met)),
            Err(failure) => self.survive(failure).map(|()| None),
        }
    }

    /// Own records since the last look, as they are on the disk.
    pub(crate) fn look(&mut self) -> Result<Vec<Record>, Broken> {
        let author = self.author();
        let after = self.looked.get(&author).copied().unwrap_or_default();
        let records = self.read(|tx| log::range(tx, STALL, &author, after + 1, READ_RECORDS, READ_BYTES))?;
        if let Some(last) = records.last() {
            self.looked.insert(author, last.seq);
        }
        Ok(records)
    }

    pub(crate) fn own_seq(&mut self) -> Result<u64, Broken> {
        let author = self.author();
        Ok(self.read(|tx| log::head(tx, STALL, &author))?.map_or(0, |head| head.seq))
    }

    pub(crate) fn heads(&mut self) -> Result<Heads, Broken> {
        Ok(self.read(|tx| log::heads(tx, STALL))?)
    }

    /// What this device once held of an author's other history.
    pub(crate) fn beside(&mut self, author: AuthorId) -> Result<Vec<Record>, Broken> {
        let rows = self.read(|tx| {
            tx.query(
                "select record from other_branch where log = $1 and author = $2 order by hash",
                params![STALL, author],
            )
        })?;
        let mut records = Vec::new();
        for row in &rows {
            records.extend(Record::from_bytes(row.blob(0)?));
        }
        Ok(records)
    }

    /// Whether it ever wrote as this author.
    pub(crate) fn was(&mut self, author: AuthorId) -> Result<bool, StoreError> {
        let sql = "select 1 from own_author where log = $1 and author = $2";
        self.read(|tx| Ok(tx.query_opt(sql, params![STALL, author])?.is_some()))
    }

    /// What is on the disk, without asking the engine to finish anything first.
    pub(crate) fn read<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.engine.database().read(work)
    }

    pub(crate) fn image(&mut self) -> Result<Vec<u8>, StoreError> {
        self.engine.database().serialize()
    }

    /// Killed, and started again on what was on the disk.
    pub(crate) fn crash(&mut self) -> Result<(), Broken> {
        let image = self.image()?;
        self.start(&image)
    }

    /// Started on these files. That frees the reserve, so there is room.
    pub(crate) fn start(&mut self, image: &[u8]) -> Result<(), Broken> {
        self.opened += 1;
        let opening = Opening {
            image,
            vault: &self.vault,
            seed: self.seed,
            number: self.number,
            opened: self.opened,
            weaken: self.weaken,
        };
        self.engine = open(&opening)?;
        self.disk_is_full = false;
        Ok(())
    }

    pub(crate) fn back_up(&mut self) -> Result<(), Broken> {
        if self.backups.len() == BACKUPS_MAX {
            self.backups.remove(0);
            self.machine_images.remove(0);
        }
        let image = self.image()?;
        self.machine_images.push((image.clone(), self.vault.snapshot()));
        self.backups.push(image);
        Ok(())
    }

    /// Puts an earlier database back; the keys beside it stay as they are.
    pub(crate) fn restore(&mut self, choices: &mut Choices) -> Result<bool, Broken> {
        let Some(image) = choices.pick(&self.backups).cloned() else { return Ok(false) };
        self.went_back(&image)?;
        Ok(true)
    }

    /// Puts the whole machine back, keys and all: nothing on it can tell.
    pub(crate) fn put_machine_back(&mut self, choices: &mut Choices) -> Result<bool, Broken> {
        let Some(at) = choices.index(self.machine_images.len()) else { return Ok(false) };
        let Some((image, vault)) = self.machine_images.get(at) else { return Ok(false) };
        let (image, vault) = (image.clone(), vault.snapshot());
        self.vault = vault;
        self.went_back(&image)?;
        Ok(true)
    }

    fn went_back(&mut self, image: &[u8]) -> Result<(), Broken> {
        self.start(image)?;
        self.remembered.clear();
        let author = self.stored_author()?;
        if author != self.author() {
            // The backup is of an earlier author, and proves who that was.
            let introduction = self.engine.introduction(STALL)?;
            self.joined = Joined { author, introduction, ..self.joined.clone() };
            // Whether that one is let in, the door says.
            self.wants_enrolment = false;
        }
        let seq = self.own_seq()?;
        self.looked.insert(author, seq);
        Ok(())
    }

    fn stored_author(&mut self) -> Result<AuthorId, Broken> {
        Ok(self.status()?.author)
    }

    /// Somebody copied the disk to another machine, with its keys or without.
    pub(crate) fn copy(&mut self, number: usize, with_keys: bool) -> Result<Self, Broken> {
        let machine = machine(number);
        let vault = if with_keys { self.vault.copied_to(machine) } else { MemoryVault::on_machine(machine) };
        self.copy_with(number, vault)
    }

    /// Somebody started a copy of the whole machine: nothing on it can tell.
    pub(crate) fn twin(&mut self, number: usize) -> Result<Self, Broken> {
        let vault = self.vault.snapshot();
        self.copy_with(number, vault)
    }

    fn copy_with(&mut self, number: usize, vault: MemoryVault) -> Result<Self, Broken> {
        let image = self.image()?;
        let (seed, weaken) = (self.seed, self.weaken);
        let engine = open(&Opening { image: &image, vault: &vault, seed, number, opened: 0, weaken })?;
        Ok(Self {
            number,
            engine,
            vault,
            joined: self.joined.clone(),
            role: self.role,
            seed,
            opened: 0,
            weaken,
            clock_ms: self.clock_ms,
            wants_enrolment: false,
            is_dead: false,
            disk_is_full: false,
            shift: self.shift,
            sales: self.sales.clone(),
            remembered: Vec::new(),
            backups: Vec::new(),
            machine_images: Vec::new(),
            looked: self.looked.clone(),
            acknowledged: BTreeMap::new(),
        })
    }

    /// Goes on as another author.
    pub(crate) fn renew(&mut self) -> Result<(), Failure> {
        self.joined = self.engine.renew(STALL)?;
        self.wants_enrolment = true;
        self.shift = None;
        self.remembered.clear();
        Ok(())
    }

    pub(crate) fn verify(&mut self) -> Result<Vec<String>, Broken> {
        let check = self.engine.verify(STALL)?;
        let mut problems = check.problems;
        if check.digest != check.rebuilt {
            problems.push("its tables do not follow from its records".into());
        }
        Ok(problems)
    }
}

struct Opening<'a> {
    image: &'a [u8],
    vault: &'a MemoryVault,
    seed: u64,
    number: usize,
    opened: u64,
    weaken: Option<Sabotage>,
}

fn open(opening: &Opening<'_>) -> Result<Engine, OpenError> {
    let db = Sqlite::deserialize(opening.image)?;
    let number = u64::try_from(opening.number).unwrap_or(u64::MAX);
    let what = 1_000 + number.wrapping_mul(10_000).wrapping_add(opening.opened);
    let entropy = Box::new(SeededEntropy(Choices::of(opening.seed, what)));
    let mut options = Options::new(db, Box::new(opening.vault.clone()), entropy);
    options.weaken = opening.weaken;
    Engine::open(options)
}

fn machine(number: usize) -> Hash {
    let byte = u8::try_from(number + 1).unwrap_or(u8::MAX);
    Hash([byte; 32])
}

/// A migrated, empty database, made once.
fn template() -> Result<&'static [u8], StoreError> {
    static TEMPLATE: OnceLock<Result<Vec<u8>, StoreError>> = OnceLock::new();
    let made = TEMPLATE.get_or_init(|| {
        let mut db = Sqlite::open_in_memory()?;
        db.migrate(soko_engine::schema())?;
        db.serialize()
    });
    made.as_deref().map_err(Clone::clone)
}
