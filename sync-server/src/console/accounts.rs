//! Accounts as operators see them. A list names nobody: it holds identities, ranks and moments. Who somebody is is read one
//! account at a time, in the transaction that writes down why.

use std::collections::BTreeMap;

use soko_domain::ids::{LogId, ThingId};
use soko_domain::role::Role;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::console::acts::{self, Act, Done};
use crate::console::cursor::Cursor;
use crate::console::{Acting, Need, reason, require, require_other_admin};
use crate::platform::accounts::{self, Email};
use crate::platform::authorise::role_of;
use crate::platform::refusal::Refusal;
use crate::stall::{Contact, contact_of_account};

/// Memberships that a list shows of one account; nobody has more by hand.
const MEMBERSHIPS_MAX: u32 = 50;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountState {
    Open,
    Locked,
    /// Its person took away what says who they are.
    Erased,
}

impl AccountState {
    pub const ALL: [Self; 3] = [Self::Open, Self::Locked, Self::Erased];

    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Locked => "locked",
            Self::Erased => "erased",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// As a condition on an account `a` and its lock `l`.
    fn sql(self) -> &'static str {
        match self {
            Self::Open => "l.account is null and a.password <> ''",
            Self::Locked => "l.account is not null and a.password <> ''",
            Self::Erased => "a.password = ''",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountRow {
    pub account: ThingId,
    pub state: AccountState,
    pub created_ms: i64,
    /// When a session of theirs was used last.
    pub seen_ms: Option<i64>,
    pub sessions: i64,
    pub memberships: Vec<(LogId, Role)>,
    /// What they are to the market.
    pub rank: Option<crate::console::Rank>,
    pub locked_because: String,
    pub locked_ms: Option<i64>,
}

/// What says who somebody is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonView {
    pub account: ThingId,
    pub email: String,
    /// What was written for the last order.
    pub contact: Contact,
}

#[derive(Clone, Debug)]
pub struct AccountsAsked {
    pub account: Option<ThingId>,
    /// Only members of this stall.
    pub stall: Option<LogId>,
    pub state: Option<AccountState>,
    pub after: Cursor,
    pub limit: usize,
}

/// The latest first, and where the list goes on.
pub fn list(tx: &mut dyn Tx, asked: &AccountsAsked) -> Result<(Vec<AccountRow>, Option<Cursor>), StoreError> {
    let mut which = String::from("(a.created_ms, a.account) < ($1, $2)");
    let mut params: Vec<soko_record_log::Param<'_>> =
        vec![asked.after.at_ms.into(), (&asked.after.id).into(), (&asked.limit).into()];
    if let Some(account) = &asked.account {
        params.push(account.into());
        which.push_str(&format!(" and a.account = ${}", params.len()));
    }
    if let Some(stall) = &asked.stall {
        params.push(stall.into());
        let member = "exists (select 1 from member m where m.account = a.account and m.stall = ";
        which.push_str(&format!(" and {member}${})", params.len()));
    }
    if let Some(state) = asked.state {
        which.push_str(&format!(" and {}", state.sql()));
    }
    let sql = format!(
        "select a.account, a.created_ms, cast(case when a.password = '' then 1 else 0 end as bigint), l.because, l.at_ms,
           (select max(s.seen_ms) from session s where s.account = a.account),
           (select count(*) from session s where s.account = a.account)
         from account a left join account_lock l on l.account = a.account
         where {which} order by a.created_ms desc, a.account desc limit $3"
    );
    let rows = tx.query(&sql, &params)?;
    let mut found = rows.iter().map(account).collect::<Result<Vec<_>, _>>()?;
    for row in &mut found {
        row.memberships = memberships(tx, row.account)?;
        row.rank = crate::console::rank_of(tx, row.account)?;
    }
    let last = found.last().filter(|_| found.len() == asked.limit);
    let next = last.map(|last| Cursor { at_ms: last.created_ms, id: last.account.0 });
    Ok((found, next))
}

fn account(row: &Row) -> Result<AccountRow, StoreError> {
    let locked_ms = row.int_opt(4)?;
    let state = match (row.bool(2)?, locked_ms) {
        (true, _) => AccountState::Erased,
        (false, Some(_)) => AccountState::Locked,
        (false, None) => AccountState::Open,
    };
    Ok(AccountRow {
        account: row.id(0)?,
        state,
        created_ms: row.int(1)?,
        seen_ms: row.int_opt(5)?,
        sessions: row.int(6)?,
        memberships: Vec::new(),
        rank: None,
        locked_because: row.text_opt(3)?.unwrap_or_default().to_owned(),
        locked_ms,
    })
}

fn memberships(tx: &mut dyn Tx, account: ThingId) -> Result<Vec<(LogId, Role)>, StoreError> {
    let sql = "select stall, role from member where account = $1 order by stall limit $2";
    let rows = tx.query(sql, params![account, MEMBERSHIPS_MAX])?;
    let all: BTreeMap<LogId, Role> = rows
        .iter()
        .map(|row| Ok((row.id(0)?, role_of(row.number(1)?)?)))
        .collect::<Result<_, StoreError>>()?;
    Ok(all.into_iter().collect())
}

/// Who an account is. The reason is kept whether or not there is more to see than a mail address.
pub fn look(
    tx: &mut dyn Tx,
    acting: Acting,
    account: ThingId,
    (because, now_ms): (&str, i64),
) -> Result<PersonView, Refusal> {
    require(tx, acting, Need::Answer)?;
    let because = reason(because)?;
    note(tx, acting, (Act::LookedAtAccount, account), (because, now_ms))?;
    person(tx, account)
}

/// Whose a mail address is. That nobody has it is something that was looked at, too; the address itself is not kept.
pub fn search(
    tx: &mut dyn Tx,
    acting: Acting,
    email: &Email,
    (because, now_ms): (&str, i64),
) -> Result<Option<PersonView>, Refusal> {
    require(tx, acting, Need::Answer)?;
    let because = reason(because)?;
    let known = accounts::by_email(tx, email)?.map(|known| known.account);
    let subject = known.map(|account| account.to_string()).unwrap_or_default();
    let act = Act::SearchedAddress;
    acts::add(tx, &Done { acting, act, subject: &subject, because, more: "", at_ms: now_ms })?;
    known.map(|account| person(tx, account)).transpose()
}

fn person(tx: &mut dyn Tx, account: ThingId) -> Result<PersonView, Refusal> {
    let sql = "select email from account where account = $1 and password <> ''";
    let row = tx.query_opt(sql, params![account])?.ok_or(Refusal::NoSuchPerson)?;
    let contact = contact_of_account(tx, account)?.unwrap_or_default();
    Ok(PersonView { account, email: row.text(0)?.to_owned(), contact })
}

/// From now on nobody signs in to it, and whoever is signed in is not. Devices that it enrolled go on.
pub fn lock(
    tx: &mut dyn Tx,
    acting: Acting,
    account: ThingId,
    (because, now_ms): (&str, i64),
) -> Result<(), Refusal> {
    let because = decided(tx, acting, account, because)?;
    // Who cannot sign in cannot name others.
    require_other_admin(tx, account)?;
    tx.run(
        "insert into account_lock (account, because, at_ms) values ($1, $2, $3)
         on conflict (account) do update set because = excluded.because, at_ms = excluded.at_ms",
        params![account, because, now_ms],
    )?;
    tx.run("delete from session where account = $1", params![account])?;
    note(tx, acting, (Act::LockedAccount, account), (because, now_ms))
}

pub fn unlock(
    tx: &mut dyn Tx,
    acting: Acting,
    account: ThingId,
    (because, now_ms): (&str, i64),
) -> Result<(), Refusal> {
    let because = decided(tx, acting, account, because)?;
    tx.run("delete from account_lock where account = $1", params![account])?;
    note(tx, acting, (Act::UnlockedAccount, account), (because, now_ms))
}

/// Whoever is signed in has to do it again.
pub fn end_sessions(
    tx: &mut dyn Tx,
    acting: Acting,
    account: ThingId,
    (because, now_ms): (&str, i64),
) -> Result<(), Refusal> {
    let because = decided(tx, acting, account, because)?;
    tx.run("delete from session where account = $1", params![account])?;
    note(tx, acting, (Act::EndedSessions, account), (because, now_ms))
}

fn decided<'a>(
    tx: &mut dyn Tx,
    acting: Acting,
    account: ThingId,
    because: &'a str,
) -> Result<&'a str, Refusal> {
    require(tx, acting, Need::Answer)?;
    let because = reason(because)?;
    let known = tx.query_opt("select 1 from account where account = $1", params![account])?;
    known.map(|_| because).ok_or(Refusal::NoSuchPerson)
}

fn note(
    tx: &mut dyn Tx,
    acting: Acting,
    (act, account): (Act, ThingId),
    (because, at_ms): (&str, i64),
) -> Result<(), Refusal> {
    let subject = account.to_string();
    acts::add(tx, &Done { acting, act, subject: &subject, because, more: "", at_ms })
}
