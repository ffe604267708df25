//! What happened to gift cards, credit and points, as rows. How much is in a purse is not here: it is stock, and stands
//! with the balances.

use soko_domain::entry::{FillCause, LoyaltyPut, PurseFilled, PurseSpent, SpendCause, Stamp};
use soko_domain::ids::{AuthorId, OrderId, ProductId, SaleId, ShiftId, ThingId};
use soko_domain::order_card::{self, CardStep, Counted};
use soko_domain::purse::{PURSE_UNITS_MAX, PurseKind};
use soko_record_log::{StoreError, params};

use crate::book::Book;
use crate::drawer;
use crate::ledger::Place;
use crate::order_money::{self, CardSaid};
use crate::payments;
use crate::project::Touched;

/// A row of what happened.
struct Happened<'a> {
    purse: ProductId,
    kind: PurseKind,
    is_filled: bool,
    cause: u8,
    units: i64,
    money_minor: i64,
    missing: i64,
    sale: Option<SaleId>,
    reason: &'a str,
}

pub(crate) fn filled(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    filled: &PurseFilled,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.purses = true;
    know(book, place, stamp, (filled.purse, filled.kind, filled.customer))?;
    let happened = Happened {
        purse: filled.purse,
        kind: filled.kind,
        is_filled: true,
        cause: filled.cause.number(),
        units: filled.units,
        money_minor: 0,
        missing: 0,
        sale: filled.sale,
        reason: &filled.reason,
    };
    note(book, place, stamp, &happened)?;
    if let Some(kind) = filled.tender {
        payments::code_paid(book, place, (kind, &filled.reference), ThingId(filled.purse.0))?;
    }
    let Some(shift) = filled.shift else { return Ok(()) };
    let sums = match filled.cause {
        FillCause::Bought => Sums { bought: 1, bought_units: filled.units, ..Sums::default() },
        FillCause::Refund | FillCause::Earned | FillCause::Given => {
            Sums { given_units: filled.units, ..Sums::default() }
        }
        // The sale that it paid was voided in its own shift: as if it had never paid.
        FillCause::Undone => Sums {
            spent_units: filled.units.saturating_neg(),
            spent_minor: spent_before(book, place, filled)?.saturating_neg(),
            ..Sums::default()
        },
    };
    add_to_shift(book, place, (shift, filled.kind), &sums)?;
    match filled.tender {
        Some(tender) if filled.cause == FillCause::Bought => {
            drawer::purse_bought(book, place, shift, (tender, filled.units), touched)
        }
        Some(_) | None => {
            touched.shifts.insert(shift);
            Ok(())
        }
    }
}

pub(crate) fn spent(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    spent: &PurseSpent,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.purses = true;
    know(book, place, stamp, (spent.purse, spent.kind, spent.customer))?;
    let happened = Happened {
        purse: spent.purse,
        kind: spent.kind,
        is_filled: false,
        cause: spent.cause.number(),
        units: spent.units,
        money_minor: spent.money_minor,
        missing: spent.missing,
        sale: spent.sale,
        reason: "",
    };
    note(book, place, stamp, &happened)?;
    let Some(shift) = spent.shift else { return Ok(()) };
    let sums = match spent.cause {
        SpendCause::Paid => {
            Sums { spent_units: spent.units, spent_minor: spent.money_minor, ..Sums::default() }
        }
        SpendCause::TakenBack => Sums { taken_units: spent.units, ..Sums::default() },
    };
    touched.shifts.insert(shift);
    add_to_shift(book, place, (shift, spent.kind), &sums)
}

/// A card paid for an order from the shop, or has that again: what counts of all that servers in their lives said of it. It is in no
/// shift: no register took anything for it.
pub(crate) fn moved_by_order(
    book: &mut Book<'_>,
    order: OrderId,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.purses = true;
    let said = order_money::cards_said(book.tx, book.log, order)?;
    let counted = order_card::counted(&order_money::words(&said));
    for (CardSaid { place, stamp, word, .. }, Counted { units, .. }) in said.iter().zip(counted) {
        let (is_filled, cause) = match word.step {
            CardStep::Paid => (false, SpendCause::Paid.number()),
            CardStep::Back(_) => (true, FillCause::Refund.number()),
            CardStep::Held | CardStep::Freed => continue,
        };
        book.tx.run(
            "delete from purse_entry where log = $1 and author = $2 and seq = $3",
            params![place.log, place.author, place.seq],
        )?;
        know(book, place, stamp, (word.purse, PurseKind::GiftCard, None))?;
        if units > 0 {
            let (purse, kind, missing, sale, reason) = (word.purse, PurseKind::GiftCard, 0, None, "");
            let money_minor = if is_filled { 0 } else { units };
            let happened =
                Happened { purse, kind, is_filled, cause, units, money_minor, missing, sale, reason };
            note(book, place, stamp, &happened)?;
        }
    }
    Ok(())
}

/// What the units were worth that a voided sale had been paid with: they stand earlier in the same chain.
fn spent_before(book: &mut Book<'_>, place: &Place, filled: &PurseFilled) -> Result<i64, StoreError> {
    let row = book.tx.query_one(
        "select cast(coalesce(sum(money_minor), 0) as bigint) from purse_entry
         where log = $1 and author = $2 and purse = $3 and sale = $4 and filled = 0 and cause = $5",
        params![place.log, place.author, filled.purse, filled.sale, SpendCause::Paid.number()],
    )?;
    row.int(0)
}

/// A purse keeps its kind and its owner; the earliest word of it says since when it is there.
fn know(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    (purse, kind, customer): (ProductId, PurseKind, Option<ThingId>),
) -> Result<(), StoreError> {
    book.tx.run(
        "insert into purse (log, purse, kind, customer, first_at_ms) values ($1, $2, $3, $4, $5)
         on conflict (log, purse) do update
         set first_at_ms = case when excluded.first_at_ms < purse.first_at_ms
           then excluded.first_at_ms else purse.first_at_ms end",
        params![place.log, purse, kind.number(), customer, stamp.at_ms],
    )
}

fn note(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    happened: &Happened<'_>,
) -> Result<(), StoreError> {
    book.tx.run(
        "insert into purse_entry (log, author, seq, purse, kind, filled, cause, units, money_minor, missing, sale,
           reason, at_ms, offset_minutes, business_day)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (log, author, seq) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            happened.purse,
            happened.kind.number(),
            happened.is_filled,
            happened.cause,
            happened.units,
            bounded(happened.money_minor),
            bounded(happened.missing),
            happened.sale,
            happened.reason,
            stamp.at_ms,
            stamp.offset_minutes,
            stamp.business_day
        ],
    )
}

#[derive(Default)]
struct Sums {
    bought: i64,
    bought_units: i64,
    given_units: i64,
    spent_units: i64,
    spent_minor: i64,
    taken_units: i64,
}

/// A record from outside may say anything; a sum of ten thousand of them must still be an integer.
fn bounded(units: i64) -> i64 {
    units.clamp(-PURSE_UNITS_MAX, PURSE_UNITS_MAX)
}

fn add_to_shift(
    book: &mut Book<'_>,
    place: &Place,
    (shift, kind): (ShiftId, PurseKind),
    sums: &Sums,
) -> Result<(), StoreError> {
    book.tx.run(
        "insert into shift_purse (log, shift, author, kind, bought, bought_units, given_units, spent_units,
           spent_minor, taken_units)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (log, shift, author, kind) do update
         set bought = shift_purse.bought + excluded.bought,
             bought_units = shift_purse.bought_units + excluded.bought_units,
             given_units = shift_purse.given_units + excluded.given_units,
             spent_units = shift_purse.spent_units + excluded.spent_units,
             spent_minor = shift_purse.spent_minor + excluded.spent_minor,
             taken_units = shift_purse.taken_units + excluded.taken_units",
        params![
            place.log,
            shift,
            place.author,
            kind.number(),
            sums.bought,
            bounded(sums.bought_units),
            bounded(sums.given_units),
            bounded(sums.spent_units),
            bounded(sums.spent_minor),
            bounded(sums.taken_units)
        ],
    )
}

pub(crate) fn loyalty(
    book: &mut Book<'_>,
    place: &Place,
    put: &LoyaltyPut,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.purses = true;
    let row = book.tx.query_opt("select revision, author from loyalty where log = $1", params![place.log])?;
    let known = row.map(|row| Ok::<_, StoreError>((row.number(0)?, row.id(1)?))).transpose()?;
    if known.is_some_and(|known: (u64, AuthorId)| known >= (put.revision, place.author)) {
        return Ok(());
    }
    book.tx.run(
        "insert into loyalty (log, revision, author, earn_minor, worth_minor) values ($1, $2, $3, $4, $5)
         on conflict (log) do update
         set revision = excluded.revision, author = excluded.author, earn_minor = excluded.earn_minor,
             worth_minor = excluded.worth_minor",
        params![place.log, put.revision, place.author, put.earn_minor, put.worth_minor],
    )
}
