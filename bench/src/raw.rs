//! What the disk and SQLite give for the statements of an order when nobody asks, decides or signs: the server's
//! own code places orders on a copy of its database while every statement is written down; then the same
//! statements, reads and writes with the same values, run again on another copy, in commits as large as the
//! server's. HTTP, JSON, signatures, decisions, queues and savepoints are left out.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::future::try_join_all;
use soko_domain::ids::{LogId, OrderId, ProductId};
use soko_domain::verbs::place_order::AskedLine;
use soko_projection::LocalApplier;
use soko_record_log::{Dialect, Kept, OpenMode, Param, Row, Sqlite, StoreError, Tx, Value};
use soko_register::home::random_id;
use soko_sync_server::core::Now;
use soko_sync_server::outside::{Clock as _, OsEntropy, SystemClock, random};
use soko_sync_server::platform::{Action, Object, Principal, Refusal, authorise, server_secret};
use soko_sync_server::sealed::{SEAL_KEY_FILE, SealKey};
use soko_sync_server::stall::{Core, PlaceOrder, Placed};
use soko_sync_server::store::{DATABASE_FILE, Failed, GROUP_MAX, Place, Shard, Store};

use crate::figure::{Fault, Measured, Milli, complain};

/// Orders that are written down and replayed.
const ORDERS: usize = 64 * 60;
/// Every order finds the same prepared statements: the first ones prepare them.
const UNMEASURED: usize = 64;

/// Orders a second.
pub(crate) fn group_commit(folder: &Path, stall: LogId, product: ProductId) -> Measured<Milli> {
    let written = write_down(folder, stall, product)?;
    let statements: usize = written.iter().map(Vec::len).sum();
    complain(&format!("an order is {} statements on average", statements / written.len().max(1)));
    let raw = folder.join("raw.sqlite");
    fs::copy(folder.join("copy.sqlite"), &raw)?;
    let mut db = Sqlite::open(&raw, OpenMode::Existing)?;
    let (first, measured) = written.split_at(UNMEASURED);
    replay(&mut db, first)?;
    let started = Instant::now();
    replay(&mut db, measured)?;
    Ok(Milli::per_second(u64::try_from(measured.len())?, started.elapsed()))
}

fn replay(db: &mut Sqlite, orders: &[Vec<Statement>]) -> Measured {
    for group in orders.chunks(GROUP_MAX) {
        db.transaction::<_, StoreError>(|tx| {
            group.iter().flatten().try_for_each(|statement| statement.run(tx))
        })?;
    }
    Ok(())
}

/// The statements of each order, in the order of their commits.
fn write_down(folder: &Path, stall: LogId, product: ProductId) -> Measured<Vec<Vec<Statement>>> {
    let directory = folder.join("recorded");
    fs::create_dir_all(&directory)?;
    let copy = folder.join("copy.sqlite");
    Sqlite::open(&folder.join("server").join(DATABASE_FILE), OpenMode::Existing)?.backup_to(&copy)?;
    fs::copy(&copy, directory.join(DATABASE_FILE))?;
    let store = Store::open(&Place::Directory(directory), Arc::new(|_| {}))?;
    let key = SealKey::from_hex(&fs::read_to_string(folder.join("server").join(SEAL_KEY_FILE))?);
    let kept =
        store.write_blocking(Shard::stall(stall), move |tx| server_secret::ensure(tx, key.as_ref(), [0; 32]));
    let secret = kept.map_err(|_| Fault("the server's secret cannot be read".into()))?;
    let core = Arc::new(Core::new(secret.stall_key(), Box::new(|| Box::new(LocalApplier))));
    let written = Arc::new(Mutex::new(Vec::new()));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for _ in 0..ORDERS / GROUP_MAX {
        let orders: Result<Vec<_>, Fault> = (0..GROUP_MAX)
            .map(|_| {
                let order = order(product);
                let (core, written) = (Arc::clone(&core), Arc::clone(&written));
                let now = Now { now_ms: SystemClock.now_ms(), seed: random(&OsEntropy)? };
                Ok(store.write(Shard::stall(stall), move |tx| {
                    let mut pen = WritingDown { tx, statements: Vec::new() };
                    let who = Principal::Guest(order.buyer);
                    authorise(&mut pen, who, Object::Stall(stall), Action::PlaceOrder)?;
                    let (placed, _) = core.place_order(&mut pen, stall, &order, now)?;
                    let mut all = written.lock().unwrap_or_else(PoisonError::into_inner);
                    all.push(pen.statements);
                    Ok::<_, Refusal>(placed)
                }))
            })
            .collect();
        let placed = runtime.block_on(try_join_all(orders?)).map_err(said)?;
        if placed.iter().any(|placed| !matches!(placed, Placed::Held(_))) {
            return Err(Fault("an order to write down was declined".into()));
        }
    }
    store.close();
    let written = std::mem::take(&mut *written.lock().unwrap_or_else(PoisonError::into_inner));
    if written.len() == ORDERS { Ok(written) } else { Err(Fault("orders were placed more than once".into())) }
}

fn order(product: ProductId) -> PlaceOrder {
    let (buyer, order) = (random_id(), OrderId(random_id().0));
    let lines = vec![AskedLine { product, quantity: 1, seen_price_minor: None }];
    PlaceOrder::fetched(buyer, order, lines)
}

fn said(failed: Failed<Refusal>) -> Fault {
    match failed {
        Failed::Refused(refusal) => Fault(refusal.to_string()),
        Failed::NoAnswer(none) => Fault(none.to_string()),
    }
}

struct Statement {
    sql: String,
    params: Vec<Value>,
    asks: bool,
}

impl Statement {
    fn run(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let params: Vec<Param<'_>> = self.params.iter().map(param).collect();
        if self.asks {
            tx.query(&self.sql, &params).map(drop)
        } else {
            tx.execute(&self.sql, &params).map(drop)
        }
    }
}

fn param(value: &Value) -> Param<'_> {
    match value {
        Value::Null => Param::Null,
        Value::Int(number) => Param::Int(*number),
        Value::Text(text) => Param::Text(text),
        Value::Blob(bytes) => Param::Blob(bytes),
    }
}

/// Passes statements on and keeps them.
struct WritingDown<'t> {
    tx: &'t mut dyn Tx,
    statements: Vec<Statement>,
}

impl WritingDown<'_> {
    fn keep(&mut self, sql: &str, params: &[Param<'_>], asks: bool) -> Result<(), StoreError> {
        let owned = |param: &Param<'_>| match param {
            Param::Null => Ok(Value::Null),
            Param::Int(number) => Ok(Value::Int(*number)),
            Param::Text(text) => Ok(Value::Text((*text).into())),
            Param::Blob(bytes) => Ok(Value::Blob(bytes.to_vec())),
            Param::TooLarge(number) => Err(StoreError::too_large(*number)),
        };
        let params = params.iter().map(owned).collect::<Result<_, _>>()?;
        self.statements.push(Statement { sql: sql.into(), params, asks });
        Ok(())
    }
}

impl Tx for WritingDown<'_> {
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.keep(sql, params, false)?;
        self.tx.execute(sql, params)
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.keep(sql, params, true)?;
        self.tx.query(sql, params)
    }

    fn kept(&mut self) -> Option<&mut Kept> {
        self.tx.kept()
    }

    fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }
}
