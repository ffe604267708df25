//! Open orders at the counter: which sales say that they paid what of them, and what of them nobody paid. An order's
//! document, its sales and their words arrive in any order, so the row of each is made anew whenever one of them does.

use std::collections::BTreeMap;

use soko_domain::entry::{TabPaid, TabSpan};
use soko_domain::ids::{LogId, OrderId, SaleId, ThingId};
use soko_domain::tab::Done;
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
    done: Vec<(SaleId, Option<Done>)>,
    all: Done,
    is_whole: bool,
}

impl Paid {
    /// How many units of so many of a line nobody paid.
    pub fn due(&self, line: ThingId, quantity: i64) -> i64 {
        if self.is_whole { 0 } else { self.all.due(line, quantity) }
    }

    /// The first so many units of a line that nobody paid, where there are as many.
    pub fn take(&self, line: ThingId, quantity: i64, units: i64) -> Option<Vec<TabSpan>> {
        if self.is_whole && units > 0 { None } else { self.all.take(line, quantity, units) }
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

/// What is paid of an open order, apart from one sale; nothing where no sale of it stands.
pub fn paid(
    tx: &mut dyn Tx,
    log: LogId,
    (tab, apart_from): (OrderId, Option<SaleId>),
) -> Result<Option<Paid>, StoreError> {
    let rows = tx.query(
        "select p.sale, w.spans from sale p
         left join tab_paid w on w.log = p.log and w.sale = p.sale and w.author = p.author
         where p.log = $1 and p.tab = $2 and p.sale <> $3
           and not exists (select 1 from sale_void v where v.log = p.log and v.sale = p.sale)
         order by p.at_ms, p.sale, p.author, p.seq, w.seq",
        params![log, tab, apart_from.unwrap_or_default()],
    )?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut paid = Paid { by: SaleId(first.id(0)?), done: Vec::new(), all: Done::default(), is_whole: false };
    for row in &rows {
        let spans = row.blob_opt(1)?.map(unpacked::<TabSpan>).transpose()?;
        let done = spans.map(|spans| {
            paid.all.add(&spans);
            let mut done = Done::default();
            done.add(&spans);
            done
        });
        paid.is_whole |= done.is_none();
        paid.done.push((SaleId(row.id(0)?), done));
    }
    Ok(Some(paid))
}

/// The quantity of each line of an open order.
pub fn held(tx: &mut dyn Tx, log: LogId, tab: OrderId) -> Result<BTreeMap<ThingId, i64>, StoreError> {
    let rows = tx.query("select held from open_tab where log = $1 and tab = $2", params![log, tab])?;
    let held = rows.first().map(|row| unpacked::<(ThingId, i64)>(row.blob(0)?)).transpose()?;
    Ok(held.into_iter().flatten().collect())
}

/// The first sale of an open order of which nothing is to be paid any more.
pub fn closed_by(tx: &mut dyn Tx, log: LogId, tab: OrderId) -> Result<Option<SaleId>, StoreError> {
    let held = held(tx, log, tab)?;
    let is_closed = |paid: &Paid| held.iter().all(|(line, quantity)| paid.due(*line, *quantity) == 0);
    Ok(paid(tx, log, (tab, None))?.filter(is_closed).map(|paid| paid.by))
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
        "insert into tab_paid (log, sale, author, seq, spans) values ($1, $2, $3, $4, $5)
         on conflict (log, sale, author, seq) do nothing",
        params![place.log, word.sale, place.author, place.seq, packed(&word.spans)],
    )
}

/// A sale of it came.
pub(crate) fn sold(book: &mut Book<'_>, tab: OrderId, touched: &mut Touched) -> Result<(), StoreError> {
    // A list of open orders shows what of them is paid.
    touched.documents.insert(ThingId(tab.0));
    let (log, tab) = (book.log, ThingId(tab.0));
    let rows =
        book.tx.query("select title, held from open_tab where log = $1 and tab = $2", params![log, tab])?;
    let Some(row) = rows.first() else { return Ok(()) };
    let (title, held) = (row.text(0)?.to_owned(), unpacked::<(ThingId, i64)>(row.blob(1)?)?);
    keep(book, (tab, &title), &held)
}

/// A sale was voided; where it was of an open order, that is to be paid.
pub(crate) fn voided(book: &mut Book<'_>, sale: SaleId, touched: &mut Touched) -> Result<(), StoreError> {
    let sql = "select distinct tab from sale where log = $1 and sale = $2 and tab is not null";
    let rows = book.tx.query(sql, params![book.log, sale])?;
    rows.iter().try_for_each(|row| sold(book, OrderId(row.id(0)?), touched))
}

/// Keeps the row of an open order as its document is by now.
pub(crate) fn keep(
    book: &mut Book<'_>,
    (tab, title): (ThingId, &str),
    held: &[(ThingId, i64)],
) -> Result<(), StoreError> {
    let paid = paid(book.tx, book.log, (OrderId(tab.0), None))?;
    let is_due =
        |(line, quantity): &&(ThingId, i64)| paid.as_ref().is_none_or(|paid| paid.due(*line, *quantity) > 0);
    let unpaid = held.iter().filter(is_due).count();
    book.tx.run(
        "insert into open_tab (log, tab, title, held, unpaid, is_rest) values ($1, $2, $3, $4, $5, $6)
         on conflict (log, tab) do update
         set title = excluded.title, held = excluded.held, unpaid = excluded.unpaid, is_rest = excluded.is_rest",
        params![book.log, tab, title, packed(&held.to_vec()), unpaid, paid.is_some()],
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
