//! The log: appended in order, read in portions, proven, withheld.

use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_replication::{Body, Budget, Heads, Record, fill, heads_digest};

use super::{Case, LOG, Outcome, Writer};
use crate::log::{self, AppendError, LogSource, Positions, Problem};
use crate::params;
use crate::tx::{StoreError, Tx, savepoint};

pub(super) const CASES: &[Case] = &[
    ("records return as they were appended", records_return),
    ("many records in one call", many),
    ("chains have no gaps and nothing is overwritten", contiguous),
    ("an unknown author introduces itself first", introduced),
    ("a refused append takes no position", no_position_lost),
    ("logs do not mix", logs_apart),
    ("cursors never skip", cursors),
    ("answers are bounded in number and size", bounded),
    ("a page is filled from the log", fills_pages),
    ("a withheld body leaves the chain proven", withheld),
    ("another branch takes a chain's place and leaves no gap", other_branch),
    ("a flipped byte is found", flipped),
    ("a lost record is found", lost),
    ("a forged chain is found", forged),
];

fn held(tx: &mut dyn Tx, author: &AuthorId) -> Result<Vec<Record>, StoreError> {
    log::range(tx, LOG, author, 1, 10_000, usize::MAX)
}

fn records_return(tx: &mut dyn Tx) -> Outcome {
    let mut writer = Writer::new(1, LOG)?;
    let mut records = writer.commit(3)?;
    records[1].body = records[1].body.withheld();
    assert_eq!(log::append(tx, &records)?, Some(Positions { first: 1, last: 4 }));
    let author = writer.pen.author();
    assert_eq!(held(tx, &author)?, records);
    assert_eq!(log::record_at(tx, LOG, &author, 3)?.as_ref(), records.get(2));
    assert_eq!(log::hash_at(tx, LOG, &author, 3)?, Some(records[2].id()));
    assert_eq!(log::hash_at(tx, LOG, &author, 5)?, None);
    assert_eq!(log::head(tx, LOG, &author)?, Some(writer.pen.head()));
    assert_eq!(log::known(tx, LOG, &author)?.map(|known| known.public_key), Some(writer.pen.public_key()));
    assert_eq!(log::heads(tx, LOG)?, Heads::from([(author, writer.pen.head())]));
    assert_eq!((log::count(tx, LOG)?, log::logs(tx)?), (4, vec![LOG]));
    assert_eq!(log::append(tx, &[])?, None);
    Ok(())
}

fn many(tx: &mut dyn Tx) -> Outcome {
    let mut writer = Writer::new(1, LOG)?;
    for bodies in [1_000, 300, 37, 1] {
        log::append(tx, &writer.commit(bodies)?)?;
    }
    assert_eq!(log::count(tx, LOG)?, 1_339);
    let report = log::verify(tx, LOG)?;
    assert!(report.is_sound() && report.records == 1_339, "{report:?}");
    Ok(())
}

fn contiguous(tx: &mut dyn Tx) -> Outcome {
    let mut writer = Writer::new(1, LOG)?;
    let author = writer.pen.author();
    log::append(tx, &writer.commit(2)?)?;
    let next = writer.commit(2)?;
    let mut overwriting = next[0].clone();
    overwriting.seq = 3;
    let mut elsewhere = next[0].clone();
    elsewhere.prev = Hash([9; 32]);
    let cases: [(&[Record], AppendError); 4] = [
        (&next[1..], AppendError::NotNext { author, seq: 5, head: 3 }),
        (&[overwriting], AppendError::NotNext { author, seq: 3, head: 3 }),
        (&[elsewhere], AppendError::NotChained { author, seq: 4 }),
        (&[next[0].clone(), next[0].clone()], AppendError::NotNext { author, seq: 4, head: 4 }),
    ];
    for (records, expected) in cases {
        let refused = savepoint(tx, |tx| log::append(tx, records))?;
        assert_eq!(refused, Err(expected));
    }
    assert_eq!(log::count(tx, LOG)?, 3);
    log::append(tx, &next)?;
    assert_eq!(log::head(tx, LOG, &author)?, Some(writer.pen.head()));
    Ok(())
}

fn introduced(tx: &mut dyn Tx) -> Outcome {
    let mut writer = Writer::new(1, LOG)?;
    let author = writer.pen.author();
    let mut records = writer.commit(1)?;
    records[0].body = records[0].body.withheld();
    let refused = savepoint(tx, |tx| log::append(tx, &records))?;
    assert_eq!(refused, Err(AppendError::NotIntroduced { author }));
    let refused = savepoint(tx, |tx| log::append(tx, &records[1..]))?;
    assert_eq!(refused, Err(AppendError::NotNext { author, seq: 2, head: 0 }));
    Ok(())
}

fn no_position_lost(tx: &mut dyn Tx) -> Outcome {
    let (mut first, mut second) = (Writer::new(1, LOG)?, Writer::new(2, LOG)?);
    log::append(tx, &first.commit(1)?)?;
    let skipped = second.commit(5)?;
    savepoint(tx, |tx| log::append(tx, &skipped[1..]))?.expect_err("its introduction is missing");
    assert_eq!(log::append(tx, &first.commit(1)?)?, Some(Positions { first: 3, last: 3 }));
    assert!(log::verify(tx, LOG)?.is_sound());
    Ok(())
}

fn logs_apart(tx: &mut dyn Tx) -> Outcome {
    let other = LogId([8; 16]);
    let (mut here, mut there) = (Writer::new(1, LOG)?, Writer::new(1, other)?);
    let (ours, theirs) = (here.commit(2)?, there.commit(1)?);
    let mixed = [ours.clone(), theirs.clone()].concat();
    assert_eq!(savepoint(tx, |tx| log::append(tx, &mixed))?, Err(AppendError::MixedLogs));
    log::append(tx, &ours)?;
    assert_eq!(log::append(tx, &theirs)?, Some(Positions { first: 1, last: 2 }));
    assert_eq!((log::count(tx, LOG)?, log::count(tx, other)?), (3, 2));
    assert_eq!(log::heads(tx, other)?.len(), 1);
    assert_ne!(heads_digest(LOG, &log::heads(tx, LOG)?), heads_digest(other, &log::heads(tx, other)?));
    assert_eq!(log::logs(tx)?, [LOG, other]);
    Ok(())
}

fn cursors(tx: &mut dyn Tx) -> Outcome {
    let mut writers = [Writer::new(1, LOG)?, Writer::new(2, LOG)?, Writer::new(3, LOG)?];
    let mut appended = Vec::new();
    for round in 0..10 {
        let mut records = writers[round % 3].commit(round)?;
        records.extend(writers[(round + 1) % 3].commit(1)?);
        log::append(tx, &records)?;
        appended.extend(records);
    }
    for limit in [1, 3, 1_000] {
        let mut read = Vec::new();
        loop {
            let portion = log::since(tx, LOG, read.len() as u64, limit)?;
            assert!(portion.len() <= limit);
            if portion.is_empty() {
                break;
            }
            for row in portion {
                assert_eq!((row.position, row.id), (read.len() as u64 + 1, row.record.id()));
                read.push(row.record);
            }
        }
        assert_eq!(read, appended);
    }
    Ok(())
}

fn bounded(tx: &mut dyn Tx) -> Outcome {
    let mut writer = Writer::new(1, LOG)?;
    log::append(tx, &writer.commit(9)?)?;
    let author = writer.pen.author();
    let sizes: Vec<usize> =
        held(tx, &author)?.iter().filter_map(|record| Some(record.body.bytes()?.len())).collect();
    let cases = [
        (1, 0, usize::MAX, 0),
        (1, 4, usize::MAX, 4),
        (8, 4, usize::MAX, 3),
        (11, 4, usize::MAX, 0),
        (1, 10, 0, 1),
        (2, 10, sizes[1] + sizes[2], 2),
        (2, 10, sizes[1] + sizes[2] - 1, 1),
        (1, 1, 0, 1),
    ];
    for (from, records, bytes, expected) in cases {
        let found = log::range(tx, LOG, &author, from, records, bytes)?;
        assert_eq!(found.len(), expected, "{records} records, {bytes} bytes from {from}");
        assert!(found.first().is_none_or(|first| first.seq == from));
    }
    Ok(())
}

fn fills_pages(tx: &mut dyn Tx) -> Outcome {
    let (mut first, mut second) = (Writer::new(1, LOG)?, Writer::new(2, LOG)?);
    log::append(tx, &first.commit(20)?)?;
    log::append(tx, &second.commit(5)?)?;
    let filled = fill(&LogSource::new(tx, LOG), &Heads::new(), Budget::PAGE)?;
    assert!(!filled.more && filled.unsendable.is_empty());
    let mut sent: Vec<(AuthorId, usize)> =
        filled.runs.iter().map(|run| (run.author, run.records.len())).collect();
    let mut expected = vec![(first.pen.author(), 21), (second.pen.author(), 6)];
    sent.sort();
    expected.sort();
    assert_eq!(sent, expected);
    Ok(())
}

fn withheld(tx: &mut dyn Tx) -> Outcome {
    let mut writer = Writer::new(1, LOG)?;
    log::append(tx, &writer.commit(3)?)?;
    let author = writer.pen.author();
    let before = held(tx, &author)?;
    assert!(log::withhold(tx, LOG, &author, 3)?);
    assert!(!log::withhold(tx, LOG, &author, 3)?);
    assert!(!log::withhold(tx, LOG, &author, 99)?);
    assert!(savepoint(tx, |tx| log::withhold(tx, LOG, &author, 1))?.is_err());
    let after = held(tx, &author)?;
    assert_eq!(after[2].body, Body::Withheld(before[2].body.hash()));
    assert_eq!((&after[..2], after[2].id()), (&before[..2], before[2].id()));
    assert!(log::verify(tx, LOG)?.is_sound());
    Ok(())
}

/// Two authors of eleven records; the first one's chain is signed at 1 + 5 and 1 + 10.
fn other_branch(tx: &mut dyn Tx) -> Outcome {
    let (mut one, mut two) = (Writer::new(1, LOG)?, Writer::new(1, LOG)?);
    let mut other = Writer::new(2, LOG)?;
    log::append(tx, &one.commit(2)?)?;
    two.commit(2)?;
    log::append(tx, &other.commit(1)?)?;
    let lost = one.commit(2)?;
    log::append(tx, &lost)?;
    // More than were lost: those that move up must not pass each other.
    log::append(tx, &other.commit(5)?)?;
    // Two at the same places, with another content.
    let mut taken = Vec::new();
    for at in 0..2 {
        taken.push(two.pen.write(7, vec![at])?);
    }
    two.pen.sign(&mut taken[1])?;
    let elsewhere = savepoint(tx, |tx| log::change_branch(tx, LOG, taken[1..].iter().map(|r| (r.id(), r))))?;
    assert!(matches!(elsewhere, Err(AppendError::NotChained { seq: 5, .. })), "{elsewhere:?}");
    assert_eq!(log::change_branch(tx, LOG, taken.iter().map(|r| (r.id(), r)))?, lost);
    let author = one.pen.author();
    assert_eq!(held(tx, &author)?[3..], taken);
    assert_eq!(log::head(tx, LOG, &author)?, Some(two.pen.head()));
    let report = log::verify(tx, LOG)?;
    assert!(report.is_sound() && report.records == 12, "{report:?}");
    let all = log::since(tx, LOG, 0, 100)?;
    assert!(all.iter().map(|found| found.position).eq(1..=12), "there are gaps");
    for author in [author, other.pen.author()] {
        let seqs = all.iter().map(|found| &found.record).filter(|record| record.author == author);
        assert!(seqs.map(|record| record.seq).is_sorted(), "{author} arrived out of its order");
    }
    Ok(())
}

fn two_chains(tx: &mut dyn Tx) -> Result<(AuthorId, AuthorId), Box<dyn std::error::Error>> {
    let (mut first, mut second) = (Writer::new(1, LOG)?, Writer::new(2, LOG)?);
    for writer in [&mut first, &mut second] {
        log::append(tx, &writer.commit(5)?)?;
        log::append(tx, &writer.commit(5)?)?;
    }
    assert!(log::verify(tx, LOG)?.is_sound());
    Ok((first.pen.author(), second.pen.author()))
}

/// Runs one statement on record 8 of `author`, then says what is proven and what is wrong.
fn after(
    tx: &mut dyn Tx,
    sql: &str,
    author: &AuthorId,
) -> Result<(u64, Option<Problem>), Box<dyn std::error::Error>> {
    tx.execute("savepoint damage", &[])?;
    let changed = tx.execute(sql, params![LOG, author, 8])?;
    assert!(changed > 0, "{sql}");
    let report = log::verify(tx, LOG)?;
    assert!(!report.is_sound(), "{sql}");
    let others = report.authors.iter().filter(|other| other.author != *author);
    assert!(others.clone().count() == 1 && others.clone().all(|other| other.proven == 11), "{report:?}");
    tx.execute("rollback to savepoint damage", &[])?;
    let found = report.authors.into_iter().find(|found| found.author == *author);
    let found = found.ok_or("the author is missing from the report")?;
    Ok((found.proven, found.problem))
}

fn flipped(tx: &mut dyn Tx) -> Outcome {
    let (first, second) = two_chains(tx)?;
    let place = "log = $1 and author = $2 and seq = $3";
    let other = "log = $1 and author = $2 and seq = cast($3 as bigint) - 1";
    let altered = Some(Problem::Altered { seq: 8 });
    for column in ["body", "prev", "hash"] {
        // Another record's value stands for any other bytes.
        let sql =
            format!("update record set {column} = (select {column} from record where {other}) where {place}");
        assert_eq!(after(tx, &sql, &first)?, (6, altered.clone()), "{column}");
    }
    let sql = format!("update record set kind = kind + 1 where {place}");
    assert_eq!(after(tx, &sql, &second)?, (6, altered));
    let sql = format!("update record set position = 500 where {place}");
    assert_eq!(after(tx, &sql, &first)?, (11, None));
    Ok(())
}

fn lost(tx: &mut dyn Tx) -> Outcome {
    let (first, _) = two_chains(tx)?;
    let cases = [
        ("delete from record where log = $1 and author = $2 and seq = $3", 6, Problem::Missing { seq: 8 }),
        ("delete from record where log = $1 and author = $2 and seq >= $3", 6, Problem::Unsigned { seq: 6 }),
        (
            "delete from record where log = $1 and author = $2 and seq >= cast($3 as bigint) - 1",
            6,
            Problem::Missing { seq: 7 },
        ),
        ("update author_head set seq = $3 where log = $1 and author = $2", 11, Problem::WrongHead),
        ("delete from author_head where log = $1 and author = $2 and seq > $3", 11, Problem::WrongHead),
    ];
    for (sql, proven, problem) in cases {
        assert_eq!(after(tx, sql, &first)?, (proven, Some(problem)), "{sql}");
    }
    Ok(())
}

fn forged(tx: &mut dyn Tx) -> Outcome {
    let (first, _) = two_chains(tx)?;
    let unsigned = "update record set signature = null where log = $1 and author = $2 and seq > $3";
    assert_eq!(after(tx, unsigned, &first)?, (6, Some(Problem::Unsigned { seq: 6 })));
    let foreign = "update record set signature = (select signature from record \
                   where log = $1 and author <> $2 and seq = 11) \
                   where log = $1 and author = $2 and seq > $3 and signature is not null";
    let (proven, problem) = after(tx, foreign, &first)?;
    assert!(matches!(problem, Some(Problem::NotProven { seq: 11, .. })) && proven == 6, "{problem:?}");
    Ok(())
}
