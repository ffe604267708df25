//! From a question to what it is about, from memory; and from that to an answer, from the tables.

use std::collections::BTreeMap;

use soko_app_api::{
    Choices, Dated, FamilyOffer, MarketCategory, MarketQuery, MarketView, Member, OfferPage, OfferRow,
    RegisterKey, ReviewRow, ShopCategory, Spots, StallCard, StallPage, WINDOW_ROWS_MAX, Window,
    without_variants,
};
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_projection::read as facts;
use soko_record_log::{StoreError, Tx};

use super::groups::SCANNED_MAX;
use super::held::{Held, Key, Listed, Shown};
use super::lowered;
use super::rows::{self, OfferFound, StallRow};
use super::spots;
use crate::reviews::{self, Of, Review};

/// The nearest that a search finds; what comes after them is not what was meant.
const FOUND_MAX: usize = 1_000;

/// Offers that are read at a time while those in stock are looked for.
const PORTION: usize = 64;

/// Reviews further down than anybody reads.
const REVIEWS_MAX: u32 = 10_000;

/// More registers than any stall has.
const REGISTERS_MAX: usize = 1_000;

/// Variants of one product that are shown on its page: as many as a list has rows.
const CHOICES_MAX: usize = 500;

/// A product, and what is known of it from memory. `is_frozen`: the shop promises nothing.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    key: Key,
    is_frozen: bool,
    popular: u8,
    has_variants: bool,
}

/// What a question is about.
pub(super) enum Wanted {
    Missing,
    Stalls(Vec<(LogId, Shown)>),
    Stall {
        stall: LogId,
        shown: Shown,
        categories: BTreeMap<ThingId, u32>,
    },
    Offers(Vec<Asked>),
    /// The first of these that are in stock.
    InStock {
        of: Vec<Asked>,
        window: Window,
    },
    Offer {
        asked: Asked,
        /// The product that it is a variant of.
        of: Option<Asked>,
        variants: Vec<Asked>,
    },
    Categories(Vec<MarketCategory>),
    Reviews {
        of: Of,
        window: Window,
    },
    Spots {
        which: Spots,
        window: Window,
    },
}

pub(super) fn wanted(held: &Held, query: &MarketQuery, now_ms: i64) -> Wanted {
    match query {
        MarketQuery::Stalls { text, window } => Wanted::Stalls(stalls(held, text, *window)),
        MarketQuery::Stall(stall) => match held.stalls.get(stall) {
            Some(found) => {
                Wanted::Stall { stall: *stall, shown: found.shown, categories: found.categories() }
            }
            None => Wanted::Missing,
        },
        MarketQuery::Offers { stall: Some(stall), .. } if !held.stalls.contains_key(stall) => Wanted::Missing,
        MarketQuery::Offers { stall, text, category, families, window } => {
            let of = Listed { category: *category, families: *families };
            let keys = offers(held, *stall, text, of, *window);
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
            let of = reviews_of(held, *stall, *product);
            Wanted::Reviews { of, window: *window }
        }
        MarketQuery::Reviews { .. } => Wanted::Missing,
        MarketQuery::Spots { which, window } => Wanted::Spots { which: which.clone(), window: *window },
        MarketQuery::Offer { stall, product } => {
            let key = (*stall, *product);
            let of = held.product_of(key);
            let variants = held.variants(of.unwrap_or(key)).iter().take(CHOICES_MAX);
            Wanted::Offer {
                asked: asked(held, key),
                of: of.map(|of| asked(held, of)),
                variants: variants.map(|product| asked(held, (*stall, *product))).collect(),
            }
        }
    }
}

/// A product with variants has what is said of each of them.
fn reviews_of(held: &Held, stall: LogId, product: Option<ProductId>) -> Of {
    let Some(product) = product else { return Of::Stall(stall) };
    match held.variants((stall, product)) {
        [] => Of::Product(stall, product),
        variants => {
            let all = std::iter::once(product).chain(variants.iter().copied());
            Of::Family(stall, all.take(CHOICES_MAX).collect())
        }
    }
}

fn stalls(held: &Held, text: &str, window: Window) -> Vec<(LogId, Shown)> {
    let (offset, rows) = bounds(window);
    let found: Vec<LogId> = if text.trim().is_empty() {
        held.stalls_by_name.iter().map(|(_, stall)| *stall).skip(offset).take(rows).collect()
    } else {
        let found = held.stall_names.search(text, FOUND_MAX.min(offset + rows), |_| true);
        found.into_iter().skip(offset).collect()
    };
    let shown = |stall: &LogId| held.stalls.get(stall).map(|known| known.shown).unwrap_or_default();
    found.into_iter().map(|stall| (stall, shown(&stall))).collect()
}

fn offers(held: &Held, stall: Option<LogId>, text: &str, of: Listed, window: Window) -> Vec<Key> {
    let (offset, rows) = bounds(window);
    if !text.trim().is_empty() {
        let found = search(held, stall, text, of, FOUND_MAX.min(offset + rows));
        return found.into_iter().skip(offset).take(rows).collect();
    }
    let is_every = of.category.is_none() && !of.families;
    let is_listed = |key: &Key| is_every || held.is_listed(*key, of);
    match stall {
        None => held.by_name.iter().map(|(_, key)| *key).filter(is_listed).skip(offset).take(rows).collect(),
        Some(log) => {
            let own = held.stalls.get(&log).into_iter().flat_map(|stall| &stall.by_name);
            own.map(|(_, product)| (log, *product)).filter(is_listed).skip(offset).take(rows).collect()
        }
    }
}

/// At least so many that a text means, if there are.
fn search(held: &Held, stall: Option<LogId>, text: &str, of: Listed, wanted: usize) -> Vec<Key> {
    let in_category = Listed { families: false, ..of };
    let is_meant = |key: Key| {
        stall.is_none_or(|stall| stall == key.0)
            && (of.category.is_none() || held.is_listed(key, in_category))
    };
    let mut looked = wanted;
    loop {
        let found = held.names.search(text, looked, is_meant);
        let is_all = found.len() < looked || looked >= FOUND_MAX;
        let shown = if of.families { without_variants(found, |key| held.product_of(key)) } else { found };
        if shown.len() >= wanted || is_all {
            return shown;
        }
        looked = (looked * 4).min(FOUND_MAX);
    }
}

fn asked(held: &Held, key: Key) -> Asked {
    let is_frozen = held.stalls.get(&key.0).is_none_or(|stall| stall.is_frozen);
    let has_variants = held.product_of(key).is_none() && !held.variants(key).is_empty();
    Asked { key, is_frozen, popular: held.popular(key), has_variants }
}

fn bounds(window: Window) -> (usize, usize) {
    let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX / 2);
    (number(window.offset), number(window.rows.min(WINDOW_ROWS_MAX)))
}

pub(super) fn read(tx: &mut dyn Tx, wanted: Wanted, now_ms: i64) -> Result<MarketView, StoreError> {
    Ok(match wanted {
        Wanted::Missing => MarketView::Missing,
        Wanted::Stalls(found) => {
            let stalls: Vec<LogId> = found.iter().map(|(stall, _)| *stall).collect();
            let read = rows::stalls(tx, &stalls)?.into_iter();
            let mut rows: BTreeMap<LogId, StallRow> = read.map(|row| (row.stall, row)).collect();
            let cards =
                found.into_iter().filter_map(|(stall, shown)| Some(card(rows.remove(&stall)?, shown)));
            MarketView::Stalls(fresh(cards.collect(), now_ms))
        }
        Wanted::Stall { stall, shown, categories } => match rows::stall(tx, stall)? {
            Some(row) => {
                let page = stall_page(tx, row, shown, &categories)?;
                MarketView::Stall(fresh(page, now_ms))
            }
            None => MarketView::Missing,
        },
        Wanted::Offers(found) => MarketView::Offers(fresh(offer_rows(tx, &found, now_ms)?, now_ms)),
        Wanted::InStock { of, window } => {
            let (offset, rows) = bounds(window);
            let mut found = Vec::new();
            for portion in of.chunks(PORTION) {
                let read = offer_rows(tx, portion, now_ms)?.into_iter();
                found.extend(read.filter(|row| row.together().available > 0));
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
        Wanted::Spots { which, window } => match spots::read(tx, &which, window, now_ms)? {
            Some(found) => MarketView::Spots(fresh(found, now_ms)),
            None => MarketView::Missing,
        },
        Wanted::Offer { asked, of, variants } => {
            let page = offer_page(tx, (asked, of, &variants), now_ms)?;
            page.map_or(MarketView::Missing, |page| MarketView::Offer(fresh(page, now_ms)))
        }
    })
}

fn card(row: StallRow, Shown { offers, picture }: Shown) -> StallCard {
    let StallRow { stall, name, place, description, currency, .. } = row;
    StallCard { stall, name, place, description, currency, offers, picture }
}

fn stall_page(
    tx: &mut dyn Tx,
    row: StallRow,
    shown: Shown,
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
    Ok(StallPage { card: card(row, shown), hours, handings, categories, registers })
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
    let read = rows::offers(tx, &keys, now_ms)?;
    let offers = read.into_iter().map(|offer| ((offer.stall, offer.product), offer)).collect();
    told(tx, asked, offers, now_ms)
}

fn told(
    tx: &mut dyn Tx,
    asked: &[Asked],
    mut offers: BTreeMap<Key, OfferFound>,
    now_ms: i64,
) -> Result<Vec<OfferRow>, StoreError> {
    let with_variants: Vec<Key> =
        asked.iter().filter(|asked| asked.has_variants).map(|asked| asked.key).collect();
    let mut variants: BTreeMap<Key, Vec<Member>> = BTreeMap::new();
    for variant in rows::variants(tx, &with_variants, now_ms)? {
        variants.entry(variant.of).or_default().push(variant.member(now_ms));
    }
    let row = |asked: &Asked| {
        let offer = offers.remove(&asked.key)?;
        let row = offer_row(offer, asked, now_ms);
        let family = variants.remove(&asked.key).unwrap_or_default();
        Some(OfferRow { family: family_offer(&row, family, asked.is_frozen), ..row })
    };
    Ok(asked.iter().filter_map(row).collect())
}

fn family_offer(row: &OfferRow, mut variants: Vec<Member>, is_frozen: bool) -> Option<FamilyOffer> {
    if is_frozen {
        variants.iter_mut().for_each(|variant| variant.available = 0);
    }
    let itself = Member {
        price_minor: row.price_minor,
        price_per: row.price_per,
        was_minor: row.was_minor,
        available: row.available,
        rating: row.rating,
    };
    FamilyOffer::of(itself, &variants)
}

fn offer_row(offer: OfferFound, asked: &Asked, now_ms: i64) -> OfferRow {
    let told = offer.told(now_ms);
    OfferRow {
        stall: offer.stall,
        stall_name: offer.stall_name,
        product: offer.product,
        name: offer.name,
        unit: offer.unit,
        price_minor: told.price_minor,
        was_minor: told.was_minor,
        price_per: offer.price_per,
        currency: offer.currency,
        tax_ppm: offer.tax_ppm,
        tax_inclusive: offer.tax_inclusive,
        piece_g: offer.piece_g,
        available: if asked.is_frozen { 0 } else { offer.in_pool.max(0) },
        picture: offer.pictures.first().copied(),
        rating: offer.rating,
        categories: offer.categories,
        added_ms: offer.added_ms,
        popular: asked.popular,
        variant_of: offer.variant_of,
        options: offer.options,
        family: None,
        deal: told.deal,
    }
}

/// What goods say of their stall is in memory alone.
pub(super) fn show_goods(held: &Held, view: &mut MarketView) {
    if let MarketView::Spots(spots) = view {
        for spot in &mut spots.value {
            let known = held.stalls.get(&spot.card.stall);
            let Shown { offers, picture } = known.map(|known| known.shown).unwrap_or_default();
            (spot.card.offers, spot.card.picture) = (offers, picture);
        }
    }
}

/// With its product and all variants of it, where it has some or is one.
fn offer_page(
    tx: &mut dyn Tx,
    (asked, of, variants): (Asked, Option<Asked>, &[Asked]),
    now_ms: i64,
) -> Result<Option<OfferPage>, StoreError> {
    let all: Vec<Asked> = std::iter::once(asked).chain(of).chain(variants.iter().copied()).collect();
    let keys: Vec<Key> = all.iter().map(|asked| asked.key).collect();
    let read = rows::offers(tx, &keys, now_ms)?;
    let mut offers: BTreeMap<Key, OfferFound> =
        read.into_iter().map(|offer| ((offer.stall, offer.product), offer)).collect();
    let Some(offer) = offers.get_mut(&asked.key) else { return Ok(None) };
    let (description, pictures) = (std::mem::take(&mut offer.description), offer.pictures.clone());
    let rows = told(tx, &all, offers, now_ms)?;
    let Some(row) = rows.iter().find(|row| row.product == asked.key.1).cloned() else { return Ok(None) };
    let itself = of.map_or(asked.key, |of| of.key).1;
    let (itself, variants): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.product == itself);
    let choices = Choices::of(itself.into_iter().next(), variants).map(Box::new);
    let prices = lowered::told(tx, asked.key)?;
    Ok(Some(OfferPage { row, description, pictures, choices, prices }))
}

fn review(found: Review) -> ReviewRow {
    let Review { review, product, product_name, stars, words, written_ms, answer, .. } = found;
    ReviewRow { review, product, product_name, stars, words, written_ms, answer }
}

fn fresh<T>(value: T, now_ms: i64) -> Dated<T> {
    Dated { as_of_ms: now_ms, is_fresh: true, value }
}
