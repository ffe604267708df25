//! From a question to what it is about, from memory; and from that to an answer, from the tables.

use std::collections::BTreeMap;

use soko_app_api::{
    Dated, MarketCategory, MarketQuery, MarketView, OfferPage, OfferRow, RegisterKey, ReviewRow,
    ShopCategory, StallCard, StallPage, WINDOW_ROWS_MAX, Window,
};
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx};

use super::groups::SCANNED_MAX;
use super::held::{Held, Key};
use super::rows::{self, OfferFound, StallRow};
use crate::reviews::{self, Of, Review};

/// The nearest that a search finds; what comes after them is not what was meant.
const FOUND_MAX: usize = 1_000;

/// Offers that are read at a time while those in stock are looked for.
const PORTION: usize = 64;

/// Reviews further down than anybody reads.
const REVIEWS_MAX: u32 = 10_000;

/// More registers than any stall has.
const REGISTERS_MAX: usize = 1_000;

/// A product, and what is known of it from memory. `is_frozen`: the shop promises nothing.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    key: Key,
    is_frozen: bool,
    popular: u8,
}

/// What a question is about.
pub(super) enum Wanted {
    Missing,
    Stalls(Vec<(LogId, u32)>),
    Stall {
        stall: LogId,
        offers: u32,
        categories: BTreeMap<ThingId, u32>,
    },
    Offers(Vec<Asked>),
    /// The first of these that are in stock.
    InStock {
        of: Vec<Asked>,
        window: Window,
    },
    Offer(Asked),
    Categories(Vec<MarketCategory>),
    Reviews {
        of: Of,
        window: Window,
    },
}

pub(super) fn wanted(held: &Held, query: &MarketQuery, now_ms: i64) -> Wanted {
    match query {
        MarketQuery::Stalls { text, window } => Wanted::Stalls(stalls(held, text, *window)),
        MarketQuery::Stall(stall) => match held.stalls.get(stall) {
            Some(found) => {
                let (offers, categories) = (found.offers(), found.categories());
                Wanted::Stall { stall: *stall, offers, categories }
            }
            None => Wanted::Missing,
        },
        MarketQuery::Offers { stall: Some(stall), .. } if !held.stalls.contains_key(stall) => Wanted::Missing,
        MarketQuery::Offers { stall, text, category, window } => {
            let keys = offers(held, *stall, text, *category, *window);
            Wanted::Offers(keys.into_iter().map(|key| asked(held, key)).collect())
        }
        MarketQuery::Categories => Wanted::Categories(held.groups().told()),
        MarketQuery::Browse { browse, window } => {
            let (offset, rows) = bounds(*window);
            let wanted = if browse.in_stock { SCANNED_MAX } else { offset.saturating_add(rows) };
            let Some(keys) = held.groups().find(held, browse, (wanted, now_ms)) else {
                return Wanted::Missing;
            };
            let all = keys.into_iter().map(|key| asked(held, key));
            match browse.in_stock {
                true => Wanted::InStock { of: all.collect(), window: *window },
                false => Wanted::Offers(all.skip(offset).collect()),
            }
        }
        MarketQuery::Reviews { stall, product, window } if held.stalls.contains_key(stall) => {
            let of = product.map_or(Of::Stall(*stall), |product| Of::Product(*stall, product));
            Wanted::Reviews { of, window: *window }
        }
        MarketQuery::Reviews { .. } => Wanted::Missing,
        MarketQuery::Offer { stall, product } => Wanted::Offer(asked(held, (*stall, *product))),
    }
}

fn stalls(held: &Held, text: &str, window: Window) -> Vec<(LogId, u32)> {
    let (offset, rows) = bounds(window);
    let found: Vec<LogId> = if text.trim().is_empty() {
        held.stalls_by_name.iter().map(|(_, stall)| *stall).skip(offset).take(rows).collect()
    } else {
        let found = held.stall_names.search(text, FOUND_MAX.min(offset + rows), |_| true);
        found.into_iter().skip(offset).collect()
    };
    let offers = |stall: &LogId| held.stalls.get(stall).map_or(0, |stall| stall.offers());
    found.into_iter().map(|stall| (stall, offers(&stall))).collect()
}

fn offers(
    held: &Held,
    stall: Option<LogId>,
    text: &str,
    category: Option<ThingId>,
    window: Window,
) -> Vec<Key> {
    let (offset, rows) = bounds(window);
    if !text.trim().is_empty() {
        let is_meant = |key: Key| {
            stall.is_none_or(|stall| stall == key.0) && (category.is_none() || held.is_in(key, category))
        };
        let found = held.names.search(text, FOUND_MAX.min(offset + rows), is_meant);
        return found.into_iter().skip(offset).collect();
    }
    let is_in = |key: &Key| category.is_none() || held.is_in(*key, category);
    match stall {
        None => held.by_name.iter().map(|(_, key)| *key).filter(is_in).skip(offset).take(rows).collect(),
        Some(log) => {
            let own = held.stalls.get(&log).into_iter().flat_map(|stall| &stall.by_name);
            own.map(|(_, product)| (log, *product)).filter(is_in).skip(offset).take(rows).collect()
        }
    }
}

fn asked(held: &Held, key: Key) -> Asked {
    let is_frozen = held.stalls.get(&key.0).is_none_or(|stall| stall.is_frozen);
    Asked { key, is_frozen, popular: held.popular(key) }
}

fn bounds(window: Window) -> (usize, usize) {
    let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX / 2);
    (number(window.offset), number(window.rows.min(WINDOW_ROWS_MAX)))
}

pub(super) fn read(tx: &mut dyn Tx, wanted: Wanted, now_ms: i64) -> Result<MarketView, StoreError> {
    Ok(match wanted {
        Wanted::Missing => MarketView::Missing,
        Wanted::Stalls(found) => {
            let mut cards = Vec::with_capacity(found.len());
            for (stall, offers) in found {
                if let Some(row) = rows::stall(tx, stall)? {
                    cards.push(card(tx, row, offers)?);
                }
            }
            MarketView::Stalls(fresh(cards, now_ms))
        }
        Wanted::Stall { stall, offers, categories } => match rows::stall(tx, stall)? {
            Some(row) => {
                let page = stall_page(tx, row, offers, &categories)?;
                MarketView::Stall(fresh(page, now_ms))
            }
            None => MarketView::Missing,
        },
        Wanted::Offers(found) => MarketView::Offers(fresh(offer_rows(tx, &found, now_ms)?, now_ms)),
        Wanted::InStock { of, window } => {
            let (offset, rows) = bounds(window);
            let mut found = Vec::new();
            for portion in of.chunks(PORTION) {
                found.extend(offer_rows(tx, portion, now_ms)?.into_iter().filter(|row| row.available > 0));
                if found.len() >= offset.saturating_add(rows) {
                    break;
                }
            }
            MarketView::Offers(fresh(found.into_iter().skip(offset).take(rows).collect(), now_ms))
        }
        Wanted::Categories(told) => MarketView::Categories(fresh(told, now_ms)),
        Wanted::Reviews { of, window } => {
            let rows = window.rows.min(WINDOW_ROWS_MAX);
            let found = reviews::list(tx, of, (window.offset.min(REVIEWS_MAX), rows))?;
            MarketView::Reviews(fresh(found.into_iter().map(review).collect(), now_ms))
        }
        Wanted::Offer(asked) => match rows::offers(tx, &[asked.key])?.pop() {
            Some(offer) => MarketView::Offer(fresh(offer_page(offer, &asked, now_ms), now_ms)),
            None => MarketView::Missing,
        },
    })
}

fn card(tx: &mut dyn Tx, row: StallRow, offers: u32) -> Result<StallCard, StoreError> {
    let StallRow { stall, name, place, description, currency, .. } = row;
    let picture = rows::stall_picture(tx, stall)?;
    Ok(StallCard { stall, name, place, description, currency, offers, picture })
}

fn stall_page(
    tx: &mut dyn Tx,
    row: StallRow,
    offers: u32,
    counts: &BTreeMap<ThingId, u32>,
) -> Result<StallPage, StoreError> {
    let all = rows::categories(tx, row.stall)?;
    let with_offers = all.into_iter().filter_map(|(category, name)| {
        let offers = *counts.get(&category)?;
        Some(ShopCategory { category, name, offers })
    });
    let categories = with_offers.collect();
    let (hours, handings) = (row.hours.clone(), row.handings.clone());
    let registers = registers(tx, row.stall)?;
    Ok(StallPage { card: card(tx, row, offers)?, hours, handings, categories, registers })
}

fn registers(tx: &mut dyn Tx, stall: LogId) -> Result<Vec<RegisterKey>, StoreError> {
    let found = facts::register_keys(tx, stall, REGISTERS_MAX)?;
    let key = |found: facts::RegisterKeyFound| RegisterKey {
        register: found.author,
        name: found.name,
        public_key: Hash(found.public_key),
        is_revoked: found.revoked,
    };
    Ok(found.into_iter().map(key).collect())
}

/// In the order in which they are asked for; what is not on offer any more is left out.
fn offer_rows(tx: &mut dyn Tx, asked: &[Asked], now_ms: i64) -> Result<Vec<OfferRow>, StoreError> {
    let keys: Vec<Key> = asked.iter().map(|asked| asked.key).collect();
    let read = rows::offers(tx, &keys)?;
    let mut rows: BTreeMap<Key, OfferFound> =
        read.into_iter().map(|offer| ((offer.stall, offer.product), offer)).collect();
    Ok(asked.iter().filter_map(|asked| Some(offer_row(&rows.remove(&asked.key)?, asked, now_ms))).collect())
}

fn offer_row(offer: &OfferFound, asked: &Asked, now_ms: i64) -> OfferRow {
    let product: ProductId = offer.product;
    OfferRow {
        stall: offer.stall,
        stall_name: offer.stall_name.clone(),
        product,
        name: offer.name.clone(),
        unit: offer.unit,
        price_minor: offer.price_minor,
        was_minor: offer.lowered.was_minor(now_ms),
        price_per: offer.price_per,
        currency: offer.currency.clone(),
        tax_ppm: offer.tax_ppm,
        tax_inclusive: offer.tax_inclusive,
        piece_g: offer.piece_g,
        available: if asked.is_frozen { 0 } else { offer.in_pool.max(0) },
        picture: offer.pictures.first().copied(),
        rating: offer.rating,
        categories: offer.categories.clone(),
        added_ms: offer.added_ms,
        popular: asked.popular,
    }
}

fn offer_page(offer: OfferFound, asked: &Asked, now_ms: i64) -> OfferPage {
    let row = offer_row(&offer, asked, now_ms);
    let OfferFound { description, pictures, .. } = offer;
    OfferPage { row, description, pictures }
}

fn review(found: Review) -> ReviewRow {
    let Review { review, product, product_name, stars, words, written_ms, answer, .. } = found;
    ReviewRow { review, product, product_name, stars, words, written_ms, answer }
}

fn fresh<T>(value: T, now_ms: i64) -> Dated<T> {
    Dated { as_of_ms: now_ms, is_fresh: true, value }
}
