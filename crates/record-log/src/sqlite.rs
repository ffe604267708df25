//! One SQLite connection, native or in a browser worker, set up so that an acknowledged commit is durable.
//!
//! No schema, no retry, no thread. Files beside the database (lock, reserve, set-aside copies) are in
//! `directory`.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::migrate::{self, Migration};
use crate::tx::{Again, StoreError, Tx};
use statement::{SqliteTx, store_error};

#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod copies;
#[cfg(all(feature = "faults", feature = "native", not(target_family = "wasm")))]
mod failing;
mod statement;

#[cfg(all(feature = "faults", feature = "native", not(target_family = "wasm")))]
pub use failing::CommitFails;

/// Older versions can corrupt a database with two connections in write-ahead mode.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Negative means KiB.
const CACHE_SIZE: i64 = -8 * 1024;
const STATEMENTS_CACHED_MAX: usize = 256;
/// The write-ahead log is cut back to this after a checkpoint.
const JOURNAL_BYTES_MAX: i64 = 8 * 1024 * 1024;
/// Pages of the write-ahead log that are worth a rest. Fewer are read back in no time after a crash.
const REST_PAGES_MIN: i64 = 500;
/// Whoever never rests has them moved inside of a commit that then waits for it: the worst of one in many.
const REST_PAGES_MAX: i64 = 2_000;
/// No value and no row may be longer: a page of records stays far below.
const VALUE_BYTES_MAX: i32 = 64 * 1024 * 1024;
/// A check stops after this many problems: one is enough to set the file aside.
const PROBLEMS_MAX: u32 = 100;

/// How to open a database file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenMode {
    /// Create it if it is missing.
    Create,
    /// It must be there.
    Existing,
    /// It must be there, and nothing in it may change.
    ReadOnly,
}

/// One connection. After a failed commit it is closed: the outcome of that commit is unknown to the disk, so
/// it must be opened again and its last records compared with what was acknowledged.
#[derive(Debug)]
pub struct Sqlite {
    connection: Result<Connection, StoreError>,
    #[cfg(all(feature = "faults", feature = "native", not(target_family = "wasm")))]
    failing: failing::Failing,
}

impl Sqlite {
    pub fn open(path: &Path, mode: OpenMode) -> Result<Self, StoreError> {
        if !cfg!(target_family = "wasm") {
            check_files(path, mode)?;
        }
        let access = match mode {
            OpenMode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            OpenMode::Existing => OpenFlags::SQLITE_OPEN_READ_WRITE,
            OpenMode::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
        if cfg!(target_family = "wasm") {
            // Shared memory does not exist there. It is not needed if this comes before anything that reads.
            demand(&connection, "locking_mode", "exclusive", "exclusive")?;
        }
        prepare(&connection)?;
        if mode != OpenMode::ReadOnly {
            make_durable(&connection)?;
        }
        Ok(Self::on(connection))
    }

    pub fn open_in_memory() -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory().map_err(store_error)?;
        prepare(&connection)?;
        Ok(Self::on(connection))
    }

    fn on(connection: Connection) -> Self {
        Self {
            connection: Ok(connection),
            #[cfg(all(feature = "faults", feature = "native", not(target_family = "wasm")))]
            failing: failing::Failing::default(),
        }
    }

    pub fn is_open(&self) -> bool {
        self.connection.is_ok()
    }

    /// The connection itself, for what SQL alone cannot do, such as registering functions. Statements go
    /// through a transaction.
    pub fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().map_err(Clone::clone)
    }

    /// Runs `work` in one write transaction. It is kept, durably, if and only if this answers `Ok`; an error
    /// of `work` or of any of its statements keeps nothing. A panic keeps nothing either.
    pub fn transaction<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        #[cfg(all(feature = "faults", feature = "native", not(target_family = "wasm")))]
        if self.fails_next() {
            return self.run_failing(work);
        }
        run(self.connection()?, work).map_err(|(answer, failure)| {
            if let Some(failure) = failure {
                self.close_if_unsure(&failure);
            }
            answer
        })
    }

    /// Runs `work` on one unchanging view of the database. Statements that would write are refused.
    pub fn read<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.connection()?;
        let transaction =
            Transaction::new_unchecked(connection, TransactionBehavior::Deferred).map_err(store_error)?;
        let outcome = work(&mut SqliteTx::reading(&transaction));
        transaction.rollback().map_err(store_error)?;
        outcome
    }

    /// Brings the schema up to date, one transaction for each step, and tells SQLite what its tables are like. A disk that is full
    /// waits with the second: plans are worse, and nothing else is.
    pub fn migrate(&mut self, migrations: &[Migration]) -> Result<(), StoreError> {
        while self.transaction(|tx| migrate::step(tx, migrations))?.is_some() {}
        match self.transaction(migrate::tell_planner) {
            Ok(()) | Err(StoreError::Full(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads every page and looks for damage. Empty means none.
    pub fn quick_check(&mut self) -> Result<Vec<String>, StoreError> {
        self.check("quick_check")
    }

    /// As [`Self::quick_check`], and compares every index with its table: minutes on a large database.
    pub fn integrity_check(&mut self) -> Result<Vec<String>, StoreError> {
        self.check("integrity_check")
    }

    fn check(&mut self, pragma: &str) -> Result<Vec<String>, StoreError> {
        let sql = format!("pragma {pragma}({PROBLEMS_MAX})");
        match self.read(|tx| tx.query(&sql, &[])) {
            Ok(rows) => {
                let lines: Result<Vec<_>, _> = rows.iter().map(|row| row.text(0).map(String::from)).collect();
                lines.map(|lines| lines.into_iter().filter(|line| line != "ok").collect())
            }
            Err(StoreError::Corrupt(problem)) => Ok(vec![problem]),
            Err(error) => Err(error),
        }
    }

    /// Moves what the write-ahead log holds into the database file, as before a file is copied or handed over.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.connection()?
            .query_row("pragma wal_checkpoint(truncate)", [], |row| row.get::<_, i64>(0))
            .map_err(store_error)
            .and_then(|busy| {
                if busy == 0 { Ok(()) } else { Err(StoreError::Busy("another reader is at work".into())) }
            })
    }

    /// Moves what waits in the write-ahead log, while nobody waits for an answer: a commit that does it on its way takes some times
    /// as long. Readers go on beside it. Says whether there was enough to do.
    pub fn rest(&mut self) -> Result<bool, StoreError> {
        if self.pages_waiting()? < REST_PAGES_MIN {
            return Ok(false);
        }
        let rested = self
            .connection()?
            .query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()))
            .map_err(store_error);
        if let Err(failure) = &rested {
            self.close_if_unsure(failure);
        }
        rested.map(|()| true)
    }

    /// Pages of the write-ahead log that are not in the database's file yet.
    pub fn pages_waiting(&self) -> Result<i64, StoreError> {
        self.connection()?
            .query_row("pragma wal_checkpoint(noop)", [], |row| {
                Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
            })
            .map_err(store_error)
    }

    /// A disk that failed once may claim success the next time without having written anything.
    fn close_if_unsure(&mut self, error: &StoreError) {
        if !matches!(error, StoreError::Io(_)) {
            return;
        }
        let reason = StoreError::Closed(format!("after: {error}"));
        if let Ok(connection) = std::mem::replace(&mut self.connection, Err(reason)) {
            // Nothing may be copied from the log into the file on the way out. Closing goes on if this fails.
            let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }
}

/// What the work made, or what to answer and how the store failed, if that was why.
fn run<T, E: From<StoreError>>(
    connection: &Connection,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, E>,
) -> Result<T, (E, Option<StoreError>)> {
    let store_failed = |error: StoreError| (E::from(error.clone()), Some(error));
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        .map_err(|error| store_failed(store_error(error)))?;
    let mut tx = SqliteTx::writing(&transaction);
    let outcome = work(&mut tx);
    let failure = tx.failed();
    // The work's own refusal says more than the statement that failed on its behalf.
    let spoiled = match (outcome, failure) {
        (Ok(made), None) => {
            transaction.commit().map_err(|error| store_failed(store_error(error)))?;
            return Ok(made);
        }
        (Ok(_), Some(failure)) => store_failed(failure),
        (Err(refusal), failure) => (refusal, failure),
    };
    // What rolling back leaves undone, recovery drops: nothing can be kept by its failure.
    let rolled_back = transaction.rollback().err().map(store_error);
    Err((spoiled.0, spoiled.1.or(rolled_back)))
}

/// Settings that do not touch the file.
fn prepare(connection: &Connection) -> Result<(), StoreError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        let version = rusqlite::version();
        return Err(StoreError::Other(format!("SQLite {version} is too old: 3.51.3 is needed")));
    }
    let set_up = || {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // Otherwise nearly every statement that has been kept is planned anew each time it is used again, to see whether a value
        // would be better served by another plan: half the time of a short read. Partial indexes take what stands in the words.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.pragma_update(None, "cache_size", CACHE_SIZE)
    };
    set_up().map_err(store_error)
}

/// Settings of a file that is written. Each is read back, since SQLite ignores what it cannot do.
fn make_durable(connection: &Connection) -> Result<(), StoreError> {
    demand(connection, "journal_mode", "wal", "wal")?;
    let set_up = || {
        connection.pragma_update(None, "synchronous", "full")?;
        // What is deleted is gone from the file, too, as whoever erases an account is told.
        connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "journal_size_limit", JOURNAL_BYTES_MAX, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", REST_PAGES_MAX, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(())).or_else(ignore_missing_row)?;
        if cfg!(target_vendor = "apple") {
            // Only this reaches the platter there.
            connection.pragma_update(None, "fullfsync", true)?;
            connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        }
        connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
    };
    match set_up().map_err(store_error)? {
        2 => Ok(()),
        other => Err(StoreError::Other(format!("synchronous is {other}, not full"))),
    }
}

fn demand(connection: &Connection, pragma: &str, value: &str, wanted: &str) -> Result<(), StoreError> {
    let answer: String =
        connection.pragma_update_and_check(None, pragma, value, |row| row.get(0)).map_err(store_error)?;
    if answer.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(StoreError::Other(format!("{pragma} is {answer}, not {wanted}: use a local disk")))
}

/// Builds without memory mapping answer nothing at all, which is as good as zero.
fn ignore_missing_row(error: rusqlite::Error) -> rusqlite::Result<()> {
    if error == rusqlite::Error::QueryReturnedNoRows { Ok(()) } else { Err(error) }
}

/// What SQLite would answer with less than the truth, or by deleting something.
fn check_files(path: &Path, mode: OpenMode) -> Result<(), StoreError> {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    // A write-ahead log whose database has gone holds acknowledged commits; SQLite would delete it.
    if size(path) == 0 && size(Path::new(&journal)) > 0 {
        return Err(StoreError::Corrupt(format!("{} is missing beside its -wal file", path.display())));
    }
    if mode != OpenMode::Create && !path.exists() {
        return Err(StoreError::Other(format!("there is no database {}: check the path", path.display())));
    }
    Ok(())
}

impl StoreError {
    /// Whether the store that answered this must be opened again before anything else.
    pub fn needs_reopening(&self) -> bool {
        matches!(self, Self::Closed(_) | Self::Io(_)) && self.again() == Again::WhenFixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_is_used_again_is_not_planned_again() {
        // Neither what an index does not hold, nor how many rows are wanted, nor a part of the rows that has an index.
        let sql = "select c from t where a = $1 and b = $2 and c > $3 order by c limit $4";
        let mut db = Sqlite::open_in_memory().unwrap();
        db.transaction(|tx| {
            tx.execute("create table t (a integer primary key, b integer, c integer)", &[])?;
            tx.execute("create index part on t (c) where b = 1", &[])
        })
        .unwrap();
        for at in 0_i64..9 {
            db.read(|tx| tx.query(sql, crate::params![at, at % 3, at % 2, at % 4])).unwrap();
        }
        let statement = db.connection().unwrap().prepare_cached(sql).unwrap();
        assert_eq!(statement.get_status(rusqlite::StatementStatus::Run), 9);
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }

    #[test]
    fn a_disk_that_failed_is_not_asked_again() {
        let mut db = Sqlite::open_in_memory().unwrap();
        for harmless in [StoreError::Full("x".into()), StoreError::Constraint("x".into())] {
            db.close_if_unsure(&harmless);
            assert!(db.is_open());
        }
        db.close_if_unsure(&StoreError::Io("fsync failed".into()));
        let mut ran = false;
        let outcome = db.transaction(|_| -> Result<(), StoreError> {
            ran = true;
            Ok(())
        });
        assert!(
            matches!(&outcome, Err(error @ StoreError::Closed(_)) if error.needs_reopening()),
            "{outcome:?}"
        );
        assert!(!ran && !db.is_open());
    }
}
