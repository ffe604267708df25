//! What orders have of deals. The sum of each moves with the orders, so that whoever decides about the next one reads one row;
//! a cancelled order's units come off it again, and one that was handed over all the same has them, in whatever order that is
//! heard of.

use soko_domain::entry::DealTaken;
use soko_domain::ids::{LogId, OrderId, ProductId, ThingId};
use soko_record_log::{StoreError, Tx, params};

use crate::book::Book;
use crate::digest::DEAL_TAKEN;
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
    // A deal's sum is there with nothing in it, so that an order that counts again finds it.
    let sql = format!(
        "insert into deal_sum (log, product, deal, units)
         select t.log, t.product, t.deal, case when {COUNTS} then t.units else 0 end from deal_taken t
         join orders o on o.log = t.log and o.order_id = t.order_id
         where t.log = $1 and t.author = $2 and t.seq = $3
         on conflict (log, product, deal) do update set units = deal_sum.units + excluded.units"
    );
    book.tx.run(&sql, params![place.log, place.author, place.seq])
}

/// Whether what an order took counts: until it is cancelled, and after that if it was handed over all the same.
pub(crate) const COUNTS: &str = "(o.released = 0 or o.handed_over = 1 or o.fulfilled = 1)";

/// What an order had of deals before it goes on.
pub(crate) struct Had {
    products: Vec<ProductId>,
    did_count: bool,
}

/// Most orders have nothing of any, and are asked about no further.
pub(crate) fn had(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Had, StoreError> {
    let rows =
        tx.query("select product from deal_taken where log = $1 and order_id = $2", params![log, order])?;
    let products = rows.iter().map(|row| row.id(0).map(ProductId)).collect::<Result<Vec<_>, _>>()?;
    let did_count = !products.is_empty() && counts(tx, log, order)?;
    Ok(Had { products, did_count })
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
    if had.products.is_empty() {
        return Ok(());
    }
    let sign = match (had.did_count, counts(book.tx, book.log, order)?) {
        (true, false) => -1_i64,
        (false, true) => 1,
        (true, true) | (false, false) => return Ok(()),
    };
    touched.products.extend(had.products);
    book.tx.run(
        "update deal_sum set units = units + $3 * (
           select cast(sum(t.units) as bigint) from deal_taken t
           where t.log = $1 and t.order_id = $2 and t.product = deal_sum.product and t.deal = deal_sum.deal)
         where log = $1 and exists (
           select 1 from deal_taken t
           where t.log = $1 and t.order_id = $2 and t.product = deal_sum.product and t.deal = deal_sum.deal)",
        params![book.log, order, sign],
    )
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

    #[test]
    fn what_is_cancelled_can_be_had_again_once_in_any_order_of_the_words() {
        let mut db = Sqlite::open_in_memory().unwrap();
        let steps = [log::SCHEMA].into_iter().chain(STEPS);
        let steps: Vec<Migration> =
            (1..).zip(steps).map(|(number, sql)| Migration { number, name: "step", sql }).collect();
        db.migrate(&steps).unwrap();
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
