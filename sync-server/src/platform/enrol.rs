//! Enrolment: an author proven by its introduction becomes a device of a stall, and gets its first tokens.
//!
//! A lost reply costs nothing: the same request again gets the same refresh token, as long as that token was not
//! used.

use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::role::Role;
use soko_record_log::{StoreError, Tx, params};

use crate::platform::codes;
use crate::platform::devices::{self, DEVICES_PER_STALL_MAX};
use crate::platform::introduction::Introduced;
use crate::platform::refresh::{self, Standing};
use crate::platform::refusal::Refusal;
use crate::platform::stalls;
use crate::secret::{EnrolmentCode, ServerSecret, Token};

/// What lets a device in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ticket {
    Code(EnrolmentCode),
    /// Somebody who signed in, and whose authority over the stall's devices was checked.
    Person {
        account: ThingId,
        role: Role,
        /// Made and kept by the device before it asked, so that a repeat is recognised.
        request: ThingId,
    },
}

#[derive(Debug)]
pub struct Enrol<'a> {
    pub ticket: &'a Ticket,
    pub introduced: &'a Introduced,
    pub name: &'a str,
    pub secret: &'a ServerSecret,
    pub access: &'a Token,
    pub now_ms: i64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Enrolled {
    pub author: AuthorId,
    pub stall: LogId,
    pub role: Role,
    pub refresh: Token,
    pub access_expires_ms: i64,
    /// The device was not there before: the stall's log should say that it is.
    pub is_new: bool,
}

pub fn enrol(tx: &mut dyn Tx, enrol: &Enrol<'_>) -> Result<Enrolled, Refusal> {
    let name = devices::accept_name(enrol.name)?;
    let author = enrol.introduced.author;
    let (account, role) = admitted(tx, enrol)?;
    let first = Token::successor(enrol.secret, author, &ticket_bytes(enrol.ticket));
    let is_new = match devices::find(tx, author)? {
        None => {
            insert_device(tx, enrol, account, role, name)?;
            true
        }
        Some(known) if known.revoked_ms.is_some() => return Err(Refusal::DeviceRevoked),
        Some(_) => {
            require_same_introduction(tx, enrol.introduced)?;
            false
        }
    };
    match refresh::standing(tx, &first)? {
        // The reply to this very request was lost.
        Some(Standing::Unused) => {}
        Some(Standing::Used | Standing::Revoked) => return Err(Refusal::AlreadyEnrolled),
        None => {
            devices::end_access(tx, author, enrol.now_ms)?;
            set_role(tx, author, account, role)?;
            refresh::begin_family(tx, author, &first, enrol.now_ms)?;
        }
    }
    if let Ticket::Code(code) = enrol.ticket {
        codes::mark_used(tx, code, author)?;
    }
    let access_expires_ms = devices::give_access(tx, author, enrol.access, enrol.now_ms)?;
    Ok(Enrolled { author, stall: enrol.introduced.stall, role, refresh: first, access_expires_ms, is_new })
}

/// On whose word the device comes in, and as what.
fn admitted(tx: &mut dyn Tx, enrol: &Enrol<'_>) -> Result<(ThingId, Role), Refusal> {
    let code = match enrol.ticket {
        Ticket::Person { account, role, .. } => return Ok((*account, *role)),
        Ticket::Code(code) => code,
    };
    let issued = codes::find(tx, code, enrol.now_ms)?;
    if issued.used_by.is_some_and(|author| author != enrol.introduced.author) {
        return Err(Refusal::CodeUnknown);
    }
    if issued.stall != enrol.introduced.stall {
        return Err(Refusal::OtherStall);
    }
    // Who made the code may have lost the right to since.
    let maker = stalls::member_role(tx, issued.stall, issued.made_by)?;
    if !maker.is_some_and(Role::may_manage_devices) {
        return Err(Refusal::CodeUnknown);
    }
    Ok((issued.made_by, issued.role))
}

fn ticket_bytes(ticket: &Ticket) -> Vec<u8> {
    match ticket {
        Ticket::Code(code) => [b"code ".as_slice(), code.bytes()].concat(),
        Ticket::Person { request, account, .. } => {
            [b"person ".as_slice(), account.as_bytes(), request.as_bytes()].concat()
        }
    }
}

fn insert_device(
    tx: &mut dyn Tx,
    enrol: &Enrol<'_>,
    account: ThingId,
    role: Role,
    name: &str,
) -> Result<(), Refusal> {
    let introduced = enrol.introduced;
    let row = tx.query_one("select count(*) from device where stall = $1", params![introduced.stall])?;
    if row.number::<u32>(0)? >= DEVICES_PER_STALL_MAX {
        return Err(Refusal::TooMany(DEVICES_PER_STALL_MAX));
    }
    tx.execute(
        "insert into device (author, stall, account, role, name, public_key, introduction, enrolled_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            introduced.author,
            introduced.stall,
            account,
            role.number(),
            name,
            introduced.public_key,
            introduced.record,
            enrol.now_ms
        ],
    )?;
    Ok(())
}

fn require_same_introduction(tx: &mut dyn Tx, introduced: &Introduced) -> Result<(), Refusal> {
    let row =
        tx.query_one("select introduction from device where author = $1", params![introduced.author])?;
    if row.blob(0)? == introduced.record { Ok(()) } else { Err(Refusal::AuthorTaken) }
}

/// A device that enrols again has what its new ticket says.
fn set_role(tx: &mut dyn Tx, author: AuthorId, account: ThingId, role: Role) -> Result<(), StoreError> {
    tx.execute(
        "update device set role = $2, account = $3 where author = $1",
        params![author, role.number(), account],
    )?;
    Ok(())
}
