//! Keys of a stall's own programs: an owner makes one, sees it once, and ends it. A key reads what its scopes say, of one
//! stall, and nothing else; it never writes.

use soko_domain::ids::{LogId, ThingId};
use soko_domain::role::Role;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::platform::refusal::Refusal;
use crate::secret::Token;

/// Keys that one stall has at once.
pub const KEYS_PER_STALL_MAX: u32 = 20;
/// Noting that a key is used costs a write, so it is not done at every request.
pub const SEEN_EVERY_MS: i64 = 60_000;

/// What a key may read. Numbers are bits that the store keeps: they never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    Orders,
    Products,
    Sales,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Orders, Self::Products, Self::Sales];

    fn bit(self) -> i64 {
        match self {
            Self::Orders => 1,
            Self::Products => 2,
            Self::Sales => 4,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders:read",
            Self::Products => "products:read",
            Self::Sales => "sales:read",
        }
    }
}

/// Some scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Scopes(i64);

impl Scopes {
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    pub fn is_empty(self) -> bool {
        Scope::ALL.into_iter().all(|scope| !self.has(scope))
    }

    pub fn all(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// A key as it is listed: never the secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProgramKey {
    pub key: ThingId,
    pub name: String,
    pub scopes: Scopes,
    pub made_by: ThingId,
    pub made_ms: i64,
    pub ends_ms: Option<i64>,
    pub used_ms: Option<i64>,
}

/// Keeps a new key.
pub fn make(tx: &mut dyn Tx, (stall, token): (LogId, &Token), key: &ProgramKey) -> Result<(), Refusal> {
    let row = tx.query_one("select count(*) from program_key where stall = $1", params![stall])?;
    if row.number::<u32>(0)? >= KEYS_PER_STALL_MAX {
        return Err(Refusal::TooMany(KEYS_PER_STALL_MAX));
    }
    tx.execute(
        "insert into program_key (program_key, stall, name, scopes, token_hash, made_by, made_ms, ends_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            key.key,
            stall,
            key.name,
            key.scopes.0,
            token.at_rest(),
            key.made_by,
            key.made_ms,
            key.ends_ms
        ],
    )?;
    Ok(())
}

/// In the order in which they were made, those that ran out too.
pub fn of_stall(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<ProgramKey>, StoreError> {
    let rows = tx.query(
        "select program_key, name, scopes, made_by, made_ms, ends_ms, used_ms from program_key
         where stall = $1 order by made_ms, program_key limit $2",
        params![stall, KEYS_PER_STALL_MAX],
    )?;
    let read = |row: &Row| {
        Ok(ProgramKey {
            key: row.id(0)?,
            name: row.text(1)?.to_owned(),
            scopes: Scopes(row.int(2)?),
            made_by: row.id(3)?,
            made_ms: row.int(4)?,
            ends_ms: row.int_opt(5)?,
            used_ms: row.int_opt(6)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Ends a key for good, at once; says what it was called.
pub fn end(tx: &mut dyn Tx, (stall, key): (LogId, ThingId)) -> Result<String, Refusal> {
    let row = tx.query_opt(
        "select name from program_key where stall = $1 and program_key = $2",
        params![stall, key],
    )?;
    let name = row.ok_or(Refusal::NoSuchKey)?.text(0)?.to_owned();
    tx.execute("delete from program_key where stall = $1 and program_key = $2", params![stall, key])?;
    Ok(name)
}

/// What a secret opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opened {
    pub key: ThingId,
    pub stall: LogId,
    pub scopes: Scopes,
    /// Whether `touch` is due.
    pub is_seen_due: bool,
}

/// The key of this secret, if it is in force: not ended, not run out, and its maker still owns the stall.
pub fn find(tx: &mut dyn Tx, token: &Token, now_ms: i64) -> Result<Option<Opened>, StoreError> {
    let row = tx.query_opt(
        "select k.program_key, k.stall, k.scopes, k.used_ms from program_key k
         join member m on m.stall = k.stall and m.account = k.made_by and m.role = $2
         where k.token_hash = $1 and (k.ends_ms is null or k.ends_ms > $3)",
        params![token.at_rest(), Role::Owner.number(), now_ms],
    )?;
    row.map(|row| {
        let used_ms = row.int_opt(3)?;
        Ok(Opened {
            key: row.id(0)?,
            stall: row.id(1)?,
            scopes: Scopes(row.int(2)?),
            is_seen_due: used_ms.is_none_or(|used_ms| now_ms.saturating_sub(used_ms) >= SEEN_EVERY_MS),
        })
    })
    .transpose()
}

/// Notes that the key is used.
pub fn touch(tx: &mut dyn Tx, key: ThingId, now_ms: i64) -> Result<(), StoreError> {
    tx.execute(
        "update program_key set used_ms = $2 where program_key = $1 and (used_ms is null or used_ms < $2)",
        params![key, now_ms],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_what_was_put_in_and_no_more() {
        let none: Scopes = [].into_iter().collect();
        assert!(none.is_empty() && Scopes(1 << 40).is_empty(), "a bit that nobody knows opens nothing");
        let some: Scopes = [Scope::Sales, Scope::Orders, Scope::Sales].into_iter().collect();
        assert_eq!(some.all().map(Scope::name).collect::<Vec<_>>(), ["orders:read", "sales:read"]);
        assert!(!some.has(Scope::Products));
    }
}
