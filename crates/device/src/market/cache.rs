//! What was seen of the market, in tables.

use std::collections::BTreeSet;

use soko_app_api::{
    Dated, MarketQuery, MarketView, OfferPage, OfferRow, ReviewRow, ShopHandings, StallCard, StallPage,
    WINDOW_ROWS_MAX, Window,
};
use soko_domain::ids::{LogId, ProductId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};
use soko_search::{Names, fold};

use super::groups;
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::{pack, unpack};

/// Stalls that are kept at most; of all there are, the ones that were looked at.
const STALLS_MAX: u32 = 2_000;

/// An offer as it was last seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OfferKept {
    pub(crate) as_of_ms: i64,
    pub(crate) row: OfferRow,
    page: Option<OfferPage>,
}

impl Device {
    /// Keeps what passes by.
    pub(crate) fn keep_seen(&self, query: &MarketQuery, view: &MarketView) -> Result<(), Undone> {
        self.write(|tx| match view {
            MarketView::Missing => Ok(()),
            MarketView::Stalls(seen) => {
                seen.value.iter().try_for_each(|card| put_stall(tx, seen.as_of_ms, card, None))
            }
            MarketView::Stall(seen) => put_stall(tx, seen.as_of_ms, &seen.value.card, Some(&seen.value)),
            MarketView::Offers(seen) => {
                seen.value.iter().try_for_each(|row| put_offer(tx, seen.as_of_ms, row, None))
            }
            MarketView::Offer(seen) => put_offer(tx, seen.as_of_ms, &seen.value.row, Some(&seen.value)),
            MarketView::Categories(seen) => groups::put(tx, seen),
            MarketView::Reviews(seen) => {
                // Of a product's first page only; what a stall's people look at is the server's.
                if let MarketQuery::Reviews { stall, product: Some(product), window } = query
                    && window.offset == 0
                {
                    put_reviews(tx, (*stall, *product), seen)?;
                }
                Ok(())
            }
        })?;
        let rows = match view {
            MarketView::Offers(seen) => seen.value.as_slice(),
            MarketView::Offer(seen) => std::slice::from_ref(&seen.value.row),
            MarketView::Missing
            | MarketView::Stalls(_)
            | MarketView::Stall(_)
            | MarketView::Reviews(_)
            | MarketView::Categories(_) => &[],
        };
        self.model.borrow_mut().seen(rows);
        if let Some(names) = self.names.borrow_mut().as_mut() {
            rows.iter().for_each(|row| names.put((row.stall, row.product), &row.name));
        }
        Ok(())
    }

    /// Answers from what is kept.
    pub(crate) fn seen(&self, query: &MarketQuery) -> Result<MarketView, Undone> {
        match query {
            MarketQuery::Stalls { text, window } => self.seen_stalls(text, *window),
            MarketQuery::Stall(stall) => {
                let found = self.read(|tx| stall_kept(tx, *stall))?;
                Ok(found.map_or(MarketView::Missing, |(as_of_ms, card, page)| {
                    let unknown = StallPage {
                        card: card.clone(),
                        hours: String::new(),
                        handings: ShopHandings::default(),
                        categories: Vec::new(),
                        registers: Vec::new(),
                    };
                    let page = page.map_or(unknown, |page| StallPage { card, ..page });
                    MarketView::Stall(dated(as_of_ms, page))
                }))
            }
            MarketQuery::Offers { stall, text, category, window } => {
                self.seen_offers((*stall, *category), text, *window)
            }
            MarketQuery::Categories => Ok(MarketView::Categories(gather(self.read(groups::all)?))),
            MarketQuery::Browse { browse, window } => {
                let (offset, rows) = bounds(*window);
                let found = self.read(|tx| groups::browse(tx, browse))?;
                Ok(found.map_or(MarketView::Missing, |found| {
                    MarketView::Offers(gather(found.into_iter().skip(offset).take(rows)))
                }))
            }
            // What a stall's people look at to answer is the server's.
            MarketQuery::Reviews { product: None, .. } => Ok(MarketView::Missing),
            MarketQuery::Reviews { stall, product: Some(product), window } => {
                let found = self.read(|tx| reviews(tx, (*stall, *product)))?;
                let (offset, rows) = bounds(*window);
                Ok(found.map_or(MarketView::Missing, |(as_of_ms, all)| {
                    MarketView::Reviews(dated(as_of_ms, all.into_iter().skip(offset).take(rows).collect()))
                }))
            }
            MarketQuery::Offer { stall, product } => {
                let found = self.read(|tx| offer(tx, *stall, *product))?;
                Ok(found.map_or(MarketView::Missing, |kept| {
                    let unknown = || OfferPage {
                        row: kept.row.clone(),
                        description: String::new(),
                        pictures: kept.row.picture.into_iter().collect(),
                    };
                    let page = kept.page.clone().unwrap_or_else(unknown);
                    MarketView::Offer(dated(kept.as_of_ms, OfferPage { row: kept.row, ..page }))
                }))
            }
        }
    }

    fn seen_stalls(&self, text: &str, window: Window) -> Result<MarketView, Undone> {
        let all = self.read(|tx| {
            let sql = "select as_of_ms, card from market_stall order by folded, stall limit $1";
            let rows = tx.query(sql, params![STALLS_MAX])?;
            let kept = |row: &Row| Ok(unpack::<StallCard>(row.blob(1)?).map(|card| (row.int(0), card)));
            rows.iter().filter_map(|row| kept(row).transpose()).collect::<Result<Vec<_>, StoreError>>()
        })?;
        let mut stalls = Vec::new();
        for (as_of_ms, card) in all {
            stalls.push((as_of_ms?, card));
        }
        if !text.trim().is_empty() {
            let mut names = Names::default();
            stalls.iter().zip(0usize..).for_each(|((_, card), at)| {
                names.put(at, &format!("{} {}", card.name, card.place));
            });
            let found = names.search(text, stalls.len(), |_| true);
            stalls = found.into_iter().filter_map(|at| stalls.get(at).cloned()).collect();
        }
        let (offset, rows) = bounds(window);
        Ok(MarketView::Stalls(gather(stalls.into_iter().skip(offset).take(rows))))
    }

    fn seen_offers(
        &self,
        (stall, category): (Option<LogId>, Option<ThingId>),
        text: &str,
        window: Window,
    ) -> Result<MarketView, Undone> {
        let (offset, rows) = bounds(window);
        if text.trim().is_empty() {
            let kept = self.read(|tx| offers_by_name(tx, (stall, category), window))?;
            return Ok(MarketView::Offers(gather(kept)));
        }
        self.warm_names()?;
        let in_category = match category {
            Some(category) => Some(self.read(|tx| of_category(tx, category))?),
            None => None,
        };
        let is_meant = |key: (LogId, ProductId)| {
            stall.is_none_or(|stall| stall == key.0)
                && in_category.as_ref().is_none_or(|offers| offers.contains(&key))
        };
        let found = match self.names.borrow().as_ref() {
            Some(names) => names.search(text, offset.saturating_add(rows), is_meant),
            None => Vec::new(),
        };
        let kept = self.read(|tx| {
            let mut kept = Vec::new();
            for (stall, product) in found.into_iter().skip(offset) {
                kept.extend(offer(tx, stall, product)?.map(|kept| (kept.as_of_ms, kept.row)));
            }
            Ok(kept)
        })?;
        Ok(MarketView::Offers(gather(kept)))
    }

    /// Reads the names of all offers that are kept, once.
    fn warm_names(&self) -> Result<(), Undone> {
        if self.names.borrow().is_some() {
            return Ok(());
        }
        let names = self.read(|tx| {
            let mut names = Names::default();
            for row in tx.query("select stall, product, folded from market_offer", &[])? {
                names.put((LogId(row.id(0)?), ProductId(row.id(1)?)), row.text(2)?);
            }
            Ok(names)
        })?;
        *self.names.borrow_mut() = Some(names);
        Ok(())
    }

    pub(crate) fn forget_stalls_before(&self, as_of_ms: i64) -> Result<(), Undone> {
        self.write(|tx| tx.execute("delete from market_stall where as_of_ms < $1", params![as_of_ms]))?;
        Ok(())
    }

    pub(crate) fn forget_stall(&self, stall: LogId) -> Result<(), Undone> {
        self.write(|tx| {
            for table in ["market_stall", "market_offer", "market_category", "market_review"] {
                tx.execute(&format!("delete from {table} where stall = $1"), params![stall])?;
            }
            Ok(())
        })?;
        *self.names.borrow_mut() = None;
        self.model.borrow_mut().doubt(None);
        Ok(())
    }

    pub(crate) fn forget_offers_before(&self, stall: Option<LogId>, as_of_ms: i64) -> Result<(), Undone> {
        let forgotten = self.write(|tx| match stall {
            Some(stall) => tx.execute(
                "delete from market_offer where stall = $1 and as_of_ms < $2",
                params![stall, as_of_ms],
            ),
            None => tx.execute("delete from market_offer where as_of_ms < $1", params![as_of_ms]),
        })?;
        if forgotten > 0 {
            self.model.borrow_mut().doubt(None);
            *self.names.borrow_mut() = None;
        }
        Ok(())
    }
}

/// Offset and rows of a window, bounded.
fn bounds(window: Window) -> (usize, usize) {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    (size(window.offset), size(window.rows.min(WINDOW_ROWS_MAX)))
}

fn dated<T>(as_of_ms: i64, value: T) -> Dated<T> {
    Dated { as_of_ms, is_fresh: false, value }
}

/// As old as its oldest part.
fn gather<T>(kept: impl IntoIterator<Item = (i64, T)>) -> Dated<Vec<T>> {
    let (times, value): (Vec<i64>, Vec<T>) = kept.into_iter().unzip();
    dated(times.into_iter().min().unwrap_or_default(), value)
}

fn put_stall(
    tx: &mut dyn Tx,
    as_of_ms: i64,
    card: &StallCard,
    page: Option<&StallPage>,
) -> Result<(), StoreError> {
    let page = page.map(pack).transpose()?;
    tx.execute(
        "insert into market_stall (stall, folded, as_of_ms, card, page) values ($1, $2, $3, $4, $5)
         on conflict (stall) do update
         set folded = excluded.folded, as_of_ms = excluded.as_of_ms, card = excluded.card,
             page = coalesce(excluded.page, market_stall.page)",
        params![card.stall, fold(&card.name), as_of_ms, pack(card)?, page],
    )?;
    Ok(())
}

fn put_offer(
    tx: &mut dyn Tx,
    as_of_ms: i64,
    row: &OfferRow,
    page: Option<&OfferPage>,
) -> Result<(), StoreError> {
    let page = page.map(pack).transpose()?;
    tx.execute(
        "insert into market_offer (stall, product, folded, as_of_ms, line, page)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (stall, product) do update
         set folded = excluded.folded, as_of_ms = excluded.as_of_ms, line = excluded.line,
             page = coalesce(excluded.page, market_offer.page)",
        params![row.stall, row.product, fold(&row.name), as_of_ms, pack(row)?, page],
    )?;
    let product = params![row.stall, row.product];
    tx.execute("delete from market_category where stall = $1 and product = $2", product)?;
    row.categories.iter().try_for_each(|category| put_category(tx, row, *category))
}

fn put_reviews(
    tx: &mut dyn Tx,
    (stall, product): (LogId, ProductId),
    seen: &Dated<Vec<ReviewRow>>,
) -> Result<(), StoreError> {
    tx.execute(
        "insert into market_review (stall, product, as_of_ms, reviews) values ($1, $2, $3, $4)
         on conflict (stall, product) do update set as_of_ms = excluded.as_of_ms, reviews = excluded.reviews",
        params![stall, product, seen.as_of_ms, pack(&seen.value)?],
    )?;
    Ok(())
}

fn reviews(
    tx: &mut dyn Tx,
    (stall, product): (LogId, ProductId),
) -> Result<Option<(i64, Vec<ReviewRow>)>, StoreError> {
    let sql = "select as_of_ms, reviews from market_review where stall = $1 and product = $2";
    let Some(row) = tx.query_opt(sql, params![stall, product])? else { return Ok(None) };
    let Some(reviews) = unpack(row.blob(1)?) else { return Ok(None) };
    Ok(Some((row.int(0)?, reviews)))
}

fn put_category(tx: &mut dyn Tx, row: &OfferRow, category: ThingId) -> Result<(), StoreError> {
    tx.execute(
        "insert into market_category (stall, category, product) values ($1, $2, $3)
         on conflict (stall, category, product) do nothing",
        params![row.stall, category, row.product],
    )?;
    Ok(())
}

fn stall_kept(
    tx: &mut dyn Tx,
    stall: LogId,
) -> Result<Option<(i64, StallCard, Option<StallPage>)>, StoreError> {
    let sql = "select as_of_ms, card, page from market_stall where stall = $1";
    let Some(row) = tx.query_opt(sql, params![stall])? else { return Ok(None) };
    let Some(card) = unpack(row.blob(1)?) else { return Ok(None) };
    Ok(Some((row.int(0)?, card, row.blob_opt(2)?.and_then(unpack))))
}

/// How a stall hands orders over, as it was last seen; nothing where its page never was.
pub(crate) fn handings(tx: &mut dyn Tx, stall: LogId) -> Result<Option<StallPage>, StoreError> {
    Ok(stall_kept(tx, stall)?.and_then(|(_, card, page)| page.map(|page| StallPage { card, ..page })))
}

pub(crate) fn stall_card(tx: &mut dyn Tx, stall: LogId) -> Result<Option<StallCard>, StoreError> {
    Ok(stall_kept(tx, stall)?.map(|(_, card, _)| card))
}

/// What a stall is called; empty if it was never seen.
pub(crate) fn stall_name(tx: &mut dyn Tx, stall: LogId) -> Result<String, StoreError> {
    Ok(stall_card(tx, stall)?.map(|card| card.name).unwrap_or_default())
}

pub(crate) fn offer(
    tx: &mut dyn Tx,
    stall: LogId,
    product: ProductId,
) -> Result<Option<OfferKept>, StoreError> {
    let sql = "select as_of_ms, line, page from market_offer where stall = $1 and product = $2";
    let Some(row) = tx.query_opt(sql, params![stall, product])? else { return Ok(None) };
    let Some(line) = unpack(row.blob(1)?) else { return Ok(None) };
    Ok(Some(OfferKept { as_of_ms: row.int(0)?, row: line, page: row.blob_opt(2)?.and_then(unpack) }))
}

fn offers_by_name(
    tx: &mut dyn Tx,
    (stall, category): (Option<LogId>, Option<ThingId>),
    window: Window,
) -> Result<Vec<(i64, OfferRow)>, StoreError> {
    let in_category = "exists (select 1 from market_category c
        where c.stall = o.stall and c.product = o.product and c.category = $2)";
    let sql = format!(
        "select o.as_of_ms, o.line from market_offer o
         where ($1 is null or o.stall = $1) and ($2 is null or {in_category})
         order by o.folded, o.stall, o.product limit $3 offset $4"
    );
    let rows = tx.query(&sql, params![stall, category, window.rows.min(WINDOW_ROWS_MAX), window.offset])?;
    let mut kept = Vec::new();
    for row in &rows {
        if let Some(line) = unpack(row.blob(1)?) {
            kept.push((row.int(0)?, line));
        }
    }
    Ok(kept)
}

fn of_category(tx: &mut dyn Tx, category: ThingId) -> Result<BTreeSet<(LogId, ProductId)>, StoreError> {
    let rows =
        tx.query("select stall, product from market_category where category = $1", params![category])?;
    rows.iter().map(|row| Ok((LogId(row.id(0)?), ProductId(row.id(1)?)))).collect()
}
