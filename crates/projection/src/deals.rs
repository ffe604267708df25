//! What orders have of deals. The sum of each moves with the orders, so that whoever decides about the next one reads one row;
//! a cancelled order's units come off it again, and one that was handed over all the same has them, in whatever order that is
//! heard of.

use soko_domain::entry::DealTaken;
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::{DEAL_SUM, DEAL_TAKEN};
use crate::ledger::Place;
use crate::project::Touched;
use crate::trade::order_row;

pub(crate) fn taken(
    book: &mut Book<'_>,
    place: &Place,
    taken: &DealTaken,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.products.insert(taken.product);
    let DealTaken { order, deal, product, buyer, units } = taken;
    order_row(book.tx, place.log, *order)?;
    book.add(
        &DEAL_TAKEN,
        params![place.author, place.seq, order, deal, product, buyer, units],
        "insert into deal_taken (log, author, seq, order_id, deal, product, buyer, units)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (log, author, seq) do nothing",
        params![place.log, place.author, place.seq, order, deal, product, buyer, units],
    )?;
    if counts(book.tx, place.log, *order)? { add(book, (*product, *deal), *units) } else { Ok(()) }
}

/// Moves what all orders together have of a deal, and the digest's sum with it.
fn add(book: &mut Book<'_>, (product, deal): (ProductId, ThingId), units: i64) -> Result<(), StoreError> {
    book.gain.add(DEAL_SUM.of_sums(params![product, deal], [units]));
    book.tx.run(DEAL_SUM.adding(), params![book.log, product, deal, units])
}

/// Whether what an order took counts: until it is cancelled, and after that if it was handed over all the same.
pub(crate) const COUNTS: &str = "(o.released = 0 or o.handed_over = 1 or o.fulfilled = 1)";

/// What an order had of deals before it goes on.
pub(crate) struct Had {
    taken: Vec<(ProductId, ThingId, i64)>,
    did_count: bool,
}

/// Most orders have nothing of any, and are asked about no further.
pub(crate) fn had(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Had, StoreError> {
    let rows = tx.query(
        "select product, deal, units from deal_taken where log = $1 and order_id = $2 order by author, seq",
        params![log, order],
    )?;
    let of_row = |row: &Row| Ok((ProductId(row.id(0)?), ThingId(row.id(1)?), row.int(2)?));
    let taken = rows.iter().map(of_row).collect::<Result<Vec<_>, StoreError>>()?;
    let did_count = !taken.is_empty() && counts(tx, log, order)?;
    Ok(Had { taken, did_count })
}

fn counts(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<bool, StoreError> {
    let sql = format!("select 1 from orders o where o.log = $1 and o.order_id = $2 and {COUNTS}");
    Ok(tx.query_opt(&sql, params![log, order])?.is_some())
}

/// An order went on: what it took comes off the sums, or is on them again.
pub(crate) fn went_on(
    book: &mut Book<'_>,
    order: OrderId,
    had: Had,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    if had.taken.is_empty() {
        return Ok(());
    }
    let sign = match (had.did_count, counts(book.tx, book.log, order)?) {
        (true, false) => -1_i64,
        (false, true) => 1,
        (true, true) | (false, false) => return Ok(()),
    };
    for (product, deal, units) in had.taken {
        touched.products.insert(product);
        add(book, (product, deal), sign * units)?;
    }
    Ok(())
}

/// What all orders that count have of a deal.
pub fn sold(tx: &mut dyn Tx, log: LogId, product: ProductId, deal: ThingId) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "select units from deal_sum where log = $1 and product = $2 and deal = $3",
        params![log, product, deal],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The same of one buyer's orders.
pub fn of_buyer(
    tx: &mut dyn Tx,
    log: LogId,
    (product, deal): (ProductId, ThingId),
    buyer: ThingId,
) -> Result<i64, StoreError> {
    let sql = format!(
        "select cast(coalesce(sum(t.units), 0) as bigint) from deal_taken t
         join orders o on o.log = t.log and o.order_id = t.order_id and {COUNTS}
         where t.log = $1 and t.deal = $2 and t.buyer = $3 and t.product = $4"
    );
    tx.query_one(&sql, params![log, deal, buyer, product])?.int(0)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use soko_domain::entry::{Entry, OrderHandedOver, OrderReleased, ReleaseReason, Stamp};
    use soko_domain::ids::AuthorId;
    use soko_record_log::{Migration, Sqlite, log};

    use super::*;
    use crate::ledger::apply_entry;
    use crate::{STEPS, running_digest, state_digest};

    const LOG: LogId = LogId([1; 16]);
    const TEA: ProductId = ProductId([2; 16]);
    const DEAL: ThingId = ThingId([3; 16]);

    fn takes(order: u8, units: i64) -> Entry {
        let buyer = ThingId([order % 2; 16]);
        DealTaken { order: OrderId([order; 16]), deal: DEAL, product: TEA, buyer, units }.into()
    }

    fn released(order: u8) -> Entry {
        let reason = ReleaseReason::BuyerCancelled;
        OrderReleased { order: OrderId([order; 16]), reason, units: vec![] }.into()
    }

    fn handed_over(order: u8) -> Entry {
        let order = OrderId([order; 16]);
        OrderHandedOver { order, taken: None }.into()
    }

    fn store() -> Sqlite {
        let mut db = Sqlite::open_in_memory().unwrap();
        let steps = [log::SCHEMA].into_iter().chain(STEPS);
        let steps: Vec<Migration> =
            (1..).zip(steps).map(|(number, sql)| Migration { number, name: "step", sql }).collect();
        db.migrate(&steps).unwrap();
        db
    }

    fn follow(tx: &mut dyn Tx, entries: &[Entry]) -> Result<(), StoreError> {
        crate::forget(tx, LOG)?;
        for (seq, entry) in (1..).zip(entries) {
            let mut book = Book::open(tx, LOG);
            let place = Place { log: LOG, author: AuthorId([9; 16]), seq };
            apply_entry(&mut book, &place, &Stamp::at(0, 0, 0), entry, &mut Touched::default())?;
            book.close(&mut None)?;
        }
        Ok(())
    }

    /// Otherwise one store sells more of a deal than another would, and nobody hears of it.
    #[test]
    fn whoever_has_another_sum_has_another_digest() {
        let mut db = store();
        db.transaction::<_, Box<dyn Error>>(|tx| {
            follow(tx, &[takes(1, 2), takes(2, 1)])?;
            let right = running_digest(tx, LOG)?;
            tx.run("update deal_sum set units = units - 1", &[])?;
            assert_ne!(state_digest(tx, LOG)?, right);
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn what_is_cancelled_can_be_had_again_once_in_any_order_of_the_words() {
        let mut db = store();
        for (entries, sold, of_first) in [
            (vec![takes(1, 2), takes(2, 1)], 3, 2),
            (vec![takes(1, 2), takes(2, 1), takes(3, 1)], 4, 3),
            (vec![takes(1, 2), takes(2, 1), released(1)], 1, 0),
            (vec![takes(1, 2), released(1), released(1), takes(3, 1)], 1, 1),
            (vec![released(1), takes(1, 2), takes(2, 1)], 1, 0),
            (vec![released(2), takes(1, 2)], 2, 2),
            // It was handed over by somebody who had not heard of that.
            (vec![takes(1, 2), released(1), handed_over(1)], 2, 2),
            (vec![takes(1, 2), handed_over(1), released(1)], 2, 2),
            (vec![released(1), handed_over(1), takes(1, 2)], 2, 2),
            (vec![released(1), takes(1, 2), handed_over(1)], 2, 2),
        ] {
            db.transaction::<_, Box<dyn Error>>(|tx| {
                follow(tx, &entries)?;
                assert_eq!(super::sold(tx, LOG, TEA, DEAL)?, sold, "{entries:?}");
                assert_eq!(of_buyer(tx, LOG, (TEA, DEAL), ThingId([1; 16]))?, of_first, "{entries:?}");
                assert_eq!(running_digest(tx, LOG)?, state_digest(tx, LOG)?);
                Ok(())
            })
            .unwrap();
        }
    }
}
