//! Takes an import back. What it made is archived, and what of its goods is still here never came; what it changed is
//! as before, except where somebody has changed it since.

use soko_app_api::{IMPORT_STEP_ROWS, ImportProgress, ProductEdit, Reply, decode};
use soko_documents::{ChangeBody, Document, Edit, Field, Product};
use soko_domain::entry::{AdjustReason, PriceSet, SetCause, SplitUnits, StockAdjusted};
use soko_domain::ids::ThingId;
use soko_domain::verbs::set_prices;

use super::rows::{self, Did};
use super::{BEFORE_VERSION, known, price_set, product_edit, unreadable};
use crate::failure::NotDone;
use crate::write::Writing;

pub(super) fn undo(
    writing: &mut Writing<'_>,
    command: ThingId,
    (import, from): (ThingId, u32),
) -> Result<Reply, NotDone> {
    let job = known(writing, import)?;
    let mut progress = ImportProgress { done: job.undone, rows: job.taken, ..ImportProgress::default() };
    if job.undone != from || job.undone >= job.taken {
        return Ok(Reply::Imported(progress));
    }
    let to = from.saturating_add(IMPORT_STEP_ROWS).min(job.taken);
    let (mut changes, mut back, mut prices) = (Vec::new(), Vec::new(), Vec::new());
    // From the last row to the first: what the file says of a product twice goes back the way it came.
    let places = (job.taken.saturating_sub(to), job.taken.saturating_sub(from));
    for did in rows::undone(writing.tx, import, places)? {
        // What took back its later row must be written before its earlier one is read.
        if changes.iter().any(|change: &ChangeBody| change.document.0 == did.product.0) {
            writing.write_changes(&std::mem::take(&mut changes))?;
        }
        changes.extend(taken_back(writing, &did, &mut prices)?);
        match did.before {
            None => progress.created += 1,
            Some(_) => progress.updated += 1,
        }
        let from_share = did.received.min(writing.own_share(did.product)?.max(0));
        if from_share > 0 {
            back.push(SplitUnits { product: did.product, from_share, beyond_share: 0 });
        }
    }
    if !changes.is_empty() {
        writing.write_changes(&changes)?;
    }
    writing.write(set_prices::decide(SetCause::ImportUndone, prices))?;
    if !back.is_empty() {
        let (reason, note) = (AdjustReason::Undone, String::new());
        writing.write(vec![StockAdjusted { adjustment: command, reason, lines: back, note }.into()])?;
    }
    progress.done = to;
    rows::went_back(writing.tx, import, to)?;
    if to == job.taken {
        archive_categories(writing, import)?;
    }
    Ok(Reply::Imported(progress))
}

fn taken_back(
    writing: &mut Writing<'_>,
    did: &Did,
    prices: &mut Vec<PriceSet>,
) -> Result<Option<ChangeBody>, NotDone> {
    let document = ThingId(did.product.0);
    let Some((kind, saved)) = writing.document(document)? else { return Ok(None) };
    let mut open = Document::load(kind, &saved).map_err(unreadable)?;
    let now = open.read::<Product>().0;
    let edits = match &did.before {
        None => vec![ProductEdit::Archived(true)],
        Some(kept) => restoring(&now, kept),
    };
    prices.push(price_set(did.product, &now, &edits));
    let edits: Vec<Edit> = edits.iter().map(product_edit).collect();
    let edited = open.edit(&writing.me, writing.stamp.at_ms, &edits);
    let change = edited.ok().flatten().map(|edited| edited.change);
    Ok(change.map(|change| ChangeBody { document, kind, change }))
}

/// What puts back what stood there, where what the import wrote still stands.
fn restoring(now: &Product, kept: &[u8]) -> Vec<ProductEdit> {
    let Some((&BEFORE_VERSION, kept)) = kept.split_first() else { return Vec::new() };
    let Ok((before, after)) = decode::<(Vec<ProductEdit>, Vec<ProductEdit>)>(kept) else { return Vec::new() };
    let pairs = before.iter().zip(&after);
    let standing = pairs.filter(|(_, after)| as_it_is(now, after) == **after);
    standing.map(|(before, _)| before.clone()).collect()
}

/// The edit of the same field that would change nothing.
pub(super) fn as_it_is(product: &Product, edit: &ProductEdit) -> ProductEdit {
    match edit {
        ProductEdit::Name(_) => ProductEdit::Name(product.name.clone()),
        ProductEdit::Description(_) => ProductEdit::Description(product.description.clone()),
        ProductEdit::Sku(_) => ProductEdit::Sku(product.sku.clone()),
        ProductEdit::PriceMinor(_) => ProductEdit::PriceMinor(product.price_minor),
        ProductEdit::PricePer(_) => ProductEdit::PricePer(product.price_per),
        ProductEdit::CostMinor(_) => ProductEdit::CostMinor(product.cost_minor),
        ProductEdit::TaxPpm(_) => ProductEdit::TaxPpm(product.tax_ppm),
        ProductEdit::TaxInclusive(_) => ProductEdit::TaxInclusive(product.tax_inclusive),
        ProductEdit::TaxClass(_) => ProductEdit::TaxClass(product.tax_class),
        ProductEdit::Archived(_) => ProductEdit::Archived(product.archived),
        ProductEdit::Favourite(_) => ProductEdit::Favourite(product.favourite),
        ProductEdit::LowLevel(_) => ProductEdit::LowLevel(product.low_level),
        ProductEdit::PieceGrams(_) => ProductEdit::PieceGrams(product.piece_g),
        ProductEdit::AddBarcode(code) | ProductEdit::RemoveBarcode(code) => {
            let is_there = product.barcodes.contains(code);
            if is_there {
                ProductEdit::AddBarcode(code.clone())
            } else {
                ProductEdit::RemoveBarcode(code.clone())
            }
        }
        ProductEdit::AddCategory(category) | ProductEdit::RemoveCategory(category) => {
            let is_there = product.categories.contains(category);
            if is_there {
                ProductEdit::AddCategory(*category)
            } else {
                ProductEdit::RemoveCategory(*category)
            }
        }
        // No file says anything about these.
        ProductEdit::PutOption(_)
        | ProductEdit::PutPart(_)
        | ProductEdit::RemovePart(_)
        | ProductEdit::PutPicture { .. }
        | ProductEdit::RemovePicture(_)
        | ProductEdit::Deal(_) => edit.clone(),
    }
}

fn archive_categories(writing: &mut Writing<'_>, import: ThingId) -> Result<(), NotDone> {
    for category in rows::empty_categories(writing.tx, writing.log, import)? {
        let Some((kind, saved)) = writing.document(category)? else { continue };
        let mut open = Document::load(kind, &saved).map_err(unreadable)?;
        let edit = Edit::SetFlag { field: Field::Archived, flag: true };
        if let Ok(Some(edited)) = open.edit(&writing.me, writing.stamp.at_ms, &[edit]) {
            writing.write_changes(&[ChangeBody { document: category, kind, change: edited.change }])?;
        }
    }
    Ok(())
}
