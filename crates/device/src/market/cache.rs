//! What was seen of the market, in tables.

use std::collections::BTreeMap;

use soko_app_api::{
    Dated, MarketQuery, MarketView, OfferRow, ReviewRow, ShopHandings, StallCard, StallPage, WINDOW_ROWS_MAX,
    Window, without_variants,
};
use soko_domain::ids::{LogId, ProductId};
use soko_record_log::{Row, StoreError, Tx, params};
use soko_search::{Names, fold};

use super::groups;
use super::offers::{self, Listed, about, of_category, put_offer};
use super::spots;
use crate::device::Device;
use crate::failure::Undone;
use crate::kept::{pack, unpack};

/// The nearest that a search finds; what comes after them is not what was meant.
const FOUND_MAX: usize = 1_000;
/// Stalls that are kept at most; of all there are, the ones that were looked at.
pub(super) const STALLS_MAX: u32 = 2_000;

impl Device {
    /// Keeps what passes by.
    pub(crate) fn keep_seen(&self, query: &MarketQuery, view: &MarketView) -> Result<(), Undone> {
        let is_withdrawn = self.write(|tx| withdrawn(tx, query, view))?;
        self.write(|tx| match view {
            MarketView::Missing | MarketView::Unseen => Ok(()),
            MarketView::Stalls(seen) => {
                seen.value.iter().try_for_each(|card| put_stall(tx, seen.as_of_ms, card, None))
            }
            MarketView::Stall(seen) => put_stall(tx, seen.as_of_ms, &seen.value.card, Some(&seen.value)),
            MarketView::Offers(seen) => {
                seen.value.iter().try_for_each(|row| put_offer(tx, seen.as_of_ms, row))
            }
            MarketView::Offer(seen) => offers::put_page(tx, seen),
            MarketView::Categories(seen) => groups::put(tx, seen),
            MarketView::Spots(seen) => spots::put(tx, query, seen),
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
        if is_withdrawn {
            self.leave_no_trace()?;
        }
        let rows = match view {
            MarketView::Offers(seen) => seen.value.iter().collect(),
            MarketView::Offer(seen) => about(&seen.value),
            MarketView::Missing
            | MarketView::Unseen
            | MarketView::Stalls(_)
            | MarketView::Stall(_)
            | MarketView::Reviews(_)
            | MarketView::Spots(_)
            | MarketView::Categories(_) => Vec::new(),
        };
        self.model.borrow_mut().seen(&rows);
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
                Ok(found.map_or(MarketView::Unseen, |(as_of_ms, card, page)| {
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
            MarketQuery::Offers { stall, text, category, families, window } => {
                let of = Listed { stall: *stall, category: *category, families: *families };
                self.seen_offers(of, text, *window)
            }
            MarketQuery::Categories => Ok(MarketView::Categories(gather(self.read(groups::all)?))),
            MarketQuery::Browse { browse, window } => {
                let (offset, rows) = bounds(*window);
                let found = self.read(|tx| groups::browse(tx, browse))?;
                Ok(found.map_or(MarketView::Unseen, |found| {
                    MarketView::Offers(gather(found.into_iter().skip(offset).take(rows)))
                }))
            }
            MarketQuery::Spots { which, window } => {
                let (offset, rows) = bounds(*window);
                let found = self.read(|tx| spots::found(tx, which, self.now().at_ms))?;
                Ok(MarketView::Spots(gather(found.into_iter().skip(offset).take(rows))))
            }
            // What a stall's people look at to answer is the server's.
            MarketQuery::Reviews { product: None, .. } => Ok(MarketView::Unseen),
            MarketQuery::Reviews { stall, product: Some(product), window } => {
                let found = self.read(|tx| reviews(tx, (*stall, *product)))?;
                let (offset, rows) = bounds(*window);
                Ok(found.map_or(MarketView::Unseen, |(as_of_ms, all)| {
                    MarketView::Reviews(dated(as_of_ms, all.into_iter().skip(offset).take(rows).collect()))
                }))
            }
            MarketQuery::Offer { stall, product } => {
                let found = self.read(|tx| offers::page(tx, *stall, *product))?;
                Ok(found
                    .map_or(MarketView::Unseen, |(as_of_ms, page)| MarketView::Offer(dated(as_of_ms, page))))
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

    fn seen_offers(&self, of: Listed, text: &str, window: Window) -> Result<MarketView, Undone> {
        let (offset, rows) = bounds(window);
        if text.trim().is_empty() {
            let kept = self.read(|tx| offers::by_name(tx, of, window))?;
            return Ok(MarketView::Offers(gather(kept)));
        }
        let found = self.search_offers(of, text, offset.saturating_add(rows))?;
        let kept = self.read(|tx| {
            let mut kept = Vec::new();
            for (stall, product) in found.into_iter().skip(offset).take(rows) {
                kept.extend(offers::offer(tx, stall, product)?.map(|kept| (kept.as_of_ms, kept.row)));
            }
            Ok(kept)
        })?;
        Ok(MarketView::Offers(gather(kept)))
    }

    /// At least so many that a text means, if there are.
    fn search_offers(
        &self,
        of: Listed,
        text: &str,
        wanted: usize,
    ) -> Result<Vec<(LogId, ProductId)>, Undone> {
        self.warm_names()?;
        let in_category = match of.category {
            Some(category) => Some(self.read(|tx| of_category(tx, category))?),
            None => None,
        };
        let is_meant = |key: (LogId, ProductId)| {
            of.stall.is_none_or(|stall| stall == key.0)
                && in_category.as_ref().is_none_or(|offers| offers.contains(&key))
        };
        let products = if of.families { self.read(offers::products)? } else { BTreeMap::new() };
        let mut looked = wanted;
        loop {
            let found = match self.names.borrow().as_ref() {
                Some(names) => names.search(text, looked, is_meant),
                None => Vec::new(),
            };
            let is_all = found.len() < looked || looked >= FOUND_MAX;
            let shown = without_variants(found, |key| products.get(&key).copied());
            if shown.len() >= wanted || is_all {
                return Ok(shown);
            }
            looked = looked.saturating_mul(4).min(FOUND_MAX);
        }
    }

    /// Reads the names of all offers that are kept, once.
    pub(super) fn warm_names(&self) -> Result<(), Undone> {
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

    /// Offers that were seen before then only; of all of them, or of those whose names come before this one.
    pub(super) fn forget_offers_before(
        &self,
        stall: Option<LogId>,
        as_of_ms: i64,
        last: Option<&str>,
    ) -> Result<(), Undone> {
        let forgotten = self.write(|tx| {
            tx.execute(
                "delete from market_offer
                 where ($1 is null or stall = $1) and as_of_ms < $2 and ($3 is null or folded < $3)",
                params![stall, as_of_ms, last],
            )
        })?;
        self.offers_went(forgotten);
        Ok(())
    }

    pub(super) fn forget_offer(&self, stall: LogId, product: ProductId) -> Result<(), Undone> {
        let forgotten = self.write(|tx| {
            tx.execute("delete from market_offer where stall = $1 and product = $2", params![stall, product])
        })?;
        self.offers_went(forgotten);
        Ok(())
    }

    fn offers_went(&self, count: u64) {
        if count > 0 {
            self.model.borrow_mut().doubt(None);
            *self.names.borrow_mut() = None;
        }
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

pub(super) fn put_stall(
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

/// Whether somebody's words are not said any more, such as those of whoever ended their account. Of what nobody says anything, nothing is
/// kept.
fn withdrawn(tx: &mut dyn Tx, query: &MarketQuery, view: &MarketView) -> Result<bool, StoreError> {
    if tx.query_opt("select 1 from market_review limit 1", &[])?.is_none() {
        return Ok(false);
    }
    let rows: Vec<&OfferRow> = match view {
        MarketView::Offers(seen) => seen.value.iter().collect(),
        MarketView::Offer(seen) => about(&seen.value),
        MarketView::Reviews(seen) => {
            let MarketQuery::Reviews { stall, product: Some(product), window } = query else {
                return Ok(false);
            };
            let known = reviews(tx, (*stall, *product))?.map_or_else(Vec::new, |(_, known)| known);
            let is_said = |was: &ReviewRow| {
                seen.value.iter().any(|row| row.review == was.review && row.words == was.words)
            };
            return Ok(window.offset == 0 && !known.iter().all(is_said));
        }
        MarketView::Missing
        | MarketView::Unseen
        | MarketView::Stalls(_)
        | MarketView::Stall(_)
        | MarketView::Spots(_)
        | MarketView::Categories(_) => return Ok(false),
    };
    let mut gone = 0;
    for row in rows.into_iter().filter(|row| row.rating.reviews == 0) {
        let sql = "delete from market_review where stall = $1 and product = $2";
        gone += tx.execute(sql, params![row.stall, row.product])?;
    }
    Ok(gone > 0)
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

pub(super) fn stall_kept(
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
