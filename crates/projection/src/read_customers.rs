//! What the screens about customers and their purses read.

use soko_domain::ids::{AuthorId, LogId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::purse::{Loyalty, PurseKind};
use soko_domain::stock::Account;
use soko_record_log::{Row, StoreError, ToParam as _, Tx, params};

use crate::catalogue::folded;
use crate::read::accounts;

/// Words of one search that are looked at.
const WORDS_MAX: usize = 6;

pub struct CustomerFound {
    pub customer: ThingId,
    pub revision: u64,
    pub name: String,
    pub phone: String,
    pub email: String,
    pub note: String,
    pub may_contact: bool,
    pub is_erased: bool,
}

const COLUMNS: &str = "customer, revision, name, phone, email, note, may_contact, erased";

fn found(row: &Row) -> Result<CustomerFound, StoreError> {
    Ok(CustomerFound {
        customer: row.id(0)?,
        revision: row.number(1)?,
        name: row.text(2)?.into(),
        phone: row.text(3)?.into(),
        email: row.text(4)?.into(),
        note: row.text(5)?.into(),
        may_contact: row.bool(6)?,
        is_erased: row.bool(7)?,
    })
}

pub fn customer(tx: &mut dyn Tx, log: LogId, customer: ThingId) -> Result<Option<CustomerFound>, StoreError> {
    let row = tx.query_opt(
        &format!("select {COLUMNS} from customer where log = $1 and customer = $2"),
        params![log, customer],
    )?;
    row.as_ref().map(found).transpose()
}

/// Customers by name. Each word that is searched for stands somewhere in the name, the number or the address; accents and
/// case do not matter, and neither does how a number is spaced.
pub fn customers(
    tx: &mut dyn Tx,
    log: LogId,
    text: &str,
    (offset, rows): (u32, u32),
) -> Result<Vec<CustomerFound>, StoreError> {
    let words = words(text);
    let mut wanted = vec![log.to_param(), rows.to_param(), offset.to_param()];
    let mut conditions = String::new();
    for word in &words {
        wanted.push(word.to_param());
        conditions.push_str(&format!(" and folded like ${} escape '!'", wanted.len()));
    }
    let sql = format!(
        "select {COLUMNS} from customer where log = $1 and erased = 0{conditions}
         order by folded, customer limit $2 offset $3"
    );
    tx.query(&sql, &wanted)?.iter().map(found).collect()
}

/// The patterns that a search is made of. A number is one word, however it is spaced.
fn words(text: &str) -> Vec<String> {
    let is_number = text.chars().any(|letter| letter.is_ascii_digit())
        && text.chars().all(|letter| letter.is_ascii_digit() || " +-./()".contains(letter));
    if is_number {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        return vec![format!("%{digits}%")];
    }
    let escaped = |word: &str| {
        let mut pattern = String::from("%");
        for letter in word.chars() {
            if matches!(letter, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(letter);
        }
        pattern + "%"
    };
    folded(text).split_whitespace().take(WORDS_MAX).map(escaped).collect()
}

/// Sales to a customer, the latest first.
pub fn sales_to(
    tx: &mut dyn Tx,
    log: LogId,
    customer: ThingId,
    (offset, rows): (u32, u32),
) -> Result<Vec<(SaleId, AuthorId)>, StoreError> {
    let rows = tx.query(
        "select sale, author from sale where log = $1 and customer = $2
         order by at_ms desc, sale, author limit $3 offset $4",
        params![log, customer, rows, offset],
    )?;
    rows.iter().map(|row| Ok((SaleId(row.id(0)?), row.id(1)?))).collect()
}

/// How many sales to a customer stand, and what they come to.
pub fn bought_by(tx: &mut dyn Tx, log: LogId, customer: ThingId) -> Result<(i64, i64), StoreError> {
    let row = tx.query_one(
        "select count(*), cast(coalesce(sum(total_minor), 0) as bigint) from sale s
         where log = $1 and customer = $2 and not exists (
           select 1 from sale_void v where v.log = s.log and v.sale = s.sale)",
        params![log, customer],
    )?;
    Ok((row.int(0)?, row.int(1)?))
}

/// A purse as the records have it, and where its units are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurseFound {
    pub purse: ProductId,
    pub kind: PurseKind,
    pub customer: Option<ThingId>,
    pub first_at_ms: i64,
    /// What this register holds.
    pub here: i64,
    /// What other registers and the shop hold.
    pub elsewhere: i64,
}

/// Whether units with this id are value and no goods.
pub fn is_purse(tx: &mut dyn Tx, log: LogId, purse: ProductId) -> Result<bool, StoreError> {
    let row = tx.query_opt("select 1 from purse where log = $1 and purse = $2", params![log, purse])?;
    Ok(row.is_some())
}

pub fn purse(
    tx: &mut dyn Tx,
    (log, me): (LogId, AuthorId),
    purse: ProductId,
) -> Result<Option<PurseFound>, StoreError> {
    let row = tx.query_opt(
        "select purse, kind, customer, first_at_ms from purse where log = $1 and purse = $2",
        params![log, purse],
    )?;
    row.map(|row| purse_found(tx, (log, me), &row)).transpose()
}

/// The purses of a kind, the latest first.
pub fn purses(
    tx: &mut dyn Tx,
    (log, me): (LogId, AuthorId),
    kind: PurseKind,
    (offset, rows): (u32, u32),
) -> Result<Vec<PurseFound>, StoreError> {
    let rows = tx.query(
        "select purse, kind, customer, first_at_ms from purse where log = $1 and kind = $2
         order by first_at_ms desc, purse limit $3 offset $4",
        params![log, kind.number(), rows, offset],
    )?;
    rows.iter().map(|row| purse_found(tx, (log, me), row)).collect()
}

fn purse_found(tx: &mut dyn Tx, (log, me): (LogId, AuthorId), row: &Row) -> Result<PurseFound, StoreError> {
    let purse = ProductId(row.id(0)?);
    let (mut here, mut elsewhere) = (0_i64, 0_i64);
    for (account, quantity) in accounts(tx, log, purse)? {
        match account {
            Account::Share(author) if author == me => here = here.saturating_add(quantity),
            Account::Pool
            | Account::Share(_)
            | Account::Hold(_)
            | Account::Quarantine(_)
            | Account::Deficit => elsewhere = elsewhere.saturating_add(quantity),
            Account::Supply | Account::Sold | Account::WriteOff => {}
        }
    }
    Ok(PurseFound {
        purse,
        kind: PurseKind::from_number(row.number(1)?).ok_or_else(|| odd("a kind of purse"))?,
        customer: row.id_opt(2)?,
        first_at_ms: row.int(3)?,
        here,
        elsewhere,
    })
}

/// Something that happened to a purse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurseEntryFound {
    pub author: AuthorId,
    pub purse: ProductId,
    pub kind: PurseKind,
    pub is_filled: bool,
    pub cause: u8,
    pub units: i64,
    pub money_minor: i64,
    pub missing: i64,
    pub sale: Option<SaleId>,
    pub reason: String,
    pub at_ms: i64,
    pub offset_minutes: i32,
    pub business_day: i32,
}

const ENTRY_COLUMNS: &str =
    "author, purse, kind, filled, cause, units, money_minor, missing, sale, reason, at_ms,
    offset_minutes, business_day";

fn entry_found(row: &Row) -> Result<PurseEntryFound, StoreError> {
    Ok(PurseEntryFound {
        author: row.id(0)?,
        purse: ProductId(row.id(1)?),
        kind: PurseKind::from_number(row.number(2)?).ok_or_else(|| odd("a kind of purse"))?,
        is_filled: row.bool(3)?,
        cause: row.number(4)?,
        units: row.int(5)?,
        money_minor: row.int(6)?,
        missing: row.int(7)?,
        sale: row.id_opt::<[u8; 16]>(8)?.map(SaleId),
        reason: row.text(9)?.into(),
        at_ms: row.int(10)?,
        offset_minutes: row.number(11)?,
        business_day: row.number(12)?,
    })
}

/// What happened to one purse, or to all, the latest first.
pub fn purse_entries(
    tx: &mut dyn Tx,
    log: LogId,
    purse: Option<ProductId>,
    (offset, rows): (u32, u32),
) -> Result<Vec<PurseEntryFound>, StoreError> {
    let mut wanted = vec![log.to_param(), rows.to_param(), offset.to_param()];
    if let Some(purse) = &purse {
        wanted.push(purse.to_param());
    }
    let of_one = if purse.is_some() { " and purse = $4" } else { "" };
    let sql = format!(
        "select {ENTRY_COLUMNS} from purse_entry where log = $1{of_one}
         order by at_ms desc, author, seq desc limit $2 offset $3"
    );
    tx.query(&sql, &wanted)?.iter().map(entry_found).collect()
}

/// What a sale did to purses.
pub fn purse_entries_of_sale(
    tx: &mut dyn Tx,
    log: LogId,
    sale: SaleId,
) -> Result<Vec<PurseEntryFound>, StoreError> {
    let sql = format!(
        "select {ENTRY_COLUMNS} from purse_entry where log = $1 and sale = $2 order by purse, author, seq"
    );
    tx.query(&sql, params![log, sale])?.iter().map(entry_found).collect()
}

/// What a shift did to the purses of one kind.
pub struct ShiftPurseFound {
    pub kind: PurseKind,
    pub bought: i64,
    pub bought_units: i64,
    pub given_units: i64,
    pub spent_units: i64,
    pub spent_minor: i64,
    pub taken_units: i64,
}

pub fn shift_purses(
    tx: &mut dyn Tx,
    log: LogId,
    (author, shift): (AuthorId, ShiftId),
) -> Result<Vec<ShiftPurseFound>, StoreError> {
    let rows = tx.query(
        "select kind, bought, bought_units, given_units, spent_units, spent_minor, taken_units from shift_purse
         where log = $1 and shift = $2 and author = $3 order by kind",
        params![log, shift, author],
    )?;
    let row = |row: &Row| {
        Ok(ShiftPurseFound {
            kind: PurseKind::from_number(row.number(0)?).ok_or_else(|| odd("a kind of purse"))?,
            bought: row.int(1)?,
            bought_units: row.int(2)?,
            given_units: row.int(3)?,
            spent_units: row.int(4)?,
            spent_minor: row.int(5)?,
            taken_units: row.int(6)?,
        })
    };
    rows.iter().map(row).collect()
}

/// How points are earned, and the revision of that; 0 where nobody said it.
pub fn loyalty(tx: &mut dyn Tx, log: LogId) -> Result<(u64, Loyalty), StoreError> {
    let row =
        tx.query_opt("select revision, earn_minor, worth_minor from loyalty where log = $1", params![log])?;
    row.map_or(Ok((0, Loyalty::default())), |row| {
        Ok((row.number(0)?, Loyalty { earn_minor: row.int(1)?, worth_minor: row.int(2)? }))
    })
}

fn odd(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} is none that this program knows"))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn what_is_searched_for() {
        for (text, expected) in [
            ("", &[][..]),
            ("  Émile  KIBÉ ", &["%emile%", "%kibe%"]),
            ("+254 (712) 345-678", &["%254712345678%"]),
            ("100%_!", &["%100!%!_!!%"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
