//! Statements on SQLite: parameters by name, rows by value, errors by kind.

use rusqlite::ffi::{self, ErrorCode};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};

use crate::tx::{Dialect, Kept, Param, Row, StoreError, Tx, Value};

/// An open transaction. As on PostgreSQL, a failed statement spoils it until a savepoint is rolled back to, so
/// that no statement's failure can be overlooked and both engines behave alike.
pub(super) struct SqliteTx<'c> {
    connection: &'c Connection,
    may_write: bool,
    failed: Option<StoreError>,
    kept: Kept,
}

impl<'c> SqliteTx<'c> {
    pub(super) fn writing(connection: &'c Connection) -> Self {
        Self { connection, may_write: true, failed: None, kept: Kept::default() }
    }

    pub(super) fn reading(connection: &'c Connection) -> Self {
        Self { connection, may_write: false, failed: None, kept: Kept::default() }
    }

    /// The failure that spoiled the transaction.
    pub(super) fn failed(&self) -> Option<StoreError> {
        self.failed.clone()
    }

    fn run<T>(
        &mut self,
        sql: &str,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let rolls_back = sql.starts_with("rollback to");
        if let Some(error) = &self.failed
            && (!rolls_back || self.is_gone())
        {
            return Err(StoreError::Closed(format!("the transaction failed before: {error}")));
        }
        let outcome = work(self);
        match &outcome {
            Err(error) if self.failed.is_none() => self.failed = Some(error.clone()),
            Ok(_) if rolls_back => {
                self.failed = None;
                self.kept.forget();
            }
            Ok(_) | Err(_) => {}
        }
        outcome
    }

    /// After a full disk and the like SQLite has rolled back by itself: another statement would commit alone.
    fn is_gone(&self) -> bool {
        self.connection.is_autocommit()
    }

    fn prepare(&self, sql: &str, params: &[Param<'_>]) -> Result<CachedStatement<'c>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(store_error)?;
        if !self.may_write && !statement.readonly() {
            return Err(StoreError::ReadOnly(format!("inside a read: {sql}")));
        }
        let wanted = statement.parameter_count();
        if wanted != params.len() {
            let given = params.len();
            return Err(StoreError::Other(format!("{given} parameters for {wanted} places: {sql}")));
        }
        for place in 1..=wanted {
            // Placeholders are named by their number, and numbered by SQLite as they first appear.
            let number =
                statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse().ok());
            let param = number.and_then(|number: usize| params.get(number.checked_sub(1)?));
            let Some(param) = param else {
                return Err(StoreError::Other(format!("place {place} is none of $1 to ${wanted}: {sql}")));
            };
            let value = bound(*param)?;
            statement.raw_bind_parameter(place, value).map_err(store_error)?;
        }
        Ok(statement)
    }
}

impl Tx for SqliteTx<'_> {
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.run(sql, |tx| {
            let before = tx.connection.total_changes();
            let mut statement = tx.prepare(sql, params)?;
            let mut rows = statement.raw_query();
            while rows.next().map_err(store_error)?.is_some() {}
            // The count of a statement that changes nothing is left over from the one before it.
            let changed = tx.connection.total_changes() != before;
            Ok(if changed { tx.connection.changes() } else { 0 })
        })
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.run(sql, |tx| {
            let mut statement = tx.prepare(sql, params)?;
            let columns = statement.column_count();
            let mut rows = statement.raw_query();
            let mut answer = Vec::new();
            while let Some(row) = rows.next().map_err(store_error)? {
                let values: Result<Vec<_>, _> =
                    (0..columns).map(|column| owned(row.get_ref(column).map_err(store_error)?)).collect();
                answer.push(Row::new(values?));
            }
            Ok(answer)
        })
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn kept(&mut self) -> Option<&mut Kept> {
        self.may_write.then_some(&mut self.kept)
    }
}

struct Bound<'a>(ValueRef<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

fn bound(param: Param<'_>) -> Result<Bound<'_>, StoreError> {
    Ok(Bound(match param {
        Param::Null => ValueRef::Null,
        Param::Int(number) => ValueRef::Integer(number),
        Param::Text(text) => ValueRef::Text(text.as_bytes()),
        Param::Blob(bytes) => ValueRef::Blob(bytes),
        Param::TooLarge(number) => return Err(StoreError::too_large(number)),
    }))
}

fn owned(value: ValueRef<'_>) -> Result<Value, StoreError> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Blob(bytes) => Ok(Value::Blob(bytes.to_vec())),
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec())
            .map(Value::Text)
            .map_err(|_| StoreError::Corrupt("a text is not UTF-8".into())),
        ValueRef::Real(_) => {
            Err(StoreError::Other("the answer holds a fraction: store whole numbers".into()))
        }
    }
}

pub(super) fn store_error(error: rusqlite::Error) -> StoreError {
    let text = error.to_string();
    let Some(failure) = error.sqlite_error() else { return StoreError::Other(text) };
    by_code(*failure, text)
}

fn by_code(failure: ffi::Error, text: String) -> StoreError {
    match (failure.code, failure.extended_code) {
        // The shared memory file could not grow, which happens when the disk is full.
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full(text),
        (_, ffi::SQLITE_BUSY_SNAPSHOT) => StoreError::Serialization(text),
        (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => StoreError::ReadOnly(text),
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => StoreError::Corrupt(text),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => StoreError::Busy(text),
        (ErrorCode::SystemIoFailure | ErrorCode::CannotOpen, _) => StoreError::Io(text),
        (ErrorCode::ConstraintViolation | ErrorCode::TooBig, _) => StoreError::Constraint(text),
        _ => StoreError::Other(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_kinds() {
        type Kind = fn(String) -> StoreError;
        let kinds: [(i32, Kind); 14] = [
            (ffi::SQLITE_FULL, StoreError::Full),
            (ffi::SQLITE_IOERR_SHMSIZE, StoreError::Full),
            (ffi::SQLITE_IOERR_FSYNC, StoreError::Io),
            (ffi::SQLITE_IOERR, StoreError::Io),
            (ffi::SQLITE_CANTOPEN, StoreError::Io),
            (ffi::SQLITE_READONLY, StoreError::ReadOnly),
            (ffi::SQLITE_CORRUPT, StoreError::Corrupt),
            (ffi::SQLITE_NOTADB, StoreError::Corrupt),
            (ffi::SQLITE_BUSY, StoreError::Busy),
            (ffi::SQLITE_LOCKED, StoreError::Busy),
            (ffi::SQLITE_BUSY_SNAPSHOT, StoreError::Serialization),
            (ffi::SQLITE_CONSTRAINT, StoreError::Constraint),
            (ffi::SQLITE_TOOBIG, StoreError::Constraint),
            (ffi::SQLITE_ERROR, StoreError::Other),
        ];
        for (code, kind) in kinds {
            assert_eq!(by_code(ffi::Error::new(code), "x".into()), kind("x".into()), "{code}");
        }
    }
}
