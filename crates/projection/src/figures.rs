//! What reports add up, kept as sums while entries are applied. What one entry adds is a pure function of the entry and,
//! for a void or a refund, of the sale it is about; sums do not care for an order, and whichever of a sale and its refund
//! comes second adds what both together mean.
//!
//! A sale counts for its business day. A void takes it back on that same day; a refund is money that was given back
//! when it was given back. Either marks the sale's day as restated, if that was another day; and so does whatever this place
//! hears of a day once it was over here, with by how much and when.
//!
//! An order from the shop counts as a sale once it is handed over. What goods had cost is added where it was said when they were sold.

mod costs;
mod fold;
mod lines;
mod orders;

use soko_domain::entry::{Entry, Kind, RefundLine, RefundMade, SaleMade, SaleVoided, Stamp};
use soko_domain::ids::{AuthorId, LogId, SaleId};
use soko_record_log::{Param, Row, StoreError, ToParam as _, Tx, log, params};

use crate::book::Book;
use crate::digest::{FIGURE_CUSTOMER, FIGURE_HOUR, FIGURE_PRODUCT, FIGURE_TAX, FIGURE_TENDER, Part};
use crate::ledger::Place;
use costs::Made;
use fold::{Back, GRAIN_DAY, GRAIN_EVER, GRAIN_MONTH, Sold, month_of};

pub use costs::costs_today;
pub(crate) use costs::{Costs, noted as costs_noted};
pub(crate) use fold::Figures;
pub use fold::{Bought, Goods, Hour, Paid, Restated, Taxed, hour, hour_of_day};
pub use lines::{About, Deed, Line, Lines, Payment, Tax, lines};
pub use orders::taken_minor;
pub(crate) use orders::{counted as order_counted, figures as of_order};

/// Most refunded lines of one sale whose taxes are taken back, in their order: what is behind them counts without. No
/// honest register writes so many.
const TAXED_BACKS_MAX: usize = 1_000;

/// A sale was made, and its row is there.
pub(crate) fn sale_made(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    sale: &SaleMade,
) -> Result<(), StoreError> {
    let costs = costs::of_taken(book, place, sale.sale)?;
    let sold = Sold { register: place.author, stamp, sale, costs: &costs };
    book.figures.sold(&sold, 1);
    let mut backs = backs(book.tx, place.log, sale.sale, usize::MAX)?;
    if !backs.is_empty() {
        book.figures.returned(&sold, &backs);
        if costs != Costs::default() {
            for (business_day, lines) in costs::lines_back(book.tx, place.log, &backs)? {
                book.figures.restocked(&costs, business_day, &lines);
            }
        }
        backs.truncate(TAXED_BACKS_MAX);
        book.figures.taxes_back(sale, &[], &backs);
    }
    Ok(())
}

/// A sale was voided, and its row is not there yet. Only the register that made a sale voids it, so the sale stands
/// earlier in the same chain; what voids it once more changes nothing.
pub(crate) fn sale_voided(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    void: &SaleVoided,
) -> Result<(), StoreError> {
    let before = book.tx.query_opt(
        "select 1 from sale_void where log = $1 and sale = $2 and author = $3 limit 1",
        params![place.log, void.sale, place.author],
    )?;
    if before.is_some() {
        return Ok(());
    }
    let own = sales(book.tx, place.log, void.sale)?.into_iter().find(|made| made.author == place.author);
    let Some(made) = own else { return Ok(()) };
    book.figures.sold(&made.sold(), -1);
    book.figures.voided(&made.sold(), stamp);
    Ok(())
}

/// A refund was made, and its rows are there.
pub(crate) fn refund_made(
    book: &mut Book<'_>,
    place: &Place,
    stamp: &Stamp,
    refund: &RefundMade,
) -> Result<(), StoreError> {
    book.figures.refunded(place.author, stamp, refund);
    let found = sales(book.tx, place.log, refund.sale)?;
    if found.is_empty() {
        return Ok(());
    }
    let new: Vec<Back> = (refund.lines.iter()).map(|line| Back::of(place, stamp, line)).collect();
    let mut after = backs(book.tx, place.log, refund.sale, TAXED_BACKS_MAX + new.len())?;
    let is_new = |back: &Back| back.author == place.author && back.seq == place.seq;
    let mut before = after.clone();
    before.retain(|back| !is_new(back));
    before.truncate(TAXED_BACKS_MAX);
    after.truncate(TAXED_BACKS_MAX);
    for made in &found {
        book.figures.returned(&made.sold(), &new);
        book.figures.restocked(&made.costs, stamp.business_day, &refund.lines);
        book.figures.taxes_back(&made.sale, &before, &after);
    }
    Ok(())
}

impl Made {
    fn sold(&self) -> Sold<'_> {
        Sold { register: self.author, stamp: &self.stamp, sale: &self.sale, costs: &self.costs }
    }
}

impl Back {
    fn of(place: &Place, stamp: &Stamp, line: &RefundLine) -> Self {
        Self {
            author: place.author,
            seq: place.seq,
            line: line.line,
            amount_minor: line.amount_minor,
            business_day: stamp.business_day,
        }
    }
}

/// Every sale with this id; honest registers make one.
fn sales(tx: &mut dyn Tx, log: LogId, sale: SaleId) -> Result<Vec<Made>, StoreError> {
    let rows = tx.query(
        "select author, seq from sale where log = $1 and sale = $2 order by author, seq",
        params![log, sale],
    )?;
    let mut sales = Vec::new();
    for row in &rows {
        let (author, seq): (AuthorId, u64) = (row.id(0)?, row.number(1)?);
        let record = log::record_at(tx, log, &author, seq)?;
        let body = record.as_ref().and_then(|record| record.body.bytes());
        if let Some(Ok((stamp, Entry::SaleMade(made)))) =
            body.map(|body| Entry::from_body(Kind::SaleMade, body))
        {
            let costs = costs::said(tx, log, (author, seq), sale)?;
            sales.push(Made { author, stamp, sale: made, costs });
        }
    }
    Ok(sales)
}

/// The lines of a sale that came back, in the order in which their taxes are cut.
fn backs(tx: &mut dyn Tx, log: LogId, sale: SaleId, most: usize) -> Result<Vec<Back>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = tx.query(
        "select author, seq, line, amount_minor, business_day from refund_line
         where log = $1 and sale = $2 order by author, seq, place limit $3",
        params![log, sale, most],
    )?;
    let back = |row: &Row| {
        Ok(Back {
            author: row.id(0)?,
            seq: row.number(1)?,
            line: row.number(2)?,
            amount_minor: row.int(3)?,
            business_day: row.number(4)?,
        })
    };
    rows.iter().map(back).collect()
}

/// Adds to the rows what the entries so far add.
pub(crate) fn post(book: &mut Book<'_>) -> Result<(), StoreError> {
    let Figures { hours, goods, paid, taxed, bought, restated } = std::mem::take(&mut book.figures);
    for (key, hour) in hours {
        let keys = params![key.business_day, key.hour, key.register, key.person];
        add(book, &FIGURE_HOUR, keys, &hour.values())?;
    }
    for ((business_day, product), goods) in &goods.days {
        add(book, &FIGURE_PRODUCT, params![GRAIN_DAY, business_day, product], &goods.values())?;
    }
    for ((month, product), goods) in &goods.months {
        add(book, &FIGURE_PRODUCT, params![GRAIN_MONTH, month, product], &goods.values())?;
    }
    for ((business_day, kind), paid) in paid {
        add(book, &FIGURE_TENDER, params![business_day, kind.number()], &paid.values())?;
    }
    for ((business_day, rate), taxed) in taxed {
        let mode = rate.mode.number();
        add(book, &FIGURE_TAX, params![business_day, rate.ppm.0, mode, rate.label], &taxed.values())?;
    }
    for ((customer, business_day), bought) in bought {
        for (grain, at) in [(GRAIN_DAY, business_day), (GRAIN_EVER, 0)] {
            add(book, &FIGURE_CUSTOMER, params![grain, customer, at], &bought.values())?;
        }
    }
    for ((business_day, told_day), restated) in restated {
        add_restated(book.tx, book.log, (business_day, told_day), &restated)?;
    }
    Ok(())
}

/// No digest knows of it: it depends on when a place heard of what.
pub(crate) fn add_restated(
    tx: &mut dyn Tx,
    log: LogId,
    days: (i32, i32),
    restated: &Restated,
) -> Result<(), StoreError> {
    add_changes(tx, log, "figure_restated", days, restated)
}

/// Adds to a table of days that changed, by the day and the later one. A row of nothing but zeros is gone, so that portions do not
/// show.
pub(crate) fn add_changes(
    tx: &mut dyn Tx,
    log: LogId,
    table: &str,
    (business_day, told_day): (i32, i32),
    restated: &Restated,
) -> Result<(), StoreError> {
    if *restated == Restated::default() {
        return Ok(());
    }
    let Restated { sales, revenue_minor, refunded_minor, returned_minor } = restated;
    let sql = format!(
        "insert into {table}
           (log, business_day, told_day, sales, revenue_minor, refunded_minor, returned_minor)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (log, business_day, told_day) do update set
           sales = {table}.sales + excluded.sales,
           revenue_minor = {table}.revenue_minor + excluded.revenue_minor,
           refunded_minor = {table}.refunded_minor + excluded.refunded_minor,
           returned_minor = {table}.returned_minor + excluded.returned_minor"
    );
    let sums = params![log, business_day, told_day, sales, revenue_minor, refunded_minor, returned_minor];
    tx.run(&sql, sums)?;
    tx.run(
        &format!(
            "delete from {table} where log = $1 and business_day = $2 and told_day = $3
               and sales = 0 and revenue_minor = 0 and refunded_minor = 0 and returned_minor = 0"
        ),
        params![log, business_day, told_day],
    )
}

fn add(book: &mut Book<'_>, part: &Part, keys: &[Param<'_>], values: &[i64]) -> Result<(), StoreError> {
    if values.iter().all(|value| *value == 0) {
        return Ok(());
    }
    let mut wanted = vec![book.log.to_param()];
    wanted.extend_from_slice(keys);
    wanted.extend(values.iter().map(|value| Param::Int(*value)));
    book.tx.run(part.adding(), &wanted)?;
    book.gain.add(part.of_sums(keys, values.iter().copied()));
    Ok(())
}

/// Twelve to the year, since the year 0; 0 for what is no day.
pub fn month(business_day: i32) -> i32 {
    month_of(business_day)
}
