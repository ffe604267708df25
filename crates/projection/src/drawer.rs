//! Shifts and what adds up in them. Running totals make a report cost the same after one sale and after ten
//! thousand. All that counts for a shift is in the chain of the register that opened it, so it comes in order.

use std::collections::BTreeMap;

use soko_domain::entry::{
    DrawerCounted, DrawerMoved, DrawerOpened, Entry, Kind, OrderTaken, RefundMade, SaleMade, SaleVoided,
    ShiftClosed, ShiftOpened, Stamp, TenderKind, Tendered, cash_tendered,
};
use soko_domain::ids::{SaleId, ShiftId};
use soko_domain::tax::{TaxTotal, add_up};
use soko_domain::verbs::make_sale::cash_kept;
use soko_domain::verbs::move_drawer::DRAWER_MINOR_MAX;
use soko_record_log::{StoreError, Tx, log, params};

use crate::book::Book;
use crate::digest::SHIFT;
use crate::ledger::Place;
use crate::project::Touched;

/// What one entry adds to its shift.
#[derive(Default)]
struct Sums {
    sales: i64,
    sales_minor: i64,
    voids: i64,
    voids_minor: i64,
    refunds: i64,
    refunds_minor: i64,
    /// Orders from the shop that were paid when they were handed over.
    orders: i64,
    orders_minor: i64,
    discounts_minor: i64,
    rounding_minor: i64,
    /// Cash as it was handed over, before change.
    tendered_minor: i64,
    change_minor: i64,
    paid_in_minor: i64,
    paid_out_minor: i64,
    openings: i64,
    /// What all of it leaves in the drawer.
    cash_minor: i64,
}

/// Far above any shift, and far below where a sum of ten thousand of them leaves an integer: a record from outside may
/// say anything.
fn bounded(minor: i64) -> i64 {
    minor.clamp(-DRAWER_MINOR_MAX, DRAWER_MINOR_MAX)
}

fn add_to_shift(
    book: &mut Book<'_>,
    place: &Place,
    shift: ShiftId,
    sums: &Sums,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.shifts.insert(shift);
    book.change(&SHIFT, params![shift, place.author], |tx| {
        // What comes after the closing changes the report, and the report says so.
        tx.run(
            "update shift set late = late + 1, late_minor = late_minor + $4
             where log = $1 and shift = $2 and author = $3 and closed = 1",
            params![place.log, shift, place.author, bounded(sums.cash_minor)],
        )?;
        add_sums(tx, place, shift, sums)
    })
}

fn add_sums(tx: &mut dyn Tx, place: &Place, shift: ShiftId, sums: &Sums) -> Result<(), StoreError> {
    tx.run(
        "insert into shift (log, shift, author, opened_at_ms, business_day, float_minor, closed, expected_minor,
           counted_minor, reason, sales, sales_minor, voids, voids_minor, refunds, refunds_minor,
           discounts_minor, rounding_minor, tendered_minor, change_minor, paid_in_minor, paid_out_minor,
           openings, cash_minor, orders, orders_minor)
         values ($1, $2, $3, 0, 0, 0, 0, 0, 0, '', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
           $16, $17, $18, $19)
         on conflict (log, shift, author) do update
         set sales = shift.sales + excluded.sales, sales_minor = shift.sales_minor + excluded.sales_minor,
             voids = shift.voids + excluded.voids, voids_minor = shift.voids_minor + excluded.voids_minor,
             refunds = shift.refunds + excluded.refunds,
             refunds_minor = shift.refunds_minor + excluded.refunds_minor,
             discounts_minor = shift.discounts_minor + excluded.discounts_minor,
             rounding_minor = shift.rounding_minor + excluded.rounding_minor,
             tendered_minor = shift.tendered_minor + excluded.tendered_minor,
             change_minor = shift.change_minor + excluded.change_minor,
             paid_in_minor = shift.paid_in_minor + excluded.paid_in_minor,
             paid_out_minor = shift.paid_out_minor + excluded.paid_out_minor,
             openings = shift.openings + excluded.openings,
             cash_minor = shift.cash_minor + excluded.cash_minor, orders = shift.orders + excluded.orders,
             orders_minor = shift.orders_minor + excluded.orders_minor",
        params![
            place.log,
            shift,
            place.author,
            bounded(sums.sales),
            bounded(sums.sales_minor),
            bounded(sums.voids),
            bounded(sums.voids_minor),
            bounded(sums.refunds),
            bounded(sums.refunds_minor),
            bounded(sums.discounts_minor),
            bounded(sums.rounding_minor),
            bounded(sums.tendered_minor),
            bounded(sums.change_minor),
            bounded(sums.paid_in_minor),
            bounded(sums.paid_out_minor),
            bounded(sums.openings),
            bounded(sums.cash_minor),
            bounded(sums.orders),
            bounded(sums.orders_minor)
        ],
    )
}

pub(crate) fn shift_opened(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    opened: &ShiftOpened,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.shifts.insert(opened.shift);
    book.change(&SHIFT, params![opened.shift, place.author], |tx| {
        add_sums(tx, place, opened.shift, &Sums::default())?;
        tx.run(
            "update shift set opened_at_ms = $4, business_day = $5, float_minor = $6, opened_offset = $7,
               opened_by = $8
             where log = $1 and shift = $2 and author = $3",
            params![
                place.log,
                opened.shift,
                place.author,
                stamp.at_ms,
                stamp.business_day,
                opened.float_minor,
                stamp.offset_minutes,
                stamp.by
            ],
        )
    })
}

pub(crate) fn shift_closed(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    closed: &ShiftClosed,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.shifts.insert(closed.shift);
    book.change(&SHIFT, params![closed.shift, place.author], |tx| {
        add_sums(tx, place, closed.shift, &Sums::default())?;
        let before = tx.query_one(
            "select count(*) from shift where log = $1 and author = $2 and closed = 1 and shift <> $3",
            params![place.log, place.author, closed.shift],
        )?;
        let z_number = before.int(0)?.saturating_add(1);
        tx.run(
            "update shift set z_number = case when closed = 1 then z_number else $4 end, closed = 1,
               expected_minor = $5, counted_minor = $6, reason = $7, closed_at_ms = $8, closed_offset = $9,
               closed_by = $10
             where log = $1 and shift = $2 and author = $3",
            params![
                place.log,
                closed.shift,
                place.author,
                z_number,
                closed.expected_minor,
                closed.counted_minor,
                closed.reason,
                stamp.at_ms,
                stamp.offset_minutes,
                stamp.by
            ],
        )
    })
}

pub(crate) fn moved(
    book: &mut Book<'_>,
    place: &Place,
    moved: &DrawerMoved,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let amount = moved.amount_minor;
    let sums = Sums {
        paid_in_minor: amount.max(0),
        paid_out_minor: amount.min(0).saturating_neg(),
        cash_minor: amount,
        ..Sums::default()
    };
    add_to_shift(book, place, moved.shift, &sums, touched)
}

pub(crate) fn opened(
    book: &mut Book<'_>,
    place: &Place,
    opened: &DrawerOpened,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let Some(shift) = opened.shift else { return Ok(()) };
    add_to_shift(book, place, shift, &Sums { openings: 1, ..Sums::default() }, touched)
}

pub(crate) fn counted(
    book: &mut Book<'_>,
    place: &Place,
    counted: &DrawerCounted,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.shifts.insert(counted.shift);
    book.change(&SHIFT, params![counted.shift, place.author], |tx| {
        add_sums(tx, place, counted.shift, &Sums::default())?;
        tx.run(
            "update shift set counts = counts + 1, last_counted_minor = $4,
               first_counted_minor = case when counts = 0 then $4 else first_counted_minor end
             where log = $1 and shift = $2 and author = $3",
            params![place.log, counted.shift, place.author, counted.counted_minor],
        )
    })
}

pub(crate) fn sold(
    book: &mut Book<'_>,
    place: &Place,
    sale: &SaleMade,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let sums = Sums {
        sales: 1,
        sales_minor: sale.total_minor,
        discounts_minor: discounts(sale),
        rounding_minor: sale.cash_rounding_minor,
        tendered_minor: cash_tendered(&sale.tenders),
        change_minor: sale.change_minor,
        cash_minor: cash_kept(sale),
        ..Sums::default()
    };
    add_to_shift(book, place, sale.shift, &sums, touched)?;
    add_parts(book.tx, place, sale.shift, sale, 1)
}

pub(crate) fn voided(
    book: &mut Book<'_>,
    place: &Place,
    void: &SaleVoided,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    // Only the register that made a sale voids it, so the sale stands earlier in the same chain.
    let sale = own_sale(book.tx, place, void.sale)?;
    let mut sums = Sums { voids: 1, cash_minor: void.cash_back_minor.saturating_neg(), ..Sums::default() };
    if let Some(sale) = &sale {
        sums.voids_minor = sale.total_minor;
        sums.discounts_minor = discounts(sale).saturating_neg();
        sums.rounding_minor = sale.cash_rounding_minor.saturating_neg();
        sums.tendered_minor = cash_tendered(&sale.tenders).saturating_neg();
        sums.change_minor = sale.change_minor.saturating_neg();
    }
    add_to_shift(book, place, void.shift, &sums, touched)?;
    match sale {
        Some(sale) => add_parts(book.tx, place, void.shift, &sale, -1),
        None => Ok(()),
    }
}

pub(crate) fn refunded(
    book: &mut Book<'_>,
    place: &Place,
    refund: &RefundMade,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let sums = Sums {
        refunds: 1,
        refunds_minor: refund.amount_minor,
        rounding_minor: refund.cash_rounding_minor.saturating_neg(),
        cash_minor: refund.cash_given().saturating_neg(),
        ..Sums::default()
    };
    add_to_shift(book, place, refund.shift, &sums, touched)?;
    for part in &refund.given {
        let paid = Paid { payments: 0, amount_minor: 0, refunded_minor: part.amount_minor };
        add_tender(book.tx, place, refund.shift, part.kind, &paid)?;
    }
    Ok(())
}

/// An order from the shop is paid with its goods: its money is this drawer's, and it is counted apart from the sales.
pub(crate) fn order_taken(
    book: &mut Book<'_>,
    place: &Place,
    taken: &OrderTaken,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let sums = Sums {
        orders: 1,
        orders_minor: taken.total_minor,
        rounding_minor: taken.cash_rounding_minor,
        tendered_minor: cash_tendered(&taken.tenders),
        change_minor: taken.change_minor,
        cash_minor: taken.cash_kept(),
        ..Sums::default()
    };
    add_to_shift(book, place, taken.shift, &sums, touched)?;
    add_payments(book.tx, (place, taken.shift), (&taken.tenders, taken.change_minor), 1)?;
    add_taxes(book.tx, (place, taken.shift), &taken.taxes, 1)
}

/// What an order had cost leaves the drawer. The goods were no sale of this shift.
pub(crate) fn order_cash_given(
    book: &mut Book<'_>,
    place: &Place,
    (shift, amount_minor): (ShiftId, i64),
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let cash_minor = amount_minor.saturating_neg();
    let sums = Sums { refunds: 1, refunds_minor: amount_minor, cash_minor, ..Sums::default() };
    add_to_shift(book, place, shift, &sums, touched)?;
    let tender = Paid { payments: 0, amount_minor: 0, refunded_minor: amount_minor };
    add_tender(book.tx, place, shift, TenderKind::Cash, &tender)
}

/// Money for a gift card or for credit: it lies in the drawer, and is no sale.
pub(crate) fn purse_bought(
    book: &mut Book<'_>,
    place: &Place,
    shift: ShiftId,
    (tender, amount_minor): (TenderKind, i64),
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let cash_minor = if tender == TenderKind::Cash { amount_minor } else { 0 };
    let sums = Sums { tendered_minor: cash_minor, cash_minor, ..Sums::default() };
    add_to_shift(book, place, shift, &sums, touched)?;
    let paid = Paid { payments: 1, amount_minor, refunded_minor: 0 };
    add_tender(book.tx, place, shift, tender, &paid)
}

fn discounts(sale: &SaleMade) -> i64 {
    sale.lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.discount_minor))
}

/// A sale of this register, from its record.
fn own_sale(tx: &mut dyn Tx, place: &Place, sale: SaleId) -> Result<Option<SaleMade>, StoreError> {
    let row = tx.query_opt(
        "select seq from sale where log = $1 and sale = $2 and author = $3 order by seq limit 1",
        params![place.log, sale, place.author],
    )?;
    let Some(row) = row else { return Ok(None) };
    let record = log::record_at(tx, place.log, &place.author, row.number(0)?)?;
    let body = record.as_ref().and_then(|record| record.body.bytes());
    match body.map(|body| Entry::from_body(Kind::SaleMade, body)) {
        Some(Ok((_, Entry::SaleMade(sale)))) => Ok(Some(sale)),
        Some(_) | None => Ok(None),
    }
}

#[derive(Default)]
struct Paid {
    payments: i64,
    /// What was kept of it: change is gone from cash.
    amount_minor: i64,
    refunded_minor: i64,
}

/// A sale's payments and taxes, added or taken back.
fn add_parts(
    tx: &mut dyn Tx,
    place: &Place,
    shift: ShiftId,
    sale: &SaleMade,
    sign: i64,
) -> Result<(), StoreError> {
    add_payments(tx, (place, shift), (&sale.tenders, sale.change_minor), sign)?;
    let lines = sale.lines.iter().map(|line| (line.taxes.as_slice(), line.total_minor));
    add_taxes(tx, (place, shift), &add_up(lines), sign)
}

fn add_payments(
    tx: &mut dyn Tx,
    (place, shift): (&Place, ShiftId),
    (tenders, change_minor): (&[Tendered], i64),
    sign: i64,
) -> Result<(), StoreError> {
    let mut paid: BTreeMap<TenderKind, Paid> = BTreeMap::new();
    for taken in tenders {
        let of_kind = paid.entry(taken.kind).or_default();
        of_kind.payments += sign;
        of_kind.amount_minor = of_kind.amount_minor.saturating_add(sign.saturating_mul(taken.amount_minor));
    }
    if let Some(cash) = paid.get_mut(&TenderKind::Cash) {
        cash.amount_minor = cash.amount_minor.saturating_sub(sign.saturating_mul(change_minor));
    }
    for (kind, paid) in paid {
        add_tender(tx, place, shift, kind, &paid)?;
    }
    Ok(())
}

fn add_taxes(
    tx: &mut dyn Tx,
    (place, shift): (&Place, ShiftId),
    taxes: &[TaxTotal],
    sign: i64,
) -> Result<(), StoreError> {
    for total in taxes {
        tx.run(
            "insert into shift_tax (log, shift, author, ppm, mode, label, net_minor, tax_minor)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (log, shift, author, ppm, mode, label) do update
             set net_minor = shift_tax.net_minor + excluded.net_minor,
                 tax_minor = shift_tax.tax_minor + excluded.tax_minor",
            params![
                place.log,
                shift,
                place.author,
                total.rate.ppm.0,
                total.rate.mode.number(),
                total.rate.label,
                bounded(sign.saturating_mul(total.net_minor)),
                bounded(sign.saturating_mul(total.tax_minor))
            ],
        )?;
    }
    Ok(())
}

fn add_tender(
    tx: &mut dyn Tx,
    place: &Place,
    shift: ShiftId,
    kind: TenderKind,
    paid: &Paid,
) -> Result<(), StoreError> {
    tx.run(
        "insert into shift_tender (log, shift, author, kind, payments, amount_minor, refunded_minor)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (log, shift, author, kind) do update
         set payments = shift_tender.payments + excluded.payments,
             amount_minor = shift_tender.amount_minor + excluded.amount_minor,
             refunded_minor = shift_tender.refunded_minor + excluded.refunded_minor",
        params![
            place.log,
            shift,
            place.author,
            kind.number(),
            paid.payments,
            bounded(paid.amount_minor),
            bounded(paid.refunded_minor)
        ],
    )
}
