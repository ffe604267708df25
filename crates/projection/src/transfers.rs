//! Bank transfers for orders from the shop: where their buyers were told to send the money, as rows that only ever are added. What is due
//! and what came are rows of [`crate::order_money`].

use soko_domain::entry::{OrderToTransfer, PayWay, Stamp};
use soko_domain::ids::{LogId, OrderId};
use soko_domain::transfer::BankAccount;
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::ORDER_TRANSFER;
use crate::ledger::Place;
use crate::order_money;
use crate::project::Touched;

/// Where the money for an order is to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransferFound {
    pub to: BankAccount,
    pub amount_minor: i64,
    pub until_ms: i64,
}

pub(crate) fn begun(
    book: &mut Book<'_>,
    (place, stamp): (&Place, &Stamp),
    entry: &OrderToTransfer,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let OrderToTransfer { order, amount_minor, to, until_ms } = entry;
    order_money::to_transfer(book, place, stamp, (*order, *amount_minor), touched)?;
    book.add(
        &ORDER_TRANSFER,
        params![place.author, place.seq, order, to.holder, to.number, to.bank, until_ms],
        "insert into order_transfer (log, author, seq, order_id, holder, number, bank, until_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (log, author, seq) do nothing",
        params![place.log, place.author, place.seq, order, to.holder, to.number, to.bank, until_ms],
    )
}

/// Nothing where it is not paid in this way.
pub fn of_order(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Option<TransferFound>, StoreError> {
    let row = tx.query_opt(
        "select t.holder, t.number, t.bank, t.until_ms, m.amount_minor from order_transfer t
         join order_money m on m.log = t.log and m.author = t.author and m.seq = t.seq
         where t.log = $1 and t.order_id = $2 order by t.author, t.seq limit 1",
        params![log, order],
    )?;
    let found = |row: Row| {
        let text = |column| row.text(column).map(str::to_owned);
        let to = BankAccount { holder: text(0)?, number: text(1)?, bank: text(2)? };
        Ok(TransferFound { to, until_ms: row.int(3)?, amount_minor: row.int(4)? })
    };
    row.map(found).transpose()
}

/// What banks called the transfers that somebody saw come for an order, one for each register that said so.
pub fn seen(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<String>, StoreError> {
    let rows = tx.query(
        "select reference from order_money where log = $1 and order_id = $2 and kind = 2 and way = $3
         order by author, seq",
        params![log, order, PayWay::Transfer.number()],
    )?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// Orders that are held for a transfer which did not come in time, of all stalls, the longest overdue first. Nothing of a stall that
/// waits for its devices after a restore: one of them may know that it came.
pub fn overdue(tx: &mut dyn Tx, now_ms: i64, limit: usize) -> Result<Vec<(LogId, OrderId)>, StoreError> {
    let rows = tx.query(
        "select t.log, t.order_id from order_transfer t
         join orders o on o.log = t.log and o.order_id = t.order_id
         where t.until_ms < $1 and o.placed = 1 and o.released = 0 and o.fulfilled = 0 and o.handed_over = 0
           and not exists (select 1 from order_money m
             where m.log = t.log and m.order_id = t.order_id and m.kind = 2)
           and not exists (select 1 from epoch e where e.log = t.log and e.frozen = 1 and e.unfrozen = 0
             and e.counter = (select max(l.counter) from epoch l where l.log = t.log))
         order by t.until_ms, t.order_id limit $2",
        params![now_ms, limit],
    )?;
    rows.iter().map(|row| Ok((row.id(0)?, row.id(1)?))).collect()
}
