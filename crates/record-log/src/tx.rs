//! One SQL interface for SQLite and PostgreSQL: parameters, rows, errors, transactions.
//!
//! Statement text must be valid on both engines and give the same answer: `$1` placeholders (bound by NAME on
//! SQLite, so order and repetition are free), `on conflict` instead of caught violations (PostgreSQL aborts
//! the transaction after any error), casts around `sum()`, `$1 + $2` and a bare `$1 is null`, explicit
//! `order by`, and no `for update`. Only table definitions may differ, through [`Dialect::ddl`].
//!
//! No connection, no pool and no schema here.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;

use soko_domain::ids::{
    AuthorId, EpochId, Hash, LogId, OrderId, PersonId, ProductId, SaleId, ShareId, ShiftId, ThingId,
};

/// Which engine runs a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Fills in the only words of a table definition that differ: `{int}`, `{blob}`, `{strict}` and
    /// `{keyed}` (strict, and stored in the order of its primary key where the engine can).
    pub fn ddl(self, sql: &str) -> String {
        let (int, blob, strict, keyed) = match self {
            Self::Sqlite => ("integer", "blob", "strict", "strict, without rowid"),
            Self::Postgres => ("bigint", "bytea", "", ""),
        };
        sql.replace("{int}", int)
            .replace("{blob}", blob)
            .replace("{strict}", strict)
            .replace("{keyed}", keyed)
    }
}

/// A value handed to a statement. Write `params![log, author, seq]` rather than this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Param<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
    /// A number that no column can hold: the engine refuses the statement with [`StoreError::too_large`].
    TooLarge(u64),
}

/// What can be handed to a statement.
pub trait ToParam {
    fn to_param(&self) -> Param<'_>;
}

/// The parameters of a statement: `tx.execute("… $1 … $2", params![log, seq])`. `params![]` is none.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::tx::ToParam::to_param(&$value)),*] as &[$crate::tx::Param<'_>]
    };
}

impl ToParam for Param<'_> {
    fn to_param(&self) -> Param<'_> {
        *self
    }
}

impl<T: ToParam + ?Sized> ToParam for &T {
    fn to_param(&self) -> Param<'_> {
        (**self).to_param()
    }
}

impl<T: ToParam> ToParam for Option<T> {
    fn to_param(&self) -> Param<'_> {
        self.as_ref().map_or(Param::Null, ToParam::to_param)
    }
}

macro_rules! to_param {
    (int: $($kind:ty),*) => {$(
        impl ToParam for $kind {
            fn to_param(&self) -> Param<'_> {
                Param::Int(i64::from(*self))
            }
        }
    )*};
    (text: $($kind:ty),*) => {$(
        impl ToParam for $kind {
            fn to_param(&self) -> Param<'_> {
                Param::Text(self)
            }
        }
    )*};
    (blob: $($kind:ty),*) => {$(
        impl ToParam for $kind {
            fn to_param(&self) -> Param<'_> {
                Param::Blob(self)
            }
        }
    )*};
}
to_param!(int: bool, u8, u16, u32, i8, i16, i32, i64);
to_param!(text: str, String);
to_param!(blob: [u8], Vec<u8>);

impl<const N: usize> ToParam for [u8; N] {
    fn to_param(&self) -> Param<'_> {
        Param::Blob(self)
    }
}

impl ToParam for u64 {
    fn to_param(&self) -> Param<'_> {
        i64::try_from(*self).map_or(Param::TooLarge(*self), Param::Int)
    }
}

impl ToParam for usize {
    fn to_param(&self) -> Param<'_> {
        i64::try_from(*self).map_or(Param::TooLarge(u64::MAX), Param::Int)
    }
}

impl<'a, T: ToParam + ?Sized> From<&'a T> for Param<'a> {
    fn from(value: &'a T) -> Self {
        value.to_param()
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

/// An identity that a blob column holds.
pub trait ByteId: Sized {
    fn from_blob(bytes: &[u8]) -> Option<Self>;
}

macro_rules! byte_id {
    ($($kind:ty),*) => {$(
        impl ByteId for $kind {
            fn from_blob(bytes: &[u8]) -> Option<Self> {
                Self::from_slice(bytes)
            }
        }
        impl ToParam for $kind {
            fn to_param(&self) -> Param<'_> {
                Param::Blob(self.as_bytes())
            }
        }
    )*};
}
byte_id!(AuthorId, LogId, EpochId, ThingId, Hash, ProductId, SaleId, OrderId, ShareId, ShiftId, PersonId);

impl<const N: usize> ByteId for [u8; N] {
    fn from_blob(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

/// A value that a statement answered. PostgreSQL's small integers and booleans arrive as `Int`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// One row of an answer. Columns count from 0; a column of another type than asked for is an error, because
/// it means the database is not the one this program knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row(Vec<Value>);

impl Row {
    pub fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.int_opt(column)?.ok_or_else(|| unexpected(column, "a number", None))
    }

    pub fn int_opt(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(*number)),
            other @ (Value::Text(_) | Value::Blob(_)) => Err(unexpected(column, "a number", Some(other))),
        }
    }

    /// A number of a narrower or unsigned type: `row.number::<u64>(0)`.
    pub fn number<T: TryFrom<i64>>(&self, column: usize) -> Result<T, StoreError> {
        T::try_from(self.int(column)?).map_err(|_| unexpected(column, "a number in range", None))
    }

    pub fn number_opt<T: TryFrom<i64>>(&self, column: usize) -> Result<Option<T>, StoreError> {
        let Some(number) = self.int_opt(column)? else { return Ok(None) };
        T::try_from(number).map(Some).map_err(|_| unexpected(column, "a number in range", None))
    }

    /// Booleans are stored as the numbers 0 and 1.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(unexpected(column, "0 or 1", None)),
        }
    }

    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.text_opt(column)?.ok_or_else(|| unexpected(column, "a text", None))
    }

    pub fn text_opt(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other @ (Value::Int(_) | Value::Blob(_)) => Err(unexpected(column, "a text", Some(other))),
        }
    }

    pub fn blob(&self, column: usize) -> Result<&[u8], StoreError> {
        self.blob_opt(column)?.ok_or_else(|| unexpected(column, "bytes", None))
    }

    pub fn blob_opt(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Ok(Some(bytes)),
            other @ (Value::Int(_) | Value::Text(_)) => Err(unexpected(column, "bytes", Some(other))),
        }
    }

    /// An identity, a hash, a key or any run of bytes of fixed length: `row.id::<AuthorId>(0)`.
    pub fn id<T: ByteId>(&self, column: usize) -> Result<T, StoreError> {
        T::from_blob(self.blob(column)?).ok_or_else(|| unexpected(column, "bytes of the right length", None))
    }

    pub fn id_opt<T: ByteId>(&self, column: usize) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.blob_opt(column)? else { return Ok(None) };
        T::from_blob(bytes).map(Some).ok_or_else(|| unexpected(column, "bytes of the right length", None))
    }

    pub fn value(&self, column: usize) -> Result<&Value, StoreError> {
        self.0.get(column).ok_or_else(|| StoreError::Other(format!("the answer has no column {column}")))
    }
}

fn unexpected(column: usize, wanted: &str, found: Option<&Value>) -> StoreError {
    let found = match found {
        None => "something else",
        Some(Value::Null) => "nothing",
        Some(Value::Int(_)) => "a number",
        Some(Value::Text(_)) => "a text",
        Some(Value::Blob(_)) => "bytes",
    };
    StoreError::Corrupt(format!("column {column} should hold {wanted} and holds {found}"))
}

/// An open transaction. Implementations turn engine errors into [`StoreError`] and refuse every statement
/// after the engine has given the transaction up.
pub trait Tx {
    /// Runs one statement; says how many rows it changed.
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError>;

    /// Runs one statement and collects its whole answer. Callers bound it with `limit`.
    fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError>;

    fn dialect(&self) -> Dialect;

    /// Runs one statement whose count nobody needs. An engine behind a network need not wait for it: what went
    /// wrong is then told by a later statement, or by the commit, and nothing of the transaction is kept.
    fn run(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), StoreError> {
        self.execute(sql, params).map(drop)
    }

    /// What earlier work of this transaction left for later work of the same one. Nothing outside a writing
    /// transaction of the engine itself.
    fn kept(&mut self) -> Option<&mut Kept> {
        None
    }

    /// The only row; an error if there is none or more than one.
    fn query_one(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Row, StoreError> {
        self.query_opt(sql, params)?.ok_or_else(|| StoreError::Other(format!("no row answered: {sql}")))
    }

    /// The only row, if there is one; an error if there are more.
    fn query_opt(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Option<Row>, StoreError> {
        let mut rows = self.query(sql, params)?;
        if rows.len() > 1 {
            return Err(StoreError::Other(format!(
                "{} rows answered where one was expected: {sql}",
                rows.len()
            )));
        }
        Ok(rows.pop())
    }
}

/// Values that live as long as a writing transaction, one of each type: facts that were read once and that only
/// this transaction can change. Going back to a savepoint forgets them all, since they may tell of what was undone.
#[derive(Default)]
pub struct Kept(BTreeMap<TypeId, Box<dyn Any>>);

impl Kept {
    pub fn put<T: Any>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Box::new(value));
    }

    /// The value of this type, which is not kept any longer unless it is put back.
    pub fn take<T: Any>(&mut self) -> Option<T> {
        self.0.remove(&TypeId::of::<T>())?.downcast().ok().map(|value| *value)
    }

    pub fn forget(&mut self) {
        self.0.clear();
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({})", self.0.len())
    }
}

/// Runs one job of a group commit so that its refusal undoes only its own statements.
///
/// The inner result is the job's own. The outer error means the engine has given up the whole transaction:
/// the caller must stop and return it, since no other job of the group can be kept either.
pub fn savepoint<T, E>(
    tx: &mut dyn Tx,
    job: impl FnOnce(&mut dyn Tx) -> Result<T, E>,
) -> Result<Result<T, E>, StoreError> {
    tx.execute("savepoint job", &[])?;
    let outcome = job(tx);
    if outcome.is_err() {
        tx.execute("rollback to savepoint job", &[])?;
    }
    tx.execute("release savepoint job", &[])?;
    Ok(outcome)
}

/// Whether, and when, the same work may be tried again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Again {
    /// The same transaction, from its start, after a short wait.
    Now,
    /// After a person or program has put something right: freed space, reopened the store, restored a copy.
    WhenFixed,
    /// The same work will fail the same way.
    Never,
}

/// Why the store did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full: free some space and try again ({0})")]
    Full(String),
    #[error("the store cannot be written: check the permissions of its folder ({0})")]
    ReadOnly(String),
    #[error("the store is damaged: keep the files and restore or salvage ({0})")]
    Corrupt(String),
    #[error("the store is in use: try again, or stop the other process ({0})")]
    Busy(String),
    #[error("the disk or the connection failed: nothing was kept, open the store again ({0})")]
    Io(String),
    #[error("a rule of the store was broken, nothing was kept ({0})")]
    Constraint(String),
    #[error("another transaction came first: run this one again ({0})")]
    Serialization(String),
    #[error("the store is closed: open it again ({0})")]
    Closed(String),
    #[error("the store was written by a newer version of this program: install that version ({0})")]
    Newer(String),
    #[error("the store refused ({0})")]
    Other(String),
}

impl StoreError {
    /// What an engine answers to [`Param::TooLarge`].
    pub fn too_large(number: u64) -> Self {
        Self::Constraint(format!("{number} is larger than the store can hold"))
    }

    pub fn again(&self) -> Again {
        match self {
            Self::Busy(_) | Self::Serialization(_) => Again::Now,
            Self::Full(_) | Self::ReadOnly(_) | Self::Io(_) | Self::Closed(_) => Again::WhenFixed,
            Self::Corrupt(_) | Self::Newer(_) => Again::WhenFixed,
            Self::Constraint(_) | Self::Other(_) => Again::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_another_type_is_damage() {
        let row = Row::new(vec![
            Value::Int(7),
            Value::Text("tea".into()),
            Value::Blob(vec![1; 16]),
            Value::Null,
            Value::Int(-1),
        ]);
        assert_eq!(row.int(0), Ok(7));
        assert_eq!(row.text(1), Ok("tea"));
        assert_eq!(row.id::<AuthorId>(2), Ok(AuthorId([1; 16])));
        assert_eq!(row.int_opt(3), Ok(None));
        assert_eq!(row.id_opt::<Hash>(3), Ok(None));
        let wrong = [
            row.int(1).err(),
            row.int(3).err(),
            row.text(0).err(),
            row.blob(1).err(),
            row.bool(0).err(),
            row.number::<u64>(4).err(),
            row.id::<Hash>(2).err(),
        ];
        for error in wrong {
            assert!(matches!(error, Some(StoreError::Corrupt(_))), "{error:?}");
        }
        assert!(matches!(row.int(9), Err(StoreError::Other(_))));
    }

    #[test]
    fn values_become_parameters() {
        let (id, name) = (ThingId([3; 16]), String::from("kiosk"));
        assert_eq!(
            params![id, &id, name, "x", 5u64, u64::MAX, true, None::<i64>, Some(&name), [1u8, 2], vec![9u8]],
            &[
                Param::Blob(&[3; 16]),
                Param::Blob(&[3; 16]),
                Param::Text("kiosk"),
                Param::Text("x"),
                Param::Int(5),
                Param::TooLarge(u64::MAX),
                Param::Int(1),
                Param::Null,
                Param::Text("kiosk"),
                Param::Blob(&[1, 2]),
                Param::Blob(&[9]),
            ]
        );
    }

    #[test]
    fn table_definitions_fill_in_both_dialects() {
        let sql = "create table t (n {int} primary key, b {blob}) {keyed}";
        assert_eq!(
            Dialect::Sqlite.ddl(sql),
            "create table t (n integer primary key, b blob) strict, without rowid"
        );
        assert_eq!(Dialect::Postgres.ddl(sql), "create table t (n bigint primary key, b bytea) ");
    }
}
