//! The address book of an account, brought together from all its devices. Nobody else sees it.

use soko_domain::address_book::{EVER_MAX, Kept, Written};
use soko_domain::ids::ThingId;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::platform::refusal::Refusal;

/// One address, with what was said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookEntry {
    pub address: ThingId,
    pub kept: Kept,
}

/// What a device has not seen, and how far it has then seen everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exchanged {
    pub up_to: i64,
    pub entries: Vec<BookEntry>,
}

const COLUMNS: &str = "address, edits, chosen, is_gone, label, name, reach, goes_to";

/// Takes what a device says, and answers what it has not seen.
pub fn exchange(
    tx: &mut dyn Tx,
    account: ThingId,
    since: i64,
    said: &[BookEntry],
) -> Result<Exchanged, Refusal> {
    let next = up_to(tx, account)? + 1;
    for entry in said {
        let known = one(tx, account, entry.address)?;
        let kept = known.as_ref().map_or_else(Kept::default, Clone::clone).merged(&entry.kept);
        if known.as_ref() != Some(&kept) {
            keep(tx, account, &BookEntry { address: entry.address, kept }, next)?;
        }
    }
    let sql = "select count(*) from kept_address where account = $1";
    let count: usize = tx.query_one(sql, params![account])?.number(0)?;
    if count > EVER_MAX {
        return Err(Refusal::TooMany(u32::try_from(EVER_MAX).unwrap_or(u32::MAX)));
    }
    let sql = format!(
        "select {COLUMNS} from kept_address where account = $1 and version > $2 order by version, address"
    );
    let rows = tx.query(&sql, params![account, since])?;
    let entries = rows.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(Exchanged { up_to: up_to(tx, account)?, entries })
}

/// The whole book, for whoever asks what is kept of them. Of what was taken out nothing is left to tell.
pub fn all(tx: &mut dyn Tx, account: ThingId) -> Result<Vec<BookEntry>, StoreError> {
    let sql =
        format!("select {COLUMNS} from kept_address where account = $1 and is_gone = 0 order by address");
    tx.query(&sql, params![account])?.iter().map(entry).collect()
}

fn one(tx: &mut dyn Tx, account: ThingId, address: ThingId) -> Result<Option<Kept>, StoreError> {
    let sql = format!("select {COLUMNS} from kept_address where account = $1 and address = $2");
    let row = tx.query_opt(&sql, params![account, address])?;
    row.map(|row| entry(&row).map(|entry| entry.kept)).transpose()
}

fn keep(tx: &mut dyn Tx, account: ThingId, entry: &BookEntry, version: i64) -> Result<(), StoreError> {
    let BookEntry { address, kept } = entry;
    let is_gone = kept.written.is_none();
    let Written { label, name, reach, address: goes_to } = kept.written.clone().unwrap_or_default();
    tx.run(
        "insert into kept_address
           (account, address, edits, chosen, is_gone, label, name, reach, goes_to, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (account, address) do update
         set edits = excluded.edits, chosen = excluded.chosen, is_gone = excluded.is_gone, label = excluded.label,
           name = excluded.name, reach = excluded.reach, goes_to = excluded.goes_to, version = excluded.version",
        params![
            account,
            *address,
            kept.edits,
            kept.chosen,
            i64::from(is_gone),
            label,
            name,
            reach,
            goes_to,
            version
        ],
    )
}

fn up_to(tx: &mut dyn Tx, account: ThingId) -> Result<i64, StoreError> {
    let sql = "select coalesce(max(version), 0) from kept_address where account = $1";
    tx.query_one(sql, params![account])?.int(0)
}

fn entry(row: &Row) -> Result<BookEntry, StoreError> {
    let text = |at: usize| row.text(at).map(str::to_owned);
    let written = if row.bool(3)? {
        None
    } else {
        Some(Written { label: text(4)?, name: text(5)?, reach: text(6)?, address: text(7)? })
    };
    let kept = Kept { edits: row.number(1)?, chosen: row.number(2)?, written };
    Ok(BookEntry { address: row.id(0)?, kept })
}
