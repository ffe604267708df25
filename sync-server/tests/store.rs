//! One suite for both engines: what a caller of the store may rely on.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::sync::mpsc;

use common::{TestStore, each_store};
use soko_domain::ids::LogId;
use soko_projection::suite;
use soko_record_log::{Row, StoreError, Tx, params};
use soko_sync_server::store::{Failed, JobError, NoAnswer, Place, Shard, Store, WRITE_QUEUE_MAX};

const SHARD: Shard = Shard::stall(LogId([1; 16]));

/// A refusal of a test's own.
#[derive(Debug, PartialEq)]
enum No {
    Refused(&'static str),
    Store(StoreError),
}

impl From<StoreError> for No {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl JobError for No {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

fn make_table(store: &Store) {
    let made = store.write_blocking(SHARD, |tx| {
        let sql = "create table thing (name text primary key, amount {int} not null check (amount >= 0), note {blob})";
        tx.execute(&tx.dialect().ddl(sql), params![])
    });
    made.map_err(|error: Failed<StoreError>| format!("{error:?}")).unwrap();
}

fn put(tx: &mut dyn Tx, name: &str, amount: i64) -> Result<(), No> {
    tx.execute(
        "insert into thing (name, amount) values ($1, $2)
         on conflict (name) do update set amount = thing.amount + excluded.amount",
        params![name, amount],
    )?;
    Ok(())
}

fn names(store: &Store) -> Vec<(String, i64)> {
    let found = store.read_blocking(|tx| {
        let rows = tx.query("select name, amount from thing order by name", params![])?;
        rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?))).collect::<Result<Vec<_>, No>>()
    });
    found.map_err(|error| format!("{error:?}")).unwrap()
}

fn pairs(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(name, amount)| ((*name).to_owned(), *amount)).collect()
}

/// Keeps the writer of `SHARD` busy while `queue` fills its queue, so that what follows is one group.
fn as_one_group(store: &Store, queue: impl FnOnce()) {
    let (started, has_started) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let store = store.clone();
    let blocker = std::thread::spawn(move || {
        store.write_blocking(SHARD, move |_| {
            started.send(()).ok();
            may_go_on.recv().ok();
            Ok::<(), No>(())
        })
    });
    has_started.recv().unwrap();
    queue();
    go_on.send(()).unwrap();
    blocker.join().unwrap().unwrap();
}

/// Starts a write on a thread of its own and returns once it is in the queue.
fn queued<T: Send + 'static>(
    store: &Store,
    waiting_before: usize,
    work: impl FnMut(&mut dyn Tx) -> Result<T, No> + Send + 'static,
) -> std::thread::JoinHandle<Result<T, Failed<No>>> {
    let writing = store.clone();
    let handle = std::thread::spawn(move || writing.write_blocking(SHARD, work));
    while store.waiting().0 <= waiting_before {
        std::thread::yield_now();
    }
    handle
}

#[test]
fn a_group_is_one_commit_and_a_refusal_undoes_itself_alone() {
    each_store(|TestStore { store, reports, .. }| {
        make_table(store);
        let mut handles = Vec::new();
        as_one_group(store, || {
            handles.push(queued(store, 0, |tx| put(tx, "kept", 1)));
            handles.push(queued(store, 1, |tx| {
                put(tx, "written, then refused", 1)?;
                Err(No::Refused("after writing"))
            }));
            handles.push(queued(store, 2, |_| Err(No::Refused("at once"))));
            handles.push(queued(store, 3, |tx| put(tx, "kept", 2)));
        });
        let answers: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
        assert!(matches!(
            answers.as_slice(),
            [
                Ok(()),
                Err(Failed::Refused(No::Refused("after writing"))),
                Err(Failed::Refused(No::Refused("at once"))),
                Ok(())
            ]
        ));
        assert_eq!(names(store), pairs(&[("kept", 3)]));
        // Reports follow the answers: once the writer has ended they are all there.
        store.close();
        let reports = reports.lock().unwrap();
        let of_group = reports.iter().filter(|report| report.undone > 0).collect::<Vec<_>>();
        assert_eq!(of_group.len(), 1);
        assert_eq!((of_group[0].commits, of_group[0].kept, of_group[0].undone), (1, 2, 2));
    });
}

#[test]
fn a_broken_rule_of_the_store_costs_the_others_nothing_but_time() {
    each_store(|TestStore { store, .. }| {
        make_table(store);
        let mut handles = Vec::new();
        as_one_group(store, || {
            handles.push(queued(store, 0, |tx| put(tx, "a", 1)));
            handles.push(queued(store, 1, |tx| put(tx, "b", -1)));
            handles.push(queued(store, 2, |tx| put(tx, "c", 1)));
        });
        let answers: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
        let [Ok(()), Err(Failed::NoAnswer(NoAnswer::NotKept(error))), Ok(())] = answers.as_slice() else {
            panic!("{answers:?}");
        };
        assert!(matches!(error, StoreError::Constraint(_)), "{error:?}");
        assert_eq!(names(store), pairs(&[("a", 1), ("c", 1)]));
    });
}

#[test]
fn a_failed_statement_cannot_be_overlooked() {
    each_store(|TestStore { store, .. }| {
        make_table(store);
        let answer = store.write_blocking(SHARD, |tx| {
            put(tx, "before", 1)?;
            // The job goes on as if nothing had happened.
            let _ = put(tx, "broken", -1);
            Ok::<(), No>(())
        });
        assert!(matches!(answer, Err(Failed::NoAnswer(NoAnswer::NotKept(_)))), "{answer:?}");
        assert_eq!(names(store), pairs(&[]));
    });
}

#[test]
fn a_panic_is_its_own_answer() {
    each_store(|TestStore { store, .. }| {
        make_table(store);
        let answer = store.write_blocking(SHARD, |tx| {
            put(tx, "before", 1)?;
            assert!(tx.query("select 1", params![])?.is_empty(), "on purpose");
            Ok::<(), No>(())
        });
        assert!(matches!(answer, Err(Failed::NoAnswer(NoAnswer::Panicked))), "{answer:?}");
        store.write_blocking(SHARD, |tx| put(tx, "after", 1)).unwrap();
        assert_eq!(names(store), pairs(&[("after", 1)]));
    });
}

#[test]
fn a_full_queue_says_so_and_closing_finishes_what_is_queued() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    each_store(|TestStore { store, .. }| {
        make_table(store);
        let mut writes = Vec::new();
        as_one_group(store, || {
            let counted = || {
                let store = store.clone();
                async move { store.write(SHARD, |tx| put(tx, "counted", 1)).await }
            };
            writes = (0..WRITE_QUEUE_MAX).map(|_| runtime.spawn(counted())).collect();
            let too_many = runtime.block_on(async {
                while store.waiting().0 < WRITE_QUEUE_MAX {
                    tokio::task::yield_now().await;
                }
                counted().await
            });
            assert!(matches!(too_many, Err(Failed::NoAnswer(NoAnswer::QueueFull))), "{too_many:?}");
        });
        store.close();
        for write in writes {
            runtime.block_on(write).unwrap().unwrap();
        }
        let late = store.write_blocking(SHARD, |tx| put(tx, "late", 1));
        assert!(matches!(late, Err(Failed::NoAnswer(NoAnswer::Closed))), "{late:?}");
    });
}

#[test]
fn a_read_sees_one_moment_and_changes_nothing() {
    each_store(|TestStore { store, .. }| {
        make_table(store);
        store.write_blocking(SHARD, |tx| put(tx, "a", 1)).unwrap();
        let (inside, is_inside) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let reading = store.clone();
        let reader = std::thread::spawn(move || {
            reading.read_blocking(move |tx| {
                let count = |tx: &mut dyn Tx| tx.query_one("select count(*) from thing", params![])?.int(0);
                let before = count(tx)?;
                inside.send(()).ok();
                may_go_on.recv().ok();
                Ok::<_, No>((before, count(tx)?))
            })
        });
        is_inside.recv().unwrap();
        store.write_blocking(SHARD, |tx| put(tx, "b", 1)).unwrap();
        go_on.send(()).unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), (1, 1));
        let written = store.read_blocking(|tx| put(tx, "c", 1));
        assert!(
            matches!(written, Err(Failed::NoAnswer(NoAnswer::NotKept(StoreError::ReadOnly(_))))),
            "{written:?}"
        );
        assert_eq!(names(store), pairs(&[("a", 1), ("b", 1)]));
    });
}

#[test]
fn values_come_back_as_they_went() {
    each_store(|TestStore { store, .. }| {
        make_table(store);
        let found = store.write_blocking(SHARD, |tx| {
            let (name, note) = ("Œuf 🥚 'x' \"y\" \\", vec![0u8, 255, 1]);
            let sql =
                "insert into thing (name, amount, note) values ($1, $2, $3) returning name, amount, note";
            let row = tx.query_one(sql, params![name, i64::MAX, note])?;
            let same = (row.text(0)? == name, row.int(1)? == i64::MAX, row.blob(2)? == note);
            let sql = "insert into thing (name, amount, note) values ($1, 0, $2)";
            tx.execute(sql, params!["empty", None::<&[u8]>])?;
            let sql = "select note from thing where $2 = amount and name = $1";
            let is_null = tx.query_one(sql, params!["empty", 0])?.blob_opt(0)?.is_none();
            let large = tx.execute("delete from thing where amount = $1", params![u64::MAX]).is_err();
            Ok::<_, No>((same, is_null, large))
        });
        // The refused statement spoils the transaction, whatever the job makes of it.
        assert!(matches!(found, Err(Failed::NoAnswer(NoAnswer::NotKept(_)))), "{found:?}");
        let found = store.write_blocking(SHARD, |tx| {
            let row =
                tx.query_one("select 1, cast(sum(amount) as bigint), max(name) from thing", params![])?;
            Ok::<_, No>((row.int(0)?, row.int_opt(1)?, row.text_opt(2)?.map(str::to_owned)))
        });
        assert_eq!(found.unwrap(), (1, None, None));
    });
}

#[test]
fn the_record_log_keeps_its_promises_on_every_engine() {
    each_store(|TestStore { store, .. }| {
        for (name, case) in soko_record_log::suite::cases() {
            let ran = store.write_blocking(SHARD, move |tx| {
                let outcome = case(tx).map_err(|error| StoreError::Other(format!("{name}: {error}")));
                // Each case begins with an empty store.
                outcome.map_err(No::Store).and(Err::<(), _>(No::Refused("undo")))
            });
            assert!(matches!(ran, Err(Failed::Refused(No::Refused("undo")))), "{name}: {ran:?}");
        }
    });
}

#[test]
fn figures_are_what_adding_up_gives_on_every_engine() {
    each_store(|TestStore { store, .. }| {
        for seed in 1_000..1_006 {
            let ran = store.write_blocking(SHARD, move |tx| {
                let outcome = suite::figures_are_what_adding_up_gives(tx, seed)
                    .and_then(|()| suite::what_counts_only_now_restates_days(tx, seed))
                    .and_then(|()| suite::what_counts_with_something_else_restates_days_once(tx, seed))
                    .and_then(|()| suite::a_clock_that_was_ahead_tells_nothing_of_days_to_come(tx, seed))
                    .and_then(|()| suite::what_lives_say_of_a_card_counts_once(tx, seed));
                outcome.map_err(|error| No::Store(StoreError::Other(format!("seed {seed}: {error}"))))
            });
            assert!(ran.is_ok(), "{ran:?}");
        }
    });
}

#[test]
fn opening_again_changes_nothing_and_keeps_everything() {
    each_store(|TestStore { store, place, .. }| {
        make_table(store);
        store.write_blocking(SHARD, |tx| put(tx, "a", 1)).unwrap();
        if let Place::Directory(_) = place {
            let second = Store::open(place, std::sync::Arc::new(|_| {}));
            assert!(matches!(second.err(), Some(StoreError::Busy(_))), "a directory has one process");
            return;
        }
        let second = Store::open(place, std::sync::Arc::new(|_| {})).unwrap();
        assert_eq!(names(&second), pairs(&[("a", 1)]));
        second.close();
    });
}

#[test]
fn one_shard_is_written_by_one_at_a_time_among_processes() {
    let Some(TestStore { store, place, .. }) = &TestStore::postgres() else { return };
    make_table(store);
    let other = Store::open(place, std::sync::Arc::new(|_| {})).unwrap();
    // Read, think, write: without the shard's lock two of these would lose each other's increments.
    let increment = |tx: &mut dyn Tx| {
        let row = tx.query_opt("select amount from thing where name = 'n'", params![])?;
        let amount = row.map_or(Ok(0), |row| row.int(0))?;
        std::thread::yield_now();
        tx.execute(
            "insert into thing (name, amount) values ('n', $1) on conflict (name) do update set amount = $1",
            params![amount + 1],
        )?;
        Ok::<(), No>(())
    };
    std::thread::scope(|scope| {
        for store in [store, &other, store, &other] {
            scope.spawn(move || (0..50).for_each(|_| store.write_blocking(SHARD, increment).unwrap()));
        }
    });
    assert_eq!(names(store), pairs(&[("n", 200)]));
    other.close();
}

#[test]
fn a_connection_that_dies_is_opened_again() {
    let Some(TestStore { store, .. }) = &TestStore::postgres() else { return };
    make_table(store);
    let die = |tx: &mut dyn Tx| {
        put(tx, "lost", 1)?;
        tx.query("select pg_terminate_backend(pg_backend_pid())", params![])?;
        Ok::<(), No>(())
    };
    for _ in 0..3 {
        let answer = store.write_blocking(SHARD, die);
        assert!(
            matches!(&answer, Err(Failed::NoAnswer(NoAnswer::NotKept(error))) if error.needs_reopening()),
            "{answer:?}"
        );
    }
    store.write_blocking(SHARD, |tx| put(tx, "kept", 1)).unwrap();
    // Every other connection of this store dies unnoticed: reads find out, and nobody else does.
    let kill_others = |tx: &mut dyn Tx| {
        let sql = "select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()";
        Ok::<_, No>(tx.query(sql, params![]).map(drop)?)
    };
    names(store);
    store.write_blocking(SHARD, kill_others).unwrap();
    for _ in 0..4 {
        assert_eq!(names(store), pairs(&[("kept", 1)]));
    }
}

/// Whatever else a statement wants, such as an order: one thing of a log is found by its index, and the log is not read for it.
#[test]
fn a_thing_of_a_log_is_found_by_its_index() {
    let plans: Result<Vec<(String, String)>, Failed<No>> = TestStore::sqlite().store.read_blocking(|tx| {
        let indexes = tx.query(INDEXES_OF_THINGS, params![])?;
        indexes.iter().map(|index| plan(tx, index)).collect()
    });
    let plans = plans.unwrap();
    assert!(plans.iter().any(|(asked, _)| asked.contains(" from order_money ")), "{plans:?}");
    for (asked, plan) in plans {
        assert!(plan.contains("(log=? AND "), "{asked}: {plan}");
    }
}

const INDEXES_OF_THINGS: &str = "select t.name, second.name, k.name from pragma_table_list t
    join pragma_index_list(t.name) i on i.partial = 0
    join pragma_index_info(i.name) first on first.seqno = 0 and first.name = 'log'
    join pragma_index_info(i.name) second on second.seqno = 1
    join pragma_table_info(t.name) c on c.name = second.name and upper(c.type) = 'BLOB'
    join pragma_table_info(t.name) k on k.cid = (select count(*) - 1 from pragma_table_info(t.name))
    where t.schema = 'main' and t.type = 'table' order by t.name, second.name";

fn plan(tx: &mut dyn Tx, index: &Row) -> Result<(String, String), No> {
    let (table, column, last) = (index.text(0)?, index.text(1)?, index.text(2)?);
    let asked = format!("select * from {table} where log = $1 and {column} = $2 order by log, {last}");
    let rows = tx.query(&format!("explain query plan {asked}"), params![[0_u8; 16], [0_u8; 16]])?;
    let steps: Result<Vec<_>, StoreError> = rows.iter().map(|row| row.text(3).map(str::to_owned)).collect();
    Ok((asked, steps?.join("; ")))
}
