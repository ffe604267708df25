//! A data directory: one process, a reserve, damaged databases set aside.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::path::Path;

use soko_record_log::{DataDirectory, OpenMode, Sqlite, StoreError, params};

const NAME: &str = "soko.db";

fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    for byte in bytes.iter_mut().skip(4096) {
        *byte ^= 0x55;
    }
    fs::write(path, bytes).unwrap();
}

fn fill(path: &Path) -> Sqlite {
    let mut db = Sqlite::open(path, OpenMode::Create).unwrap();
    db.transaction(|tx| {
        tx.execute("create table t (n integer primary key, note text not null) strict", &[])?;
        tx.execute("create index t_note on t (note)", &[])?;
        (0..500).try_for_each(|n| {
            tx.execute("insert into t (n, note) values ($1, $2)", params![n, "a note of some length"])
                .map(drop)
        })
    })
    .unwrap();
    db
}

#[test]
fn a_second_user_is_refused_until_the_first_has_gone() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("deep").join("data");
    let first = DataDirectory::open(&path).unwrap();
    let refused = DataDirectory::open(&path).unwrap_err();
    assert!(matches!(&refused, StoreError::Busy(text) if text.contains("another process uses")), "{refused}");
    drop(first);
    DataDirectory::open(&path).unwrap();
}

#[test]
fn the_reserve_is_kept_and_given_up() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(temporary.path()).unwrap();
    assert!(!directory.release_reserve().unwrap());
    directory.keep_reserve().unwrap();
    assert_eq!(fs::metadata(directory.file("reserve")).unwrap().len(), 4 * 1024 * 1024);
    fs::write(directory.file("reserve"), b"cut short").unwrap();
    directory.keep_reserve().unwrap();
    assert_eq!(fs::metadata(directory.file("reserve")).unwrap().len(), 4 * 1024 * 1024);
    assert!(directory.release_reserve().unwrap());
    assert!(!directory.has_reserve());
}

#[test]
fn damage_is_found_and_set_aside_without_loss() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(temporary.path()).unwrap();
    let path = directory.file(NAME);
    for round in 1..=2 {
        drop(fill(&path));
        damage(&path);
        let bytes = fs::read(&path).unwrap();
        let problems = Sqlite::open(&path, OpenMode::Existing).and_then(|mut db| db.quick_check());
        assert!(
            problems.as_ref().is_ok_and(|found| !found.is_empty())
                || matches!(problems, Err(StoreError::Corrupt(_))),
            "{problems:?}"
        );
        let aside = directory.set_aside(NAME).unwrap();
        assert_eq!(aside, directory.file(&format!("{NAME}.corrupt-{round}")));
        assert_eq!(fs::read(&aside).unwrap(), bytes);
        assert!(!path.exists());
    }
    assert!(directory.file("soko.db.corrupt-1").exists());
}

#[test]
fn what_is_not_a_database_is_damage() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join(NAME);
    fs::write(&path, "these are no pages at all ".repeat(400)).unwrap();
    assert!(matches!(Sqlite::open(&path, OpenMode::Create), Err(StoreError::Corrupt(_))));
}

/// The last commits live in the write-ahead log only: they must follow their database, whenever it is killed.
#[test]
fn the_last_commits_follow_the_database_aside() {
    for killed_in_between in [false, true] {
        let temporary = tempfile::tempdir().unwrap();
        let (live, data) = (temporary.path().join("live.db"), temporary.path().join("data"));
        let directory = DataDirectory::open(&data).unwrap();
        // Copied while open, as a kill would leave it: closing would empty the log.
        let db = fill(&live);
        for suffix in ["", "-wal"] {
            let from = temporary.path().join(format!("live.db{suffix}"));
            fs::copy(from, directory.file(&format!("{NAME}{suffix}"))).unwrap();
        }
        drop(db);
        if killed_in_between {
            fs::rename(directory.file(NAME), directory.file("soko.db.corrupt-1")).unwrap();
            let stray = Sqlite::open(&directory.file(NAME), OpenMode::Create).unwrap_err();
            assert!(matches!(stray, StoreError::Corrupt(_)), "{stray}");
        }
        let aside = directory.set_aside(NAME).unwrap();
        assert_eq!(aside, directory.file("soko.db.corrupt-1"));
        let mut salvaged = Sqlite::open(&aside, OpenMode::Existing).unwrap();
        let row = salvaged.read(|tx| tx.query_one("select count(*) from t", &[])).unwrap();
        assert_eq!(row.int(0), Ok(500));
        assert!(Sqlite::open(&directory.file(NAME), OpenMode::Create).is_ok());
    }
}

#[test]
fn nothing_to_set_aside_is_said() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(temporary.path()).unwrap();
    assert!(matches!(directory.set_aside(NAME), Err(StoreError::Other(_))));
}
