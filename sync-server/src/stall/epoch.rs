//! The server's lives, and the devices that report to each. A server restored from a backup has forgotten
//! grants and orders that still bind it, so it promises nothing from old stock until every device has handed
//! in all it holds and the owner has said that there is no other device.

use soko_domain::about::About;
use soko_domain::entry::{DeviceAdmitted, DeviceRevoked, EpochStarted, Unfrozen};
use soko_domain::ids::{AuthorId, EpochId, LogId};
use soko_domain::role::Role;
use soko_domain::sabotage::Sabotage;
use soko_domain::wire::Wire as _;
use soko_projection::read;
use soko_record_log::log::{self, beside};
use soko_record_log::{StoreError, Tx, params};
use soko_replication::{Epoch, Heads, Introduction, Record};

use crate::core::{Admitted, CoreRefusal, Fault, Now};
use crate::pay::rows as payments;
use crate::platform::devices;
use crate::stall::desk::{self, Desk};
use crate::stall::{frozen, settle, words};

/// Devices of one stall that are looked at together.
const DEVICES_MAX: usize = 1_000;
/// How often a device may have been renewed before it met the server again.
const RENEWALS_MAX: usize = 16;

/// The life that a stall should be in: the server's, or a higher one that began for this stall alone.
pub(super) fn current(tx: &mut dyn Tx, log: LogId, now: Now) -> Result<Epoch, StoreError> {
    let server = servers(tx, now)?;
    let row = tx.query_opt(
        "select told_epoch, told_counter from stall_core where log = $1 and told_counter > $2",
        params![log, server.counter],
    )?;
    row.map_or(Ok(server), |row| Ok(Epoch { id: row.id(0)?, counter: row.number(1)? }))
}

/// The life this server is in; its first one begins here. Of two stalls that begin at the same moment the second one waits for what the
/// first one writes, and is in the same life: in another one it would come back frozen.
fn servers(tx: &mut dyn Tx, now: Now) -> Result<Epoch, StoreError> {
    if let Some(present) = kept(tx)? {
        return Ok(present);
    }
    tx.execute(
        "insert into server_epoch (only_row, epoch, counter) values (1, $1, 1) on conflict (only_row) do nothing",
        params![fresh(now)],
    )?;
    kept(tx)?.ok_or_else(|| StoreError::Corrupt("the server is in no life".into()))
}

fn kept(tx: &mut dyn Tx) -> Result<Option<Epoch>, StoreError> {
    let row = tx.query_opt("select epoch, counter from server_epoch where only_row = 1", &[])?;
    row.map(|row| Ok(Epoch { id: row.id(0)?, counter: row.number(1)? })).transpose()
}

/// Begins the next life, above any that a stall is in.
pub(super) fn begin(tx: &mut dyn Tx, now: Now) -> Result<(), StoreError> {
    desk::forget_left(tx);
    let old = servers(tx, now)?;
    let row = tx.query_one("select coalesce(max(told_counter), 0) from stall_core", &[])?;
    let highest = old.counter.max(row.number(0)?);
    payments::doubt_all(tx, None, now.now_ms)?;
    keep(tx, Epoch { id: fresh(now), counter: highest + 1 })
}

/// A device tells of a life that this server knows nothing of: it was restored without being told. Only the
/// device's own stall begins another life, so that nobody can freeze somebody else's.
pub(super) fn raise_above(tx: &mut dyn Tx, log: LogId, told: Epoch, now: Now) -> Result<(), StoreError> {
    let Some(raised) = current(tx, log, now)?.raised_above(told) else { return Ok(()) };
    desk::forget_left(tx);
    tx.execute(
        "update stall_core set told_epoch = $2, told_counter = $3 where log = $1",
        params![log, fresh(now), raised.counter],
    )?;
    payments::doubt_all(tx, Some(log), now.now_ms)
}

/// A device holds more of this server's own chain than the server itself, or something else: an old copy of the
/// store was put back without `restore`. What was forgotten still binds, so the stall begins another life.
pub(super) fn notice_set_back(
    tx: &mut dyn Tx,
    log: LogId,
    theirs: &Heads,
    now: Now,
) -> Result<(), StoreError> {
    let row = tx.query_opt("select author, epoch, counter from stall_core where log = $1", params![log])?;
    let Some(row) = row else { return Ok(()) };
    let (author, entered): (AuthorId, _) = (row.id(0)?, Epoch { id: row.id(1)?, counter: row.number(2)? });
    let Some(told) = theirs.get(&author) else { return Ok(()) };
    let current = current(tx, log, now)?;
    if entered != current || log::hash_at(tx, log, &author, told.seq)? == Some(told.hash) {
        return Ok(());
    }
    tx.execute(
        "update stall_core set told_epoch = $2, told_counter = $3 where log = $1",
        params![log, fresh(now), current.counter + 1],
    )?;
    payments::doubt_all(tx, Some(log), now.now_ms)
}

fn keep(tx: &mut dyn Tx, epoch: Epoch) -> Result<(), StoreError> {
    tx.execute(
        "insert into server_epoch (only_row, epoch, counter) values (1, $1, $2)
         on conflict (only_row) do update set epoch = excluded.epoch, counter = excluded.counter",
        params![epoch.id, epoch.counter],
    )?;
    Ok(())
}

fn fresh(now: Now) -> EpochId {
    let mut id = [0; 16];
    id.copy_from_slice(&now.seed[16..]);
    EpochId(id)
}

/// A stall enters the server's life. `again` says that it was in an earlier one.
pub(super) fn enter(desk: &mut Desk<'_>, again: bool) -> Result<(), CoreRefusal> {
    let frozen = again && !desk.core.weak(Sabotage::NoFreeze);
    let author = desk.author();
    desk.tx.execute(
        "insert into stall_core (log, epoch, counter, author, confirmed, turns) values ($1, $2, $3, $4, 0, 1)
         on conflict (log) do update
         set epoch = excluded.epoch, counter = excluded.counter, author = excluded.author, confirmed = 0",
        params![desk.log, desk.epoch.id, desk.epoch.counter, author],
    )?;
    // What was revoked before the backup was made got no grant since, so nothing of it can be unknown.
    desk.tx.execute(
        "insert into reported (log, author, epoch, complete, last_ms)
         select d.log, d.author, $2, 1, $3 from stall_device d where d.log = $1 and d.revoked = 1
         on conflict (log, author) do update set epoch = excluded.epoch, complete = 1",
        params![desk.log, desk.epoch.id, desk.now.now_ms],
    )?;
    let started = EpochStarted { epoch: desk.epoch.id, counter: desk.epoch.counter, frozen };
    desk.write([started.into()])
}

/// Lets a device in. Enrolled again, it is what it was.
pub(super) fn admit(desk: &mut Desk<'_>, device: &Admitted<'_>) -> Result<(), CoreRefusal> {
    let record = Record::from_bytes(device.record).map_err(|_| unreadable())?;
    let introduction = record.body.bytes().and_then(|body| Introduction::from_bytes(body).ok());
    let introduction = introduction.ok_or_else(unreadable)?;
    let about = About::from_bytes(&introduction.about).ok();
    let replaces = match about.and_then(|about| about.replaces) {
        Some(old) if may_replace(desk, device.author, old)? => Some(old),
        Some(_) | None => None,
    };
    if log::head(desk.tx, desk.log, &device.author)?.is_none() {
        desk.keep(std::slice::from_ref(&record))?;
    }
    let known = read::device(desk.tx, desk.log, device.author)?;
    if known.is_some_and(|known| known.admitted && known.role == Some(device.role)) {
        return Ok(());
    }
    desk.write([DeviceAdmitted {
        author: device.author,
        role: device.role,
        name: device.name.into(),
        replaces,
    }
    .into()])?;
    match replaces {
        Some(old) => revoke(desk, old, "replaced after a restore"),
        None => Ok(()),
    }
}

/// The device that says it goes on for this author, which nobody ever let in: it was renewed several times before
/// it met the server. What it wrote in between are facts; it holds no share.
pub(super) fn successor(
    desk: &mut Desk<'_>,
    author: AuthorId,
) -> Result<Option<(AuthorId, Option<Role>)>, StoreError> {
    let mut replaced = author;
    for _ in 0..RENEWALS_MAX {
        let rows = desk.tx.query(
            "select author, role from stall_device where log = $1 and replaces = $2 and admitted = 1
             order by author limit 1",
            params![desk.log, replaced],
        )?;
        if let Some(row) = rows.first() {
            return Ok(Some((row.id(0)?, Role::from_number(row.number(1)?))));
        }
        match replaced_by(desk, replaced)? {
            Some(next) => replaced = next,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// Who says to go on for an author and was never let in either.
fn replaced_by(desk: &mut Desk<'_>, author: AuthorId) -> Result<Option<AuthorId>, StoreError> {
    let rows = desk.tx.query(
        "select h.author from author_head h
         left join stall_device d on d.log = h.log and d.author = h.author
         where h.log = $1 and coalesce(d.admitted, 0) = 0 order by h.author limit $2",
        params![desk.log, DEVICES_MAX],
    )?;
    for row in &rows {
        let between = row.id(0)?;
        if replaced_in(desk, between)? == Some(author) {
            return Ok(Some(between));
        }
    }
    Ok(None)
}

/// Whom an author says to go on for.
fn replaced_in(desk: &mut Desk<'_>, author: AuthorId) -> Result<Option<AuthorId>, StoreError> {
    let first = log::record_at(desk.tx, desk.log, &author, 1)?;
    let body = first.as_ref().and_then(|record| record.body.bytes());
    let introduction = body.and_then(|body| Introduction::from_bytes(body).ok());
    let about = introduction.and_then(|introduction| About::from_bytes(&introduction.about).ok());
    Ok(about.and_then(|about| about.replaces))
}

/// Whoever such an author replaced is replaced by its successor.
pub(super) fn inherit(
    desk: &mut Desk<'_>,
    successor: AuthorId,
    between: AuthorId,
) -> Result<(), CoreRefusal> {
    match replaced_in(desk, between)? {
        Some(old) if may_replace(desk, successor, old)? => revoke(desk, old, "replaced after a restore"),
        Some(_) | None => Ok(()),
    }
}

/// The owner says that a device is gone for good, and bears the risk: it need not report any more.
pub(super) fn excuse(desk: &mut Desk<'_>, author: AuthorId) -> Result<(), CoreRefusal> {
    desk.tx.execute(
        "insert into reported (log, author, epoch, complete, last_ms) values ($1, $2, $3, 1, $4)
         on conflict (log, author) do update set epoch = excluded.epoch, complete = 1",
        params![desk.log, author, desk.epoch.id, desk.now.now_ms],
    )?;
    Ok(())
}

/// Only the same person's device can take another author's place: else anybody could have a register's share
/// set apart. An author that nobody let in holds none.
fn may_replace(desk: &mut Desk<'_>, new: AuthorId, old: AuthorId) -> Result<bool, StoreError> {
    let sql = "select account from device where author = $1";
    let Some(of_new) = desk.tx.query_opt(sql, params![new])? else { return Ok(true) };
    let of_old = desk.tx.query_opt(sql, params![old])?;
    let same = |of_old: soko_record_log::Row| {
        Ok::<_, StoreError>(of_old.blob_opt(0)?.is_some() && of_old.blob_opt(0)? == of_new.blob_opt(0)?)
    };
    of_old.map_or(Ok(true), same)
}

pub(super) fn revoke(desk: &mut Desk<'_>, author: AuthorId, reason: &str) -> Result<(), CoreRefusal> {
    if read::device(desk.tx, desk.log, author)?.is_some_and(|device| device.revoked) {
        return Ok(());
    }
    desk.write([DeviceRevoked { author, reason: reason.into() }.into()])
}

/// Whoever was revoked by a record, on whatever device that was written, can sign in no more. What it still
/// holds arrives under the author that takes its place.
pub(super) fn end_access(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    let rows = desk.tx.query(
        "select d.author from device d join stall_device s on s.log = d.stall and s.author = d.author
         where d.stall = $1 and s.revoked = 1 and d.revoked_ms is null order by d.author limit $2",
        params![desk.log, DEVICES_MAX],
    )?;
    for row in &rows {
        devices::revoke(desk.tx, row.id(0)?, desk.now.now_ms)?;
    }
    Ok(())
}

/// Notes that a device was here, and whether all that it holds is here too.
pub(super) fn report(
    desk: &mut Desk<'_>,
    author: AuthorId,
    its_epoch: Epoch,
    its_heads: &Heads,
) -> Result<(), CoreRefusal> {
    let ours = log::heads(desk.tx, desk.log)?;
    words::hear(desk, author, words::waiting(its_heads, &ours))?;
    let mut complete = its_epoch == desk.epoch && its_heads.contains_key(&author);
    for (author, head) in its_heads {
        let is_here = ours.get(author).is_some_and(|ours| ours.seq >= head.seq);
        complete = complete && (is_here || beside::holds(desk.tx, desk.log, *author, head.hash)?);
    }
    desk.tx.execute(
        "insert into reported (log, author, epoch, complete, last_ms) values ($1, $2, $3, $4, $5)
         on conflict (log, author) do update
         set complete = case when reported.epoch = excluded.epoch and reported.complete = 1 then 1
                             else excluded.complete end,
             epoch = excluded.epoch, last_ms = excluded.last_ms",
        params![desk.log, author, desk.epoch.id, complete, desk.now.now_ms],
    )?;
    Ok(())
}

pub(super) fn confirm(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    desk.tx.execute("update stall_core set confirmed = 1 where log = $1", params![desk.log])?;
    Ok(())
}

/// Releases the stock when nothing can be unknown any more.
pub(super) fn try_unfreeze(desk: &mut Desk<'_>) -> Result<(), CoreRefusal> {
    if !read::stall_frozen(desk.tx, desk.log)? {
        return Ok(());
    }
    let row = desk.tx.query_one("select confirmed from stall_core where log = $1", params![desk.log])?;
    if !row.bool(0)? {
        return Ok(());
    }
    for device in read::devices(desk.tx, desk.log, DEVICES_MAX)? {
        let row = desk.tx.query_opt(
            "select complete from reported where log = $1 and author = $2 and epoch = $3",
            params![desk.log, device.author, desk.epoch.id],
        )?;
        if !row.map_or(Ok(false), |row| row.bool(0))? {
            return Ok(());
        }
    }
    desk.write([Unfrozen { epoch: desk.epoch.id, by_count: false }.into()])?;
    // What was left alone while frozen is made true before anybody is promised anything.
    frozen::make_true(desk)?;
    settle::settle(desk)
}

fn unreadable() -> CoreRefusal {
    CoreRefusal::Refused {
        fault: Fault::Malformed,
        code: "introduction",
        detail: "the introduction cannot be read".into(),
    }
}
