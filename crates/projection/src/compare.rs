//! Whether the derived tables of a log are what its records say: every row of every table, those too that the digest leaves
//! out because a device does not need to agree about them. And which bodies are gone although no record says why.

use std::collections::BTreeMap;

use soko_domain::entry::Kind;
use soko_domain::ids::{AuthorId, Hash, LogId};
use soko_record_log::{Param, Row, StoreError, Tx, params};

use crate::digest::{DOCUMENT, PARTS, PENDING_CHANGE, Part, SUMS};
use crate::sum::{Sum, param};

/// Of tables that the digest leaves out.
const BESIDE_NUMBER: u8 = u8::MAX;

/// What follows from when a place heard of records, too: behind a clock that went back it waits to be filled again.
pub const TOLD_TABLE: &str = "figure_restated";

const fn beside(table: &'static str, key_count: usize, keys: &'static str) -> Part {
    Part { number: BESIDE_NUMBER, table, keys, key_count, values: "1" }
}

/// The tables that the digest leaves out, but for its own sum, and for what only devices keep: which of the server's rows of that
/// there are depends on who applied the documents.
const BESIDE: &[Part] = &[
    PARKED,
    beside("product", 1, "product"),
    beside("product_code", 2, "code, product"),
    beside("tax_class", 1, "class"),
    beside("product_category", 2, "category, product"),
    beside("open_tab", 1, "tab"),
    beside("tab_paid", 3, "sale, author, seq"),
    beside("category", 1, "category"),
    beside("stall_profile", 1, "log"),
    beside("shift_tender", 3, "shift, author, kind"),
    beside("shift_tax", 5, "shift, author, ppm, mode, label"),
    beside("person", 1, "person"),
    beside("person_card", 3, "person, author, seq"),
    beside("role_limits", 1, "role"),
    beside("audit", 2, "author, seq"),
    beside("audit_row", 3, "author, seq, facet"),
    beside("customer", 1, "customer"),
    beside("customer_card", 3, "customer, author, seq"),
    beside("purse", 1, "purse"),
    beside("purse_entry", 2, "author, seq"),
    beside("shift_purse", 3, "shift, author, kind"),
    beside("loyalty", 1, "log"),
    beside("price_rule", 1, "product"),
    beside("price_move", 2, "author, seq"),
    beside("price_refusal", 2, "author, seq"),
    beside("rival_seen", 3, "author, seq, place"),
    beside("paid_code", 3, "author, seq, code"),
    beside("written_off", 3, "author, seq, place"),
    beside(TOLD_TABLE, 2, "business_day, told_day"),
];
/// What a record was parked for is said first by whoever sees it first, and then by the server.
const PARKED: Part = beside("parked", 2, "author, seq");

/// A hash over each derived table. Of the same store before and after its tables were derived again they are the same.
pub fn table_sums(tx: &mut dyn Tx, log: LogId) -> Result<BTreeMap<&'static str, Hash>, StoreError> {
    let of_part = |part: &Part| Ok((part.table, everything(part, tx, log)?.digest()));
    PARTS.iter().chain(BESIDE).map(of_part).collect()
}

fn everything(part: &Part, tx: &mut dyn Tx, log: LogId) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    // Rows of sums that are nothing depend on the portions in which records came, and a saved document's bytes on the order of
    // its changes. What waits to be applied is a record's own body.
    let is_as_the_digest_sees_it =
        SUMS.contains(&part.number) || [DOCUMENT.number, PENDING_CHANGE.number].contains(&part.number);
    if is_as_the_digest_sees_it || part.table == PARKED.table {
        part.sum_up(tx, log, &mut sum)?;
        return Ok(sum);
    }
    let whole_row = format!("{}.*", part.table);
    part.each(tx, log, (&whole_row, still_said(part.table)), &mut |row| {
        sum.add(Sum::of(part.number, &values(row)?));
        Ok(())
    })?;
    Ok(sum)
}

/// Whoever was erased took the bodies of some records along: what was derived from them before stands as long as nobody derives
/// it again, and nothing can be compared with it.
fn still_said(table: &str) -> &'static str {
    match table {
        "person" | "customer" => " and erased = 0",
        "audit_row" => {
            " and exists (select 1 from record r where r.log = audit_row.log and r.author = audit_row.author
               and r.seq = audit_row.seq and r.body is not null)"
        }
        _ => "",
    }
}

fn values(row: &Row) -> Result<Vec<Param<'_>>, StoreError> {
    (0..row.len()).map(|column| row.value(column).map(param)).collect()
}

/// Records without a body that nothing accounts for: the server parked none of them, and they do not say who somebody is while
/// somebody was erased. Ask it of tables that were derived just now. Whom an emptied card named nobody can know any more.
pub fn emptied(tx: &mut dyn Tx, log: LogId, limit: u32) -> Result<Vec<(AuthorId, u64)>, StoreError> {
    let rows = tx.query(
        "select r.author, r.seq from record r where r.log = $1 and r.body is null
           and not exists (select 1 from parked p where p.log = r.log and p.author = r.author and p.seq = r.seq)
           and not (r.kind = $2 and exists (select 1 from person e where e.log = r.log and e.erased = 1))
           and not (r.kind = $3 and exists (select 1 from customer e where e.log = r.log and e.erased = 1))
         order by r.author, r.seq limit $4",
        params![log, Kind::PersonPut.number(), Kind::CustomerPut.number(), limit],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use soko_record_log::{Migration, Sqlite, log};

    use super::*;

    /// The digest's own sum, which is compared as such, and what only devices keep.
    const LEFT_OUT: [&str; 2] = ["state_sum", "stock_change"];

    /// A table that is not compared may say anything, and one that is read by half its key loses rows.
    #[test]
    fn every_derived_table_is_compared_and_read_by_its_whole_key() {
        let mut db = Sqlite::open_in_memory().unwrap();
        let steps = [log::SCHEMA].into_iter().chain(crate::STEPS);
        let steps: Vec<Migration> =
            (1..).zip(steps).map(|(number, sql)| Migration { number, name: "step", sql }).collect();
        db.migrate(&steps).unwrap();
        let compared: BTreeSet<&str> = PARTS.iter().chain(BESIDE).map(|part| part.table).collect();
        let all: BTreeSet<&str> =
            crate::ALL_TABLES.iter().copied().filter(|table| !LEFT_OUT.contains(table)).collect();
        assert_eq!(compared, all);
        for part in PARTS.iter().chain(BESIDE) {
            let sql = "select name from pragma_table_info($1) where pk > 0 and (name <> 'log' or $2 = 'log') order by pk";
            let rows = db.read::<_, StoreError>(|tx| tx.query(sql, params![part.table, part.keys])).unwrap();
            let keys: Vec<&str> = rows.iter().map(|row| row.text(0).unwrap()).collect();
            assert_eq!(
                (keys.join(", "), keys.len()),
                (part.keys.to_owned(), part.key_count),
                "{}",
                part.table
            );
        }
    }
}
