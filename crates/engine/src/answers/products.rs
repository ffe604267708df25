//! What merges, as screens show it: products and the stall's profile.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{
    CategoryRow, DealView, FamilyRow, OptionValue, PartRow, ProductFilter, ProductRow, ProductView, Said,
    StallView, TaxClass, WINDOW_ROWS_MAX, Window,
};
use soko_documents::{Document, DocumentKind, Problem, Product, Stall, Typed};
use soko_domain::ids::{ProductId, ThingId};
use soko_domain::quantity::Unit;
use soko_domain::stock::Account;
use soko_domain::tax::{TaxMode, TaxRate};
use soko_domain::verbs::make_sale::BeyondRule;
use soko_domain::verbs::pack_bundle;
use soko_projection::deals;
use soko_projection::read::{self as facts, ProductFound, ProductListed, ProductsOf};
use soko_projection::taxes;
use soko_record_log::StoreError;

use super::{Asking, bounded, families, questions};
use crate::said;

/// More categories than anybody would look through.
const CATEGORIES_MAX: usize = 1_000;

pub(super) fn list(
    asking: &mut Asking<'_>,
    filter: ProductFilter,
    window: Window,
) -> Result<Vec<ProductRow>, StoreError> {
    let whose = (asking.log, asking.stall.row.author);
    let ProductFilter { category, archived, favourites, families } = filter;
    let of = ProductsOf { category, archived, favourites, families };
    let found = facts::products_and_shares(asking.tx, whose, of, bounded(window))?;
    let mut rows = Vec::with_capacity(found.len());
    for ProductListed { product, own_share, variants } in found {
        let packed = if product.parts.is_empty() { 0 } else { can_be_packed(asking, product.product)? };
        let own_share = own_share.saturating_add(packed);
        let family = if variants == 0 { None } else { families::sum(asking, &product, own_share)? };
        rows.push(product_row(product, own_share, family));
    }
    Ok(rows)
}

pub(super) fn categories(asking: &mut Asking<'_>) -> Result<Vec<CategoryRow>, StoreError> {
    let found = facts::categories(asking.tx, asking.log, CATEGORIES_MAX)?;
    let row = |category: facts::CategoryFound| CategoryRow {
        category: category.category,
        name: category.name,
        parent: category.parent,
        position: category.position,
        products: category.products,
    };
    Ok(found.into_iter().map(row).collect())
}

pub(super) fn search(asking: &mut Asking<'_>, text: &str, rows: u32) -> Result<Vec<ProductRow>, StoreError> {
    let rows_max = usize::try_from(rows.min(WINDOW_ROWS_MAX)).unwrap_or(usize::MAX);
    // Who scans or types a code means that product and no other that is called alike.
    let mut products = of_code(asking, text)?;
    if let Some(index) = &asking.stall.index {
        products.extend(index.search(text, rows_max, |_| true));
    }
    rows_of(asking, products, rows_max)
}

pub(super) fn these(asking: &mut Asking<'_>, products: &[ProductId]) -> Result<Vec<ProductRow>, StoreError> {
    let rows_max = usize::try_from(WINDOW_ROWS_MAX).unwrap_or(usize::MAX);
    let rows = rows_of(asking, products.to_vec(), rows_max)?;
    Ok(rows.into_iter().filter(|row| !row.archived).collect())
}

pub(super) fn scan(asking: &mut Asking<'_>, code: &str) -> Result<Vec<ProductRow>, StoreError> {
    let products = of_code(asking, code)?;
    rows_of(asking, products, usize::MAX)
}

/// Products with exactly this barcode, then those with this SKU.
pub(super) fn of_code(asking: &mut Asking<'_>, code: &str) -> Result<Vec<ProductId>, StoreError> {
    crate::verbs::of_code(asking.tx, asking.log, code)
}

/// Each product once, in the order given.
pub(super) fn rows_of(
    asking: &mut Asking<'_>,
    products: Vec<ProductId>,
    rows_max: usize,
) -> Result<Vec<ProductRow>, StoreError> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for product in products.into_iter().filter(|product| seen.insert(*product)).take(rows_max) {
        if let Some(found) = facts::product(asking.tx, asking.log, product)? {
            rows.push(row(asking, found)?);
        }
    }
    Ok(rows)
}

pub(super) fn row(asking: &mut Asking<'_>, product: ProductFound) -> Result<ProductRow, StoreError> {
    let own_share = share(asking, product.product)?;
    let family = families::sum(asking, &product, own_share)?;
    Ok(product_row(product, own_share, family))
}

/// What the register may promise of a product, and what it could pack.
pub(super) fn share(asking: &mut Asking<'_>, product: ProductId) -> Result<i64, StoreError> {
    let own = Account::Share(asking.stall.row.author);
    let own_share = facts::balance(asking.tx, asking.log, product, own)?;
    Ok(own_share.saturating_add(can_be_packed(asking, product)?))
}

/// How many of a bundle the register's share of its parts is enough for; 0 for what is no bundle.
pub(super) fn can_be_packed(asking: &mut Asking<'_>, product: ProductId) -> Result<i64, StoreError> {
    let parts = crate::verbs::parts(asking.tx, asking.log, product)?;
    let own = Account::Share(asking.stall.row.author);
    let mut shares = BTreeMap::new();
    for (part, _) in &parts {
        shares.insert(*part, facts::balance(asking.tx, asking.log, *part, own)?);
    }
    Ok(pack_bundle::possible(&shares, &parts))
}

fn product_row(product: ProductFound, own_share: i64, family: Option<FamilyRow>) -> ProductRow {
    let options: Vec<&str> = product.options.iter().map(|(_, value)| value.as_str()).collect();
    ProductRow {
        favourite: product.favourite,
        options: options.join(" · "),
        is_bundle: !product.parts.is_empty(),
        product: product.product,
        name: product.name,
        sku: product.sku,
        unit: product.unit,
        price_minor: product.price_minor,
        price_per: product.price_per,
        currency: product.currency,
        archived: product.archived,
        own_share,
        picture: product.pictures.first().copied(),
        categories: product.categories,
        family: family.map(Box::new),
    }
}

fn part_row(asking: &mut Asking<'_>, (product, quantity): (ProductId, i64)) -> Result<PartRow, StoreError> {
    let found = facts::product(asking.tx, asking.log, product)?;
    let (name, unit) = found.map_or((String::new(), Unit::Piece), |found| (found.name, found.unit));
    Ok(PartRow { product, name, unit, quantity })
}

pub(super) fn one(asking: &mut Asking<'_>, product: ProductId) -> Result<Option<ProductView>, StoreError> {
    let Some((value, problems)) = read_with_problems::<Product>(asking, ThingId(product.0))? else {
        return Ok(None);
    };
    let (questions, problems) = questions::of_product(asking, product, (&value, &problems))?;
    let found = facts::product(asking.tx, asking.log, product)?;
    let own = (value.tax_ppm, value.tax_inclusive, String::new());
    let (tax_ppm, tax_inclusive, tax_label) =
        found.map_or(own, |found| (found.tax_ppm, found.tax_inclusive, found.tax_label));
    let parts = value.parts.iter().map(|(product, quantity)| part_row(asking, (*product, *quantity)));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let deal = value.deal.map(|deal| {
        let sold = deals::sold(asking.tx, asking.log, product, deal.id)?;
        Ok::<_, StoreError>(DealView { said: deal.into(), sold })
    });
    let deal = deal.transpose()?;
    Ok(Some(ProductView {
        product,
        name: value.name,
        description: value.description,
        sku: value.sku,
        barcodes: value.barcodes.into_iter().collect(),
        unit: value.unit,
        price_minor: value.price_minor,
        price_per: value.price_per,
        currency: value.currency,
        cost_minor: value.cost_minor,
        tax_ppm,
        tax_mode: TaxMode::of(tax_inclusive),
        // One that is gone counts for nothing.
        tax_class: value.tax_class.filter(|_| !tax_label.is_empty()),
        tax_label,
        categories: value.categories.into_iter().collect(),
        pictures: value.pictures,
        archived: value.archived,
        favourite: value.favourite,
        low_level: value.low_level,
        piece_g: value.piece_g,
        variant_of: value.variant_of,
        options: value.options.into_iter().map(|(name, value)| OptionValue { name, value }).collect(),
        parts,
        deal,
        questions,
        problems,
    }))
}

pub(super) fn stall(asking: &mut Asking<'_>) -> Result<Option<StallView>, StoreError> {
    let document = ThingId(asking.log.0);
    let Some((value, problems)) = read::<Stall>(asking, document)? else { return Ok(None) };
    Ok(Some(StallView {
        name: value.name,
        currency: value.currency,
        zone: value.zone,
        cut_off_minutes: value.cut_off_minutes,
        description: value.description,
        place: value.place,
        hours: value.hours,
        point: value.point,
        opening: value.opening,
        cash_step_minor: value.cash_step_minor,
        beyond_rule: value.beyond_rule.unwrap_or(BeyondRule::Warn),
        scale_codes: value.scale_codes,
        takes_card: value.takes_card,
        takes_phone: value.takes_phone,
        transfer_terms: value.transfer_terms,
        no_pickup: value.no_pickup,
        pickup_text: value.pickup_text,
        local_terms: value.local_terms,
        shipping_terms: value.shipping_terms,
        return_days: value.return_days,
        tax_ppm: value.tax_ppm,
        tax_inclusive: value.tax_inclusive,
        taxes: taxes::classes(asking.tx, asking.log)?.into_iter().map(tax_class).collect(),
        problems,
    }))
}

fn tax_class((class, tax): (ThingId, TaxRate)) -> TaxClass {
    TaxClass { class, ppm: tax.ppm.0, is_inclusive: tax.is_inclusive(), label: tax.label }
}

/// A document's value and what is wrong with it. Nothing if there is no such document of this kind.
pub(super) fn read<T: Typed>(
    asking: &mut Asking<'_>,
    document: ThingId,
) -> Result<Option<(T, Vec<Said>)>, StoreError> {
    let found = read_with_problems::<T>(asking, document)?;
    Ok(found.map(|(value, problems)| (value, problems.iter().map(said::problem).collect())))
}

pub(super) fn read_with_problems<T: Typed>(
    asking: &mut Asking<'_>,
    document: ThingId,
) -> Result<Option<(T, Vec<Problem>)>, StoreError> {
    match facts::document(asking.tx, asking.log, document)? {
        Some((kind, saved)) if kind == T::KIND => open::<T>(kind, &saved).map(Some),
        Some(_) | None => Ok(None),
    }
}

pub(super) fn open<T: Typed>(kind: DocumentKind, saved: &[u8]) -> Result<(T, Vec<Problem>), StoreError> {
    let document = Document::load(kind, saved).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(document.read())
}
