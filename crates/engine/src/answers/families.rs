//! Families: what is shown of a product with its variants, in one row and as a table to choose from.

use std::cmp::Ordering;

use soko_app_api::{FamilyRow, FamilyView, OptionAxis, OptionValue, VariantRow, WINDOW_ROWS_MAX};
use soko_domain::family;
use soko_domain::ids::ProductId;
use soko_domain::stock::Account;
use soko_projection::read::{self as facts, ProductFound};
use soko_record_log::StoreError;

use super::{Asking, products};

/// A product with its variants that are on offer. Nothing of what is not known.
pub(super) fn view(asking: &mut Asking<'_>, product: ProductId) -> Result<Option<FamilyView>, StoreError> {
    let Some(itself) = facts::product(asking.tx, asking.log, product)? else { return Ok(None) };
    let itself = products::row(asking, itself)?;
    let found = on_offer(asking, product)?;
    let options: Vec<&[(String, String)]> = found.iter().map(|variant| variant.options.as_slice()).collect();
    let axes = family::axes(&options);
    let mut variants = Vec::with_capacity(found.len());
    for found in found {
        variants.push(variant(asking, found)?);
    }
    if !axes.is_empty() {
        variants.sort_by(order);
    }
    let axis = |axis: family::Axis| OptionAxis { name: axis.name, values: axis.values };
    Ok(Some(FamilyView { itself, axes: axes.into_iter().map(axis).collect(), variants }))
}

/// Row by row; those of one place by name, as they were.
fn order(a: &VariantRow, b: &VariantRow) -> Ordering {
    let values = a.options.iter().zip(&b.options);
    values
        .map(|(a, b)| family::order(&a.value, &b.value))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn variant(asking: &mut Asking<'_>, found: ProductFound) -> Result<VariantRow, StoreError> {
    let accounts = facts::accounts(asking.tx, asking.log, found.product)?;
    let was_here = accounts.iter().any(|(account, _)| *account == Account::Supply);
    let option = |(name, value): &(String, String)| OptionValue { name: name.clone(), value: value.clone() };
    let options = found.options.iter().map(option).collect();
    let row = products::row(asking, found)?;
    let is_sold_out = row.own_share <= 0 && was_here;
    Ok(VariantRow { row, options, here: facts::expected(&accounts), is_sold_out })
}

/// What the variants of a product come to; none for what has none on offer, and for a variant.
pub(super) fn sum(
    asking: &mut Asking<'_>,
    product: &ProductFound,
    own_share: i64,
) -> Result<Option<FamilyRow>, StoreError> {
    if product.variant_of.is_some() {
        return Ok(None);
    }
    let found = on_offer(asking, product.product)?;
    let Some(cheapest) = found.iter().min_by(|a, b| by_price(a, b)) else { return Ok(None) };
    let is_from = found.iter().any(|variant| by_price(cheapest, variant).is_ne());
    let (price_minor, price_per) = (cheapest.price_minor, cheapest.price_per);
    let mut all = own_share;
    for variant in &found {
        all = all.saturating_add(products::share(asking, variant.product)?);
    }
    let variants = found.into_iter().map(|variant| variant.product).collect();
    Ok(Some(FamilyRow { variants, price_minor, price_per, is_from, own_share: all }))
}

/// One may be sold by the piece and another by the hundred.
fn by_price(a: &ProductFound, b: &ProductFound) -> Ordering {
    let worth = |of: &ProductFound, per: i64| i128::from(of.price_minor) * i128::from(per);
    worth(a, b.price_per).cmp(&worth(b, a.price_per))
}

fn on_offer(asking: &mut Asking<'_>, product: ProductId) -> Result<Vec<ProductFound>, StoreError> {
    let found = facts::variants(asking.tx, asking.log, product, WINDOW_ROWS_MAX)?;
    Ok(found.into_iter().filter(|variant| !variant.archived).collect())
}
