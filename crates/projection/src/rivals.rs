//! What others ask, as rows: the last word on each thing of each source, which sources count, and every price that was seen.

use std::collections::BTreeMap;

use soko_domain::entry::{RivalLine, RivalPrice, RivalSourcePut, RivalWay};
use soko_domain::ids::{AuthorId, LogId, ProductId};
use soko_domain::money::Currency;
use soko_domain::quantity::Unit;
use soko_domain::rival::TheirRow;
use soko_domain::verbs::note_rivals::{Facts, source_of};
use soko_record_log::{Row, StoreError, Tx, params};

use crate::book::Book;
use crate::digest::{RIVAL_PRICE, RIVAL_SOURCE};
use crate::ledger::Place;
use crate::project::Touched;
use crate::read::{product as product_row, products_of_code};

/// What a source said at once.
pub(crate) struct Said<'a> {
    pub(crate) source: &'a str,
    pub(crate) way: RivalWay,
    pub(crate) revision: u64,
    pub(crate) lines: &'a [RivalLine],
}

pub(crate) fn seen(
    book: &mut Book<'_>,
    place: &Place,
    said: &Said<'_>,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.prices = true;
    for (at, line) in (0_u32..).zip(said.lines) {
        last_word(book, place, said, line)?;
        if let (Some(product), Some(price)) = (line.product, &line.price) {
            note(book, (place, at), said, (line, product, price))?;
        }
    }
    Ok(())
}

fn last_word(
    book: &mut Book<'_>,
    place: &Place,
    said: &Said<'_>,
    line: &RivalLine,
) -> Result<(), StoreError> {
    let row = book.tx.query_opt(
        "select revision, author from rival_price where log = $1 and source = $2 and their = $3",
        params![place.log, said.source, line.key],
    )?;
    let known = row.map(|row| Ok::<_, StoreError>((row.number(0)?, row.id(1)?))).transpose()?;
    if known.is_some_and(|known: (u64, AuthorId)| known >= (said.revision, place.author)) {
        return Ok(());
    }
    let price = line.price.as_ref();
    let currency = price.map(|price| price.currency.to_string()).unwrap_or_default();
    book.change(&RIVAL_PRICE, params![said.source, line.key], |tx| {
        tx.run(
            "insert into rival_price (log, source, their, revision, author, way, name, product, price_minor,
               currency, unit, per, seen_at_ms)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict (log, source, their) do update
             set revision = excluded.revision, author = excluded.author, way = excluded.way, name = excluded.name,
                 product = excluded.product, price_minor = excluded.price_minor, currency = excluded.currency,
                 unit = excluded.unit, per = excluded.per, seen_at_ms = excluded.seen_at_ms",
            params![
                place.log,
                said.source,
                line.key,
                said.revision,
                place.author,
                said.way.number(),
                line.name,
                line.product,
                price.map_or(0, |price| price.price_minor),
                currency,
                price.map_or(0, |price| price.unit.number()),
                price.map_or(0, |price| price.per),
                price.map_or(0, |price| price.seen_at_ms)
            ],
        )
    })
}

fn note(
    book: &mut Book<'_>,
    (place, at): (&Place, u32),
    said: &Said<'_>,
    (line, product, price): (&RivalLine, ProductId, &RivalPrice),
) -> Result<(), StoreError> {
    book.tx.run(
        "insert into rival_seen (log, author, seq, place, source, their, revision, product, price_minor, currency,
           unit, per, seen_at_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (log, author, seq, place) do nothing",
        params![
            place.log,
            place.author,
            place.seq,
            at,
            said.source,
            line.key,
            said.revision,
            product,
            price.price_minor,
            price.currency.to_string(),
            price.unit.number(),
            price.per,
            price.seen_at_ms
        ],
    )
}

/// Who ended what was said has ended it, whichever word on whether the source counts is the last.
pub(crate) fn source_put(
    book: &mut Book<'_>,
    place: &Place,
    put: &RivalSourcePut,
    touched: &mut Touched,
) -> Result<(), StoreError> {
    touched.prices = true;
    book.change(&RIVAL_SOURCE, params![put.source], |tx| {
        let row = tx.query_opt(
            "select revision, author from rival_source where log = $1 and source = $2",
            params![place.log, put.source],
        )?;
        let known = row.map(|row| Ok::<_, StoreError>((row.number(0)?, row.id(1)?))).transpose()?;
        tx.run(
            "insert into rival_source (log, source, revision, author, is_on, gone_revision)
             values ($1, $2, 0, $3, 1, $4) on conflict (log, source) do update
             set gone_revision = case when excluded.gone_revision > rival_source.gone_revision
               then excluded.gone_revision else rival_source.gone_revision end",
            params![place.log, put.source, place.author, put.gone_revision],
        )?;
        if known.is_some_and(|known: (u64, AuthorId)| known >= (put.revision, place.author)) {
            return Ok(());
        }
        tx.run(
            "update rival_source set revision = $3, author = $4, is_on = $5 where log = $1 and source = $2",
            params![place.log, put.source, put.revision, place.author, put.is_on],
        )
    })
}

/// A price that a source asks for something that is sold here, or did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RivalFound {
    pub source: String,
    pub key: String,
    pub name: String,
    pub way: RivalWay,
    pub price: RivalPrice,
    /// Whether its source counts.
    pub is_on: bool,
}

/// What others ask for a product, by source, the latest of each first.
pub fn of_product(tx: &mut dyn Tx, log: LogId, product: ProductId) -> Result<Vec<RivalFound>, StoreError> {
    let rows = tx.query(
        "select p.source, p.their, p.name, p.way, p.price_minor, p.currency, p.unit, p.per, p.seen_at_ms,
           coalesce(s.is_on, 1)
         from rival_price p left join rival_source s on s.log = p.log and s.source = p.source
         where p.log = $1 and p.product = $2 and p.price_minor > 0 and p.revision > coalesce(s.gone_revision, 0)
         order by p.source, p.seen_at_ms desc, p.price_minor, p.their",
        params![log, product],
    )?;
    rows.iter().map(found).collect()
}

/// A part of what others ask for whatever is sold here, by source and their word for it.
pub fn part_of_all(
    tx: &mut dyn Tx,
    log: LogId,
    (rows, offset): (u32, u32),
) -> Result<Vec<(ProductId, RivalFound)>, StoreError> {
    let rows = tx.query(
        "select p.source, p.their, p.name, p.way, p.price_minor, p.currency, p.unit, p.per, p.seen_at_ms,
           coalesce(s.is_on, 1), p.product
         from rival_price p left join rival_source s on s.log = p.log and s.source = p.source
         where p.log = $1 and p.product is not null and p.price_minor > 0
           and p.revision > coalesce(s.gone_revision, 0)
         order by p.source, p.their limit $2 offset $3",
        params![log, rows, offset],
    )?;
    rows.iter().map(|row| Ok((ProductId(row.id(10)?), found(row)?))).collect()
}

fn found(row: &Row) -> Result<RivalFound, StoreError> {
    Ok(RivalFound {
        source: row.text(0)?.into(),
        key: row.text(1)?.into(),
        name: row.text(2)?.into(),
        way: RivalWay::from_number(row.number(3)?).ok_or_else(|| unknown("way"))?,
        price: price(row, 4)?,
        is_on: row.int(9)? != 0,
    })
}

/// A price that was seen some time ago.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RivalSeenAt {
    pub source: String,
    pub price: RivalPrice,
}

/// Every price that was seen since a moment of what is matched now, by product, the oldest first.
pub fn seen_since(
    tx: &mut dyn Tx,
    log: LogId,
    from_ms: i64,
) -> Result<BTreeMap<ProductId, Vec<RivalSeenAt>>, StoreError> {
    let rows = tx.query(
        "select h.product, h.source, h.price_minor, h.currency, h.unit, h.per, h.seen_at_ms
         from rival_seen h
         join rival_price p
           on p.log = h.log and p.source = h.source and p.their = h.their and p.product = h.product
         left join rival_source s on s.log = h.log and s.source = h.source
         where h.log = $1 and h.seen_at_ms >= $2 and h.revision > coalesce(s.gone_revision, 0)
           and coalesce(s.is_on, 1) = 1
         order by h.seen_at_ms, h.author, h.seq, h.place",
        params![log, from_ms],
    )?;
    let mut seen: BTreeMap<ProductId, Vec<RivalSeenAt>> = BTreeMap::new();
    for row in &rows {
        let at = RivalSeenAt { source: row.text(1)?.into(), price: price(row, 2)? };
        seen.entry(ProductId(row.id(0)?)).or_default().push(at);
    }
    Ok(seen)
}

/// A source and what is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFound {
    pub source: String,
    pub is_on: bool,
    /// The highest of all that was said of it.
    pub revision: u64,
    pub gone_revision: u64,
    /// Prices of what is sold here, and the latest moment of one.
    pub prices: u64,
    pub seen_at_ms: i64,
}

/// All sources that anything is left of, by name.
pub fn sources(tx: &mut dyn Tx, log: LogId) -> Result<Vec<SourceFound>, StoreError> {
    let rows = tx.query(
        "select p.source, coalesce(max(s.is_on), 1), max(p.revision), coalesce(max(s.revision), 0),
           coalesce(max(s.gone_revision), 0),
           coalesce(sum(case when p.product is not null and p.price_minor > 0
             and p.revision > coalesce(s.gone_revision, 0) then 1 else 0 end), 0),
           coalesce(max(case when p.revision > coalesce(s.gone_revision, 0) then p.seen_at_ms else 0 end), 0)
         from rival_price p left join rival_source s on s.log = p.log and s.source = p.source
         where p.log = $1 group by p.source order by p.source",
        params![log],
    )?;
    let found = |row: &Row| {
        let revision: u64 = row.number(2)?;
        Ok(SourceFound {
            source: row.text(0)?.into(),
            is_on: row.int(1)? != 0,
            revision: revision.max(row.number(3)?),
            gone_revision: row.number(4)?,
            prices: row.number(5)?,
            seen_at_ms: row.int(6)?,
        })
    };
    rows.iter().map(found).collect()
}

/// What was said of the things of a source: which product each is, or that it is none, and the price.
pub type Matches = BTreeMap<String, (Option<ProductId>, Option<RivalPrice>)>;

pub fn matches(tx: &mut dyn Tx, log: LogId, source: &str) -> Result<Matches, StoreError> {
    let rows = tx.query(
        "select p.their, p.product, p.price_minor, p.currency, p.unit, p.per, p.seen_at_ms
         from rival_price p left join rival_source s on s.log = p.log and s.source = p.source
         where p.log = $1 and p.source = $2 and p.revision > coalesce(s.gone_revision, 0)",
        params![log, source],
    )?;
    let mut matches = Matches::new();
    for row in &rows {
        let product = row.id_opt(1)?.map(ProductId);
        let known = if row.int(2)? > 0 { Some(price(row, 2)?) } else { None };
        matches.insert(row.text(0)?.into(), (product, known));
    }
    Ok(matches)
}

fn price(row: &Row, at: usize) -> Result<RivalPrice, StoreError> {
    Ok(RivalPrice {
        price_minor: row.int(at)?,
        currency: Currency::parse(row.text(at + 1)?).ok_or_else(|| unknown("currency"))?,
        unit: Unit::from_number(row.number(at + 2)?).ok_or_else(|| unknown("unit"))?,
        per: row.int(at + 3)?,
        seen_at_ms: row.int(at + 4)?,
    })
}

fn unknown(what: &str) -> StoreError {
    StoreError::Corrupt(format!("the {what} of another's price is unknown"))
}

/// What a decision about a source looks at.
pub fn facts(tx: &mut dyn Tx, log: LogId, source: &str) -> Result<Facts, StoreError> {
    let name = source_of(source).unwrap_or_default();
    let (own, others): (Vec<_>, Vec<_>) = sources(tx, log)?.into_iter().partition(|it| it.source == name);
    let own = own.first();
    Ok(Facts {
        others: others.iter().filter(|it| it.prices > 0).count(),
        revision: own.map_or(0, |own| own.revision),
        gone_revision: own.map_or(0, |own| own.gone_revision),
        is_on: own.is_none_or(|own| own.is_on),
    })
}

/// What a row of a source means here, as far as nobody has to be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Certain {
    /// Somebody said so before.
    Said(ProductId),
    Barcode(ProductId),
    /// Somebody said that it is nothing here.
    NotHere,
    Unknown,
}

/// Products that share a barcode; more than one is as good as many.
const SHARERS_MAX: u32 = 3;

pub fn certain(
    tx: &mut dyn Tx,
    log: LogId,
    matches: &Matches,
    row: &TheirRow,
) -> Result<Certain, StoreError> {
    match matches.get(&row.key) {
        Some((Some(product), _)) => return Ok(Certain::Said(*product)),
        Some((None, _)) => return Ok(Certain::NotHere),
        None => {}
    }
    let Some(code) = &row.barcode else { return Ok(Certain::Unknown) };
    let mut sold = Vec::new();
    for product in products_of_code(tx, log, code, SHARERS_MAX)? {
        sold.extend(product_row(tx, log, product)?.filter(|it| !it.archived).map(|it| it.product));
    }
    Ok(match sold.as_slice() {
        [product] => Certain::Barcode(*product),
        _ => Certain::Unknown,
    })
}

/// The row as it is said of a product: where it does not name a unit, for as much as the own price is for.
pub fn line(
    tx: &mut dyn Tx,
    log: LogId,
    row: &TheirRow,
    product: ProductId,
) -> Result<Option<RivalLine>, StoreError> {
    let Some(found) = product_row(tx, log, product)? else { return Ok(None) };
    let (unit, per) = row.unit.unwrap_or((found.unit, found.price_per));
    let price = RivalPrice {
        price_minor: row.price_minor,
        currency: row.currency,
        unit,
        per,
        seen_at_ms: row.seen_at_ms,
    };
    Ok(Some(RivalLine {
        key: row.key.clone(),
        name: row.name.clone(),
        product: Some(product),
        price: Some(price),
    }))
}

/// Products on offer with their names.
pub fn names(tx: &mut dyn Tx, log: LogId) -> Result<Vec<(ProductId, String)>, StoreError> {
    let rows = tx.query(
        "select product, name from product where log = $1 and archived = 0 order by product",
        params![log],
    )?;
    rows.iter().map(|row| Ok((ProductId(row.id(0)?), row.text(1)?.into()))).collect()
}
