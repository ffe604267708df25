//! Transactions on SQLite: what is kept, what is not, and what is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use soko_record_log::{Again, OpenMode, Param, Sqlite, StoreError, Tx, params, savepoint};

#[derive(Debug, PartialEq)]
enum Refused {
    Odd,
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn with_table() -> Sqlite {
    let mut db = Sqlite::open_in_memory().unwrap();
    db.transaction(|tx| {
        tx.execute(
            "create table t (n integer primary key, note text not null check (note <> '')) strict",
            &[],
        )
    })
    .unwrap();
    db
}

fn insert(tx: &mut dyn Tx, n: i64) -> Result<u64, StoreError> {
    tx.execute("insert into t (n, note) values ($1, $2)", params![n, "x"])
}

fn numbers(db: &mut Sqlite) -> Vec<i64> {
    let rows = db.read(|tx| tx.query("select n from t order by n", &[])).unwrap();
    rows.iter().map(|row| row.int(0).unwrap()).collect()
}

#[test]
fn parameters_are_bound_by_name() {
    let mut db = Sqlite::open_in_memory().unwrap();
    let cases: [(&str, &[Param<'_>], &[i64]); 3] = [
        ("select $2, $1", params![1, 2], &[2, 1]),
        ("select $1, $2, $1", params![1, 2], &[1, 2, 1]),
        ("select $3, $1, $2, $3", params![1, 2, 3], &[3, 1, 2, 3]),
    ];
    for (sql, params, expected) in cases {
        let row = db.read(|tx| tx.query_one(sql, params)).unwrap();
        let answer: Vec<i64> = (0..row.len()).map(|column| row.int(column).unwrap()).collect();
        assert_eq!(answer, expected, "{sql}");
    }
}

#[test]
fn wrong_parameters_are_refused() {
    let mut db = Sqlite::open_in_memory().unwrap();
    let cases: [(&str, &[Param<'_>]); 5] = [
        ("select $1", params![]),
        ("select $1", params![1, 2]),
        ("select $2", params![1]),
        ("select ?", params![1]),
        ("select $1", params![u64::MAX]),
    ];
    for (sql, params) in cases {
        let error = db.read(|tx| tx.query(sql, params)).unwrap_err();
        assert_eq!(error.again(), Again::Never, "{sql}: {error}");
    }
}

#[test]
fn an_error_keeps_nothing() {
    let mut db = with_table();
    let refused = db.transaction(|tx| {
        insert(tx, 1)?;
        Err::<(), _>(Refused::Odd)
    });
    assert_eq!(refused, Err(Refused::Odd));
    assert!(numbers(&mut db).is_empty());
    db.transaction(|tx| insert(tx, 2)).unwrap();
    assert_eq!(numbers(&mut db), [2]);
}

#[test]
fn a_failed_statement_cannot_be_overlooked() {
    let mut db = with_table();
    let outcome: Result<(), StoreError> = db.transaction(|tx| {
        insert(tx, 1)?;
        assert!(matches!(insert(tx, 1), Err(StoreError::Constraint(_))));
        assert!(matches!(insert(tx, 2), Err(StoreError::Closed(_))));
        Ok(())
    });
    assert!(matches!(outcome, Err(StoreError::Constraint(_))), "{outcome:?}");
    assert!(numbers(&mut db).is_empty());
}

#[test]
fn a_panic_keeps_nothing() {
    let mut db = with_table();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        db.transaction(|tx| -> Result<(), StoreError> {
            insert(tx, 1)?;
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    assert!(numbers(&mut db).is_empty());
}

#[test]
fn refused_jobs_of_a_group_leave_the_others() {
    let mut db = with_table();
    let outcomes = db
        .transaction(|tx| {
            (0..64)
                .map(|n| {
                    savepoint(tx, |tx| match n % 4 {
                        // Two ways to refuse: by itself after writing, and by a rule of the store.
                        1 => insert(tx, n).map_err(Refused::from).and(Err(Refused::Odd)),
                        3 => {
                            insert(tx, n)?;
                            tx.execute("insert into t (n, note) values ($1, '')", params![n + 1000])?;
                            Ok(())
                        }
                        _ => insert(tx, n).map(|_| ()).map_err(Refused::from),
                    })
                })
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 32);
    assert_eq!(numbers(&mut db), (0..64).step_by(2).collect::<Vec<_>>());
}

#[test]
fn only_changed_rows_count() {
    let mut db = with_table();
    db.transaction(|tx| -> Result<(), StoreError> {
        insert(tx, 1)?;
        insert(tx, 2)?;
        assert_eq!(tx.execute("update t set note = 'y'", &[])?, 2);
        assert_eq!(tx.execute("create table u (n integer) strict", &[])?, 0);
        assert_eq!(tx.execute("update t set note = 'z' where n = $1", params![3])?, 0);
        assert_eq!(tx.execute("delete from t where n = $1 returning n", params![2])?, 1);
        assert_eq!(tx.execute("select 1", &[])?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_row_means_one() {
    let mut db = with_table();
    db.transaction(|tx| -> Result<(), StoreError> {
        insert(tx, 1)?;
        assert!(tx.query_opt("select n from t where n = 5", &[])?.is_none());
        insert(tx, 2)?;
        assert!(matches!(tx.query_opt("select n from t", &[]), Err(StoreError::Other(_))));
        assert!(matches!(tx.query_one("select n from t where n = 5", &[]), Err(StoreError::Other(_))));
        Ok(())
    })
    .unwrap();
}

#[test]
fn reading_does_not_write() {
    let mut db = with_table();
    let error = db.read(|tx| insert(tx, 1)).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly(_)));
    assert!(numbers(&mut db).is_empty());
}

#[test]
fn fractions_are_refused() {
    let mut db = Sqlite::open_in_memory().unwrap();
    assert!(matches!(db.read(|tx| tx.query("select 0.5", &[])), Err(StoreError::Other(_))));
}

#[test]
fn a_copy_in_memory_goes_its_own_way() {
    let mut db = with_table();
    db.transaction(|tx| insert(tx, 1)).unwrap();
    let bytes = db.serialize().unwrap();
    db.transaction(|tx| insert(tx, 2)).unwrap();
    let mut copy = Sqlite::deserialize(&bytes).unwrap();
    copy.transaction(|tx| insert(tx, 3)).unwrap();
    assert_eq!((numbers(&mut db), numbers(&mut copy)), (vec![1, 2], vec![1, 3]));
    assert!(matches!(Sqlite::deserialize(b"not a database"), Err(StoreError::Corrupt(_))));
    assert!(Sqlite::deserialize(&[]).is_ok());
}

#[test]
fn a_file_is_durable_and_copies_like_one_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("soko.db");
    let missing = Sqlite::open(&path, OpenMode::Existing).unwrap_err();
    assert!(missing.to_string().contains("there is no database"), "{missing}");
    let mut db = Sqlite::open(&path, OpenMode::Create).unwrap();
    for (pragma, wanted) in
        [("synchronous", "2"), ("foreign_keys", "1"), ("trusted_schema", "0"), ("journal_mode", "wal")]
    {
        let found: String = db
            .connection()
            .unwrap()
            .query_row(&format!("select cast({pragma} as text) from pragma_{pragma}"), [], |row| row.get(0))
            .unwrap();
        assert_eq!(found, wanted, "{pragma}");
    }
    db.transaction(|tx| tx.execute("create table t (n integer primary key, note text not null) strict", &[]))
        .unwrap();
    db.transaction(|tx| insert(tx, 7)).unwrap();
    let mut copy = Sqlite::deserialize(&db.serialize().unwrap()).unwrap();
    assert_eq!(numbers(&mut copy), [7]);

    let mut reader = Sqlite::open(&path, OpenMode::ReadOnly).unwrap();
    assert_eq!(numbers(&mut reader), [7]);
    assert!(matches!(reader.transaction(|tx| insert(tx, 8)), Err(StoreError::ReadOnly(_))));
    drop(reader);

    db.checkpoint().unwrap();
    assert_eq!((db.quick_check().unwrap(), db.integrity_check().unwrap()), (vec![], vec![]));
    drop(db);
    assert_eq!(numbers(&mut Sqlite::open(&path, OpenMode::Existing).unwrap()), [7]);
}

#[test]
fn what_was_deleted_or_overwritten_is_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("soko.db");
    let mut db = Sqlite::open(&path, OpenMode::Create).unwrap();
    db.transaction(|tx| tx.execute("create table t (n integer primary key, note text not null) strict", &[]))
        .unwrap();
    // Some in pages that stay in use, some in pages that become free, one in pages of its own.
    db.transaction(|tx| {
        for n in 0..400 {
            let name = if n % 4 == 1 { "Wanjiku" } else { "nobody" };
            let note = name.repeat(if n == 1 { 4_000 } else { 20 });
            tx.execute("insert into t (n, note) values ($1, $2)", params![n, note])?;
        }
        Ok::<_, StoreError>(())
    })
    .unwrap();
    db.transaction(|tx| tx.execute("delete from t where n % 8 = 1 or n < 200", &[])).unwrap();
    db.transaction(|tx| tx.execute("update t set note = 'x' where note like 'Wanjiku%'", &[])).unwrap();
    db.checkpoint().unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"Wanjiku"));
    }
}

#[test]
fn a_backup_is_complete_and_replaces_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("it's a copy.db");
    let mut db = with_table();
    db.transaction(|tx| insert(tx, 1)).unwrap();
    std::fs::write(dir.path().join("it's a copy.db.partial"), b"left by a kill").unwrap();
    db.backup_to(&copy).unwrap();
    assert_eq!(numbers(&mut Sqlite::open(&copy, OpenMode::ReadOnly).unwrap()), [1]);
    assert!(matches!(db.backup_to(&copy), Err(StoreError::Other(_))));
    assert_eq!(numbers(&mut db), [1]);
}

#[test]
fn a_full_store_keeps_nothing_and_goes_on() {
    let mut db = with_table();
    let pages: i64 = db
        .connection()
        .unwrap()
        .query_row("select page_count from pragma_page_count", [], |row| row.get(0))
        .unwrap();
    let limit = format!("pragma max_page_count = {}", pages + 2);
    db.connection().unwrap().query_row(&limit, [], |row| row.get::<_, i64>(0)).unwrap();
    let big = "x".repeat(100_000);
    let mut jobs = 0;
    let outcome = db.transaction(|tx| {
        insert(tx, 1)?;
        savepoint(tx, |tx| {
            jobs += 1;
            tx.execute("insert into t (n, note) values ($1, $2)", params![2, big])
        })?
        .ok();
        savepoint(tx, |tx| {
            jobs += 1;
            insert(tx, 3)
        })?
    });
    // Whether SQLite gave up the statement or the whole transaction, no job may be kept by half.
    match outcome {
        Ok(_) => assert_eq!((jobs, numbers(&mut db)), (2, vec![1, 3])),
        Err(_) => assert!(numbers(&mut db).is_empty()),
    }
    assert!(db.is_open());
    assert!(matches!(
        db.transaction(|tx| tx.execute("insert into t (n, note) values ($1, $2)", params![2, big])),
        Err(StoreError::Full(_))
    ));
    db.transaction(|tx| insert(tx, 4)).unwrap();
}

#[test]
fn what_waits_in_the_log_is_moved_in_a_rest_and_not_by_a_commit() {
    let dir = tempfile::tempdir().unwrap();
    let mut db = Sqlite::open(&dir.path().join("t.db"), OpenMode::Create).unwrap();
    let sql = "create table t (n integer primary key, note blob not null) strict";
    db.transaction(|tx| tx.execute(sql, &[])).unwrap();
    let commits = |db: &mut Sqlite, from: i64| {
        for n in from..from + 60 {
            let note = vec![9; 40_000];
            db.transaction(|tx| tx.execute("insert into t (n, note) values ($1, $2)", params![n, note]))
                .unwrap();
        }
    };
    // Too little to be worth it.
    assert!(!db.rest().unwrap());
    commits(&mut db, 0);
    let waiting = db.pages_waiting().unwrap();
    assert!((600..1_000).contains(&waiting), "{waiting}");
    commits(&mut db, 60);
    assert!(db.pages_waiting().unwrap() > waiting + 500);
    assert!(db.rest().unwrap());
    assert_eq!(db.pages_waiting().unwrap(), 0);
    // A reader on an old view lets as much be moved as it does not look at, and stops nobody.
    let mut reader = Sqlite::open(&dir.path().join("t.db"), OpenMode::ReadOnly).unwrap();
    let seen = reader.read(|tx| {
        let count = tx.query_one("select count(*) from t", &[])?.int(0)?;
        commits(&mut db, 120);
        assert!(db.rest().unwrap() && db.pages_waiting().unwrap() > 0);
        Ok::<_, StoreError>((count, tx.query_one("select count(*) from t", &[])?.int(0)?))
    });
    assert_eq!(seen.unwrap(), (120, 120));
    assert!(db.rest().unwrap());
    assert_eq!(db.pages_waiting().unwrap(), 0);
}
