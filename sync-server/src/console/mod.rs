//! The people who run a market, by name: what each may do, what they see, and what they did. Functions over one open
//! transaction. No list here holds personal data; what does is shown one person at a time, for a reason, and the reason is
//! written down in the transaction that reads it.

pub mod accounts;
pub mod acts;
pub mod cursor;
pub mod jobs;
pub mod orders;
pub mod stalls;

use soko_domain::ids::ThingId;
use soko_domain::review;
use soko_record_log::{StoreError, Tx, params};

use crate::platform::{Refusal, accounts as people};
use acts::{Act, Done};

/// More are not named; a list of them is one answer.
pub const OPERATORS_MAX: u32 = 100;

/// What an operator may do; each also what stands before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rank {
    /// Looks at what is nobody's own.
    Viewer,
    /// Blocks, locks, and looks at a person for a reason.
    Operator,
    /// Says who is an operator.
    Admin,
}

impl Rank {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rank| rank.name() == name)
    }

    fn number(self) -> i64 {
        match self {
            Self::Viewer => 1,
            Self::Operator => 2,
            Self::Admin => 3,
        }
    }

    fn from_number(number: i64) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|rank| rank.number() == number);
        found.ok_or_else(|| StoreError::Corrupt(format!("{number} is no operator's rank")))
    }
}

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acting {
    /// Whoever knows the server's key; nobody by name.
    Key,
    Account(ThingId),
}

impl Acting {
    pub fn account(self) -> Option<ThingId> {
        match self {
            Self::Key => None,
            Self::Account(account) => Some(account),
        }
    }
}

/// What a request needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// To look at what is nobody's own.
    See,
    /// To decide about what is nobody's own.
    Decide,
    /// To decide about a stall or a person, or to see personal data: by name only.
    Answer,
    /// To say who is an operator.
    Name,
}

/// An operator as the list shows them. The mail address is that of a colleague, and how they are told apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperatorView {
    pub account: ThingId,
    pub email: String,
    pub rank: Rank,
    pub granted_ms: i64,
}

pub fn rank_of(tx: &mut dyn Tx, account: ThingId) -> Result<Option<Rank>, StoreError> {
    let row = tx.query_opt("select ranking from market_operator where account = $1", params![account])?;
    row.map(|row| Rank::from_number(row.int(0)?)).transpose()
}

/// In the transaction of what is asked for, so that nobody does it who was one until a moment ago.
pub fn require(tx: &mut dyn Tx, acting: Acting, need: Need) -> Result<(), Refusal> {
    let Acting::Account(account) = acting else { return require_of_key(tx, need) };
    let rank = rank_of(tx, account)?.ok_or(Refusal::NotTheOperator)?;
    let least = match need {
        Need::See => Rank::Viewer,
        Need::Decide | Need::Answer => Rank::Operator,
        Need::Name => Rank::Admin,
    };
    if rank >= least { Ok(()) } else { Err(Refusal::RankTooLow(least.name())) }
}

/// A key says who nobody is: it opens what is nobody's own, and names the first admin.
fn require_of_key(tx: &mut dyn Tx, need: Need) -> Result<(), Refusal> {
    match need {
        Need::See | Need::Decide => Ok(()),
        Need::Answer => Err(Refusal::NotByName),
        Need::Name if admins(tx, None)? == 0 => Ok(()),
        Need::Name => Err(Refusal::NotByName),
    }
}

pub fn list(tx: &mut dyn Tx) -> Result<Vec<OperatorView>, StoreError> {
    let rows = tx.query(
        "select o.account, a.email, o.ranking, o.granted_ms from market_operator o join account a on a.account = o.account
         order by o.granted_ms, o.account limit $1",
        params![OPERATORS_MAX],
    )?;
    let view = |row: &soko_record_log::Row| {
        Ok(OperatorView {
            account: row.id(0)?,
            email: row.text(1)?.to_owned(),
            rank: Rank::from_number(row.int(2)?)?,
            granted_ms: row.int(3)?,
        })
    };
    rows.iter().map(view).collect()
}

/// Makes somebody an operator, or gives one another rank.
pub fn grant(
    tx: &mut dyn Tx,
    acting: Acting,
    (email, rank): (&people::Email, Rank),
    (because, now_ms): (&str, i64),
) -> Result<ThingId, Refusal> {
    require(tx, acting, Need::Name)?;
    if acting == Acting::Key && rank != Rank::Admin {
        return Err(Refusal::NotByName);
    }
    let account = people::by_email(tx, email)?.ok_or(Refusal::NoSuchPerson)?.account;
    if rank != Rank::Admin {
        require_other_admin(tx, account)?;
    }
    let others = "select count(*) from market_operator where account <> $1";
    if tx.query_one(others, params![account])?.number::<u32>(0)? >= OPERATORS_MAX {
        return Err(Refusal::TooMany(OPERATORS_MAX));
    }
    tx.run(
        "insert into market_operator (account, ranking, granted_ms, granted_by) values ($1, $2, $3, $4)
         on conflict (account) do update set ranking = excluded.ranking, granted_ms = excluded.granted_ms,
           granted_by = excluded.granted_by",
        params![account, rank.number(), now_ms, acting.account()],
    )?;
    let subject = account.to_string();
    acts::add(
        tx,
        &Done { acting, act: Act::Granted, subject: &subject, because, more: rank.name(), at_ms: now_ms },
    )?;
    Ok(account)
}

pub fn revoke(
    tx: &mut dyn Tx,
    acting: Acting,
    account: ThingId,
    (because, now_ms): (&str, i64),
) -> Result<(), Refusal> {
    require(tx, acting, Need::Name)?;
    require_other_admin(tx, account)?;
    let gone = tx.execute("delete from market_operator where account = $1", params![account])?;
    if gone == 0 {
        return Err(Refusal::NoSuchPerson);
    }
    let subject = account.to_string();
    acts::add(tx, &Done { acting, act: Act::Revoked, subject: &subject, because, more: "", at_ms: now_ms })
}

/// Whether the market keeps an admin if this account is none any more.
pub(crate) fn require_other_admin(tx: &mut dyn Tx, account: ThingId) -> Result<(), Refusal> {
    let is_admin = rank_of(tx, account)? == Some(Rank::Admin);
    if is_admin && admins(tx, Some(account))? == 0 { Err(Refusal::LastAdmin) } else { Ok(()) }
}

/// Admins but for one. Two who take each other out at the same moment take turns here: the count of acts is one row.
fn admins(tx: &mut dyn Tx, but: Option<ThingId>) -> Result<i64, StoreError> {
    acts::take_turn(tx)?;
    let sql = "select count(*) from market_operator where ranking = $1 and account <> $2";
    tx.query_one(sql, params![Rank::Admin.number(), but.unwrap_or_default()])?.int(0)
}

/// Nothing is done to anybody without one.
pub fn reason(because: &str) -> Result<&str, Refusal> {
    review::reason(because)?;
    Ok(because.trim())
}
