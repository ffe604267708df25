//! The server as the run has it: the real core on a database in memory, the door that knows who is enrolled, and
//! the backups that somebody may put back.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use soko_domain::entry::PayWay;
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId};
use soko_domain::role::Role;
use soko_domain::sabotage::Sabotage;
use soko_domain::wire::Wire as _;
use soko_projection::LocalApplier;
use soko_record_log::log::{self, Positioned};
use soko_record_log::sqlite::CommitFails;
use soko_record_log::{Sqlite, StoreError, Tx, params};
use soko_replication::{Heads, Record};
use soko_sync_server::core::{Admitted, CoreRefusal, Fault, Now, PageIn, PageOut, StallCore as _};
use soko_sync_server::pay::{self, Asked, DuePayment};
use soko_sync_server::stall::{Core, EndOrder, OrderView, PayTurn, PlaceOrder, Placed};

use crate::choice::Choices;

pub(crate) const STALL: LogId = LogId([9; 16]);
/// 2026-11-21, about noon.
pub(crate) const NOON_MS: i64 = 1_795_262_400_000;
const BACKUPS_MAX: usize = 6;
/// Records that one look at the log reads.
const LOOK_RECORDS: usize = 500;

pub(crate) struct Server {
    db: Sqlite,
    core: Core,
    choices: Choices,
    /// Who is let in. Goes back with a backup, as the accounts beside it do.
    door: BTreeMap<AuthorId, Role>,
    backups: Vec<Backup>,
    pub(crate) clock_ms: i64,
    looked: u64,
    pub(crate) life: u64,
    disk_is_full: bool,
    pub(crate) met: DiskFaults,
}

/// What requests met of the server's disk.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct DiskFaults {
    pub(crate) full: u64,
    pub(crate) failed: u64,
}

struct Backup {
    image: Vec<u8>,
    door: BTreeMap<AuthorId, Role>,
}

impl Server {
    pub(crate) fn new(seed: u64, weaken: Option<Sabotage>) -> Result<Self, StoreError> {
        let mut choices = Choices::of(seed, 3);
        let appliers = Box::new(|| Box::new(LocalApplier) as Box<dyn soko_projection::Applier>);
        let core = Core::new(choices.bytes(), appliers).weakened(weaken);
        let db = Sqlite::deserialize(template()?)?;
        let door = BTreeMap::new();
        Ok(Self {
            db,
            core,
            choices,
            door,
            backups: Vec::new(),
            clock_ms: NOON_MS,
            looked: 0,
            life: 1,
            disk_is_full: false,
            met: DiskFaults::default(),
        })
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.core.server_key()
    }

    fn now(&mut self, now_ms: u64) -> Now {
        let now_ms = self.clock_ms.saturating_add_unsigned(now_ms);
        Now { now_ms, seed: self.choices.bytes() }
    }

    /// One request's transaction. If the disk keeps it from being kept, or from being known to be, the answer is
    /// that it may be tried later.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Tx, &Core) -> Result<T, CoreRefusal>,
    ) -> Result<T, CoreRefusal> {
        let Self { db, core, .. } = self;
        match db.transaction(|tx| work(tx, core)) {
            Err(CoreRefusal::Store(StoreError::Full(_))) if self.disk_is_full => {
                self.met.full += 1;
                Err(later())
            }
            Err(CoreRefusal::Store(error @ StoreError::Io(_))) => {
                let image = self.db.left_on_disk().ok_or(error)?;
                self.start(&image)?;
                self.met.failed += 1;
                Err(later())
            }
            other => other,
        }
    }

    fn start(&mut self, image: &[u8]) -> Result<(), StoreError> {
        self.db = Sqlite::deserialize(image)?;
        self.disk_is_full = false;
        Ok(())
    }

    pub(crate) fn fail_next_commit(&mut self, fails: Option<CommitFails>) {
        if let Some(fails) = fails {
            self.db.fail_next_commit(fails);
        }
    }

    pub(crate) fn forget_failure(&mut self) {
        self.db.forget_failure();
    }

    pub(crate) fn set_disk_full(&mut self, is_full: bool) -> Result<(), StoreError> {
        self.disk_is_full = is_full;
        self.db.set_full(is_full)
    }

    /// One exchange. Nobody else is let in than who was enrolled.
    pub(crate) fn replicate(
        &mut self,
        author: AuthorId,
        page: &[u8],
        now_ms: u64,
    ) -> Result<Option<PageOut>, CoreRefusal> {
        let now = self.now(now_ms);
        let Some(role) = self.door.get(&author).copied() else { return Ok(None) };
        let request = PageIn { stall: STALL, author, role, page, prepared: None };
        self.write(|tx, core| core.replicate(tx, &request, now)).map(Some)
    }

    pub(crate) fn enrol(
        &mut self,
        introduction: &Record,
        role: Role,
        now_ms: u64,
    ) -> Result<(), CoreRefusal> {
        let now = self.now(now_ms);
        let author = introduction.author;
        let record = introduction.to_bytes();
        let admitted = Admitted { stall: STALL, author, role, name: "till", record: &record };
        self.write(|tx, core| core.admitted(tx, &admitted, now))?;
        self.door.insert(author, role);
        Ok(())
    }

    /// Somebody revoked the device at the server: it is not let in again.
    pub(crate) fn revoke(&mut self, author: AuthorId, now_ms: u64) -> Result<(), CoreRefusal> {
        let now = self.now(now_ms);
        self.write(|tx, core| core.revoked(tx, STALL, author, now))?;
        self.door.remove(&author);
        Ok(())
    }

    pub(crate) fn reclaim(&mut self, author: AuthorId, now_ms: u64) -> Result<Option<u64>, CoreRefusal> {
        let now = self.now(now_ms);
        self.write(|tx, core| core.reclaim(tx, STALL, author, "it was lost", now))
    }

    pub(crate) fn place(&mut self, order: &PlaceOrder, now_ms: u64) -> Result<Placed, CoreRefusal> {
        let now = self.now(now_ms);
        self.write(|tx, core| core.place_order(tx, STALL, order, now)).map(|(placed, _)| placed)
    }

    pub(crate) fn end(
        &mut self,
        order: OrderId,
        end: EndOrder,
        now_ms: u64,
    ) -> Result<OrderView, CoreRefusal> {
        let now = self.now(now_ms);
        self.write(|tx, core| core.end_order(tx, STALL, order, end, now)).map(|(view, _)| view)
    }

    /// Whoever has a card wants to spend what registers hold of it.
    pub(crate) fn ask_for_card(&mut self, card: ProductId, now_ms: u64) -> Result<(), CoreRefusal> {
        let now = self.now(now_ms);
        self.write(|tx, core| core.ask_for_card(tx, STALL, card, now)).map(drop)
    }

    pub(crate) fn pay_turn(
        &mut self,
        order: OrderId,
        turn: &PayTurn,
        now_ms: u64,
    ) -> Result<Option<Asked>, CoreRefusal> {
        let now = self.now(now_ms);
        self.write(|tx, core| core.pay_turn(tx, STALL, (order, turn), now)).map(|(asked, _)| asked)
    }

    /// A word of the provider names an order.
    pub(crate) fn hear_of_payment(
        &mut self,
        said: (&str, &str),
        order: OrderId,
        now_ms: u64,
    ) -> Result<(), CoreRefusal> {
        let now = self.now(now_ms);
        let turn = (STALL, (order, PayTurn::Named));
        self.write(|tx, core| pay::keep_word(core, tx, said, turn, now)).map(drop)
    }

    pub(crate) fn due_payments(&mut self, now_ms: u64, limit: usize) -> Result<Vec<DuePayment>, StoreError> {
        let now_ms = self.clock_ms.saturating_add_unsigned(now_ms);
        self.read(|tx| pay::due(tx, now_ms, limit))
    }

    pub(crate) fn forgotten_payments(&mut self, limit: usize) -> Result<Vec<(OrderId, PayWay)>, StoreError> {
        let mut found = Vec::new();
        for way in [PayWay::Card, PayWay::Phone] {
            found.extend(self.read(|tx| pay::forgotten(tx, way, None, limit))?);
        }
        found.sort_by_key(pay::Forgotten::place);
        Ok(found.into_iter().map(|one| (one.order, one.way)).take(limit).collect())
    }

    pub(crate) fn forgotten_parts(&mut self, limit: usize) -> Result<Vec<OrderId>, StoreError> {
        let found = self.read(|tx| pay::forgotten_parts(tx, None, limit))?;
        Ok(found.into_iter().map(|due| due.order).collect())
    }

    /// Whether the provider names an order that no record names any more.
    pub(crate) fn is_lost(&mut self, order: OrderId) -> Result<bool, StoreError> {
        self.read(|tx| pay::is_lost(tx, STALL, order))
    }

    /// Whether the stall was told of a payment whose order nobody remembers.
    pub(crate) fn is_told_of_lost(&mut self, order: OrderId) -> Result<bool, StoreError> {
        let word = format!("found {STALL} {order}");
        self.read(|tx| {
            Ok(tx.query_opt("select 1 from provider_word where word = $1", params![word.as_str()])?.is_some())
        })
    }

    /// As a server does that starts on its own directory: whoever had taken a payment on is gone.
    pub(crate) fn take_payments_back(&mut self) -> Result<(), StoreError> {
        self.db.transaction(pay::take_back)
    }

    /// Orders whose payments are not settled.
    pub(crate) fn open_payments(&mut self) -> Result<Vec<OrderId>, StoreError> {
        self.read(|tx| {
            let rows = tx.query(
                "select order_id from checkout where log = $1 and settled = 0 order by order_id",
                params![STALL],
            )?;
            rows.iter().map(|row| row.id(0).map(OrderId)).collect()
        })
    }

    /// Devices that may hold something.
    pub(crate) fn holders(&mut self) -> Result<Vec<AuthorId>, StoreError> {
        self.read(|tx| {
            let sql = "select author from stall_device where log = $1 and admitted = 1 and revoked = 0";
            tx.query(sql, params![STALL])?.iter().map(|row| row.id(0)).collect()
        })
    }

    /// Devices that the server waits for in its present life.
    pub(crate) fn awaited(&mut self) -> Result<Vec<AuthorId>, StoreError> {
        self.read(|tx| {
            let rows = tx.query(
                "select d.author from stall_device d join stall_core s on s.log = d.log
                 where d.log = $1 and not exists (select 1 from reported r where r.log = d.log
                   and r.author = d.author and r.epoch = s.epoch and r.complete = 1)
                 order by d.author",
                params![STALL],
            )?;
            rows.iter().map(|row| row.id(0)).collect()
        })
    }

    pub(crate) fn confirm_devices(&mut self, now_ms: u64) -> Result<(), CoreRefusal> {
        let now = self.now(now_ms);
        self.write(|tx, core| core.confirm_devices(tx, STALL, now)).map(drop)
    }

    /// What a kill leaves: all that was committed.
    pub(crate) fn crash(&mut self) -> Result<(), StoreError> {
        let image = self.db.serialize()?;
        self.start(&image)
    }

    pub(crate) fn back_up(&mut self) -> Result<(), StoreError> {
        if self.backups.len() == BACKUPS_MAX {
            self.backups.remove(0);
        }
        let backup = Backup { image: self.db.serialize()?, door: self.door.clone() };
        self.backups.push(backup);
        Ok(())
    }

    /// Puts a backup back and begins another life.
    pub(crate) fn restore(&mut self, choices: &mut Choices, now_ms: u64) -> Result<bool, CoreRefusal> {
        if !self.set_back(choices)? {
            return Ok(false);
        }
        let now = self.now(now_ms);
        let Self { db, core, .. } = self;
        db.transaction(|tx| core.new_epoch(tx, now))?;
        self.looked = self.read(|tx| log::count(tx, STALL))?;
        Ok(true)
    }

    /// Puts a backup back and says nothing. Newer backups are gone with the life they were made in.
    pub(crate) fn set_back(&mut self, choices: &mut Choices) -> Result<bool, StoreError> {
        let Some(at) = choices.index(self.backups.len()) else { return Ok(false) };
        self.backups.truncate(at + 1);
        let Some(backup) = self.backups.last() else { return Ok(false) };
        let (image, door) = (backup.image.clone(), backup.door.clone());
        self.start(&image)?;
        self.door = door;
        self.looked = self.read(|tx| log::count(tx, STALL))?;
        self.life += 1;
        Ok(true)
    }

    /// Records that arrived since the last look.
    pub(crate) fn look(&mut self) -> Result<Vec<Positioned>, StoreError> {
        let after = self.looked;
        let rows = self.read(|tx| log::since(tx, STALL, after, LOOK_RECORDS))?;
        if let Some(last) = rows.last() {
            self.looked = last.position;
        }
        Ok(rows)
    }

    pub(crate) fn heads(&mut self) -> Result<Heads, StoreError> {
        self.read(|tx| log::heads(tx, STALL))
    }

    pub(crate) fn read<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.db.read(work)
    }

    /// Proves every chain again.
    pub(crate) fn log_report(&mut self) -> Result<log::Report, StoreError> {
        self.db.transaction(|tx| log::verify(tx, STALL))
    }

    /// Derives everything again; says whether it came out as it was.
    pub(crate) fn rebuild(&mut self) -> Result<bool, CoreRefusal> {
        let Self { db, core, .. } = self;
        let rebuilt = db.transaction(|tx| core.rebuild(tx, STALL))?;
        Ok(rebuilt.was_right())
    }
}

fn later() -> CoreRefusal {
    CoreRefusal::Refused { fault: Fault::Later, code: "disk", detail: "a simulated disk".into() }
}

/// A migrated, empty database, made once.
fn template() -> Result<&'static [u8], StoreError> {
    static TEMPLATE: OnceLock<Result<Vec<u8>, StoreError>> = OnceLock::new();
    let made = TEMPLATE.get_or_init(|| {
        let mut db = Sqlite::open_in_memory()?;
        db.migrate(soko_sync_server::store::STEPS)?;
        db.serialize()
    });
    made.as_deref().map_err(Clone::clone)
}
