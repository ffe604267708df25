//! Devices: one row per author that may write to a stall, their access tokens, and their end.

use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::role::Role;
use soko_record_log::{StoreError, Tx, params};

use crate::platform::authorise::role_of;
use crate::platform::refusal::Refusal;
use crate::secret::Token;

pub const NAME_CHARS_MAX: usize = 60;
/// Access ends by itself this long after it was given, whatever else happens.
pub const ACCESS_LIFE_MS: i64 = 10 * 60_000;
/// Devices that one stall ever had. Each is an author, and a log has a limit of those.
pub const DEVICES_PER_STALL_MAX: u32 = 2_000;

const _: () = assert!((DEVICES_PER_STALL_MAX as usize) < soko_replication::limits::AUTHORS_MAX);

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    pub author: AuthorId,
    pub stall: LogId,
    /// Who enrolled it, or let it enrol.
    pub account: Option<ThingId>,
    pub role: Role,
    pub name: String,
    pub public_key: [u8; 32],
    pub enrolled_ms: i64,
    pub revoked_ms: Option<i64>,
}

/// What a device is called: something a person can read on one line.
pub fn accept_name(name: &str) -> Result<&str, Refusal> {
    let name = name.trim();
    let is_usable =
        !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX && !name.chars().any(char::is_control);
    if is_usable { Ok(name) } else { Err(Refusal::NameUnusable) }
}

pub fn find(tx: &mut dyn Tx, author: AuthorId) -> Result<Option<Device>, StoreError> {
    let row = tx.query_opt(
        "select author, stall, account, role, name, public_key, enrolled_ms, revoked_ms
         from device where author = $1",
        params![author],
    )?;
    row.map(|row| device(&row)).transpose()
}

/// In the order in which they were enrolled; revoked ones too.
pub fn of_stall(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<Device>, StoreError> {
    let rows = tx.query(
        "select author, stall, account, role, name, public_key, enrolled_ms, revoked_ms
         from device where stall = $1 order by enrolled_ms, author limit $2",
        params![stall, DEVICES_PER_STALL_MAX],
    )?;
    rows.iter().map(device).collect()
}

fn device(row: &soko_record_log::Row) -> Result<Device, StoreError> {
    Ok(Device {
        author: row.id(0)?,
        stall: row.id(1)?,
        account: row.id_opt(2)?,
        role: role_of(row.number(3)?)?,
        name: row.text(4)?.to_owned(),
        public_key: row.id(5)?,
        enrolled_ms: row.int(6)?,
        revoked_ms: row.int_opt(7)?,
    })
}

/// The device that this access token was given to. A revoked device's tokens are gone at once.
pub fn by_access(tx: &mut dyn Tx, token: &Token, now_ms: i64) -> Result<Option<Device>, StoreError> {
    let row = tx.query_opt(
        "select d.author, d.stall, d.account, d.role, d.name, d.public_key, d.enrolled_ms, d.revoked_ms
         from access_token t join device d on d.author = t.author
         where t.token_hash = $1 and t.expires_ms > $2 and d.revoked_ms is null",
        params![token.at_rest(), now_ms],
    )?;
    row.map(|row| device(&row)).transpose()
}

/// Gives access; says until when. Tokens that ran out make room.
pub fn give_access(tx: &mut dyn Tx, author: AuthorId, token: &Token, now_ms: i64) -> Result<i64, StoreError> {
    tx.execute("delete from access_token where author = $1 and expires_ms <= $2", params![author, now_ms])?;
    let expires_ms = now_ms.saturating_add(ACCESS_LIFE_MS);
    tx.execute(
        "insert into access_token (token_hash, author, expires_ms) values ($1, $2, $3)",
        params![token.at_rest(), author, expires_ms],
    )?;
    Ok(expires_ms)
}

/// Ends a device's access for good. Revoking it again changes nothing; says whether it was the first time.
pub fn revoke(tx: &mut dyn Tx, author: AuthorId, now_ms: i64) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "update device set revoked_ms = $2 where author = $1 and revoked_ms is null",
        params![author, now_ms],
    )?;
    end_access(tx, author, now_ms)?;
    Ok(changed == 1)
}

/// Every token of the device ends, and every family with it.
pub(crate) fn end_access(tx: &mut dyn Tx, author: AuthorId, now_ms: i64) -> Result<(), StoreError> {
    tx.execute("delete from access_token where author = $1", params![author])?;
    tx.execute(
        "update refresh_family set revoked_ms = $2 where author = $1 and revoked_ms is null",
        params![author, now_ms],
    )?;
    Ok(())
}
