//! What stalls offer in place of lines of orders, as rows that only ever are added.

use std::collections::BTreeMap;

use soko_domain::entry::{
    Entry, OrderPlaced, OrderSwapAsked, OrderSwapEnded, OrderSwapOffered, OrderSwapTaken, OrderSwapWithdrawn,
    SwapEnd,
};
use soko_domain::ids::{AuthorId, LogId, OrderId, ThingId};
use soko_domain::verbs::swap_order::{Facts, Swap, SwapStanding, apply};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::{ORDER_SWAP, ORDERS};
use crate::ledger::Place;
use crate::project::Touched;
use crate::read::{self, OrderFound};
use crate::{order_money, order_refunds, trade};

const ASKED: i64 = 1;
const OFFERED: i64 = 2;
const TAKEN: i64 = 3;
const ENDED: i64 = 4;
const WITHDRAWN: i64 = 5;

/// One word about an offer.
struct Word {
    order: OrderId,
    swap: ThingId,
    what: i64,
    line: u32,
    code: u8,
}

pub(crate) fn asked(
    book: &mut Book<'_>,
    place: &Place,
    entry: &OrderSwapAsked,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let OrderSwapAsked { swap, order, line, .. } = *entry;
    said(book, place, &Word { order, swap, what: ASKED, line, code: 0 }, touched)
}

pub(crate) fn withdrawn(
    book: &mut Book<'_>,
    place: &Place,
    entry: &OrderSwapWithdrawn,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let OrderSwapWithdrawn { swap, order } = *entry;
    said(book, place, &Word { order, swap, what: WITHDRAWN, line: 0, code: 0 }, touched)
}

pub(crate) fn offered(
    book: &mut Book<'_>,
    place: &Place,
    entry: &OrderSwapOffered,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let (order, swap, line) = (entry.order, entry.swap, entry.line);
    said(book, place, &Word { order, swap, what: OFFERED, line, code: 0 }, touched)
}

/// The order comes to another total, in whatever order this and the order itself arrive.
pub(crate) fn taken(
    book: &mut Book<'_>,
    place: &Place,
    entry: &OrderSwapTaken,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let (order, swap, line) = (entry.order, entry.swap, entry.place);
    said(book, place, &Word { order, swap, what: TAKEN, line, code: 0 }, touched)?;
    book.change(&ORDERS, params![order], |tx| {
        trade::order_row(tx, place.log, order)?;
        tx.run(
            "update orders set swapped_minor = swapped_minor + $3, swaps = swaps + 1
             where log = $1 and order_id = $2",
            params![place.log, order, entry.delta_minor],
        )
    })
}

pub(crate) fn ended(
    book: &mut Book<'_>,
    place: &Place,
    entry: &OrderSwapEnded,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    let (order, swap, code) = (entry.order, entry.swap, entry.end.number());
    said(book, place, &Word { order, swap, what: ENDED, line: 0, code }, touched)
}

fn said(book: &mut Book<'_>, place: &Place, word: &Word, touched: &mut Touched) -> Result<(), StoreError> {
    let Word { order, swap, what, line, code } = word;
    touched.orders.insert(*order);
    book.add(
        &ORDER_SWAP,
        params![place.author, place.seq, order, swap, what, line, code],
        "insert into order_swap (log, author, seq, order_id, swap, what, line, code)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (log, author, seq) do nothing",
        params![place.log, place.author, place.seq, order, swap, what, line, code],
    )
}

/// The offers for an order, in no order that means anything. Those of an order that ended are over with it.
pub fn of_order(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<Swap>, StoreError> {
    let mut swaps: BTreeMap<ThingId, Swap> = BTreeMap::new();
    for row in rows(tx, log, order)? {
        let Said { swap, what, line, code, author, seq } = row;
        let found = swaps.entry(swap).or_insert_with(|| unheard(swap));
        match what {
            ASKED => (found.by, found.line) = (Some(author), line),
            OFFERED => {
                found.line = line;
                found.standing = SwapStanding::Offered;
                if let Some((_, Entry::OrderSwapOffered(offered))) = read::entry_at(tx, log, author, seq)? {
                    found.offered = Some(offered);
                }
            }
            TAKEN => found.standing = SwapStanding::Taken,
            ENDED => {
                found.end = SwapEnd::from_number(code);
                if found.standing != SwapStanding::Taken {
                    found.standing = SwapStanding::Ended;
                }
            }
            _ => found.is_withdrawn = true,
        }
    }
    Ok(swaps.into_values().collect())
}

fn unheard(swap: ThingId) -> Swap {
    Swap {
        swap,
        line: 0,
        standing: SwapStanding::Asked,
        by: None,
        is_withdrawn: false,
        offered: None,
        end: None,
    }
}

struct Said {
    swap: ThingId,
    what: i64,
    line: u32,
    code: u8,
    author: AuthorId,
    seq: u64,
}

fn rows(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Vec<Said>, StoreError> {
    let rows = tx.query(
        "select swap, what, line, code, author, seq from order_swap
         where log = $1 and order_id = $2 order by what, line, author, seq",
        params![log, order],
    )?;
    let said = |row: &Row| {
        Ok(Said {
            swap: row.id(0)?,
            what: row.int(1)?,
            line: row.number(2)?,
            code: row.number(3)?,
            author: row.id(4)?,
            seq: row.number(5)?,
        })
    };
    rows.iter().map(said).collect()
}

/// The order with everything that was taken in place of its lines, in the places that the server gave it.
pub(crate) fn apply_taken(tx: &mut dyn Tx, log: LogId, placed: &mut OrderPlaced) -> Result<(), StoreError> {
    let rows = rows(tx, log, placed.order)?;
    for taken in rows.iter().filter(|row| row.what == TAKEN) {
        let offered = rows.iter().find(|row| row.what == OFFERED && row.swap == taken.swap);
        let Some(Said { author, seq, .. }) = offered else { continue };
        if let Some((_, Entry::OrderSwapOffered(offered))) = read::entry_at(tx, log, *author, *seq)? {
            apply(placed, &offered);
        }
    }
    Ok(())
}

/// Everything that decides about an offer.
pub fn facts(tx: &mut dyn Tx, log: LogId, order: OrderId) -> Result<Facts, StoreError> {
    let found: Option<OrderFound> = read::order(tx, log, order)?;
    Ok(Facts {
        placed: found.as_ref().map(|found| read::order_placed(tx, log, found)).transpose()?,
        state: found.as_ref().map(|found| found.state),
        step: found.and_then(|found| found.step),
        money: order_money::of(tx, log, order)?.standing(),
        swaps: of_order(tx, log, order)?,
        left_minor: order_refunds::facts(tx, log, order)?.left_minor(),
    })
}
