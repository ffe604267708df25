//! Stalls and their members. A stall's identity is made by the device that founds it, offline; whoever shows it
//! here first, together with its founding author, owns it.

use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::role::Role;
use soko_record_log::{StoreError, Tx, params};

use crate::platform::accounts::{self, Email};
use crate::platform::authorise::role_of;
use crate::platform::introduction::Introduced;
use crate::platform::refusal::Refusal;

/// Stalls of one account.
pub const STALLS_PER_ACCOUNT_MAX: u32 = 50;
pub const MEMBERS_MAX: u32 = 200;

/// A stall as one of its members sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StallView {
    pub stall: LogId,
    pub founder: AuthorId,
    pub role: Role,
    pub claimed_ms: i64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberView {
    pub account: ThingId,
    pub email: String,
    pub role: Role,
    pub added_ms: i64,
}

/// Makes `account` the owner of a stall that nobody owns. The same claim again changes nothing.
pub fn claim(tx: &mut dyn Tx, account: ThingId, founder: &Introduced, now_ms: i64) -> Result<(), Refusal> {
    let known = tx.query_opt("select owner, founder from stall where stall = $1", params![founder.stall])?;
    if let Some(row) = known {
        let is_same = row.id::<ThingId>(0)? == account && row.id::<AuthorId>(1)? == founder.author;
        return if is_same { Ok(()) } else { Err(Refusal::StallTaken) };
    }
    let row = tx.query_one("select count(*) from stall where owner = $1", params![account])?;
    if row.number::<u32>(0)? >= STALLS_PER_ACCOUNT_MAX {
        return Err(Refusal::TooMany(STALLS_PER_ACCOUNT_MAX));
    }
    let made = tx.execute(
        "insert into stall (stall, founder, owner, claimed_ms) values ($1, $2, $3, $4) on conflict do nothing",
        params![founder.stall, founder.author, account, now_ms],
    )?;
    if made == 0 {
        return Err(Refusal::StallTaken);
    }
    put_member(tx, founder.stall, account, Role::Owner, now_ms)
}

/// The stalls of an account, in the order in which they were claimed.
pub fn of_account(tx: &mut dyn Tx, account: ThingId) -> Result<Vec<StallView>, StoreError> {
    let rows = tx.query(
        "select s.stall, s.founder, m.role, s.claimed_ms from member m join stall s on s.stall = m.stall
         where m.account = $1 order by s.claimed_ms, s.stall limit 1000",
        params![account],
    )?;
    rows.iter()
        .map(|row| {
            Ok(StallView {
                stall: row.id(0)?,
                founder: row.id(1)?,
                role: role_of(row.number(2)?)?,
                claimed_ms: row.int(3)?,
            })
        })
        .collect()
}

pub fn members(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<MemberView>, StoreError> {
    let rows = tx.query(
        "select m.account, a.email, m.role, m.added_ms from member m join account a on a.account = m.account
         where m.stall = $1 order by m.added_ms, m.account limit 1000",
        params![stall],
    )?;
    rows.iter()
        .map(|row| {
            Ok(MemberView {
                account: row.id(0)?,
                email: row.text(1)?.to_owned(),
                role: role_of(row.number(2)?)?,
                added_ms: row.int(3)?,
            })
        })
        .collect()
}

/// Whom an e-mail address belongs to, and what that person is to the stall now.
pub fn find_person(tx: &mut dyn Tx, stall: LogId, email: &Email) -> Result<(ThingId, Option<Role>), Refusal> {
    let known = accounts::by_email(tx, email)?.ok_or(Refusal::NoSuchPerson)?;
    Ok((known.account, member_role(tx, stall, known.account)?))
}

/// Whether an operator took it out of the market.
pub fn is_blocked(tx: &mut dyn Tx, stall: LogId) -> Result<bool, StoreError> {
    Ok(tx.query_opt("select 1 from stall_block where stall = $1", params![stall])?.is_some())
}

/// Whether an operator took it out of the market, and how many of its orders this buyer waits for: at once, for every order asks.
pub(crate) fn standing(tx: &mut dyn Tx, stall: LogId, buyer: ThingId) -> Result<(bool, u32), StoreError> {
    let row = tx.query_one(
        "select (select count(*) from stall_block where stall = $1), count(*) from orders
         where log = $1 and buyer = $2 and placed = 1 and released = 0 and fulfilled = 0",
        params![stall, buyer],
    )?;
    Ok((row.int(0)? > 0, row.number(1)?))
}

pub fn member_role(tx: &mut dyn Tx, stall: LogId, account: ThingId) -> Result<Option<Role>, StoreError> {
    let row =
        tx.query_opt("select role from member where stall = $1 and account = $2", params![stall, account])?;
    row.map(|row| role_of(row.number(0)?)).transpose()
}

/// Makes somebody a member, or gives a member another role.
pub fn set_member(
    tx: &mut dyn Tx,
    stall: LogId,
    account: ThingId,
    role: Role,
    now_ms: i64,
) -> Result<(), Refusal> {
    if role != Role::Owner {
        require_other_owner(tx, stall, account)?;
    }
    let row = tx.query_one(
        "select count(*) from member where stall = $1 and account <> $2",
        params![stall, account],
    )?;
    if row.number::<u32>(0)? >= MEMBERS_MAX {
        return Err(Refusal::TooMany(MEMBERS_MAX));
    }
    put_member(tx, stall, account, role, now_ms)
}

pub fn remove_member(tx: &mut dyn Tx, stall: LogId, account: ThingId) -> Result<(), Refusal> {
    require_other_owner(tx, stall, account)?;
    tx.execute("delete from member where stall = $1 and account = $2", params![stall, account])?;
    Ok(())
}

fn put_member(
    tx: &mut dyn Tx,
    stall: LogId,
    account: ThingId,
    role: Role,
    now_ms: i64,
) -> Result<(), Refusal> {
    tx.execute(
        "insert into member (stall, account, role, added_ms) values ($1, $2, $3, $4)
         on conflict (stall, account) do update set role = excluded.role",
        params![stall, account, role.number(), now_ms],
    )?;
    Ok(())
}

/// Whether the stall keeps an owner if this account is none any more.
fn require_other_owner(tx: &mut dyn Tx, stall: LogId, account: ThingId) -> Result<(), Refusal> {
    if member_role(tx, stall, account)? != Some(Role::Owner) {
        return Ok(());
    }
    let row = tx.query_one(
        "select count(*) from member where stall = $1 and role = $2 and account <> $3",
        params![stall, Role::Owner.number(), account],
    )?;
    if row.int(0)? == 0 { Err(Refusal::LastOwner) } else { Ok(()) }
}
