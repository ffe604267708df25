//! Payments that a buyer claimed, and what became of them: as rows, and as facts. What is said of a payment may arrive
//! before its sale, so both are kept and the furthest of them counts.

use std::collections::BTreeMap;

use soko_domain::basket::TenderKind;
use soko_domain::entry::{Entry, RefundMade, SaleMade, Standing};
use soko_domain::ids::{AuthorId, LogId, SaleId, ShiftId, ThingId};
use soko_domain::verbs::refund::Left;
use soko_domain::verbs::verify_payment::{Payment, code_key};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::{PAYMENT, PAYMENT_WORD};
use crate::ledger::Place;
use crate::project::Touched;
use crate::read;

pub(crate) fn taken(book: &mut Book<'_>, place: &Place, sale: &SaleMade) -> Result<(), StoreError> {
    for (tender, paid) in (0u32..).zip(&sale.tenders) {
        if paid.kind != TenderKind::MobileMoney && paid.standing == Standing::Taken {
            continue;
        }
        let (kind, standing) = (paid.kind.number(), paid.standing.number());
        let code =
            if paid.kind == TenderKind::MobileMoney { code_key(&paid.reference) } else { String::new() };
        book.add(
            &PAYMENT,
            params![
                sale.sale,
                place.author,
                place.seq,
                tender,
                sale.shift,
                kind,
                paid.amount_minor,
                code,
                standing
            ],
            "insert into payment (log, sale, author, seq, tender, shift, kind, amount_minor, code, standing)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (log, sale, author, seq, tender) do nothing",
            params![
                place.log,
                sale.sale,
                place.author,
                place.seq,
                tender,
                sale.shift,
                kind,
                paid.amount_minor,
                code,
                standing
            ],
        )?;
    }
    Ok(())
}

/// A code that paid an order or a purse: it pays nothing else.
pub(crate) fn code_paid(
    book: &mut Book<'_>,
    place: &Place,
    (kind, reference): (TenderKind, &str),
    paid: ThingId,
) -> Result<(), StoreError> {
    let code = code_key(reference);
    if kind != TenderKind::MobileMoney || code.is_empty() {
        return Ok(());
    }
    book.tx.run(
        "insert into paid_code (log, author, seq, code, paid) values ($1, $2, $3, $4, $5)
         on conflict (log, author, seq, code) do nothing",
        params![place.log, place.author, place.seq, code, paid],
    )
}

pub(crate) fn said(
    book: &mut Book<'_>,
    place: &Place,
    (sale, tender): (SaleId, u32),
    (standing, code): (Standing, &str),
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.sales = true;
    let (standing, code) = (standing.number(), code_key(code));
    book.add(
        &PAYMENT_WORD,
        params![place.author, place.seq, sale, tender, standing, code],
        "insert into payment_word (log, author, seq, sale, tender, standing, code)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (log, author, seq) do nothing",
        params![place.log, place.author, place.seq, sale, tender, standing, code],
    )
}

/// What never came, and goes out of the books with its goods.
pub(crate) fn written_off(book: &mut Book<'_>, place: &Place, refund: &RefundMade) -> Result<(), StoreError> {
    for (at, part) in refund.given.iter().enumerate().filter(|(_, part)| part.never_came) {
        book.tx.run(
            "insert into written_off (log, author, seq, place, sale, kind, amount_minor)
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (log, author, seq, place) do nothing",
            params![
                place.log,
                place.author,
                place.seq,
                at,
                refund.sale,
                part.kind.number(),
                part.amount_minor
            ],
        )?;
    }
    Ok(())
}

/// A payment's row with the furthest that was said of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaymentFound {
    pub payment: Payment,
    pub kind: TenderKind,
    pub amount_minor: i64,
    pub code: String,
    pub standing: Standing,
}

/// The code that counts is the one that the money came with, else the one that was claimed.
const COLUMNS: &str = "p.sale, p.tender, p.kind, p.amount_minor, p.standing,
   (select max(w.standing) from payment_word w where w.log = p.log and w.sale = p.sale and w.tender = p.tender),
   coalesce((select max(w.code) from payment_word w
     where w.log = p.log and w.sale = p.sale and w.tender = p.tender and w.standing = 4), p.code)";
/// Not seen by anybody, and in the books: what somebody looked for in vain is, until all that failed so of its sale is written off.
const UNSEEN: &str = "p.standing = 2 and not exists (
     select 1 from payment_word w
     where w.log = p.log and w.sale = p.sale and w.tender = p.tender and w.standing >= 4)
   and (not exists (
       select 1 from payment_word w
       where w.log = p.log and w.sale = p.sale and w.tender = p.tender and w.standing = 3)
     or (select coalesce(sum(g.amount_minor), 0) from written_off g
         where g.log = p.log and g.sale = p.sale and g.kind = p.kind)
       < (select sum(q.amount_minor) from payment q
          where q.log = p.log and q.sale = p.sale and q.author = p.author and q.seq = p.seq and q.kind = p.kind
            and 3 = (select max(w.standing) from payment_word w
              where w.log = q.log and w.sale = q.sale and w.tender = q.tender)))";
/// Behind [`COLUMNS`], where it is the eighth.
const GONE: &str = "(select cast(coalesce(sum(g.amount_minor), 0) as bigint) from written_off g
   where g.log = p.log and g.sale = p.sale and g.kind = p.kind)";
const NOT_VOIDED: &str = "not exists (select 1 from sale_void v where v.log = p.log and v.sale = p.sale)";

fn found(row: &Row) -> Result<PaymentFound, StoreError> {
    let odd = |what: &str| StoreError::Corrupt(format!("{what} is none that this program knows"));
    let standing = |number| Standing::from_number(number).ok_or_else(|| odd("a payment's standing"));
    let taken = standing(row.number(4)?)?;
    let said = row.int_opt(5)?.map(|number| standing(u8::try_from(number).unwrap_or(0))).transpose()?;
    Ok(PaymentFound {
        payment: Payment { sale: SaleId(row.id(0)?), tender: row.number(1)? },
        kind: TenderKind::from_number(row.number(2)?).ok_or_else(|| odd("a payment's kind"))?,
        amount_minor: row.int(3)?,
        standing: said.map_or(taken, |said| taken.further(said)),
        code: row.text(6)?.into(),
    })
}

/// The payments of one sale that are more than coins and slips.
pub fn payments_of(tx: &mut dyn Tx, log: LogId, sale: SaleId) -> Result<Vec<PaymentFound>, StoreError> {
    let sql = format!("select {COLUMNS} from payment p where p.log = $1 and p.sale = $2 order by p.tender");
    tx.query(&sql, params![log, sale])?.iter().map(found).collect()
}

/// What can go back of what a sale was paid with, by all that is known here.
pub fn left(tx: &mut dyn Tx, log: LogId, made: &SaleMade) -> Result<Left, StoreError> {
    let known = payments_of(tx, log, made.sale)?;
    let gone = refunds_of(tx, log, made.sale)?;
    let standing = |at: u32| {
        let said = known.iter().find(|found| found.payment.tender == at).map(|found| found.standing);
        said.unwrap_or(Standing::Taken)
    };
    Ok(Left::of(made, standing, &gone))
}

/// What went back of a sale.
pub fn refunds_of(tx: &mut dyn Tx, log: LogId, sale: SaleId) -> Result<Vec<RefundMade>, StoreError> {
    let rows = tx.query(
        "select distinct author, seq from refund_line where log = $1 and sale = $2 order by author, seq limit $3",
        params![log, sale.0, read::REFUNDS_MAX],
    )?;
    let mut gone = Vec::new();
    for row in &rows {
        if let Some((_, Entry::RefundMade(made))) = read::entry_at(tx, log, row.id(0)?, row.number(1)?)? {
            gone.push(made);
        }
    }
    Ok(gone)
}

/// Payments, each with what of it is in the books still.
fn in_the_books(rows: &[Row]) -> Result<Vec<PaymentFound>, StoreError> {
    let mut gone: BTreeMap<(SaleId, TenderKind), i64> = BTreeMap::new();
    let mut payments = Vec::new();
    for row in rows {
        let mut payment = found(row)?;
        if payment.standing == Standing::Failed {
            let left = row.int(7)?;
            let gone = gone.entry((payment.payment.sale, payment.kind)).or_insert(left);
            let part = payment.amount_minor.min(*gone);
            payment.amount_minor -= part;
            *gone -= part;
        }
        payments.push(payment);
    }
    Ok(payments)
}

/// Payments whose money nobody saw, of sales that stand, the latest sales first.
pub fn unseen(
    tx: &mut dyn Tx,
    log: LogId,
    (offset, rows): (u32, u32),
) -> Result<Vec<PaymentFound>, StoreError> {
    let sql = format!(
        "select {COLUMNS}, {GONE} from payment p
         join sale s on s.log = p.log and s.sale = p.sale and s.author = p.author and s.seq = p.seq
         where p.log = $1 and {NOT_VOIDED} and {UNSEEN}
         order by s.at_ms desc, p.sale, p.tender limit $2 offset $3"
    );
    in_the_books(&tx.query(&sql, params![log, rows, offset])?)
}

/// A payment by phone, and when its sale was made.
pub type PaymentAt = (PaymentFound, i64);

/// Payments by phone that were claimed or seen and are not settled, of sales that stand, the latest sales first.
pub fn unsettled(tx: &mut dyn Tx, log: LogId, rows: u32) -> Result<Vec<PaymentAt>, StoreError> {
    let sql = format!(
        "select {COLUMNS}, s.at_ms from payment p
         join sale s on s.log = p.log and s.sale = p.sale and s.author = p.author and s.seq = p.seq
         where p.log = $1 and p.kind = $2 and p.standing in (2, 4) and {NOT_VOIDED} and not exists (
           select 1 from payment_word w
           where w.log = p.log and w.sale = p.sale and w.tender = p.tender and w.standing = 5)
         order by s.at_ms desc, p.sale, p.tender limit $3"
    );
    tx.query(&sql, params![log, TenderKind::MobileMoney.number(), rows])?.iter().map(found_at).collect()
}

/// Payments of sales that stand whose code is this one, by all that was said of them.
pub fn of_code(tx: &mut dyn Tx, log: LogId, code: &str) -> Result<Vec<PaymentAt>, StoreError> {
    let sql = format!(
        "select {COLUMNS}, s.at_ms from payment p
         join sale s on s.log = p.log and s.sale = p.sale and s.author = p.author and s.seq = p.seq
         where p.log = $1 and {NOT_VOIDED} and p.sale in (
           select c.sale from payment c where c.log = $1 and c.code = $2 and c.code <> ''
           union select w.sale from payment_word w where w.log = $1 and w.code = $2 and w.code <> '')
         order by p.sale, p.tender"
    );
    let all: Result<Vec<PaymentAt>, StoreError> =
        tx.query(&sql, params![log, code])?.iter().map(found_at).collect();
    Ok(all?.into_iter().filter(|(found, _)| found.code == code).collect())
}

/// Whether a code paid an order or a purse.
pub fn code_paid_other(tx: &mut dyn Tx, log: LogId, code: &str) -> Result<bool, StoreError> {
    let rows =
        tx.query("select 1 from paid_code where log = $1 and code = $2 limit 1", params![log, code])?;
    Ok(!rows.is_empty())
}

fn found_at(row: &Row) -> Result<PaymentAt, StoreError> {
    Ok((found(row)?, row.int(7)?))
}

/// What a shift took that nobody saw: for its report (first-hour 17).
pub fn unseen_of_shift(
    tx: &mut dyn Tx,
    log: LogId,
    (author, shift): (AuthorId, ShiftId),
) -> Result<i64, StoreError> {
    let sql = format!(
        "select {COLUMNS}, {GONE} from payment p
         where p.log = $1 and p.shift = $2 and p.author = $3 and {NOT_VOIDED} and {UNSEEN}
         order by p.sale, p.tender"
    );
    let unseen = in_the_books(&tx.query(&sql, params![log, shift, author])?)?;
    Ok(unseen.iter().fold(0_i64, |sum, payment| sum.saturating_add(payment.amount_minor)))
}

/// Another sale that stands and has this code, if there is one. A code that turned out to be another one does not count.
pub fn sale_of_code(
    tx: &mut dyn Tx,
    log: LogId,
    (code, apart_from): (&str, SaleId),
) -> Result<Option<SaleId>, StoreError> {
    let sql = format!(
        "select p.sale from payment p
         where p.log = $1 and p.code = $2 and p.code <> '' and p.sale <> $3 and {NOT_VOIDED} and not exists (
           select 1 from payment_word w where w.log = p.log and w.sale = p.sale and w.tender = p.tender
             and w.standing = 4 and w.code <> p.code)
         union
         select p.sale from payment_word p
         where p.log = $1 and p.code = $2 and p.code <> '' and p.sale <> $3 and {NOT_VOIDED}
         union
         select c.paid from paid_code c where c.log = $1 and c.code = $2 and c.paid <> $3
         order by 1 limit 1"
    );
    let rows = tx.query(&sql, params![log, code, apart_from])?;
    rows.first().map(|row| row.id(0).map(SaleId)).transpose()
}
