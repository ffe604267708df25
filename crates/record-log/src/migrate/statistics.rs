//! What SQLite is told of tables before it plans a statement: fixed estimates instead of counts.
//!
//! Without any, SQLite takes a log's id, of which a database has one or a few, for as telling as the id of an order, and reads the
//! whole log where an index would have found one row. Counting (`analyze`) would make plans depend on the day somebody counted, and
//! an empty table counted is worse than none. These estimates say what columns are like, and are the same everywhere.

use crate::params;
use crate::tx::{Dialect, StoreError, Tx};

/// Told again where it differs: another way of estimating is another number.
const VERSION: u32 = 1;
/// No table is called so; SQLite passes over rows of tables that it does not know.
const MARK: &str = "told";
/// What each table is taken to hold.
const ROWS: u64 = 1_000_000;
/// Of a table's rows that an index of a part holds.
const PART: u64 = 10;
/// An index whose columns are given, but for the only one that makes them unique, finds so many.
const FOUND: u64 = 10;

/// Tells SQLite, unless it was told the same of as many tables and indexes. Its own transaction, after the last step of the schema.
/// PostgreSQL counts by itself.
pub fn tell_planner(tx: &mut dyn Tx) -> Result<(), StoreError> {
    if tx.dialect() != Dialect::Sqlite {
        return Ok(());
    }
    let mark = mark(tx)?;
    if is_told(tx, &mark)? {
        return Ok(());
    }
    let estimates = estimates(tx)?;
    // This makes the table of estimates where there is none, counts nothing, and reads what stands there.
    tx.execute("analyze sqlite_schema", &[])?;
    tx.execute("delete from sqlite_stat1", &[])?;
    for Estimate { table, index, rows } in &estimates {
        tx.execute(
            "insert into sqlite_stat1 (tbl, idx, stat) values ($1, $2, $3)",
            params![table.as_str(), index.as_deref(), rows.as_str()],
        )?;
    }
    tx.execute(
        "insert into sqlite_stat1 (tbl, idx, stat) values ($1, $2, $3)",
        params![MARK, None::<&str>, mark.as_str()],
    )?;
    tx.execute("analyze sqlite_schema", &[])?;
    Ok(())
}

/// A row of SQLite's own table: how many rows, and how many of them are found by each further column of an index.
struct Estimate {
    table: String,
    index: Option<String>,
    rows: String,
}

/// How many things there were to tell of.
fn mark(tx: &mut dyn Tx) -> Result<String, StoreError> {
    let things = tx.query_one(
        "select count(*) from sqlite_schema where tbl_name not like 'sqlite\\_%' escape '\\'",
        &[],
    )?;
    Ok(format!("{VERSION} of {}", things.number::<u64>(0)?))
}

fn is_told(tx: &mut dyn Tx, mark: &str) -> Result<bool, StoreError> {
    let table = tx.query("select 1 from sqlite_schema where name = 'sqlite_stat1'", &[])?;
    if table.is_empty() {
        return Ok(false);
    }
    let told = tx.query("select 1 from sqlite_stat1 where tbl = $1 and stat = $2", params![MARK, mark])?;
    Ok(!told.is_empty())
}

fn estimates(tx: &mut dyn Tx) -> Result<Vec<Estimate>, StoreError> {
    let tables = tx.query(
        "select name, wr from pragma_table_list \
         where schema = 'main' and type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name",
        &[],
    )?;
    let mut estimates = Vec::new();
    for table in &tables {
        let (name, without_rowid) = (table.text(0)?, table.int(1)? == 1);
        let found = of_table(tx, name, without_rowid)?;
        if found.is_empty() {
            estimates.push(Estimate { table: name.into(), index: None, rows: ROWS.to_string() });
        }
        estimates.extend(found);
    }
    Ok(estimates)
}

fn of_table(tx: &mut dyn Tx, table: &str, without_rowid: bool) -> Result<Vec<Estimate>, StoreError> {
    let indexes = tx.query(
        "select name, \"unique\", origin, partial from pragma_index_list($1) order by name",
        params![table],
    )?;
    let mut estimates = Vec::new();
    for index in &indexes {
        let name = index.text(0)?;
        let columns = tx.query(
            "select coalesce(i.name, ''), coalesce(upper(t.type), '') from pragma_index_info($1) i \
             left join pragma_table_info($2) t on t.cid = i.cid order by i.seqno",
            params![name, table],
        )?;
        let columns: Result<Vec<_>, StoreError> =
            columns.iter().map(|column| Ok((column.text(0)?, column.text(1)?))).collect();
        let held = if index.int(3)? == 1 { ROWS / PART } else { ROWS };
        // The table itself is its first index where rows have no number of their own.
        let is_table = without_rowid && index.text(2)? == "pk";
        estimates.push(Estimate {
            table: table.into(),
            index: Some(if is_table { table } else { name }.into()),
            rows: found_by(&columns?, held, index.int(1)? == 1),
        });
    }
    Ok(estimates)
}

/// `1000000 10000 10 1 noskipscan`, of an index over a log, something's id and a number that makes it unique. SQLite never starts in the middle
/// of such an index: the first column has few values, but nobody asks for all of them.
fn found_by(columns: &[(&str, &str)], held: u64, is_unique: bool) -> String {
    let mut left = held;
    let mut text = held.to_string();
    for (at, (name, kind)) in columns.iter().enumerate() {
        let is_last = at + 1 == columns.len();
        left = if is_unique && is_last { 1 } else { (left / values_of(name, kind)).max(FOUND) };
        text.push_str(&format!(" {left}"));
    }
    text.push_str(" noskipscan");
    text
}

/// How many values a column has, as far as its name and kind tell. Of logs there may be one: it is said to be one of a hundred, so
/// that a log's part of a table is still better found by an index than by reading the table of all.
fn values_of(name: &str, kind: &str) -> u64 {
    match (name, kind) {
        ("log", _) => 100,
        ("stall" | "author" | "person" | "approved_by", _) => 10,
        (_, "BLOB") => ROWS,
        (_, "TEXT") => 1_000,
        (_, _) => 30,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::Sqlite;

    const TABLES: [&str; 4] = [
        "create table sale (log blob not null, sale blob not null, day integer not null, note text, primary key (log, sale)) \
         strict, without rowid",
        "create index sale_day on sale (log, day) where day > 0",
        "create table line (id integer primary key, log blob, author blob, seq integer, unique (log, author, seq))",
        "create table plain (id integer primary key)",
    ];

    fn told(db: &mut Sqlite) -> Vec<String> {
        db.transaction(tell_planner).unwrap();
        let rows =
            db.read(|tx| tx.query("select tbl, idx, stat from sqlite_stat1 order by 1, 2", &[])).unwrap();
        rows.iter()
            .map(|row| {
                let index = row.text_opt(1).unwrap().unwrap_or("-");
                format!("{} {} {}", row.text(0).unwrap(), index, row.text(2).unwrap())
            })
            .collect()
    }

    fn with_tables() -> Sqlite {
        let mut db = Sqlite::open_in_memory().unwrap();
        for table in TABLES {
            db.transaction(|tx| tx.execute(table, &[])).unwrap();
        }
        db
    }

    #[test]
    fn an_index_is_told_by_what_its_columns_are_like() {
        let expected = [
            "line sqlite_autoindex_line_1 1000000 10000 1000 1 noskipscan",
            "plain - 1000000",
            "sale sale 1000000 10000 1 noskipscan",
            "sale sale_day 100000 1000 33 noskipscan",
            "told - 1 of 5",
        ];
        assert_eq!(told(&mut with_tables()), expected);
    }

    #[test]
    fn it_is_told_once_and_again_when_there_is_more_to_tell_of_or_somebody_counted() {
        let mut db = with_tables();
        let first = told(&mut db);
        let spoil = |db: &mut Sqlite| {
            let spoil = "update sqlite_stat1 set stat = '7 7 7' where idx = 'sale_day'";
            db.transaction(|tx| tx.execute(spoil, &[])).unwrap();
        };
        spoil(&mut db);
        assert_ne!(told(&mut db), first, "what stands there is not written again at each start");
        db.transaction(|tx| tx.execute("create index sale_note on sale (log, note)", &[])).unwrap();
        assert_eq!(told(&mut db).len(), first.len() + 1);
        db.transaction(|tx| tx.execute("drop index sale_note", &[])).unwrap();
        assert_eq!(told(&mut db), first);
        spoil(&mut db);
        db.transaction(|tx| tx.execute("analyze", &[])).unwrap();
        assert_eq!(told(&mut db), first);
    }

    #[test]
    fn an_id_is_looked_for_by_its_index_and_not_through_the_log() {
        let mut db = with_tables();
        told(&mut db);
        let plan = "explain query plan select note from sale where log = $1 and sale = $2 and day = $3";
        let rows =
            db.read(|tx| tx.query(plan, params![[1_u8; 4].as_slice(), [2_u8; 4].as_slice(), 3_i64])).unwrap();
        assert_eq!(rows[0].text(3).unwrap(), "SEARCH sale USING PRIMARY KEY (log=? AND sale=?)");
    }
}
