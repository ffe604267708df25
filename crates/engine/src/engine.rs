//! The device as a whole: opened once, used by one thread, closed in order or killed.

use std::collections::BTreeMap;

use soko_app_api::{Command, Notice, QueryKey, Reply};
use soko_domain::ids::{LogId, ThingId};
use soko_projection::{LocalApplier, Trust, read_prices as facts};
use soko_record_log::{Migration, Sqlite, StoreError, Tx, log};
use soko_replication::Pen;

use crate::failure::{Failure, NotDone, OpenError};
use crate::identity::{FrozenWhy, Seen, resume};
use crate::options::{Entropy, Now, Options};
use crate::own::{self, StallRow, StoreRow};
use crate::prices::experiment;
use crate::stall::{Parts, SessionOptions, Stall};
use crate::vault::{Vault, VaultContent, VaultError};
use crate::verbs;
use crate::weaken::{Sabotage, Weakened};
use crate::write::{After, Around, commit};

/// Larger databases are not read as a whole when they were not closed in order: the chains' ends are looked at,
/// and `verify` reads the rest when there is time.
const CHECK_BYTES_MAX: i64 = 32 * 1024 * 1024;
/// What is read in some milliseconds is read as a whole at every start: a disk does not say when it goes bad.
const CHECK_ALWAYS_BYTES_MAX: i64 = 4 * 1024 * 1024;

macro_rules! device {
    ($number:literal, $name:literal, $file:literal) => {
        Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../../migrations/device/", $file, ".sql")),
        }
    };
}

/// The schema of a device's database.
pub fn schema() -> &'static [Migration] {
    STEPS
}

const STEPS: &[Migration] = &[
    Migration { number: 1, name: "log", sql: log::SCHEMA },
    Migration { number: 2, name: "projection", sql: soko_projection::TABLES },
    device!(3, "engine", "0001_engine"),
    Migration { number: 4, name: "lists", sql: soko_projection::LISTS },
    device!(5, "device", "0002_device"),
    Migration { number: 6, name: "state sum", sql: soko_projection::SUM_TABLE },
    device!(7, "answers", "0003_answers"),
    Migration { number: 8, name: "desk", sql: soko_projection::DESK },
    device!(9, "pins", "0004_pins"),
    device!(10, "branches", "0005_branches"),
    Migration { number: 11, name: "goods", sql: soko_projection::GOODS },
    device!(12, "imports", "0006_imports"),
    Migration { number: 13, name: "sell", sql: soko_projection::SELL },
    device!(14, "paper", "0007_paper"),
    device!(15, "order units", "0008_order_units"),
    Migration { number: 16, name: "counts", sql: soko_projection::COUNTS },
    Migration { number: 17, name: "customers", sql: soko_projection::CUSTOMERS },
    device!(18, "model", "0009_model"),
    Migration { number: 19, name: "figures", sql: soko_projection::FIGURES },
    Migration { number: 20, name: "order money", sql: soko_projection::ORDER_MONEY },
    device!(21, "own payment", "0010_own_payment"),
    Migration { number: 22, name: "prices", sql: soko_projection::PRICES },
    device!(23, "likes", "0011_likes"),
    Migration { number: 24, name: "order steps", sql: soko_projection::ORDER_STEPS },
    device!(25, "own order reason", "0012_own_order_reason"),
    device!(26, "reviews", "0013_reviews"),
    Migration { number: 27, name: "incidents", sql: soko_projection::INCIDENTS },
    device!(28, "browse", "0014_browse"),
    Migration { number: 29, name: "delivery", sql: soko_projection::DELIVERY },
    device!(30, "own delivery", "0015_own_delivery"),
    Migration { number: 31, name: "coupons", sql: soko_projection::COUPONS },
    device!(32, "own coupon", "0016_own_coupon"),
    Migration { number: 33, name: "order refunds", sql: soko_projection::ORDER_REFUNDS },
    device!(34, "own refunds", "0017_own_refunds"),
    Migration { number: 35, name: "returns", sql: soko_projection::RETURNS },
    device!(36, "own returns", "0018_own_returns"),
    Migration { number: 37, name: "orders in the drawer", sql: soko_projection::DRAWER_ORDERS },
    device!(38, "mailed receipts", "0019_mailed_receipts"),
    Migration { number: 39, name: "swaps", sql: soko_projection::SWAPS },
    device!(40, "own swaps", "0020_own_swaps"),
    Migration { number: 41, name: "transfers", sql: soko_projection::TRANSFERS },
    device!(42, "own transfer", "0021_own_transfer"),
    device!(43, "families", "0022_families"),
    device!(44, "texted receipts", "0023_texted_receipts"),
    Migration { number: 45, name: "custom tax", sql: soko_projection::CUSTOM_TAX },
    device!(46, "receipts in turn", "0024_receipts_in_turn"),
    Migration { number: 47, name: "tax classes", sql: soko_projection::TAX_CLASSES },
    device!(48, "points asked", "0025_points_asked"),
    Migration { number: 49, name: "deals", sql: soko_projection::DEALS },
    device!(50, "basket at usual price", "0026_basket_at_usual_price"),
    Migration { number: 51, name: "device words", sql: soko_projection::DEVICE_WORDS },
    Migration { number: 52, name: "looked into", sql: soko_projection::LOOKED_INTO },
    device!(53, "interactions", "0027_interactions"),
    Migration { number: 54, name: "rivals", sql: soko_projection::RIVALS },
    device!(55, "own experiment", "0028_own_experiment"),
    Migration { number: 56, name: "open tabs", sql: soko_projection::OPEN_TABS },
    Migration { number: 57, name: "first count", sql: soko_projection::FIRST_COUNT },
    Migration { number: 58, name: "written off", sql: soko_projection::WRITTEN_OFF },
    Migration { number: 59, name: "market band", sql: soko_projection::MARKET_BAND },
    device!(60, "address book", "0029_address_book"),
    Migration { number: 61, name: "stall point", sql: soko_projection::STALL_POINT },
    device!(62, "spots", "0030_spots"),
    Migration { number: 63, name: "deals compared", sql: soko_projection::DEALS_COMPARED },
    Migration { number: 64, name: "restated", sql: soko_projection::RESTATED },
    device!(65, "whose", "0031_whose"),
    device!(66, "by whom", "0032_by_whom"),
    device!(67, "own taxes", "0033_own_taxes"),
    Migration { number: 68, name: "told before", sql: soko_projection::TOLD_BEFORE },
    Migration { number: 69, name: "tabs paid", sql: soko_projection::TABS_PAID },
    device!(70, "baskets", "0034_baskets"),
    Migration { number: 71, name: "tabs taken out", sql: soko_projection::TABS_TAKEN_OUT },
    device!(72, "baskets told", "0035_baskets_told"),
    device!(73, "tax names", "0036_tax_names"),
    device!(74, "order cards", "0037_order_cards"),
    Migration { number: 75, name: "card lives", sql: soko_projection::CARD_LIVES },
    Migration { number: 76, name: "costs", sql: soko_projection::COSTS },
    Migration { number: 77, name: "order ended", sql: soko_projection::ORDER_ENDED },
    device!(78, "own order ended", "0038_own_order_ended"),
    Migration { number: 79, name: "leveled", sql: soko_projection::LEVELED },
];

/// Prices that move at once; the others do the next time.
const PRICES_MOVED_MAX: usize = 50;

pub struct Engine {
    pub(crate) db: Sqlite,
    pub(crate) vault: Box<dyn Vault>,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) store: ThingId,
    pub(crate) vault_content: VaultContent,
    pub(crate) stalls: BTreeMap<LogId, Stall>,
    pub(crate) session_options: SessionOptions,
    pub(crate) weakened: Weakened,
    /// Answered before it was written; only a weakened rule puts a command here.
    deferred: Option<(Command, Now)>,
}

impl Engine {
    /// Opens a device. A database that was restored, copied or has lost its vault opens too: its stalls are
    /// frozen until each was renewed.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let weakened = Weakened {
            #[cfg(feature = "sabotage")]
            rule: options.weaken,
        };
        let session_options = SessionOptions::from(&options);
        let Options { mut db, mut vault, mut entropy, thorough, .. } = options;
        db.migrate(schema())?;
        let store = open_store(&mut db, entropy.as_mut())?;
        let bytes_max = if store.clean { CHECK_ALWAYS_BYTES_MAX } else { CHECK_BYTES_MAX };
        if thorough || is_within(&mut db, bytes_max)? {
            check(&mut db)?;
        }
        refill(&mut db)?;
        let content = match vault.load() {
            Ok(content) => content,
            // Keys that cannot be read are as good as none: the register is renewed with others.
            Err(VaultError::Damaged(_)) => None,
            Err(error @ VaultError::Io(_)) => return Err(error.into()),
        };
        let (generation, binding) = (vault.generation()?, vault.binding()?);
        let frozen = Seen { store, content: content.as_ref(), generation, binding, weakened }.frozen();
        let resumed = db.transaction::<_, StoreError>(|tx| {
            own::set_clean(tx, false)?;
            if frozen.is_some() {
                own::reach_generation(tx, generation)?;
            }
            resume_stalls(tx, frozen, content.as_ref())
        })?;
        let empty = VaultContent { store: store.store, binding, secrets: BTreeMap::new() };
        let mut engine = Self {
            db,
            vault,
            entropy,
            store: store.store,
            vault_content: content.unwrap_or(empty),
            stalls: BTreeMap::new(),
            session_options,
            weakened,
            deferred: None,
        };
        for Resumed { row, pen, server_keys } in resumed {
            let seed = engine.random();
            let parts = Parts { row, pen, server_keys, seed, options: &engine.session_options };
            let stall = Stall::new(parts);
            engine.stalls.insert(stall.log(), stall);
        }
        Ok(engine)
    }

    /// Closes in order, so that the next start need not look for damage.
    pub fn close(mut self) -> Result<(), Failure> {
        self.settle()?;
        self.db.transaction::<_, Failure>(|tx| Ok(own::set_clean(tx, true)?))
    }

    /// What an update made count changed days of which something else had been said; an engine that is opened does not know the
    /// day. A host says so once it opened one.
    pub fn knows_day(&mut self, now: Now) -> Result<(), Failure> {
        for log in self.db.read::<_, StoreError>(soko_projection::undated_changes)? {
            self.db.transaction::<_, Failure>(|tx| {
                let cut_off = soko_projection::read::profile(tx, log)?.map_or(0, |it| it.cut_off_minutes);
                Ok(soko_projection::date_changes(tx, log, now.stamp(cut_off).business_day)?)
            })?;
        }
        Ok(())
    }

    /// Does a command once. A repeat under the same id gets the first answer, a refusal included. When it
    /// answers, what it did is on the disk.
    pub fn handle(&mut self, command: Command, now: Now) -> Result<Reply, NotDone> {
        self.settle()?;
        if self.weakened.is(Sabotage::AckBeforeDurable) {
            return self.defer(command, now);
        }
        self.execute(&command, now)
    }

    fn execute(&mut self, command: &Command, now: Now) -> Result<Reply, NotDone> {
        let weakened = self.weakened;
        let stall = self.stalls.get_mut(&command.stall).ok_or(Failure::UnknownStall(command.stall))?;
        let around = Around { stall, now, weakened };
        let (outcome, after) = commit(&mut self.db, around, |writing| verbs::answer(writing, command))?;
        self.finish(command.stall, after);
        Ok(outcome?)
    }

    /// What must happen after a transaction was kept. It is done, whatever fails here, and whoever asked for it hears that.
    pub(crate) fn finish(&mut self, log: LogId, after: After) {
        if let Some(stall) = self.stalls.get_mut(&log) {
            stall.learn(after.search);
            stall.changed(after.changed);
            stall.wants_to_send |= after.wants_to_send;
            if let Some(row) = after.row {
                stall.row = row;
            }
        }
        if let Some(generation) = after.generation {
            // A disk that was full for it: a number that stays too low only misses a restore, until the next one stands.
            let _ = self.vault.raise(generation);
        }
        if after.erased {
            self.leave_no_trace();
        }
    }

    /// What was deleted goes out of the write-ahead log, too, where the pages that had it stay otherwise until others are written over
    /// them. What cannot be written now is written over by what comes.
    pub fn leave_no_trace(&mut self) {
        let _ = self.db.checkpoint();
    }

    /// What the disk has to do sooner or later, for a moment in which nobody waits. A host calls it after a quiet while.
    pub fn rest(&mut self) -> Result<bool, Failure> {
        Ok(self.db.rest()?)
    }

    /// Moves the prices that their owner lets move by themselves, or has tried out; how many did. A host calls it now and then.
    pub fn move_prices(&mut self, stall: LogId, now: Now) -> Result<usize, Failure> {
        self.settle()?;
        let since = now.stamp(0).business_day - experiment::LEFT_DAYS;
        let may_move = |tx: &mut dyn Tx| {
            let has_some = facts::has_auto(tx, stall)? || facts::has_moved(tx, stall, since)?;
            Ok(has_some || !experiment::running(tx, stall)?.is_empty())
        };
        if !self.db.read::<_, StoreError>(may_move)? {
            return Ok(0);
        }
        let weakened = self.weakened;
        let ids: Vec<ThingId> = (0..PRICES_MOVED_MAX).map(|_| ThingId(self.random())).collect();
        let known = self.stalls.get_mut(&stall).ok_or(Failure::UnknownStall(stall))?;
        let around = Around { stall: known, now, weakened };
        let done = commit(&mut self.db, around, |writing| verbs::move_by_themselves(writing, &ids));
        if let (Err(_), Some(known)) = (&done, self.stalls.get_mut(&stall)) {
            // What was not kept was not looked at.
            known.looked = None;
        }
        let (moved, after) = done?;
        self.finish(stall, after);
        Ok(moved)
    }

    /// What changed since the last call, one notice for each stall that did.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.stalls.values_mut().filter_map(Stall::take_notice).collect()
    }

    /// What is in no record changed, and whoever was told of it asks again.
    pub fn note_change(&mut self, stall: LogId, key: QueryKey) {
        if let Some(known) = self.stalls.get_mut(&stall) {
            known.changed([key]);
        }
    }

    /// The stalls this device works for.
    pub fn stalls(&self) -> Vec<LogId> {
        self.stalls.keys().copied().collect()
    }

    /// Why the register may not go on as the author it was; nothing if it may.
    pub fn frozen(&self, stall: LogId) -> Option<FrozenWhy> {
        self.stalls.get(&stall).and_then(|stall| stall.row.frozen)
    }

    /// The database, for whoever keeps the files: backups, checkpoints, serialized copies.
    pub fn database(&mut self) -> &mut Sqlite {
        &mut self.db
    }

    pub(crate) fn stall(&self, log: LogId) -> Result<&Stall, Failure> {
        self.stalls.get(&log).ok_or(Failure::UnknownStall(log))
    }

    pub(crate) fn random(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Writes what was answered too early.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        let Some((command, now)) = self.deferred.take() else { return Ok(()) };
        match self.execute(&command, now) {
            Ok(_) | Err(NotDone::Refused(_)) => Ok(()),
            Err(NotDone::Failed(failure)) => Err(failure),
        }
    }

    /// Answers as if the command were done, and does it with the next call: a crash in between loses it.
    fn defer(&mut self, command: Command, now: Now) -> Result<Reply, NotDone> {
        let weakened = self.weakened;
        let stall = self.stalls.get_mut(&command.stall).ok_or(Failure::UnknownStall(command.stall))?;
        let mut outcome = None;
        let dropped = commit(&mut self.db, Around { stall, now, weakened }, |writing| {
            outcome = Some(verbs::answer(writing, &command)?);
            Err::<(), _>(Failure::Inconsistent("tried only".into()))
        });
        match (outcome, dropped) {
            (Some(outcome), _) => {
                self.deferred = Some((command, now));
                Ok(outcome?)
            }
            (None, Err(failure)) => Err(failure.into()),
            (None, Ok(_)) => Err(Failure::Inconsistent("a command had no outcome".into()).into()),
        }
    }
}

fn open_store(db: &mut Sqlite, entropy: &mut dyn Entropy) -> Result<StoreRow, StoreError> {
    db.transaction(|tx| {
        if let Some(row) = own::store_row(tx)? {
            return Ok(row);
        }
        let mut store = ThingId::default();
        entropy.fill(&mut store.0);
        own::begin_store(tx, store)?;
        Ok(StoreRow { store, generation: 0, clean: true })
    })
}

/// Whether a database is small enough to be read as a whole. Each stall's own chain is resumed from its end anyway.
fn is_within(db: &mut Sqlite, bytes_max: i64) -> Result<bool, StoreError> {
    let size = "select c.page_count * s.page_size from pragma_page_count c, pragma_page_size s";
    let bytes = db.read::<_, StoreError>(|tx| tx.query_one(size, &[])?.int(0))?;
    Ok(bytes <= bytes_max)
}

fn check(db: &mut Sqlite) -> Result<(), OpenError> {
    let damage = db.quick_check()?;
    if damage.is_empty() { Ok(()) } else { Err(OpenError::Damaged(damage)) }
}

/// Fills the tables that an older version filled, one log at a time: a program killed meanwhile goes on.
fn refill(db: &mut Sqlite) -> Result<(), OpenError> {
    for log in db.read::<_, StoreError>(soko_projection::stale)? {
        db.transaction::<_, Failure>(|tx| {
            let trust = Trust { server_keys: own::servers(tx, log)?.into_iter().collect() };
            soko_projection::rebuild(tx, log, &trust, &mut LocalApplier)?;
            Ok(())
        })?;
    }
    Ok(())
}

struct Resumed {
    row: StallRow,
    pen: Option<Pen>,
    server_keys: Vec<[u8; 32]>,
}

fn resume_stalls(
    tx: &mut dyn Tx,
    frozen: Option<FrozenWhy>,
    content: Option<&VaultContent>,
) -> Result<Vec<Resumed>, StoreError> {
    let mut resumed = Vec::new();
    for mut row in own::stalls(tx)? {
        let pen = match row.frozen.or(frozen) {
            Some(why) => Err(why),
            None => resume(tx, &row, content)?,
        };
        // Once frozen, frozen until renewed: whatever froze it may not be visible at the next start.
        if row.frozen != pen.as_ref().err().copied() {
            row.frozen = pen.as_ref().err().copied();
            own::update_stall(tx, &row)?;
        }
        let server_keys = own::servers(tx, row.log)?;
        resumed.push(Resumed { row, pen: pen.ok(), server_keys });
    }
    Ok(resumed)
}
