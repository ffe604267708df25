//! Statements: parameters, rows, conflicts, savepoints.

use super::{Case, Outcome};
use crate::params;
use crate::tx::{Again, StoreError, Tx, savepoint};

pub(super) const CASES: &[Case] = &[
    ("values return as they were given", values_return),
    ("parameters are bound by number, not by place", parameters_by_number),
    ("a number too large for a column is refused", too_large),
    ("changed rows are counted", changed_rows),
    ("a conflict can be met without failing", conflicts),
    ("one row means one", one_row),
    ("a refused job leaves the others", refused_jobs),
    ("a broken rule is a constraint", broken_rule),
    ("a statement is used as often as one likes", used_often),
];

fn create(tx: &mut dyn Tx) -> Result<(), StoreError> {
    let table = "create table suite_note (n {int} primary key, note text check (note <> 'no'), bytes {blob}) {strict}";
    tx.execute(&tx.dialect().ddl(table), &[]).map(drop)
}

fn insert(tx: &mut dyn Tx, n: i64, note: &str) -> Result<u64, StoreError> {
    tx.execute("insert into suite_note (n, note) values ($1, $2)", params![n, note])
}

fn numbers(tx: &mut dyn Tx) -> Result<Vec<i64>, StoreError> {
    tx.query("select n from suite_note order by n", &[])?.iter().map(|row| row.int(0)).collect()
}

fn values_return(tx: &mut dyn Tx) -> Outcome {
    create(tx)?;
    let texts = [None, Some(""), Some("Grüße, 茶 🫖"), Some("it's; \"quoted\" $1 ?")];
    let bytes = [None, Some(vec![]), Some(vec![0, 255, 0]), Some(vec![9; 100_000])];
    let all = [0, -1, i64::MAX, i64::MIN].into_iter().zip(texts.into_iter().zip(&bytes));
    for (n, (text, bytes)) in all {
        tx.execute("insert into suite_note (n, note, bytes) values ($1, $2, $3)", params![n, text, bytes])?;
        let row = tx.query_one("select n, note, bytes from suite_note where n = $1", params![n])?;
        assert_eq!((row.int(0)?, row.text_opt(1)?, row.blob_opt(2)?), (n, text, bytes.as_deref()));
    }
    let row = tx.query_one("select count(*), coalesce(max(n), 0) from suite_note", &[])?;
    assert_eq!((row.number::<u8>(0)?, row.int(1)?), (4, i64::MAX));
    Ok(())
}

fn parameters_by_number(tx: &mut dyn Tx) -> Outcome {
    let sql = "select cast($2 as bigint), cast($1 as bigint), cast($2 as bigint)";
    let row = tx.query_one(sql, params![1, 2])?;
    assert_eq!((row.int(0)?, row.int(1)?, row.int(2)?), (2, 1, 2));
    Ok(())
}

fn too_large(tx: &mut dyn Tx) -> Outcome {
    create(tx)?;
    let refused = savepoint(tx, |tx| {
        tx.execute("insert into suite_note (n) values ($1)", params![i64::MAX.unsigned_abs() + 1])
    })?;
    assert_eq!(refused, Err(StoreError::too_large(i64::MAX.unsigned_abs() + 1)));
    assert!(numbers(tx)?.is_empty());
    Ok(())
}

fn changed_rows(tx: &mut dyn Tx) -> Outcome {
    create(tx)?;
    assert_eq!((insert(tx, 1, "a")?, insert(tx, 2, "a")?), (1, 1));
    let update = "update suite_note set note = $2 where note = $1";
    assert_eq!(tx.execute(update, params!["a", "b"])?, 2);
    assert_eq!(tx.execute(update, params!["a", "c"])?, 0);
    assert_eq!(tx.execute("delete from suite_note where n > $1 returning n", params![1])?, 1);
    Ok(())
}

fn conflicts(tx: &mut dyn Tx) -> Outcome {
    create(tx)?;
    let keep = "insert into suite_note (n, note) values ($1, $2) on conflict (n) do nothing";
    assert_eq!(tx.execute(keep, params![1, "first"])?, 1);
    assert_eq!(tx.execute(keep, params![1, "second"])?, 0);
    let replace = "insert into suite_note (n, note) values ($1, $2) \
                   on conflict (n) do update set note = excluded.note where suite_note.note <> excluded.note \
                   returning note";
    assert!(tx.query_opt(replace, params![1, "first"])?.is_none());
    assert_eq!(tx.query_one(replace, params![1, "third"])?.text(0)?, "third");
    Ok(())
}

fn one_row(tx: &mut dyn Tx) -> Outcome {
    create(tx)?;
    insert(tx, 1, "a")?;
    insert(tx, 2, "b")?;
    assert!(tx.query_opt("select n from suite_note where n = 3", &[])?.is_none());
    assert!(tx.query_opt("select n from suite_note", &[]).is_err());
    assert!(tx.query_one("select n from suite_note where n = 3", &[]).is_err());
    assert_eq!(tx.query_one("select n from suite_note where n = 2", &[])?.int(0)?, 2);
    Ok(())
}

fn refused_jobs(tx: &mut dyn Tx) -> Outcome {
    create(tx)?;
    let mut refused = 0;
    for n in 0..64 {
        let outcome = savepoint(tx, |tx| {
            insert(tx, n, "written")?;
            match n % 4 {
                // Two ways to refuse: by itself after writing, and by a rule of the store.
                1 => Err(StoreError::Other("changed its mind".into())),
                3 => insert(tx, n + 1000, "no"),
                _ => Ok(1),
            }
        })?;
        refused += u32::from(outcome.is_err());
    }
    assert_eq!(refused, 32);
    assert_eq!(numbers(tx)?, (0..64).step_by(2).collect::<Vec<_>>());
    Ok(())
}

/// An engine may plan a statement anew now and then: with others under way, and beside failures that are undone.
fn used_often(tx: &mut dyn Tx) -> Outcome {
    create(tx)?;
    for n in 1..=600 {
        tx.run("insert into suite_note (n, note) values ($1, $2)", params![n, "x"])?;
        if n % 7 == 0 {
            let taken = savepoint(tx, |tx| insert(tx, n, "again"))?;
            assert!(matches!(taken, Err(StoreError::Constraint(_))), "{taken:?}");
        }
        let row = tx.query_one("select count(*) from suite_note where n <= $1", params![n])?;
        assert_eq!(row.int(0)?, n);
    }
    Ok(())
}

fn broken_rule(tx: &mut dyn Tx) -> Outcome {
    create(tx)?;
    insert(tx, 1, "a")?;
    for (n, note) in [(1, "again"), (2, "no")] {
        let refused = savepoint(tx, |tx| insert(tx, n, note))?;
        let Err(error @ StoreError::Constraint(_)) = refused else {
            return Err(format!("{refused:?} is not a broken rule").into());
        };
        assert_eq!(error.again(), Again::Never);
    }
    assert_eq!(numbers(tx)?, [1]);
    Ok(())
}
