//! Products, categories, price lists, the stall's profile and open orders: documents, and the rows that lists
//! and sales read. Automerge itself runs behind `Applier`: in this process on a device, in a limited child
//! process on the server.

use std::collections::BTreeMap;

use soko_documents::{
    Applied, Category, ChangeBody, DocumentKind, Fields, OpenOrder, Product, Refused, Stall, apply_checked,
};
use soko_domain::ids::{AuthorId, Hash, ProductId, ThingId};
use soko_domain::point::Point;
use soko_domain::verbs::make_sale::BeyondRule;
use soko_domain::wire::Wire as _;
use soko_record_log::{StoreError, params};
use soko_replication::Record;

use crate::book::Book;
use crate::digest::{DOCUMENT, PENDING_CHANGE};
use crate::project::{ParkCode, ProjectError, Projected};
use crate::tabs;
use crate::taxes;

/// The record kind of a change to such a document, so that rights are checked without reading the body.
pub fn change_kind(kind: DocumentKind) -> u16 {
    soko_replication::record::KIND_CHANGE_FIRST + u16::from(kind.number())
}

/// Changes of one document that wait for others at most.
const PENDING_MAX: usize = 256;

/// One document to change.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    pub document: ThingId,
    pub kind: DocumentKind,
    pub saved: Option<&'a [u8]>,
    pub changes: &'a [(AuthorId, &'a [u8])],
}

/// Why changes were not applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ApplyFailure {
    Refused(Refused),
    /// The answer was prepared for another state of the document.
    Stale,
}

/// Applies changes to a saved document, all or none.
pub trait Applier {
    fn apply(&mut self, work: &Work<'_>) -> Result<Applied, ApplyFailure>;

    /// Finds out what of a pile can be applied. Whoever did so before, elsewhere, answers with that.
    fn sort_out(&mut self, pile: &Pile) -> Result<SortedOut, ApplyFailure> {
        sort_out(self, pile)
    }

    /// Whether the history of each product's units is kept. Only screens of a device show it.
    fn keeps_history(&self) -> bool {
        false
    }
}

/// Applies in this process: on a device, whose server has checked every change that it relays.
#[derive(Clone, Copy, Default, Debug)]
pub struct LocalApplier;

impl Applier for LocalApplier {
    fn apply(&mut self, work: &Work<'_>) -> Result<Applied, ApplyFailure> {
        apply_checked(work.saved, work.kind, work.changes).map_err(ApplyFailure::Refused)
    }

    fn keeps_history(&self) -> bool {
        true
    }
}

/// A change that waits to be applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    pub author: AuthorId,
    pub seq: u64,
    pub change: Vec<u8>,
}

/// A document, and all that waits to be applied to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pile {
    pub document: ThingId,
    pub kind: DocumentKind,
    pub saved: Option<Vec<u8>>,
    pub waiting: Vec<Waiting>,
}

/// What became of a pile.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct SortedOut {
    /// The document as it is now, if it is another.
    pub applied: Option<Applied>,
    /// Waits for changes that are still on their way.
    pub left: Vec<Waiting>,
    /// Never to be applied.
    pub refused: Vec<(AuthorId, u64)>,
}

/// Applies a pile together; if that fails, one by one, until nothing more fits.
pub fn sort_out<A: Applier + ?Sized>(applier: &mut A, pile: &Pile) -> Result<SortedOut, ApplyFailure> {
    let mut out = SortedOut::default();
    let mut apply = |saved: Option<&[u8]>, changes: &[Waiting]| {
        let changes: Vec<(AuthorId, &[u8])> =
            changes.iter().map(|waiting| (waiting.author, waiting.change.as_slice())).collect();
        applier.apply(&Work { document: pile.document, kind: pile.kind, saved, changes: &changes })
    };
    match apply(pile.saved.as_deref(), &pile.waiting) {
        Ok(applied) => return Ok(SortedOut { applied: Some(applied), ..out }),
        Err(ApplyFailure::Stale) => return Err(ApplyFailure::Stale),
        Err(ApplyFailure::Refused(_)) => out.left.clone_from(&pile.waiting),
    }
    loop {
        let mut moved = false;
        for change in std::mem::take(&mut out.left) {
            let saved = out.applied.as_ref().map_or(pile.saved.as_deref(), |applied| Some(&applied.saved));
            match apply(saved, std::slice::from_ref(&change)) {
                Ok(applied) => {
                    out.applied = Some(applied);
                    moved = true;
                }
                Err(ApplyFailure::Stale) => return Err(ApplyFailure::Stale),
                Err(ApplyFailure::Refused(refused)) if waits(&refused) => out.left.push(change),
                Err(ApplyFailure::Refused(_)) => out.refused.push((change.author, change.seq)),
            }
        }
        if !moved || out.left.is_empty() {
            break;
        }
    }
    let too_many = out.left.split_off(out.left.len().min(PENDING_MAX));
    out.refused.extend(too_many.into_iter().map(|change| (change.author, change.seq)));
    Ok(out)
}

/// The changes of one batch, by document.
#[derive(Default)]
pub(crate) struct Changes(BTreeMap<(ThingId, DocumentKind), Vec<Waiting>>);

impl Changes {
    /// Says whether the body could be read and fits the record's kind.
    pub(crate) fn take(&mut self, record: &Record, body: &[u8]) -> bool {
        let Ok(body) = ChangeBody::from_bytes(body) else { return false };
        if change_kind(body.kind) != record.kind {
            return false;
        }
        let waiting = Waiting { author: record.author, seq: record.seq, change: body.change };
        self.0.entry((body.document, body.kind)).or_default().push(waiting);
        true
    }

    pub(crate) fn apply(
        &self,
        book: &mut Book<'_>,
        applier: &mut dyn Applier,
        out: &mut Projected,
    ) -> Result<(), ProjectError> {
        let mut stale = Ok(());
        for ((document, kind), fresh) in &self.0 {
            let mut room = Room { book, document: *document, kind: *kind, applier, out };
            match room.settle(fresh) {
                Ok(()) => {}
                // The others are looked at all the same, so that all that must be found out first is known at once.
                Err(ProjectError::Stale) => stale = Err(ProjectError::Stale),
                Err(error @ ProjectError::Store(_)) => return Err(error),
            }
        }
        stale
    }
}

/// One document's turn.
struct Room<'a, 'b> {
    book: &'a mut Book<'b>,
    document: ThingId,
    kind: DocumentKind,
    applier: &'a mut dyn Applier,
    out: &'a mut Projected,
}

impl Room<'_, '_> {
    /// Applies what is new together with what has waited.
    fn settle(&mut self, fresh: &[Waiting]) -> Result<(), ProjectError> {
        let (saved, heads) = self.load()?.unzip();
        let waited = self.load_pending()?;
        let waiting = waited.iter().chain(fresh).cloned().collect();
        let pile = Pile { document: self.document, kind: self.kind, saved, waiting };
        let sorted = match self.applier.sort_out(&pile) {
            Ok(sorted) => sorted,
            Err(ApplyFailure::Stale | ApplyFailure::Refused(_)) => return Err(ProjectError::Stale),
        };
        let refused = sorted.refused.iter().map(|(author, seq)| (*author, *seq, ParkCode::ChangeRefused));
        self.out.parked.extend(refused);
        if let Some(applied) = &sorted.applied {
            self.store(applied, heads.as_deref())?;
        }
        self.store_pending(&sorted.left, &waited)
    }

    /// The document as it was saved, and its heads.
    fn load(&mut self) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
        let row = self.book.tx.query_opt(
            "select saved, heads from document where log = $1 and document = $2 and kind = $3",
            params![self.book.log, self.document, self.kind.number()],
        )?;
        row.map(|row| Ok((row.blob(0)?.to_vec(), row.blob(1)?.to_vec()))).transpose()
    }

    fn load_pending(&mut self) -> Result<Vec<Waiting>, StoreError> {
        let rows = self.book.tx.query(
            "select author, seq, change from pending_change
             where log = $1 and document = $2 and kind = $3 order by author, seq",
            params![self.book.log, self.document, self.kind.number()],
        )?;
        let waiting = |row: &soko_record_log::Row| {
            Ok(Waiting { author: row.id(0)?, seq: row.number(1)?, change: row.blob(2)?.to_vec() })
        };
        rows.iter().map(waiting).collect()
    }

    fn store_pending(&mut self, waiting: &[Waiting], waited: &[Waiting]) -> Result<(), ProjectError> {
        let (log, document, kind) = (self.book.log, self.document, self.kind.number());
        if !waited.is_empty() {
            self.book.tx.run(
                "delete from pending_change where log = $1 and document = $2 and kind = $3",
                params![log, document, kind],
            )?;
        }
        for change in waited {
            let gone = PENDING_CHANGE.hash(params![document, change.author, change.seq, 1]);
            self.book.gain.subtract(gone);
        }
        for change in waiting {
            self.book.add(
                &PENDING_CHANGE,
                params![document, change.author, change.seq, 1],
                "insert into pending_change (log, document, author, seq, change, kind)
                 values ($1, $2, $3, $4, $5, $6)",
                params![log, document, change.author, change.seq, change.change, kind],
            )?;
        }
        Ok(())
    }

    fn store(&mut self, applied: &Applied, heads_before: Option<&[u8]>) -> Result<(), StoreError> {
        let (log, document, kind) = (self.book.log, self.document, self.kind.number());
        let heads = joined(&applied.heads);
        let row = params![document, kind, heads];
        if let Some(before) = heads_before {
            self.book.tx.run(
                "update document set heads = $4, saved = $5 where log = $1 and document = $2 and kind = $3",
                params![log, document, kind, heads, applied.saved],
            )?;
            self.book.gain.subtract(DOCUMENT.hash(params![document, kind, before]));
            self.book.gain.add(DOCUMENT.hash(row));
        } else {
            let is_first = self.book.insert(
                &DOCUMENT,
                row,
                "insert into document (log, document, kind, heads, saved) values ($1, $2, $3, $4, $5)
                 on conflict (log, document) do nothing",
                params![log, document, kind, heads, applied.saved],
            )?;
            // One identity used for two kinds of document: the first one keeps it.
            if !is_first {
                return Ok(());
            }
        }
        self.out.touched.documents.insert(self.document);
        match self.kind {
            DocumentKind::Product => self.store_product(&applied.fields, heads_before.is_none()),
            DocumentKind::Stall if self.document.0 == self.book.log.0 => self.store_stall(&applied.fields),
            DocumentKind::Category => self.store_category(&applied.fields),
            DocumentKind::OpenOrder => self.store_tab(&applied.fields),
            DocumentKind::Stall | DocumentKind::PriceList => Ok(()),
        }
    }

    fn store_product(&mut self, fields: &Fields, is_new: bool) -> Result<(), StoreError> {
        let (value, problems) = fields.read::<Product>();
        let product = ProductId(self.document.0);
        self.out.touched.products.insert(product);
        self.book.tx.run(
            "insert into product (log, product, name, folded, description, sku, unit, price_minor, currency,
               price_per, tax_ppm, tax_inclusive, archived, problems, pictures, categories, cost_minor,
               favourite, low_level, variant_of, options, parts, piece_g, deal, deal_id, tax_class, tax_label,
               own_tax_ppm, own_tax_inclusive)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
               $20, $21, $22, $23, $24, $25, $26, '', $11, $12)
             on conflict (log, product) do update
             set name = excluded.name, folded = excluded.folded, description = excluded.description,
                 sku = excluded.sku, unit = excluded.unit, price_minor = excluded.price_minor,
                 currency = excluded.currency, price_per = excluded.price_per, tax_ppm = excluded.tax_ppm,
                 tax_inclusive = excluded.tax_inclusive, archived = excluded.archived,
                 problems = excluded.problems, pictures = excluded.pictures,
                 categories = excluded.categories, cost_minor = excluded.cost_minor,
                 favourite = excluded.favourite, low_level = excluded.low_level,
                 variant_of = excluded.variant_of, options = excluded.options, parts = excluded.parts,
                 piece_g = excluded.piece_g, deal = excluded.deal, deal_id = excluded.deal_id,
                 tax_class = excluded.tax_class, tax_label = excluded.tax_label,
                 own_tax_ppm = excluded.own_tax_ppm, own_tax_inclusive = excluded.own_tax_inclusive",
            params![
                self.book.log,
                product,
                value.name,
                folded(&value.name),
                value.description,
                value.sku,
                value.unit.number(),
                value.price_minor,
                value.currency,
                value.price_per,
                value.tax_ppm,
                value.tax_inclusive,
                value.archived,
                problems.len(),
                value.pictures.iter().flat_map(|picture| picture.0).collect::<Vec<u8>>(),
                value.categories.iter().flat_map(|category| category.0).collect::<Vec<u8>>(),
                value.cost_minor,
                value.favourite,
                value.low_level,
                value.variant_of,
                options(&value),
                parts(&value),
                value.piece_g.unwrap_or_default(),
                value.deal.map(|deal| deal.to_string()).unwrap_or_default(),
                value.deal.map(|deal| deal.id),
                value.tax_class
            ],
        )?;
        if value.tax_class.is_some() {
            taxes::settle_product(self.book, product)?;
        }
        self.store_members(product, &value, is_new)
    }

    fn store_members(&mut self, product: ProductId, value: &Product, is_new: bool) -> Result<(), StoreError> {
        // Most products that arrive are new ones.
        let kept: &[&str] = if is_new { &[] } else { &["product_code", "product_category"] };
        for table in kept {
            let sql = format!("delete from {table} where log = $1 and product = $2");
            self.book.tx.run(&sql, params![self.book.log, product])?;
        }
        for code in &value.barcodes {
            self.book.tx.run(
                "insert into product_code (log, code, product) values ($1, $2, $3)
                 on conflict (log, code, product) do nothing",
                params![self.book.log, code, product],
            )?;
        }
        for category in &value.categories {
            self.book.tx.run(
                "insert into product_category (log, category, product) values ($1, $2, $3)
                 on conflict (log, category, product) do nothing",
                params![self.book.log, category, product],
            )?;
        }
        Ok(())
    }

    fn store_category(&mut self, fields: &Fields) -> Result<(), StoreError> {
        let (value, _) = fields.read::<Category>();
        self.book.tx.run(
            "insert into category (log, category, name, folded, parent, position, archived)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (log, category) do update
             set name = excluded.name, folded = excluded.folded, parent = excluded.parent,
                 position = excluded.position, archived = excluded.archived",
            params![
                self.book.log,
                self.document,
                value.name,
                folded(&value.name),
                value.parent,
                value.position,
                value.archived
            ],
        )?;
        Ok(())
    }

    fn store_tab(&mut self, fields: &Fields) -> Result<(), StoreError> {
        let (value, _) = fields.read::<OpenOrder>();
        let (log, tab) = (self.book.log, self.document);
        if value.closed_by.is_some() || value.lines.is_empty() {
            self.book.tx.run("delete from open_tab where log = $1 and tab = $2", params![log, tab])?;
            return Ok(());
        }
        tabs::keep(self.book, (tab, &value.title), &tabs::Held::of(&value))
    }

    fn store_stall(&mut self, fields: &Fields) -> Result<(), StoreError> {
        let (value, _) = fields.read::<Stall>();
        let point = Point::read(&value.point);
        self.book.tx.run(
            "insert into stall_profile (log, name, currency, zone, cut_off_minutes, description, place,
               hours, cash_step_minor, beyond_rule, scale_codes, takes_card, takes_phone, no_pickup, pickup_text,
               local_terms, shipping_terms, return_days, transfer_terms, tax_ppm, tax_inclusive, lat, lon, opening)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
             on conflict (log) do update
             set name = excluded.name, currency = excluded.currency, zone = excluded.zone,
                 cut_off_minutes = excluded.cut_off_minutes, description = excluded.description,
                 place = excluded.place, hours = excluded.hours,
                 cash_step_minor = excluded.cash_step_minor, beyond_rule = excluded.beyond_rule,
                 scale_codes = excluded.scale_codes, takes_card = excluded.takes_card,
                 takes_phone = excluded.takes_phone, no_pickup = excluded.no_pickup,
                 pickup_text = excluded.pickup_text, local_terms = excluded.local_terms,
                 shipping_terms = excluded.shipping_terms, return_days = excluded.return_days,
                 transfer_terms = excluded.transfer_terms, tax_ppm = excluded.tax_ppm,
                 tax_inclusive = excluded.tax_inclusive, lat = excluded.lat, lon = excluded.lon,
                 opening = excluded.opening",
            params![
                self.book.log,
                value.name,
                value.currency,
                value.zone,
                value.cut_off_minutes,
                value.description,
                value.place,
                value.hours,
                value.cash_step_minor,
                value.beyond_rule.unwrap_or(BeyondRule::Warn).number(),
                value.scale_codes,
                value.takes_card,
                value.takes_phone,
                value.no_pickup,
                value.pickup_text,
                value.local_terms,
                value.shipping_terms,
                value.return_days,
                value.transfer_terms,
                value.tax_ppm,
                value.tax_inclusive,
                point.map(Point::lat_micro),
                point.map(Point::lon_micro),
                value.opening
            ],
        )?;
        self.out.touched.products.extend(taxes::keep(self.book, &value.taxes)?);
        Ok(())
    }
}

/// One a line, as the migration says.
fn options(product: &Product) -> String {
    let lines: Vec<String> = product.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    lines.join("\n")
}

fn parts(product: &Product) -> Vec<u8> {
    product
        .parts
        .iter()
        .flat_map(|(part, quantity)| part.0.into_iter().chain(quantity.to_be_bytes()))
        .collect()
}

fn waits(refused: &Refused) -> bool {
    // A gap in one author's numbers is filled by a change that is still on its way.
    refused.may_succeed_later()
        || matches!(refused, Refused::OutOfOrder { expected, found } if found > expected)
}

fn joined(heads: &[Hash]) -> Vec<u8> {
    let mut heads = heads.to_vec();
    heads.sort_unstable();
    heads.iter().flat_map(|head| head.0).collect()
}

/// A name as search compares it: lower case, without accents.
pub fn folded(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    use unicode_normalization::char::is_combining_mark;
    name.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}
