//! From a question to what it is about, from memory; and from that to an answer, from the tables.

use std::collections::BTreeMap;

use soko_app_api::{
    Dated, MarketQuery, MarketView, OfferPage, OfferRow, RegisterKey, ReviewRow, ShopCategory, StallCard,
    StallPage, WINDOW_ROWS_MAX, Window,
};
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx};

use super::held::{Held, Key};
use super::rows::{self, OfferFound, StallRow};
use crate::reviews::{self, Of, Review};

/// The nearest that a search finds; what comes after them is not what was meant.
const FOUND_MAX: usize = 1_000;

/// Reviews further down than anybody reads.
const REVIEWS_MAX: u32 = 10_000;

/// More registers than any stall has.
const REGISTERS_MAX: usize = 1_000;

/// What a question is about. `is_frozen`: the shop promises nothing.
pub(super) enum Wanted {
    Missing,
    Stalls(Vec<(LogId, u32)>),
    Stall { stall: LogId, offers: u32, categories: BTreeMap<ThingId, u32> },
    Offers(Vec<(Key, bool)>),
    Offer { key: Key, is_frozen: bool },
    Reviews { of: Of, window: Window },
}

pub(super) fn wanted(held: &Held, query: &MarketQuery) -> Wanted {
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
            Wanted::Offers(keys.into_iter().map(|key| (key, is_frozen(held, key.0))).collect())
        }
        MarketQuery::Reviews { stall, product, window } if held.stalls.contains_key(stall) => {
            let of = product.map_or(Of::Stall(*stall), |product| Of::Product(*stall, product));
            Wanted::Reviews { of, window: *window }
        }
        MarketQuery::Reviews { .. } => Wanted::Missing,
        MarketQuery::Offer { stall, product } => {
            Wanted::Offer { key: (*stall, *product), is_frozen: is_frozen(held, *stall) }
        }
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

fn is_frozen(held: &Held, stall: LogId) -> bool {
    held.stalls.get(&stall).is_none_or(|stall| stall.is_frozen)
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
        Wanted::Offers(found) => {
            let keys: Vec<Key> = found.iter().map(|(key, _)| *key).collect();
            let read = rows::offers(tx, &keys)?;
            let mut rows: BTreeMap<Key, OfferFound> =
                read.into_iter().map(|offer| ((offer.stall, offer.product), offer)).collect();
            let in_order = found.into_iter().filter_map(|(key, is_frozen)| {
                let offer = rows.remove(&key)?;
                Some(offer_row(&offer, is_frozen))
            });
            MarketView::Offers(fresh(in_order.collect(), now_ms))
        }
        Wanted::Reviews { of, window } => {
            let rows = window.rows.min(WINDOW_ROWS_MAX);
            let found = reviews::list(tx, of, (window.offset.min(REVIEWS_MAX), rows))?;
            MarketView::Reviews(fresh(found.into_iter().map(review).collect(), now_ms))
        }
        Wanted::Offer { key, is_frozen } => match rows::offers(tx, &[key])?.pop() {
            Some(offer) => MarketView::Offer(fresh(offer_page(offer, is_frozen), now_ms)),
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
    let hours = row.hours.clone();
    let registers = registers(tx, row.stall)?;
    Ok(StallPage { card: card(tx, row, offers)?, hours, categories, registers })
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

fn offer_row(offer: &OfferFound, is_frozen: bool) -> OfferRow {
    let product: ProductId = offer.product;
    OfferRow {
        stall: offer.stall,
        stall_name: offer.stall_name.clone(),
        product,
        name: offer.name.clone(),
        unit: offer.unit,
        price_minor: offer.price_minor,
        price_per: offer.price_per,
        currency: offer.currency.clone(),
        available: if is_frozen { 0 } else { offer.in_pool.max(0) },
        picture: offer.pictures.first().copied(),
        rating: offer.rating,
    }
}

fn offer_page(offer: OfferFound, is_frozen: bool) -> OfferPage {
    let row = offer_row(&offer, is_frozen);
    let OfferFound { description, pictures, categories, .. } = offer;
    OfferPage { row, description, pictures, categories }
}

fn review(found: Review) -> ReviewRow {
    let Review { review, product, product_name, stars, words, written_ms, answer, .. } = found;
    ReviewRow { review, product, product_name, stars, words, written_ms, answer }
}

fn fresh<T>(value: T, now_ms: i64) -> Dated<T> {
    Dated { as_of_ms: now_ms, is_fresh: true, value }
}
