//! Codes that take something off orders, as rows; and how often each was used.

use soko_domain::coupon::{CouponTerms, Uses};
use soko_domain::entry::CouponPut;
use soko_domain::ids::{AuthorId, LogId, ThingId};
use soko_domain::wire::Wire as _;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::deals::COUNTS;
use crate::digest::COUPON;
use crate::ledger::Place;
use crate::project::Touched;

pub(crate) fn put(
    book: &mut Book<'_>,
    place: &Place,
    put: &CouponPut,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.prices = true;
    let row = book.tx.query_opt(
        "select revision, author from coupon where log = $1 and code = $2",
        params![place.log, put.code],
    )?;
    let known = row.map(|row| Ok::<_, StoreError>((row.number(0)?, row.id(1)?))).transpose()?;
    if known.is_some_and(|known: (u64, AuthorId)| known >= (put.revision, place.author)) {
        return Ok(());
    }
    book.change(&COUPON, params![put.code], |tx| {
        tx.run(
            "insert into coupon (log, code, revision, author, terms) values ($1, $2, $3, $4, $5)
             on conflict (log, code) do update
             set revision = excluded.revision, author = excluded.author, terms = excluded.terms",
            params![place.log, put.code, put.revision, place.author, put.terms.to_bytes()],
        )
    })
}

/// A code and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CouponFound {
    pub code: String,
    pub terms: CouponTerms,
    /// Orders that carry it and were not cancelled.
    pub uses: u64,
    /// What it took off those.
    pub off_minor: i64,
}

/// What a code is good for, and its revision.
pub fn of(tx: &mut dyn Tx, log: LogId, code: &str) -> Result<Option<(u64, CouponTerms)>, StoreError> {
    let row =
        tx.query_opt("select revision, terms from coupon where log = $1 and code = $2", params![log, code])?;
    row.map(|row| Ok((row.number(0)?, terms(&row, 1)?))).transpose()
}

pub fn count(tx: &mut dyn Tx, log: LogId) -> Result<u64, StoreError> {
    tx.query_one("select count(*) from coupon where log = $1", params![log])?.number(0)
}

/// The orders that carry it and were not cancelled: counted anew each time, so that one that ends gives its use back.
pub fn uses(tx: &mut dyn Tx, log: LogId, code: &str, buyer: ThingId) -> Result<Uses, StoreError> {
    let sql = format!(
        "select count(*), coalesce(sum(case when o.buyer = $3 then 1 else 0 end), 0) from orders o
         where o.log = $1 and o.coupon = $2 and {COUNTS}"
    );
    let row = tx.query_one(&sql, params![log, code, buyer])?;
    Ok(Uses { all: row.number(0)?, by_buyer: row.number(1)? })
}

/// All codes of a stall, by name.
pub fn all(tx: &mut dyn Tx, log: LogId) -> Result<Vec<CouponFound>, StoreError> {
    let sql = format!(
        "select c.code, c.terms, count(o.order_id), coalesce(sum(o.discount_minor), 0)
         from coupon c
         left join orders o on o.log = c.log and o.coupon = c.code and {COUNTS}
         where c.log = $1 group by c.code, c.terms order by c.code"
    );
    let rows = tx.query(&sql, params![log])?;
    let found = |row: &Row| {
        Ok(CouponFound {
            code: row.text(0)?.into(),
            terms: terms(row, 1)?,
            uses: row.number(2)?,
            off_minor: row.int(3)?,
        })
    };
    rows.iter().map(found).collect()
}

fn terms(row: &Row, column: usize) -> Result<CouponTerms, StoreError> {
    CouponTerms::from_bytes(row.blob(column)?)
        .map_err(|_| StoreError::Corrupt("what a code is good for cannot be read".into()))
}
