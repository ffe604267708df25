//! Open orders at the counter: which sales say that they paid what of them, and what of them nobody paid. An order's
//! document, its sales and their words arrive in any order, so the row of each is made anew whenever one of them does.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use soko_documents::OpenOrder;
use soko_domain::entry::{TabPaid, TabSpan};
use soko_domain::ids::{LogId, OrderId, SaleId, ThingId};
use soko_domain::tab::{Bill, Units};
use soko_domain::wire::{Reader, Wire, Writer};
use soko_record_log::{StoreError, Tx, params};

use crate::book::Book;
use crate::ledger::Place;
use crate::project::Touched;

/// The sales of an open order that stand.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The first of them.
    pub by: SaleId,
    /// What each of them is done with; none of a sale that closes all of its order.
    done: Vec<(SaleId, Option<Units>)>,
}

impl Paid {
    /// A name that the set of them has, and no other set: whichever clock each was made by, and in whichever order they came.
    pub fn name(&self) -> ThingId {
        let sales: BTreeSet<SaleId> = self.done.iter().map(|(sale, _)| *sale).collect();
        let mut hash = Sha256::new();
        sales.iter().for_each(|sale| hash.update(sale.0));
        let mut name = [0; 16];
        name.iter_mut().zip(hash.finalize()).for_each(|(to, byte)| *to = byte);
        ThingId(name)
    }

    /// Whether one of its sales is done with what another sale is done with, too.
    pub fn is_twice(&self, sale: SaleId) -> bool {
        let mut others = self.done.iter().filter(|(other, _)| *other != sale);
        let Some((_, own)) = self.done.iter().find(|(other, _)| *other == sale) else { return false };
        others.any(|(_, other)| match (own, other) {
            (Some(own), Some(other)) => own.meets(other),
            (None, _) | (_, None) => true,
        })
    }
}

/// What sales say of an open order, apart from one sale, and what of it that leaves to be paid.
#[derive(Clone, Default, Debug)]
pub struct Standing {
    pub paid: Option<Paid>,
    pub bill: Bill,
}

impl Standing {
    /// What the set of its sales is called; none where there is no sale.
    pub fn sales(&self) -> Option<ThingId> {
        self.paid.as_ref().map(Paid::name)
    }

    /// The first of its sales, where nothing is to be paid any more.
    pub fn closed_by(&self) -> Option<SaleId> {
        self.paid.as_ref().filter(|_| self.bill.is_closed()).map(|paid| paid.by)
    }
}

/// An order as its document has it by now, and the sales of it that stand.
pub fn standing_of(
    tx: &mut dyn Tx,
    log: LogId,
    (tab, order): (OrderId, &OpenOrder),
) -> Result<Standing, StoreError> {
    let mut standing = Held::of(order).standing();
    add_sales(tx, log, (tab, None), &mut standing)?;
    Ok(standing)
}

/// What is in an open order, and the sales of it that stand.
pub fn standing(
    tx: &mut dyn Tx,
    log: LogId,
    (tab, apart_from): (OrderId, Option<SaleId>),
) -> Result<Standing, StoreError> {
    let rows =
        tx.query("select held, taken_out from open_tab where log = $1 and tab = $2", params![log, tab])?;
    let mut standing = match rows.first() {
        Some(row) => Held { lines: unpacked(row.blob(0)?)?, out: unpacked(row.blob(1)?)? }.standing(),
        None => Standing::default(),
    };
    add_sales(tx, log, (tab, apart_from), &mut standing)?;
    Ok(standing)
}

fn add_sales(
    tx: &mut dyn Tx,
    log: LogId,
    (tab, apart_from): (OrderId, Option<SaleId>),
    standing: &mut Standing,
) -> Result<(), StoreError> {
    // A sale's word stands before it, in the same chain, and is of the same order.
    let rows = tx.query(
        "select p.sale, w.spans from sale p
         left join tab_paid w on w.log = p.log and w.sale = p.sale and w.author = p.author
           and w.tab = p.tab and w.seq < p.seq
         where p.log = $1 and p.tab = $2 and p.sale <> $3
           and not exists (select 1 from sale_void v where v.log = p.log and v.sale = p.sale)
         order by p.at_ms, p.sale, p.author, p.seq, w.seq",
        params![log, tab, apart_from.unwrap_or_default()],
    )?;
    let mut done = Vec::new();
    for row in &rows {
        let spans = row.blob_opt(1)?.map(unpacked::<TabSpan>).transpose()?;
        standing.bill.is_whole |= spans.is_none();
        let units = spans.map(|spans| {
            standing.bill.paid.add(&spans);
            let mut units = Units::default();
            units.add(&spans);
            units
        });
        done.push((SaleId(row.id(0)?), units));
    }
    standing.bill.has_sale = !done.is_empty();
    standing.paid = done.first().map(|(by, _)| *by).map(|by| Paid { by, done });
    Ok(())
}

/// An open order that has something to be paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenTab {
    pub tab: OrderId,
    pub title: String,
    /// Of how many lines something is to be paid.
    pub lines: u32,
    /// The others, or a part of these, were paid.
    pub is_rest: bool,
}

pub fn open_tabs(
    tx: &mut dyn Tx,
    log: LogId,
    (offset, rows): (u32, u32),
) -> Result<Vec<OpenTab>, StoreError> {
    let found = tx.query(
        "select tab, title, unpaid, is_rest from open_tab where log = $1 and unpaid > 0
         order by tab limit $2 offset $3",
        params![log, rows, offset],
    )?;
    let open = |row: &soko_record_log::Row| {
        let (tab, title) = (OrderId(row.id(0)?), row.text(1)?.into());
        Ok(OpenTab { tab, title, lines: row.number(2)?, is_rest: row.bool(3)? })
    };
    found.iter().map(open).collect()
}

/// A sale's word about its open order. The sale comes behind it.
pub(crate) fn said(book: &mut Book<'_>, place: &Place, word: &TabPaid) -> Result<(), StoreError> {
    book.tx.run(
        "insert into tab_paid (log, sale, author, seq, tab, spans) values ($1, $2, $3, $4, $5, $6)
         on conflict (log, sale, author, seq) do nothing",
        params![place.log, word.sale, place.author, place.seq, word.tab, packed(&word.spans)],
    )
}

/// A sale of it came.
pub(crate) fn sold(book: &mut Book<'_>, tab: OrderId, touched: &mut Touched) -> Result<(), StoreError> {
    // A list of open orders shows what of them is paid.
    touched.documents.insert(ThingId(tab.0));
    let tab = ThingId(tab.0);
    let rows = book.tx.query(
        "select title, held, taken_out from open_tab where log = $1 and tab = $2",
        params![book.log, tab],
    )?;
    let Some(row) = rows.first() else { return Ok(()) };
    let held = Held { lines: unpacked(row.blob(1)?)?, out: unpacked(row.blob(2)?)? };
    let title = row.text(0)?.to_owned();
    keep(book, (tab, &title), &held)
}

/// A sale was voided; where it was of an open order, that is to be paid.
pub(crate) fn voided(book: &mut Book<'_>, sale: SaleId, touched: &mut Touched) -> Result<(), StoreError> {
    let sql = "select distinct tab from sale where log = $1 and sale = $2 and tab is not null";
    let rows = book.tx.query(sql, params![book.log, sale])?;
    rows.iter().try_for_each(|row| sold(book, OrderId(row.id(0)?), touched))
}

/// What an open order's document has: how much of each line was put in, and what was taken out.
pub(crate) struct Held {
    pub(crate) lines: Vec<(ThingId, i64)>,
    pub(crate) out: Vec<TabSpan>,
}

impl Held {
    pub(crate) fn of(order: &OpenOrder) -> Self {
        Self {
            lines: order.lines.iter().map(|(line, of)| (*line, of.quantity)).collect(),
            out: order.outs.values().flatten().cloned().collect(),
        }
    }

    fn standing(&self) -> Standing {
        let mut bill = Bill { put: self.lines.iter().copied().collect(), ..Bill::default() };
        bill.out.add(&self.out);
        Standing { paid: None, bill }
    }
}

/// Keeps the row of an open order as its document is by now.
pub(crate) fn keep(
    book: &mut Book<'_>,
    (tab, title): (ThingId, &str),
    held: &Held,
) -> Result<(), StoreError> {
    let mut standing = held.standing();
    add_sales(book.tx, book.log, (OrderId(tab.0), None), &mut standing)?;
    let unpaid = held.lines.iter().filter(|(line, _)| standing.bill.due(*line) > 0).count();
    book.tx.run(
        "insert into open_tab (log, tab, title, held, taken_out, unpaid, is_rest)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (log, tab) do update
         set title = excluded.title, held = excluded.held, taken_out = excluded.taken_out,
             unpaid = excluded.unpaid, is_rest = excluded.is_rest",
        params![
            book.log,
            tab,
            title,
            packed(&held.lines),
            packed(&held.out),
            unpaid,
            standing.paid.is_some()
        ],
    )
}

fn packed<T: Wire>(list: &Vec<T>) -> Vec<u8> {
    let mut out = Writer::new();
    list.put(&mut out);
    out.finish()
}

fn unpacked<T: Wire>(bytes: &[u8]) -> Result<Vec<T>, StoreError> {
    let mut input = Reader::new(bytes);
    let list = Vec::take(&mut input).and_then(|list| input.end().map(|()| list));
    list.map_err(|error| StoreError::Other(format!("an open order's row cannot be read: {error}")))
}
