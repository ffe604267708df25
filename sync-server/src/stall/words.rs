//! What each device said last: when it spoke with the server, and how much it had that the server had not. And how one takes its leave.

use soko_domain::ids::{AuthorId, LogId};
use soko_domain::stock::Account;
use soko_projection::read;
use soko_record_log::{StoreError, Tx, log, params};
use soko_replication::Heads;

use crate::core::{CoreRefusal, Fault, Leaving};
use crate::platform::devices::DEVICES_PER_STALL_MAX;
use crate::stall::desk::Desk;
use crate::stall::epoch;

/// In the stall's records for ever, where a person would write why.
const WHY: &str = "it left the stall by itself";

/// What is known of a device's last exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DeviceWord {
    pub author: AuthorId,
    pub last_ms: i64,
    /// Records that it had then and that are not here.
    pub waiting: u64,
    pub has_left: bool,
}

/// Records that a device holds and that are not here, once its page was taken.
pub(super) fn waiting(theirs: &Heads, ours: &Heads) -> u64 {
    let missing = |(author, head): (&AuthorId, &soko_replication::Head)| {
        head.seq.saturating_sub(ours.get(author).map_or(0, |held| held.seq))
    };
    theirs.iter().map(missing).fold(0, u64::saturating_add)
}

/// Notes that a device was here just now.
pub(super) fn hear(desk: &mut Desk<'_>, author: AuthorId, waiting: u64) -> Result<(), StoreError> {
    let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
    desk.tx.execute(
        "insert into device_word (log, author, last_ms, waiting, has_left, told_ms) values ($1, $2, $3, $4, 0, $3)
         on conflict (log, author) do update
         set last_ms = excluded.last_ms, waiting = excluded.waiting, told_ms = excluded.told_ms",
        params![desk.log, author, desk.now.now_ms, waiting],
    )?;
    Ok(())
}

/// Of every device of a stall that spoke since this is noted.
pub(crate) fn of_stall(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<DeviceWord>, StoreError> {
    let rows = tx.query(
        "select author, last_ms, waiting, has_left from device_word where log = $1 order by author limit $2",
        params![stall, DEVICES_PER_STALL_MAX],
    )?;
    let word = |row: &soko_record_log::Row| {
        Ok(DeviceWord {
            author: row.id(0)?,
            last_ms: row.int(1)?,
            waiting: row.number(2)?,
            has_left: row.bool(3)?,
        })
    };
    rows.iter().map(word).collect()
}

/// A device goes: nothing of it may be missing here, and no share may go with it, unless a person chose that. From then on it is as one that
/// was revoked.
pub(super) fn leave(desk: &mut Desk<'_>, leaving: &Leaving) -> Result<(), CoreRefusal> {
    let author = leaving.author;
    if read::device(desk.tx, desk.log, author)?.is_some_and(|device| device.revoked) {
        return Ok(());
    }
    let held = log::head(desk.tx, desk.log, &author)?.map_or(0, |head| head.seq);
    // Whoever wrote on after its word did not leave by it: an old one that comes again ends nothing.
    if held > leaving.seq || !leaving.anyway && held < leaving.seq {
        let detail = "the device has other records than are here: exchange them first";
        return Err(not_yet("records_missing", detail));
    }
    if !leaving.anyway && has_share(desk, author)? {
        let detail = "the device may still promise units: give them back first";
        return Err(not_yet("share_left", detail));
    }
    epoch::revoke(desk, author, WHY)?;
    let waiting = leaving.seq.saturating_sub(held);
    hear(desk, author, waiting)?;
    desk.tx.execute(
        "update device_word set has_left = 1 where log = $1 and author = $2",
        params![desk.log, author],
    )?;
    Ok(())
}

fn has_share(desk: &mut Desk<'_>, author: AuthorId) -> Result<bool, StoreError> {
    let (kind, whose) = Account::Share(author).parts();
    let row = desk.tx.query_opt(
        "select 1 from balance where log = $1 and account = $2 and whose = $3 and quantity > 0 limit 1",
        params![desk.log, kind, whose],
    )?;
    Ok(row.is_some())
}

fn not_yet(code: &'static str, detail: &str) -> CoreRefusal {
    CoreRefusal::Refused { fault: Fault::Conflict, code, detail: detail.into() }
}
