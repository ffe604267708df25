//! PostgreSQL behind the same interface as SQLite: parameters and answers by their types, errors by their
//! SQLSTATE. Synchronous: connections live on threads of their own, never inside the async runtime.
//!
//! Writers run at `read committed` and hold one advisory lock per shard, taken before the first statement in
//! sorted order: requests of one stall follow each other as they do on SQLite, among any number of processes,
//! and locks cannot wait for each other in a circle.
//!
//! A statement whose count nobody asks for is sent and not waited for; the server runs them in the order in
//! which they came. A round trip is then paid for what is read, not for what is written.

use std::collections::HashMap;
use std::error::Error as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use soko_record_log::{Dialect, Kept, Param, Row, StoreError, Tx, Value};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error, Statement};

use crate::store::address::Address;
use crate::store::conn::{Conn, Opener, Shard, Undone, Work};

/// Statement texts kept prepared per connection. The program has fewer; the limit is for safety.
const STATEMENTS_MAX: usize = 500;
/// PostgreSQL plans a statement for the tables as they are when it is prepared, and keeps the plan: one made for
/// empty tables reads whole tables later. After so many uses of a statement it is prepared anew, then after as
/// many times as many.
const PLANNED_ANEW: u32 = 8;
/// Statements that may be under way without their answers.
const SENT_MAX: usize = 256;
/// No statement of ours takes this long unless something is wrong.
const STATEMENT_TIMEOUT_MS: u32 = 20_000;
/// The table that says that a database is being filled from a backup.
const UNFINISHED: &str = "restore_unfinished";
/// Distinguishes shard locks from the migration lock.
const SHARD_LOCK: &str = "select pg_advisory_xact_lock($1)";

/// Opens connections to one database.
#[derive(Clone)]
pub(crate) struct Postgres {
    address: Address,
}

impl Postgres {
    pub(crate) fn new(url: &str) -> Result<Self, StoreError> {
        Address::read(url).map(|address| Self { address })
    }

    pub(crate) fn connect(&self) -> Result<PgConn, StoreError> {
        let no_runtime = |error| StoreError::Other(format!("no runtime for a connection: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
        // The connection moves whenever this thread waits for an answer.
        let client = runtime.block_on(self.address.connect()).map_err(|error| store_error(&error))?;
        let mut connected = PgConn {
            client: Arc::new(client),
            runtime,
            sent: Vec::new(),
            statements: HashMap::new(),
            kept: Kept::default(),
            is_lost: false,
            is_aborted: false,
        };
        connected.batch(&format!(
            "set statement_timeout = {STATEMENT_TIMEOUT_MS}; set client_min_messages = warning"
        ))?;
        Ok(connected)
    }
}

impl Opener for Postgres {
    fn open(&self) -> Result<Box<dyn Conn>, StoreError> {
        self.connect().map(|conn| Box::new(conn) as Box<dyn Conn>)
    }
}

/// A statement on its way.
type Sent = Pin<Box<dyn Future<Output = Result<u64, Error>>>>;

/// A statement that the server has planned.
struct Prepared {
    statement: Statement,
    /// Uses until it is planned anew.
    left: u32,
    /// What `left` began with.
    after: u32,
}

/// One connection, with a runtime of its own that runs while this thread waits.
pub(crate) struct PgConn {
    client: Arc<Client>,
    runtime: Runtime,
    /// Not waited for yet, the oldest first.
    sent: Vec<Sent>,
    statements: HashMap<String, Prepared>,
    kept: Kept,
    /// The connection broke: whatever was under way is unknown to us and undone by the server.
    is_lost: bool,
    /// A statement failed and no savepoint was gone back to: COMMIT would answer with a silent rollback.
    is_aborted: bool,
}

impl PgConn {
    /// Several statements, or one that cannot be prepared.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        self.answered(done)
    }

    pub(crate) fn refuse_unfinished_restore(&mut self) -> Result<(), StoreError> {
        let row = self.query_one("select to_regclass($1) is null", &[Param::Text(UNFINISHED)])?;
        if row.bool(0)? {
            return Ok(());
        }
        let what = "a restore into this database did not finish: empty it and restore again";
        Err(StoreError::Corrupt(what.to_owned()))
    }

    pub(crate) fn begin_restore(&mut self) -> Result<(), StoreError> {
        let sql = "select count(*) from pg_catalog.pg_tables where schemaname = 'public'";
        if self.query_one(sql, &[])?.int(0)? > 0 {
            return Err(StoreError::Other("the database holds tables: restore into an empty one".to_owned()));
        }
        self.batch(&format!("create table {UNFINISHED} (n bigint)"))
    }

    pub(crate) fn give_up_restore(&mut self) -> Result<(), StoreError> {
        self.batch(&format!("drop table {UNFINISHED}"))
    }

    pub(crate) fn finish_restore(
        &mut self,
        mut after: impl FnMut(&mut dyn Tx) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let done = self.write(&[], &mut |tx| {
            after(tx)?;
            tx.execute(&format!("drop table {UNFINISHED}"), &[])?;
            Ok(())
        });
        done.map_err(|undone| match undone {
            Undone::Store(error) => error,
            Undone::Wanted => StoreError::Other("the restore was given up".to_owned()),
        })
    }

    fn lock(&mut self, shards: &[Shard]) -> Result<(), StoreError> {
        for shard in shards {
            self.query(SHARD_LOCK, &[Param::Int(shard.key())])?;
        }
        Ok(())
    }

    /// Whatever failed before is undone with it.
    fn rollback(&mut self) -> Result<(), StoreError> {
        let done = self.runtime.block_on(self.client.batch_execute("rollback"));
        self.first_failure();
        self.kept.forget();
        done.map_err(|error| self.note(&error))
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, StoreError> {
        let after = match self.statements.get_mut(sql) {
            Some(prepared) if prepared.left > 0 => {
                prepared.left -= 1;
                return Ok(prepared.statement.clone());
            }
            Some(prepared) => prepared.after.saturating_mul(PLANNED_ANEW),
            None => PLANNED_ANEW,
        };
        let prepared = self.runtime.block_on(self.client.prepare(sql));
        let statement = self.answered(prepared)?;
        if self.statements.len() >= STATEMENTS_MAX {
            self.statements.clear();
        }
        let prepared = Prepared { statement: statement.clone(), left: after, after };
        self.statements.insert(sql.to_owned(), prepared);
        Ok(statement)
    }

    /// Hands a statement to the connection, in order with all others, and does not wait.
    fn send(&mut self, mut statement: Sent) -> Result<(), StoreError> {
        // The first poll puts it into the connection's queue; nobody is woken, since nobody waits.
        match statement.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done.map(drop).map_err(|error| self.note(&error))?,
            Poll::Pending => self.sent.push(statement),
        }
        if self.sent.len() < SENT_MAX { Ok(()) } else { self.answered(Ok(())) }
    }

    /// An answer, or the failure of the oldest statement that failed before it: that is the cause.
    fn answered<T>(&mut self, answer: Result<T, Error>) -> Result<T, StoreError> {
        match (self.first_failure(), answer) {
            (Some(error), _) | (None, Err(error)) => Err(self.note(&error)),
            (None, Ok(answer)) => Ok(answer),
        }
    }

    /// Waits for all that was sent, which is there already if anything later was answered.
    fn first_failure(&mut self) -> Option<Error> {
        if self.sent.is_empty() {
            return None;
        }
        let sent = std::mem::take(&mut self.sent);
        self.runtime.block_on(async {
            let mut first = None;
            for statement in sent {
                first = first.or(statement.await.err());
            }
            first
        })
    }

    /// Back to a savepoint: what failed since is undone. If it failed before, so does this.
    fn go_back(&mut self, sql: &str) -> Result<u64, StoreError> {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        let earlier = self.first_failure();
        match done {
            Ok(()) => {
                self.is_aborted = false;
                self.kept.forget();
                Ok(0)
            }
            Err(error) => Err(self.note(&earlier.unwrap_or(error))),
        }
    }

    /// What cannot even be sent spoils the transaction like any failed statement.
    fn checked<'a>(&mut self, params: &[Param<'a>]) -> Result<Vec<PgParam<'a>>, StoreError> {
        let too_large = params.iter().find_map(|param| match param {
            Param::TooLarge(number) => Some(*number),
            Param::Null | Param::Int(_) | Param::Text(_) | Param::Blob(_) => None,
        });
        if let Some(number) = too_large {
            self.is_aborted = true;
            return Err(StoreError::too_large(number));
        }
        Ok(params.iter().map(|param| PgParam(*param)).collect())
    }

    fn note(&mut self, error: &Error) -> StoreError {
        let error = store_error(error);
        self.is_lost |= matches!(error, StoreError::Io(_) | StoreError::Closed(_));
        self.is_aborted = true;
        error
    }
}

impl Conn for PgConn {
    fn write(&mut self, shards: &[Shard], work: Work<'_>) -> Result<(), Undone> {
        self.is_aborted = false;
        self.kept.forget();
        let client = Arc::clone(&self.client);
        let begin = "begin isolation level read committed, read write";
        self.send(Box::pin(async move { client.batch_execute(begin).await.map(|()| 0) }))?;
        let done = self.lock(shards).map_err(Undone::Store).and_then(|()| work(self));
        self.kept.forget();
        // COMMIT of a transaction that the server gave up answers with a rollback and no error.
        let is_silent = done.is_ok() && self.is_aborted;
        if done.is_err() || is_silent {
            self.rollback()?;
            done?;
            return Err(Undone::Store(StoreError::Other("a statement failed: nothing was kept".into())));
        }
        // The same if one that was not waited for failed: its failure is the answer then.
        Ok(self.batch("commit")?)
    }

    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Tx)) -> Result<(), StoreError> {
        self.is_aborted = false;
        let client = Arc::clone(&self.client);
        let begin = "begin isolation level repeatable read, read only";
        self.send(Box::pin(async move { client.batch_execute(begin).await.map(|()| 0) }))?;
        work(self);
        self.rollback()
    }

    fn is_usable(&self) -> bool {
        !self.is_lost && !self.client.is_closed()
    }
}

impl Tx for PgConn {
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        if sql.starts_with("rollback to") {
            // In a transaction that failed nothing can be prepared, so it is sent as it is.
            return self.go_back(sql);
        }
        let params = self.checked(params)?;
        let statement = self.prepared(sql)?;
        let done = self.runtime.block_on(self.client.execute(&statement, &references(&params)));
        self.answered(done)
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        let params = self.checked(params)?;
        let statement = self.prepared(sql)?;
        let answer = self.runtime.block_on(self.client.query(&statement, &references(&params)));
        self.answered(answer)?.iter().map(row).collect()
    }

    fn run(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), StoreError> {
        self.checked(params)?;
        let statement = self.prepared(sql)?;
        let params: Vec<OwnParam> = params.iter().map(OwnParam::from).collect();
        let client = Arc::clone(&self.client);
        self.send(Box::pin(async move { client.execute_raw(&statement, params).await }))
    }

    fn kept(&mut self) -> Option<&mut Kept> {
        Some(&mut self.kept)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

/// A parameter of a statement that is not waited for.
#[derive(Debug)]
struct OwnParam(Value);

impl From<&Param<'_>> for OwnParam {
    fn from(param: &Param<'_>) -> Self {
        Self(match param {
            // One that is too large was refused before.
            Param::Null | Param::TooLarge(_) => Value::Null,
            Param::Int(number) => Value::Int(*number),
            Param::Text(text) => Value::Text((*text).to_owned()),
            Param::Blob(bytes) => Value::Blob(bytes.to_vec()),
        })
    }
}

impl ToSql for OwnParam {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let param = match &self.0 {
            Value::Null => Param::Null,
            Value::Int(number) => Param::Int(*number),
            Value::Text(text) => Param::Text(text),
            Value::Blob(bytes) => Param::Blob(bytes),
        };
        PgParam(param).to_sql(ty, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[derive(Debug)]
struct PgParam<'a>(Param<'a>);

fn references<'a>(params: &'a [PgParam<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}

impl ToSql for PgParam<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (&self.0, ty) {
            (Param::Null, _) => Ok(IsNull::Yes),
            (Param::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Param::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(ty, out),
            (Param::Int(number), &Type::INT2) => i16::try_from(*number)?.to_sql(ty, out),
            (Param::Int(number), &Type::BOOL) => (*number != 0).to_sql(ty, out),
            // This engine's texts hold no NUL, and a record must not fail for a letter in somebody's remark: the
            // record itself keeps every byte.
            (Param::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) if text.contains('\0') => {
                text.replace('\0', "\u{fffd}").to_sql(ty, out)
            }
            (Param::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => text.to_sql(ty, out),
            (Param::Blob(bytes), &Type::BYTEA) => bytes.to_sql(ty, out),
            (param, ty) => Err(format!("a parameter of type {ty} cannot be {}", name_of(param)).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The type and never the content: error texts end up in logs.
fn name_of(param: &Param<'_>) -> &'static str {
    match param {
        Param::Null => "null",
        Param::Int(_) | Param::TooLarge(_) => "a number",
        Param::Text(_) => "a text",
        Param::Blob(_) => "bytes",
    }
}

fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    (0..row.len()).map(|column| value(row, column)).collect::<Result<Vec<_>, _>>().map(Row::new)
}

fn value(row: &tokio_postgres::Row, column: usize) -> Result<Value, StoreError> {
    let ty = row.columns()[column].type_();
    let value = match *ty {
        Type::INT8 => row.try_get::<_, Option<i64>>(column).map(|found| found.map(Value::Int)),
        Type::INT4 => {
            row.try_get::<_, Option<i32>>(column).map(|found| found.map(|n| Value::Int(i64::from(n))))
        }
        Type::INT2 => {
            row.try_get::<_, Option<i16>>(column).map(|found| found.map(|n| Value::Int(i64::from(n))))
        }
        Type::BOOL => {
            row.try_get::<_, Option<bool>>(column).map(|found| found.map(|b| Value::Int(i64::from(b))))
        }
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR => {
            row.try_get::<_, Option<String>>(column).map(|found| found.map(Value::Text))
        }
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column).map(|found| found.map(Value::Blob)),
        Type::VOID => Ok(None),
        _ => return Err(StoreError::Other(format!("an answer of type {ty}: cast it in the statement"))),
    };
    value.map(|found| found.unwrap_or(Value::Null)).map_err(|error| store_error(&error))
}

fn store_error(error: &Error) -> StoreError {
    let Some(answer) = error.as_db_error() else {
        let cause = error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        let is_ours = cause.contains("a parameter of type") || cause.contains("serializing parameter");
        return match (error.is_closed(), is_ours) {
            (true, _) => StoreError::Closed(cause),
            (false, true) => StoreError::Constraint(cause),
            (false, false) => StoreError::Io(cause),
        };
    };
    // The message and never the detail: the detail repeats what was stored.
    let text = format!("{}: {}", answer.code().code(), answer.message());
    by_state(answer.code(), text)
}

fn by_state(state: &SqlState, text: String) -> StoreError {
    match *state {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
            StoreError::Serialization(text)
        }
        SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED | SqlState::TOO_MANY_CONNECTIONS => {
            StoreError::Busy(text)
        }
        SqlState::DISK_FULL | SqlState::OUT_OF_MEMORY | SqlState::INSUFFICIENT_RESOURCES => {
            StoreError::Full(text)
        }
        SqlState::READ_ONLY_SQL_TRANSACTION | SqlState::INSUFFICIENT_PRIVILEGE => StoreError::ReadOnly(text),
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => StoreError::Corrupt(text),
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
            StoreError::Closed(text)
        }
        _ => match state.code().get(..2) {
            Some("23" | "22") => StoreError::Constraint(text),
            Some("08" | "58") => StoreError::Io(text),
            Some("28" | "3D") => StoreError::ReadOnly(text),
            _ => StoreError::Other(text),
        },
    }
}
