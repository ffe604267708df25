//! Offers as they were last seen: one row for each product, variants among them, and what its own page says.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use soko_app_api::text::as_hex_list;
use soko_app_api::{Choices, Dated, OfferPage, OfferRow, PricedSince, WINDOW_ROWS_MAX, Window};
use soko_domain::ids::{Hash, LogId, ProductId, ThingId};
use soko_record_log::{Row, StoreError, Tx, params};
use soko_search::fold;

use crate::kept::{pack, unpack_grown};

/// What a row got at its end since rows are kept: its deal; before that which variant it is of what, by which options, and its family.
const ROW_GREW: [usize; 2] = [1, 4];

/// An offer as it was last seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OfferKept {
    pub(crate) as_of_ms: i64,
    pub(crate) row: OfferRow,
    told: Option<Told>,
}

/// What only a product's own page says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Told {
    description: String,
    #[serde(with = "as_hex_list")]
    pictures: Vec<Hash>,
    prices: Vec<PricedSince>,
}

/// Fields that came at its end: the prices.
const TOLD_GREW: usize = 1;

/// A page as it was kept with its row in it, before products had variants: ids as bytes, choices as numbers.
type PageBefore = (
    (Vec<u8>, String, Vec<u8>, String, u8, i64, Option<i64>, i64, String, u32, bool, i64, i64),
    (Option<Vec<u8>>, (u32, u32), Vec<Vec<u8>>, i64, u8),
    Told,
);

/// Which offers of a list.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    pub(super) stall: Option<LogId>,
    pub(super) category: Option<ThingId>,
    /// No variant whose product stands in the same list.
    pub(super) families: bool,
}

/// All rows that a page brings.
pub(super) fn about(page: &OfferPage) -> Vec<&OfferRow> {
    let choices = page.choices.iter().flat_map(|choices| choices.itself.iter().chain(&choices.variants));
    choices.chain([&page.row]).collect()
}

pub(super) fn put_page(tx: &mut dyn Tx, seen: &Dated<OfferPage>) -> Result<(), StoreError> {
    let (page, at) = (&seen.value, seen.as_of_ms);
    for row in about(page) {
        put(tx, at, row, None)?;
    }
    let (description, pictures) = (page.description.clone(), page.pictures.clone());
    let told = Told { description, pictures, prices: page.prices.clone() };
    put(tx, at, &page.row, Some(&told))?;
    // Variants that it does not name any more are not on offer any more.
    let of = page.row.variant_of.unwrap_or(page.row.product);
    tx.execute(
        "delete from market_offer where stall = $1 and variant_of = $2 and as_of_ms < $3",
        params![page.row.stall, of, at],
    )?;
    Ok(())
}

pub(super) fn put_offer(tx: &mut dyn Tx, as_of_ms: i64, row: &OfferRow) -> Result<(), StoreError> {
    put(tx, as_of_ms, row, None)
}

fn put(tx: &mut dyn Tx, as_of_ms: i64, row: &OfferRow, told: Option<&Told>) -> Result<(), StoreError> {
    let told = told.map(pack).transpose()?;
    tx.execute(
        "insert into market_offer (stall, product, folded, as_of_ms, line, page, variant_of)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (stall, product) do update
         set folded = excluded.folded, as_of_ms = excluded.as_of_ms, line = excluded.line,
             page = coalesce(excluded.page, market_offer.page), variant_of = excluded.variant_of",
        params![row.stall, row.product, fold(&row.name), as_of_ms, pack(row)?, told, row.variant_of],
    )?;
    let product = params![row.stall, row.product];
    tx.execute("delete from market_category where stall = $1 and product = $2", product)?;
    row.categories.iter().try_for_each(|category| put_category(tx, row, *category))
}

fn put_category(tx: &mut dyn Tx, row: &OfferRow, category: ThingId) -> Result<(), StoreError> {
    tx.execute(
        "insert into market_category (stall, category, product) values ($1, $2, $3)
         on conflict (stall, category, product) do nothing",
        params![row.stall, category, row.product],
    )?;
    Ok(())
}

pub(crate) fn offer(
    tx: &mut dyn Tx,
    stall: LogId,
    product: ProductId,
) -> Result<Option<OfferKept>, StoreError> {
    let sql = "select as_of_ms, line, page from market_offer where stall = $1 and product = $2";
    let Some(row) = tx.query_opt(sql, params![stall, product])? else { return Ok(None) };
    let Some(line) = line(row.blob(1)?) else { return Ok(None) };
    Ok(Some(OfferKept { as_of_ms: row.int(0)?, row: line, told: row.blob_opt(2)?.and_then(told) }))
}

pub(super) fn line(bytes: &[u8]) -> Option<OfferRow> {
    ROW_GREW.into_iter().find_map(|grown| unpack_grown(bytes, grown))
}

fn told(bytes: &[u8]) -> Option<Told> {
    let before = || unpack_grown::<PageBefore>(bytes, TOLD_GREW).map(|(_, _, told)| told);
    unpack_grown(bytes, TOLD_GREW).or_else(before)
}

/// A product's page, and as old as its oldest part.
pub(super) fn page(
    tx: &mut dyn Tx,
    stall: LogId,
    product: ProductId,
) -> Result<Option<(i64, OfferPage)>, StoreError> {
    let Some(OfferKept { mut as_of_ms, row, told }) = offer(tx, stall, product)? else { return Ok(None) };
    let of = row.variant_of.unwrap_or(product);
    let sql = "select as_of_ms, line from market_offer
               where stall = $1 and variant_of = $2 order by folded, product limit $3";
    let mut variants = Vec::new();
    for (at_ms, variant) in rows(&tx.query(sql, params![stall, of, WINDOW_ROWS_MAX])?)? {
        as_of_ms = as_of_ms.min(at_ms);
        variants.push(variant);
    }
    let itself = if of == product { Some(row.clone()) } else { offer(tx, stall, of)?.map(|kept| kept.row) };
    let pictures = || row.picture.into_iter().collect();
    let unknown = || Told { description: String::new(), pictures: pictures(), prices: Vec::new() };
    let Told { description, pictures, prices } = told.unwrap_or_else(unknown);
    let choices = Choices::of(itself, variants).map(Box::new);
    Ok(Some((as_of_ms, OfferPage { row, description, pictures, choices, prices })))
}

pub(super) fn by_name(
    tx: &mut dyn Tx,
    of: Listed,
    window: Window,
) -> Result<Vec<(i64, OfferRow)>, StoreError> {
    let in_category = |offer: &str| {
        format!(
            "($2 is null or exists (select 1 from market_category c
               where c.stall = {offer}.stall and c.product = {offer}.product and c.category = $2))"
        )
    };
    let sql = format!(
        "select o.as_of_ms, o.line from market_offer o
         where ($1 is null or o.stall = $1) and {}
           and ($5 = 0 or o.variant_of is null or not exists (select 1 from market_offer p
             where p.stall = o.stall and p.product = o.variant_of and p.variant_of is null and {}))
         order by o.folded, o.stall, o.product limit $3 offset $4",
        in_category("o"),
        in_category("p"),
    );
    let most = window.rows.min(WINDOW_ROWS_MAX);
    rows(&tx.query(&sql, params![of.stall, of.category, most, window.offset, of.families])?)
}

fn rows(found: &[Row]) -> Result<Vec<(i64, OfferRow)>, StoreError> {
    let mut kept = Vec::new();
    for row in found {
        if let Some(line) = line(row.blob(1)?) {
            kept.push((row.int(0)?, line));
        }
    }
    Ok(kept)
}

/// A product with its variants, or a variant with its product and the others of it.
pub(crate) fn of_family(
    tx: &mut dyn Tx,
    stall: LogId,
    product: ProductId,
) -> Result<BTreeSet<ProductId>, StoreError> {
    let sql = "select variant_of from market_offer where stall = $1 and product = $2";
    let of = tx.query_opt(sql, params![stall, product])?.map_or(Ok(None), |row| row.id_opt(0))?;
    let of = of.unwrap_or(product);
    let rows = tx
        .query("select product from market_offer where stall = $1 and variant_of = $2", params![stall, of])?;
    let variants = rows.iter().map(|row| row.id(0));
    variants.chain([Ok(product), Ok(of)]).collect()
}

/// The product of each variant.
pub(super) fn products(
    tx: &mut dyn Tx,
) -> Result<BTreeMap<(LogId, ProductId), (LogId, ProductId)>, StoreError> {
    let sql = "select stall, product, variant_of from market_offer where variant_of is not null";
    let product = |row: &Row| {
        let stall = LogId(row.id(0)?);
        Ok(((stall, ProductId(row.id(1)?)), (stall, ProductId(row.id(2)?))))
    };
    tx.query(sql, &[])?.iter().map(product).collect()
}

pub(super) fn of_category(
    tx: &mut dyn Tx,
    category: ThingId,
) -> Result<BTreeSet<(LogId, ProductId)>, StoreError> {
    let rows =
        tx.query("select stall, product from market_category where category = $1", params![category])?;
    rows.iter().map(|row| Ok((LogId(row.id(0)?), ProductId(row.id(1)?)))).collect()
}

#[cfg(test)]
mod tests {
    use soko_app_api::Rating;
    use soko_domain::quantity::Unit;

    use super::*;

    fn row() -> OfferRow {
        OfferRow {
            stall: LogId([1; 16]),
            stall_name: "Amina".into(),
            product: ProductId([2; 16]),
            name: "Shirt".into(),
            unit: Unit::Piece,
            price_minor: 900,
            was_minor: Some(1000),
            price_per: 1,
            currency: "KES".into(),
            tax_ppm: 160_000,
            tax_inclusive: true,
            piece_g: 200,
            available: 4,
            picture: Some(Hash([3; 32])),
            rating: Rating { reviews: 1, stars: 4 },
            categories: vec![ThingId([4; 16])],
            added_ms: 5,
            popular: 6,
            variant_of: None,
            options: Vec::new(),
            family: None,
            deal: None,
        }
    }

    /// A row as it was kept before it had its last so many fields, of which each is a byte.
    fn before(grown: usize) -> Vec<u8> {
        let mut bytes = pack(&row()).unwrap();
        assert!(bytes.split_off(bytes.len() - grown).iter().all(|byte| *byte == 0));
        bytes
    }

    #[test]
    fn what_was_kept_before_products_had_variants_is_still_read() {
        for grown in ROW_GREW {
            assert_eq!(line(&before(grown)), Some(row()), "{grown}");
        }
        assert_eq!(line(&pack(&row()).unwrap()), Some(row()));
        assert_eq!(line(&before(4)[..40]), None);

        let pictures = vec![Hash([3; 32]), Hash([7; 32])];
        let words = Told { description: "Of cotton".into(), pictures, prices: Vec::new() };
        let mut kept = pack(&words).unwrap();
        assert_eq!(kept.pop(), Some(0), "no prices");
        let page = [before(4), kept[1..].to_vec()].concat();
        assert_eq!(told(&page), Some(words.clone()));
        assert_eq!(told(&kept), Some(words.clone()));
        let prices = vec![PricedSince { since_ms: 0, price_minor: 250 }];
        let words = Told { prices, ..words };
        assert_eq!(told(&pack(&words).unwrap()), Some(words));
    }
}
