//! Enrolment codes: shown to an owner or manager, typed into a device, good once and for ten minutes.

use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::role::Role;
use soko_record_log::{StoreError, Tx, params};

use crate::platform::authorise::role_of;
use crate::platform::refusal::Refusal;
use crate::secret::EnrolmentCode;

pub const CODE_LIFE_MS: i64 = 10 * 60_000;
/// Codes of one stall that are in force at once.
pub const CODES_PER_STALL_MAX: u32 = 20;

/// What a code was made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Issued {
    pub stall: LogId,
    pub role: Role,
    pub made_by: ThingId,
    pub used_by: Option<AuthorId>,
}

/// Keeps a new code; says until when it is good.
pub fn make(tx: &mut dyn Tx, code: &EnrolmentCode, issued: Issued, now_ms: i64) -> Result<i64, Refusal> {
    tx.execute(
        "delete from enrolment_code where stall = $1 and expires_ms <= $2",
        params![issued.stall, now_ms],
    )?;
    let row = tx.query_one("select count(*) from enrolment_code where stall = $1", params![issued.stall])?;
    if row.number::<u32>(0)? >= CODES_PER_STALL_MAX {
        return Err(Refusal::TooMany(CODES_PER_STALL_MAX));
    }
    let expires_ms = now_ms.saturating_add(CODE_LIFE_MS);
    tx.execute(
        "insert into enrolment_code (code_hash, stall, role, made_by, expires_ms) values ($1, $2, $3, $4, $5)",
        params![code.at_rest(), issued.stall, issued.role.number(), issued.made_by, expires_ms],
    )?;
    Ok(expires_ms)
}

/// What this code is good for, if it is in force. Wrong, old and unknown codes look the same.
pub fn find(tx: &mut dyn Tx, code: &EnrolmentCode, now_ms: i64) -> Result<Issued, Refusal> {
    let row = tx.query_opt(
        "select stall, role, made_by, used_by from enrolment_code where code_hash = $1 and expires_ms > $2",
        params![code.at_rest(), now_ms],
    )?;
    let row = row.ok_or(Refusal::CodeUnknown)?;
    Ok(Issued {
        stall: row.id(0)?,
        role: role_of(row.number(1)?)?,
        made_by: row.id(2)?,
        used_by: row.id_opt(3)?,
    })
}

pub fn mark_used(tx: &mut dyn Tx, code: &EnrolmentCode, author: AuthorId) -> Result<(), StoreError> {
    tx.execute(
        "update enrolment_code set used_by = $2 where code_hash = $1",
        params![code.at_rest(), author],
    )?;
    Ok(())
}
