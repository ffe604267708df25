//! Products out of a file, a few hundred rows with each command: between two of them the register sells and exchanges
//! records, and whoever closes the program goes on later where it was. What each row did is kept, so that the whole
//! import can be taken back.

mod plan;
mod rows;
mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use soko_app_api::{
    Command, IMPORT_STEP_ROWS, ImportChoice, ImportProgress, ProductEdit, Refused, Reply, RetryHint, Verb,
    encode,
};
use soko_documents::{Category, ChangeBody, Document, DocumentKind, Product, Typed as _};
use soko_domain::entry::{PriceSet, ReceivedLine, SetCause};
use soko_domain::ids::{ProductId, ThingId};
use soko_domain::import::{IMPORT_BYTES_MAX, IfKnown, Row};
use soko_domain::refusal::Refusal;
use soko_domain::verbs::{receive_stock, set_prices};
use soko_projection::{folded, read as facts, taxes};

use crate::failure::{Failure, NotDone};
use crate::write::Writing;

use super::documents::{product_edit, unreadable};
pub(crate) use plan::{Plan, Target, no_table, plan, target_of};
pub(crate) use rows::{Job, job, jobs};

/// More categories than a stall has.
const CATEGORIES_MAX: usize = 1_000;
/// In front of what is kept about a row.
const BEFORE_VERSION: u8 = 1;

pub(super) fn perform(writing: &mut Writing<'_>, command: &Command) -> Result<Reply, NotDone> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only the three verbs of imports come here")]
    match &command.verb {
        Verb::KeepImport { file_name, bytes } => keep(writing, command.id, file_name, bytes),
        Verb::TakeImport { import, choice, from } => take(writing, command.id, (*import, choice, *from)),
        Verb::UndoImport { import, from } => undo::undo(writing, command.id, (*import, *from)),
        _ => Err(Failure::Inconsistent("a verb went the wrong way".into()).into()),
    }
}

fn keep(writing: &mut Writing<'_>, import: ThingId, file_name: &str, bytes: &[u8]) -> Result<Reply, NotDone> {
    if bytes.len() > IMPORT_BYTES_MAX {
        return Err(Refusal::TooLarge.into());
    }
    let file_name: String = file_name.chars().take(200).collect();
    rows::add(writing.tx, writing.log, (import, &file_name, bytes), writing.stamp.at_ms)?;
    Ok(Reply::Done)
}

fn take(
    writing: &mut Writing<'_>,
    command: ThingId,
    (import, choice, from): (ThingId, &ImportChoice, u32),
) -> Result<Reply, NotDone> {
    let mut job = known(writing, import)?;
    if job.choice.is_none() {
        rows::begin(writing.tx, import, &encode(choice).map_err(inconsistent)?)?;
        job.choice = Some(choice.clone());
    }
    let plan = cached(writing, &job)?;
    let total = u32::try_from(plan.rows.len()).unwrap_or(u32::MAX);
    let mut progress = ImportProgress { done: job.taken, rows: total, ..ImportProgress::default() };
    // Somebody undoes it, or another screen was quicker.
    if job.undone > 0 || job.taken != from {
        return Ok(Reply::Imported(progress));
    }
    let mut step = Step::new(writing, &job, &plan.choice)?;
    for (place, row) in (0..).zip(&plan.rows).skip(at(from)).take(at(IMPORT_STEP_ROWS)) {
        step.take(place, row, &mut progress)?;
        progress.done += 1;
    }
    step.finish(command)?;
    rows::reached(writing.tx, import, progress.done)?;
    Ok(Reply::Imported(progress))
}

fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn known(writing: &mut Writing<'_>, import: ThingId) -> Result<Job, NotDone> {
    job(writing.tx, writing.log, import)?
        .ok_or_else(|| refused("import_gone", "this file is not kept any more; choose it again"))
}

fn refused(code: &str, sentence: &str) -> NotDone {
    let (code, sentence) = (code.into(), sentence.into());
    NotDone::Refused(Refused { code, sentence, retry: RetryHint::Never, share: None, acts: Vec::new() })
}

fn inconsistent(error: soko_app_api::CodecError) -> Failure {
    Failure::Inconsistent(error.to_string())
}

/// The rows of the file, read once for all commands.
fn cached(writing: &mut Writing<'_>, job: &Job) -> Result<Arc<Plan>, NotDone> {
    if let Some(plan) = writing
        .stall
        .plan
        .as_ref()
        .filter(|plan| plan.import == job.import && Some(&plan.choice) == job.choice.as_ref())
    {
        return Ok(Arc::clone(plan));
    }
    let currency = super::sale::currency(writing.tx, writing.log)?;
    let plan = Arc::new(plan(job, job.choice.as_ref(), currency)?);
    writing.stall.plan = Some(Arc::clone(&plan));
    Ok(plan)
}

/// The rows of one command.
struct Step<'a, 't> {
    writing: &'a mut Writing<'t>,
    import: ThingId,
    choice: &'a ImportChoice,
    currency: String,
    categories: BTreeMap<String, ThingId>,
    /// Changes of different documents that are written together.
    changes: Vec<ChangeBody>,
    touched: BTreeSet<ThingId>,
    received: Vec<ReceivedLine>,
    prices: Vec<PriceSet>,
}

impl<'a, 't> Step<'a, 't> {
    fn new(writing: &'a mut Writing<'t>, job: &Job, choice: &'a ImportChoice) -> Result<Self, NotDone> {
        let currency = super::sale::currency(writing.tx, writing.log)?.to_string();
        let known = facts::category_names(writing.tx, writing.log, CATEGORIES_MAX)?;
        let categories = known.into_iter().map(|(category, name)| (folded(&name), category)).collect();
        Ok(Self {
            writing,
            import: job.import,
            choice,
            currency,
            categories,
            changes: Vec::new(),
            touched: BTreeSet::new(),
            received: Vec::new(),
            prices: Vec::new(),
        })
    }

    fn take(&mut self, place: u32, row: &Row, progress: &mut ImportProgress) -> Result<(), NotDone> {
        let known = target_of(self.writing.tx, self.writing.log, row)?;
        let done = match (known, self.choice.if_known) {
            (Target::New, _) | (Target::Known(_), IfKnown::Create) => self.create(place, row)?,
            (Target::Known(product), IfKnown::Update) => self.update(place, row, product)?,
            (Target::Known(_), IfKnown::Skip) | (Target::Ambiguous, _) => Did::Nothing,
        };
        match done {
            Did::Created => progress.created += 1,
            Did::Updated => progress.updated += 1,
            Did::Nothing => progress.skipped += 1,
        }
        Ok(())
    }

    fn create(&mut self, place: u32, row: &Row) -> Result<Did, NotDone> {
        // A row without a name or a price was named when the file was looked at.
        let (Some(name), Some(price_minor)) = (&row.name, row.price_minor) else { return Ok(Did::Nothing) };
        let product = self.new_id(place);
        let (unit, price_per) = row.unit.unwrap_or((soko_domain::quantity::Unit::Piece, 1));
        let value = Product {
            name: name.clone(),
            description: row.description.clone().unwrap_or_default(),
            sku: row.sku.clone().unwrap_or_default(),
            barcodes: row.barcodes.iter().cloned().collect(),
            unit,
            price_minor,
            currency: self.currency.clone(),
            price_per,
            cost_minor: row.cost_minor,
            tax_ppm: row.tax_ppm.unwrap_or_default(),
            tax_inclusive: self.choice.tax_inclusive,
            tax_class: None,
            categories: self.categories_of(row)?.into_iter().collect(),
            low_level: row.low_level,
            piece_g: None,
            ..Product::default()
        };
        let mut document = Document::new(DocumentKind::Product).map_err(unreadable)?;
        let edited = document.edit(&self.writing.me, self.writing.stamp.at_ms, &value.edits());
        // The schema is stricter than the reader only where somebody's file is very odd.
        let Ok(Some(edited)) = edited else { return Ok(Did::Nothing) };
        self.change(ThingId(product.0), DocumentKind::Product, edited.change)?;
        let stock = row.stock.filter(|stock| self.choice.takes_stock && *stock > 0).unwrap_or_default();
        if stock > 0 {
            self.received.push(ReceivedLine { product, quantity: stock, cost_minor: row.cost_minor });
        }
        rows::did(self.writing.tx, (self.import, place), product, None, stock)?;
        Ok(Did::Created)
    }

    fn update(&mut self, place: u32, row: &Row, product: ProductId) -> Result<Did, NotDone> {
        let id = ThingId(product.0);
        // What stands in the file twice under different codes changes one product twice, one after the other.
        if self.touched.contains(&id) {
            self.flush()?;
        }
        let Some((kind, saved)) = self.writing.document(id)? else { return Ok(Did::Nothing) };
        let mut document = Document::load(kind, &saved).map_err(unreadable)?;
        let (before, _) = document.read::<Product>();
        let after = self.edits(row, &before)?;
        let edits: Vec<_> = after.iter().map(product_edit).collect();
        let edited = document.edit(&self.writing.me, self.writing.stamp.at_ms, &edits);
        let Ok(Some(edited)) = edited else { return Ok(Did::Nothing) };
        self.prices.push(price_set(product, &before, &after));
        let was: Vec<ProductEdit> = after.iter().map(|edit| undo::as_it_is(&before, edit)).collect();
        let mut kept = vec![BEFORE_VERSION];
        kept.extend(encode(&(was, after)).map_err(inconsistent)?);
        self.change(id, kind, edited.change)?;
        rows::did(self.writing.tx, (self.import, place), product, Some(&kept), 0)?;
        Ok(Did::Updated)
    }

    /// A list that names another tax than that of the product's class means this product alone.
    fn leaves_class(&mut self, row: &Row, before: &Product) -> Result<bool, NotDone> {
        let (Some(class), Some(ppm)) = (before.tax_class, row.tax_ppm) else { return Ok(false) };
        let classes = taxes::classes(self.writing.tx, self.writing.log)?;
        let of_class = classes.iter().find(|(known, _)| *known == class).map(|(_, tax)| tax);
        Ok(of_class.is_none_or(|tax| tax.ppm.0 != ppm))
    }

    /// What the row says and the product does not.
    fn edits(&mut self, row: &Row, before: &Product) -> Result<Vec<ProductEdit>, NotDone> {
        let mut edits: Vec<ProductEdit> = [
            row.name.clone().map(ProductEdit::Name),
            row.price_minor.map(ProductEdit::PriceMinor),
            row.cost_minor.map(|cost| ProductEdit::CostMinor(Some(cost))),
            row.sku.clone().map(ProductEdit::Sku),
            row.tax_ppm.map(ProductEdit::TaxPpm),
            row.tax_ppm.map(|_| ProductEdit::TaxInclusive(self.choice.tax_inclusive)),
            self.leaves_class(row, before)?.then_some(ProductEdit::TaxClass(None)),
            // The unit is chosen once; how many of it the price is for may change.
            row.unit.filter(|(unit, _)| *unit == before.unit).map(|(_, per)| ProductEdit::PricePer(per)),
            row.low_level.map(|level| ProductEdit::LowLevel(Some(level))),
            row.description.clone().map(ProductEdit::Description),
            before.archived.then_some(ProductEdit::Archived(false)),
        ]
        .into_iter()
        .flatten()
        .collect();
        edits.extend(row.barcodes.iter().cloned().map(ProductEdit::AddBarcode));
        edits.extend(self.categories_of(row)?.into_iter().map(ProductEdit::AddCategory));
        edits.retain(|edit| undo::as_it_is(before, edit) != *edit);
        Ok(edits)
    }

    /// The categories of a row; those that nobody made yet are made.
    fn categories_of(&mut self, row: &Row) -> Result<Vec<ThingId>, NotDone> {
        let mut categories = Vec::new();
        for name in &row.categories {
            let known = self.categories.get(&folded(name)).copied();
            categories.push(match known {
                Some(known) => known,
                None => self.new_category(name)?,
            });
        }
        Ok(categories)
    }

    fn new_category(&mut self, name: &str) -> Result<ThingId, NotDone> {
        let position = i64::try_from(self.categories.len()).unwrap_or(i64::MAX);
        let category = ThingId(derived(self.import, &[b"category", folded(name).as_bytes()]));
        let value = Category { name: name.into(), position, ..Category::default() };
        let mut document = Document::new(DocumentKind::Category).map_err(unreadable)?;
        let edited = document.edit(&self.writing.me, self.writing.stamp.at_ms, &value.edits());
        if let Ok(Some(edited)) = edited {
            self.change(category, DocumentKind::Category, edited.change)?;
            rows::made_category(self.writing.tx, self.import, category)?;
        }
        self.categories.insert(folded(name), category);
        Ok(category)
    }

    /// Follows from the import and the row, so that no row makes two products.
    fn new_id(&self, place: u32) -> ProductId {
        ProductId(derived(self.import, &[b"product", &place.to_be_bytes()]))
    }

    fn change(&mut self, document: ThingId, kind: DocumentKind, change: Vec<u8>) -> Result<(), NotDone> {
        if !self.touched.insert(document) {
            self.flush()?;
            self.touched.insert(document);
        }
        self.changes.push(ChangeBody { document, kind, change });
        Ok(())
    }

    fn flush(&mut self) -> Result<(), NotDone> {
        self.touched.clear();
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            self.writing.write_changes(&changes)?;
        }
        Ok(())
    }

    /// Writes what is left, and then that the goods came: a delivery names products that are there.
    fn finish(mut self, command: ThingId) -> Result<(), NotDone> {
        self.flush()?;
        let prices = set_prices::decide(SetCause::Imported, std::mem::take(&mut self.prices));
        self.writing.write(prices)?;
        if self.received.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(&mut self.received);
        let payload = receive_stock::ReceiveStock { delivery: command, lines, note: String::new() };
        self.writing.write(receive_stock::decide(&payload)?)?;
        Ok(())
    }
}

/// What a product cost and what it costs after these edits.
fn price_set(product: ProductId, was: &Product, edits: &[ProductEdit]) -> PriceSet {
    let minor =
        |edit: &ProductEdit| if let ProductEdit::PriceMinor(minor) = edit { Some(*minor) } else { None };
    let per = |edit: &ProductEdit| if let ProductEdit::PricePer(per) = edit { Some(*per) } else { None };
    PriceSet {
        product,
        from_minor: was.price_minor,
        from_per: was.price_per,
        to_minor: edits.iter().rev().find_map(minor).unwrap_or(was.price_minor),
        to_per: edits.iter().rev().find_map(per).unwrap_or(was.price_per),
    }
}

enum Did {
    Created,
    Updated,
    Nothing,
}

/// An identity that only this import can make.
fn derived(import: ThingId, parts: &[&[u8]]) -> [u8; 16] {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new_with_prefix(b"soko import");
    hash.update(import.0);
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut id = [0; 16];
    id.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    id
}
