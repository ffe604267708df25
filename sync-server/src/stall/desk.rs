//! The server's pen in one stall during one request: loads its chain, writes entries, and follows them at once,
//! so that the next decision sees them.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use soko_documents::DocumentKind;
use soko_domain::entry::{Entry, Stamp};
use soko_domain::ids::{AuthorId, Hash, LogId, ThingId};
use soko_domain::wire::Wire as _;
use soko_projection::{Applier, Known, Projected, change_kind, heard, project_knowing};
use soko_record_log::log::AppendError;
use soko_record_log::{StoreError, Tx, log, params};
use soko_replication::{Epoch, Introduction, Pen, Record, Resume};

use crate::core::{CoreRefusal, Now};
use crate::market::{Edited, note_edited};
use crate::operator::Clock;
use crate::stall::contact;
use crate::stall::orders::Shop;
use crate::stall::{Core, epoch};

pub(super) struct Desk<'a> {
    pub(super) core: &'a Core,
    pub(super) tx: &'a mut dyn Tx,
    pub(super) log: LogId,
    pub(super) now: Now,
    pub(super) epoch: Epoch,
    /// What orders are decided by. Gone with the next record, unless whoever wrote it puts back what is true now.
    pub(super) shop: Option<Shop>,
    applier: &'a mut dyn Applier,
    pen: Pen,
    tips: log::Tips,
    known: Known,
    count_before: u64,
    ids_made: u32,
    time: Time,
    /// What was edited that everybody may see.
    edited: Option<Edited>,
}

/// The stall's own time.
#[derive(Default)]
struct Time {
    /// Gone where the stall may have said another zone or end of its day.
    clock: Option<Clock>,
    /// The stall's day that is noted as one on which something came.
    heard_on: Option<i32>,
}

/// What one request leaves for the next of its stall, in the same transaction. The stall is theirs until it ends,
/// so nothing of this can change in between, and going back to a savepoint forgets it.
struct Left {
    epoch: Epoch,
    pen: Pen,
    tips: log::Tips,
    known: Known,
    shop: Option<Shop>,
    time: Time,
}

type AllLeft = BTreeMap<LogId, Left>;

impl<'a> Desk<'a> {
    /// Takes the stall's turn: until the transaction ends nobody else writes in it, in any process. Enters the
    /// server's current life if the stall has not.
    pub(super) fn open(
        core: &'a Core,
        tx: &'a mut dyn Tx,
        log: LogId,
        applier: &'a mut dyn Applier,
        now: Now,
    ) -> Result<Self, CoreRefusal> {
        if let Some(left) = take_left(tx, log) {
            return Ok(Self::new((core, tx, log), applier, now, left));
        }
        tx.run("update stall_core set turns = turns + 1 where log = $1", params![log])?;
        let current = epoch::current(tx, log, now)?;
        let row =
            tx.query_opt("select epoch, counter, author from stall_core where log = $1", params![log])?;
        let mut tips = log::Tips::load(tx, log)?;
        let entered = match row {
            Some(row) => {
                let entered = Epoch { id: row.id(0)?, counter: row.number(1)? };
                Some((entered, row.id::<AuthorId>(2)?))
            }
            None => None,
        };
        let (pen, first) = match entered {
            Some((entered, author)) if entered == current => {
                (resume(core, tx, &mut tips, log, author)?, None)
            }
            Some(_) | None => {
                let (pen, first) = begin(core, log, now)?;
                (pen, Some(first))
            }
        };
        let left =
            Left { epoch: current, pen, tips, known: Known::default(), shop: None, time: Time::default() };
        let mut desk = Self::new((core, tx, log), applier, now, left);
        if let Some(first) = first {
            desk.keep(std::slice::from_ref(&first))?;
            epoch::enter(&mut desk, entered.is_some())?;
        }
        Ok(desk)
    }

    fn new(
        (core, tx, log): (&'a Core, &'a mut dyn Tx, LogId),
        applier: &'a mut dyn Applier,
        now: Now,
        left: Left,
    ) -> Self {
        let Left { epoch, pen, tips, known, shop, time } = left;
        let count_before = tips.count();
        let (ids_made, edited) = (0, None);
        Self {
            core,
            tx,
            log,
            now,
            epoch,
            shop,
            applier,
            pen,
            tips,
            known,
            count_before,
            ids_made,
            time,
            edited,
        }
    }

    /// Leaves what is known to the next request, and says how far the log is if this one moved it.
    pub(super) fn leave(mut self) -> Result<Option<u64>, CoreRefusal> {
        let moved_to = self.moved_to()?;
        let Self { tx, log, epoch, pen, tips, known, shop, time, .. } = self;
        if let Some(kept) = tx.kept() {
            let mut all = kept.take::<AllLeft>().unwrap_or_default();
            all.insert(log, Left { epoch, pen, tips, known, shop, time });
            kept.put(all);
        }
        Ok(moved_to)
    }

    pub(super) fn author(&self) -> AuthorId {
        self.pen.author()
    }

    /// Writes entries, signs the last, follows them.
    pub(super) fn write(&mut self, entries: impl IntoIterator<Item = Entry>) -> Result<(), CoreRefusal> {
        let stamp = self.stamp()?;
        let mut records = Vec::new();
        for entry in entries {
            contact::forget(self.tx, self.log, &entry)?;
            let record = self.pen.write(entry.kind().number(), entry.to_body(&stamp));
            records.push(record.map_err(unwritable)?);
        }
        let Some(last) = records.last_mut() else { return Ok(()) };
        self.pen.sign(last).map_err(unwritable)?;
        // Each record names the one before it, so only the last one's identity is missing.
        let last = self.pen.head().hash;
        let ids: Vec<Hash> = records.iter().skip(1).map(|next| next.prev).chain([last]).collect();
        self.keep_with_ids(&ids, &records)?;
        Ok(())
    }

    /// Appends records that were checked, and follows them.
    pub(super) fn keep(&mut self, records: &[Record]) -> Result<Projected, CoreRefusal> {
        let ids: Vec<Hash> = records.iter().map(Record::id).collect();
        self.keep_with_ids(&ids, records)
    }

    /// As `keep`, for records whose identities are known.
    pub(super) fn keep_with_ids(
        &mut self,
        ids: &[Hash],
        records: &[Record],
    ) -> Result<Projected, CoreRefusal> {
        self.shop = None;
        self.hear()?;
        let is_about_goods = records.iter().any(|record| is_about_goods(record.kind));
        if is_about_goods {
            self.time.clock = None;
        }
        let appended = self.tips.append(self.tx, ids.iter().copied().zip(records));
        appended.map_err(append_refused)?;
        let who = (&self.core.trust, &mut self.known);
        let projected = project_knowing(self.tx, self.log, who, self.applier, records)?;
        if is_about_goods {
            self.edited(Edited::Goods(projected.touched.products.clone()));
        }
        Ok(projected)
    }

    fn edited(&mut self, edited: Edited) {
        let earlier = self.edited.take();
        self.edited = Some(edited.and(earlier));
    }

    /// Nothing follows from these any more. It is rare, so everything is derived again.
    pub(super) fn set_aside(&mut self, places: &[(AuthorId, u64)]) -> Result<(), CoreRefusal> {
        if places.is_empty() {
            return Ok(());
        }
        let mut applier = (self.core.appliers)();
        let trust = &self.core.trust;
        if soko_projection::set_aside(self.tx, self.log, trust, applier.as_mut(), places)?.is_some() {
            (self.known, self.shop, self.time) = (Known::default(), None, Time::default());
            self.edited(Edited::All);
        }
        Ok(())
    }

    /// Notes on which of the stall's days records come in. Whatever comes of a day that is over restates it here.
    fn hear(&mut self) -> Result<(), StoreError> {
        let today = self.stamp()?.business_day;
        if self.time.heard_on != Some(today) {
            heard::is_whole(self.tx, self.log, today, self.tips.count())?;
            self.time.heard_on = Some(today);
            self.known.heard_again();
        }
        Ok(())
    }

    /// A fresh identity.
    pub(super) fn id(&mut self) -> ThingId {
        self.ids_made += 1;
        made(&self.now, b"id", self.log, self.ids_made)
    }

    /// How far the log is.
    pub(super) fn position(&self) -> u64 {
        self.tips.count()
    }

    /// How far the log is, if this request moved it.
    pub(super) fn moved_to(&mut self) -> Result<Option<u64>, CoreRefusal> {
        if let Some(edited) = self.edited.take() {
            note_edited(self.tx, self.log, &edited, self.now.now_ms)?;
        }
        let count = self.tips.count();
        Ok((count != self.count_before).then_some(count))
    }

    /// What the next record says about when it was: the stall's own day and hour, as its registers say it.
    fn stamp(&mut self) -> Result<Stamp, StoreError> {
        let clock = match self.time.clock.take() {
            Some(clock) => clock,
            None => Clock::read(self.tx, self.log)?,
        };
        let stamp = clock.stamp(self.now.now_ms);
        self.time.clock = Some(clock);
        Ok(stamp)
    }
}

/// Whether a record changes what a stall shows to everybody, other than how much of it.
fn is_about_goods(kind: u16) -> bool {
    let shown = [DocumentKind::Product, DocumentKind::Category, DocumentKind::Stall];
    shown.into_iter().any(|shown| change_kind(shown) == kind)
}

/// Something changed what requests leave to each other: they read it again.
pub(super) fn forget_left(tx: &mut dyn Tx) {
    if let Some(kept) = tx.kept() {
        kept.take::<AllLeft>();
    }
}

fn take_left(tx: &mut dyn Tx, log: LogId) -> Option<Left> {
    let kept = tx.kept()?;
    let mut all = kept.take::<AllLeft>()?;
    let left = all.remove(&log);
    kept.put(all);
    left
}

fn begin(core: &Core, log: LogId, now: Now) -> Result<(Pen, Record), CoreRefusal> {
    let nonce = made(&now, b"nonce", log, 0);
    Pen::new(core.key, log, nonce.0, b"server".to_vec()).map_err(unwritable)
}

fn resume(
    core: &Core,
    tx: &mut dyn Tx,
    tips: &mut log::Tips,
    log: LogId,
    author: AuthorId,
) -> Result<Pen, CoreRefusal> {
    let missing = || StoreError::Corrupt("the server's own chain is missing".into());
    let first = log::record_at(tx, log, &author, 1)?.ok_or_else(missing)?;
    let head = tips.known(tx, &author)?.ok_or_else(missing)?.head;
    let introduction = first.body.bytes().and_then(|body| Introduction::from_bytes(body).ok());
    let introduction = introduction.ok_or_else(missing)?;
    Pen::resume(Resume { secret: core.key, log, introduction: &introduction, head }).map_err(unwritable)
}

/// Sixteen bytes nobody can foresee: the request's seed, hashed with what they are for.
fn made(now: &Now, what: &[u8], log: LogId, number: u32) -> ThingId {
    let mut hasher = Sha256::new();
    hasher.update(b"soko server id 1");
    hasher.update(now.seed);
    hasher.update(what);
    hasher.update(log.as_bytes());
    hasher.update(number.to_be_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    ThingId(id)
}

fn unwritable(error: impl std::fmt::Display) -> CoreRefusal {
    CoreRefusal::Store(StoreError::Other(format!("the server cannot write its chain: {error}")))
}

fn append_refused(error: AppendError) -> CoreRefusal {
    if let AppendError::Store(error) = error {
        return CoreRefusal::Store(error);
    }
    CoreRefusal::Store(StoreError::Other(error.to_string()))
}
