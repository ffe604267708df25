//! A damaged file: what is said to be proven really is what was appended, whatever bytes were hit.

use std::fs;

use soko_domain::ids::LogId;
use soko_replication::Record;

use super::Writer;
use crate::{Migration, OpenMode, Sqlite, StoreError, log};

const LOG: LogId = LogId([7; 16]);
const COMMITS: usize = 60;
const ROUNDS: usize = 300;

#[test]
fn what_is_proven_can_be_salvaged() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("soko.db");
    let appended = fill(&path);
    let sound = fs::read(&path).unwrap();
    let (mut refused, mut partial, mut whole) = (0, 0, 0);
    for round in 0..ROUNDS {
        let mut bytes = sound.clone();
        let at = round * (bytes.len() - 1) / (ROUNDS - 1);
        let end = bytes.len().min(at + 40);
        bytes[at..end].iter_mut().for_each(|byte| *byte ^= 0xa5);
        fs::write(&path, bytes).unwrap();
        match salvage(&path) {
            Err(StoreError::Corrupt(_) | StoreError::Other(_)) => refused += 1,
            Err(error) => panic!("round {round}: {error}"),
            Ok(found) => {
                assert_eq!(found[..], appended[..found.len()], "round {round}");
                if found.len() == appended.len() { whole += 1 } else { partial += 1 }
            }
        }
    }
    // Every outcome was met, and most of the damage leaves something to salvage.
    assert!(refused > 0 && partial > ROUNDS / 4 && whole > 0, "{refused} {partial} {whole}");
}

/// One author, and everything in the database file itself.
fn fill(path: &std::path::Path) -> Vec<Record> {
    let mut db = Sqlite::open(path, OpenMode::Create).unwrap();
    db.migrate(&[Migration { number: 1, name: "log", sql: log::SCHEMA }]).unwrap();
    let mut writer = Writer::new(1, LOG).unwrap();
    let mut appended = Vec::new();
    for _ in 0..COMMITS {
        let records = writer.commit(3).unwrap();
        db.transaction(|tx| log::append(tx, &records)).unwrap();
        appended.extend(records);
    }
    db.checkpoint().unwrap();
    appended
}

fn salvage(path: &std::path::Path) -> Result<Vec<Record>, StoreError> {
    let mut db = Sqlite::open(path, OpenMode::Existing)?;
    db.read(|tx| {
        let report = log::verify(tx, LOG)?;
        let Some(author) = report.authors.iter().find(|author| author.proven > 0) else {
            return Ok(Vec::new());
        };
        let proven = usize::try_from(author.proven).unwrap();
        let found = log::range(tx, LOG, &author.author, 1, proven, usize::MAX)?;
        assert_eq!(found.len(), proven);
        Ok(found)
    })
}
