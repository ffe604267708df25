//! The files of a SQLite store, looked at before anything opens them: whether there is a store, and whether it is whole. A damaged
//! one that is served is damaged further, and its devices take what is missing for forgotten. Records are not read here: that is
//! what verify does.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use soko_record_log::{OpenMode, Sqlite, StoreError, params, with_suffix};

/// The database's name in the data directory.
pub const DATABASE_FILE: &str = "soko.db";

/// Up to this every page is read at every start: less than a second.
const LOOK_ALWAYS_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The same after an end that was none: there is a log, and whoever cut the power may have cut more.
const LOOK_AFTER_CRASH_BYTES_MAX: u64 = 1024 * 1024 * 1024;
const HEADER_BYTES: usize = 100;

/// Whether a directory holds a store, or what is left of one: a log whose database has gone holds what was acknowledged.
pub fn holds_store(directory: &Path) -> bool {
    let database = directory.join(DATABASE_FILE);
    database.exists()
        || ["-wal", "-journal"].iter().any(|suffix| bytes_of(&with_suffix(&database, suffix)) > 0)
}

/// Refuses a store that is damaged, and changes nothing. A large one that ended in order gets a glance: whether its file is as long
/// as it says, and its tables can be named.
pub(super) fn look(directory: &Path) -> Result<(), StoreError> {
    let database = directory.join(DATABASE_FILE);
    let (bytes, log_bytes) = (bytes_of(&database), bytes_of(&with_suffix(&database, "-wal")));
    // What was broken off is undone as the file is opened; until then it is not whole.
    let is_broken_off = bytes_of(&with_suffix(&database, "-journal")) > 0;
    // Nothing yet, or a log without its database, which is refused where it is opened.
    if bytes == 0 || is_broken_off {
        return Ok(());
    }
    let bytes_max = if log_bytes == 0 { LOOK_ALWAYS_BYTES_MAX } else { LOOK_AFTER_CRASH_BYTES_MAX };
    let found = if bytes + log_bytes <= bytes_max {
        read_whole(&database)
    } else {
        glance(&database, (bytes, log_bytes))
    };
    let problem = match found {
        Ok(None) => return Ok(()),
        Ok(Some(problem)) | Err(StoreError::Corrupt(problem)) => problem,
        Err(error) => return Err(error),
    };
    Err(StoreError::Corrupt(format!(
        "{}: {problem}; put the last backup back: soko-server restore FILE --data-dir {} --force",
        database.display(),
        directory.display()
    )))
}

fn read_whole(database: &Path) -> Result<Option<String>, StoreError> {
    let problems = Sqlite::open(database, OpenMode::ReadOnly)?.quick_check()?;
    Ok(problems.into_iter().next())
}

fn glance(database: &Path, (bytes, log_bytes): (u64, u64)) -> Result<Option<String>, StoreError> {
    let mut header = [0; HEADER_BYTES];
    let read = File::open(database).and_then(|mut file| file.read_exact(&mut header));
    read.map_err(|error| StoreError::Io(format!("{}: {error}", database.display())))?;
    let wanted = length_in(&header);
    // With a log the file may lag behind: some of its pages are in there.
    if log_bytes == 0 && wanted > bytes {
        return Ok(Some(format!("{} bytes are missing at its end", wanted - bytes)));
    }
    let mut db = Sqlite::open(database, OpenMode::ReadOnly)?;
    db.read(|tx| tx.query_one("select count(*) from sqlite_schema", params![]).map(drop))?;
    Ok(None)
}

/// How long the file is by its own word: <https://www.sqlite.org/fileformat2.html#in_header_database_size>.
fn length_in(header: &[u8; HEADER_BYTES]) -> u64 {
    let number = |at: usize| {
        header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
    };
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    // Programs that did not keep the number leave another mark behind than these two alike.
    if number(24) == number(92) { page * u64::from(number(28)) } else { 0 }
}

fn bytes_of(path: &Path) -> u64 {
    path.metadata().map_or(0, |file| file.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_sees_that_a_file_was_cut_or_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join(DATABASE_FILE);
        let mut db = Sqlite::open(&database, OpenMode::Create).unwrap();
        db.transaction(|tx| {
            tx.execute("create table t (n integer primary key, note blob not null) strict", &[])
        })
        .unwrap();
        db.transaction(|tx| tx.execute("insert into t values (1, $1)", params![vec![7_u8; 50_000]])).unwrap();
        drop(db);
        let whole = std::fs::read(&database).unwrap();
        let seen = |bytes: &[u8]| {
            std::fs::write(&database, bytes).unwrap();
            glance(&database, (bytes.len() as u64, 0))
        };
        assert_eq!(seen(&whole), Ok(None));
        let cut = whole.len() - 4_096;
        assert_eq!(seen(&whole[..cut]), Ok(Some("4096 bytes are missing at its end".into())));
        let mut other = whole;
        other[..16].fill(b'x');
        assert!(matches!(seen(&other), Err(StoreError::Corrupt(_))), "another kind of file");
    }

    #[test]
    fn what_is_left_of_a_store_is_one() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!holds_store(directory.path()));
        for (name, bytes, holds) in [
            ("soko.db-shm", 9, false),
            ("soko.db-wal", 0, false),
            ("soko.db-wal", 9, true),
            ("soko.db-journal", 9, true),
            ("soko.db", 0, true),
        ] {
            let file = directory.path().join(name);
            std::fs::write(&file, vec![1; bytes]).unwrap();
            assert_eq!(holds_store(directory.path()), holds, "{name} {bytes}");
            std::fs::remove_file(&file).unwrap();
        }
    }
}
