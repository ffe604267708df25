//! Schema steps: killed anywhere, run again, they complete; what does not fit is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use soko_record_log::{Dialect, Migration, Param, Row, Sqlite, StoreError, Tx, migrate};

const STEPS: &[Migration] = &[
    Migration {
        number: 1,
        name: "first",
        sql: "create table a (n {int} primary key, b {blob}) {strict};\ninsert into a (n) values (1); -- one;\n",
    },
    Migration {
        number: 2,
        name: "second",
        sql: "create table c (d text not null, n {int} not null, primary key (d, n)) {keyed};
              insert into c (d, n) select 'x;y', n from a;
              create index c_n on c (n);",
    },
    Migration {
        number: 3,
        name: "third",
        sql: "update a set n = n + 1; insert into c (d, n) values ('z', 9)",
    },
];

/// Fails at one statement, as if the process had been killed there.
struct Killed<'a> {
    tx: &'a mut dyn Tx,
    left: &'a mut usize,
}

impl Killed<'_> {
    fn count(&mut self) -> Result<(), StoreError> {
        *self.left = self.left.checked_sub(1).ok_or(StoreError::Io("killed".into()))?;
        Ok(())
    }
}

impl Tx for Killed<'_> {
    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, StoreError> {
        self.count()?;
        self.tx.execute(sql, params)
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        self.count()?;
        self.tx.query(sql, params)
    }

    fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }
}

fn contents(db: &mut Sqlite) -> Vec<Vec<Row>> {
    let queries = [
        "select name, sql from sqlite_schema order by name",
        "select * from a order by n",
        "select * from c order by d, n",
        "select * from schema_migration order by number",
    ];
    queries.iter().map(|sql| db.read(|tx| tx.query(sql, &[])).unwrap()).collect()
}

#[test]
fn killed_at_any_statement_and_run_again_it_completes() {
    let mut whole = Sqlite::open_in_memory().unwrap();
    whole.migrate(STEPS).unwrap();
    assert_eq!(whole.transaction(migrate::version), Ok(3));
    let expected = contents(&mut whole);
    let mut kills = 0;
    loop {
        let mut db = Sqlite::open_in_memory().unwrap();
        let mut left = kills;
        let outcome = loop {
            let step = db.transaction(|tx| migrate::step(&mut Killed { tx, left: &mut left }, STEPS));
            match step {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        db.migrate(STEPS).unwrap();
        assert_eq!(contents(&mut db), expected, "killed at {kills}");
        if outcome.is_ok() {
            break;
        }
        kills += 1;
    }
    assert!(kills > 15, "only {kills} statements were seen");
}

#[test]
fn running_twice_changes_nothing() {
    let mut db = Sqlite::open_in_memory().unwrap();
    db.migrate(STEPS).unwrap();
    let once = contents(&mut db);
    db.migrate(STEPS).unwrap();
    assert_eq!(contents(&mut db), once);
}

#[test]
fn steps_are_added_one_by_one() {
    let mut db = Sqlite::open_in_memory().unwrap();
    for known in 0..=STEPS.len() {
        db.migrate(&STEPS[..known]).unwrap();
        let version = db.transaction(migrate::version).unwrap();
        assert_eq!(usize::try_from(version), Ok(known));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut db = Sqlite::open_in_memory().unwrap();
    db.migrate(STEPS).unwrap();
    let before = contents(&mut db);
    assert!(matches!(db.migrate(&STEPS[..2]), Err(StoreError::Newer(_))));
    let mut edited = STEPS.to_vec();
    edited[1].sql = "create table c (d text)";
    assert!(
        matches!(db.migrate(&edited), Err(StoreError::Other(text)) if text.contains("migration 2, second"))
    );
    let gap = [STEPS[0], STEPS[2]];
    assert!(matches!(db.migrate(&gap), Err(StoreError::Other(_))));
    assert_eq!(contents(&mut db), before);
}

#[test]
fn line_ends_do_not_count() {
    let unix = Migration { number: 1, name: "a", sql: "create table a (\nn integer)" };
    let windows = Migration { sql: "create table a (\r\nn integer)", ..unix };
    let mut db = Sqlite::open_in_memory().unwrap();
    db.migrate(&[unix]).unwrap();
    db.migrate(&[windows]).unwrap();
}

#[test]
fn a_step_that_fails_leaves_the_ones_before_it() {
    let mut db = Sqlite::open_in_memory().unwrap();
    let mut steps = STEPS.to_vec();
    steps[2].sql = "insert into a (n) values (5); insert into nowhere values (1)";
    assert!(db.migrate(&steps).is_err());
    assert_eq!(db.transaction(migrate::version), Ok(2));
    let row = db.read(|tx| tx.query_one("select count(*) from a", &[])).unwrap();
    assert_eq!(row.int(0), Ok(1));
    db.migrate(STEPS).unwrap();
}
