//! Counts that were opened, and their marks: as rows, and as facts. A mark may arrive before what it marks, so neither needs
//! the other.

use soko_domain::entry::{CountMarked, CountOpened, Entry, Kind};
use soko_domain::ids::{AuthorId, LogId, OrderId, ProductId, ThingId};
use soko_domain::stock::{Account, transfers};
use soko_domain::verbs::count_stock::Around;
use soko_domain::verbs::release_order::OrderState;
use soko_record_log::{StoreError, Tx, log, params};
use soko_replication::Record;

use crate::book::Book;
use crate::digest::{COUNT_MARK, STOCK_COUNT};
use crate::ledger::Place;
use crate::project::Touched;
use crate::read;

/// Records behind a mark that are read at once.
const RECORDS_PER_STEP: usize = 500;
const BYTES_PER_STEP: usize = 4 << 20;
/// Open counts of one product at one register that are looked at at once; more end with the next ones.
const OPEN_MAX: usize = 100;
/// Registers of one stall that a count waits for.
const REGISTERS_MAX: usize = 1_000;

pub(crate) fn opened(
    book: &mut Book<'_>,
    place: &Place,
    opened: &CountOpened,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.stock.insert(opened.product);
    book.insert(
        &STOCK_COUNT,
        params![opened.count, place.author, place.seq, opened.product, 0],
        "insert into stock_count (log, count_id, author, seq, product, given) values ($1, $2, $3, $4, $5, 0)
         on conflict (log, count_id, author) do nothing",
        params![place.log, opened.count, place.author, place.seq, opened.product],
    )?;
    Ok(())
}

pub(crate) fn marked(book: &mut Book<'_>, place: &Place, marked: &CountMarked) -> Result<(), StoreError> {
    book.insert(
        &COUNT_MARK,
        params![marked.count, place.author, place.seq],
        "insert into count_mark (log, count_id, author, seq) values ($1, $2, $3, $4)
         on conflict (log, count_id, author) do nothing",
        params![place.log, marked.count, place.author, place.seq],
    )?;
    Ok(())
}

/// Its number was given, or nobody will give one. Only whoever opened a count ends it: its own records arrive in their order.
pub(crate) fn ended(book: &mut Book<'_>, place: &Place, count: ThingId) -> Result<(), StoreError> {
    book.change(&STOCK_COUNT, params![count, place.author], |tx| {
        tx.run(
            "update stock_count set given = 1 where log = $1 and count_id = $2 and author = $3",
            params![place.log, count, place.author],
        )
    })
}

/// The counts of a product that this author opened and has not ended, the last first.
pub fn open_of(
    tx: &mut dyn Tx,
    log: LogId,
    (author, product): (AuthorId, ProductId),
) -> Result<Vec<ThingId>, StoreError> {
    let rows = tx.query(
        "select count_id from stock_count where log = $1 and product = $2 and given = 0 and author = $3
         order by seq desc limit $4",
        params![log, product, author, OPEN_MAX],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// A count that this author opened: of which product, and whether it has not ended.
pub fn opened_by(
    tx: &mut dyn Tx,
    log: LogId,
    (author, count): (AuthorId, ThingId),
) -> Result<Option<(ProductId, bool)>, StoreError> {
    let rows = tx.query(
        "select product, given from stock_count where log = $1 and count_id = $2 and author = $3",
        params![log, count, author],
    )?;
    rows.first().map(|row| Ok((row.id(0)?, row.int(1)? == 0))).transpose()
}

/// Counts of others that are open and that this author has not marked.
pub fn unmarked(
    tx: &mut dyn Tx,
    log: LogId,
    author: AuthorId,
    limit: usize,
) -> Result<Vec<ThingId>, StoreError> {
    let rows = tx.query(
        "select distinct c.count_id from stock_count c
         where c.log = $1 and c.given = 0 and c.author <> $2 and not exists (
           select 1 from count_mark m where m.log = c.log and m.count_id = c.count_id and m.author = $2)
         order by c.count_id limit $3",
        params![log, author, limit],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// Where the registers' chains stood.
pub fn marks(tx: &mut dyn Tx, log: LogId, count: ThingId) -> Result<Vec<(AuthorId, u64)>, StoreError> {
    let rows = tx.query(
        "select author, seq from count_mark where log = $1 and count_id = $2 order by author limit $3",
        params![log, count, REGISTERS_MAX],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect()
}

/// Registers that may sell and have not marked the count: of these, what is not known here is taken twice if the count
/// does not wait.
pub fn waits_for(
    tx: &mut dyn Tx,
    log: LogId,
    (count, counter): (ThingId, AuthorId),
) -> Result<Vec<AuthorId>, StoreError> {
    let rows = tx.query(
        "select d.author from stall_device d
         where d.log = $1 and d.admitted = 1 and d.revoked = 0 and d.author <> $3 and not exists (
           select 1 from count_mark m where m.log = d.log and m.count_id = $2 and m.author = d.author)
         order by d.author limit $4",
        params![log, count, counter, REGISTERS_MAX],
    )?;
    rows.iter().map(|row| row.id(0)).collect()
}

/// What the tables say of a product and had not happened at the marks, and the other way round.
pub fn around(
    tx: &mut dyn Tx,
    log: LogId,
    product: ProductId,
    marks: &[(AuthorId, u64)],
) -> Result<Around, StoreError> {
    let mut around = Around::default();
    let mut late = Vec::new();
    for (author, mark) in marks {
        let mut next = mark + 1;
        loop {
            let records = log::range(tx, log, author, next, RECORDS_PER_STEP, BYTES_PER_STEP)?;
            let Some(last) = records.last() else { break };
            next = last.seq + 1;
            for record in &records {
                behind(record, product, &mut around, &mut late);
            }
        }
    }
    // Who says that an order was handed over is not who moves its units: the server does, later.
    for order in &late {
        if let Some(found) =
            read::order(tx, log, *order)?.filter(|found| found.state == OrderState::Fulfilled)
        {
            around.behind_handed_over += units_of(tx, log, (&found, product))?;
        }
    }
    for (order, quantity) in handed_over(tx, log, product)? {
        if !late.contains(&order) {
            around.before_handed_over += quantity;
        }
    }
    Ok(around)
}

/// Units of a product that a register handed over and that are in the tables as here: nobody looks for those.
pub fn gone(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<i64, StoreError> {
    Ok(handed_over(tx, log, product)?.into_iter().fold(0, |sum, (_, units)| sum.saturating_add(units)))
}

/// Counts do not happen to goods: they correct what is known of them, behind a mark as before it.
fn behind(record: &Record, product: ProductId, around: &mut Around, late: &mut Vec<OrderId>) {
    let Some((kind, body)) = Kind::from_number(record.kind).zip(record.body.bytes()) else { return };
    let Ok((_, entry)) = Entry::from_body(kind, body) else { return };
    if let Entry::OrderHandedOver(order) = &entry {
        late.push(order.order);
    }
    if kind == Kind::StockCounted {
        return;
    }
    let moved = transfers(record.author, &entry).unwrap_or_default();
    let here =
        moved.iter().filter(|transfer| transfer.product == product).map(soko_domain::stock::Transfer::here);
    around.behind_here = here.fold(around.behind_here, i64::saturating_add);
}

/// What orders hold of a product though it left, or had held before they were called off somewhere else: the server has not ended
/// them yet, and does not as long as the stall is frozen.
fn handed_over(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<Vec<(OrderId, i64)>, StoreError> {
    let (hold, _) = Account::Hold(OrderId::default()).parts();
    let rows = tx.query(
        "select o.order_id, b.quantity from orders o
         join balance b on b.log = o.log and b.product = $2 and b.account = $3 and b.whose = o.order_id
         where o.log = $1 and o.placed = 1 and o.handed_over = 1 and o.fulfilled = 0 and b.quantity > 0
         order by o.order_id",
        params![log, product, hold],
    )?;
    let mut gone = Vec::new();
    for row in &rows {
        gone.push((row.id(0)?, row.int(1)?));
    }
    let released = tx.query(
        "select order_id from orders
         where log = $1 and placed = 1 and handed_over = 1 and fulfilled = 0 and released = 1 order by order_id",
        params![log],
    )?;
    for row in &released {
        let order: OrderId = row.id(0)?;
        let Some(found) = read::order(tx, log, order)? else { continue };
        gone.push((order, units_of(tx, log, (&found, product))?));
    }
    Ok(gone)
}

fn units_of(
    tx: &mut dyn Tx,
    log: LogId,
    (found, product): (&read::OrderFound, ProductId),
) -> Result<i64, StoreError> {
    let placed = read::order_placed(tx, log, found)?;
    Ok(placed.lines.iter().filter(|line| line.product == product).map(|line| line.quantity).sum())
}
