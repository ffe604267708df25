//! The digest covers every row, however many there are, and nothing but what they say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use soko_domain::entry::Kind;
use soko_domain::ids::{AuthorId, Hash, LogId, SaleId};
use soko_projection::{STEPS, state_digest};
use soko_record_log::{Migration, Sqlite, StoreError, log, params};

const STALL: LogId = LogId([1; 16]);
/// More than the digest reads at once, twice over.
const ROWS: u64 = 12_000;

fn store() -> Sqlite {
    let mut db = Sqlite::open_in_memory().unwrap();
    db.migrate(&steps()).unwrap();
    db
}

fn steps() -> Vec<Migration> {
    let steps = [log::SCHEMA].into_iter().chain(STEPS);
    (1..).zip(steps).map(|(number, sql)| Migration { number, name: "step", sql }).collect()
}

/// Only a log in which something was passed on unread says otherwise once it is filled again.
#[test]
fn what_an_older_program_passed_on_is_read_after_an_update() {
    let (mut db, steps) = (Sqlite::open_in_memory().unwrap(), steps());
    let at = STEPS.iter().position(|sql| *sql == soko_projection::COSTS).unwrap() + 1;
    db.migrate(&steps[..at]).unwrap();
    let other = LogId([2; 16]);
    db.transaction::<_, StoreError>(|tx| {
        for (log, kind) in [(STALL, Kind::SaleMade), (other, Kind::SaleMade), (other, Kind::CostsNoted)] {
            tx.execute(
                "insert into record (log, author, seq, kind, hash, prev, body, position)
                 values ($1, $1, $2, $2, $3, $3, $3, $2)",
                params![log, kind.number(), vec![7_u8; 32]],
            )?;
        }
        tx.execute("delete from tables_stale", &[])
    })
    .unwrap();
    db.migrate(&steps).unwrap();
    let stale = db.transaction::<_, StoreError>(soko_projection::stale).unwrap();
    assert_eq!(stale, [other]);
}

fn void(number: u64) -> (SaleId, AuthorId, u64) {
    let mut sale = [7; 16];
    sale[..8].copy_from_slice(&(number / 3).to_be_bytes());
    (SaleId(sale), AuthorId([2; 16]), number)
}

fn put(db: &mut Sqlite, log: LogId, numbers: impl Iterator<Item = u64>) {
    db.transaction::<_, StoreError>(|tx| {
        for number in numbers {
            let (sale, author, seq) = void(number);
            tx.execute(
                "insert into sale_void (log, sale, author, seq) values ($1, $2, $3, $4)",
                params![log, sale, author, seq],
            )?;
        }
        Ok(())
    })
    .unwrap();
}

fn digest(db: &mut Sqlite) -> Hash {
    db.transaction::<_, StoreError>(|tx| state_digest(tx, STALL)).unwrap()
}

#[test]
fn the_order_of_arrival_does_not_matter_and_every_row_does() {
    let (mut forwards, mut backwards) = (store(), store());
    put(&mut forwards, STALL, 0..ROWS);
    put(&mut backwards, STALL, (0..ROWS).rev());
    let whole = digest(&mut forwards);
    assert_eq!(digest(&mut backwards), whole);
    for number in [0, ROWS / 2, ROWS - 1] {
        let (sale, author, seq) = void(number);
        let gone = forwards.transaction::<_, StoreError>(|tx| {
            tx.execute(
                "delete from sale_void where log = $1 and sale = $2 and author = $3 and seq = $4",
                params![STALL, sale, author, seq],
            )
        });
        assert_eq!(gone.unwrap(), 1);
        assert_ne!(digest(&mut forwards), whole, "row {number} was not read");
        put(&mut forwards, STALL, number..=number);
        assert_eq!(digest(&mut forwards), whole);
    }
}

#[test]
fn another_stall_is_another_digest() {
    let mut db = store();
    let empty = digest(&mut db);
    put(&mut db, LogId([9; 16]), 0..3);
    assert_eq!(digest(&mut db), empty);
}
