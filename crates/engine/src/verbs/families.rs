//! Variants of a product, many at once: each a product of its own, like the one it is a variant of. One change for each,
//! under one signature, all or none.

use std::collections::{BTreeMap, BTreeSet};

use soko_app_api::{Reply, VARIANTS_AT_ONCE_MAX, VariantInput};
use soko_documents::{ChangeBody, Document, DocumentKind, Edit, Field, Product, Typed as _};
use soko_domain::entry::{PriceSet, SetCause};
use soko_domain::family::OPTIONS_MAX;
use soko_domain::ids::{ProductId, ThingId};
use soko_domain::refusal::Refusal;
use soko_domain::verbs::set_prices;
use soko_domain::wrong::Wrong;
use soko_projection::read::{self as facts, ProductFound};

use super::documents::{check_parent, edit_refused, unreadable};
use crate::failure::NotDone;
use crate::write::Writing;

/// More variants than one product has.
const KNOWN_MAX: u32 = 1_000;

pub(super) fn make(
    writing: &mut Writing<'_>,
    product: ProductId,
    wanted: &[VariantInput],
) -> Result<Reply, NotDone> {
    if wanted.is_empty() || wanted.len() > VARIANTS_AT_ONCE_MAX {
        return Err(Refusal::Invalid(Wrong::VariantsMany).into());
    }
    let itself = itself(writing, product)?;
    check_parent(itself.variant_of, !itself.parts.is_empty())?;
    let known = facts::variants(writing.tx, writing.log, product, KNOWN_MAX)?;
    let (mut seen, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let (mut changes, mut prices) = (Vec::new(), Vec::new());
    for variant in wanted {
        let options = options(variant)?;
        if !seen.insert(options.clone()) || !ids.insert(variant.product) {
            return Err(Refusal::Invalid(Wrong::VariantTwice).into());
        }
        let same: Vec<&ProductFound> =
            known.iter().filter(|known| known.options.iter().cloned().eq(options.clone())).collect();
        match same.first() {
            None => {
                changes.push(created(writing, variant, like(&itself, product, options, variant.price_minor))?)
            }
            Some(_) if same.iter().any(|known| !known.archived) => {}
            Some(archived) => {
                changes.extend(back(writing, archived.product, variant.price_minor)?);
                prices.push(price_set(archived, variant.price_minor));
            }
        }
    }
    let made = u32::try_from(changes.len()).unwrap_or(u32::MAX);
    if !changes.is_empty() {
        writing.write_changes(&changes)?;
    }
    writing.write(set_prices::decide(SetCause::Edited, prices))?;
    Ok(Reply::VariantsMade { made })
}

fn itself(writing: &mut Writing<'_>, product: ProductId) -> Result<Product, NotDone> {
    match writing.document(ThingId(product.0))? {
        Some((DocumentKind::Product, saved)) => {
            let document = Document::load(DocumentKind::Product, &saved).map_err(unreadable)?;
            Ok(document.read::<Product>().0)
        }
        Some(_) | None => Err(Refusal::UnknownProduct(product).into()),
    }
}

/// What makes it that variant, by name.
fn options(variant: &VariantInput) -> Result<BTreeMap<String, String>, Refusal> {
    let option = |option: &soko_app_api::OptionValue| {
        let (name, value) = (option.name.trim(), option.value.trim());
        // The tables keep one option a line.
        let is_said = !name.is_empty() && !value.is_empty() && !name.contains('=');
        is_said.then(|| (name.to_owned(), value.to_owned()))
    };
    let options: Option<BTreeMap<_, _>> = variant.options.iter().map(option).collect();
    let options = options.ok_or(Refusal::Invalid(Wrong::VariantUnsaid))?;
    let is_each_once = options.len() == variant.options.len();
    if is_each_once && (1..=OPTIONS_MAX).contains(&options.len()) {
        return Ok(options);
    }
    Err(Refusal::Invalid(Wrong::VariantOptions))
}

/// Like its product but for its name, price, stock, codes and pictures.
fn like(
    itself: &Product,
    product: ProductId,
    options: BTreeMap<String, String>,
    price_minor: Option<i64>,
) -> Product {
    let words: Vec<&str> =
        std::iter::once(itself.name.as_str()).chain(options.values().map(String::as_str)).collect();
    Product {
        name: words.join(" "),
        sku: String::new(),
        barcodes: BTreeSet::new(),
        pictures: Vec::new(),
        archived: false,
        favourite: false,
        price_minor: price_minor.unwrap_or(itself.price_minor),
        variant_of: Some(product),
        options,
        ..itself.clone()
    }
}

fn created(writing: &mut Writing<'_>, variant: &VariantInput, value: Product) -> Result<ChangeBody, NotDone> {
    let id = ThingId(variant.product.0);
    if writing.document(id)?.is_some() {
        return Err(Refusal::IdReused.into());
    }
    let currency = super::sale::currency(writing.tx, writing.log)?.to_string();
    let mut document = Document::new(DocumentKind::Product).map_err(unreadable)?;
    let value = Product { currency, ..value };
    let edited = document.edit(&writing.me, writing.stamp.at_ms, &value.edits()).map_err(edit_refused)?;
    let edited = edited.ok_or(Refusal::Invalid(Wrong::VariantNothing))?;
    Ok(ChangeBody { document: id, kind: DocumentKind::Product, change: edited.change })
}

/// One that was taken off the offer.
fn back(
    writing: &mut Writing<'_>,
    variant: ProductId,
    price_minor: Option<i64>,
) -> Result<Option<ChangeBody>, NotDone> {
    let id = ThingId(variant.0);
    let Some((kind, saved)) = writing.document(id)? else { return Ok(None) };
    let mut document = Document::load(kind, &saved).map_err(unreadable)?;
    let price = price_minor.map(|number| Edit::SetNumber { field: Field::Price, number });
    let edits: Vec<Edit> =
        std::iter::once(Edit::SetFlag { field: Field::Archived, flag: false }).chain(price).collect();
    let edited = document.edit(&writing.me, writing.stamp.at_ms, &edits).map_err(edit_refused)?;
    Ok(edited.map(|edited| ChangeBody { document: id, kind, change: edited.change }))
}

fn price_set(was: &ProductFound, price_minor: Option<i64>) -> PriceSet {
    let (product, from_minor, per) = (was.product, was.price_minor, was.price_per);
    let to_minor = price_minor.unwrap_or(from_minor);
    PriceSet { product, from_minor, from_per: per, to_minor, to_per: per }
}
