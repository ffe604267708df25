//! The server's pen in one stall during one request: loads its chain, writes entries, and follows them at once,
//! so that the next decision sees them.

use sha2::{Digest as _, Sha256};
use soko_documents::DocumentKind;
use soko_domain::entry::{Entry, Stamp};
use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::wire::Wire as _;
use soko_projection::{Applier, Projected, change_kind, project};
use soko_record_log::log::AppendError;
use soko_record_log::{StoreError, Tx, log, params};
use soko_replication::{Epoch, Introduction, Pen, Record, Resume};

use crate::core::{CoreRefusal, Now};
use crate::market::note_goods;
use crate::stall::{Core, epoch};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) struct Desk<'a> {
    pub(super) core: &'a Core,
    pub(super) tx: &'a mut dyn Tx,
    pub(super) log: LogId,
    pub(super) now: Now,
    pub(super) epoch: Epoch,
    applier: &'a mut dyn Applier,
    pen: Pen,
    count_before: u64,
    ids_made: u32,
    /// Whether something was edited that everybody may see.
    goods_moved: bool,
}

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
        tx.execute("update stall_core set turns = turns + 1 where log = $1", params![log])?;
        let current = epoch::current(tx, log, now)?;
        let row =
            tx.query_opt("select epoch, counter, author from stall_core where log = $1", params![log])?;
        let count_before = log::count(tx, log)?;
        let known = match row {
            Some(row) => {
                let entered = Epoch { id: row.id(0)?, counter: row.number(1)? };
                Some((entered, row.id::<AuthorId>(2)?))
            }
            None => None,
        };
        match known {
            Some((entered, author)) if entered == current => {
                let pen = resume(core, tx, log, author)?;
                let epoch = current;
                Ok(Self {
                    core,
                    tx,
                    log,
                    now,
                    epoch,
                    applier,
                    pen,
                    count_before,
                    ids_made: 0,
                    goods_moved: false,
                })
            }
            entered => {
                let (pen, first) = begin(core, log, now)?;
                let mut desk = Self {
                    core,
                    tx,
                    log,
                    now,
                    epoch: current,
                    applier,
                    pen,
                    count_before,
                    ids_made: 0,
                    goods_moved: false,
                };
                desk.keep(std::slice::from_ref(&first))?;
                epoch::enter(&mut desk, entered.is_some())?;
                Ok(desk)
            }
        }
    }

    pub(super) fn author(&self) -> AuthorId {
        self.pen.author()
    }

    /// Writes entries, signs the last, follows them.
    pub(super) fn write(&mut self, entries: impl IntoIterator<Item = Entry>) -> Result<(), CoreRefusal> {
        let stamp = self.stamp();
        let mut records = Vec::new();
        for entry in entries {
            let record = self.pen.write(entry.kind().number(), entry.to_body(&stamp));
            records.push(record.map_err(unwritable)?);
        }
        let Some(last) = records.last_mut() else { return Ok(()) };
        self.pen.sign(last).map_err(unwritable)?;
        self.keep(&records)?;
        Ok(())
    }

    /// Appends records that were checked, and follows them.
    pub(super) fn keep(&mut self, records: &[Record]) -> Result<Projected, CoreRefusal> {
        log::append(self.tx, records).map_err(append_refused)?;
        self.goods_moved |= records.iter().any(|record| is_about_goods(record.kind));
        Ok(project(self.tx, self.log, &self.core.trust, self.applier, records)?)
    }

    /// A fresh identity.
    pub(super) fn id(&mut self) -> ThingId {
        self.ids_made += 1;
        made(&self.now, b"id", self.log, self.ids_made)
    }

    /// How far the log is, if this request moved it.
    pub(super) fn moved_to(&mut self) -> Result<Option<u64>, CoreRefusal> {
        if std::mem::take(&mut self.goods_moved) {
            note_goods(self.tx, self.log)?;
        }
        let count = log::count(self.tx, self.log)?;
        Ok((count != self.count_before).then_some(count))
    }

    fn stamp(&self) -> Stamp {
        let day = i32::try_from(self.now.now_ms.div_euclid(DAY_MS)).unwrap_or(i32::MAX);
        Stamp { at_ms: self.now.now_ms, offset_minutes: 0, business_day: day }
    }
}

/// Whether a record changes what a stall shows to everybody, other than how much of it.
fn is_about_goods(kind: u16) -> bool {
    let shown = [DocumentKind::Product, DocumentKind::Category, DocumentKind::Stall];
    shown.into_iter().any(|shown| change_kind(shown) == kind)
}

fn begin(core: &Core, log: LogId, now: Now) -> Result<(Pen, Record), CoreRefusal> {
    let nonce = made(&now, b"nonce", log, 0);
    Pen::new(core.key, log, nonce.0, b"server".to_vec()).map_err(unwritable)
}

fn resume(core: &Core, tx: &mut dyn Tx, log: LogId, author: AuthorId) -> Result<Pen, CoreRefusal> {
    let missing = || StoreError::Corrupt("the server's own chain is missing".into());
    let first = log::record_at(tx, log, &author, 1)?.ok_or_else(missing)?;
    let head = log::head(tx, log, &author)?.ok_or_else(missing)?;
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
